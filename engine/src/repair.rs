//! Finds damage in a home, as after a power cut, and repairs it: `docklings doctor --repair`.
//!
//! **What Docker does.** A daemon with a damaged container record logs it and continues without the container.
//! **What we do.** The commands do the same. Here everything is checked, set aside, and rebuilt where the data is still
//! known: an image table from the journal, a name from its container, a layer from the sources of
//! [`crate::image::repair`].

use crate::error::{Error, IoContext, Result};
use crate::events::{self, Action, ObjectKind};
use crate::id::{ContainerId, VolumeName};
use crate::image::starter::{self, Starters};
use crate::image::{self, collect, repair};
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths, create_private_dir};
use crate::store::containers::{ContainerConfig, RecordedState};
use crate::store::damage::{self, put_aside};
use crate::store::images::{self, ImageRecord, ImageTable};
use crate::store::{atomic, blobs, layers, lock, records, whole};
use crate::volume;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A record that is unreadable or has changed.
#[derive(Debug)]
pub struct Damage {
    /// Its path within the home.
    pub place: String,
    /// Why it counts as damaged.
    pub why: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A file that is rebuilt, or whose loss `lost` describes.
    File {
        path: PathBuf,
        lost: &'static str,
    },
    Images(SandboxPaths),
    Container(SandboxPaths, ContainerId),
    Name(SandboxPaths, Box<ContainerConfig>),
    Volume(SandboxPaths, VolumeName),
    Configuration(ImageId),
    Layer(String),
}

const MADE_AGAIN: &str = "it is made again when it is needed";

/// Checks every record, and counts the files of every layer.
pub fn examine(home: &Home) -> Vec<Damage> {
    let mut found = Examination {
        home,
        damages: Vec::new(),
    };
    found.files_of_home();
    for sandbox in collect::sandboxes(home).unwrap_or_default() {
        found.sandbox(&sandbox);
    }
    for chain in layers::list(home).unwrap_or_default() {
        if !layers::is_counted_whole(home, &chain) {
            let path = layers::path(home, &chain);
            found.add(&path, "not all of its files are there", Kind::Layer(chain));
        }
    }
    found.damages
}

struct Examination<'a> {
    home: &'a Home,
    damages: Vec<Damage>,
}

impl Examination<'_> {
    fn add(&mut self, path: &Path, why: impl ToString, kind: Kind) {
        let place = path.strip_prefix(self.home.root()).unwrap_or(path);
        self.damages.push(Damage {
            place: place.display().to_string(),
            why: why.to_string(),
            kind,
        });
    }

    /// Records damage if the file at `path` is not JSON; a missing file is fine.
    fn file(&mut self, path: PathBuf, lost: &'static str) {
        if let Err(error) = atomic::read_json::<Value>(&path) {
            self.add(&path.clone(), cause(&error), Kind::File { path, lost });
        }
    }

    fn files_of_home(&mut self) {
        let home = self.home;
        self.file(
            home.progress(),
            "what was done is lost; `docklings progress import FILE` takes over what was exported",
        );
        self.file(
            home.config(),
            "which hub was chosen is lost; `docklings config hub` chooses one",
        );
        self.file(home.starters(), MADE_AGAIN);
        for name in ["seeded.json", "socket.json"] {
            self.file(home.hub().join(name), MADE_AGAIN);
        }
        for folder in ["layers", "images"] {
            for path in files(&home.distribution().join(folder)) {
                self.file(path, MADE_AGAIN);
            }
        }
    }

    fn sandbox(&mut self, sandbox: &SandboxPaths) {
        // An empty file means that no user is logged in.
        if fs::metadata(sandbox.logins()).is_ok_and(|about| about.len() > 0) {
            self.file(
                sandbox.logins(),
                "the logins are lost; `docker login` makes new ones",
            );
        }
        self.file(
            sandbox.hub().join("accounts.json"),
            "the practice hub's accounts are lost; the next `docker login` makes one",
        );
        match images::read(sandbox) {
            Err(error) => {
                self.add(
                    &sandbox.images(),
                    cause(&error),
                    Kind::Images(sandbox.clone()),
                );
            }
            Ok(table) => {
                for id in table.images.into_keys() {
                    if let Err(error) = image::config(self.home, &id) {
                        let path = blobs::path(self.home, &id);
                        self.add(&path, error, Kind::Configuration(id));
                    }
                }
            }
        }
        for id in records::list(sandbox).unwrap_or_default() {
            self.container(sandbox, id);
        }
        for path in files(&sandbox.volumes()) {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.and_then(|name| VolumeName::parse(name).ok());
            let record = path.join(volume::RECORD);
            if let (Some(name), Err(error)) = (name, atomic::read_json::<Value>(&record)) {
                self.add(&record, cause(&error), Kind::Volume(sandbox.clone(), name));
            }
        }
    }

    fn container(&mut self, sandbox: &SandboxPaths, id: ContainerId) {
        let place = sandbox.container(&id);
        let state = place.state();
        match records::read(sandbox, &id) {
            Err(error) => {
                let kind = Kind::Container(sandbox.clone(), id);
                self.add(&place.config(), cause(&error), kind);
            }
            Ok(Some((config, _))) => {
                if let Err(error) = atomic::read_json::<RecordedState>(&state) {
                    let lost = "how the container ended is lost";
                    self.add(
                        &state,
                        cause(&error),
                        Kind::File {
                            path: state.clone(),
                            lost,
                        },
                    );
                }
                let name = sandbox.names().join(&config.name);
                let leads = fs::read(&name).unwrap_or_default();
                if leads.trim_ascii() != id.as_str().as_bytes() {
                    let why = "it does not lead to its container";
                    self.add(&name, why, Kind::Name(sandbox.clone(), Box::new(config)));
                }
            }
            Ok(None) => {}
        }
    }
}

