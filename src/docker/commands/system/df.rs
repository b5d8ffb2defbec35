//! `docker system df`.

use crate::docker::commands::container::ps::{names, sizes};
use crate::docker::commands::prune::bytes_of;
use crate::docker::commands::volume::users;
use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Words};
use crate::docker::rows::disk_usage::{COLUMNS, Details, Total, rows};
use crate::docker::rows::image::Usage;
use crate::docker::rows::{cache, container, image, volume};
use crate::docker::value::Value;
use engine::Engine;
use engine::image::Listed;
use engine::store::layers;
use std::collections::BTreeMap;

/// Arguments of `docker system df`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Show detailed information on space usage
    #[arg(short, long)]
    verbose: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Show docker disk usage";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let (images, image_rows) = self.images(ctx, &engine)?;
        let (containers, container_rows) = self.containers(ctx, &engine)?;
        let (volumes, volume_rows) = volumes(&engine)?;
        let (cache, cache_rows) = build_cache(ctx, &engine)?;
        let details = Details {
            images: image_rows,
            containers: container_rows,
            volumes: volume_rows,
            cache: cache_rows,
        };
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        let text = match (self.verbose, format) {
            (true, None | Some("table")) => details.tables(cache.bytes),
            (true, Some(format)) => details.render(format),
            (false, format) => {
                COLUMNS.render(format, false, rows(images, containers, volumes, cache))
            }
        };
        Ok(write!(ctx.out, "{}", text?)?)
    }
}

impl Args {
    fn images(&self, ctx: &mut Ctx, engine: &Engine) -> CommandResult<(Total, Vec<Value>)> {
        let images = engine.listed_images()?;
        let stack = Stack::of(engine, &images);
        let mut made: BTreeMap<&str, usize> = BTreeMap::new();
        let containers = engine.containers()?;
        for container in &containers {
            *made.entry(container.config.image.as_str()).or_default() += 1;
        }
        let view = ctx.view(true)?;
        let mut total = Total {
            count: images.len(),
            bytes: stack.bytes(),
            ..Total::default()
        };
        let (mut rows, mut used) = (Vec::new(), 0);
        for image in &images {
            let usage = Usage {
                shared: stack.shared(image),
                containers: made.get(image.id.as_str()).copied().unwrap_or(0),
            };
            if usage.containers > 0 {
                total.active += 1;
                used += image.size.saturating_sub(usage.shared);
            }
            // One row for each image, under its first name.
            rows.extend(
                image::rows(image, &view, Some(usage), false)
                    .into_iter()
                    .take(1),
            );
        }
        total.reclaimable = total.bytes.saturating_sub(used);
        Ok((total, rows))
    }

    fn containers(&self, ctx: &mut Ctx, engine: &Engine) -> CommandResult<(Total, Vec<Value>)> {
        let containers = engine.containers()?;
        let names = names(engine, &containers);
        let view = ctx.view(true)?;
        let mut total = Total {
            count: containers.len(),
            ..Total::default()
        };
        let mut rows = Vec::new();
        for container in &containers {
            let (own, _) = sizes(engine, container)?;
            total.bytes += own;
            match container.status.is_alive() {
                true => total.active += 1,
                false => total.reclaimable += own,
            }
            rows.push(container::row(container, &view, &names, Some((own, 0))));
        }
        Ok((total, rows))
    }
}

fn volumes(engine: &Engine) -> CommandResult<(Total, Vec<Value>)> {
    let users = users(engine)?;
    let volumes = engine.volumes()?;
    let mut total = Total {
        count: volumes.len(),
        ..Total::default()
    };
    let mut rows = Vec::new();
    for volume in &volumes {
        let bytes = bytes_of(&volume.mountpoint);
        let links = users.get(volume.name.as_str()).copied().unwrap_or(0);
        total.bytes += bytes;
        match links > 0 {
            true => total.active += 1,
            false => total.reclaimable += bytes,
        }
        rows.push(volume::row(volume, Some((links, bytes))));
    }
    Ok((total, rows))
}

/// The build cache. A layer that an image or a container also has counts as theirs, and is not reclaimed with the
/// cache.
fn build_cache(ctx: &mut Ctx, engine: &Engine) -> CommandResult<(Total, Vec<Value>)> {
    let view = ctx.view(true)?;
    let entries = engine.build_cache()?;
    let mut total = Total {
        count: entries.len(),
        active: entries.iter().filter(|entry| entry.shared).count(),
        ..Total::default()
    };
    let own = entries.iter().filter(|entry| !entry.shared);
    total.bytes = own.map(|entry| entry.size).sum();
    total.reclaimable = total.bytes;
    let rows = entries.iter().map(|entry| cache::entry(entry, &view));
    Ok((total, rows.collect()))
}

/// All layers of all images: how large each is, and how many images have it.
struct Stack<'a>(BTreeMap<&'a str, (u64, usize)>);

impl<'a> Stack<'a> {
    fn of(engine: &Engine, images: &'a [Listed]) -> Self {
        let mut layers: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
        for chain in images.iter().flat_map(|image| &image.chain) {
            let layer = layers.entry(chain).or_insert_with(|| {
                // A damaged layer has no space that could be reclaimed here.
                (
                    layers::read(engine.home(), chain).map_or(0, |layer| layer.size),
                    0,
                )
            });
            layer.1 += 1;
        }
        Self(layers)
    }

    /// Bytes of all layers, each counted once.
    fn bytes(&self) -> u64 {
        self.0.values().map(|(size, _)| size).sum()
    }

    /// Bytes of the layers of `image` that other images also have.
    fn shared(&self, image: &Listed) -> u64 {
        let layers = image
            .chain
            .iter()
            .filter_map(|chain| self.0.get(chain.as_str()));
        layers
            .filter(|(_, users)| *users > 1)
            .map(|(size, _)| size)
            .sum()
    }
}
