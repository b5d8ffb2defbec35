//! **E21** `needs` names no exercise, or is circular.
//!
//! Circular needs could never be satisfied.

use crate::exercise::Exercise;
use crate::problem::Problem;
use std::collections::BTreeSet;

pub(crate) fn problems(exercise: &Exercise, course: &[Exercise]) -> Vec<Problem> {
    let find = |id: &str| course.iter().find(|one| one.id == id);
    let mut problems = Vec::new();
    for need in &exercise.needs {
        if find(&need.text).is_none() {
            let known = course.iter().map(|one| one.id.as_str());
            let problem = need
                .at
                .problem(format!("there is no exercise `{}`", need.text))
                .of_rule("E21");
            problems.push(match crate::near::nearest(&need.text, known) {
                Some(near) => problem.with_help(format!("did you mean `{near}`?")),
                None => problem,
            });
            continue;
        }
        let mut path = vec![exercise.id.as_str(), need.text.as_str()];
        if leads_back(&find, &mut path, &mut BTreeSet::new()) {
            problems.push(
                need.at
                    .problem(format!("`needs` goes in a circle: {}", path.join(" -> ")))
                    .of_rule("E21")
                    .with_help("leave out the one that is not needed"),
            );
        }
    }
    problems
}

/// Whether the needs of the last exercise of `path` lead back to the first; `path` is then the cycle.
fn leads_back<'c>(
    find: &impl Fn(&str) -> Option<&'c Exercise>,
    path: &mut Vec<&'c str>,
    seen: &mut BTreeSet<&'c str>,
) -> bool {
    let (Some(first), Some(last)) = (path.first().copied(), path.last().copied()) else {
        return false;
    };
    if first == last {
        return true;
    }
    if !seen.insert(last) {
        return false;
    }
    for need in find(last)
        .map(|one| one.needs.as_slice())
        .unwrap_or_default()
    {
        path.push(&need.text);
        if leads_back(find, path, seen) {
            return true;
        }
        path.pop();
    }
    false
}
