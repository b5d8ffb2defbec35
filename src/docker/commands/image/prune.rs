//! `docker image prune`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::commands::prune::{choice, confirm, tell, tell_space};
use crate::docker::select::Filters;
use crate::docker::timestamps;
use crate::docker::values::pairs;
use crate::failure::{CommandResult, Failure};
use engine::Engine;
use engine::image::prune::{LabelFilter, PruneOptions};
use engine::image::remove::Removed;
use jiff::tz::TimeZone;

/// Arguments of `docker image prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove all unused images, not just dangling ones
    #[arg(short, long)]
    all: bool,
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
    const ABOUT: &'static str = "Remove unused images";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let known = ["until", "label", "label!", "dangling"];
        let dangling = choice(&self.filter, &known, engine.now())?.boolean("dangling")?;
        let all = self.all || dangling == Some(false);
        let warning = match all {
            true => {
                "WARNING! This will remove all images without at least one container associated to them."
            }
            false => "WARNING! This will remove all dangling images.",
        };
        if !self.force && !confirm(ctx, warning)? {
            return Ok(());
        }
        let (removed, space) = prune(&engine, &self.filter, all)?;
        tell(ctx, "Deleted Images:", &removed)?;
        tell_space(ctx, space)
    }
}

/// Removes images that no container uses, only those without a name unless `all`; returns a line for each thing that
/// went, and the bytes of its files. `filter` was understood before.
pub(crate) fn prune(
    engine: &Engine,
    filter: &[String],
    all: bool,
) -> CommandResult<(Vec<String>, u64)> {
    let filters = Filters::parse(filter).map_err(Failure::message)?;
    let until = filters.values("until").last();
    let until = until.map(|text| timestamps::parse(text, engine.now(), &TimeZone::system()));
    let labels = |name: &'static str, negated: bool| {
        let labels: Vec<_> = filters
            .values(name)
            .map(|text| label(text, negated))
            .collect();
        labels
    };
    let options = PruneOptions {
        all,
        until: until.transpose().map_err(Failure::message)?,
        labels: [labels("label", false), labels("label!", true)].concat(),
    };
    let (removed, space) = engine.prune_images(&options)?;
    let lines = removed.iter().map(|one| match one {
        Removed::Untagged { name, .. } => format!("untagged: {name}"),
        Removed::Deleted(id) => format!("deleted: {id}"),
    });
    Ok((lines.collect(), space))
}

fn label(text: &str, negated: bool) -> LabelFilter {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text, None),
    };
    LabelFilter {
        key: key.to_owned(),
        value,
        negated,
    }
}
