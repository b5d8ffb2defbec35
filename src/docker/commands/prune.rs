//! The five `prune` commands: the question, the removal, and the reclaimed space.

use crate::docker::commands::Command;
use crate::docker::commands::volume::users;
use crate::docker::commands::{CommandResult, Ctx, Failure, Words};
use crate::docker::select::Filters;
use crate::docker::select::prune::Prunable;
use crate::docker::timestamps;
use crate::docker::values::pairs;
use crate::term::human;
use engine::build::cache::inventory::CachePrune;
use engine::events::{Action, ObjectKind};
use engine::image::prune::{LabelFilter, PruneOptions};
use engine::image::remove::Removed;
use engine::runtime::spec::{RemoveOptions, Status};
use engine::{Engine, ErrorKind};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

/// The flags that all of them have.
#[derive(Debug, clap::Args)]
pub(crate) struct PruneFlags {
    /// Provide filter values (e.g. "until=<timestamp>")
    #[arg(long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    /// Do not prompt for confirmation
    #[arg(short, long)]
    force: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl PruneFlags {
    /// Parses the filters of a command that supports `known`.
    fn choice(&self, known: &[&str], now: Timestamp) -> CommandResult<Prunable> {
        Ok(Prunable::new(
            self.filters()?,
            known,
            now,
            &TimeZone::system(),
        )?)
    }

    fn filters(&self) -> CommandResult<Filters> {
        Filters::parse(&self.filter).map_err(Failure::message)
    }

    /// Asks for confirmation, unless `--force` is given. Only `y` is a yes, as in Docker.
    fn confirm(&self, ctx: &mut Ctx, warning: &str) -> CommandResult<bool> {
        if self.force {
            return Ok(true);
        }
        write!(
            ctx.out,
            "WARNING! This will remove {warning}\nAre you sure you want to continue? [y/N] "
        )?;
        ctx.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(answer.trim().eq_ignore_ascii_case("y"))
    }
}

/// The time of the last `until`.
fn until(filters: &Filters, now: Timestamp) -> CommandResult<Option<Timestamp>> {
    let until = filters.values("until").last();
    let until = until.map(|text| timestamps::parse(text, now, &TimeZone::system()));
    until.transpose().map_err(Failure::message)
}

/// The result of a prune: removed things, and failures.
#[derive(Default)]
struct Pruned {
    /// A line for each removed thing.
    removed: Vec<String>,
    /// The bytes of the removed files.
    space: u64,
    failures: Vec<Failure>,
}

impl Pruned {
    /// Records the result of removing `name`, with `space` bytes. A thing that is in use or gone by now is not a
    /// failure.
    fn note(&mut self, name: &str, space: u64, ended: engine::Result<()>) {
        match ended {
            Ok(()) => {
                self.removed.push(name.to_owned());
                self.space += space;
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {}
            Err(error) => self.failures.push(error.into()),
        }
    }

    /// Prints the removed things under `title`. Returns the bytes, and the failures.
    fn tell(self, ctx: &mut Ctx, title: &str) -> CommandResult<(u64, Vec<Failure>)> {
        tell(ctx, title, &self.removed)?;
        Ok((self.space, self.failures))
    }

    /// Prints the removed things under `title`, and the bytes. Error: the failures.
    fn tell_all(self, ctx: &mut Ctx, title: &str) -> CommandResult {
        let (space, failures) = self.tell(ctx, title)?;
        tell_space(ctx, space)?;
        all_well(failures)
    }
}

/// All failures as one error, if there are any.
fn all_well(failures: Vec<Failure>) -> CommandResult {
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::Several(failures)),
    }
}

/// Prints the removed things under `title`, if there are any.
fn tell(ctx: &mut Ctx, title: &str, removed: &[String]) -> CommandResult {
    if !removed.is_empty() {
        writeln!(ctx.out, "{title}")?;
        for name in removed {
            writeln!(ctx.out, "{name}")?;
        }
        writeln!(ctx.out)?;
    }
    Ok(())
}

/// The last line of every prune.
fn tell_space(ctx: &mut Ctx, bytes: u64) -> CommandResult {
    Ok(writeln!(
        ctx.out,
        "Total reclaimed space: {}",
        human::size4(bytes)
    )?)
}

/// Arguments of `docker container prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct Container {
    #[command(flatten)]
    flags: PruneFlags,
}

