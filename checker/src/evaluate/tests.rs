//! Whole exercises on worlds made by hand: verdicts, diagnoses, answers, waiting; and the property that what a report
//! says is what was evaluated.

use super::*;
use crate::checks::outcome::{Outcome, Truth};
use crate::checks::{Arg, Check, Condition, Given, NounKind};
use crate::field::find;
use crate::load;
use crate::matcher::Matcher;
use crate::report::TextOptions;
use crate::world::fake::Fake;
use proptest::prelude::*;

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
        say: There are {found.count} of them now, {found.names}.
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

fn exercise() -> Exercise {
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
        let all = report.text(TextOptions {
            all: true,
            full: true,
        }) + &report.to_json().to_string();
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
    assert!(
        report
            .text(TextOptions::default())
            .contains("does not count")
    );
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
fn text_expands_the_first_open_goal_only() {
    let world = stopped().running("fox", "busybox");
    let text = report(&world, None).text(TextOptions::default());
    assert_eq!(
        text,
        "\
NOT YET     0 of 3 done  e, attempt 1
NOT YET     running  Run `box`.
  Expected    container `box`: status running
  Found       container `box`: status exited (exit code 0, started once)
  So          There are 2 of them now, `box` and `fox`.
  Why         A stopped container can run again.
  Look        docker ps -a
  Back        reset
  Message     replaced (looks wrong? report this id)
NOT YET     started  Start it.
WAITING     read  Read the note. (waits for running)
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
    let properties = schema["properties"].as_object().unwrap();
    for key in json.as_object().unwrap().keys() {
        assert!(properties.contains_key(key), "{key}");
    }
}

/// Any world of up to four containers with names and images from a small set, and some events.
fn worlds() -> impl Strategy<Value = Fake> {
    let name = prop::sample::select(vec!["web", "web2", "box", "db"]);
    let image = prop::sample::select(vec!["busybox", "app", "app:v1"]);
    let status = prop::sample::select(vec!["created", "running", "exited"]);
    let one = (name, image, status, 0u32..3, -1i32..4, any::<bool>());
    prop::collection::vec(one, 0..4).prop_map(|all| {
        let mut world = Fake::default()
            .image("busybox", |_| {})
            .image("app", |_| {});
        for (name, image, status, starts, code, tty) in all {
            if world.containers.iter().any(|one| one.name == name) {
                continue;
            }
            world = world.container(name, image, |one| {
                one.status = status.to_owned();
                one.start_count = starts;
                one.exit_code = (status == "exited").then_some(code);
                one.tty = tty;
                one.cmd = vec!["sh".to_owned(), starts.to_string()];
            });
            world = world.event("create", "run", name, image).fact("tty", tty);
            for _ in 0..starts {
                world = world.event("start", "start", name, image);
            }
        }
        world
    })
}

fn numbers() -> impl Strategy<Value = Matcher> {
    let number = (-1i32..4).prop_map(|number| Matcher::Number(number.into()));
    let range = (prop::option::of(0i32..3), prop::option::of(0i32..3))
        .prop_map(|(min, max)| Matcher::Range(min.map(f64::from), max.map(f64::from)));
    let leaf = prop_oneof![number, range];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| Matcher::Not(Box::new(one))),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Matcher::Any),
            prop::collection::vec(inner, 1..3).prop_map(Matcher::All),
        ]
    })
}

fn words(from: Vec<&'static str>) -> impl Strategy<Value = Matcher> {
    let word = prop::sample::select(from);
    prop_oneof![
        word.clone().prop_map(|word| Matcher::Text(word.to_owned())),
        word.prop_map(|word| Matcher::Not(Box::new(Matcher::Text(word.to_owned())))),
    ]
}

