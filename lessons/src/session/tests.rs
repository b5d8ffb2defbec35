//! Sessions in a small course.

use super::*;
use crate::source::ContentFile;
use checker::Verdict;
use checker::report::{GoalReport, Holds};
use std::borrow::Cow;

const LESSON: &str = "---\ntitle: One\ngoal: G\nminutes: 5\nexercises: [box]\n---\nintro\n\n```console\n$ docker ps\n$ docker ps -a\n```\n\n## Do it\n[go](exercise:box)\n\n## After\ntext\n";
const OTHER: &str = "---\ntitle: Two\ngoal: G\nminutes: 5\nexercises: []\n---\ntwo\n";
const EXERCISE: &str = "format: 1\nid: box\nrevision: 2\ntitle: T\ngoals:\n  - id: up\n    say: S\n    check: { container: { name: box } }\n  \
     - id: say\n    say: S\n    ask: What?\n    answer: hello\nhints:\n  - say: one\n  - say: two\n\
     solutions:\n  - do: [docker run --name box busybox]\n    answers: { say: hello }\n";

fn catalog() -> Catalog {
    catalog_with(EXERCISE)
}

fn catalog_with(exercise: &'static str) -> Catalog {
    let files = [
        ("lessons/content/01-one/lesson.md", LESSON),
        ("lessons/content/02-two/lesson.md", OTHER),
        ("exercises/01-one/box.yaml", exercise),
    ];
    let files = files.map(|(path, text)| ContentFile {
        path: path.to_owned(),
        bytes: Cow::Borrowed(text.as_bytes()),
        executable: false,
    });
    let catalog = Catalog::of_files(files.into(), "s");
    assert_eq!(catalog.problems, []);
    assert!(
        catalog.exercise("box").is_some(),
        "{:?}",
        catalog.exercise_problems("box")
    );
    catalog
}

fn begin() -> Session {
    let mut session = Session::new(catalog(), Progress::default());
    session.handle(Event::Begin);
    session
}

/// A session that has just arrived at the exercise, with no goal reached.
fn at_exercise() -> Session {
    let mut session = begin();
    session.handle(Event::Word(Word::Next));
    session.handle(Event::Word(Word::Next));
    assert_eq!(session.exercise(), Some("box"));
    session.handle(judged(&[], false));
    session
}

fn report(passed: &[&str]) -> Report {
    report_on(&["up", "say"], passed)
}

fn report_on(goals: &[&str], passed: &[&str]) -> Report {
    let goals = goals.iter().copied().map(|id| GoalReport {
        id: id.to_owned(),
        say: "S".to_owned(),
        verdict: if passed.contains(&id) {
            Verdict::Pass
        } else {
            Verdict::NotYet
        },
        holds: Holds::Now,
        expected: None,
        found: None,
        why: None,
        look: None,
        diagnosis: None,
        waiting_for: None,
        because: None,
        within_ms: None,
        stable_ms: None,
    });
    let goals: Vec<GoalReport> = goals.collect();
    Report {
        format: 1,
        exercise: "box".to_owned(),
        revision: 2,
        title: "T".to_owned(),
        exercise_digest: String::new(),
        attempt: 1,
        verdict: if passed.len() == goals.len() {
            Verdict::Pass
        } else {
            Verdict::NotYet
        },
        done: passed.len(),
        goals,
    }
}

fn judged(passed: &[&str], asked: bool) -> Event {
    Event::Judged {
        report: Box::new(report(passed)),
        asked: if asked {
            Asked::Check { verbose: false }
        } else {
            Asked::Nothing
        },
    }
}

/// The effects without those that only record.
fn visible(effects: Vec<Effect>) -> Vec<Effect> {
    let shown = effects.into_iter();
    shown
        .filter(|effect| !matches!(effect, Effect::Record(_)))
        .collect()
}

fn enter(sandbox: &str, told: bool) -> Effect {
    Effect::Enter {
        sandbox: sandbox.to_owned(),
        told,
    }
}

#[test]
fn the_first_start_shows_the_first_page_in_the_lessons_sandbox() {
    let mut session = Session::new(catalog(), Progress::default());
    let effects = visible(session.handle(Event::Begin));
    let page = Effect::Page { lesson: 0, page: 0 };
    assert_eq!(
        effects,
        [Effect::Say(Say::Welcome), enter("lesson-one", false), page]
    );
}

#[test]
fn next_and_back_lead_through_the_whole_course() {
    let mut session = begin();
    let mut seen = vec![session.place().clone()];
    for _ in 0..8 {
        session.handle(Event::Word(Word::Skip));
        seen.push(session.place().clone());
    }
    let at = |lesson, step| Place::At { lesson, step };
    assert_eq!(
        seen,
        [
            at(0, 0),
            at(0, 1),
            at(0, 2),
            at(0, 3),
            // The end of the lesson is shown.
            at(0, 3),
            at(1, 0),
            at(1, 0),
            Place::End,
            Place::End
        ]
    );
    for expected in [at(1, 0), at(0, 3), at(0, 2), at(0, 1), at(0, 0), at(0, 0)] {
        session.handle(Event::Word(Word::Back));
        assert_eq!(*session.place(), expected);
    }
}

