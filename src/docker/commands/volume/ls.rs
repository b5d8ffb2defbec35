//! `docker volume ls`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Failure, Words};
use crate::docker::rows::volume::{COLUMNS, row};
use crate::docker::select::Filters;
use crate::docker::select::volumes::select;
use crate::docker::value::Value;
use crate::docker::values::pairs;
use engine::Engine;
use engine::store::containers::MountSource;
use std::collections::BTreeMap;

/// Arguments of `docker volume ls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Provide filter values (e.g. "dangling=true")
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Only display volume names
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "List volumes";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        let users = match filters.has("dangling") {
            true => users(&engine)?,
            false => BTreeMap::new(),
        };
        let chosen = select(engine.volumes()?, &filters, &|name| {
            users.contains_key(name.as_str())
        })?;
        let rows: Vec<Value> = chosen.iter().map(|volume| row(volume, None)).collect();
        let text = COLUMNS.render(format, self.quiet, &rows)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}

/// The number of containers that use each volume.
pub(crate) fn users(engine: &Engine) -> CommandResult<BTreeMap<String, usize>> {
    let mut users = BTreeMap::new();
    for container in engine.containers()? {
        for mount in &container.config.host.mounts {
            if let MountSource::Volume { name, .. } = &mount.source {
                *users.entry(name.as_str().to_owned()).or_default() += 1;
            }
        }
    }
    Ok(users)
}
