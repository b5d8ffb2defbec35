//! `docker ps`.

use super::summary;
use crate::cli::Words;
use crate::commands::{Command, FORMAT_HELP};
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::filters::Filters;
use crate::render::listing::{Columns, QUIET_WINS};
use crate::render::template::quote;
use crate::render::value::{Struct, Value};
use crate::render::{human, text, timestamps};
use crate::values::{self, pairs};
use engine::runtime::spec::{Container, Status};
use engine::store::containers::MountSource;
use engine::{Engine, Error};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Arguments of `docker ps`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show all containers (default shows just running)
    #[arg(short, long)]
    all: bool,
    /// Filter output based on conditions provided
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<(String, String)>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Show n last created containers (includes all states)
    #[arg(short = 'n', long, value_name = "int", default_value = "-1", value_parser = values::int)]
    last: i64,
    /// Show the latest created container (includes all states)
    #[arg(short, long)]
    latest: bool,
    /// Don't truncate output
    #[arg(long)]
    no_trunc: bool,
    /// Only display container IDs
    #[arg(short, long)]
    quiet: bool,
    /// Display total file sizes
    #[arg(short, long)]
    size: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

const HEADERS: &[(&str, &str)] = &[
    ("ID", "CONTAINER ID"),
    ("Names", "NAMES"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("CreatedAt", "CREATED AT"),
    ("RunningFor", "CREATED"),
    ("Ports", "PORTS"),
    ("State", "STATE"),
    ("Status", "STATUS"),
    ("Size", "SIZE"),
    ("Labels", "LABELS"),
    ("Mounts", "MOUNTS"),
    ("LocalVolumes", "LOCAL VOLUMES"),
    ("Networks", "NETWORKS"),
];

const TABLE: &str =
    "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";
const TABLE_WITH_SIZE: &str = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}\t{{.Size}}";

const FILTERS: &[&str] = &[
    "ancestor", "before", "exited", "expose", "health", "id", "is-task", "label", "name",
    "network", "publish", "since", "status", "volume",
];

impl Command for Args {
    const ABOUT: &'static str = "List containers";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        if self.quiet
            && self
                .format
                .as_deref()
                .is_some_and(|format| !format.is_empty())
        {
            writeln!(ctx.err, "{QUIET_WINS}")?;
        }
        let shows_size = self.size
            || self
                .format
                .as_deref()
                .is_some_and(|format| format.contains(".Size"));
        let columns = Columns {
            headers: HEADERS,
            table: if self.size { TABLE_WITH_SIZE } else { TABLE },
            quiet: "{{.ID}}",
            raw: None,
        };
        let mut rows = Rows {
            engine: &engine,
            now: engine.now(),
            zone: TimeZone::system(),
            truncate: !self.no_trunc,
            sizes: shows_size && !self.quiet,
            images: BTreeMap::new(),
        };
        let chosen = self.chosen(&engine)?;
        let rows: Vec<Value> = chosen
            .iter()
            .map(|container| rows.row(container))
            .collect::<CommandResult<_>>()?;
        let text = columns
            .render(self.format.as_deref(), self.quiet, &rows)
            .map_err(Failure::message)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}

impl Args {
    fn chosen(&self, engine: &Engine) -> CommandResult<Vec<Container>> {
        let filters = Filters::new(&self.filter, FILTERS)?;
        let choice = Choice::new(&filters, engine)?;
        let limit = if self.latest { 1 } else { self.last };
        let all = self.all || limit > 0 || filters.has("status");
        let mut chosen = Vec::new();
        for container in engine.containers()? {
            let is_shown =
                all || container.status.is_alive() || container.status == Status::Restarting;
            if is_shown && choice.takes(&container) {
                chosen.push(container);
            }
            if limit > 0 && chosen.len() as i64 >= limit {
                break;
            }
        }
        Ok(chosen)
    }
}

