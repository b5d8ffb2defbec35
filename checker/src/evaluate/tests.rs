//! Whole exercises on handmade worlds: verdicts, diagnoses, answers, waiting.

use super::*;
use crate::load;
use crate::world::fake::Fake;

const EXERCISE: &str = r#"
format: 1
id: e
title: T
goals:
  - id: running
    say: Run `box`.
    check:
      - container: { name: box, status: running, same_as: setup }
    why: A stopped container can run again.
    look: docker ps -a
    else:
      - id: replaced
        when: { containers: { image: busybox, count: { min: 2 } } }
        say: There are {when.count} of them now, {when.names}.
        recover: reset
      - { id: stopped, when: { container: { name: box, status: exited } }, say: "`box` ended with {found.exit_code}." }
  - id: started
    say: Start it.
    check: { happened: { event: start, container: box } }
  - id: read
    say: Read the note.
    after: running
    ask: What does it say?
    answer: Amber otter
    else:
      - { id: the-name, when: { answer: box }, say: That is its name. }
hints:
  - { for: replaced, say: general first, level: near }
  - { for: replaced, say: nudge }
  - { for: running, say: for the goal }
  - anything
solutions:
  - do: [docker start box]
    answers: { read: amber otter }
"#;

pub(super) fn exercise() -> Exercise {
    load::text("e.yaml", EXERCISE, "").unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn report(world: &Fake, answer: Option<&str>) -> Report {
    let answers = answer.map(|answer| ("read".to_owned(), answer.to_owned()));
    let attempt = Attempt {
        number: 1,
        answers: answers.into_iter().collect(),
    };
    evaluate(&exercise(), world, &attempt)
}

fn stopped() -> Fake {
    Fake::default().exited("box", "busybox", 0).set_up()
}

fn started() -> Fake {
    let mut world = stopped().event("start", "start", "box", "busybox");
    world.containers[0].status = "running".to_owned();
    world.containers[0].exit_code = None;
    world
}

fn verdicts(report: &Report) -> Vec<&'static str> {
    report
        .goals
        .iter()
        .map(|goal| goal.verdict.word())
        .collect()
}

#[test]
fn a_fresh_world_is_not_yet_and_says_why() {
    let report = report(&stopped(), None);
    assert_eq!(verdicts(&report), ["NOT YET", "NOT YET", "WAITING"]);
    assert_eq!(report.exit_code(), 1);
    let goal = report.next_goal().unwrap();
    assert_eq!(
        goal.expected.as_deref(),
        Some("container `box`: status running")
    );
    assert_eq!(
        goal.found.as_deref(),
        Some("container `box`: status exited (exit code 0, started once)")
    );
    let diagnosis = goal.diagnosis.as_ref().unwrap();
    assert_eq!(
        (diagnosis.id.as_str(), diagnosis.say.as_str()),
        ("stopped", "`box` ended with 0.")
    );
    assert_eq!(report.goals[2].waiting_for.as_deref(), Some("running"));
}

#[test]
fn the_first_diagnosis_that_fits_is_told_with_what_was_found() {
    let report = report(&stopped().running("fox", "busybox"), None);
    let diagnosis = report.goals[0].diagnosis.as_ref().unwrap();
    assert_eq!(diagnosis.say, "There are 2 of them now, `box` and `fox`.");
    assert_eq!(diagnosis.recover.as_deref(), Some("reset"));
}

#[test]
fn a_right_answer_passes_and_a_wrong_one_is_told_without_the_right_one() {
    assert_eq!(
        report(&started(), Some(" amber  OTTER.")).verdict,
        Verdict::Pass
    );
    for (answer, id) in [
        (None, "unanswered"),
        (Some("fox"), "wrong-answer"),
        (Some("`Box`"), "the-name"),
    ] {
        let report = report(&started(), answer);
        assert_eq!(verdicts(&report), ["PASS", "PASS", "NOT YET"]);
        assert_eq!(report.goals[2].diagnosis.as_ref().unwrap().id, id);
        let all = report.text(true) + &report.to_json().to_string();
        assert!(!all.to_lowercase().contains("amber"), "{all}");
    }
}

