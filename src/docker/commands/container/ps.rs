//! `docker ps`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Failure, Words};
use crate::docker::listing::BadFormat;
use crate::docker::listing::QUIET_WINS;
use crate::docker::rows::container::{COLUMNS, COLUMNS_WITH_SIZE, row};
use crate::docker::select::Filters;
use crate::docker::select::containers::{Query, select};
use crate::docker::values::{self, pairs};
use engine::Engine;
use engine::events::{Action, ObjectKind};
use engine::image::resolve::find_id;
use engine::oci::digest::ImageId;
use engine::oci::reference::Reference;
use engine::runtime::spec::Container;
use engine::store::images;
use std::collections::{BTreeMap, BTreeSet};

/// Arguments of `docker ps`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show all containers (default shows just running)
    #[arg(short, long)]
    all: bool,
    /// Filter output based on conditions provided
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
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

impl Command for Args {
    const ABOUT: &'static str = "List containers";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        if self.quiet && format.is_some() {
            writeln!(ctx.err, "{QUIET_WINS}")?;
        }
        let format = format.filter(|_| !self.quiet);
        let query = Query {
            all: self.all,
            limit: match self.latest {
                true => Some(1),
                false => usize::try_from(self.last).ok().filter(|limit| *limit > 0),
            },
            filters: Filters::parse(&self.filter).map_err(Failure::message)?,
        };
        let chosen = select(engine.containers()?, &query, &|name| {
            engine.image(name).ok()
        })?;
        let columns = if self.size {
            COLUMNS_WITH_SIZE
        } else {
            COLUMNS
        };
        let wants_size = self.size || format.is_some_and(|format| format.contains(".Size"));
        // Image names, sizes and the clock are needed only if rows show more than an id.
        let names = if self.quiet {
            BTreeMap::new()
        } else {
            names(&engine, &chosen)
        };
        let view = ctx.view(!self.no_trunc)?;
        let sizes: Vec<_> = match wants_size && !self.quiet {
            true => {
                let sizes = chosen.iter().map(|one| sizes(&engine, one).map(Some));
                sizes.collect::<Result<_, _>>()?
            }
            false => vec![None; chosen.len()],
        };
        let rows = chosen.iter().zip(sizes);
        let rows = rows.map(|(container, sizes)| row(container, &view, &names, sizes));
        let text = columns.render(format, self.quiet, rows).map_err(|error| {
            // Docker's `ps` has a special message for this.
            Failure::message(match error {
                BadFormat::Syntax(error) => format!("failed to parse template: {error}"),
                BadFormat::Data(error) => format!("failed to execute template: {error}"),
            })
        })?;
        write!(ctx.out, "{text}")?;
        engine.record(&engine.event(ObjectKind::Container, Action::List, ""));
        Ok(())
    }
}

/// The current images of the names by which `containers` were created, as they were written.
pub(crate) fn names(engine: &Engine, containers: &[Container]) -> BTreeMap<String, ImageId> {
    // Without the table no name has an image; the containers are shown all the same.
    let table = images::read(engine.sandbox()).unwrap_or_default();
    let written = containers.iter().map(|one| &one.config.image_reference);
    let names: BTreeSet<&String> = written.collect();
    let current = names.into_iter().filter_map(|name| {
        let reference = Reference::parse(name).ok()?.or_latest();
        Some((name.clone(), find_id(&table, &reference.familiar()).ok()?))
    });
    current.collect()
}

/// Bytes of the container's writable layer, and of all layers.
pub(crate) fn sizes(engine: &Engine, container: &Container) -> CommandResult<(u64, u64)> {
    let own = engine.writable_size(container.config.id.as_str())?;
    let image = engine.image(container.config.image.as_str());
    Ok((own, own + image.map_or(0, |image| image.size)))
}
