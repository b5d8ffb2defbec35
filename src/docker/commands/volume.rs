//! `docker volume create`, `ls` and `rm`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Failure, Words};
use crate::docker::rows::volume::{COLUMNS, row};
use crate::docker::select::Filters;
use crate::docker::value::Value;
use crate::docker::values::pairs;
use crate::failure::for_each;
use engine::id::VolumeName;
use engine::runtime::spec::Volume;
use engine::store::containers::MountSource;
use engine::{Engine, Error, ErrorKind, Result};
use std::collections::BTreeMap;

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

/// Arguments of `docker volume ls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Ls {
    /// Provide filter values (e.g. "dangling=true")
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Only display volume names
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Ls {
    const ABOUT: &'static str = "List volumes";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        let users = match filters.has("dangling") {
            true => users(&engine)?,
            false => BTreeMap::new(),
        };
        let chosen = select(engine.volumes()?, &filters, &|name| {
            users.contains_key(name.as_str())
        })?;
        let rows: Vec<Value> = chosen.iter().map(|volume| row(volume, None)).collect();
        let text = COLUMNS.render(format, self.quiet, &rows)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}

/// The number of containers that use each volume.
pub(crate) fn users(engine: &Engine) -> CommandResult<BTreeMap<String, usize>> {
    let mut users = BTreeMap::new();
    for container in engine.containers()? {
        for mount in &container.config.host.mounts {
            if let MountSource::Volume { name, .. } = &mount.source {
                *users.entry(name.as_str().to_owned()).or_default() += 1;
            }
        }
    }
    Ok(users)
}

/// The filters that `docker volume ls` knows.
const KNOWN: [&str; 4] = ["dangling", "driver", "label", "name"];

/// The volumes that match `filters`. `is_used` says whether a container uses a volume.
///
/// # Errors
/// In Docker's words: an unknown filter or value.
fn select(
    volumes: Vec<Volume>,
    filters: &Filters,
    is_used: &dyn Fn(&VolumeName) -> bool,
) -> Result<Vec<Volume>> {
    filters.check(&KNOWN)?;
    let dangling = filters.boolean("dangling")?;
    let names = filters.patterns("name");
    Ok(volumes
        .into_iter()
        .filter(|volume| {
            let name = volume.name.as_str();
            (names.is_empty() || names.iter().any(|pattern| pattern.matches(name)))
                && filters.is_one_of("driver", "local")
                && filters.labels_match("label", &volume.labels)
                && dangling.is_none_or(|wanted| wanted != is_used(&volume.name))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples;
    use crate::docker::select::filters;

    fn run(words: &[&str]) -> Result<usize> {
        let mut other = samples::volume();
        other.name = VolumeName::parse("other").unwrap();
        other.labels = samples::labels();
        let is_used = |name: &VolumeName| name.as_str() == "vol1";
        Ok(select(vec![samples::volume(), other], &filters(words), &is_used)?.len())
    }

    #[test]
    fn volumes_are_chosen_by_name_label_and_use() {
        for (words, count) in [
            (&[][..], 2),
            (&["name=vol"], 1),
            (&["name=o"], 2),
            (&["label=tier"], 1),
            (&["driver=local"], 2),
            (&["driver=nfs"], 0),
            (&["dangling=true"], 1),
            (&["dangling=false"], 1),
        ] {
            assert_eq!(run(words).unwrap(), count, "{words:?}");
        }
        assert_eq!(run(&["x=1"]).unwrap_err().to_string(), "invalid filter 'x'");
    }
}