/// The reason why a file is damaged, without its name.
fn cause(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => cause.to_string(),
        None => error.message().to_owned(),
    }
}

/// Sets damaged files aside, and rebuilds them where possible. Returns one sentence for the user: what was saved and
/// what was lost.
pub fn repair(home: &Home, damage: &Damage, now: Timestamp) -> Result<String> {
    match &damage.kind {
        Kind::File { path, lost } => put_aside(path, now).map(|_| (*lost).to_owned()),
        Kind::Images(sandbox) => images_again(home, sandbox, now),
        Kind::Container(sandbox, id) => container_aside(sandbox, id),
        Kind::Name(sandbox, config) => {
            records::name_again(sandbox, config)?;
            Ok(format!("`{}` leads to its container again", config.name))
        }
        Kind::Volume(sandbox, name) => {
            volume::record_again(sandbox, name, now)?;
            Ok("the files of the volume are all there; its labels are lost".to_owned())
        }
        Kind::Configuration(id) => configuration_again(home, id, now),
        Kind::Layer(chain) => layer_again(home, chain),
    }
}

fn container_aside(sandbox: &SandboxPaths, id: &ContainerId) -> Result<String> {
    let place = sandbox.container(id);
    if lock::is_held(place.lock())? {
        return Ok(format!("it still runs: docker rm -f {}", id.short()));
    }
    let name = records::name_of(sandbox, id).map(|name| format!(" `{name}`"));
    // Beside the containers, since an entry among them would count as one.
    let beside = sandbox.damaged();
    create_private_dir(&beside)?;
    let kept = beside.join(id.as_str());
    fs::rename(place.root(), &kept).on("put aside", place.root())?;
    Ok(format!(
        "the container{} is lost; the files that it wrote are in `{}`",
        name.unwrap_or_default(),
        kept.join("upper").display()
    ))
}

/// The image table rebuilt from the journal, for the images whose configurations exist.
fn images_again(home: &Home, sandbox: &SandboxPaths, now: Timestamp) -> Result<String> {
    let _kept = lock::keep_content(home)?;
    let _lock = lock::exclusive(&sandbox.images_lock())?;
    put_aside(&sandbox.images(), now)?;
    let table = told_by_journal(home, sandbox, now);
    let (images, names) = (table.images.len(), table.references.len());
    atomic::write_json(&sandbox.images(), &table, atomic::Durability::Durable)?;
    Ok(format!(
        "{images} images and {names} names were found again"
    ))
}

