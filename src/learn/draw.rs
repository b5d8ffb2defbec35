//! `docklings show`: images, layers and containers as a tree.

use super::course;
use super::words::{Words, sandbox_of};
use super::workbench::open_engine;
use crate::env::Env;
use crate::failure::CommandResult;
use crate::shell::look::Look;
use crate::shell::show::show;

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let name = match words.names.is_empty() {
        true => env.sandbox.clone(),
        false => sandbox_of(words, &env, &course::open(&env)?.progress)?,
    };
    let engine = open_engine(&env, &name, "show")?;
    let look = Look::of_process(false);
    Ok(look.show(&show(&engine, look.width)?)?)
}
