//! Volumes: folders that outlive containers.
//!
//! **What Docker does.** A folder per volume under `/var/lib/docker/volumes`, mounted into containers; an empty one is
//! filled from the image when a container first uses it.
//! **What we do.** The same, in the sandbox, with a small record beside the data.
//! **What we leave out.** Drivers other than `local`; see `docs/limits.md`.
//! **Try it.** `docker volume inspect NAME`

use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::events::{Action, ObjectKind};
use crate::id::VolumeName;
use crate::paths::{SandboxPaths, create_private_dir};
use crate::store::atomic::{Durability, read_json, write_json};
use crate::store::containers::MountSource;
use crate::store::damage::put_aside;
use crate::store::records;
use crate::store::tree::{remove_tree_of_anyone, throw_away};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A volume.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Its name.
    pub name: VolumeName,
    /// When it was created.
    pub created: Timestamp,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Created for one container, without a name.
    pub anonymous: bool,
    /// Where its files are.
    pub mountpoint: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Record {
    created: Timestamp,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    anonymous: bool,
}

impl Record {
    fn of_lost(folder: &fs::Metadata) -> Self {
        let made = folder.created().or_else(|_| folder.modified());
        let made = made.ok().and_then(|time| Timestamp::try_from(time).ok());
        Self {
            created: made.unwrap_or(Timestamp::UNIX_EPOCH),
            labels: BTreeMap::new(),
            // Only anonymous volumes are removed with their container, or without being requested.
            anonymous: false,
        }
    }
}

/// The record of a volume, beside its files.
pub(crate) const RECORD: &str = "volume.json";

fn record_path(engine: &Engine, name: &VolumeName) -> PathBuf {
    record_in(&engine.sandbox, name)
}

fn record_in(sandbox: &SandboxPaths, name: &VolumeName) -> PathBuf {
    sandbox.volumes().join(name.as_str()).join(RECORD)
}

/// Sets aside the record of a volume, and writes what is still known.
pub(crate) fn record_again(
    sandbox: &SandboxPaths,
    name: &VolumeName,
    now: Timestamp,
) -> Result<()> {
    let path = record_in(sandbox, name);
    put_aside(&path, now)?;
    let data = sandbox.volume_data(name);
    let about = fs::metadata(&data).on("read", &data)?;
    write_json(&path, &Record::of_lost(&about), Durability::Cached)
}

impl Engine {
    /// Creates the volume `name`, if it does not exist.
    pub fn create_volume(
        &self,
        name: Option<&str>,
        labels: BTreeMap<String, String>,
    ) -> Result<Volume> {
        let (name, anonymous) = match name {
            Some(name) => (VolumeName::parse(name)?, false),
            None => (VolumeName::anonymous(&*self.entropy), true),
        };
        // Complete what a killed command has begun.
        if record_path(self, &name).exists()
            && let Some(volume) = self.volume(&name)?
        {
            return Ok(volume);
        }
        let data = self.sandbox.volume_data(&name);
        create_private_dir(&data)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755))
            .on("change the mode of", &data)?;
        let record = Record {
            created: self.now(),
            labels,
            anonymous,
        };
        let written = write_json(&record_path(self, &name), &record, Durability::Cached);
        if written.is_err() {
            // A folder without a record is not a volume but takes space.
            let _ = remove_tree_of_anyone(&self.sandbox.volumes().join(name.as_str()));
        }
        written?;
        self.note(
            ObjectKind::Volume,
            Action::Create,
            name.as_str(),
            json!({"driver": "local"}),
        );
        self.volume(&name)?
            .ok_or_else(|| Error::internal(format!("volume {name} went away")))
    }
}

/// Makes sure that a volume exists.
pub(crate) fn ensure(engine: &Engine, name: &VolumeName, anonymous: bool) -> Result<()> {
    if record_path(engine, name).exists() {
        return Ok(());
    }
    let volume = engine.create_volume(Some(name.as_str()), BTreeMap::new())?;
    if anonymous {
        let record = Record {
            created: volume.created,
            labels: BTreeMap::new(),
            anonymous,
        };
        write_json(&record_path(engine, name), &record, Durability::Cached)?;
    }
    Ok(())
}

impl Engine {
    /// The volume `name`, if it exists. One whose record is damaged or lost still has its files: it has no labels, and was
    /// created with its folder.
    pub fn volume(&self, name: &VolumeName) -> Result<Option<Volume>> {
        let mountpoint = self.sandbox.volume_data(name);
        let record = match read_json(&record_path(self, name)) {
            Ok(Some(record)) => record,
            _ => match fs::metadata(&mountpoint) {
                Ok(about) => Record::of_lost(&about),
                Err(_) => return Ok(None),
            },
        };
        Ok(Some(Volume {
            name: name.clone(),
            created: record.created,
            labels: record.labels,
            anonymous: record.anonymous,
            mountpoint,
        }))
    }
}

impl Engine {
    /// All volumes, by name.
    pub fn volumes(&self) -> Result<Vec<Volume>> {
        let folder = self.sandbox.volumes();
        let mut volumes = Vec::new();
        for entry in fs::read_dir(&folder).on("read", &folder)? {
            let name = entry.on("read", &folder)?.file_name();
            if let Some(name) = name.to_str().and_then(|name| VolumeName::parse(name).ok()) {
                volumes.extend(self.volume(&name)?);
            }
        }
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }
}

impl Engine {
    /// Ids of the containers that use a volume, running or not.
    pub fn volume_users(&self, name: &VolumeName) -> Result<Vec<String>> {
        let mut users = Vec::new();
        for id in records::list(&self.sandbox)? {
            let what = format!("container {}", id.short());
            let found = self.or_leave_out(&what, records::read(&self.sandbox, &id));
            let Some((config, _)) = found else {
                continue;
            };
            let uses = |source: &MountSource| matches!(source, MountSource::Volume { name: used, .. } if used == name);
            if config.host.mounts.iter().any(|mount| uses(&mount.source)) {
                users.push(id.to_string());
            }
        }
        Ok(users)
    }
}

impl Engine {
    /// Removes an unused volume. With `force`, a missing one is not an error.
    pub fn remove_volume(&self, name: &VolumeName, force: bool) -> Result<()> {
        if self.volume(name)?.is_none() {
            if force {
                return Ok(());
            }
            return Err(Error::not_found(format!("get {name}: no such volume"))
                .with_hint("docker volume ls"));
        }
        let users = self.volume_users(name)?;
        if !users.is_empty() {
            return Err(Error::conflict(format!(
                "remove {name}: volume is in use - [{}]",
                users.join(", ")
            ))
            .with_hint("remove the containers that use it first"));
        }
        discard(self, name)
    }
}

/// Removes a volume without checking whether it is in use.
pub(crate) fn discard(engine: &Engine, name: &VolumeName) -> Result<()> {
    let folder = engine.sandbox.volumes().join(name.as_str());
    let away = engine.sandbox.trash().join(format!("volume-{name}"));
    let _ = remove_tree_of_anyone(&away);
    let away = throw_away(&folder, &record_path(engine, name), away)?;
    engine.note(
        ObjectKind::Volume,
        Action::Destroy,
        name.as_str(),
        json!({"driver": "local"}),
    );
    crate::store::records::empty_trash(&engine.sandbox, &away, engine.now())
}
