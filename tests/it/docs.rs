//! Runs the README: each `$` line of its `console` blocks works, and prints the text below it.

use crate::support::sandbox::Sandbox;

/// Lines that need a terminal, or that run these tests themselves.
const NOT_RUN: [&str; 5] = [
    "cargo run --release",
    "cargo test",
    "docklings",
    "docklings watch",
    "eval \"$(docklings env)\"",
];

/// A line to type, without its comment, and its expected output.
struct Step {
    line: String,
    shown: String,
}

/// The steps of all `console` blocks in `text`.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(typed)) = (inside, line.strip_prefix("$ ")) {
            let typed = typed.split(" # ").next().unwrap_or(typed).trim();
            steps.push(Step {
                line: typed.to_owned(),
                shown: String::new(),
            });
        } else if let (true, Some(step)) = (inside, steps.last_mut()) {
            step.shown.push_str(line);
            step.shown.push('\n');
        }
    }
    steps
}

#[test]
fn the_readme_does_what_it_says() {
    let readme = include_str!("../../README.md");
    let sandbox = Sandbox::new();
    let steps = steps(readme);
    assert!(steps.len() > NOT_RUN.len(), "{} steps", steps.len());
    for step in steps {
        if NOT_RUN.contains(&step.line.as_str()) {
            continue;
        }
        let output = sandbox.shell(&step.line).ok();
        if !step.shown.is_empty() {
            output.says(&step.shown);
        }
    }
}

#[test]
fn env_puts_our_docker_on_the_path() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("rm ../bin/docker; eval \"$(docklings env)\"; docker run --rm busybox echo found")
        .ok()
        .says("found\n");
}
