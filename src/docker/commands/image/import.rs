//! `docker import`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::docker::values::{self, files::open};
use crate::failure::{CommandResult, Failure};
use engine::build::import::{ImportRequest, ImportSource};
use engine::oci::reference::Reference;
use std::io::{self, Read};

/// Arguments of `docker import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
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

impl Command for Args {
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
            // Docker writes this to standard output, where the id follows.
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
