//! `docker volume create` and `rm`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::values::pairs;
use crate::failure::for_each;
use engine::id::VolumeName;
use engine::{Error, ErrorKind};

/// Arguments of `docker volume create`.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Specify volume driver name
    #[arg(short, long, value_name = "string", default_value = "local")]
    driver: String,
    /// Set metadata for a volume
    #[arg(long, value_name = "list", value_parser = pairs::label)]
    label: Vec<String>,
    /// The old way to name the volume.
    #[arg(long, value_name = "string", hide = true)]
    name: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Create {
    const ABOUT: &'static str = "Create a volume";
    const USAGE: &'static str = "[OPTIONS] [VOLUME]";
    const WORDS: Words = Words::AtMost(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        if self.name.is_some() && !self.words.is_empty() {
            return Err(Failure::message(
                "conflicting options: cannot specify a volume-name through both --name and as a positional arg",
            ));
        }
        if self.driver != "local" {
            let text = format!(
                "create {}: error looking up volume plugin {driver}: plugin \"{driver}\" not found",
                self.words.first().map_or("", String::as_str),
                driver = self.driver
            );
            return Err(Error::not_found(text).into());
        }
        let labels = self.label.iter().map(|pair| pairs::split(pair)).collect();
        let name = self.name.as_ref().or(self.words.first());
        let name = name.map(String::as_str).filter(|name| !name.is_empty());
        let volume = ctx.engine()?.create_volume(name, labels)?;
        Ok(writeln!(ctx.out, "{}", volume.name)?)
    }
}

/// Arguments of `docker volume rm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Rm {
    /// Force the removal of one or more volumes
    #[arg(short, long)]
    force: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Rm {
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
