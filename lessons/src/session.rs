//! A learner's way through the course, without any input or output: an [`Event`] goes in, [`Effect`]s come out.
//!
//! The pages of a lesson share the sandbox `lesson-<slug>`; each exercise has its own, `ex-<id>`; `free` is the
//! playground. The session says when to change; its caller (`src/shell`) prepares, runs, judges and shows.

use crate::catalog::Catalog;
use crate::lesson::Step;
use crate::progress::{Change, Position, Progress, Standing};
use checker::Report;

mod effect;
mod exercise;
mod places;

pub use crate::lesson::{FREE, exercise_sandbox};
pub use effect::{Asked, Effect, Event, Question, Say, Word};
pub use exercise::{mistakes, told_mistakes};
pub use places::Place;

/// A learner's way through the course.
pub struct Session {
    catalog: Catalog,
    progress: Progress,
    place: Place,
    /// Where `next` returns to from the playground.
    before_free: Option<Place>,
    /// The last report on the current exercise.
    report: Option<Box<Report>>,
    /// The shell's current sandbox.
    sandbox: Option<String>,
    /// `hint` has named the page that teaches the exercise's subject.
    was_led_to_page: bool,
    /// The end of the current lesson was shown.
    has_recapped: bool,
    /// How many of the page's commands have run.
    typed: usize,
    /// The question that a `yes` confirms.
    pending: Option<Question>,
}

impl Session {
    /// A session that resumes where `progress` says, or starts at the beginning.
    pub fn new(catalog: Catalog, progress: Progress) -> Self {
        let place = Place::resume(&catalog, &progress);
        Self {
            catalog,
            progress,
            place,
            before_free: None,
            report: None,
            sandbox: None,
            was_led_to_page: false,
            has_recapped: false,
            typed: 0,
            pending: None,
        }
    }

    /// The course.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The progress, including this session's changes.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Where the learner is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The current exercise.
    pub fn exercise(&self) -> Option<&str> {
        match self.step() {
            Some(Step::Exercise(id)) => Some(self.known(&id)),
            _ => None,
        }
    }

    /// The catalog's own copy of an id.
    fn known(&self, id: &str) -> &str {
        self.catalog
            .exercise(id)
            .map_or("", |exercise| &exercise.id)
    }

    /// The current place's sandbox.
    pub fn sandbox(&self) -> String {
        match (&self.place, self.step()) {
            (Place::At { .. }, Some(Step::Exercise(id))) => exercise_sandbox(&id),
            (Place::At { lesson, .. }, Some(Step::Page(_))) => {
                self.catalog.lessons[*lesson].sandbox()
            }
            _ => FREE.to_owned(),
        }
    }

    /// The command that comes next here: the page's, or `next` when nothing is left to do.
    pub fn suggestion(&self) -> Option<String> {
        match self.step()? {
            Step::Page(page) => {
                let page = self.lesson()?.pages.get(page)?;
                let next = page.commands().nth(self.typed);
                Some(next.unwrap_or("next").to_owned())
            }
            Step::Exercise(id) => (self.standing(&id) == Standing::Done).then(|| "next".to_owned()),
        }
    }

    /// The standing of the exercise `id`.
    pub fn standing(&self, id: &str) -> Standing {
        let revision = self
            .catalog
            .exercise(id)
            .map_or(0, |exercise| exercise.revision);
        self.progress.standing(id, revision)
    }

    fn lesson(&self) -> Option<&crate::lesson::Lesson> {
        match self.place {
            Place::At { lesson, .. } => self.catalog.lessons.get(lesson),
            Place::Free | Place::End => None,
        }
    }

    fn step(&self) -> Option<Step> {
        match self.place {
            Place::At { lesson, step } => self.catalog.steps(lesson).get(step).cloned(),
            Place::Free | Place::End => None,
        }
    }

