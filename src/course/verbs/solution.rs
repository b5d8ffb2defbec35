//! `docklings solution`: shows the solution, or plays it in a scratch sandbox.

use super::words::Words;
use crate::course::look::Look;
use crate::course::play::play;
use crate::course::state::{self, record};
use crate::course::view;
use crate::course::workspace::find;
use crate::env::Env;
use crate::failure::CommandResult;
use lessons::progress::Change;

pub(super) fn run(words: &Words) -> CommandResult {
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
