//! `docker load`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::values::files::open;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::image::archive::load::Loaded;
use std::io::{self, IsTerminal, Read};

/// Arguments of `docker load`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Read from tar archive file, instead of STDIN
    #[arg(short, long, value_name = "string")]
    input: Option<String>,
    /// Suppress the load output
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Load an image from a tar archive or STDIN";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let mut reader: Box<dyn Read> = match self.input.as_deref().filter(|path| !path.is_empty())
        {
            Some(path) => Box::new(open(path)?),
            None if io::stdin().is_terminal() => {
                return Err(Failure::message(
                    "requested load from stdin, but stdin is empty",
                ));
            }
            None => Box::new(io::stdin()),
        };
        // Docker's daemon has begun its answer by then, so that what goes wrong is a line of it.
        let loaded = ctx.engine()?.load(&mut reader);
        let loaded = loaded.map_err(|error| match error.hint() {
            Some(hint) => Failure::Hinted(error.to_string(), exit::FAILURE, hint.to_owned()),
            None => Failure::message(error.to_string()),
        })?;
        for image in loaded {
            for line in lines(&image) {
                writeln!(ctx.out, "{line}")?;
            }
        }
        Ok(())
    }
}

/// What is told of one image: names that it took from others, and its own.
fn lines(image: &Loaded) -> Vec<String> {
    let displaced = image.displaced.iter().map(|(name, old)| {
        format!(
            "The image {} already exists, renaming the old one with ID {old} to empty string",
            name.familiar()
        )
    });
    let names = image
        .references
        .iter()
        .map(|name| format!("Loaded image: {}", name.familiar()));
    let mut lines: Vec<String> = displaced.chain(names).collect();
    if image.references.is_empty() {
        lines.push(format!("Loaded image ID: {}", image.id));
    }
    lines
}