impl Command for Container {
    const ABOUT: &'static str = "Remove all stopped containers";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let choice = self
            .flags
            .choice(&["until", "label", "label!"], engine.now())?;
        if !self.flags.confirm(ctx, "all stopped containers.")? {
            return Ok(());
        }
        containers(&engine, &choice)?.tell_all(ctx, "Deleted Containers:")
    }
}

/// Removes stopped containers; returns their ids and bytes.
fn containers(engine: &Engine, choice: &Prunable) -> CommandResult<Pruned> {
    let mut pruned = Pruned::default();
    for container in engine.containers()? {
        let is_stopped = matches!(
            container.status,
            Status::Created | Status::Exited | Status::Dead
        );
        if !is_stopped || !choice.allows(Some(container.config.created), &container.config.labels) {
            continue;
        }
        let id = container.config.id.as_str();
        // A container that was started or removed meanwhile must not be removed.
        let Ok(size) = engine.writable_size(id) else {
            continue;
        };
        pruned.note(id, size, engine.remove(id, RemoveOptions::default()));
    }
    let event = engine
        .event(ObjectKind::Container, Action::Prune, "")
        .with("reclaimed", pruned.space.to_string());
    engine.record(&event);
    Ok(pruned)
}

/// Arguments of `docker image prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct Image {
    /// Remove all unused images, not just dangling ones
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    flags: PruneFlags,
}

impl Command for Image {
    const ABOUT: &'static str = "Remove unused images";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let known = ["until", "label", "label!", "dangling"];
        let dangling = self
            .flags
            .choice(&known, engine.now())?
            .boolean("dangling")?;
        let all = self.all || dangling == Some(false);
        let warning = match all {
            true => "all images without at least one container associated to them.",
            false => "all dangling images.",
        };
        if !self.flags.confirm(ctx, warning)? {
            return Ok(());
        }
        let (removed, space) = images(&engine, &self.flags, all)?;
        tell(ctx, "Deleted Images:", &removed)?;
        tell_space(ctx, space)
    }
}

/// Removes images that no container uses, only unnamed ones unless `all`; returns a line for each removed thing, and
/// the bytes of its files. The filters are already validated.
fn images(engine: &Engine, flags: &PruneFlags, all: bool) -> CommandResult<(Vec<String>, u64)> {
    let filters = flags.filters()?;
    let labels = |name: &'static str, negated: bool| {
        let labels: Vec<_> = filters
            .values(name)
            .map(|text| label(text, negated))
            .collect();
        labels
    };
    let options = PruneOptions {
        all,
        until: until(&filters, engine.now())?,
        labels: [labels("label", false), labels("label!", true)].concat(),
    };
    let (removed, space) = engine.prune_images(&options)?;
    let lines = removed.iter().map(|one| match one {
        Removed::Untagged { name, .. } => format!("untagged: {name}"),
        Removed::Deleted(id) => format!("deleted: {id}"),
    });
    Ok((lines.collect(), space))
}

fn label(text: &str, negated: bool) -> LabelFilter {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text, None),
    };
    LabelFilter {
        key: key.to_owned(),
        value,
        negated,
    }
}

/// Arguments of `docker volume prune`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("filter", |arg| arg.help("Provide filter values (e.g. \"label=<label>\")")))]
pub(crate) struct Volume {
    /// Remove all unused volumes, not just anonymous ones
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    flags: PruneFlags,
}

impl Command for Volume {
    const ABOUT: &'static str = "Remove unused local volumes";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let choice = self
            .flags
            .choice(&["label", "label!", "all"], engine.now())?;
        let all = self.all || choice.boolean("all")?.unwrap_or(false);
        let warning = match all {
            true => "all local volumes not used by at least one container.",
            false => "anonymous local volumes not used by at least one container.",
        };
        if !self.flags.confirm(ctx, warning)? {
            return Ok(());
        }
        volumes(&engine, &choice, all)?.tell_all(ctx, "Deleted Volumes:")
    }
}

/// Removes volumes that no container uses, only anonymous ones unless `all`; returns their names and bytes.
fn volumes(engine: &Engine, choice: &Prunable, all: bool) -> CommandResult<Pruned> {
    let users = users(engine)?;
    let mut pruned = Pruned::default();
    for volume in engine.volumes()? {
        let is_used = users.contains_key(volume.name.as_str());
        if is_used
            || !(all || volume.anonymous)
            || !choice.allows(Some(volume.created), &volume.labels)
        {
            continue;
        }
        let size = bytes_of(&volume.mountpoint);
        let ended = engine.remove_volume(&volume.name, false);
        pruned.note(volume.name.as_str(), size, ended);
    }
    let event = engine
        .event(ObjectKind::Volume, Action::Prune, "")
        .with("reclaimed", pruned.space.to_string());
    engine.record(&event);
    Ok(pruned)
}

