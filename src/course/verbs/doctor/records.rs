//! Whether all records are readable and every layer has its files: a power cut may have damaged some.

use super::Finding;
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::clock::{Clock, System};
use engine::repair;
use std::io::{self, Write};

/// The command that repairs them.
pub(super) const REPAIR: &str = "docklings doctor --repair";
/// How many damaged records are named.
const SHOWN: usize = 3;

pub(super) fn finding(env: &Env) -> Finding {
    let what = "records";
    let damages = repair::examine(&env.home);
    let named: Vec<String> = damages
        .iter()
        .take(SHOWN)
        .map(|damage| format!("`{}`: {}", damage.place, damage.why))
        .collect();
    match damages.len() {
        0 => Finding::pass(
            what,
            "all records are readable, and all layers are complete",
        ),
        1 => Finding::fail(what, format!("damaged: {}", named.join("; ")), REPAIR),
        count => Finding::fail(
            what,
            format!("{count} are damaged: {}", named.join("; ")),
            REPAIR,
        ),
    }
}

/// `--repair`: moves damaged files aside, makes again what it can, and says what was saved and what was lost.
pub(super) fn repair(env: &Env) -> CommandResult {
    let mut out = io::stdout();
    let damages = repair::examine(&env.home);
    if damages.is_empty() {
        return Ok(writeln!(out, "nothing is damaged")?);
    }
    for damage in &damages {
        let done = repair::repair(&env.home, damage, System.now());
        let done = done.unwrap_or_else(|error| error.to_string());
        writeln!(out, "{}: {}\n    {done}", damage.place, damage.why)?;
    }
    match repair::examine(&env.home).len() {
        0 => Ok(()),
        left => {
            writeln!(out, "{left} still damaged: see above for what to do")?;
            Err(Failure::Code(exit::FAILURE))
        }
    }
}
