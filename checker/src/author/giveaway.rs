//! **E18** A hint gives a solution away.
//!
//! A nudge says where to look, and a concept what to understand; only `near` may come close to the command.

use crate::exercise::{Action, Exercise, Level};
use crate::problem::Problem;

pub(crate) fn problems(exercise: &Exercise) -> Vec<Problem> {
    // A command that is a wrong attempt by itself may be typed to read its output.
    let known_mistakes: Vec<String> = exercise
        .wrong
        .iter()
        .filter_map(|wrong| match wrong.attempt.steps.as_slice() {
            [only] if wrong.attempt.answers.is_empty() => Some(plain(&only.action.describe())),
            _ => None,
        })
        .collect();
    let commands: Vec<String> = exercise
        .solutions
        .iter()
        .chain(&exercise.accept)
        .flat_map(|attempt| &attempt.steps)
        .filter(|step| !step.optional)
        .filter_map(|step| match &step.action {
            Action::Run(line) => Some(plain(line)),
            Action::Terminal { command, .. } => Some(plain(command)),
            Action::Write { .. } => None,
        })
        // Ignore short commands such as `docker ps`, and commands of the shell: they are not what an exercise is about.
        .filter(|line| line.starts_with("docker ") && line.split(' ').count() > 2)
        .filter(|line| !known_mistakes.contains(line))
        .collect();
    let mut problems = Vec::new();
    for hint in exercise
        .hints
        .iter()
        .filter(|hint| hint.level != Level::Near)
    {
        let said = plain(&hint.say);
        if let Some(command) = commands
            .iter()
            .find(|command| said.contains(command.as_str()))
        {
            problems.push(
                hint.at
                    .problem(format!("the hint gives `{command}` away"))
                    .of_rule("E18")
                    .with_help("say where to look, or give the hint `level: near`"),
            );
        }
    }
    problems
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
