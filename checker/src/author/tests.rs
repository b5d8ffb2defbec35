//! Each rule catches the exercise written to violate it, and a good exercise violates none.

mod learners;

use super::observe::Observation;
use super::testing::try_all;
use super::trial::Kind;
use super::{Surroundings, compare, judge, read};
use crate::exercise::Exercise;
use crate::load;

const GOOD: &str = r#"
format: 1
id: good
title: Start the container you already have
minutes: 3
params:
  box: { choose: [web, api, job, db] }
setup:
  - docker run -d --name {box} busybox
  - docker stop {box}
story: "`{box}` has stopped."
goals:
  - id: running
    say: Get `{box}` running again.
    check:
      - container: { name: "{box}", status: running }
      - container: { name: "{box}", same_as: setup }
    why: A stopped container can run again.
    look: docker ps -a
    else:
      - id: replaced
        when: { not: { container: { name: "{box}", same_as: setup } } }
        say: This is another container.
      - id: new-one
        when: { containers: { image: busybox, count: { min: 2 } } }
        say: There are {found.count} containers.
      - { id: still-stopped, fresh: true, say: "`{box}` is still stopped." }
  - id: told
    say: Tell its name.
    ask: What is it called?
    answer: "{box}"
hints:
  - { for: new-one, say: Count the containers. }
  - { level: near, say: "docker start {box} starts it." }
solutions:
  - do: ["docker start {box}", { optional: "docker logs {box}" }]
    answers: { told: "{box}" }
accept:
  - { id: twice, do: ["docker start {box}", "docker start {box}"], answers: { told: "`{box}`" } }
wrong:
  - id: another
    do: [docker run -d busybox]
    expect: { running: new-one }
  - id: swapped
    do: ["docker rm {box}", "docker run -d --name {box} busybox"]
    answers: { told: "{box}" }
    expect: { running: replaced }
  - { id: other-name, do: ["docker start {box}"], answers: { told: fox }, expect: { told: wrong-answer } }
"#;

fn load_text(text: &str) -> Exercise {
    load::text("good.yaml", text, "seed").unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The rules that `text` violates, each with its message.
fn broken(text: &str) -> Vec<(&'static str, String)> {
    let exercise = load_text(text);
    let course = [
        exercise.clone(),
        load_text(&GOOD.replacen("id: good", "id: other\nneeds: good", 1)),
    ];
    let bundle = ["busybox".to_owned(), "hello-world".to_owned()];
    let surroundings = Surroundings {
        exercises: &course,
        bundle: &bundle,
        translations: &[],
    };
    let mut problems = read(&exercise, &surroundings);
    problems.extend(judge(&exercise, &try_all(&exercise)));
    problems
        .iter()
        .map(|problem| {
            let rule = problem.rule().expect("every problem names its rule");
            assert!(
                rules().any(|known| known == rule),
                "{rule} is not in the page"
            );
            assert!(problem.to_string().contains("good.yaml"));
            (rule, problem.message().to_owned())
        })
        .collect()
}

/// The rules that the page for authors names.
fn rules() -> impl Iterator<Item = &'static str> {
    let page = include_str!("../../../docs/authoring.md");
    let words = page.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| {
        let digits = word.strip_prefix(['D', 'E', 'W']);
        digits.is_some_and(|digits| digits.len() == 2 && digits.parse::<u8>().is_ok())
    })
}

/// Replaces `from` by `to` in the good exercise; expects violations of exactly these rules.
#[track_caller]
fn planted(from: &str, to: &str, rules: &[&str]) {
    assert!(GOOD.contains(from), "{from}");
    let found = broken(&GOOD.replacen(from, to, 1));
    let ids: Vec<&str> = found.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(ids, rules, "{found:?}");
}

#[test]
fn a_good_exercise_breaks_no_rule() {
    assert_eq!(broken(GOOD), []);
}

#[test]
fn e00_a_setup_that_fails() {
    planted(
        "  - docker stop {box}\n",
        "  - docker stop nobody\n",
        &["E00"],
    );
}