/// Total bytes of all files under `folder`. Unreadable files count as 0.
pub(crate) fn bytes_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_of(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Arguments of `docker builder prune`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("filter", |arg| arg.help("Provide filter values (e.g., \"until=24h\")")))]
pub(crate) struct Builder {
    /// Remove all unused build cache, not just dangling ones
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    flags: PruneFlags,
}

impl Command for Builder {
    const ABOUT: &'static str = "Remove build cache";
    const USAGE: &'static str = "";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let filters = self.flags.filters()?;
        filters.check(&["until"])?;
        let options = options(&engine, &filters, self.all)?;
        let warning = match self.all {
            true => "all build cache.",
            false => "all dangling build cache.",
        };
        if !self.flags.confirm(ctx, warning)? {
            return Ok(());
        }
        build_cache(ctx, &engine, options, 0)
    }
}

/// The entries that `filters` and `--all` select.
fn options(engine: &Engine, filters: &Filters, all: bool) -> CommandResult<CachePrune> {
    Ok(CachePrune {
        all,
        until: until(filters, engine.now())?,
    })
}

/// Removes the entries that `options` select, and prints the reclaimed space; `before` are bytes reclaimed earlier.
fn build_cache(ctx: &mut Ctx, engine: &Engine, options: CachePrune, before: u64) -> CommandResult {
    let (keys, space) = engine.prune_build_cache(options)?;
    tell(ctx, "Deleted build cache objects:", &keys)?;
    tell_space(ctx, before + space)
}

/// Arguments of `docker system prune`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("filter", |arg| arg.help("Provide filter values (e.g. \"label=<key>=<value>\")")))]
pub(crate) struct System {
    /// Remove all unused images not just dangling ones
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    flags: PruneFlags,
    /// Prune anonymous volumes
    #[arg(long)]
    volumes: bool,
}

impl Command for System {
    const ABOUT: &'static str = "Remove unused data";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let choice = self
            .flags
            .choice(&["until", "label", "label!"], engine.now())?;
        if !self.flags.confirm(ctx, &self.warning())? {
            return Ok(());
        }
        // A failure for one kind of thing does not stop the removal of others.
        let (mut space, mut failures) = containers(&engine, &choice)
            .and_then(|pruned| pruned.tell(ctx, "Deleted Containers:"))
            .unwrap_or_else(|failure| (0, vec![failure]));
        if self.volumes {
            let (bytes, more) = volumes(&engine, &choice, false)
                .and_then(|pruned| pruned.tell(ctx, "Deleted Volumes:"))
                .unwrap_or_else(|failure| (0, vec![failure]));
            space += bytes;
            failures.extend(more);
        }
        match images(&engine, &self.flags, self.all) {
            Ok((images, bytes)) => {
                tell(ctx, "Deleted Images:", &images)?;
                space += bytes;
            }
            Err(failure) => failures.push(failure),
        }
        let filters = self.flags.filters()?;
        // A step has no labels, so no filter by label selects one.
        if filters.values("label").next().is_some() {
            tell_space(ctx, space)?;
            return all_well(failures);
        }
        let options = options(&engine, &filters, self.all)?;
        failures.extend(build_cache(ctx, &engine, options, space).err());
        all_well(failures)
    }
}

impl System {
    fn warning(&self) -> String {
        let mut what = vec!["all stopped containers"];
        if self.volumes {
            what.push("all anonymous volumes not used by at least one container");
        }
        what.push(match self.all {
            true => "all images without at least one container associated to them",
            false => "all dangling images",
        });
        what.push("unused build cache");
        let list: String = what.iter().map(|line| format!("  - {line}\n")).collect();
        format!("WARNING! This will remove:\n{list}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_files_in_all_folders() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/a"), "12345").unwrap();
        fs::write(folder.path().join("b"), "123").unwrap();
        assert_eq!(bytes_of(folder.path()), 8);
        assert_eq!(bytes_of(Path::new("/nope")), 0);
    }
}
