//! `docker volume ls`.

use crate::cli::Words;
use crate::commands::{Command, FORMAT_HELP};
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::filters::Filters;
use crate::render::listing::{Columns, QUIET_WINS};
use crate::render::value::{Struct, Value};
use crate::values::pairs;
use engine::Engine;
use engine::runtime::spec::Volume;
use engine::store::containers::MountSource;
use std::collections::BTreeMap;

/// Arguments of `docker volume ls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Provide filter values (e.g. "dangling=true")
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<(String, String)>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Only display volume names
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

/// The fields of a volume's row, and their headers.
pub(crate) const HEADERS: &[(&str, &str)] = &[
    ("Availability", "AVAILABILITY"),
    ("Driver", "DRIVER"),
    ("Group", "GROUP"),
    ("ID", "ID"),
    ("Labels", "LABELS"),
    ("Links", "LINKS"),
    ("Mountpoint", "MOUNTPOINT"),
    ("Name", "VOLUME NAME"),
    ("Scope", "SCOPE"),
    ("Size", "SIZE"),
    ("Status", "STATUS"),
];

const COLUMNS: Columns = Columns {
    headers: HEADERS,
    table: "{{.Driver}}\t{{.Name}}",
    quiet: "{{.Name}}",
    raw: Some("name: {{.Name}}\ndriver: {{.Driver}}\n"),
};

impl Command for Args {
    const ABOUT: &'static str = "List volumes";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        if self.quiet && format.is_some() {
            writeln!(ctx.err, "{QUIET_WINS}")?;
        }
        let filters = Filters::new(&self.filter, &["dangling", "driver", "label", "name"])?;
        let dangling = filters.flag("dangling")?;
        let users = if dangling.is_some() {
            users(&engine)?
        } else {
            BTreeMap::new()
        };
        let chosen = engine.volumes()?.into_iter().filter(|volume| {
            let is_free = !users.contains_key(volume.name.as_str());
            dangling.is_none_or(|dangling| dangling == is_free)
                && filters.any("driver", |driver| driver == "local")
                && filters.matches("name", volume.name.as_str())
                && filters.labels("label", &volume.labels)
        });
        let rows: Vec<Value> = chosen.map(|volume| row(&volume, None)).collect();
        let text = COLUMNS
            .render(format, self.quiet, &rows)
            .map_err(Failure::message)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}

/// How many containers use each volume.
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

/// A volume's row; `usage` is how many containers use it, and how large it is as a text.
pub(crate) fn row(volume: &Volume, usage: Option<(usize, String)>) -> Value {
    let labels: Vec<String> = volume
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let none = "N/A".to_owned();
    let (links, size) = match usage {
        Some((links, size)) => (links.to_string(), size),
        None => (none.clone(), none.clone()),
    };
    Struct::row("*formatter.volumeContext")
        .with("Availability", none.as_str())
        .with("Driver", "local")
        .with("Group", none.as_str())
        .with("Label", Value::Lookup(volume.labels.clone()))
        .with("Labels", labels.join(","))
        .with("Links", links)
        .with("Mountpoint", volume.mountpoint.display().to_string())
        .with("Name", volume.name.as_str())
        .with("Scope", "local")
        .with("Size", size)
        .with("Status", none)
        .into()
}
