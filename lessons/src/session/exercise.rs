//! What happens at an exercise: answers, hints, the solution, and what a judgement changes.

use super::{Effect, Outcome, Question, Say, Session};
use crate::hints;
use crate::progress::{Change, Standing};
use std::collections::BTreeSet;

impl Session {
    pub(super) fn answer(&mut self, answer: String, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return effects.push(Effect::Say(Say::NoExercise));
        };
        let open: BTreeSet<String> = self
            .open_goals()
            .into_iter()
            .map(|(goal, _)| goal)
            .collect();
        let goals = self
            .catalog
            .exercise(&id)
            .map(|exercise| exercise.goals.as_slice());
        let asking = goals
            .unwrap_or_default()
            .iter()
            .filter(|goal| goal.question.is_some());
        // With several questions, `answer GOAL TEXT` says which one is meant; else it is the first open one.
        let asking: Vec<&str> = asking.map(|goal| &*goal.id).collect();
        let named = answer
            .split_once(char::is_whitespace)
            .filter(|(goal, _)| asking.len() > 1 && asking.contains(goal));
        let (goal, answer) = match named {
            Some((goal, rest)) => (Some(goal.to_owned()), rest.trim().to_owned()),
            None => {
                let first_open = asking.iter().find(|goal| open.contains(**goal));
                let goal = first_open.or(asking.first()).map(|goal| (*goal).to_owned());
                (goal, answer)
            }
        };
        let Some(goal) = goal else {
            return effects.push(Effect::Say(Say::NoQuestion));
        };
        let exercise = id.clone();
        self.change(
            Change::Answered {
                exercise,
                goal,
                answer,
            },
            effects,
        );
        effects.push(Effect::Judge {
            exercise: id,
            asked: true,
        });
    }

    pub(super) fn hint(&mut self, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return effects.push(Effect::Say(Say::NoExercise));
        };
        let open = self.open_goals();
        let shown = self
            .progress
            .exercises
            .get(&id)
            .map(|record| record.hints.clone());
        let shown = shown.unwrap_or_default();
        let Some(exercise) = self.catalog.exercise(&id) else {
            return;
        };
        match hints::next(exercise, &open, &shown) {
            Some(hint) => {
                let left = hints::left(exercise, &open, &shown) - 1;
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
            self.ask(Question::Solution(exercise), effects);
        } else if play {
            effects.push(Effect::Play { exercise });
        } else {
            effects.push(Effect::Solution { exercise });
        }
    }

    /// The exercise at hand was judged. `asked`: by the learner, who wants to see it all.
    pub(super) fn judged(&mut self, outcome: Outcome, asked: bool, effects: &mut Vec<Effect>) {
        let Some(id) = self.exercise().map(str::to_owned) else {
            return;
        };
        let before = self.outcome.replace(outcome.clone());
        let was_passed = |goal: &str| {
            let goals = before.iter().flat_map(|outcome| &outcome.goals);
            goals
                .filter(|other| other.passed)
                .any(|other| other.id == goal)
        };
        let passed = outcome.goals.iter().filter(|goal| goal.passed);
        let newly: Vec<String> = passed
            .filter(|goal| !was_passed(&goal.id))
            .map(|goal| goal.id.clone())
            .collect();
        let lost = outcome
            .goals
            .iter()
            .filter(|goal| !goal.passed && was_passed(&goal.id));
        let lost: Vec<String> = lost.map(|goal| goal.id.clone()).collect();
        let first_look = before.is_none();
        if asked {
            effects.push(Effect::Report {
                exercise: id.clone(),
            });
        } else if !first_look {
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
            self.change(
                Change::Passed {
                    exercise: id.clone(),
                    goals: newly,
                },
                effects,
            );
        }
        let standing = self.standing(&id);
        if outcome.all_passed() {
            if standing != Standing::Done {
                let revision = self
                    .catalog
                    .exercise(&id)
                    .map_or(0, |exercise| exercise.revision);
                self.change(
                    Change::Finished {
                        exercise: id.clone(),
                        revision,
                    },
                    effects,
                );
                effects.push(Effect::Done { exercise: id });
            } else if !first_look && before.is_some_and(|before| !before.all_passed()) {
                effects.push(Effect::Say(Say::DoneAgain));
            }
        } else if asked && outcome.could_check() {
            self.change(Change::Attempted(id), effects);
        }
        if first_look && !asked && standing == Standing::Done {
            effects.push(Effect::Say(Say::AlreadyDone));
        }
    }
}
