//! The mounts of `RUN --mount`: prepared before the command, and removed after it.
//!
//! **Kernel feature.** A mount belongs to the command's mount namespace and disappears with it. **What Docker does.**
//! BuildKit creates the mount point in the new layer and removes it by path afterwards, which was a vulnerability
//! (CVE-2024-23652). **What we do.** The mount points are in a folder below all layers, which is in no image, so there
//! is nothing to remove. Bind-mounted files are copies, so nothing can be written through to their source.
//! **Try it.** `RUN --mount=type=cache,target=/cache date >> /cache/builds`, twice with `--no-cache`.

use super::Builder;
use super::copy::new_folder;
use super::look::Prepared;
use crate::build::context::Temporary;
use crate::build::work::{CopyWork, MountWork, Owner, Sharing, What};
use crate::error::{Error, IoContext, Result};
use crate::paths::create_private_dir;
use crate::runtime::plan::{PlannedMount, PlannedSource, not_alike};
use crate::store::atomic::{self, Durability};
use crate::store::lock::{self, Lock};
use crate::store::tree::remove_tree;
use crate::tree::view::{Last, Node, View};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name prefix of a secret's folder.
const SECRET: &str = "secret-";

/// The mounts while a command runs; dropping it releases the caches.
#[derive(Default)]
pub(super) struct Mounted {
    pub(super) mounts: Vec<PlannedMount>,
    /// Secrets passed as environment variables.
    pub(super) env: Vec<String>,
    _locks: Vec<Lock>,
    _secrets: Vec<Temporary>,
}

impl Builder<'_> {
    /// Prepares `works` in `folder`, and adds the mount points to `lowers`. `files` are those of the bind mounts and of
    /// the caches with initial content, in order.
    pub(super) fn mounts(
        &self,
        works: &[MountWork],
        files: &[Prepared<'_>],
        folder: &Path,
        lowers: &mut Vec<PathBuf>,
    ) -> Result<Mounted> {
        let mut mounted = Mounted::default();
        if works.is_empty() {
            return Ok(mounted);
        }
        let places = folder.join("places");
        new_folder(&places)?;
        let view = View::open(lowers)?;
        let mut files = files.iter();
        for (index, work) in works.iter().enumerate() {
            let folder = folder.join(format!("mount-{index}"));
            let Some(source) = self.source(work, &mut files, &folder, &mut mounted)? else {
                continue;
            };
            let Some(target) = &work.target else {
                continue;
            };
            let is_file = matches!(&source, PlannedSource::Bind(path) if path.is_file());
            let is_dir = match view.find(Path::new(target), Last::Follow) {
                Ok(found) => found.map(|found| matches!(found.node, Node::Folder(_))),
                // A parent of the target is not a directory.
                Err(_) => Some(is_file),
            };
            if is_dir == Some(is_file) {
                return Err(not_alike(&work.what.source(), target));
            }
            place(&places, &view.resolve(Path::new(target))?, is_file)?;
            mounted.mounts.push(PlannedMount {
                source,
                target: target.clone(),
                read_only: work.read_only,
            });
        }
        lowers.insert(0, places);
        Ok(mounted)
    }

    /// The source of the mount `work`; `None` for a secret that was not provided.
    fn source<'p>(
        &self,
        work: &MountWork,
        files: &mut impl Iterator<Item = &'p Prepared<'p>>,
        folder: &Path,
        mounted: &mut Mounted,
    ) -> Result<Option<PlannedSource>> {
        match &work.what {
            What::Bind(copy) => {
                new_folder(folder)?;
                if let Some(prepared) = files.next() {
                    Self::place_files(copy, prepared, folder)?;
                }
                let path = folder.join("mount");
                if !path.exists() {
                    // A pattern without matches, or an empty folder.
                    new_folder(&path)?;
                }
                Ok(Some(PlannedSource::Bind(path)))
            }
            What::Tmpfs { size } => {
                let size = size.as_ref().map(|size| format!(",size={size}"));
                let options = format!("exec{}", size.unwrap_or_default());
                Ok(Some(PlannedSource::Tmpfs(options)))
            }
            What::Cache {
                id,
                owner,
                begins,
                sharing,
            } => {
                let begins = match begins {
                    Some(copy) => files.next().map(|prepared| (&**copy, prepared)),
                    None => None,
                };
                let (data, lock) = self.cache_mount(id, *owner, *sharing, begins)?;
                mounted._locks.push(lock);
                Ok(Some(PlannedSource::Bind(data)))
            }
            What::Secret {
                id,
                owner,
                env,
                required,
            } => {
                let Some(secret) = self.secrets.get(id) else {
                    return match required {
                        true => Err(Error::invalid(format!("secret {id}: not found"))
                            .with_hint(format!("docker build --secret id={id},src=FILE"))),
                        false => Ok(None),
                    };
                };
                if let Some(name) = env {
                    let text = String::from_utf8_lossy(secret);
                    mounted.env.push(format!("{name}={text}"));
                }
                if work.target.is_none() {
                    return Ok(None);
                }
                let (kept, lock, path) = self.secret_file(secret, *owner)?;
                mounted._secrets.push(kept);
                mounted._locks.push(lock);
                Ok(Some(PlannedSource::Bind(path)))
            }
        }
    }

    /// The folder of the cache `id`, and a lock that protects it. The initial content (`begins`) is part of the name:
    /// with different initial content it is a different cache.
    fn cache_mount(
        &self,
        id: &str,
        owner: Owner,
        sharing: Sharing,
        begins: Option<(&CopyWork, &Prepared<'_>)>,
    ) -> Result<(PathBuf, Lock)> {
        let beginning = begins.map(|(_, files)| format!("\0{}", files.content.digest()));
        let beginning = beginning.unwrap_or_default();
        let mut number = 0;
        loop {
            let name = match number {
                0 => format!("{id}{beginning}"),
                number => format!("{id}{beginning}\0{number}"),
            };
            let folder = self.cache.mount(&name);
            if !folder.is_dir() {
                create_private_dir(&folder)?;
            }
            let path = folder.join("lock");
            let lock = match sharing {
                Sharing::Shared => lock::shared(&path)?,
                Sharing::Locked => lock::exclusive(&path)?,
                Sharing::Private => match lock::try_exclusive(&path)? {
                    Some(lock) => lock,
                    None => {
                        number += 1;
                        continue;
                    }
                },
            };
            // A prune may have removed the folder while we waited for the lock.
            let data = folder.join("data");
            if !path.exists() {
                continue;
            }
            match begins {
                _ if data.is_dir() => {}
                Some((copy, files)) => begin(&folder, copy, files)?,
                None => {
                    new_folder(&data)?;
                    give(&data, owner, 0o755)?;
                }
            }
            atomic::write_json(&folder.join("about.json"), &id, Durability::Cached)?;
            return Ok((data, lock));
        }
    }

    /// A file with the secret, in memory if the runtime folder is on a tmpfs.
    fn secret_file(&self, secret: &[u8], owner: Owner) -> Result<(Temporary, Lock, PathBuf)> {
        let runtime = self.engine.home.runtime();
        if !runtime.is_dir() {
            create_private_dir(runtime)?;
        }
        // No sweep may run between creating a folder and locking it.
        let _alone = lock::exclusive(&runtime.join("secrets.lock"))?;
        sweep(runtime)?;
        let kept = Temporary::in_folder(runtime, SECRET)?;
        let held = lock::exclusive(&kept.path().join("lock"))?;
        let path = kept.path().join("secret");
        fs::write(&path, secret).on("write", &path)?;
        give(&path, owner, 0o400)?;
        Ok((kept, held, path))
    }
}

