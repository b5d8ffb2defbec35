//! Containers on disk: a folder per container, a file per name.
//!
//! A container is built in a hidden folder and renamed into place, and its name is taken by writing a file, both under
//! the sandbox's create lock: a crash leaves a hidden folder or a name without a container, and both are recognised.
//! Removal first renames the folder into the trash: from then on the container does not exist.
//!
//! A container has as few files as possible: creating and unlinking them takes most of the time of a short run. What it
//! needs only while it runs is in the runtime directory, its state record is created at the first start, and its log
//! with the first output.

use super::atomic::{Durability, json, read_json, write_json, write_unseen};
use super::containers::{ContainerConfig, Phase, RecordedState};
use super::tree::{remove_tree_of_anyone, throw_away};
use crate::error::{Error, IoContext, Result};
use crate::id::{ContainerId, is_hex};
use crate::paths::{SandboxPaths, create_private_dir};
use jiff::Timestamp;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The prefix of a folder that is not a container yet.
const UNFINISHED: &str = ".new-";

/// Writes a new container. Error: `Conflict` if its name is taken.
pub fn create(sandbox: &SandboxPaths, config: &ContainerConfig) -> Result<()> {
    let _names = lock_names(sandbox)?;
    sweep_unfinished(sandbox);
    let building = sandbox
        .containers()
        .join(format!("{UNFINISHED}{}", config.id));
    for folder in ["", "upper", "work"] {
        create_private_dir(&building.join(folder))?;
    }
    // This is the container's root folder: everyone inside may enter it.
    set_mode(&building.join("upper"), 0o755)?;
    let record = building.join("config.json");
    write_unseen(&record, &json(&record, config)?)?;
    let taken = take_name(sandbox, &config.name, &config.id);
    if taken.is_err() {
        let _ = fs::remove_dir_all(&building);
    }
    taken?;
    let place = sandbox.container(&config.id);
    fs::rename(&building, place.root()).on("create", place.root())
}

/// Removes what a killed `create` left. Creating a container needs the names' lock, which the caller holds, so nothing
/// found here is in use.
fn sweep_unfinished(sandbox: &SandboxPaths) {
    for entry in fs::read_dir(sandbox.containers())
        .into_iter()
        .flatten()
        .flatten()
    {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // Nothing in it belongs to another user yet. A leftover does no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Syncs a container's records to disk, so that they survive a power cut. Failures are ignored: the container works
/// without it.
pub fn sync(sandbox: &SandboxPaths, config: &ContainerConfig) {
    let place = sandbox.container(&config.id);
    for path in [
        place.config(),
        place.state(),
        place.root().to_owned(),
        sandbox.containers(),
        sandbox.names().join(&config.name),
        sandbox.names(),
    ] {
        let _ = File::open(path).and_then(|file| file.sync_all());
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).on("change the mode of", path)
}

/// Takes the lock held while names are taken or changed.
fn lock_names(sandbox: &SandboxPaths) -> Result<File> {
    let path = sandbox.names().join(".lock");
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .on("open", &path)?;
    file.lock().on("lock", &path)?;
    Ok(file)
}

fn take_name(sandbox: &SandboxPaths, name: &str, id: &ContainerId) -> Result<()> {
    if let Some(holder) = holder(sandbox, name)? {
        return Err(Error::conflict(format!(
            "Conflict. The container name \"/{name}\" is already in use by container \"{holder}\". You have to remove (or rename) that container to be able to reuse that name."
        ))
        .with_hint(format!("docker rm {name}, or docker start {name} to use the existing one")));
    }
    // A truncated id matches no container, so after a crash the name is free.
    write_unseen(&sandbox.names().join(name), id.as_str().as_bytes())
}

/// The container that has `name`; also `None` if a crash left the name without its container.
fn holder(sandbox: &SandboxPaths, name: &str) -> Result<Option<ContainerId>> {
    let path = sandbox.names().join(name);
    let text = match fs::read(&path) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::InvalidFilename
            ) =>
        {
            return Ok(None);
        }
        other => other.on("read", &path)?,
    };
    let text = String::from_utf8_lossy(&text);
    let id = match ContainerId::parse(text.trim()) {
        Ok(id) => Some(id),
        // A power cut emptied the file; the containers' records also hold their names.
        Err(_) => named(sandbox, name)?,
    };
    Ok(id.filter(|id| sandbox.container(id).config().exists()))
}

/// The container whose own record has the name `name`.
fn named(sandbox: &SandboxPaths, name: &str) -> Result<Option<ContainerId>> {
    let mut ids = list(sandbox)?.into_iter();
    Ok(ids.find(|id| {
        let found = read_json::<ContainerConfig>(&sandbox.container(id).config());
        matches!(found, Ok(Some(config)) if config.name == name)
    }))
}

