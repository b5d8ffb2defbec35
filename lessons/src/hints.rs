//! Which hint comes next: first for the mistake that was seen, then for a goal that is open, then the general ones; the
//! gentle ones first. A hint is never the whole solution: that has a word of its own.

use checker::Exercise;
use std::collections::BTreeSet;

/// The place in `exercise.hints` of the hint that helps most and was not shown. `open` are the goals that are not
/// reached, each with the mistake that was recognised. `None`: all that fit were shown.
pub fn next(
    exercise: &Exercise,
    open: &[(String, Option<String>)],
    shown: &BTreeSet<usize>,
) -> Option<usize> {
    let fitting = exercise
        .hints
        .iter()
        .enumerate()
        .filter_map(|(place, hint)| {
            let is_for = |name: &String| hint.for_.iter().any(|word| word.text == *name);
            let rank = if hint.for_.is_empty() {
                usize::MAX
            } else if let Some(at) = open
                .iter()
                .position(|(_, mistake)| mistake.as_ref().is_some_and(is_for))
            {
                at
            } else {
                open.len() + open.iter().position(|(goal, _)| is_for(goal))?
            };
            Some((rank, hint.level, place))
        });
    fitting
        .filter(|(_, _, place)| !shown.contains(place))
        .min()
        .map(|(_, _, place)| place)
}

/// How many hints fit and were not shown.
pub fn left(
    exercise: &Exercise,
    open: &[(String, Option<String>)],
    shown: &BTreeSet<usize>,
) -> usize {
    let mut shown = shown.clone();
    let mut count = 0;
    while let Some(place) = next(exercise, open, &shown) {
        shown.insert(place);
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXERCISE: &str = "format: 1
id: x
title: T
goals:
  - id: up
    say: S
    check: { container: { name: box } }
    else:
      - id: gone
        when: { container: { name: box, exists: false } }
        say: gone
  - id: down
    say: S
    check: { container: { name: box2 } }
hints:
  - say: general
  - { for: gone, level: near, say: gone near }
  - { for: gone, say: gone nudge }
  - { for: up, say: up }
  - { for: down, say: down }
solutions:
  - do: [docker run --name box busybox]
";

    fn check(open: &[(&str, Option<&str>)], expected: &[usize]) {
        let exercise = checker::load::text("x.yaml", EXERCISE, "s").unwrap();
        let open: Vec<(String, Option<String>)> = open
            .iter()
            .map(|(goal, mistake)| ((*goal).to_owned(), mistake.map(str::to_owned)))
            .collect();
        let mut shown = BTreeSet::new();
        let mut seen = Vec::new();
        assert_eq!(left(&exercise, &open, &shown), expected.len());
        while let Some(place) = next(&exercise, &open, &shown) {
            seen.push(place);
            shown.insert(place);
        }
        assert_eq!(seen, expected, "{open:?}");
    }

    #[test]
    fn the_mistake_comes_first_then_the_goal_then_the_general() {
        check(&[("up", Some("gone")), ("down", None)], &[2, 1, 3, 4, 0]);
        check(&[("down", None)], &[4, 0]);
        check(&[], &[0]);
    }
}
