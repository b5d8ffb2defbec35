//! `docker container prune`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::commands::prune::{Pruned, choice, confirm};
use crate::docker::select::prune::Prunable;
use crate::docker::values::pairs;
use crate::failure::CommandResult;
use engine::Engine;
use engine::events::{Action, ObjectKind};
use engine::runtime::spec::{RemoveOptions, Status};

/// Arguments of `docker container prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Provide filter values (e.g. "until=<timestamp>")
    #[arg(long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    /// Do not prompt for confirmation
    #[arg(short, long)]
    force: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Remove all stopped containers";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let choice = choice(&self.filter, &["until", "label", "label!"], engine.now())?;
        if !self.force && !confirm(ctx, "WARNING! This will remove all stopped containers.")? {
            return Ok(());
        }
        prune(&engine, &choice)?.tell_all(ctx, "Deleted Containers:")
    }
}

/// Removes stopped containers; returns their ids, and the bytes that they took.
pub(crate) fn prune(engine: &Engine, choice: &Prunable) -> CommandResult<Pruned> {
    let mut pruned = Pruned::default();
    for container in engine.containers()? {
        let is_stopped = matches!(
            container.status,
            Status::Created | Status::Exited | Status::Dead
        );
        if !is_stopped || !choice.allows(Some(container.config.created), &container.config.labels) {
            continue;
        }
        let id = container.config.id.as_str();
        // One that was started, or removed, since we looked is not ours to remove.
        let Ok(size) = engine.writable_size(id) else {
            continue;
        };
        pruned.note(id, size, engine.remove(id, RemoveOptions::default()));
    }
    let event = engine
        .event(ObjectKind::Container, Action::Prune, "")
        .with("reclaimed", pruned.space.to_string());
    engine.record(&event);
    Ok(pruned)
}