#[test]
fn e05_a_fresh_state_that_passes() {
    let text = "format: 1\nid: e\ntitle: T\nminutes: 1\nsetup: [docker run -d --name box busybox]\n\
        goals:\n  - id: g\n    say: Run it.\n    check: { container: { name: box } }\n\
        solutions:\n  - do: [docker start box]\n";
    let found = broken(text);
    assert!(found.iter().any(|(rule, _)| *rule == "E05"), "{found:?}");
}

#[test]
fn w03_a_fresh_state_without_a_hint() {
    planted(
        "  - { level: near, say: \"docker start {box} starts it.\" }\n",
        "",
        &["W03"],
    );
}

#[test]
fn e06_a_solution_that_fails() {
    planted(
        "  - do: [\"docker start {box}\",",
        "  - do: [\"docker stop {box}\",",
        &["E06"],
    );
}

#[test]
fn e07_a_prefix_that_passes() {
    planted(
        "{ optional: \"docker logs {box}\" }",
        "\"docker logs {box}\"",
        &["E07"],
    );
}

#[test]
fn e08_a_command_that_nothing_needs() {
    planted(
        "  - do: [\"docker start {box}\",",
        "  - do: [\"docker logs {box}\", \"docker start {box}\",",
        &["E08"],
    );
}

#[test]
fn e09_an_answer_that_is_nearly_right() {
    planted(
        "answer: \"{box}\"",
        "answer: { contains: \"{box}\" }",
        &["E09"],
    );
}

#[test]
fn e09_a_name_that_no_goal_insists_on() {
    let text = GOOD
        .replacen(
            "      - container: { name: \"{box}\", same_as: setup }\n",
            "      - any:\n          - container: { name: extra, status: running }\n          - container: { name: extra2, status: running }\n      - container: { name: \"{box}\", same_as: setup }\n",
            1,
        )
        .replacen("  - do: [\"docker start {box}\",", "  - do: [\"docker start {box}\", docker run -d --name extra busybox,", 1)
        .replacen("[\"docker start {box}\", \"docker start {box}\"]", "[\"docker start {box}\", docker run -d --name extra busybox]", 1);
    // The test lists both names on purpose, so the near miss is not tried; a goal that lists only one of them is.
    let rules: Vec<&str> = broken(&text).iter().map(|(rule, _)| *rule).collect();
    assert!(!rules.contains(&"E09"), "{rules:?}");
    let text = text.replacen(
        "  - id: told\n    say: Tell its name.\n",
        "  - id: seen\n    say: See it.\n    check: { happened: { event: create, container: extra, count: { min: 0 } } }\n  - id: told\n    say: Tell its name.\n",
        1,
    );
    let rules: Vec<&str> = broken(&text).iter().map(|(rule, _)| *rule).collect();
    assert!(rules.contains(&"E09"), "{rules:?}");
}

#[test]
fn e10_a_wrong_attempt_that_is_accepted_or_rejected_otherwise() {
    planted(
        "      - container: { name: \"{box}\", same_as: setup }\n",
        "      - container: { name: \"{box}\" }\n",
        &["E10"],
    );
    planted(
        "expect: { running: new-one }",
        "expect: { running: still-stopped }",
        &["E10"],
    );
    planted(
        "expect: { running: new-one }",
        "expect: { running: not-yet }",
        &[],
    );
}

#[test]
fn e11_right_work_that_is_rejected() {
    planted(
        "\"docker start {box}\", \"docker start {box}\"]",
        "\"docker stop {box}\"]",
        &["E11"],
    );
}

#[test]
fn e12_a_diagnosis_that_nobody_can_meet() {
    planted(
        "      - { id: still-stopped,",
        "      - { id: paused, when: { container: { name: \"{box}\", status: paused } }, say: Frozen. }\n      - { id: still-stopped,",
        &["E12"],
    );
}

#[test]
fn e13_a_condition_that_decides_nothing() {
    planted(
        "      - container: { name: \"{box}\", same_as: setup }\n",
        "      - container: { name: \"{box}\", same_as: setup }\n      - container: { name: \"{box}\", image: busybox }\n",
        &["E13"],
    );
}

/// The rules violated after `spoil` has changed the observations of a good exercise.
fn spoilt(spoil: impl FnOnce(&mut Vec<Observation>)) -> Vec<Option<&'static str>> {
    let exercise = load_text(GOOD);
    let mut seen = try_all(&exercise);
    spoil(&mut seen);
    let problems = judge(&exercise, &seen);
    problems.iter().map(|problem| problem.rule()).collect()
}

