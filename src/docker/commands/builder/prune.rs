//! `docker builder prune`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::commands::prune::{confirm, tell, tell_space};
use crate::docker::select::Filters;
use crate::docker::timestamps;
use crate::docker::values::pairs;
use crate::failure::{CommandResult, Failure};
use engine::Engine;
use engine::build::cache::inventory::CachePrune;
use jiff::tz::TimeZone;

/// Arguments of `docker builder prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove all unused build cache, not just dangling ones
    #[arg(short, long)]
    all: bool,
    /// Provide filter values (e.g., "until=24h")
    #[arg(long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    /// Do not prompt for confirmation
    #[arg(short, long)]
    force: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Remove build cache";
    const USAGE: &'static str = "";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        filters.check(&["until"])?;
        let options = options(&engine, &filters, self.all)?;
        let warning = match self.all {
            true => "WARNING! This will remove all build cache.",
            false => "WARNING! This will remove all dangling build cache.",
        };
        if !self.force && !confirm(ctx, warning)? {
            return Ok(());
        }
        prune(ctx, &engine, options, 0)
    }
}

/// What `filters` and `--all` choose.
pub(crate) fn options(engine: &Engine, filters: &Filters, all: bool) -> CommandResult<CachePrune> {
    let until = filters.values("until").last();
    let until = until.map(|text| timestamps::parse(text, engine.now(), &TimeZone::system()));
    Ok(CachePrune {
        all,
        until: until.transpose().map_err(Failure::message)?,
    })
}

/// Forgets what `options` choose, and tells what was reclaimed; `before` are bytes that went before.
pub(crate) fn prune(
    ctx: &mut Ctx,
    engine: &Engine,
    options: CachePrune,
    before: u64,
) -> CommandResult {
    let (keys, space) = engine.prune_build_cache(options)?;
    tell(ctx, "Deleted build cache objects:", &keys)?;
    tell_space(ctx, before + space)
}
