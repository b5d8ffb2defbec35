//! **E16** An image that is not in the bundle, or a pull from the network.
//!
//! A course that needs a registry on the internet fails on the first day of class. An exercise that declares its `images`
//! is not begun without them.

use super::words::{docker, image_of_run};
use crate::exercise::{Action, Exercise, Step};
use crate::problem::Problem;
use crate::world::tagged;
use std::collections::BTreeSet;

pub(crate) fn problems(exercise: &Exercise, bundle: &[String]) -> Vec<Problem> {
    let bundle: BTreeSet<String> = bundle.iter().map(|image| tagged(image)).collect();
    if bundle.is_empty() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let mut made = bundle.clone();
    made.extend(exercise.images.iter().map(|image| tagged(&image.text)));
    check(&exercise.setup, &mut made, &mut problems);
    for attempt in exercise.solutions.iter().chain(&exercise.accept) {
        let mut made = made.clone();
        check(&attempt.steps, &mut made, &mut problems);
    }
    problems
}

/// Reports images that nothing has created so far, and adds those that the steps create.
fn check(steps: &[Step], made: &mut BTreeSet<String>, problems: &mut Vec<Problem>) {
    for step in steps {
        let line = match &step.action {
            Action::Run(line) => line,
            Action::Terminal { command, .. } => command,
            Action::Write { .. } => continue,
        };
        for words in docker(line) {
            let used = match words[0].as_str() {
                "run" | "create" => image_of_run(&words),
                "pull" => words
                    .iter()
                    .skip(1)
                    .find(|word| !word.starts_with('-'))
                    .map(String::as_str),
                _ => None,
            };
            if let Some(image) = used
                // Shell expansions cannot be evaluated here.
                && !image.contains(['$', '`', '*'])
                && !is_id(image)
                && !made.contains(&tagged(image))
            {
                problems.push(
                    step.at
                        .problem(format!("the image `{image}` is not in the bundle"))
                        .of_rule("E16")
                        .with_help(format!(
                            "there are {}",
                            made.iter().cloned().collect::<Vec<_>>().join(", ")
                        )),
                );
            }
            made.extend(makes(&words).iter().map(|name| tagged(name)));
        }
    }
}

fn is_id(image: &str) -> bool {
    image.len() >= 6 && image.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The references that a command creates.
fn makes(words: &[String]) -> Vec<String> {
    let plain = |words: &[String]| -> Vec<String> {
        words
            .iter()
            .skip(1)
            .filter(|word| !word.starts_with('-'))
            .cloned()
            .collect()
    };
    match words[0].as_str() {
        "build" => {
            let mut tags = Vec::new();
            for (at, word) in words.iter().enumerate() {
                match word.as_str() {
                    "-t" | "--tag" => tags.extend(words.get(at + 1).cloned()),
                    _ => tags.extend(
                        word.strip_prefix("--tag=")
                            .or_else(|| word.strip_prefix("-t="))
                            .map(str::to_owned),
                    ),
                }
            }
            tags
        }
        "tag" | "commit" | "import" => plain(words).last().cloned().into_iter().collect(),
        _ => Vec::new(),
    }
}
