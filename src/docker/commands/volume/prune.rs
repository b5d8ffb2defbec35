//! `docker volume prune`.

use super::ls::users;
use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::commands::prune::{Pruned, choice, confirm};
use crate::docker::select::prune::Prunable;
use crate::docker::values::pairs;
use crate::failure::CommandResult;
use engine::Engine;
use engine::events::{Action, ObjectKind};
use std::fs;
use std::path::Path;

/// Arguments of `docker volume prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove all unused volumes, not just anonymous ones
    #[arg(short, long)]
    all: bool,
    /// Provide filter values (e.g. "label=<label>")
    #[arg(long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    /// Do not prompt for confirmation
    #[arg(short, long)]
    force: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Remove unused local volumes";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let choice = choice(&self.filter, &["label", "label!", "all"], engine.now())?;
        let all = self.all || choice.boolean("all")?.unwrap_or(false);
        let warning = match all {
            true => {
                "WARNING! This will remove all local volumes not used by at least one container."
            }
            false => {
                "WARNING! This will remove anonymous local volumes not used by at least one container."
            }
        };
        if !self.force && !confirm(ctx, warning)? {
            return Ok(());
        }
        prune(&engine, &choice, all)?.tell_all(ctx, "Deleted Volumes:")
    }
}

/// Removes volumes that no container uses, only anonymous ones unless `all`; returns their names, and their bytes.
pub(crate) fn prune(engine: &Engine, choice: &Prunable, all: bool) -> CommandResult<Pruned> {
    let users = users(engine)?;
    let mut pruned = Pruned::default();
    for volume in engine.volumes()? {
        let is_used = users.contains_key(volume.name.as_str());
        if is_used
            || !(all || volume.anonymous)
            || !choice.allows(Some(volume.created), &volume.labels)
        {
            continue;
        }
        let size = bytes_of(&volume.mountpoint);
        let ended = engine.remove_volume(&volume.name, false);
        pruned.note(volume.name.as_str(), size, ended);
    }
    let event = engine
        .event(ObjectKind::Volume, Action::Prune, "")
        .with("reclaimed", pruned.space.to_string());
    engine.record(&event);
    Ok(pruned)
}

/// Bytes of all files under `folder`. What cannot be read counts nothing.
pub(crate) fn bytes_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_of(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_files_in_all_folders() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/a"), "12345").unwrap();
        fs::write(folder.path().join("b"), "123").unwrap();
        assert_eq!(bytes_of(folder.path()), 8);
        assert_eq!(bytes_of(Path::new("/nope")), 0);
    }
}
