//! The tools for authors: `docklings author …`, and each noun of the check language on the real engine.

mod docs;
mod nouns;

use crate::support::output::Output;
use crate::support::sandbox::Sandbox;
use serde_json::Value;

/// Runs `author check --json` on these exercises; returns its output and its exit code.
pub(super) fn checked(sandbox: &Sandbox, words: &str) -> (Value, Output) {
    let output = sandbox.docklings(&format!("author check --json {words}"));
    let json = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {output}"));
    (json, output)
}

/// The broken rules, in the order of the files.
pub(super) fn rules(json: &Value) -> Vec<&str> {
    let problems = json["problems"].as_array().expect("a list of problems");
    problems
        .iter()
        .map(|one| one["rule"].as_str().unwrap_or("none"))
        .collect()
}

const TINY: &str = "format: 1
id: tiny
title: Make a box
minutes: 1
goals: [{ id: made, say: A container named `box` exists., check: { container: { name: box } } }]
hints: [{ level: nudge, say: Which command creates a container? }]
solutions: [{ do: [docker create --name box busybox] }]
wrong:
  - { id: other, do: [docker create --name box2 busybox], expect: { made: not-yet } }
  - { id: gone, do: [docker run --rm --name box busybox true], expect: { made: not-yet } }
";

#[test]
fn a_good_exercise_is_proved_and_a_bad_one_is_reported_at_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write("exercises/tiny.yaml", TINY);
    sandbox
        .docklings("author check tiny")
        .ok()
        .mentions("1 exercise, 5 trials in ")
        .mentions(": 0 errors, 0 warnings\n");
    let bad = TINY
        .replacen("solutions: [", "why: x\nsolutions: [", 1)
        .replacen("id: tiny", "id: tin", 1);
    sandbox.write(
        "exercises/tin.yaml",
        bad.replacen(
            "docker create --name box busybox",
            "docker create busybox",
            1,
        ),
    );
    sandbox
        .docklings("author check --read-only")
        .fails(1)
        .mentions("error[E01]: unknown field `why` of an exercise")
        .mentions("exercises/tin.yaml:7:1")
        .mentions("7 | why: x");
    sandbox.write(
        "exercises/tin.yaml",
        TINY.replacen("id: tiny", "id: tin", 1).replacen(
            "docker create --name box busybox",
            "docker ps",
            1,
        ),
    );
    let (json, output) = checked(&sandbox, "tin");
    assert_eq!(output.fails(1).stderr, "");
    assert_eq!(rules(&json), ["E06"]);
    let problem = &json["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["column"], &problem["severity"]),
        (&7.into(), &15.into(), &"error".into())
    );
    assert!(problem["file"].as_str().unwrap().ends_with("tin.yaml"));
}

#[test]
fn a_build_that_is_repeated_and_another_value_do_not_pass_unnoticed() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "exercises/again.yaml",
        "format: 1
id: again
title: Build it twice
minutes: 1
params: { tag: { choose: [two words, one, two] } }
setup: [\"printf 'FROM busybox\\nRUN true\\n' > Dockerfile\"]
goals: [{ id: cached, say: The cache was used., check: { build: { tag: '{tag}', ran: 0 } } }]
hints: [{ level: nudge, say: Build it. }]
solutions: [{ do: ['docker build -t {tag} .', 'docker build -t {tag} .'] }]
wrong:
  - { id: once, do: ['docker build -t {tag} .'], expect: { cached: not-yet } }
  - { id: other, do: [docker build -t other .], expect: { cached: not-yet } }
",
    );
    let (json, _) = checked(&sandbox, "again --seed b");
    let mut found = rules(&json);
    found.sort_unstable();
    assert_eq!(found, ["E26", "E27"], "{json:#}");
}

#[test]
fn an_attempt_is_explained_by_its_commands_and_verdicts() {
    let sandbox = Sandbox::new();
    sandbox.write("exercises/tiny.yaml", TINY);
    sandbox
        .docklings("author check --explain tiny")
        .ok()
        .mentions("wrong `other` (must fail)\n  $ docker create --name box2 busybox\n")
        .mentions("  NOT YET     made: found no container of that name; there is `box2`\n")
        .mentions("solution `solution-1` (must pass)\n")
        .mentions("  PASS        made\n");
}

#[test]
fn usage_errors_come_with_a_hint() {
    let sandbox = Sandbox::new();
    sandbox.write("exercises/tiny.yaml", TINY);
    sandbox
        .docklings("author check tinny")
        .fails(2)
        .complains("there is no exercise `tinny`")
        .complains("did you mean `tiny`?");
    sandbox
        .docklings("author new tiny")
        .fails(2)
        .complains("the id `tiny` is already used by `exercises/tiny.yaml`");
    sandbox
        .docklings("author new Tiny")
        .fails(2)
        .complains("cannot be the id");
    sandbox
        .docklings("author chek")
        .fails(2)
        .complains("unrecognized subcommand");
    sandbox
        .docklings("author check --dir nowhere")
        .fails(2)
        .complains("`nowhere` has no exercises");
}

#[test]
fn without_a_real_docker_the_comparison_is_refused_with_what_it_needs() {
    let sandbox = Sandbox::new().with("DOCKER_HOST", "unix:///nowhere/docker.sock");
    sandbox.write("exercises/tiny.yaml", TINY);
    sandbox
        .docklings("author check --engine docker")
        .fails(1)
        .complains("no Docker Engine answers at `unix:///nowhere/docker.sock`: ")
        .complains("hint: `DOCKER_HOST` names the engine");
}

#[test]
fn a_new_exercise_passes_its_own_check_and_is_shown_as_a_learner_sees_it() {
    let sandbox = Sandbox::new();
    sandbox
        .docklings("author new keep-it-running")
        .ok()
        .says("exercises/keep-it-running.yaml\nFill it in, then: docklings author check keep-it-running\n");
    let (json, output) = checked(&sandbox, "");
    output.ok();
    assert_eq!(rules(&json), Vec::<&str>::new());
    let plain = sandbox
        .docklings("author preview --plain keep-it-running")
        .ok();
    assert!(!plain.stdout.contains('\u{1b}'), "{plain}");
    plain
        .mentions("Keep a container running")
        .mentions("A container named `sleeper` is running.")
        .mentions("NOT YET")
        .mentions("Expected");
}

#[test]
fn a_container_that_never_stops_printing_is_not_the_checks_fault() {
    let sandbox = Sandbox::new();
    let text = TINY
        .replacen(
            "docker create --name box busybox]",
            "\"docker run -d --name box busybox sh -c 'while true; do echo x; usleep 500; done'\"]",
            1,
        )
        .replacen(
            "check: { container: { name: box } }",
            "check: { container: { name: box, status: running } }",
            1,
        );
    sandbox.write("exercises/tiny.yaml", text);
    let (json, _) = checked(&sandbox, "tiny");
    assert_eq!(rules(&json), Vec::<&str>::new());
}

#[test]
fn the_published_schema_of_reports_is_the_one_that_is_printed() {
    let sandbox = Sandbox::new();
    let printed = sandbox.docklings("author schema --report").ok();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
    let published = std::fs::read_to_string(page).unwrap_or_default();
    assert_eq!(
        published, printed.stdout,
        "docklings author schema --report > docs/report.schema.json"
    );
    let schema: Value =
        serde_json::from_str(&sandbox.docklings("author schema").ok().stdout).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}