fn told_by_journal(home: &Home, sandbox: &SandboxPaths, now: Timestamp) -> ImageTable {
    let mut names: BTreeMap<Reference, ImageId> = BTreeMap::new();
    let mut added: BTreeMap<ImageId, Timestamp> = BTreeMap::new();
    let parsed = |name: &str| Reference::parse(name).ok().map(Reference::or_latest);
    let starters = starter::known(home);
    for (name, id) in starters.iter().flat_map(Starters::of_a_new_sandbox) {
        added.insert(id.clone(), now);
        names.extend(parsed(name).map(|name| (name, id.clone())));
    }
    for event in events::read(&sandbox.journal()).unwrap_or_default() {
        let Ok(id) = Digest::parse(&event.id) else {
            continue;
        };
        let fact = |name| event.facts.get(name).and_then(Value::as_str);
        let name = fact("name").and_then(parsed);
        match (event.kind, event.what()) {
            (ObjectKind::Image, Some(Action::Untag)) => {
                names.retain(|known, of| Some(known) != name.as_ref() || *of != id);
            }
            (ObjectKind::Image, Some(Action::Delete)) => {
                added.remove(&id);
                names.retain(|_, of| *of != id);
            }
            (ObjectKind::Image, Some(Action::Tag | Action::Pull)) => {
                added.insert(id.clone(), event.time);
                let digest = fact("digest").and_then(|digest| Digest::parse(digest).ok());
                if let (Some(name), Some(digest)) = (&name, digest) {
                    names.insert(name.with_digest(digest), id.clone());
                }
                names.extend(name.map(|name| (name, id)));
            }
            (ObjectKind::Image, Some(Action::Load | Action::Import))
            | (ObjectKind::Builder, Some(Action::Build)) => {
                added.insert(id, event.time);
            }
            _ => {}
        }
    }
    for id in records::list(sandbox).unwrap_or_default() {
        if let Ok(Some((config, _))) = records::read(sandbox, &id) {
            added.entry(config.image).or_insert(config.created);
        }
    }
    let mut table = ImageTable::default();
    for (id, added) in added {
        let Ok(config) = image::config(home, &id) else {
            continue;
        };
        let chain = layers::chain(&config.rootfs.diff_ids);
        let size = |chain: &String| layers::read(home, chain).map_or(0, |layer| layer.size);
        let record = ImageRecord {
            added,
            created: image::created(&config),
            last_tagged: None,
            parent: None,
            size: chain.iter().map(size).sum(),
            chain,
            lost: Vec::new(),
        };
        table.images.insert(id, record);
    }
    names.retain(|_, id| table.images.contains_key(id));
    table.references = names;
    table
}

/// Only a starter image's configuration can be rebuilt; any other image is lost without it.
fn configuration_again(home: &Home, id: &ImageId, now: Timestamp) -> Result<String> {
    let _kept = lock::keep_content(home)?;
    let path = blobs::path(home, id);
    if path.exists() {
        put_aside(&path, now)?;
    }
    if starter::ready(home).is_ok() && image::config(home, id).is_ok() {
        return Ok("it was made again".to_owned());
    }
    let mut lost = Vec::new();
    for sandbox in collect::sandboxes(home)? {
        let table = images::read(&sandbox).unwrap_or_default();
        if !table.images.contains_key(id) {
            continue;
        }
        lost.extend(table.references_of(id).iter().map(Reference::familiar));
        images::update(&sandbox, |table| {
            table.images.remove(id);
            table.references.retain(|_, of| of != id);
            Ok(())
        })?;
    }
    let names = if lost.is_empty() {
        id.short().to_owned()
    } else {
        lost.join(", ")
    };
    Ok(format!("the image {names} is lost: build or pull it again"))
}

fn layer_again(home: &Home, chain: &str) -> Result<String> {
    let _kept = lock::keep_content(home)?;
    whole::doubt(home, chain)?;
    let mut needed = Vec::new();
    for sandbox in collect::sandboxes(home)? {
        let table = images::read(&sandbox).unwrap_or_default();
        for (id, record) in &table.images {
            if !record.chain.iter().any(|layer| layer == chain) {
                continue;
            }
            if repair::make_whole(home, id, &record.chain)? {
                return Ok("it was made again".to_owned());
            }
            let names = table.references_of(id);
            needed.push(
                names
                    .first()
                    .map_or(id.short().to_owned(), Reference::familiar),
            );
        }
    }
    needed.dedup();
    Ok(match needed.is_empty() {
        true => "no image needs it: `docker system prune` removes it".to_owned(),
        false => format!(
            "it could not be made again: build or pull {}",
            needed.join(", ")
        ),
    })
}

/// The entries of a folder, except set-aside and temporary ones.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_one = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        !name.starts_with('.') && !name.contains(damage::MARK)
    };
    entries.filter(is_one).map(|entry| entry.path()).collect()
}
