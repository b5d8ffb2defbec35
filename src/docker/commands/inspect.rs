//! `docker inspect`, and `inspect` of each group.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::inspect::{self, Format};
use crate::docker::value::Value;
use engine::events::{Action, ObjectKind};
use engine::id::VolumeName;
use engine::{Engine, Error, ErrorKind};

/// The help of `--format` for `inspect`.
pub(super) const FORMAT_HELP: &str = "Format output using a custom template:
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates";

/// All types that Docker has. Objects of types that docklings lacks are never found.
const TYPES: &[&str] = &[
    "config",
    "container",
    "image",
    "network",
    "node",
    "plugin",
    "secret",
    "service",
    "task",
    "volume",
];

/// Arguments of `docker inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    flags: FormatFlags,
    /// Display total file sizes if the type is container
    #[arg(short, long)]
    size: bool,
    /// Only inspect objects of the given type
    #[arg(long = "type", value_name = "string")]
    kind: Option<String>,
}

impl Command for Inspect {
    const ABOUT: &'static str = "Return low-level information on Docker objects";
    const USAGE: &'static str = "[OPTIONS] NAME|ID [NAME|ID...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let one_of = format!("must be one of \"{}\"", TYPES.join("\", \""));
        match self.kind.as_deref() {
            Some("") => return Err(Failure::message(format!("type is empty: {one_of}"))),
            Some(kind) if !TYPES.contains(&kind) => {
                return Err(Failure::message(format!(
                    "unknown type: \"{kind}\": {one_of}"
                )));
            }
            _ => {}
        }
        let (kind, size) = (self.kind, self.size);
        show(ctx, &self.flags, |engine, name| {
            of_kind(engine, name, kind.as_deref(), size)
        })
    }
}

/// Looks up the names with `find`, and prints the objects; then the missing ones, with exit code 1.
fn show(
    ctx: &mut Ctx,
    flags: &FormatFlags,
    find: impl Fn(&Engine, &str) -> CommandResult<Value>,
) -> CommandResult {
    let format = Format::parse(flags.format.as_deref().unwrap_or_default())
        .map_err(|failure| Failure::Message(failure.message, failure.code))?;
    let engine = ctx.engine()?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in &flags.words {
        match find(&engine, name) {
            Ok(value) => found.push(value),
            Err(failure) => failures.push(failure),
        }
    }
    let (text, complaints) = format.render(&found);
    write!(ctx.out, "{text}")?;
    failures.extend(complaints.into_iter().map(Failure::message));
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::Several(failures)),
    }
}

/// The object called `name`: the first match, in the order container, image, network, volume.
fn of_kind(engine: &Engine, name: &str, kind: Option<&str>, size: bool) -> CommandResult<Value> {
    let wanted = |candidate: &str| kind.is_none_or(|kind| kind == candidate);
    let mut failure = None;
    let lookups: [(&str, &dyn Fn() -> CommandResult<Value>); 4] = [
        ("container", &|| container(engine, name, size)),
        ("image", &|| image(engine, name)),
        ("network", &|| network(engine, name)),
        ("volume", &|| volume(engine, name)),
    ];
    for (candidate, look_up) in lookups {
        if !wanted(candidate) {
            continue;
        }
        match look_up() {
            Err(Failure::Engine(error)) if is_absent(&error) => {
                failure = Some(Failure::Engine(error))
            }
            other => return other,
        }
    }
    Err(match failure {
        Some(failure) if kind.is_some() => failure,
        _ => Failure::message(format!("Error: No such object: {name}")),
    })
}

fn is_absent(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound || error.message().contains("invalid reference format")
}

/// The container called `name`; `size` adds the size of its files.
fn container(engine: &Engine, name: &str, size: bool) -> CommandResult<Value> {
    let container = engine.container(name)?;
    let id = container.config.id.as_str();
    let sizes = if size {
        let own = engine.writable_size(id)?;
        let image = engine
            .image(container.config.image.as_str())
            .map_or(0, |image| image.size);
        Some((own, own + image))
    } else {
        None
    };
    let event = engine.event(ObjectKind::Container, Action::Inspect, id);
    engine.record(&event.with("name", container.config.name.as_str()));
    Ok(inspect::container(
        &container,
        engine.home(),
        engine.sandbox(),
        sizes,
    ))
}

/// The image called `name`.
fn image(engine: &Engine, name: &str) -> CommandResult<Value> {
    if name.is_empty() {
        return Err(Failure::message("Error: No such image: "));
    }
    let image = engine.image(name)?;
    let event = engine.event(ObjectKind::Image, Action::Inspect, image.id.as_str());
    engine.record(&event.with("name", name));
    Ok(inspect::image(&image, engine.home()))
}

/// The network called `name`. Error: `network name not found`.
fn network(engine: &Engine, name: &str) -> CommandResult<Value> {
    let network = inspect::Network::find(name)
        .ok_or_else(|| Error::not_found(format!("network {name} not found")))?;
    Ok(inspect::network(network, &engine.containers()?))
}

/// The volume called `name`.
fn volume(engine: &Engine, name: &str) -> CommandResult<Value> {
    let volume = find_volume(engine, name)?;
    let event = engine.event(ObjectKind::Volume, Action::Inspect, name);
    engine.record(&event);
    Ok(inspect::volume(&volume))
}

/// The volume called `name`. Error: `get name: no such volume`.
fn find_volume(engine: &Engine, name: &str) -> CommandResult<engine::volume::Volume> {
    let missing = || Error::not_found(format!("get {name}: no such volume"));
    let name = VolumeName::parse(name).map_err(|_| missing())?;
    let found = engine
        .volumes()?
        .into_iter()
        .find(|volume| volume.name == name);
    Ok(found.ok_or_else(missing)?)
}

/// The flags that every `inspect` has.
#[derive(Debug, clap::Args)]
pub(crate) struct FormatFlags {
    #[arg(short, long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

/// Arguments of `docker container inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Container {
    #[command(flatten)]
    flags: FormatFlags,
    /// Display total file sizes
    #[arg(short, long)]
    size: bool,
}

impl Command for Container {
    const ABOUT: &'static str = "Display detailed information on one or more containers";
    const USAGE: &'static str = "[OPTIONS] CONTAINER [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        show(ctx, &self.flags, |engine, name| {
            container(engine, name, self.size)
        })
    }
}

/// Arguments of `docker image inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Image {
    #[command(flatten)]
    flags: FormatFlags,
}

impl Command for Image {
    const ABOUT: &'static str = "Display detailed information on one or more images";
    const USAGE: &'static str = "[OPTIONS] IMAGE [IMAGE...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        show(ctx, &self.flags, image)
    }
}

/// Arguments of `docker network inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Network {
    #[command(flatten)]
    flags: FormatFlags,
    /// Verbose output for diagnostics
    #[arg(short, long)]
    verbose: bool,
}

impl Command for Network {
    const ABOUT: &'static str = "Display detailed information on one or more networks";
    const USAGE: &'static str = "[OPTIONS] NETWORK [NETWORK...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        // No more details: `--verbose` is for networks of several machines.
        show(ctx, &self.flags, network)
    }
}

/// Arguments of `docker volume inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Volume {
    #[command(flatten)]
    flags: FormatFlags,
}

impl Command for Volume {
    const ABOUT: &'static str = "Display detailed information on one or more volumes";
    const USAGE: &'static str = "[OPTIONS] VOLUME [VOLUME...]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        show(ctx, &self.flags, volume)
    }
}