fn check(noun: NounKind, fields: Vec<(&'static str, Arg)>) -> Check {
    let table = noun.noun().fields;
    let given = fields.into_iter().filter_map(|(name, arg)| {
        Some(Given {
            field: find(table, name)?,
            arg,
        })
    });
    let source = crate::problem::Source::new("x", "");
    Check {
        noun,
        given: given.collect(),
        at: crate::problem::Place::new(&source, 0..0),
    }
}

fn goals() -> impl Strategy<Value = Condition> {
    let name = || prop::sample::select(vec!["web", "web2", "box", "w", "nobody"]);
    let image = || prop::sample::select(vec!["busybox", "app", "app:v1", "nothing"]);
    let status = || words(vec!["created", "running", "exited"]).prop_map(Arg::Match);
    let container = (name(), status(), numbers(), numbers(), any::<bool>()).prop_map(
        |(name, status, starts, code, tty)| {
            check(
                NounKind::Container,
                vec![
                    ("name", Arg::Name(name.to_owned())),
                    ("status", status),
                    ("started", Arg::Match(starts)),
                    ("exit_code", Arg::Match(code)),
                    ("tty", Arg::Match(Matcher::Bool(tty))),
                ],
            )
        },
    );
    let exists = (name(), any::<bool>()).prop_map(|(name, exists)| {
        check(
            NounKind::Container,
            vec![
                ("name", Arg::Name(name.to_owned())),
                ("exists", Arg::Match(Matcher::Bool(exists))),
            ],
        )
    });
    let containers = (image(), status(), numbers()).prop_map(|(image, status, count)| {
        check(
            NounKind::Containers,
            vec![
                ("image", Arg::Name(image.to_owned())),
                ("status", status),
                ("count", Arg::Match(count)),
            ],
        )
    });
    let happened = (name(), numbers()).prop_map(|(name, count)| {
        check(
            NounKind::Happened,
            vec![
                ("event", Arg::Match(Matcher::Text("start".to_owned()))),
                ("container", Arg::Name(name.to_owned())),
                ("count", Arg::Match(count)),
            ],
        )
    });
    let image_there = image()
        .prop_map(|image| check(NounKind::Image, vec![("name", Arg::Name(image.to_owned()))]));
    let leaf = prop_oneof![container, exists, containers, happened, image_there]
        .prop_map(Condition::Check);
    leaf.prop_recursive(3, 8, 3, |inner| {
        let list = prop::collection::vec(inner, 1..3);
        prop_oneof![
            list.clone().prop_map(Condition::Not),
            list.clone().prop_map(Condition::All),
            list.prop_map(Condition::Any),
        ]
    })
}

/// What every outcome must satisfy.
fn consistent(outcome: &Outcome) -> Result<(), TestCaseError> {
    prop_assert!(!outcome.claims.is_empty());
    for claim in &outcome.claims {
        prop_assert!(!claim.expected.is_empty() && !claim.found.is_empty());
        if let Some((matcher, found)) = &claim.values {
            // The words were made from these very values.
            prop_assert_eq!(Truth::of(matcher.accepts(found)), claim.truth.clone());
            // "At least once" is what an event without a count means, and is not said.
            if *matcher != Matcher::Range(Some(1.0), None) {
                let words = matcher.describe().replace('`', "");
                prop_assert!(claim.expected.replace('`', "").contains(&words));
            }
        }
    }
    let broken = outcome.claims.iter().any(|claim| claim.truth == Truth::No);
    prop_assert_eq!(outcome.truth == Truth::No, broken);
    Ok(())
}

proptest! {
    #[test]
    fn expected_and_found_agree_with_the_verdict(world in worlds(), condition in goals()) {
        let outcome = evaluate_all(std::slice::from_ref(&condition), &world, None);
        consistent(&outcome)?;
        let opposite = evaluate_all(&[Condition::Not(vec![condition.clone()])], &world, None);
        consistent(&opposite)?;
        prop_assert_eq!(outcome.truth.clone().negated(), opposite.truth);
        // The same world gives the same outcome, and the order of the facts does not matter.
        let mut turned = world.clone();
        turned.containers.reverse();
        turned.images.reverse();
        let again = evaluate_all(std::slice::from_ref(&condition), &turned, None);
        prop_assert_eq!(outcome.truth.clone(), again.truth);
        let goal = Goal { check: vec![condition], ..exercise().goals.swap_remove(1) };
        let report = judge_goal(&goal, &world, None);
        prop_assert_eq!(report.verdict == Verdict::Pass, outcome.truth == Truth::Yes);
        prop_assert_eq!(report.verdict == Verdict::NotYet, report.expected.is_some() && report.found.is_some());
    }
}
