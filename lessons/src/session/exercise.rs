//! Events of an exercise: answers, hints, the solution, and the effect of a judgement.

use super::{Asked, Effect, Place, Question, Say, Session};
use crate::lesson::Step;
use crate::progress::{Change, Standing};
use checker::report::GoalReport;
use checker::{Exercise, Goal, Report, Verdict, hints};
use std::collections::BTreeSet;

impl Session {
    pub(super) fn answer(&mut self, answer: String, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return effects.push(Effect::Say(Say::NoExercise));
        };
        let questions = self.questions(&id);
        if questions.is_empty() {
            return effects.push(Effect::Say(Say::NoQuestion));
        }
        let Some((goal, answer)) = self.answered(&questions, &answer) else {
            return effects.push(Effect::Say(Say::AllAnswered));
        };
        let change = Change::Answered {
            exercise: id.clone(),
            goal: goal.clone(),
            answer,
        };
        self.change(change, effects);
        effects.push(Effect::Judge {
            exercise: id,
            asked: Asked::Answer(goal),
        });
    }

    /// The goals of the exercise `id` that ask a question, each with its number, from 1.
    fn questions(&self, id: &str) -> Vec<(usize, &Goal, &checker::exercise::Question)> {
        let goals = self.catalog.exercise(id).map(|exercise| &exercise.goals);
        let numbered = (1..).zip(goals.into_iter().flatten());
        numbered
            .filter_map(|(number, goal)| Some((number, goal, goal.question.as_ref()?)))
            .collect()
    }

    /// The goal that `text` answers, and the answer: the goal that it names by number or id; else the open goal whose
    /// question it answers rightly; else the first open one. `None` if no goal is named and none is open.
    fn answered(
        &self,
        questions: &[(usize, &Goal, &checker::exercise::Question)],
        text: &str,
    ) -> Option<(String, String)> {
        let open = || {
            questions
                .iter()
                .filter(|(_, goal, _)| !self.is_reached(&goal.id))
        };
        // A choice can be named by a letter, which would be right for too many questions.
        let right = open().find(|(_, _, question)| {
            question.choices.is_empty() && checker::answer::is_right(question, text)
        });
        if let Some((_, goal, _)) = right {
            return Some((goal.id.clone(), text.to_owned()));
        }
        let named = text
            .split_once(char::is_whitespace)
            .and_then(|(name, rest)| {
                let name = name.trim_end_matches(['.', ':', ')']);
                let is_it =
                    |number: usize, goal: &Goal| name == goal.id || name == number.to_string();
                let (_, goal, _) = questions
                    .iter()
                    .find(|(number, goal, _)| is_it(*number, goal))?;
                Some((goal.id.clone(), rest.trim().to_owned()))
            });
        named.or_else(|| {
            open()
                .next()
                .map(|(_, goal, _)| (goal.id.clone(), text.to_owned()))
        })
    }

    fn is_reached(&self, goal: &str) -> bool {
        let report = self.report.as_ref().and_then(|report| report.goal(goal));
        report.is_some_and(|goal| goal.verdict == Verdict::Pass)
    }

    pub(super) fn hint(&mut self, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return effects.push(Effect::Say(Say::NoExercise));
        };
        let record = self.progress.exercises.get(&id);
        let shown = record
            .map(|record| record.hints.clone())
            .unwrap_or_default();
        let next = match (self.catalog.exercise(&id), &self.report) {
            (Some(exercise), Some(report)) => hints::next(exercise, report, &shown),
            _ => None,
        };
        match next.map(|next| (next.index, next.left)) {
            Some((hint, left)) => {
                effects.push(Effect::Hint {
                    exercise: id.clone(),
                    hint,
                    left,
                });
                self.change(Change::Hinted { exercise: id, hint }, effects);
            }
            None => self.after_the_hints(&id, effects),
        }
    }

    /// The last levels of help: the page that teaches it, then the solution.
    fn after_the_hints(&mut self, id: &str, effects: &mut Vec<Effect>) {
        if self.standing(id) == Standing::Done {
            return effects.push(Effect::Say(Say::AlreadyDone));
        }
        match self.taught_on().filter(|_| !self.was_led_to_page) {
            Some(say) => {
                self.was_led_to_page = true;
                effects.push(Effect::Say(say));
            }
            None => self.solution(false, effects),
        }
    }

    /// The page before the current exercise.
    fn taught_on(&self) -> Option<Say> {
        let Place::At { lesson, step } = self.place else {
            return None;
        };
        let steps = self.catalog.steps(lesson);
        let pages = steps.iter().take(step).enumerate().rev();
        let (at, page) = pages.into_iter().find_map(|(at, step)| match step {
            Step::Page(page) => Some((at, *page)),
            Step::Exercise(_) => None,
        })?;
        Some(Say::TaughtOn {
            page: page + 1,
            title: self.catalog.lessons[lesson].pages[page].title.clone(),
            back: step - at,
        })
    }

    pub(super) fn solution(&mut self, play: bool, effects: &mut Vec<Effect>) {
        let Some(exercise) = self.exercise().map(str::to_owned) else {
            return effects.push(Effect::Say(Say::NoExercise));
        };
        let record = self.progress.exercises.get(&exercise);
        let free = record.is_some_and(|record| record.done.is_some() || record.solution_seen);
        if !free {
            self.ask(Question::Solution { exercise, play }, effects);
        } else if play {
            effects.push(Effect::Play { exercise });
        } else {
            effects.push(Effect::Solution { exercise });
        }
    }

    /// Records the classic mistakes that the report explains.
    fn note_mistakes(&mut self, id: &str, report: &Report, effects: &mut Vec<Effect>) {
        let exercise = self.catalog.exercise(id);
        let mistakes = exercise.map(|exercise| told_mistakes(exercise, report));
        let record = self.progress.exercises.get(id);
        let unknown = |one: &String| record.is_none_or(|record| !record.met.contains(one));
        if let Some(mistakes) = mistakes.filter(|mistakes| mistakes.iter().any(unknown)) {
            let exercise = id.to_owned();
            self.change(Change::Met { exercise, mistakes }, effects);
        }
    }

    /// Handles the report on the current exercise. `asked` says what the learner wants to see of it.
    pub(super) fn judged(&mut self, report: Box<Report>, asked: Asked, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return;
        };
        let before = self.report.replace(report.clone());
        let is_attempt = report.verdict == Verdict::NotYet
            && match &asked {
                Asked::Nothing | Asked::Next => false,
                Asked::Check { .. } => true,
                Asked::Answer(goal) => report
                    .goal(goal)
                    .is_some_and(|goal| goal.verdict == Verdict::NotYet),
            };
        let is_first_look = before.is_none();
        let did_pass = |goal: &GoalReport| {
            let before = before.as_ref().and_then(|before| before.goal(&goal.id));
            before.is_some_and(|before| before.verdict == Verdict::Pass)
        };
        let ids_of = |wanted: &dyn Fn(&GoalReport) -> bool| -> Vec<String> {
            let goals = report.goals.iter().filter(|goal| wanted(goal));
            goals.map(|goal| goal.id.clone()).collect()
        };
        let newly = ids_of(&|goal| goal.verdict == Verdict::Pass && !did_pass(goal));
        let lost = ids_of(&|goal| goal.verdict == Verdict::NotYet && did_pass(goal));
        let is_open = |goal: &str| {
            report
                .goal(goal)
                .is_some_and(|goal| goal.verdict != Verdict::Pass)
        };
        // When the exercise is finished, only the newly reached goals are shown.
        if let Asked::Check { verbose } = asked
            && (newly.is_empty() || !report.is_pass())
        {
            effects.push(Effect::Report {
                exercise: id.clone(),
                verbose,
            });
        } else if asked != Asked::Nothing || !is_first_look {
            if !newly.is_empty() {
                effects.push(Effect::Passed {
                    exercise: id.clone(),
                    goals: newly.clone(),
                });
            }
            if !lost.is_empty() {
                effects.push(Effect::Lost {
                    exercise: id.clone(),
                    goals: lost,
                });
            }
        }
        if let Asked::Answer(goal) = &asked {
            let mut questions = self.questions(&id).into_iter();
            let next = questions.find(|(_, goal, _)| is_open(&goal.id));
            match next {
                _ if is_open(goal) => effects.push(Effect::Explain {
                    exercise: id.clone(),
                    goal: goal.clone(),
                }),
                Some((number, _, question)) => {
                    effects.push(Effect::Say(Say::NextQuestion(question.ask.clone(), number)));
                }
                None => {}
            }
        }
        let record = self.progress.exercises.get(&id);
        let unknown = |goal: &String| record.is_none_or(|record| !record.passed.contains(goal));
        if newly.iter().any(unknown) {
            let change = Change::Passed {
                exercise: id.clone(),
                goals: newly,
            };
            self.change(change, effects);
        }
        if asked != Asked::Nothing {
            self.note_mistakes(&id, &report, effects);
        }
        if asked == Asked::Next && !report.is_pass() {
            effects.push(Effect::Say(Say::ExerciseOpen));
        }
        let standing = self.standing(&id);
        if report.is_pass() && standing != Standing::Done {
            let change = Change::Finished {
                exercise: id.clone(),
                revision: report.revision,
                edition: self.catalog.edition(&id),
            };
            self.change(change, effects);
            effects.push(Effect::Done { exercise: id });
        } else if report.is_pass() && before.is_some_and(|before| !before.is_pass()) {
            effects.push(Effect::Say(Say::DoneAgain));
        } else if is_first_look && asked == Asked::Nothing && standing == Standing::Done {
            effects.push(Effect::Say(Say::AlreadyDone));
        } else if is_attempt {
            self.change(Change::Attempted(id), effects);
        }
    }
}

/// The classic mistakes of an exercise: the diagnoses of its wrong attempts.
pub fn mistakes(exercise: &Exercise) -> BTreeSet<&str> {
    let expected = exercise.wrong.iter().flat_map(|wrong| &wrong.expect);
    let diagnoses = expected.filter_map(|expectation| expectation.diagnosis.as_deref());
    diagnoses
        .filter(|id| !checker::report::BUILT_IN.contains(id))
        .collect()
}

/// The classic mistakes that `report` explains.
pub fn told_mistakes(exercise: &Exercise, report: &Report) -> Vec<String> {
    let known = mistakes(exercise);
    let open = report
        .goals
        .iter()
        .filter(|goal| goal.verdict == Verdict::NotYet);
    let told = open.filter_map(|goal| goal.diagnosis.as_ref());
    told.filter(|diagnosis| known.contains(&*diagnosis.id))
        .map(|diagnosis| diagnosis.id.clone())
        .collect()
}