    /// Handles an event and returns what must be done, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Begin => self.begin(&mut effects),
            Event::Word(word) => {
                let question = self.pending.take();
                self.word(word, question, &mut effects);
            }
            Event::Ran { line, ok } => {
                self.pending = None;
                self.ran(&line, ok, &mut effects);
            }
            Event::Judged { report, asked } => self.judged(report, asked, &mut effects),
        }
        effects
    }

    fn begin(&mut self, effects: &mut Vec<Effect>) {
        let is_first = self.progress.at.is_none();
        effects.push(Effect::Say(if is_first {
            Say::Welcome
        } else {
            Say::WelcomeBack
        }));
        self.show_place(effects);
    }

    /// Turns to the current place.
    fn arrive(&mut self, effects: &mut Vec<Effect>) {
        effects.push(Effect::Turn);
        self.show_place(effects);
    }

    /// Shows the current place in its sandbox.
    fn show_place(&mut self, effects: &mut Vec<Effect>) {
        self.typed = 0;
        self.was_led_to_page = false;
        self.has_recapped = false;
        self.report = None;
        let sandbox = self.sandbox();
        let changed = self.sandbox.as_ref() != Some(&sandbox);
        if changed {
            self.rest(effects);
            effects.push(Effect::Enter {
                sandbox: sandbox.clone(),
                told: self.sandbox.is_some(),
            });
            self.sandbox = Some(sandbox);
        }
        match (self.place.clone(), self.step()) {
            (Place::At { lesson, .. }, Some(Step::Page(page))) => {
                let slug = self.catalog.lessons[lesson].slug.clone();
                let title = self.catalog.lessons[lesson].pages[page].title.clone();
                effects.push(Effect::Page { lesson, page });
                self.change(
                    Change::Read {
                        lesson: slug,
                        page: title,
                    },
                    effects,
                );
            }
            (Place::At { .. }, Some(Step::Exercise(id))) => {
                effects.push(Effect::Prepare {
                    exercise: id.clone(),
                });
                effects.push(Effect::Exercise { id: id.clone() });
                effects.push(Effect::Judge {
                    exercise: id,
                    asked: Asked::Nothing,
                });
            }
            (Place::End, _) => effects.push(Effect::Say(Say::End)),
            _ => effects.push(Effect::Say(Say::Free)),
        }
        if let Some(position) = self.position() {
            self.change(Change::At(position), effects);
        }
    }

    /// Stops what runs in the exercise being left, if it is done.
    fn rest(&self, effects: &mut Vec<Effect>) {
        let left = self.sandbox.as_deref().unwrap_or_default();
        if let Some(id) = left.strip_prefix(&exercise_sandbox(""))
            && self.standing(id) == Standing::Done
        {
            effects.push(Effect::Rest {
                exercise: id.to_owned(),
            });
        }
    }

    fn position(&self) -> Option<Position> {
        let Some(lesson) = self.lesson() else {
            let at = self.progress.at.clone()?;
            return Some(Position { free: true, ..at });
        };
        let mut position = Position {
            lesson: lesson.slug.clone(),
            ..Position::default()
        };
        match self.step()? {
            Step::Page(page) => position.page = Some(lesson.pages[page].title.clone()),
            Step::Exercise(id) => position.exercise = Some(id),
        }
        Some(position)
    }

    /// Records a change, here and in the file.
    fn change(&mut self, change: Change, effects: &mut Vec<Effect>) {
        // The time matters only in the file; its writer sets it.
        self.progress.apply(&change, "now");
        effects.push(Effect::Record(change));
    }

    fn word(&mut self, word: Word, question: Option<Question>, effects: &mut Vec<Effect>) {
        match word {
            Word::Yes | Word::No => match (question, word) {
                (Some(question), Word::Yes) => self.confirmed(question, effects),
                _ => effects.push(Effect::Say(Say::Unchanged)),
            },
            Word::Next => self.next(effects),
            Word::Back => self.back(effects),
            Word::Go(target) => self.go(&target, effects),
            Word::Skip => self.skip(effects),
            Word::Goals => match self.exercise().map(str::to_owned) {
                Some(exercise) => {
                    effects.push(Effect::Exercise {
                        id: exercise.clone(),
                    });
                    effects.push(Effect::Judge {
                        exercise,
                        asked: Asked::Nothing,
                    });
                }
                None => self.show_again(effects),
            },
            Word::CatchUp => match (self.step(), &self.place) {
                (Some(Step::Page(page)), Place::At { lesson, .. }) if page > 0 => {
                    let lesson = *lesson;
                    self.ask(Question::CatchUp { lesson, page }, effects);
                }
                _ => effects.push(Effect::Say(Say::NoEarlierPage)),
            },
            Word::Check { verbose } => match self.exercise().map(str::to_owned) {
                Some(exercise) => effects.push(Effect::Judge {
                    exercise,
                    asked: Asked::Check { verbose },
                }),
                None => effects.push(Effect::Say(Say::NoExercise)),
            },
            Word::Answer(answer) => self.answer(answer, effects),
            Word::Hint => self.hint(effects),
            Word::Solution { play } => self.solution(play, effects),
            Word::Reset => match self.exercise().map(str::to_owned) {
                Some(exercise) => self.ask(Question::Reset(exercise), effects),
                None if matches!(self.place, Place::End) => {
                    effects.push(Effect::Say(Say::NoExercise));
                }
                None => self.ask(Question::Empty(self.sandbox()), effects),
            },
        }
    }

    /// Shows the current page again.
    fn show_again(&mut self, effects: &mut Vec<Effect>) {
        match (self.step(), &self.place) {
            (Some(Step::Page(page)), Place::At { lesson, .. }) => effects.push(Effect::Page {
                lesson: *lesson,
                page,
            }),
            _ => self.show_place(effects),
        }
    }

    fn ask(&mut self, question: Question, effects: &mut Vec<Effect>) {
        self.pending = Some(question.clone());
        effects.push(Effect::Ask(question));
    }

    fn confirmed(&mut self, question: Question, effects: &mut Vec<Effect>) {
        match question {
            Question::Reset(exercise) => {
                self.change(Change::StartedOver(exercise.clone()), effects);
                self.report = None;
                effects.push(Effect::Restart {
                    exercise: exercise.clone(),
                });
                effects.push(Effect::Exercise {
                    id: exercise.clone(),
                });
                effects.push(Effect::Judge {
                    exercise,
                    asked: Asked::Nothing,
                });
            }
            Question::Empty(sandbox) => {
                effects.push(Effect::Empty { sandbox });
                self.typed = 0;
            }
            Question::CatchUp { lesson, page } => {
                let sandbox = self.sandbox();
                effects.push(Effect::Empty { sandbox });
                effects.push(Effect::CatchUp { lesson, page });
                self.typed = 0;
            }
            Question::Solution { exercise, play } => {
                self.change(Change::SawSolution(exercise.clone()), effects);
                effects.push(match play {
                    true => Effect::Play { exercise },
                    false => Effect::Solution { exercise },
                });
            }
        }
    }

    fn next(&mut self, effects: &mut Vec<Effect>) {
        if let Some(exercise) = self.exercise().map(str::to_owned)
            && matches!(
                self.standing(&exercise),
                Standing::Open | Standing::Begun | Standing::ToConfirm
            )
        {
            effects.push(Effect::Judge {
                exercise,
                asked: Asked::Next,
            });
            return;
        }
        match (&self.place, self.before_free.take()) {
            (Place::Free, Some(place)) => self.place = place,
            (place, _) => match place.after(&self.catalog) {
                Some(after) => {
                    if let Some(lesson) = place.ends_lesson(&after)
                        && !std::mem::replace(&mut self.has_recapped, true)
                    {
                        effects.push(Effect::Turn);
                        effects.push(Effect::LessonEnd { lesson });
                        return;
                    }
                    self.place = after;
                }
                None => return effects.push(Effect::Say(Say::End)),
            },
        }
        self.arrive(effects);
    }

    fn back(&mut self, effects: &mut Vec<Effect>) {
        let place = match (&self.place, self.before_free.take()) {
            (Place::Free, Some(place)) => Some(place),
            (place, _) => place.before(&self.catalog),
        };
        match place {
            Some(place) => {
                self.place = place;
                self.arrive(effects);
            }
            None => effects.push(Effect::Say(Say::Beginning)),
        }
    }

    fn go(&mut self, target: &str, effects: &mut Vec<Effect>) {
        match Place::find(&self.catalog, target) {
            Some(place) => {
                if place == Place::Free && self.place != Place::Free {
                    self.before_free = Some(self.place.clone());
                }
                self.place = place;
                self.arrive(effects);
            }
            None => effects.push(Effect::Say(Say::NoSuchPlace(target.to_owned()))),
        }
    }

    fn skip(&mut self, effects: &mut Vec<Effect>) {
        if let Some(exercise) = self.exercise().map(str::to_owned)
            && self.standing(&exercise) != Standing::Done
        {
            self.change(Change::Skipped(exercise), effects);
        }
        self.next(effects);
    }

    /// A line went through the shell. A command of the page that failed is suggested again, unless it should fail.
    fn ran(&mut self, line: &str, ok: bool, effects: &mut Vec<Effect>) {
        match self.step() {
            Some(Step::Page(page)) => {
                let line = line.trim();
                let page = self.lesson().and_then(|lesson| lesson.pages.get(page));
                let commands = page.into_iter().flat_map(|page| page.steps());
                let ahead = commands
                    .skip(self.typed)
                    .position(|(command, fails)| command.trim() == line && (ok || fails));
                self.typed += ahead.map_or(0, |ahead| ahead + 1);
            }
            Some(Step::Exercise(exercise)) => {
                effects.push(Effect::Judge {
                    exercise,
                    asked: Asked::Nothing,
                });
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
