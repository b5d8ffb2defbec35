//! `docker history`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Words};
use crate::docker::rows::history::{COLUMNS, COLUMNS_EXACT, rows};
use clap::ArgAction;
use engine::Engine;
use engine::events::{Action, ObjectKind};
use engine::image::Image;
use engine::oci::digest::ImageId;
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
        let event = engine.event(ObjectKind::Image, Action::History, image.id.as_str());
        engine.record(&event.with("name", self.words[0].as_str()));
        let view = ctx.view(!self.no_trunc)?;
        let columns = if self.human { COLUMNS } else { COLUMNS_EXACT };
        let text = columns.render(
            self.format.as_deref(),
            self.quiet,
            rows(&image, &made_of(&engine, &image), &sizes, &view, self.human),
        )?;
        Ok(write!(ctx.out, "{text}")?)
    }
}

/// The id of the image, and of its ancestors as long as each adds exactly one instruction.
fn made_of(engine: &Engine, image: &Image) -> Vec<ImageId> {
    let older = |image: &Image| {
        let parent = engine.image(image.parent.as_ref()?.as_str()).ok()?;
        (parent.config.history.len() + 1 == image.config.history.len()).then_some(parent)
    };
    std::iter::successors(Some(image.clone()), older)
        .map(|image| image.listed.id)
        .collect()
}