/// Creates the folder `data` of a cache with its initial content. A killed process leaves no partial folder, and of
/// several concurrent ones the first wins.
fn begin(folder: &Path, copy: &CopyWork, files: &Prepared<'_>) -> Result<()> {
    let temporary = Temporary::in_folder(folder, "begin-")?;
    Builder::place_files(copy, files, temporary.path())?;
    let made = temporary.path().join("mount");
    if !made.exists() {
        new_folder(&made)?;
    }
    if !made.is_dir() {
        return Err(Error::invalid("`source` of a cache mount is a folder"));
    }
    let data = folder.join("data");
    match fs::rename(&made, &data) {
        Err(error) if data.is_dir() => {
            drop(error);
            Ok(())
        }
        result => result.on("rename", &made),
    }
}

/// Removes the secrets of builds that were killed.
fn sweep(runtime: &Path) -> Result<()> {
    for entry in fs::read_dir(runtime).on("read", runtime)? {
        let path = entry.on("read", runtime)?.path();
        let is_secret = path.is_dir()
            && path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(SECRET));
        if is_secret && lock::try_exclusive(&path.join("lock"))?.is_some() {
            remove_tree(&path)?;
        }
    }
    Ok(())
}

/// Creates an empty file or folder at `path`, relative to the root, below `places`.
fn place(places: &Path, path: &Path, is_file: bool) -> Result<()> {
    let mut at = places.to_owned();
    let parts: Vec<_> = path.components().collect();
    for (index, part) in parts.iter().enumerate() {
        at.push(part);
        let is_last = index + 1 == parts.len();
        if at.is_dir() || (is_last && at.exists()) {
            continue;
        }
        match is_last && is_file {
            true => fs::write(&at, b"").on("write", &at)?,
            false => new_folder(&at)?,
        }
    }
    Ok(())
}

fn give(path: &Path, owner: Owner, usual: u32) -> Result<()> {
    if (owner.uid, owner.gid) != (0, 0) {
        std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid))
            .on("change the owner of", path)?;
    }
    let mode = fs::Permissions::from_mode(owner.mode.unwrap_or(usual));
    fs::set_permissions(path, mode).on("change the mode of", path)
}
