//! `docker images`.

use super::pattern;
use crate::cli::Words;
use crate::commands::container::logs::moment;
use crate::commands::container::summary::elapsed;
use crate::commands::{Command, FORMAT_HELP};
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::filters::Filters;
use crate::render::listing::{Columns, QUIET_WINS};
use crate::render::value::{Struct, Value};
use crate::render::{human, timestamps};
use crate::values::pairs;
use engine::Engine;
use engine::image::Image;
use engine::oci::digest::ImageId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// Arguments of `docker images`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show all images (default hides intermediate images)
    #[arg(short, long)]
    all: bool,
    /// Show digests
    #[arg(long)]
    digests: bool,
    /// Filter output based on conditions provided
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<(String, String)>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Don't truncate output
    #[arg(long)]
    no_trunc: bool,
    /// Only show image IDs
    #[arg(short, long)]
    quiet: bool,
    /// List images as a tree of their layers (EXPERIMENTAL)
    #[arg(long)]
    tree: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

/// The fields of an image's row, and their headers.
pub(crate) const HEADERS: &[(&str, &str)] = &[
    ("ID", "IMAGE ID"),
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Size", "SIZE"),
    ("Containers", "CONTAINERS"),
    ("VirtualSize", "SIZE"),
    ("SharedSize", "SHARED SIZE"),
    ("UniqueSize", "UNIQUE SIZE"),
];

const TABLE: &str = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}";
const TABLE_WITH_DIGEST: &str = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}";

const FILTERS: &[&str] = &["before", "dangling", "label", "reference", "since", "until"];

impl Command for Args {
    const ABOUT: &'static str = "List images";
    const USAGE: &'static str = "[OPTIONS] [REPOSITORY[:TAG]]";
    const WORDS: Words = Words::AtMost(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        if self.tree {
            return super::tree::show(ctx, &self.words);
        }
        let engine = ctx.engine()?;
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        if self.quiet && format.is_some() {
            writeln!(ctx.err, "{QUIET_WINS}")?;
        }
        let columns = Columns {
            headers: HEADERS,
            table: if self.digests {
                TABLE_WITH_DIGEST
            } else {
                TABLE
            },
            quiet: "{{.ID}}",
            raw: None,
        };
        let chosen = self.chosen(&engine)?;
        let look = Look {
            now: engine.now(),
            zone: TimeZone::system(),
            truncate: !self.no_trunc,
            digests: self.digests || format.is_some_and(|format| format.contains(".Digest")),
        };
        let rows: Vec<Value> = chosen
            .iter()
            .flat_map(|(image, patterns)| look.rows(image, patterns))
            .collect();
        let text = columns
            .render(format, self.quiet, &rows)
            .map_err(Failure::message)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}

impl Args {
    /// The images to show, each with the patterns that its names must match.
    fn chosen(&self, engine: &Engine) -> CommandResult<Vec<(Image, Vec<String>)>> {
        let filters = Filters::new(&self.filter, FILTERS)?;
        let created = |name: &str| -> CommandResult<Option<Timestamp>> {
            let Some(image) = filters.get(name).last() else {
                return Ok(None);
            };
            Ok(engine.image(image)?.created)
        };
        let (before, since) = (created("before")?, created("since")?);
        let until = moment(
            "until",
            filters.get("until").last().map(String::as_str),
            engine.now(),
        )?;
        let dangling = filters.flag("dangling")?;
        let mut patterns: Vec<String> = filters.get("reference").to_vec();
        patterns.extend(self.words.iter().cloned());
        let images = engine.images()?;
        let parents: BTreeSet<ImageId> = images
            .iter()
            .filter_map(|image| image.parent.clone())
            .collect();
        let is_earlier = |image: &Image, limit: Option<Timestamp>| match (image.created, limit) {
            (_, None) => true,
            (Some(created), Some(limit)) => created < limit,
            (None, Some(_)) => true,
        };
        let chosen = images.into_iter().filter(|image| {
            let is_nameless = image.references.is_empty();
            let is_intermediate = is_nameless && parents.contains(&image.id);
            (self.all || !is_intermediate)
                && dangling.is_none_or(|dangling| dangling == (is_nameless && !is_intermediate))
                && is_earlier(image, before)
                && is_earlier(image, until)
                && since.is_none_or(|since| image.created.is_some_and(|created| created > since))
                && filters.labels(
                    "label",
                    image
                        .config
                        .config
                        .labels
                        .as_ref()
                        .unwrap_or(&Default::default()),
                )
                && (patterns.is_empty()
                    || image
                        .references
                        .iter()
                        .any(|name| pattern::matches_any(&patterns, name)))
        });
        Ok(chosen.map(|image| (image, patterns.clone())).collect())
    }
}

/// How rows are shown.
struct Look {
    now: Timestamp,
    zone: TimeZone,
    truncate: bool,
    digests: bool,
}

impl Look {
    /// A row for each name of `image` that matches; one of `<none>` if it has no name.
    fn rows(&self, image: &Image, patterns: &[String]) -> Vec<Value> {
        let names = image
            .references
            .iter()
            .filter(|name| patterns.is_empty() || pattern::matches_any(patterns, name));
        let (tags, digests): (Vec<_>, Vec<_>) = names.partition(|name| name.digest().is_none());
        let mut rows = Vec::new();
        let none = "<none>";
        if image.references.is_empty() {
            rows.push(self.row(image, none, none, none));
        }
        for name in &tags {
            let repository = name.familiar_name();
            let of_same: Vec<_> = digests
                .iter()
                .filter(|digest| self.digests && digest.familiar_name() == repository)
                .filter_map(|name| name.digest())
                .collect();
            let tag = name.tag().unwrap_or("latest");
            if of_same.is_empty() {
                rows.push(self.row(image, &repository, tag, none));
            }
            rows.extend(
                of_same
                    .iter()
                    .map(|digest| self.row(image, &repository, tag, digest.as_str())),
            );
        }
        for name in &digests {
            let repository = name.familiar_name();
            if tags.iter().all(|tag| tag.familiar_name() != repository) {
                let digest = name.digest().map_or(none, |digest| digest.as_str());
                rows.push(self.row(image, &repository, none, digest));
            }
        }
        rows
    }

    fn row(&self, image: &Image, repository: &str, tag: &str, digest: &str) -> Value {
        let id = if self.truncate {
            image.id.short()
        } else {
            image.id.as_str()
        };
        let created = image.created.unwrap_or(Timestamp::UNIX_EPOCH);
        let since = format!("{} ago", human::span(elapsed(created, self.now)));
        Struct::row("*formatter.imageContext")
            .with("Containers", "N/A")
            .with("CreatedAt", timestamps::created_at(created, &self.zone))
            .with("CreatedSince", since)
            .with("Digest", digest)
            .with("ID", id)
            .with("Repository", repository)
            .with("SharedSize", "N/A")
            .with("Size", human::size(image.size))
            .with("Tag", tag)
            .with("UniqueSize", "N/A")
            .with("VirtualSize", human::size4(image.size))
            .into()
    }
}
