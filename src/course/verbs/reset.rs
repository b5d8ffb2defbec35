//! `docklings reset`: starts an exercise, or the whole course, over.

use super::words::Words;
use crate::course::state::{self, record};
use crate::course::workspace::{Workbench, drop_sandbox, remove};
use crate::env::{self, Env};
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::output::Output;
use lessons::progress::{Change, Progress};
use std::io;

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    if words.has("--all") {
        if let Some(name) = words.names.first() {
            let text = format!("`{name}` or `--all`, not both");
            return Err(Failure::Message(text, exit::USAGE));
        }
        return reset_all(words, &env);
    }
    let course = state::open(&env)?;
    let id = words.exercise(&env, &course.progress)?;
    let bench = Workbench::new(&env, &course.catalog, &id)?;
    if !words.agreed(&format!(
        "Start `{id}` over? Its containers and files are removed."
    ))? {
        return Ok(());
    }
    bench.start_over()?;
    record(&course.file, &Change::StartedOver(id.clone()))?;
    Ok(writeln!(Output::lines(), "`{id}` starts over")?)
}

/// Every sandbox except the playground, every workspace, and the progress. Images stay: making them again takes
/// seconds, and other sandboxes share them.
fn reset_all(words: &Words, env: &Env) -> CommandResult {
    let question =
        "Start the whole course over? All exercises, their files and your progress are removed.";
    if !words.agreed(question)? {
        return Ok(());
    }
    for name in folders(&env.home.sandboxes())? {
        if name != env::FREE {
            drop_sandbox(env, &name)?;
        }
    }
    remove(&env.home.root().join("workspaces"))?;
    Progress::update(&env.home.progress(), |progress| {
        let seed = std::mem::take(&mut progress.seed);
        *progress = Progress {
            seed,
            ..Progress::default()
        };
    })?;
    Ok(writeln!(
        Output::lines(),
        "the course starts over; the playground `{}` stays as it is",
        env::FREE
    )?)
}

/// The names of the folders in `folder`; empty if `folder` does not exist.
fn folders(folder: &std::path::Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}
