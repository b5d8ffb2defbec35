//! The rules about what learners meet: each clause of a story, each value of a param, a build that is repeated, and the
//! messages before anything is done.

use super::{GOOD, broken, load_text, planted, spoilt};
use crate::author::testing::try_all;
use crate::author::trial::Kind;
use crate::author::values::variants;
use crate::exercise::Exercise;

/// The good exercise with the clause `clause`, which the attempt `id` breaks.
fn with_clause(clause: &str, id: &str) -> String {
    GOOD.replacen("wrong:\n", &format!("clauses: [{clause}]\nwrong:\n"), 1)
        .replacen(
            &format!("- id: {id}\n"),
            &format!("- id: {id}\n    breaks: {clause}\n"),
            1,
        )
}

#[test]
fn e25_a_clause_that_no_attempt_breaks_alone() {
    let rules = |text: &str| {
        let found = broken(text);
        found.iter().map(|(rule, _)| *rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(&with_clause("has   stopped", "swapped")), [""; 0]);
    // The story does not say it.
    assert_eq!(rules(&with_clause("has ended", "swapped")), ["E25"]);
    // No attempt breaks it.
    assert_eq!(rules(&with_clause("has stopped", "missing")), ["E25"]);
    // The attempt also leaves the question open.
    assert_eq!(rules(&with_clause("has stopped", "another")), ["E25"]);
    let unknown = with_clause("has stopped", "swapped").replacen("breaks: has", "breaks: is", 1);
    let found = crate::load::text("good.yaml", &unknown, "seed").expect_err("no such clause");
    assert!(
        found[0]
            .to_string()
            .contains("there is no clause `is stopped`"),
        "{found:?}"
    );
}

/// What the trials of the exercise's variants reveal.
fn revealed(exercise: &Exercise) -> Vec<String> {
    let (variants, problems) = variants(exercise, &|port| port % 2 == 0);
    let mut messages: Vec<String> = problems
        .iter()
        .map(|one| one.message().to_owned())
        .collect();
    for variant in &variants {
        let seen = try_all(&variant.exercise);
        let solution = seen.iter().find(|one| one.trial.kind == Kind::Solution(0));
        let found = solution.and_then(|one| variant.judge(one));
        messages.extend(found.map(|one| format!("{} {}", one.rule().unwrap(), one.message())));
    }
    messages
}

#[test]
fn e26_a_value_with_which_the_solution_fails() {
    assert_eq!(revealed(&load_text(GOOD)), [""; 0]);
    let text = GOOD.replacen("[web, api, job, db]", "[\"two words\", api, job, db]", 1);
    assert_eq!(
        revealed(&load_text(&text)),
        ["E26 with {box} = `two words` the solution does not pass"]
    );
}

#[test]
fn each_choice_and_both_ends_are_tried_and_no_port_twice() {
    let text = GOOD.replacen(
        "params:\n",
        "params:\n  code: { number: { min: 3, max: 90 } }\n  one: { port: { min: 8001, max: 8008 } }\n  two: { port: { min: 8001, max: 8008 } }\n",
        1,
    );
    let (variants, problems) = variants(&load_text(&text), &|port| port % 2 == 0);
    assert!(problems.is_empty());
    let values = |name: &str| {
        let all = variants
            .iter()
            .map(|one| one.exercise.params[name].as_str());
        all.collect::<Vec<_>>()
    };
    assert_eq!(values("box"), ["web", "api", "job", "db"]);
    assert_eq!(values("code"), ["3", "90", "90", "90"]);
    assert_eq!(values("one"), ["8002", "8008", "8008", "8008"]);
    assert_eq!(values("two"), ["8004", "8006", "8006", "8006"]);
}

#[test]
fn e27_a_wrong_attempt_that_passes_when_its_build_is_repeated() {
    let rules = spoilt(|seen| {
        let passing = seen.iter().find(|one| one.trial.kind == Kind::Solution(0));
        let report = passing
            .and_then(|one| one.last())
            .map(|look| look.report.clone());
        let wrong = seen.iter_mut().find(|one| one.trial.kind == Kind::Wrong(0));
        wrong.expect("it is tried").rebuilt = report;
    });
    assert_eq!(rules, [Some("E27")]);
}

#[test]
fn the_last_build_is_repeated_if_the_files_are_still_the_same() {
    let repeated = |steps: &str| {
        let text = GOOD.replacen("do: [docker run -d busybox]", &format!("do: {steps}"), 1);
        let exercise = load_text(&text);
        let seen = try_all(&exercise);
        let wrong = seen
            .into_iter()
            .find(|one| one.trial.kind == Kind::Wrong(0));
        let trial = wrong?.trial;
        trial.last_build().map(|step| step.action.describe())
    };
    let build = Some("docker build -t app .".to_owned());
    assert_eq!(
        repeated("[docker build -t old ., docker build -t app .]"),
        build
    );
    assert_eq!(
        repeated("[docker build -t app ., docker run app, sleep 1]"),
        build
    );
    assert_eq!(repeated("[docker run busybox]"), None);
    assert_eq!(
        repeated("[docker build -t app ., echo two > app.txt]"),
        None
    );
    assert_eq!(
        repeated("[docker build -t app ., \"docker cp box:/f .\"]"),
        None
    );
}

#[test]
fn e28_a_message_about_a_mistake_before_anything_is_done() {
    planted(
        "id: still-stopped, fresh: true,",
        "id: still-stopped,",
        &["E28"],
    );
    planted(
        "- id: new-one\n",
        "- id: new-one\n        fresh: true\n",
        &["E28"],
    );
}

#[test]
fn e24_a_message_with_a_placeholder_that_nothing_fills() {
    let say = "say: There are {found.count} containers.";
    for unfilled in [
        "{found.number}",
        "{when.colour}",
        "{boxes}",
        "{found.stdout}",
    ] {
        planted(say, &format!("say: There is {unfilled}."), &["E24"]);
    }
    for filled in [
        "{when.names}",
        "{found.memory}",
        "{box}",
        "${HOME}",
        "{{.Name}}",
    ] {
        planted(say, &format!("say: There is {filled}."), &[]);
    }
    let story = "story: \"`{box}` has stopped.\"";
    planted(story, "story: See {found.count}.", &["E24"]);
    planted(story, "story: See {colour}.", &["E24"]);
}