/// The filters, what they name looked up once.
struct Choice<'a> {
    filters: &'a Filters,
    before: Option<Timestamp>,
    since: Option<Timestamp>,
    exited: Vec<i32>,
    /// Ids of the ancestors, and their layers.
    ancestors: Vec<(String, Vec<String>)>,
}

impl<'a> Choice<'a> {
    fn new(filters: &'a Filters, engine: &Engine) -> CommandResult<Self> {
        for status in filters.get("status") {
            let known = [
                "created",
                "restarting",
                "running",
                "removing",
                "paused",
                "exited",
                "dead",
            ];
            if !known.contains(&status.as_str()) {
                return Err(Error::invalid(format!("invalid filter 'status={status}'")).into());
            }
        }
        for health in filters.get("health") {
            if !["starting", "healthy", "unhealthy", "none"].contains(&health.as_str()) {
                return Err(Error::invalid(format!("invalid filter 'health={health}'")).into());
            }
        }
        let created = |name: &str| -> CommandResult<Option<Timestamp>> {
            let Some(container) = filters.get(name).last() else {
                return Ok(None);
            };
            Ok(Some(engine.container(container)?.config.created))
        };
        let exited = filters.get("exited").iter().map(|code| {
            let invalid = || Error::invalid(format!("invalid filter 'exited={code}'"));
            code.parse::<i32>().map_err(|_| Failure::from(invalid()))
        });
        let ancestors = filters.get("ancestor").iter();
        Ok(Self {
            filters,
            before: created("before")?,
            since: created("since")?,
            exited: exited.collect::<CommandResult<_>>()?,
            // An ancestor that is not here has no descendants: Docker says nothing of it either.
            ancestors: ancestors
                .filter_map(|name| engine.image(name).ok())
                .map(|image| (image.id.as_str().to_owned(), image.chain))
                .collect(),
        })
    }

    fn takes(&self, container: &Container) -> bool {
        let (config, state, filters) = (&container.config, &container.state, self.filters);
        let health = state
            .health
            .as_ref()
            .map_or("none", |health| health.status.as_str());
        let ended = state.started_at.is_some() && !container.status.is_alive();
        filters.matches("name", &config.name)
            && filters.any("id", |id| config.id.as_str().starts_with(id))
            && filters.any("status", |status| status == container.status.word())
            && filters.any("health", |wanted| wanted == health)
            && filters.any("network", |name| {
                name == summary::network(&config.host.network)
            })
            && filters.any("is-task", |value| matches!(value, "false" | "0"))
            && filters.labels("label", &config.labels)
            && (self.exited.is_empty() || ended && self.exited.contains(&state.exit_code))
            && self.before.is_none_or(|before| config.created < before)
            && self.since.is_none_or(|since| config.created > since)
            && self.has_ancestor(container)
            && filters.any("volume", |wanted| has_mount(container, wanted))
            && filters.any("publish", |port| {
                state.ports.iter().chain(&config.host.ports).any(|binding| {
                    is_port(port, binding.container_port, &binding.protocol)
                        || is_port(port, binding.host_port, &binding.protocol)
                })
            })
            && filters.any("expose", |port| {
                config.exposed_ports.iter().any(|exposed| {
                    let (number, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
                    number
                        .parse()
                        .is_ok_and(|number| is_port(port, number, protocol))
                })
            })
    }

    fn has_ancestor(&self, container: &Container) -> bool {
        !self.filters.has("ancestor")
            || self.ancestors.iter().any(|(id, chain)| {
                *id == container.config.image.as_str()
                    || (!chain.is_empty() && container.config.layers.starts_with(chain))
            })
    }
}

/// Whether `wanted` (`80`, `80/tcp`, `80-90/tcp`) means `port`.
fn is_port(wanted: &str, port: u16, protocol: &str) -> bool {
    let (range, wanted_protocol) = wanted.split_once('/').unwrap_or((wanted, "tcp"));
    let (start, end) = range.split_once('-').unwrap_or((range, range));
    let in_range = |start: u16, end: u16| (start..=end).contains(&port);
    wanted_protocol == protocol
        && start
            .parse()
            .is_ok_and(|start| end.parse().is_ok_and(|end| in_range(start, end)))
}

fn has_mount(container: &Container, wanted: &str) -> bool {
    container.config.host.mounts.iter().any(|mount| {
        mount.target == wanted
            || match &mount.source {
                MountSource::Bind { path, .. } => path.as_os_str() == wanted,
                MountSource::Volume { name, .. } => name.as_str() == wanted,
                MountSource::Tmpfs { .. } => false,
            }
    })
}

struct Rows<'a> {
    engine: &'a Engine,
    now: Timestamp,
    zone: TimeZone,
    truncate: bool,
    sizes: bool,
    /// References, and the id of the image that has each of them now.
    images: BTreeMap<String, Option<String>>,
}