#[test]
fn e14_a_verdict_that_differs_the_second_time() {
    assert_eq!(
        spoilt(|seen| seen[0].looks[0].repeats = false),
        [Some("E14")]
    );
    // A container that runs only at every second look.
    let text = GOOD.replacen(
        "docker start {box}\", { optional",
        "docker flicker {box}\", { optional",
        1,
    );
    let rules: Vec<&str> = broken(&text).iter().map(|(rule, _)| *rule).collect();
    assert!(rules.contains(&"E14"), "{rules:?}");
}

#[test]
fn e15_a_check_that_changes_something() {
    assert_eq!(
        spoilt(|seen| seen[1].looks[0].untouched = false),
        [Some("E15")]
    );
}

/// The problems of loading `text`.
fn unloadable(text: &str) -> Vec<(Option<&'static str>, String)> {
    let problems = load::text("good.yaml", text, "seed").expect_err("it must not load");
    problems
        .iter()
        .map(|one| (one.rule(), one.message().to_owned()))
        .collect()
}

#[test]
fn e01_a_file_that_is_no_exercise() {
    let found = unloadable(&GOOD.replacen("hints:", "hnits:", 1));
    assert_eq!(found[0].0, Some("E01"), "{found:?}");
    assert_eq!(unloadable("format: [")[0].0, Some("E01"));
}

#[test]
fn e02_an_id_that_is_taken_or_is_not_the_files_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["1/good.yaml", "2/good.yaml", "2/better.yaml"] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, GOOD).unwrap();
    }
    let course = crate::load_all(folder.path(), "seed");
    let rules: Vec<_> = course.problems.iter().map(|one| one.rule()).collect();
    assert_eq!(rules, [Some("E02"), Some("E02")]);
    assert_eq!(course.exercises.len(), 1);
    let twice = unloadable(&GOOD.replacen("- id: told", "- id: running", 1));
    assert_eq!(twice[0].0, Some("E02"), "{twice:?}");
}

#[test]
fn e03_a_goal_that_nothing_decides() {
    let found = unloadable(&GOOD.replacen(
        "    ask: What is it called?\n    answer: \"{box}\"\n",
        "",
        1,
    ));
    assert_eq!(
        found,
        [(Some("E03"), "a goal that nothing decides".to_owned())]
    );
}

#[test]
fn e04_a_check_that_belongs_to_no_goal() {
    let text = format!("{GOOD}checks:\n  - container: {{ name: web }}\n");
    assert_eq!(
        unloadable(&text),
        [(Some("E04"), "`checks` belongs to no goal".to_owned())]
    );
}

#[test]
fn e20_a_translation_that_is_missing_or_stale() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("good.yaml", GOOD);
    write("other.yaml", &GOOD.replacen("id: good", "id: other", 1));
    write(
        "good.pl.yaml",
        "format: 1\nid: good\nrevision: 3\ntitle: T\n",
    );
    write("gone.pl.yaml", "format: 1\n");
    let course = crate::load_all(folder.path(), "seed");
    assert_eq!(course.exercises.len(), 2, "a translation is no exercise");
    assert_eq!(course.problems[0].rule(), Some("E20"));
    let surroundings = Surroundings {
        exercises: &course.exercises,
        bundle: &[],
        translations: &course.translations,
    };
    let found = |id: &str| -> Vec<String> {
        read(course.exercise(id).unwrap(), &surroundings)
            .iter()
            .filter(|problem| problem.rule() == Some("E20"))
            .map(|problem| problem.message().to_owned())
            .collect()
    };
    assert_eq!(
        found("other"),
        ["no translation into `pl`, which others have"]
    );
    let stale = found("good");
    assert_eq!(stale[0], "a translation of revision 3; the exercise has 1");
    assert!(
        stale.contains(&"no translation of `goals.told.ask`".to_owned()),
        "{stale:?}"
    );
}

