//! `docker rmi`: removes a name, and with the last name the image.
//!
//! **What Docker does.** Removing by name unties the name; the image itself is deleted when it has no name left and
//! nothing needs it. Removing by id removes all its names, if they are in one repository. An image that cannot be
//! removed is a conflict, which `-f` may or may not override.
//! **What we do.** The same decisions, in the same order and words (moby `daemon/images/image_delete.go`), as a change
//! of `images.json` alone. Layers and configurations that are no longer needed are [`super::collect`]ed afterwards.
//! **Try it.** `docker rmi busybox` while a container of it exists.

use super::resolve::{find_id, is_id_prefix};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::id::ContainerId;
use crate::oci::digest::Digest;
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use crate::store::images::ImageTable;
use crate::store::{images, lock, records};
use std::collections::BTreeSet;

/// One line of what `docker rmi` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// A name was removed, such as `busybox:latest`.
    Untagged {
        /// The name.
        name: String,
        /// The image that it meant.
        image: ImageId,
    },
    /// An image or a layer was deleted: `sha256:…`.
    Deleted(String),
}

/// A container, with the fields that matter for its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// The container.
    pub container: ContainerId,
    /// Its name, for the hint.
    pub name: String,
    /// Its image.
    pub image: ImageId,
    /// Whether it runs, paused or not.
    pub running: bool,
}

/// How to remove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RemoveImageOptions {
    /// `-f`.
    pub force: bool,
    /// `--no-prune`: parents without a name stay.
    pub no_prune: bool,
}

/// What prevents the removal of an image, by kind.
#[derive(Debug, Clone, Copy)]
struct Respect {
    children: bool,
    running: bool,
    names: bool,
    stopped: bool,
}

impl Respect {
    /// The conflicts that even `-f` does not override.
    const HARD: Self = Self {
        children: true,
        running: true,
        names: false,
        stopped: false,
    };
    const ALL: Self = Self {
        names: true,
        stopped: true,
        ..Self::HARD
    };
}

struct Conflict {
    used: bool,
    error: Error,
}

impl Engine {
    /// Removes the image or name `name`, like `docker rmi`. Errors: `No such image`, and Docker's conflicts.
    pub fn remove_image(&self, name: &str, options: RemoveImageOptions) -> Result<Vec<Removed>> {
        let containers = self.image_users()?;
        let removed = images::update(&self.sandbox, |table| {
            remove(table, name, options, &containers)
        })?;
        Ok(self.after_removal(removed)?.0)
    }

    /// The containers of the sandbox and their images.
    pub fn image_users(&self) -> Result<Vec<InUse>> {
        let mut users = Vec::new();
        for id in records::list(&self.sandbox)? {
            let what = format!("container {}", id.short());
            let found = self.or_leave_out(&what, records::read(&self.sandbox, &id));
            let Some((config, _)) = found else {
                continue;
            };
            users.push(InUse {
                running: lock::is_held(self.sandbox.container(&id).lock())?,
                container: id,
                name: config.name,
                image: config.image,
            });
        }
        Ok(users)
    }

    /// Records the removal, and deletes the layers that nothing needs now.
    pub(super) fn after_removal(&self, mut removed: Vec<Removed>) -> Result<(Vec<Removed>, u64)> {
        let mut deleted = Vec::new();
        for one in &removed {
            let event = match one {
                Removed::Untagged { name, image } => self
                    .event(ObjectKind::Image, Action::Untag, image.as_str())
                    .with("name", name.as_str()),
                Removed::Deleted(id) => {
                    deleted.extend(Digest::parse(id));
                    self.event(ObjectKind::Image, Action::Delete, id.as_str())
                }
            };
            self.record(&event);
        }
        if deleted.is_empty() {
            return Ok((removed, 0));
        }
        let collected = self.collect(&deleted)?;
        let layers = collected
            .layers
            .iter()
            .map(|chain| format!("sha256:{chain}"));
        removed.extend(layers.map(Removed::Deleted));
        Ok((removed, collected.size))
    }
}

/// Removes the image or name `name` from `table`. Errors: `No such image: …`, and Docker's conflicts; the caller then
/// drops the table.
pub fn remove(
    table: &mut ImageTable,
    name: &str,
    options: RemoveImageOptions,
    containers: &[InUse],
) -> Result<Vec<Removed>> {
    let id = find_id(table, name)?;
    let mut removal = Removal {
        table,
        containers,
        options,
        done: Vec::new(),
    };
    // `name@digest` with the image's own digest is a longer form of its id.
    let is_own_digest = Reference::parse(name).is_ok_and(|name| name.digest() == Some(&id));
    let by_name = !is_id_prefix(&id, name) && !is_own_digest;
    if by_name {
        if removal.name(&id, name)? {
            return Ok(removal.done);
        }
    } else if is_single(&removal.table.references_of(&id)) {
        let respect = match options.force {
            true => Respect::HARD,
            false => Respect {
                names: false,
                ..Respect::ALL
            },
        };
        if let Some(conflict) = removal.conflict(&id, respect) {
            return Err(conflict.error);
        }
        removal.all_names(&id);
    }
    removal.image(&id, options.force, by_name)?;
    Ok(removal.done)
}

struct Removal<'a> {
    table: &'a mut ImageTable,
    containers: &'a [InUse],
    options: RemoveImageOptions,
    done: Vec<Removed>,
}

