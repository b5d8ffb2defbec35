//! `docker image prune`: removes unused images, or only those without a name.
//!
//! Source: moby `daemon/images/image_prune.go`.

use super::remove::{InUse, RemoveImageOptions, Removed, remove};
use crate::engine::Engine;
use crate::error::Result;
use crate::events::{Action, ObjectKind};
use crate::oci::config::ImageConfig;
use crate::oci::digest::ImageId;
use crate::store::images;
use crate::store::images::ImageTable;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// Which images `prune` removes.
#[derive(Debug, Clone, Default)]
pub struct PruneOptions {
    /// `-a`: also those with a name.
    pub all: bool,
    /// `--filter until=`: only those made before.
    pub until: Option<Timestamp>,
    /// `--filter label=` and `label!=`.
    pub labels: Vec<LabelFilter>,
}

/// One `label` filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFilter {
    /// The label.
    pub key: String,
    /// The value that it must have; any if `None`.
    pub value: Option<String>,
    /// `label!=`: it must not have it.
    pub negated: bool,
}

impl LabelFilter {
    /// Whether `labels` match.
    pub fn passes(&self, labels: Option<&BTreeMap<String, String>>) -> bool {
        let found = labels
            .and_then(|labels| labels.get(&self.key))
            .is_some_and(|value| self.value.as_ref().is_none_or(|wanted| wanted == value));
        found != self.negated
    }
}

impl Engine {
    /// Removes unused images. Returns what was removed, and the bytes of its files.
    pub fn prune_images(&self, options: &PruneOptions) -> Result<(Vec<Removed>, u64)> {
        let containers = self.image_users()?;
        let removed = images::update(&self.sandbox, |table| {
            prune(table, options, &containers, |id| {
                super::config(&self.home, id)
            })
        })?;
        let (removed, reclaimed) = self.after_removal(removed)?;
        // Layers that only a removed container needed may still be there as well.
        let reclaimed = reclaimed + self.collect(&[])?.size;
        self.note(
            ObjectKind::Image,
            Action::Prune,
            "",
            json!({"reclaimed": reclaimed.to_string()}),
        );
        Ok((removed, reclaimed))
    }
}

/// Removes images from `table`; `config` reads a configuration. An image that cannot be removed stays, without an
/// error.
pub fn prune(
    table: &mut ImageTable,
    options: &PruneOptions,
    containers: &[InUse],
    config: impl Fn(&ImageId) -> Result<ImageConfig>,
) -> Result<Vec<Removed>> {
    let mut removed = Vec::new();
    for id in table.images.keys().cloned().collect::<Vec<_>>() {
        let references = table.references_of(&id);
        let children = table.has_children(&id);
        if children && (!options.all || references.is_empty()) {
            continue;
        }
        let has_tag = references.iter().any(|name| name.tag().is_some());
        if (has_tag && !options.all) || !is_wanted(config(&id), options) {
            continue;
        }
        let names: Vec<String> = match references.is_empty() {
            true => vec![id.hex().to_owned()],
            false => references.iter().map(ToString::to_string).collect(),
        };
        for name in names {
            // An image in use stays whole, and one already removed with another image is skipped.
            let mut trial = table.clone();
            let options = RemoveImageOptions::default();
            if let Ok(done) = remove(&mut trial, &name, options, containers) {
                *table = trial;
                removed.extend(done);
            }
        }
    }
    Ok(removed)
}

/// Whether `options` select the image with `config`. A damaged configuration has no date and no labels.
fn is_wanted(config: Result<ImageConfig>, options: &PruneOptions) -> bool {
    let config = config.unwrap_or_default();
    let created: Option<Timestamp> = config.created.as_deref().and_then(|text| text.parse().ok());
    if let Some(until) = options.until
        && created.is_none_or(|created| created > until)
    {
        return false;
    }
    let labels = config.config.labels.as_ref();
    options.labels.iter().all(|filter| filter.passes(labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ContainerId;
    use crate::oci::digest::Digest;
    use crate::oci::reference::Reference;
    use crate::store::images::ImageRecord;

    fn id(name: &str) -> ImageId {
        Digest::of(name.as_bytes())
    }

    fn table() -> ImageTable {
        let mut table = ImageTable::default();
        for (image, name) in [("named", "x:1"), ("used", "y:1"), ("dangling", "")] {
            table.images.insert(
                id(image),
                ImageRecord {
                    added: Timestamp::UNIX_EPOCH,
                    created: None,
                    last_tagged: None,
                    parent: None,
                    chain: Vec::new(),
                    size: 0,
                    lost: Vec::new(),
                },
            );
            if let Ok(name) = Reference::parse(name) {
                table.tag(name, &id(image), Timestamp::UNIX_EPOCH);
            }
        }
        table
    }

    #[track_caller]
    fn check(options: &PruneOptions, expected: &[&str]) {
        let mut table = table();
        let users = [InUse {
            container: ContainerId::parse(&"c".repeat(64)).unwrap(),
            name: "c".to_owned(),
            image: id("used"),
            running: false,
        }];
        let config = |image: &ImageId| {
            let label = (*image == id("dangling")).then(|| ("keep".to_owned(), "1".to_owned()));
            let mut config = ImageConfig {
                created: Some("2026-01-01T00:00:00Z".to_owned()),
                ..ImageConfig::default()
            };
            config.config.labels = Some(label.into_iter().collect());
            Ok(config)
        };
        prune(&mut table, options, &users, config).unwrap();
        let gone: Vec<_> = ["named", "used", "dangling"]
            .into_iter()
            .filter(|image| !table.images.contains_key(&id(image)))
            .collect();
        assert_eq!(gone, expected);
    }

    #[test]
    fn only_nameless_images_go_and_with_all_also_unused_ones() {
        check(&PruneOptions::default(), &["dangling"]);
        let all = PruneOptions {
            all: true,
            ..PruneOptions::default()
        };
        check(&all, &["named", "dangling"]);
    }

    #[test]
    fn filters_keep_what_they_do_not_match() {
        let until = |text: &str| PruneOptions {
            until: Some(text.parse().unwrap()),
            ..PruneOptions::default()
        };
        check(&until("2025-12-31T00:00:00Z"), &[]);
        check(&until("2026-01-02T00:00:00Z"), &["dangling"]);
        let label = |value: Option<&str>, negated| PruneOptions {
            labels: vec![LabelFilter {
                key: "keep".to_owned(),
                value: value.map(str::to_owned),
                negated,
            }],
            ..PruneOptions::default()
        };
        check(&label(None, false), &["dangling"]);
        check(&label(None, true), &[]);
        check(&label(Some("2"), false), &[]);
        check(&label(Some("2"), true), &["dangling"]);
    }
}