/// Restores a container's name file.
pub fn name_again(sandbox: &SandboxPaths, config: &ContainerConfig) -> Result<()> {
    let _names = lock_names(sandbox)?;
    let path = sandbox.names().join(&config.name);
    write_unseen(&path, config.id.as_str().as_bytes())
}

/// All containers, in no particular order.
pub fn list(sandbox: &SandboxPaths) -> Result<Vec<ContainerId>> {
    let folder = sandbox.containers();
    let mut ids = Vec::new();
    for entry in fs::read_dir(&folder).on("read", &folder)? {
        let entry = entry.on("read", &folder)?;
        ids.extend(
            entry
                .file_name()
                .to_str()
                .and_then(|name| ContainerId::parse(name).ok()),
        );
    }
    Ok(ids)
}

/// The configuration and the recorded state, which is empty before the first start; `None` if the container does not
/// exist (any more). A damaged state record counts as one of a container that has not ended. Error: the configuration
/// is damaged or lost.
pub fn read(
    sandbox: &SandboxPaths,
    id: &ContainerId,
) -> Result<Option<(ContainerConfig, RecordedState)>> {
    let place = sandbox.container(id);
    let Some(config) = read_json(&place.config())? else {
        return match place.root().exists() {
            false => Ok(None),
            true => Err(Error::internal(format!(
                "`{}` is lost",
                place.config().display()
            ))),
        };
    };
    let state = read_json(&place.state()).unwrap_or_else(|_| {
        Some(RecordedState {
            phase: Phase::Running,
            ..RecordedState::default()
        })
    });
    Ok(Some((config, state.unwrap_or_default())))
}

/// The name of the container `id`, whose own record cannot be read.
pub fn name_of(sandbox: &SandboxPaths, id: &ContainerId) -> Option<String> {
    let mut names = fs::read_dir(sandbox.names()).ok()?.flatten();
    names.find_map(|entry| {
        let text = fs::read_to_string(entry.path()).ok()?;
        (text.trim() == id.as_str()).then(|| entry.file_name().into_string().ok())?
    })
}

/// The container that `text` means: a name, an id, or a unique prefix of an id.
pub fn find(sandbox: &SandboxPaths, text: &str) -> Result<ContainerId> {
    let text = text.strip_prefix('/').unwrap_or(text);
    let missing = || {
        Error::not_found(format!("No such container: {text}"))
            .with_hint("docker ps -a lists the containers that exist")
    };
    if text.is_empty() || text.contains('/') || text.starts_with('.') {
        return Err(missing());
    }
    if let Some(id) = holder(sandbox, text)? {
        return Ok(id);
    }
    if !is_hex(text) {
        return Err(missing());
    }
    let mut found = list(sandbox)?
        .into_iter()
        .filter(|id| id.as_str().starts_with(text));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => Err(missing()),
        (Some(_), Some(_)) => Err(Error::invalid(format!(
            "multiple IDs found with provided prefix: {text}"
        ))),
    }
}

/// Records the state.
pub fn write_state(sandbox: &SandboxPaths, id: &ContainerId, state: &RecordedState) -> Result<()> {
    write_json(&sandbox.container(id).state(), state, Durability::Cached)
}

/// Records a changed configuration, as after `update`.
pub fn write_config(sandbox: &SandboxPaths, config: &ContainerConfig) -> Result<()> {
    write_json(
        &sandbox.container(&config.id).config(),
        config,
        Durability::Cached,
    )
}

/// Gives the container another name.
pub fn rename(sandbox: &SandboxPaths, config: &mut ContainerConfig, new: &str) -> Result<()> {
    let _names = lock_names(sandbox)?;
    take_name(sandbox, new, &config.id)?;
    let old = std::mem::replace(&mut config.name, new.to_owned());
    write_config(sandbox, config)?;
    let _ = fs::remove_file(sandbox.names().join(old));
    Ok(())
}

/// Moves the container to the trash. Returns where its files are now, for [`empty_trash`].
pub fn discard(sandbox: &SandboxPaths, id: &ContainerId, name: &str) -> Result<PathBuf> {
    let _names = lock_names(sandbox)?;
    let place = sandbox.container(id);
    let away = sandbox.trash().join(id.as_str());
    let away = throw_away(place.root(), &place.config(), away)?;
    if away == place.root() {
        // A folder without its configuration would look like a damaged container.
        remove_tree_of_anyone(&away)?;
    }
    if fs::read_to_string(sandbox.names().join(name)).is_ok_and(|text| text.trim() == id.as_str()) {
        let _ = fs::remove_file(sandbox.names().join(name));
    }
    Ok(away)
}

/// Seconds after which trash is considered abandoned.
const FORGOTTEN: i64 = 60;