impl Rows<'_> {
    fn row(&mut self, container: &Container) -> CommandResult<Value> {
        let config = &container.config;
        let command = summary::command(container);
        let labels: Vec<String> = config
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let mounts = summary::mounts(container);
        let mounts: Vec<String> = mounts
            .into_iter()
            .map(|name| {
                if self.truncate {
                    text::ellipsis(&name, 15)
                } else {
                    name
                }
            })
            .collect();
        let is_volume = |source: &MountSource| matches!(source, MountSource::Volume { .. });
        let volumes = config
            .host
            .mounts
            .iter()
            .filter(|mount| is_volume(&mount.source))
            .count();
        let id = if self.truncate {
            config.id.short()
        } else {
            config.id.as_str()
        };
        let shown = if self.truncate {
            text::ellipsis(&command, 20)
        } else {
            command
        };
        let age = human::span(summary::elapsed(config.created, self.now));
        Ok(Struct::row("*formatter.ContainerContext")
            .with("Command", quote(&shown))
            .with(
                "CreatedAt",
                timestamps::created_at(config.created, &self.zone),
            )
            .with("ID", id)
            .with("Image", self.image(container))
            .with("Label", Value::Lookup(config.labels.clone()))
            .with("Labels", labels.join(","))
            .with("LocalVolumes", volumes.to_string())
            .with("Mounts", mounts.join(","))
            .with("Names", config.name.as_str())
            .with("Networks", summary::network(&config.host.network))
            .with("Ports", summary::ports(container))
            .with("RunningFor", format!("{age} ago"))
            .with("Size", self.size(container)?)
            .with("State", container.status.word())
            .with("Status", summary::status(container, self.now))
            .into())
    }

    /// The image as the user named it; its id, once the name means another one.
    fn image(&mut self, container: &Container) -> String {
        let config = &container.config;
        let engine = self.engine;
        let now = self
            .images
            .entry(config.image_reference.clone())
            .or_insert_with(|| {
                let image = engine.image(&config.image_reference).ok()?;
                Some(image.id.as_str().to_owned())
            });
        let is_id = config.image.hex().starts_with(&config.image_reference);
        match now {
            Some(id) if id == config.image.as_str() && !is_id => config.image_reference.clone(),
            _ if self.truncate => config.image.short().to_owned(),
            _ => config.image.as_str().to_owned(),
        }
    }

    fn size(&self, container: &Container) -> CommandResult<String> {
        if !self.sizes {
            return Ok("0B".to_owned());
        }
        let own = self.engine.writable_size(container.config.id.as_str())?;
        let image = self
            .engine
            .image(container.config.image.as_str())
            .map_or(0, |image| image.size);
        Ok(format!(
            "{} (virtual {})",
            human::size(own),
            human::size(own + image)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_filter_may_be_a_range_and_have_a_protocol() {
        assert!(is_port("80", 80, "tcp") && is_port("80-90/tcp", 85, "tcp"));
        assert!(!is_port("80", 80, "udp") && is_port("80/udp", 80, "udp"));
        assert!(!is_port("80-90", 91, "tcp") && !is_port("x", 0, "tcp"));
    }
}