#[test]
fn an_exercise_has_its_own_sandbox_and_that_is_announced() {
    let mut session = begin();
    session.handle(Event::Word(Word::Next));
    let effects = visible(session.handle(Event::Word(Word::Next)));
    assert_eq!(effects[..2], [Effect::Turn, enter("ex-box", true)]);
    assert!(effects.contains(&Effect::Prepare {
        exercise: "box".into()
    }));
    let effects = visible(session.handle(Event::Word(Word::Back)));
    assert_eq!(effects[..2], [Effect::Turn, enter("lesson-one", true)]);
}

#[test]
fn the_pages_commands_are_suggested_one_after_the_other() {
    let mut session = begin();
    for (line, expected) in [
        ("ls", "docker ps"),
        ("docker ps ", "docker ps -a"),
        ("docker ps -a", "next"),
    ] {
        session.handle(Event::Ran {
            line: line.to_owned(),
            ok: true,
        });
        assert_eq!(session.suggestion().as_deref(), Some(expected), "{line}");
    }
    assert_eq!(at_exercise().suggestion(), None);
}

#[test]
fn a_command_that_failed_is_suggested_again() {
    let mut session = begin();
    for (ok, expected) in [(false, "docker ps"), (true, "docker ps -a")] {
        session.handle(Event::Ran {
            line: "docker ps".into(),
            ok,
        });
        assert_eq!(session.suggestion().as_deref(), Some(expected));
    }
    session.handle(Event::Word(Word::Goals));
    assert_eq!(session.suggestion().as_deref(), Some("docker ps -a"));
}

#[test]
fn the_end_of_a_lesson_is_shown_before_the_next_one() {
    let mut session = begin();
    for _ in 0..3 {
        session.handle(Event::Word(Word::Skip));
    }
    let end = Effect::LessonEnd { lesson: 0 };
    assert_eq!(session.handle(Event::Word(Word::Next)), [Effect::Turn, end]);
    let effects = visible(session.handle(Event::Word(Word::Next)));
    assert!(effects.contains(&Effect::Page { lesson: 1, page: 0 }));
}

#[test]
fn catchup_runs_the_earlier_pages_after_a_question() {
    let mut session = begin();
    assert_eq!(
        session.handle(Event::Word(Word::CatchUp)),
        [Effect::Say(Say::NoEarlierPage)]
    );
    session.handle(Event::Word(Word::Next));
    session.handle(Event::Word(Word::CatchUp));
    let empty = Effect::Empty {
        sandbox: "lesson-one".into(),
    };
    assert_eq!(
        session.handle(Event::Word(Word::Yes)),
        [empty, Effect::CatchUp { lesson: 0, page: 1 }]
    );
}

#[test]
fn after_each_line_of_an_exercise_new_passes_are_reported_once() {
    let mut session = at_exercise();
    let judge = Effect::Judge {
        exercise: "box".into(),
        asked: Asked::Nothing,
    };
    assert_eq!(
        session.handle(Event::Ran {
            line: "docker run".into(),
            ok: true,
        }),
        [judge]
    );
    let passed = |goals: &[&str]| Effect::Passed {
        exercise: "box".into(),
        goals: goals.iter().map(|goal| (*goal).to_owned()).collect(),
    };
    assert_eq!(
        visible(session.handle(judged(&["up"], false))),
        [passed(&["up"])]
    );
    assert_eq!(visible(session.handle(judged(&["up"], false))), []);
    let lost = Effect::Lost {
        exercise: "box".into(),
        goals: vec!["up".into()],
    };
    assert_eq!(visible(session.handle(judged(&[], false))), [lost]);
    let done = Effect::Done {
        exercise: "box".into(),
    };
    assert_eq!(
        visible(session.handle(judged(&["up", "say"], false))),
        [passed(&["up", "say"]), done]
    );
    assert_eq!(session.standing("box"), Standing::Done);
}

#[test]
fn an_open_exercise_holds_next_back_until_it_is_done_or_skipped() {
    let mut session = at_exercise();
    let judge = Effect::Judge {
        exercise: "box".into(),
        asked: Asked::Next,
    };
    assert_eq!(session.handle(Event::Word(Word::Next)), [judge]);
    let judged = |passed: &[&str]| Event::Judged {
        report: Box::new(report(passed)),
        asked: Asked::Next,
    };
    assert_eq!(
        visible(session.handle(judged(&[]))),
        [Effect::Say(Say::ExerciseOpen)]
    );
    // Another terminal has done it.
    let effects = visible(session.handle(judged(&["up", "say"])));
    assert!(matches!(
        effects[..],
        [Effect::Passed { .. }, Effect::Done { .. }]
    ));
    session.handle(Event::Word(Word::Next));
    assert_eq!(*session.place(), Place::At { lesson: 0, step: 3 });
}

