//! `docklings hint`: the next hint, chosen by the checker's observations. `docklings solution`: the solution, shown or
//! played in a scratch sandbox.

use super::check::judge_and_record;
use super::words::Words;
use crate::course::judge::Patience;
use crate::course::look::Look;
use crate::course::play::play;
use crate::course::state::{self, record};
use crate::course::view;
use crate::course::workspace::find;
use crate::env::Env;
use crate::failure::CommandResult;
use checker::hints;
use lessons::progress::Change;

pub(super) fn hint(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let course = state::open(&env)?;
    let id = words.exercise(&env, &course.progress)?;
    let exercise = find(&course.catalog, &id)?;
    let (report, _) = judge_and_record(&env, &course, &id, Patience::None)?;
    let shown = course.progress.exercises.get(&id);
    let shown = shown.map(|record| record.hints.clone()).unwrap_or_default();
    let look = Look::of_process(false);
    let Some(next) = hints::next(exercise, &report, &shown) else {
        let text = "There are no more hints. The lesson's page before this exercise explains it, and `docklings solution` \
                    shows the solution.";
        return Ok(look.show(&format!("{}\n", view::fill(text, look)))?);
    };
    look.show(&view::hint(exercise, next.index, next.left, look))?;
    record(
        &course.file,
        &Change::Hinted {
            exercise: id,
            hint: next.index,
        },
    )?;
    Ok(())
}

pub(super) fn solution(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let course = state::open(&env)?;
    let id = words.exercise(&env, &course.progress)?;
    let exercise = find(&course.catalog, &id)?;
    let known = course.progress.exercises.get(&id);
    if !known.is_some_and(|record| record.done.is_some() || record.solution_seen) {
        let question = format!("`{id}` is not done. Show its solution anyway?");
        if !words.agreed(&question)? {
            return Ok(());
        }
        record(&course.file, &Change::SawSolution(id.clone()))?;
    }
    let look = Look::of_process(false);
    if words.has("--play") {
        return play(&env, &course.catalog, &id, &mut |text| look.show(text));
    }
    Ok(look.show(&view::solution(exercise, look))?)
}
