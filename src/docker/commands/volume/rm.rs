//! `docker volume rm`.

use crate::cli::Words;
use crate::ctx::Ctx;
use crate::docker::commands::Command;
use crate::failure::{CommandResult, for_each};
use engine::id::VolumeName;
use engine::{Error, ErrorKind};

/// Arguments of `docker volume rm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Force the removal of one or more volumes
    #[arg(short, long)]
    force: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Remove one or more volumes";
    const USAGE: &'static str = "[OPTIONS] VOLUME [VOLUME...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        for_each(&self.words, |name| {
            let parsed = VolumeName::parse(name)
                .map_err(|_| Error::not_found(format!("get {name}: no such volume")));
            match parsed.and_then(|parsed| engine.remove_volume(&parsed, self.force)) {
                Err(error) if !(self.force && error.kind() == ErrorKind::NotFound) => {
                    return Err(error.into());
                }
                _ => {}
            }
            Ok(writeln!(ctx.out, "{name}")?)
        })
    }
}