#[test]
fn a_check_that_does_not_pass_is_an_attempt_unless_it_could_not_be_made() {
    let mut session = at_exercise();
    let effects = visible(session.handle(judged(&[], true)));
    assert_eq!(
        effects,
        [Effect::Report {
            exercise: "box".into(),
            verbose: false
        }]
    );
    let mut unknown = report(&[]);
    unknown.verdict = Verdict::CantCheck;
    session.handle(Event::Judged {
        report: Box::new(unknown),
        asked: Asked::Check { verbose: false },
    });
    assert_eq!(session.progress().exercises["box"].attempts, 1);
}

#[test]
fn the_solution_is_asked_for_twice_before_the_exercise_is_done() {
    let mut session = at_exercise();
    let solution = Word::Solution { play: false };
    let question = Question::Solution {
        exercise: "box".into(),
        play: false,
    };
    assert_eq!(
        session.handle(Event::Word(solution.clone())),
        [Effect::Ask(question)]
    );
    assert_eq!(
        session.handle(Event::Word(Word::No)),
        [Effect::Say(Say::Unchanged)]
    );
    session.handle(Event::Word(solution.clone()));
    let shown = Effect::Solution {
        exercise: "box".into(),
    };
    assert_eq!(
        visible(session.handle(Event::Word(Word::Yes))),
        std::slice::from_ref(&shown)
    );
    assert!(session.progress().exercises["box"].solution_seen);
    assert_eq!(session.handle(Event::Word(solution)), [shown]);
}

#[test]
fn a_question_is_dropped_when_something_else_happens() {
    let mut session = at_exercise();
    session.handle(Event::Word(Word::Reset));
    session.handle(Event::Ran {
        line: "ls".into(),
        ok: true,
    });
    assert_eq!(
        session.handle(Event::Word(Word::Yes)),
        [Effect::Say(Say::Unchanged)]
    );
}

#[test]
fn reset_starts_the_exercise_over() {
    let mut session = at_exercise();
    session.handle(judged(&["up"], false));
    session.handle(Event::Word(Word::Reset));
    let effects = visible(session.handle(Event::Word(Word::Yes)));
    assert_eq!(
        effects[0],
        Effect::Restart {
            exercise: "box".into()
        }
    );
    assert!(session.progress().exercises["box"].passed.is_empty());
}

#[test]
fn a_session_resumes_where_the_last_one_ended() {
    let mut session = at_exercise();
    session.handle(judged(&["up"], false));
    let mut next = Session::new(catalog(), session.progress().clone());
    assert_eq!(next.exercise(), Some("box"));
    assert_eq!(next.handle(Event::Begin)[0], Effect::Say(Say::WelcomeBack));
}

#[test]
fn a_missing_place_leads_to_the_first_open_lesson() {
    for (lesson, page, expected) in [
        ("one", "Do it", Place::At { lesson: 0, step: 1 }),
        ("one", "gone", Place::At { lesson: 0, step: 0 }),
        ("gone", "x", Place::At { lesson: 1, step: 0 }),
    ] {
        let mut progress = Progress::default();
        progress
            .lessons
            .insert("one".into(), crate::progress::LessonRecord::default());
        progress.at = Some(Position {
            lesson: lesson.into(),
            page: Some(page.into()),
            ..Position::default()
        });
        assert_eq!(*Session::new(catalog(), progress).place(), expected);
    }
}

#[test]
fn the_position_names_the_sandbox_also_from_the_playground() {
    let mut session = begin();
    let mut sandbox_after = |target: &str| {
        session.handle(Event::Word(Word::Go(target.into())));
        session.progress().at.as_ref().map(Position::sandbox)
    };
    for (target, expected) in [
        ("1", "lesson-one"),
        ("box", "ex-box"),
        ("free", "free"),
        ("2", "lesson-two"),
    ] {
        assert_eq!(sandbox_after(target).as_deref(), Some(expected));
    }
    session.handle(Event::Word(Word::Go("free".into())));
    let resumed = Session::new(catalog(), session.progress().clone());
    assert_eq!(*resumed.place(), Place::At { lesson: 1, step: 0 });
}

#[test]
fn go_finds_lessons_exercises_and_the_playground() {
    let mut session = begin();
    for (target, expected) in [
        ("2", Place::At { lesson: 1, step: 0 }),
        ("one", Place::At { lesson: 0, step: 0 }),
        ("box", Place::At { lesson: 0, step: 2 }),
        ("free", Place::Free),
    ] {
        session.handle(Event::Word(Word::Go(target.into())));
        assert_eq!(*session.place(), expected, "{target}");
    }
    assert_eq!(session.sandbox(), "free");
    session.handle(Event::Word(Word::Next));
    assert_eq!(session.exercise(), Some("box"));
    let nowhere = Say::NoSuchPlace("nowhere".into());
    assert_eq!(
        session.handle(Event::Word(Word::Go("nowhere".into()))),
        [Effect::Say(nowhere)]
    );
}

mod help;
