//! Saves a sandbox for the duration of one line, and undoes that line.
//!
//! **What Docker does.** It has no undo. **What we do.** A copy of the sandbox is made beside it, under a separate
//! sandbox name, so that its images and layers stay needed: records, stopped containers, volumes, the build cache and
//! the journal's length. Content is shared and never changes, so this costs little. An undo replaces the current state
//! with the copy.
//! **What we leave out.** Processes: a running container is not copied, and a line that ended or changed one cannot be
//! undone. Then nothing changes, and the error gives the reason.

mod copy;

use super::observe;
use super::spec::{Container, RemoveOptions};
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::events::{self, Action, Event, ObjectKind};
use crate::id::{ContainerId, VolumeName};
use crate::paths::{SandboxPaths, create_private_dir};
use crate::store::atomic::{self, Durability};
use crate::store::containers::MountSource;
use crate::store::tree::remove_tree;
use crate::store::{images, lock, records};
use crate::volume;
use copy::{Copier, Linked};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The saved data, besides the copies.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Containers that had a process: they are not copied, and an undo leaves them as they are.
    alive: BTreeMap<ContainerId, String>,
    /// Volumes that those containers can write to.
    written: BTreeSet<VolumeName>,
    linked: Vec<Linked>,
}

/// The differences after an undo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// `container box`, `image app:v1`, `volume data`: restored.
    pub back: Vec<String>,
    /// The same, for removed ones.
    pub gone: Vec<String>,
}

fn about(kept: &SandboxPaths) -> PathBuf {
    kept.root().join("kept.json")
}

fn files(kept: &SandboxPaths) -> PathBuf {
    kept.root().join("workspace")
}

/// The files in the build cache's folder; the folders in it are cache mounts, which belong to no line.
fn cache_files(sandbox: &SandboxPaths) -> Result<Vec<PathBuf>> {
    let folder = sandbox.build_cache();
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).on("read", &folder)? {
        let path = entry.on("read", &folder)?.path();
        if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

impl Engine {
    /// Saves this sandbox and the folder `workspace`, in a sandbox called `kept`. An ordinary user gets a user
    /// namespace.
    ///
    /// # Errors
    /// Kind `Unsupported` when there is too much to save.
    pub fn keep(&self, kept: &str, workspace: Option<&Path>) -> Result<()> {
        self.reach_all_files();
        let kept = self.home.sandbox(kept)?;
        remove_tree(kept.root())?;
        for folder in [kept.containers(), kept.volumes(), kept.build_cache()] {
            create_private_dir(&folder)?;
        }
        let mut copier = Copier::default();
        let (mut alive, mut written) = (BTreeMap::new(), BTreeSet::new());
        for container in self.containers()? {
            let id = &container.config.id;
            if container.status.has_monitor() {
                written.extend(volumes_of(&container));
                alive.insert(id.clone(), container.config.name.clone());
                continue;
            }
            copier.copy(self.sandbox.container(id).root(), kept.container(id).root())?;
        }
        for volume in self.volumes()? {
            if !written.contains(&volume.name) {
                let name = volume.name.as_str();
                copier.copy(
                    &self.sandbox.volumes().join(name),
                    &kept.volumes().join(name),
                )?;
            }
        }
        for path in cache_files(&self.sandbox)? {
            let name = path.file_name().unwrap_or_default();
            copier.copy(&path, &kept.build_cache().join(name))?;
        }
        copier.copy(&self.sandbox.images(), &kept.images())?;
        copier.copy(&self.sandbox.names(), &kept.names())?;
        if let Some(workspace) = workspace {
            copier.copy(workspace, &files(&kept))?;
        }
        let kept_about = Kept {
            alive,
            written,
            linked: copier.linked,
        };
        atomic::write_json(&about(&kept), &kept_about, Durability::Cached)
    }
}

fn volumes_of(container: &Container) -> impl Iterator<Item = VolumeName> {
    let mounts = container.config.host.mounts.iter();
    mounts.filter_map(|mount| match &mount.source {
        MountSource::Volume { name, .. } => Some(name.clone()),
        _ => None,
    })
}

impl Engine {
    /// Restores this sandbox and `workspace` to the state that [`Engine::keep`] saved as `kept`, when the journal was
    /// `journal` bytes long. An ordinary user gets a user namespace.
    ///
    /// # Errors
    /// Kind `Conflict`, with the reason, when that is not possible; then nothing has changed.
    pub fn take_back(
        &self,
        kept: &str,
        workspace: Option<&Path>,
        journal: u64,
    ) -> Result<TakenBack> {
        self.reach_all_files();
        let kept = self.home.sandbox(kept)?;
        let found: Kept = atomic::read_json(&about(&kept))?
            .ok_or_else(|| Error::conflict("nothing was kept of what was there before"))?;
        let events = events::read_from(&self.sandbox.journal(), journal)?.0;
        possible(self, &found, &events)?;
        let before = names(self)?;
        containers(self, &kept, &found, &events)?;
        volumes(self, &kept, &found)?;
        {
            let _lock = lock::exclusive(&self.sandbox.images_lock())?;
            put_back(&kept.images(), &self.sandbox.images())?;
        }
        for path in cache_files(&self.sandbox)? {
            fs::remove_file(&path).on("remove", &path)?;
        }
        contents(&kept.build_cache(), &self.sandbox.build_cache())?;
        if let Some(workspace) = workspace.filter(|_| files(&kept).is_dir()) {
            // The folder itself stays: it may be the working directory of a shell.
            for entry in fs::read_dir(workspace).on("read", workspace)? {
                remove_tree(&entry.on("read", workspace)?.path())?;
            }
            contents(&files(&kept), workspace)?;
        }
        events::cut(&self.sandbox.journal(), journal)?;
        remove_tree(kept.root())?;
        let after = names(self)?;
        Ok(TakenBack {
            back: after.difference(&before).cloned().collect(),
            gone: before.difference(&after).cloned().collect(),
        })
    }
}

/// Refuses changes that cannot be undone: processes that ended or were changed, files changed in place, and anything
/// outside the sandbox.
fn possible(engine: &Engine, kept: &Kept, events: &[Event]) -> Result<()> {
    let no = |reason: String, hint: Option<String>| {
        let error = Error::conflict(reason);
        Err(match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        })
    };
    for event in events.iter().filter(|event| !event.is_look()) {
        if event.kind == ObjectKind::Registry || event.what() == Some(Action::Push) {
            return no(
                format!(
                    "`{}` changed a registry, which may be somebody else's",
                    event.via
                ),
                None,
            );
        }
        let id = ContainerId::parse(&event.id).ok();
        let Some(name) = id.and_then(|id| kept.alive.get(&id)) else {
            continue;
        };
        let (what, hint) = match event.what() {
            Some(Action::Pause) => ("was paused", Some(format!("docker unpause {name}"))),
            Some(Action::Unpause) => ("goes on since", Some(format!("docker pause {name}"))),
            Some(Action::Rename) => ("has another name", Some("docker rename".to_owned())),
            Some(
                what @ (Action::Die
                | Action::Stop
                | Action::Kill
                | Action::Destroy
                | Action::Restart
                | Action::Start
                | Action::Oom),
            ) => (
                "was running, and a process that has ended does not come back",
                (what != Action::Destroy).then(|| format!("docker start {name}")),
            ),
            _ => ("is running, and what was changed in it is not kept", None),
        };
        return no(format!("the container `{name}` {what}"), hint);
    }
    for (id, name) in &kept.alive {
        let alive = observe::by_id(engine, id)?.is_some_and(|one| one.status.has_monitor());
        if !alive {
            return no(
                format!(
                    "the container `{name}` was running, and a process that has ended does not come back"
                ),
                Some(format!("docker start {name}")),
            );
        }
    }
    for linked in &kept.linked {
        if !linked.is_unchanged()? {
            return no(
                "a large file was changed, and only small ones are kept".to_owned(),
                None,
            );
        }
    }
    Ok(())
}

