//! `docklings where`: the files behind everything. They are plain files on purpose.

use super::words::{Words, sandbox_of};
use crate::course::state;
use crate::env::Env;
use crate::failure::CommandResult;
use crate::output::Output;
use lessons::session::exercise_sandbox;
use std::path::PathBuf;

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let name = match words.names.is_empty() {
        true => env.sandbox.clone(),
        false => sandbox_of(words, &env, &state::open(&env)?)?,
    };
    let home = &env.home;
    let sandbox = home.sandbox(&name)?;
    let mut rows: Vec<(String, PathBuf)> = vec![
        ("everything".to_owned(), home.root().to_owned()),
        ("images and layers".to_owned(), home.content()),
        (format!("sandbox {name}"), sandbox.root().to_owned()),
        ("its containers".to_owned(), sandbox.containers()),
        ("its volumes".to_owned(), sandbox.volumes()),
        ("its journal".to_owned(), sandbox.journal()),
        ("its practice hub".to_owned(), sandbox.hub()),
    ];
    if let Some(id) = name.strip_prefix(&exercise_sandbox("")) {
        rows.push(("its workspace".to_owned(), home.workspace(id)));
    }
    rows.push(("progress".to_owned(), home.progress()));
    rows.push(("temporary files".to_owned(), home.runtime().to_owned()));
    rows.push(("this program".to_owned(), std::env::current_exe()?));
    let width = rows.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
    let mut out = Output::lines();
    for (what, path) in rows {
        let missing = if path.exists() {
            ""
        } else {
            "  (not created yet)"
        };
        writeln!(out, "{what:<width$}  {}{missing}", path.display())?;
    }
    Ok(())
}
