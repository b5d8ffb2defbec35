//! Good files decode, bad ones get located messages, and no input panics or hangs.

use proptest::prelude::*;

const EXAMPLE: &str = r#"
format: 1
id: run-vs-start
revision: 2
title: Start the container you already have
concepts: [container]
needs: hello-run
minutes: 6
params:
  note: { words: 2 }
  box: { choose: [web, api, job] }
files:
  readme.txt: |
    hello {box}
setup:
  - docker run --name {box} busybox sh -c 'echo {note} > /note'
story: |
  A note inside `{box}`.
goals:
  - id: running
    say: Get `{box}` running again.
    check:
      - container: { name: "{box}", same_as: setup, started: { min: 2 }, status: running }
      - not: { containers: { image: busybox, count: { min: 2 } } }
    within: 3s
    stable: 300ms
    why: A stopped container keeps its writable layer.
    look: docker ps -a
    else:
      - when: { happened: { event: create, via: run, image: busybox } }
        id: made-a-new-one
        say: There are {found.count} containers now.
  - id: read
    say: Find the note.
    after: running
    ask: What does the note say?
    answer: "{note}"
hints:
  - { for: made-a-new-one, level: concept, say: "Compare `docker run` and `docker start`." }
  - One command creates and starts.
solutions:
  - do: ["docker start {box}", { optional: "docker logs {box}" }, { write: a.txt, text: x, optional: true }]
    answers: { read: "{note}" }
wrong:
  - id: new-container
    do: [docker run -d busybox sleep 600]
    expect: { running: made-a-new-one, read: not-yet }
debrief: Done.
"#;

fn problems(text: &str) -> Vec<String> {
    match super::text("x.yaml", text, "seed") {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .iter()
            .map(|problem| {
                let (line, column) = problem.line_column();
                let shown = text.lines().nth(line - 1).unwrap_or("");
                let word: String = shown
                    .chars()
                    .skip(column - 1)
                    .take_while(|c| c.is_alphanumeric() || "-_./{[".contains(*c))
                    .collect();
                let help = problem.help().unwrap_or("-");
                format!("{word}: {} | {help}", problem.message())
            })
            .collect(),
    }
}

/// Replaces `from` by `to` in the example and expects exactly these problems.
#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(EXAMPLE.contains(from), "{from}");
    assert_eq!(problems(&EXAMPLE.replacen(from, to, 1)), expected);
}

#[test]
fn the_example_decodes_with_the_learners_values_filled_in() {
    let exercise = super::text("x.yaml", EXAMPLE, "seed").unwrap();
    let name = &exercise.params["box"];
    assert!(["web", "api", "job"].contains(&name.as_str()));
    assert_eq!(exercise.files[0].text, format!("hello {name}\n"));
    assert_eq!(
        exercise.goals[0].say,
        format!("Get `{name}` running again.")
    );
    assert_eq!(
        exercise.goals[0].diagnoses[0].say,
        "There are {found.count} containers now."
    );
    assert_eq!(exercise.solutions[0].steps.len(), 3);
    assert!(exercise.solutions[0].steps[1].optional);
    assert_eq!(exercise.wrong[0].expect[1].diagnosis, None);
    assert_eq!(exercise.goals[1].after[0].text, "running");
}

#[test]
fn two_seeds_give_two_learners_their_own_values() {
    let notes: std::collections::BTreeSet<String> = (0..20)
        .map(|seed| {
            super::text("x.yaml", EXAMPLE, &seed.to_string())
                .unwrap()
                .params["note"]
                .clone()
        })
        .collect();
    assert!(notes.len() > 10, "{notes:?}");
}