/// `container box`, `image app:v1`, `volume data`.
fn names(engine: &Engine) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for container in engine.containers()? {
        names.insert(format!("container {}", container.config.name));
    }
    let table = images::read(&engine.sandbox)?;
    names.extend(
        table
            .references
            .keys()
            .map(|name| format!("image {}", name.familiar())),
    );
    for id in table
        .images
        .keys()
        .filter(|id| table.references_of(id).is_empty())
    {
        names.insert(format!("image {}", id.short()));
    }
    for volume in engine.volumes()? {
        names.insert(format!("volume {}", volume.name));
    }
    Ok(names)
}

/// Removes new containers, and restores those changed since.
fn containers(engine: &Engine, kept: &SandboxPaths, found: &Kept, events: &[Event]) -> Result<()> {
    let touched: BTreeSet<&str> = events
        .iter()
        .filter(|event| event.kind == ObjectKind::Container && !event.is_look())
        .map(|event| event.id.as_str())
        .collect();
    for id in records::list(&engine.sandbox)? {
        let was_there = found.alive.contains_key(&id) || kept.container(&id).root().is_dir();
        if found.alive.contains_key(&id) || (was_there && !touched.contains(id.as_str())) {
            continue;
        }
        let options = RemoveOptions {
            force: true,
            ..RemoveOptions::default()
        };
        engine.remove(id.as_str(), options)?;
    }
    for entry in fs::read_dir(kept.containers()).on("read", kept.containers())? {
        let name = entry.on("read", kept.containers())?.file_name();
        let Ok(id) = ContainerId::parse(&name.to_string_lossy()) else {
            continue;
        };
        let (from, to) = (kept.container(&id), engine.sandbox.container(&id));
        if !to.root().exists() {
            put_back(from.root(), to.root())?;
        }
    }
    for entry in fs::read_dir(kept.names()).on("read", kept.names())? {
        let name = entry.on("read", kept.names())?.file_name();
        let to = engine.sandbox.names().join(&name);
        if !to.exists() {
            put_back(&kept.names().join(&name), &to)?;
        }
    }
    Ok(())
}

fn volumes(engine: &Engine, kept: &SandboxPaths, found: &Kept) -> Result<()> {
    for volume in engine.volumes()? {
        if !found.written.contains(&volume.name) {
            volume::discard(engine, &volume.name)?;
        }
    }
    contents(&kept.volumes(), &engine.sandbox.volumes())
}

/// Moves the contents of `from` into `to`.
fn contents(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).on("read", from)? {
        let path = entry.on("read", from)?.path();
        put_back(&path, &to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// Moves `from`, if it exists, to `to`.
fn put_back(from: &Path, to: &Path) -> Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result.on("put back", to),
    }
}
