//! `docker history`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Failure, Words};
use crate::docker::rows::history::{COLUMNS, COLUMNS_EXACT, rows};
use crate::docker::rows::{View, cache};
use clap::ArgAction;
use engine::Engine;
use engine::events::{Action, ObjectKind};
use engine::image::Image;
use engine::oci::digest::ImageId;
use engine::store::layers;
use unicode_width::UnicodeWidthStr as _;

/// Arguments of `docker history`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show the steps of the build instead, and why each of them ran
    #[arg(long)]
    cache: bool,
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
        if self.cache {
            return self.steps(ctx, &engine, &image, &view);
        }
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

impl Args {
    /// The build cache's records of `image`.
    fn steps(&self, ctx: &mut Ctx, engine: &Engine, image: &Image, view: &View) -> CommandResult {
        let records = engine.cache_records(&image.id)?;
        if records.is_empty() {
            return Err(Failure::message(format!(
                "no cache records: {} was not built here, or they were pruned",
                self.words[0]
            )));
        }
        // The image's last steps are those of the build; earlier ones came with its base.
        let history = &image.config.history;
        let steps = &history[history.len().saturating_sub(records.len())..];
        let steps: Vec<&str> = steps.iter().map(|step| step.created_by.as_str()).collect();
        let rows = cache::history(&records, &steps, view);
        let mut text = cache::HISTORY.render(self.format.as_deref(), self.quiet, &rows)?;
        let (width, is_table) = (ctx.width(), self.format.is_none() && !self.quiet);
        if is_table && ctx.out_is_terminal() && text.lines().any(|line| line.width() > width) {
            // Columns that the terminal wraps are unreadable.
            text = cache::HISTORY.render(Some("raw"), false, &rows)?;
        }
        Ok(write!(ctx.out, "{text}")?)
    }
}
