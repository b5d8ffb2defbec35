//! `docker save`, `load` and `import`: images as archives.

use crate::docker::commands::output::save;
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::values::{self, files::open};
use crate::exit;
use engine::build::import::{ImportRequest, ImportSource};
use engine::image::archive::load::Loaded;
use engine::oci::reference::Reference;
use std::io::{self, IsTerminal, Read};

/// Arguments of `docker save`.
#[derive(Debug, clap::Args)]
pub(crate) struct Save {
    /// Write to a file, instead of STDOUT
    #[arg(short, long, value_name = "string")]
    output: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Save {
    const ABOUT: &'static str =
        "Save one or more images to a tar archive (streamed to STDOUT by default)";
    const USAGE: &'static str = "[OPTIONS] IMAGE [IMAGE...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        save(ctx, "save image", self.output.as_deref(), |writer| {
            Ok(engine.save(&self.words, writer)?)
        })
    }
}

/// Arguments of `docker load`.
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// Read from tar archive file, instead of STDIN
    #[arg(short, long, value_name = "string")]
    input: Option<String>,
    /// Suppress the load output
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Load {
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
        // Docker's daemon has already started its response, so an error is a line of it.
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

/// The output for one image: names that it took from other images, and its own.
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

/// Arguments of `docker import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Apply Dockerfile instruction to the created image
    #[arg(short, long, value_name = "list")]
    change: Vec<String>,
    /// Set commit message for imported image
    #[arg(short, long, value_name = "string")]
    message: Option<String>,
    /// Set platform if server is multi-platform capable
    #[arg(long, value_name = "string", value_parser = values::own_platform)]
    platform: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Import {
    const ABOUT: &'static str = "Import the contents from a tarball to create a filesystem image";
    const USAGE: &'static str = "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let source = &self.words[0];
        if let Some(name) = self.words.get(1) {
            Reference::parse(name).map_err(|error| Failure::message(error.to_string()))?;
        }
        let request = ImportRequest {
            reference: self.words.get(1).cloned(),
            message: self.message.unwrap_or_default(),
            changes: self.change,
        };
        let engine = ctx.engine()?;
        if source.starts_with("http://") || source.starts_with("https://") {
            // Docker writes this to standard output, before the id.
            let mut begun = || {
                let _ = writeln!(ctx.out, "Downloading from {source}");
                let _ = ctx.out.flush();
            };
            let web = ImportSource::Web {
                url: source,
                begun: &mut begun,
            };
            let id = engine.import(web, request)?;
            return Ok(writeln!(ctx.out, "{id}")?);
        }
        let mut reader: Box<dyn Read> = match source.as_str() {
            "-" => Box::new(io::stdin()),
            path => Box::new(open(path)?),
        };
        let id = engine.import(ImportSource::Tar(&mut reader), request)?;
        Ok(writeln!(ctx.out, "{id}")?)
    }
}
