//! Carries out the session's effects.

use super::{Shell, why};
use crate::course::judge::{Patience, judge, last_failed_build};
use crate::course::look::{self, styled};
use crate::course::show;
use crate::course::verbs::{list, stop};
use crate::course::view;
use crate::course::workspace::{Workbench, drop_sandbox, place_files, remove};
use crate::course::{play, state};
use crate::failure::{CommandResult, Failure};
use lessons::lesson::Step;
use lessons::progress::Standing;
use lessons::session::{Asked, Effect, Event, FREE, Place, exercise_sandbox};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::PathBuf;

impl Shell {
    /// Passes an event to the session, and carries out the effects. An error is shown, and the shell goes on.
    pub(super) fn handle(&mut self, event: Event) -> CommandResult {
        let mut waiting: VecDeque<Effect> = self.session.handle(event).into();
        while let Some(effect) = waiting.pop_front() {
            match self.perform(effect) {
                Ok(None) => {}
                // The effects of a judgement come before those that were waiting.
                Ok(Some(event)) => {
                    for effect in self.session.handle(event).into_iter().rev() {
                        waiting.push_front(effect);
                    }
                }
                // The reader of our output is gone.
                Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
                    return Err(error.into());
                }
                Err(failure) => {
                    self.show_failure(&failure)?;
                    // The rest depends on what failed.
                    waiting.retain(|effect| matches!(effect, Effect::Record(_)));
                }
            }
        }
        Ok(())
    }

    fn show_failure(&self, failure: &Failure) -> CommandResult {
        let hint = failure.hint().map(|hint| format!("hint: {hint}"));
        let text = failure.text();
        text.iter()
            .chain(&hint)
            .flat_map(|text| text.lines())
            .try_for_each(|line| self.say(line))
    }

    /// Carries out one effect; returns the event that follows from it, if any.
    fn perform(&mut self, effect: Effect) -> CommandResult<Option<Event>> {
        match effect {
            Effect::Turn => {
                self.look.turn()?;
                self.shown.set(0);
            }
            Effect::Enter { sandbox, told } => self.enter(&sandbox, told)?,
            Effect::Rest { exercise } => self.rest(&exercise)?,
            Effect::Page { lesson, page } => {
                let text = view::page(&self.session.catalog().lessons[lesson], page, self.look);
                self.show_page(&text)?;
                self.name_missing(lesson, page)?;
                if page == 0 {
                    let images = &self.session.catalog().lessons[lesson].front.images;
                    let lacking = list::lacking(&self.env)(images);
                    self.show(&view::needs(&lacking, self.look))?;
                }
            }
            Effect::CatchUp { lesson, page } => self.catch_up(lesson, page)?,
            Effect::LessonEnd { lesson } => {
                let (catalog, progress) = (self.session.catalog(), self.session.progress());
                let text = view::lesson_end(catalog, lesson, progress, self.look);
                self.show_page(&text)?;
            }
            Effect::Prepare { exercise } => self.prepare(&exercise, false)?,
            Effect::Restart { exercise } => self.prepare(&exercise, true)?,
            Effect::Empty { sandbox } => self.empty(&sandbox)?,
            Effect::Exercise { id } => {
                let record = self.session.progress().exercises.get(&id);
                let passed = record
                    .map(|record| record.passed.clone())
                    .unwrap_or_default();
                if let Some(exercise) = self.session.catalog().exercise(&id) {
                    let text = view::exercise(exercise, &passed, self.look);
                    self.show_page(&text)?;
                }
            }
            Effect::Judge { exercise, asked } => return self.judge(&exercise, asked).map(Some),
            Effect::Report { exercise, verbose } => {
                if let Some(report) = &self.report {
                    let build = last_failed_build(&self.env, &exercise)?;
                    self.show(&view::report(report, build.as_deref(), verbose, self.look))?;
                }
            }
            Effect::Explain { goal, .. } => {
                if let Some(report) = &self.report {
                    self.show(&view::verdicts(report.lines_about(&goal), self.look))?;
                }
            }
            Effect::Passed { exercise, goals } => {
                let reached = self.report.as_ref().map_or(0, |report| report.done);
                self.with(&exercise, |exercise, look| {
                    view::passed(exercise, &goals, reached, look)
                })?;
            }
            Effect::Lost { exercise, goals } => {
                self.with(&exercise, |exercise, look| {
                    view::lost(exercise, &goals, look)
                })?;
            }
            Effect::Done { exercise } => self.with(&exercise, view::done)?,
            Effect::Hint {
                exercise,
                hint,
                left,
            } => {
                self.with(&exercise, |exercise, look| {
                    view::hint(exercise, hint, left, look)
                })?;
            }
            Effect::Solution { exercise } => self.with(&exercise, view::solution)?,
            Effect::Play { exercise } => {
                let look = self.look;
                let mut show = |text: &str| look.show(text);
                play::play(&self.env, self.session.catalog(), &exercise, &mut show)?;
            }
            Effect::Ask(question) => {
                self.asked = true;
                self.show(&view::question(&question))?;
            }
            Effect::Record(change) => {
                state::record(&self.progress, &change)?;
            }
            Effect::Say(say) => {
                let text = view::say(
                    &say,
                    self.session.place(),
                    self.session.catalog(),
                    self.look,
                );
                self.show(&text)?;
            }
        }
        Ok(None)
    }

    /// Stops the containers of a finished exercise, in the background.
    fn rest(&mut self, exercise: &str) -> CommandResult {
        let stopped = stop::put_to_rest(&self.env, exercise)?;
        self.rested.push(exercise_sandbox(exercise));
        if stopped.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = stopped.iter().map(|name| format!("`{name}`")).collect();
        let (names, verb) = (
            names.join(", "),
            if stopped.len() == 1 { "is" } else { "are" },
        );
        self.say(&format!(
            "`{exercise}` is done: {names} {verb} being stopped."
        ))
    }

    /// Names what still runs, and stops the containers of a finished exercise.
    pub(super) fn report_what_runs(&mut self) -> CommandResult {
        let here = self.session.exercise().map(str::to_owned);
        let done = here.filter(|id| self.session.standing(id) == Standing::Done);
        if let Some(exercise) = done {
            self.rest(&exercise)?;
        }
        match stop::still_running(&self.env, &self.rested) {
            Some(line) => self.say(&line),
            None => Ok(()),
        }
    }

    pub(super) fn show(&self, text: &str) -> CommandResult {
        self.shown.set(self.shown.get() + text.lines().count());
        Ok(self.look.show(text)?)
    }

    /// Shows as much of a page as fits on the screen; an empty line shows the rest.
    pub(super) fn show_page(&mut self, text: &str) -> CommandResult {
        // The prompt and the row for what follows.
        const KEPT: usize = 3;
        let rows = self.look.rows().unwrap_or(usize::MAX);
        let (first, rest) = split_at_row(text, rows.saturating_sub(self.shown.get() + KEPT));
        self.show(first)?;
        if rest.is_empty() {
            return Ok(());
        }
        let more = format!("({} more lines: press Enter)", rest.lines().count());
        self.more = Some(rest.to_owned());
        self.show(&format!("{}\n", styled(look::ASIDE, &more)))
    }

    /// Shows something about the exercise `id`.
    fn with(
        &self,
        id: &str,
        text: impl FnOnce(&checker::Exercise, look::Look) -> String,
    ) -> CommandResult {
        match self.session.catalog().exercise(id) {
            Some(exercise) => self.show(&text(exercise, self.look)),
            None => Ok(()),
        }
    }

    /// The folder of the learner's place.
    pub(super) fn folder_of_place(&self) -> PathBuf {
        let sandbox = self.session.sandbox();
        match self.session.exercise() {
            Some(id) => self.env.home.workspace(id),
            None if sandbox == FREE => self.start_folder.clone(),
            None => self.env.home.workspace(&sandbox),
        }
    }

    fn enter(&mut self, sandbox: &str, announced: bool) -> CommandResult {
        self.rested.retain(|rested| rested != sandbox);
        self.report = None;
        self.judged_at = None;
        self.line_began_at = None;
        self.forget_kept()?;
        self.forget_stale(sandbox)?;
        let folder = self.folder_of_place();
        if self.session.exercise().is_none() {
            // An exercise makes its own when it is set up.
            let engine = self.env.engine(sandbox, "lesson")?;
            engine.ensure_starter_images()?;
            if sandbox != FREE {
                self.make_page_folder(&folder)?;
            }
        }
        self.lines.go_to(folder);
        if announced {
            let text = match (self.session.place(), self.session.exercise()) {
                (_, Some(_)) => format!(
                    "Now in the sandbox `{sandbox}`, with its own containers, images and files. `back` returns to the lesson's."
                ),
                (Place::Free | Place::End, None) => {
                    "Now in the sandbox `free`, and in the folder that you started from.".to_owned()
                }
                _ => {
                    format!("Now in the sandbox `{sandbox}`, which the pages of this lesson share.")
                }
            };
            self.show(&format!(
                "\n{}\n",
                styled(look::ASIDE, &view::fill(&text, self.look))
            ))?;
        }
        Ok(())
    }

    /// Creates the folder of a lesson's pages, with the lesson's files.
    fn make_page_folder(&self, folder: &std::path::Path) -> CommandResult {
        if folder.is_dir() {
            return Ok(());
        }
        self.env.home.claim(&self.env.home.workspaces())?;
        self.env.home.claim(folder)?;
        if let Place::At { lesson, .. } = self.session.place() {
            place_files(folder, &self.session.catalog().lesson_files(*lesson))?;
        }
        Ok(())
    }

    fn prepare_if_needed(&mut self, exercise: &str) -> CommandResult {
        let bench = Workbench::new(&self.env, self.session.catalog(), exercise)?;
        if bench.is_ready() && bench.workspace.is_dir() {
            return Ok(());
        }
        self.prepare(exercise, false)
    }

    fn prepare(&mut self, exercise: &str, afresh: bool) -> CommandResult {
        let bench = Workbench::new(&self.env, self.session.catalog(), exercise)?;
        match afresh {
            true => bench.start_over()?,
            false => bench.prepare()?,
        }
        let workspace = bench.workspace;
        self.forget_kept()?;
        self.lines.go_to(workspace);
        Ok(())
    }

    fn empty(&mut self, sandbox: &str) -> CommandResult {
        self.forget_kept()?;
        drop_sandbox(&self.env, sandbox)?;
        if sandbox != FREE {
            remove(&self.folder_of_place())?;
        }
        self.enter(sandbox, false)?;
        self.say(&format!("The sandbox `{sandbox}` is empty."))
    }

    fn judge(&mut self, id: &str, asked: Asked) -> CommandResult<Event> {
        // An earlier setup failed, or another terminal reset it.
        self.prepare_if_needed(id)?;
        let record = self.session.progress().exercises.get(id);
        let journal = self.env.home.sandbox(&self.session.sandbox())?.journal();
        let length = std::fs::metadata(journal).map_or(0, |data| data.len());
        let happened = self
            .judged_at
            .replace(length)
            .is_some_and(|before| before != length);
        let patience = match (&asked, happened) {
            (Asked::Check { .. } | Asked::Answer(_), _) => Patience::AsWritten,
            (Asked::Nothing | Asked::Next, true) | (Asked::Next, false) => Patience::Briefly,
            (Asked::Nothing, false) => Patience::None,
        };
        let report = judge(&self.env, self.session.catalog(), id, record, patience)?;
        self.report = Some(report.clone());
        Ok(Event::Judged { report, asked })
    }

    /// Draws the images, layers and containers of the current sandbox.
    pub(super) fn draw(&self) -> CommandResult {
        let engine = self.env.engine(&self.session.sandbox(), "show")?;
        self.show(&show::show(&engine, self.look)?)
    }

    /// Explains what the last line did.
    pub(super) fn why(&self) -> CommandResult {
        let engine = self.env.engine(&self.session.sandbox(), "why")?;
        let texts = match self.line_began_at {
            None => Vec::new(),
            Some(offset) => {
                let journal = engine.sandbox().journal();
                why::why(&engine, &engine::events::read_from(&journal, offset)?.0)
            }
        };
        if texts.is_empty() {
            return self.say("The last line changed nothing in this sandbox.");
        }
        for text in texts {
            self.say(&text)?;
        }
        Ok(())
    }

    pub(super) fn list(&self) -> CommandResult {
        let catalog = self.session.catalog();
        let here = match *self.session.place() {
            Place::At { lesson, step } => match catalog.steps(lesson).get(step) {
                Some(Step::Exercise(_)) => Some((lesson, self.session.exercise())),
                _ => Some((lesson, None)),
            },
            Place::Free | Place::End => None,
        };
        self.show(&view::list(
            catalog,
            self.session.progress(),
            here,
            &view::Listing {
                whole: false,
                lacking: &list::lacking(&self.env),
            },
            self.look,
        ))
    }
}

/// The lines of `text` that fit into `room` rows, of which one is kept for a line about the rest, and the rest.
fn split_at_row(text: &str, room: usize) -> (&str, &str) {
    let room = room.max(5);
    if text.lines().count() <= room + 1 {
        return (text, "");
    }
    let length = text
        .split_inclusive('\n')
        .take(room - 1)
        .map(str::len)
        .sum();
    text.split_at(length)
}

#[cfg(test)]
mod tests {
    use super::split_at_row;

    #[test]
    fn a_page_is_split_where_the_screen_ends() {
        let page = |rows: usize| "x\n".repeat(rows);
        let check = |rows: usize, room: usize, first: usize, rest: usize| {
            let text = page(rows);
            assert_eq!(
                split_at_row(&text, room),
                (&*page(first), &*page(rest)),
                "{rows} {room}"
            );
        };
        check(20, 20, 20, 0);
        check(21, 20, 21, 0);
        check(22, 20, 19, 3);
        check(40, 20, 19, 21);
        check(5, 0, 5, 0);
        check(9, 0, 4, 5);
        check(900, usize::MAX - 1, 900, 0);
    }
}
