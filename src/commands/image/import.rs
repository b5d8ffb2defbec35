//! `docker import`.

use crate::cli::Words;
use crate::commands::Command;
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::values::{self, files::open_error};
use engine::engine::archives::ImportRequest;
use std::fs::File;
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
        if source.starts_with("http://") || source.starts_with("https://") {
            return Err(Failure::refused(
                &format!("docker import {source}"),
                crate::exit::FAILURE,
            ));
        }
        let mut reader: Box<dyn Read> = match source.as_str() {
            "-" => Box::new(io::stdin()),
            path => Box::new(
                File::open(path).map_err(|error| Failure::message(open_error(path, &error)))?,
            ),
        };
        let request = ImportRequest {
            reference: self.words.get(1).cloned(),
            message: self.message.unwrap_or_default(),
            changes: self.change,
        };
        let id = ctx.engine()?.import(&mut reader, request)?;
        Ok(writeln!(ctx.out, "{id}")?)
    }
}