#[test]
fn what_cannot_be_seen_is_nobodys_mistake() {
    let blind = Fake {
        blind: Some("the disk is gone".to_owned()),
        ..started()
    };
    let report = report(&blind, Some("amber otter"));
    assert_eq!(verdicts(&report), ["CAN'T CHECK", "CAN'T CHECK", "WAITING"]);
    assert_eq!(
        (report.exit_code(), report.verdict),
        (3, Verdict::CantCheck)
    );
    assert_eq!(report.goals[0].because.as_deref(), Some("the disk is gone"));
    assert!(report.text(false).contains("does not count"));
}

#[test]
fn each_goal_says_whether_a_pass_stays() {
    let holds: Vec<Holds> = report(&started(), None)
        .goals
        .iter()
        .map(|goal| goal.holds)
        .collect();
    assert_eq!(holds, [Holds::Now, Holds::Happened, Holds::Answer]);
}

#[test]
fn text_tells_what_was_recognised_and_details_the_goal_to_work_on() {
    let world = stopped().running("fox", "busybox");
    let text = report(&world, None).text(false);
    assert_eq!(
        text,
        "\
NOT YET     0 of 3 done
NOT YET     1. Run `box`.
    There are 2 of them now, `box` and `fox`.
    Expected  container `box`: status running
    Found     container `box`: status exited (exit code 0, started once)
    Why       A stopped container can run again.
    Look      docker ps -a
    To start over: `reset`.
NOT YET     2. Start it.
WAITING     3. Read the note. (after goal 1)
"
    );
}

#[test]
fn hints_follow_the_mistake_from_a_nudge_on() {
    let (exercise, report) = (
        exercise(),
        report(&stopped().running("fox", "busybox"), None),
    );
    let mut shown = std::collections::BTreeSet::new();
    let mut said = Vec::new();
    while let Some(next) = crate::hints::next(&exercise, &report, &shown) {
        said.push((next.hint.say.clone(), next.left));
        shown.insert(next.index);
    }
    let said: Vec<(&str, usize)> = said
        .iter()
        .map(|(say, left)| (say.as_str(), *left))
        .collect();
    assert_eq!(
        said,
        [
            ("nudge", 3),
            ("general first", 2),
            ("for the goal", 1),
            ("anything", 0)
        ]
    );
}

#[test]
fn json_names_its_version_and_fits_its_schema() {
    let json = report(&stopped(), None).to_json();
    assert_eq!(json["format"], 1);
    assert_eq!(json["verdict"], "not_yet");
    assert_eq!(json["goals"][2]["verdict"], "waiting");
    let schema = Report::schema();
    assert!(
        crate::schema::tests::fits(&schema, &json, &schema),
        "{json:#}"
    );
    let mut other = json.clone();
    other["verdict"] = "perhaps".into();
    assert!(!crate::schema::tests::fits(&schema, &other, &schema));
    // Every kind of report: goals that pass, wait, are not reached or cannot be judged.
    let blind = Fake {
        blind: Some("the disk is gone".to_owned()),
        ..Fake::default()
    };
    for json in [
        report(&blind, None),
        report(&started(), Some("amber otter")),
    ]
    .map(|one| one.to_json())
    {
        assert!(
            crate::schema::tests::fits(&schema, &json, &schema),
            "{json:#}"
        );
    }
}

#[test]
fn an_answer_copied_from_another_learner_fails() {
    let text = EXERCISE
        .replacen("goals:", "params: { note: { words: 2 } }\ngoals:", 1)
        .replacen("answer: Amber otter", "answer: \"{note}\"", 1)
        .replacen(
            "answers: { read: amber otter }",
            "answers: { read: \"{note}\" }",
            1,
        );
    let of = |learner: &str| load::text("e.yaml", &text, learner).unwrap();
    let (one, other) = (of("ada"), of("grace"));
    assert_ne!(one.params["note"], other.params["note"]);
    let judged = |exercise: &Exercise, answer: &str| {
        let answers = [("read".to_owned(), answer.to_owned())].into();
        let attempt = Attempt { number: 1, answers };
        evaluate(exercise, &started(), &attempt).goals[2].verdict
    };
    // Case, quotes and surrounding blanks do not matter; another learner's words do.
    let own = format!(" `{}` ", one.params["note"].to_uppercase());
    assert_eq!(judged(&one, &own), Verdict::Pass);
    assert_eq!(judged(&one, &other.params["note"]), Verdict::NotYet);
}
