//! Runs the README: each `$` line of its `console` blocks works, and prints the text below it.

use crate::support::registry::{Served, wait_for};
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

/// The text of the first block of the language `language` in `text`.
fn block<'t>(text: &'t str, language: &str) -> &'t str {
    let (_, rest) = text
        .split_once(&format!("```{language}\n"))
        .expect("a block");
    rest.split("```").next().unwrap_or_default()
}

#[test]
fn a_class_without_internet_works_line_by_line() {
    let page = include_str!("../../docs/class-without-internet.md");
    // Another machine, with images of the same names. Its `pip` shows that it is called.
    let teacher = Sandbox::new();
    teacher.write(
        "Dockerfile",
        "FROM busybox\nRUN echo 'echo pip \"$@\" > /installed' > /bin/pip && chmod +x /bin/pip\n",
    );
    teacher
        .docker("build -q -t python:3.12-slim -t nginx:1.27 .")
        .ok();
    let learner = Sandbox::new().with("DOCKLINGS_UPSTREAM", "");
    learner.write("Dockerfile", block(page, "dockerfile"));
    learner.write("requirements.txt", "flask\n");
    let archive = |sandbox: &Sandbox| sandbox.work().join("class.tar");
    let mut served = None;
    let mut count = 0;
    for step in steps(page) {
        count += 1;
        if step.line.starts_with("docker save -o class.tar") {
            teacher.shell(&step.line).ok();
            std::fs::copy(archive(&teacher), archive(&learner)).expect("a file can be copied");
        } else if let Some(words) = step
            .line
            .strip_prefix("docklings registry serve --listen 0.0.0.0:5000 ")
        {
            served = Some(Served::start(&teacher, words));
        } else {
            let host = served.as_ref().map_or_else(String::new, Served::host);
            learner
                .shell(&step.line.replace("teacher:5000", &host))
                .ok();
        }
    }
    assert!(count >= 12, "{count} steps");
    let served = served.expect("the page serves a registry");
    wait_for(&served, "/v2/library/nginx/manifests/1.27");
    learner
        .docker("run --rm python:class cat /installed")
        .ok()
        .says("pip install -r /requirements.txt\n");
    // The file for all users has the form of the learner's own.
    let file = block(page, "json").replace("teacher:5000", &served.host());
    std::fs::write(learner.home().join("config.json"), file).expect("a file can be written");
    learner
        .docklings("config upstream")
        .ok()
        .mentions(&format!("http://{}", served.host()));
    learner
        .docklings("config hub http://localhost:5000")
        .ok()
        .mentions("http://localhost:5000");
}

#[test]
fn env_puts_our_docker_on_the_path() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("rm ../bin/docker; eval \"$(docklings env)\"; docker run --rm busybox echo found")
        .ok()
        .says("found\n");
}
