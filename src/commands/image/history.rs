//! `docker history`.

use crate::cli::Words;
use crate::commands::{Command, FORMAT_HELP};
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::render::rows::history::{COLUMNS, COLUMNS_EXACT, rows};
use clap::ArgAction;
use engine::events::ObjectKind;
use engine::store::layers;

/// Arguments of `docker history`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Print sizes and dates in human readable format
    #[arg(short = 'H', long, default_value = "true", action = ArgAction::Set)]
    human: bool,
    /// Don't truncate output
    #[arg(long)]
    no_trunc: bool,
    /// Only show image IDs
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Show the history of an image";
    const USAGE: &'static str = "[OPTIONS] IMAGE";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let image = engine.image(&self.words[0])?;
        let mut sizes = Vec::new();
        for chain in &image.chain {
            sizes.push(layers::read(engine.home(), chain)?.size);
        }
        let event = engine.event(ObjectKind::Image, "history", image.id.as_str());
        engine.record(&event.with("name", self.words[0].as_str()))?;
        let view = ctx.view(!self.no_trunc)?;
        let columns = if self.human { COLUMNS } else { COLUMNS_EXACT };
        let text = columns
            .render(
                self.format.as_deref(),
                self.quiet,
                &rows(&image, &sizes, &view, self.human),
            )
            .map_err(Failure::message)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}
