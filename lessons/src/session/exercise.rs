//! Events of an exercise: answers, hints, the solution, and the effect of a judgement.

use super::{Effect, Question, Say, Session};
use crate::progress::{Change, Standing};
use checker::report::GoalReport;
use checker::{Report, Verdict, hints};

impl Session {
    pub(super) fn answer(&mut self, answer: String, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return effects.push(Effect::Say(Say::NoExercise));
        };
        let exercise = self.catalog.exercise(&id);
        let goals = exercise.map(|exercise| exercise.goals.as_slice());
        let asking = goals.unwrap_or_default().iter();
        let asking: Vec<&str> = asking
            .filter(|goal| goal.question.is_some())
            .map(|goal| &*goal.id)
            .collect();
        // With several questions, `answer GOAL TEXT` names one; otherwise the first open one is meant.
        let named = answer
            .split_once(char::is_whitespace)
            .filter(|(goal, _)| asking.len() > 1 && asking.contains(goal));
        let (goal, answer) = match named {
            Some((goal, rest)) => (Some(goal.to_owned()), rest.trim().to_owned()),
            None => {
                let first_open = asking.iter().find(|goal| !self.is_reached(goal));
                let goal = first_open.or(asking.first());
                (goal.map(|goal| (*goal).to_owned()), answer)
            }
        };
        let Some(goal) = goal else {
            return effects.push(Effect::Say(Say::NoQuestion));
        };
        let change = Change::Answered {
            exercise: id.clone(),
            goal,
            answer,
        };
        self.change(change, effects);
        effects.push(Effect::Judge {
            exercise: id,
            asked: true,
        });
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
            None => effects.push(Effect::Say(Say::NoMoreHints)),
        }
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

    /// Handles the report on the current exercise. `asked` means that the learner ran `check` and wants every goal.
    pub(super) fn judged(&mut self, report: Box<Report>, asked: bool, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return;
        };
        let before = self.report.replace(report.clone());
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
        // When the exercise is finished, only the newly reached goals are shown.
        let reports_all = asked && (newly.is_empty() || !report.is_pass());
        if reports_all {
            effects.push(Effect::Report {
                exercise: id.clone(),
            });
        } else if asked || !is_first_look {
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
        let record = self.progress.exercises.get(&id);
        let unknown = |goal: &String| record.is_none_or(|record| !record.passed.contains(goal));
        if newly.iter().any(unknown) {
            let change = Change::Passed {
                exercise: id.clone(),
                goals: newly,
            };
            self.change(change, effects);
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
        } else if is_first_look && !asked && standing == Standing::Done {
            effects.push(Effect::Say(Say::AlreadyDone));
        } else if asked && report.verdict == Verdict::NotYet {
            self.change(Change::Attempted(id), effects);
        }
    }
}