/// Unlinks `ours`, and what a killed command has left in the trash.
pub fn empty_trash(sandbox: &SandboxPaths, ours: &Path, now: Timestamp) -> Result<()> {
    remove_tree_of_anyone(ours)?;
    let trash = sandbox.trash();
    if !trash.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&trash).on("read", &trash)? {
        let entry = entry.on("read", &trash)?;
        // An entry that has disappeared was not abandoned.
        let moved_at = entry.metadata().map_or(i64::MAX, |about| about.ctime());
        if now.as_second().saturating_sub(moved_at) > FORGOTTEN {
            remove_tree_of_anyone(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Counter;
    use crate::paths::Home;

    fn sandbox(folder: &Path) -> SandboxPaths {
        let sandbox = Home::new(folder, folder.join("run"))
            .sandbox("free")
            .unwrap();
        create_private_dir(&sandbox.names()).unwrap();
        create_private_dir(&sandbox.containers()).unwrap();
        sandbox
    }

    fn config(entropy: &Counter, name: &str) -> ContainerConfig {
        serde_json::from_value(serde_json::json!({
            "id": ContainerId::random(entropy), "name": name, "created": "2026-01-01T00:00:00Z",
            "image": crate::oci::digest::Digest::of(b""), "image_reference": "busybox", "layers": [],
            "process": {}, "hostname": "h", "host": {}, "via": "create"
        }))
        .unwrap()
    }

    #[test]
    fn a_record_holds_what_differs_from_the_default() {
        let mut web = config(&Counter::default(), "web");
        (web.host.memory, web.process.tty) = (64, true);
        let written = serde_json::to_value(&web).unwrap();
        assert_eq!(written["host"], serde_json::json!({"memory": 64}));
        assert_eq!(written["process"], serde_json::json!({"tty": true}));
        assert_eq!(
            serde_json::from_value::<ContainerConfig>(written).unwrap(),
            web
        );
    }

    #[test]
    fn what_a_killed_create_left_goes_with_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = sandbox(folder.path());
        let left = sandbox.containers().join(".new-0123");
        create_private_dir(&left.join("upper")).unwrap();
        sweep_unfinished(&sandbox);
        assert!(!left.exists());
    }

    #[test]
    fn a_container_is_found_by_name_id_and_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let (sandbox, entropy) = (sandbox(folder.path()), Counter::default());
        let web = config(&entropy, "web");
        create(&sandbox, &web).unwrap();
        for text in [
            "web",
            "/web",
            web.id.as_str(),
            web.id.short(),
            &web.id.as_str()[..3],
        ] {
            assert_eq!(find(&sandbox, text).unwrap(), web.id, "{text}");
        }
        for text in ["we", "web2", "", "..", "names/web", "zz"] {
            assert_eq!(
                find(&sandbox, text).unwrap_err().kind(),
                crate::ErrorKind::NotFound
            );
        }
    }

    #[test]
    fn a_taken_name_is_a_conflict_and_a_discarded_one_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let (sandbox, entropy) = (sandbox(folder.path()), Counter::default());
        let first = config(&entropy, "web");
        create(&sandbox, &first).unwrap();
        let error = create(&sandbox, &config(&entropy, "web")).unwrap_err();
        assert!(
            error
                .message()
                .contains("\"/web\" is already in use by container"),
            "{error}"
        );
        assert_eq!(list(&sandbox).unwrap().len(), 1);
        discard(&sandbox, &first.id, "web").unwrap();
        assert!(list(&sandbox).unwrap().is_empty());
        create(&sandbox, &config(&entropy, "web")).unwrap();
    }

    #[test]
    fn a_name_that_a_crash_left_behind_can_be_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (sandbox, entropy) = (sandbox(folder.path()), Counter::default());
        fs::write(sandbox.names().join("web"), "a".repeat(64)).unwrap();
        create(&sandbox, &config(&entropy, "web")).unwrap();
    }

    #[test]
    fn the_trash_keeps_only_what_another_command_is_unlinking() {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = sandbox(folder.path());
        for name in ["ours/deep", "theirs"] {
            create_private_dir(&sandbox.trash().join(name)).unwrap();
        }
        let ours = sandbox.trash().join("ours");
        empty_trash(&sandbox, &ours, Timestamp::now()).unwrap();
        assert!(!ours.exists() && sandbox.trash().join("theirs").exists());
        let later = Timestamp::now() + jiff::SignedDuration::from_secs(FORGOTTEN + 5);
        empty_trash(&sandbox, &ours, later).unwrap();
        assert!(!sandbox.trash().join("theirs").exists());
    }

    #[test]
    fn renaming_frees_the_old_name() {
        let folder = tempfile::tempdir().unwrap();
        let (sandbox, entropy) = (sandbox(folder.path()), Counter::default());
        let mut web = config(&entropy, "web");
        create(&sandbox, &web).unwrap();
        rename(&sandbox, &mut web, "api").unwrap();
        assert_eq!(find(&sandbox, "api").unwrap(), web.id);
        assert!(find(&sandbox, "web").is_err());
    }
}
