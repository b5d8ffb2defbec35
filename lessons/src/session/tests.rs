//! Sessions in a small course.

use super::*;
use crate::source::ContentFile;
use checker::Verdict;
use checker::report::{GoalReport, Holds};
use std::borrow::Cow;

const LESSON: &str = "---\ntitle: One\ngoal: G\nminutes: 5\nexercises: [box]\n---\nintro\n\n```console\n$ docker ps\n$ docker ps -a\n```\n\n## Do it\n[go](exercise:box)\n\n## After\ntext\n";
const OTHER: &str = "---\ntitle: Two\ngoal: G\nminutes: 5\nexercises: []\n---\ntwo\n";
/// Goals 2, 3 and 4 ask.
const THREE: &str = "format: 1\nid: box\nrevision: 2\ntitle: T\ngoals:\n  - id: up\n    say: S\n    check: { container: { name: box } }\n  \
     - id: say\n    say: S\n    ask: What?\n    answer: hello\n  - id: who\n    say: S\n    ask: Who?\n    answer: fox\n  \
     - id: pick\n    say: S\n    ask: Which?\n    choices: [one, two]\n    answer: two\n\
     solutions:\n  - do: [docker run --name box busybox]\n    answers: { say: hello, who: fox, pick: two }\n";
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
    for _ in 0..6 {
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
    assert_eq!(effects[0], enter("ex-box", true));
    assert!(effects.contains(&Effect::Prepare {
        exercise: "box".into()
    }));
    let effects = visible(session.handle(Event::Word(Word::Back)));
    assert_eq!(effects[0], enter("lesson-one", true));
}

#[test]
fn the_pages_commands_are_suggested_one_after_the_other() {
    let mut session = begin();
    for (line, expected) in [
        ("ls", "docker ps"),
        ("docker ps ", "docker ps -a"),
        ("docker ps -a", "next"),
    ] {
        session.handle(Event::Ran(line.to_owned()));
        assert_eq!(session.suggestion().as_deref(), Some(expected), "{line}");
    }
    assert_eq!(at_exercise().suggestion(), None);
}

#[test]
fn after_each_line_of_an_exercise_new_passes_are_reported_once() {
    let mut session = at_exercise();
    let judge = Effect::Judge {
        exercise: "box".into(),
        asked: Asked::Nothing,
    };
    assert_eq!(session.handle(Event::Ran("docker run".into())), [judge]);
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
    assert_eq!(
        session.handle(Event::Word(Word::Next)),
        [Effect::Say(Say::ExerciseOpen)]
    );
    session.handle(judged(&["up", "say"], false));
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
    session.handle(Event::Ran("ls".into()));
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
fn after_the_hints_come_the_page_and_the_solution() {
    let mut session = at_exercise();
    let hint = |hint, left| Effect::Hint {
        exercise: "box".into(),
        hint,
        left,
    };
    assert_eq!(
        visible(session.handle(Event::Word(Word::Hint))),
        [hint(0, 1)]
    );
    assert_eq!(
        visible(session.handle(Event::Word(Word::Hint))),
        [hint(1, 0)]
    );
    let page = Say::TaughtOn {
        page: 2,
        title: "Do it".into(),
        back: 1,
    };
    assert_eq!(session.handle(Event::Word(Word::Hint)), [Effect::Say(page)]);
    let solution = Question::Solution {
        exercise: "box".into(),
        play: false,
    };
    assert_eq!(
        session.handle(Event::Word(Word::Hint)),
        [Effect::Ask(solution)]
    );
    session.handle(judged(&["up", "say"], false));
    assert_eq!(
        session.handle(Event::Word(Word::Hint)),
        [Effect::Say(Say::AlreadyDone)]
    );
}

#[test]
fn an_answer_goes_to_the_goal_that_asks_a_question() {
    let mut session = at_exercise();
    let effects = session.handle(Event::Word(Word::Answer("up there".into())));
    let change = Change::Answered {
        exercise: "box".into(),
        goal: "say".into(),
        answer: "up there".into(),
    };
    assert_eq!(effects[0], Effect::Record(change));
    assert_eq!(
        begin().handle(Event::Word(Word::Answer("x".into()))),
        [Effect::Say(Say::NoExercise)]
    );
}

#[test]
fn any_open_question_can_be_answered() {
    let check = |passed: &[&str], typed: &str, expected: Option<(&str, &str)>| {
        let mut session = Session::new(catalog_with(THREE), Progress::default());
        session.handle(Event::Begin);
        session.handle(Event::Word(Word::Go("box".into())));
        session.handle(Event::Judged {
            report: Box::new(report_on(&["up", "say", "who", "pick"], passed)),
            asked: Asked::Nothing,
        });
        let effects = session.handle(Event::Word(Word::Answer(typed.into())));
        let expected = match expected {
            Some((goal, answer)) => Effect::Record(Change::Answered {
                exercise: "box".into(),
                goal: goal.into(),
                answer: answer.into(),
            }),
            None => Effect::Say(Say::AllAnswered),
        };
        assert_eq!(effects[0], expected, "{typed}");
    };
    check(&[], "hello", Some(("say", "hello")));
    check(&[], "Fox.", Some(("who", "Fox.")));
    check(&[], "cat", Some(("say", "cat")));
    check(&["say"], "cat", Some(("who", "cat")));
    check(&[], "3 cat", Some(("who", "cat")));
    check(&[], "3. cat", Some(("who", "cat")));
    check(&[], "who cat", Some(("who", "cat")));
    // Goal 1 asks nothing.
    check(&[], "1 cat", Some(("say", "1 cat")));
    // A letter or a number of a choice does not count for a question that is not meant.
    check(&[], "two", Some(("say", "two")));
    check(&["say", "who"], "b", Some(("pick", "b")));
    check(&["say", "who", "pick"], "x", None);
    check(&["say", "who", "pick"], "2 x", Some(("say", "x")));
}

#[test]
fn a_right_answer_leads_to_the_next_question_and_a_wrong_one_is_explained() {
    let mut session = Session::new(catalog_with(THREE), Progress::default());
    session.handle(Event::Begin);
    session.handle(Event::Word(Word::Go("box".into())));
    session.handle(judged(&[], false));
    let answered = |passed: &[&str], goal: &str| Event::Judged {
        report: Box::new(report_on(&["up", "say", "who", "pick"], passed)),
        asked: Asked::Answer(goal.into()),
    };
    assert_eq!(
        visible(session.handle(answered(&["say"], "say"))),
        [
            Effect::Passed {
                exercise: "box".into(),
                goals: vec!["say".into()]
            },
            Effect::Say(Say::NextQuestion("Who?".into(), 3)),
        ]
    );
    assert_eq!(session.progress().exercises["box"].attempts, 0);
    assert_eq!(
        visible(session.handle(answered(&["say"], "who"))),
        [Effect::Explain {
            exercise: "box".into(),
            goal: "who".into()
        }]
    );
    assert_eq!(session.progress().exercises["box"].attempts, 1);
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
            exercise: None,
        });
        assert_eq!(*Session::new(catalog(), progress).place(), expected);
    }
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