impl Removal<'_> {
    /// Removes a name. True if the image has another name left, and so stays.
    fn name(&mut self, id: &ImageId, name: &str) -> Result<bool> {
        let single = is_single(&self.table.references_of(id));
        let mut users = self.containers.iter().filter(|user| user.image == *id);
        if !self.options.force
            && single
            && let Some(user) = users.next()
        {
            let users: Vec<_> = [user].into_iter().chain(users).collect();
            return Err(Error::conflict(format!(
                "conflict: unable to remove repository reference \"{name}\" (must force) - container {} is using its referenced image {}",
                user.container.short(),
                id.short()
            ))
            .with_hint(format!(
                "{} removes the container{}; docker rmi -f {name} unties the name all the same",
                docker_rm(&users),
                if users.len() == 1 { "" } else { "s" },
            )));
        }
        let reference = Reference::parse(name)?.canonical();
        self.untag(&reference);
        // Digests of a repository are not names without a tag of it.
        let rest = self.table.references_of(id);
        let same = |other: &Reference| other.name() == reference.name();
        if reference.digest().is_none()
            && !rest
                .iter()
                .any(|other| other.digest().is_none() && same(other))
        {
            for other in rest.iter().filter(|other| same(other)) {
                self.untag(other);
            }
        }
        Ok(!self.table.references_of(id).is_empty())
    }

    /// Deletes an image and, if requested, its unnamed parents. With `quietly`, a conflict is not an error, because a
    /// name was already removed.
    fn image(&mut self, id: &ImageId, force: bool, quietly: bool) -> Result<()> {
        let respect = if force { Respect::HARD } else { Respect::ALL };
        if let Some(conflict) = self.conflict(id, respect) {
            let dangling = self.table.references_of(id).is_empty() && !self.table.has_children(id);
            return match quietly && (!dangling || conflict.used) {
                true => Ok(()),
                false => Err(conflict.error),
            };
        }
        self.all_names(id);
        let parent = self
            .table
            .images
            .remove(id)
            .and_then(|record| record.parent)
            .filter(|parent| self.table.images.contains_key(parent));
        self.done.push(Removed::Deleted(id.to_string()));
        match parent {
            Some(parent) if !self.options.no_prune => self.image(&parent, false, true),
            _ => Ok(()),
        }
    }

    fn untag(&mut self, reference: &Reference) {
        if let Some(image) = self.table.references.remove(reference) {
            self.done.push(Removed::Untagged {
                name: reference.familiar(),
                image,
            });
        }
    }

    fn all_names(&mut self, id: &ImageId) {
        for reference in self.table.references_of(id) {
            self.untag(&reference);
        }
    }

    fn conflict(&self, id: &ImageId, respect: Respect) -> Option<Conflict> {
        let users = |running| -> Vec<_> {
            self.containers
                .iter()
                .filter(|user| user.image == *id && user.running == running)
                .collect()
        };
        let conflict = |force: &str, used, reason: String, hint: String| {
            let message = format!(
                "conflict: unable to delete {} ({force} be forced) - {reason}",
                id.short()
            );
            Some(Conflict {
                used,
                error: Error::conflict(message).with_hint(hint),
            })
        };
        if respect.children && self.table.has_children(id) {
            let reason = "image has dependent child images".to_owned();
            let hint = format!("docker rmi {} first", self.children(id).join(" "));
            return conflict("cannot", false, reason, hint);
        }
        let running = users(true);
        if let Some(user) = running.first().filter(|_| respect.running) {
            let reason = format!(
                "image is being used by running container {}",
                user.container.short()
            );
            return conflict("cannot", true, reason, docker_rm(&running));
        }
        let names = self.table.references_of(id);
        if respect.names && !names.is_empty() {
            let reason = "image is referenced in multiple repositories".to_owned();
            let names: Vec<_> = names.iter().map(Reference::familiar).collect();
            return conflict(
                "must",
                false,
                reason,
                format!("docker rmi {}", names.join(" ")),
            );
        }
        let stopped = users(false);
        if let Some(user) = stopped.first().filter(|_| respect.stopped) {
            let reason = format!(
                "image is being used by stopped container {}",
                user.container.short()
            );
            return conflict("must", true, reason, docker_rm(&stopped));
        }
        None
    }

    /// The images made from `id`, and those made from them: by name where they have one, in an order in which they can
    /// be removed.
    fn children(&self, id: &ImageId) -> Vec<String> {
        let mut found = vec![id];
        let mut at = 0;
        while let Some(parent) = found.get(at).copied() {
            at += 1;
            for (child, record) in &self.table.images {
                if record.parent.as_ref() == Some(parent) && !found.contains(&child) {
                    found.push(child);
                }
            }
        }
        let name = |id: &&ImageId| {
            let name = self.table.references_of(id).into_iter().next();
            name.map_or(id.short().to_owned(), |name| name.familiar())
        };
        found[1..].iter().rev().map(name).collect()
    }
}

/// The command that removes containers.
fn docker_rm(users: &[&InUse]) -> String {
    let force = match users.iter().any(|user| user.running) {
        true => "-f ",
        false => "",
    };
    let names: Vec<_> = users.iter().map(|user| user.name.as_str()).collect();
    format!("docker rm {force}{}", names.join(" "))
}

/// Whether these names are one tag, and at most digests of the same repository.
fn is_single(references: &[Reference]) -> bool {
    if references.len() <= 1 {
        return references.len() == 1;
    }
    let tags = references
        .iter()
        .filter(|name| name.digest().is_none())
        .count();
    let repositories: BTreeSet<_> = references.iter().map(Reference::name).collect();
    tags <= 1 && repositories.len() == 1
}

#[cfg(test)]
mod tests;
