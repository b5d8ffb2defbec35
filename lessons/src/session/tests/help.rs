//! Hints and answers of a session.

use super::*;

/// Goals 2, 3 and 4 ask.
const THREE: &str = "format: 1\nid: box\nrevision: 2\ntitle: T\ngoals:\n  - id: up\n    say: S\n    check: { container: { name: box } }\n  \
     - id: say\n    say: S\n    ask: What?\n    answer: hello\n  - id: who\n    say: S\n    ask: Who?\n    answer: fox\n  \
     - id: pick\n    say: S\n    ask: Which?\n    choices: [one, two]\n    answer: two\n\
     solutions:\n  - do: [docker run --name box busybox]\n    answers: { say: hello, who: fox, pick: two }\n";

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
