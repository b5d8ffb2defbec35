//! The next hint: chosen by the observed mistake, from a nudge to nearly the answer.

use crate::exercise::{Exercise, Hint};
use crate::report::Report;
use std::collections::BTreeSet;

/// A hint to show.
#[derive(Debug, Clone)]
pub struct Next<'e> {
    /// Its position in the exercise, by which it is remembered as shown.
    pub index: usize,
    /// The hint.
    pub hint: &'e Hint,
    /// How many more there are for this situation.
    pub left: usize,
}

/// The next hint that is not in `shown`: first for the mistake of the first open goal, then for that goal, then general
/// ones; within each, the one that gives the least away. `None` if there are no more.
pub fn next<'e>(
    exercise: &'e Exercise,
    report: &Report,
    shown: &BTreeSet<usize>,
) -> Option<Next<'e>> {
    let goal = report.next_goal();
    let diagnosis = goal
        .and_then(|goal| goal.diagnosis.as_ref())
        .map(|one| one.id.as_str());
    let goal = goal.map(|goal| goal.id.as_str());
    let mut fitting: Vec<(usize, usize, &Hint)> = exercise
        .hints
        .iter()
        .enumerate()
        .filter(|(index, _)| !shown.contains(index))
        .filter_map(|(index, hint)| {
            let is_for = |name: Option<&str>| {
                name.is_some_and(|name| hint.for_.iter().any(|word| word.text == name))
            };
            let rank = if is_for(diagnosis) {
                0
            } else if is_for(goal) {
                1
            } else if hint.for_.is_empty() {
                2
            } else {
                return None;
            };
            Some((rank, index, hint))
        })
        .collect();
    fitting.sort_by_key(|(rank, index, hint)| (*rank, hint.level, *index));
    let left = fitting.len().checked_sub(1)?;
    let (_, index, hint) = fitting.first()?;
    Some(Next {
        index: *index,
        hint,
        left,
    })
}
