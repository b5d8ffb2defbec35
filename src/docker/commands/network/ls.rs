//! `docker network ls`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Failure, Words};
use crate::docker::rows::network::{COLUMNS, row};
use crate::docker::select::Filters;
use crate::docker::select::networks::select;
use crate::docker::value::Value;
use crate::docker::values::pairs;

/// Arguments of `docker network ls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Provide filter values (e.g. "driver=bridge")
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Do not truncate the output
    #[arg(long)]
    no_trunc: bool,
    /// Only display network IDs
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "List networks";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        let view = ctx.view(!self.no_trunc)?;
        let chosen = select(&filters)?;
        let rows: Vec<Value> = chosen.iter().map(|network| row(network, &view)).collect();
        let text = COLUMNS.render(format, self.quiet, &rows)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}