#[test]
fn an_unknown_field_is_told_at_its_place_with_a_suggestion() {
    check(
        "hints:",
        "hnits:",
        &["hnits: unknown field `hnits` of an exercise | did you mean `hints`?"],
    );
    check(
        "status: running }",
        "staus: running }",
        &["staus: unknown field `staus` of `container` | did you mean `status`?"],
    );
    check(
        "status: running }",
        "status: runing }",
        &["runing: unknown value `runing` of `status` | did you mean `running`?"],
    );
    check(
        "- not: { containers:",
        "- not: { contaners:",
        &["contaners: unknown field `contaners` of a condition | did you mean `containers`?"],
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let text = EXAMPLE
        .replacen("minutes: 6", "minutes: soon", 1)
        .replacen("within: 3s", "within: 3 hours", 1)
        .replacen("level: concept", "level: koncept", 1);
    assert_eq!(
        problems(&text),
        [
            "soon: `soon` is not a value of `minutes` | -",
            "3: `3 hours` is not a value of `within` | -",
            "koncept: unknown value `koncept` of `level` | did you mean `concept`?",
        ]
    );
}

#[test]
fn names_that_do_not_exist_are_told() {
    check(
        "running: made-a-new-one",
        "running: made-a-new-on",
        &[
            "running: there is no diagnosis of the goal `running` `made-a-new-on` | did you mean `made-a-new-one`?",
        ],
    );
    check(
        "after: running",
        "after: runing",
        &["runing: there is no earlier goal `runing` | did you mean `running`?"],
    );
    check(
        "\"docker start {box}\"",
        "\"docker start {bix}\"",
        &["{bix: there is no param `bix` | did you mean `{box}`?"],
    );
}

#[test]
fn a_missing_part_is_told() {
    check(
        "    say: Find the note.\n",
        "",
        &["id: a goal has no `say` | add `say:`"],
    );
    check(
        "name: \"{box}\", same_as: setup, ",
        "",
        &["container: `container` has no `name` | add `name:`"],
    );
    check(
        "solutions:",
        "solutons:",
        &[
            "solutons: unknown field `solutons` of an exercise | did you mean `solutions`?",
            "format: an exercise has no `solutions` | add `solutions:`",
        ],
    );
}

#[test]
fn wrong_shapes_are_told() {
    check(
        "after: running",
        "after: { a: b }",
        &["a: `after` cannot be a mapping | -"],
    );
    check(
        "started: { min: 2 }",
        "started: [2]",
        &["[2: `started` cannot be a list | -"],
    );
    check(
        "readme.txt:",
        "../readme.txt:",
        &["../readme.txt: `../readme.txt` is not a file of the workspace | -"],
    );
    check(
        "same_as: setup",
        "same_as: { not: setup }",
        &["not: `same_as` is a literal name, not a condition | -"],
    );
}

#[test]
fn broken_yaml_is_told_at_its_place() {
    for (text, line, part) in [
        ("format: 1\n\tid: x\n", 2, "tab"),
        ("format: 1\nid: x\nid: y\n", 3, "duplicate"),
        ("format: 1\nid: [a\n", 2, "unclosed"),
        ("format: 1\n--- \nid: x\n", 2, ""),
        ("", 1, ""),
        ("- a\n- b\n", 1, "cannot be a list"),
        ("just text", 1, "cannot be text"),
    ] {
        let problems = super::text("x.yaml", text, "").unwrap_err();
        assert_eq!(problems.len(), 1, "{text:?}");
        assert_eq!(
            problems[0].line_column().0,
            line,
            "{text:?}: {}",
            problems[0]
        );
        assert!(
            problems[0].message().to_lowercase().contains(part),
            "{}",
            problems[0]
        );
    }
}

#[test]
fn braces_without_quotes_in_a_list_are_told_with_what_helps() {
    let text = EXAMPLE.replacen(
        "[docker run -d busybox sleep 600]",
        "[docker start {box}]",
        1,
    );
    let problems = super::text("x.yaml", &text, "").unwrap_err();
    assert!(
        problems[0]
            .help()
            .is_some_and(|help| help.contains("quotes")),
        "{}",
        problems[0]
    );
}

#[test]
fn numbers_keep_the_text_that_was_written() {
    let text = EXAMPLE.replacen(
        "title: Start the container you already have",
        "title: 1.10",
        1,
    );
    assert_eq!(super::text("x.yaml", &text, "").unwrap().title, "1.10");
    let text = EXAMPLE.replacen("needs: hello-run", "needs: no", 1);
    assert_eq!(
        super::text("x.yaml", &text, "").unwrap().needs[0].text,
        "no"
    );
}

#[test]
fn bombs_are_refused_quickly() {
    let deep = format!("format: {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut maps = String::new();
    for depth in 0..10_000 {
        maps.push_str(&" ".repeat(depth));
        maps.push_str("a:\n");
        if maps.len() > 400_000 {
            break;
        }
    }
    let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        laughs.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            [before.as_str(); 10].join(",")
        ));
    }
    let large = "# padding\n".repeat(1_100_000);
    let not_text = b"format: 1\nid: \xff\xfe\n".to_vec();
    let regex = EXAMPLE.replacen(
        "answer: \"{note}\"",
        "answer: { matches: '((a{1,1000}){1,1000}){1,1000}' }",
        1,
    );
    for bad in [
        deep.into_bytes(),
        maps.into_bytes(),
        laughs.into_bytes(),
        large.into_bytes(),
        not_text,
        regex.into_bytes(),
    ] {
        let problems = super::bytes("x.yaml", &bad, "").unwrap_err();
        assert!(!problems.is_empty());
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_an_exercise_or_in_problems(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Err(problems) = super::bytes("x.yaml", &bytes, "") {
            prop_assert!(!problems.is_empty());
            prop_assert!(!problems[0].to_string().is_empty());
        }
    }

    #[test]
    fn any_damage_to_a_good_file_ends_in_an_exercise_or_in_problems(
        at in 0..EXAMPLE.len(), cut in 0usize..40, put in "[ -~\n\t\u{e9}\u{4e2d}]{0,6}",
    ) {
        let mut text = EXAMPLE.as_bytes().to_vec();
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.bytes());
        if let Err(problems) = super::bytes("x.yaml", &text, "s") {
            prop_assert!(!problems.is_empty());
            for problem in &problems {
                prop_assert!(problem.to_string().contains("x.yaml"));
            }
        }
    }
}
