//! **E17** `look` is not a read-only command.
//!
//! Learners type this command. It must only show the state, not change it, and above all not solve the exercise.

use super::words::commands;
use crate::exercise::{Exercise, Word};
use crate::problem::Problem;

/// Read-only Docker commands.
const DOCKER: &[&str] = &[
    "ps", "images", "inspect", "logs", "history", "top", "stats", "diff", "port", "version",
    "info", "search", "events",
];
/// The nouns that may come before them.
const NOUNS: &[&str] = &["container", "image", "volume", "system", "network"];
const AFTER_NOUN: &[&str] = &[
    "ls", "list", "ps", "inspect", "logs", "history", "top", "stats", "diff", "port", "df", "info",
];
/// Programs that only read files.
const PROGRAMS: &[&str] = &[
    "cat", "ls", "head", "tail", "wc", "grep", "find", "stat", "curl",
];

pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    let goals = exercise.goals.iter();
    let looks = goals.flat_map(|goal| {
        goal.look
            .iter()
            .chain(goal.diagnoses.iter().filter_map(|one| one.look.as_ref()))
    });
    looks.filter_map(problem).collect()
}

fn problem(look: &Word) -> Option<Problem> {
    let only_looks = commands(&look.text).iter().all(|words| {
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        match word(0) {
            "docker" if NOUNS.contains(&word(1)) => AFTER_NOUN.contains(&word(2)),
            "docker" => DOCKER.contains(&word(1)),
            program => PROGRAMS.contains(&program),
        }
    });
    if only_looks && !look.text.contains('>') {
        return None;
    }
    Some(
        look.at
            .problem(format!("`{}` does not only look", look.text))
            .of_rule("E17")
            .with_help(
                "name a command that changes nothing, such as `docker ps -a` or `docker logs NAME`",
            ),
    )
}