#[test]
fn d01_d02_and_d03_what_a_real_engine_does_otherwise() {
    let exercise = load_text(GOOD);
    let seen = try_all(&exercise);
    let solution = seen
        .iter()
        .find(|one| one.trial.kind == Kind::Solution(0))
        .unwrap();
    let wrong = seen
        .iter()
        .find(|one| one.trial.kind == Kind::Wrong(0))
        .unwrap();
    let differ = |ours: &Observation, theirs: &Observation| -> Vec<Option<&'static str>> {
        let (none, mut unseen) = (compare::Unseen::new(), compare::Unseen::new());
        let problems = compare::problems(&exercise, ours, theirs, &none, &mut unseen);
        problems.iter().map(|problem| problem.rule()).collect()
    };
    assert_eq!(differ(solution, solution), []);
    let mut other = solution.clone();
    other.done[0].code = 125;
    assert_eq!(differ(solution, &other), [Some("D01")]);
    let mut other = solution.clone();
    let goals = |one: &mut Observation| one.looks.last_mut().unwrap().report.goals[0].clone();
    let not_yet = goals(&mut wrong.clone());
    other.looks.last_mut().unwrap().report.goals[0] = not_yet;
    assert_eq!(differ(solution, &other), [Some("D02")]);
    let mut other = wrong.clone();
    other.looks.last_mut().unwrap().report.goals[0].diagnosis = None;
    assert_eq!(differ(wrong, &other), [Some("D03")]);
    let mut other = wrong.clone();
    other.looks.last_mut().unwrap().report.goals[0].because = Some("it does not tell".to_owned());
    assert_eq!(differ(wrong, &other), []);
}

#[test]
fn every_rule_has_a_planted_exercise() {
    let tests = concat!(include_str!("tests.rs"), include_str!("tests/learners.rs"));
    for rule in rules() {
        let id = rule.to_lowercase();
        let named = tests
            .lines()
            .any(|line| line.starts_with("fn ") && line.contains(&format!("{id}_")));
        assert!(named, "no test plants {rule}");
    }
}

#[test]
fn e16_an_image_that_is_not_in_the_bundle() {
    planted(
        "docker run -d --name {box} busybox",
        "docker run -d --name {box} nginx",
        &["E16", "E10"],
    );
}

#[test]
fn e17_a_look_that_does_more() {
    planted("look: docker ps -a", "look: docker start web", &["E17"]);
    planted("look: docker ps -a", "look: docker ps -a | head -3", &[]);
    planted("look: docker ps -a", "look: docker container ls -a", &[]);
    planted("look: docker ps -a", "look: docker ps -a > f", &["E17"]);
}

#[test]
fn e18_a_hint_that_gives_the_answer_away() {
    planted("level: near", "level: concept", &["E18"]);
}

#[test]
fn e19_words_that_belittle_and_a_long_why() {
    planted(
        "say: Count the containers.",
        "say: Simply count the containers.",
        &["E19"],
    );
    planted(
        "say: Count the containers.",
        "say: Count them with justice.",
        &[],
    );
    let long = format!("why: {}", "word ".repeat(25));
    planted("why: A stopped container can run again.", &long, &["E19"]);
}

#[test]
fn e21_needs_that_name_nothing_or_go_in_a_circle() {
    planted("minutes: 3", "minutes: 3\nneeds: othr", &["E21"]);
    planted("minutes: 3", "minutes: 3\nneeds: other", &["E21"]);
}

#[test]
fn e22_code_that_is_too_wide() {
    let wide = format!("story: |\n  Try\n\n  ```\n  {}\n  ```\n", "x".repeat(80));
    planted("story: \"`{box}` has stopped.\"\n", &wide, &["E22"]);
}

#[test]
fn e23_a_param_that_only_decorates() {
    planted(
        "params:\n",
        "params:\n  colour: { choose: [red, blue, green, grey] }\n",
        &["E23"],
    );
}

#[test]
fn w01_and_w02_what_is_missing() {
    let start = GOOD.find("  - id: swapped").expect("it is there");
    let text = format!("{}{}", &GOOD[..start], "");
    let rules: Vec<&str> = broken(&text.replacen("minutes: 3\n", "", 1))
        .iter()
        .map(|(rule, _)| *rule)
        .collect();
    assert_eq!(&rules[..2], ["W01", "W02"]);
}
