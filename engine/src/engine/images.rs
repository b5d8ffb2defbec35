//! Images: one short method per verb.

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::events::ObjectKind;
use crate::image::collect::Collected;
use crate::image::history::HistoryRow;
use crate::image::prune::{self, PruneOptions};
use crate::image::record::{NewImage, Recorded};
use crate::image::remove::{self, InUse, RemoveImageOptions, Removed};
use crate::image::usage::ImagesUsage;
use crate::image::{self, Image, resolve};
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use crate::store::lock::{self, Lock};
use crate::store::{images, records};
use crate::sys::namespace::become_root;

impl Engine {
    /// The image that `name` means: a name, an id, the beginning of an id, `sha256:…` or `repository@digest`.
    /// Error: `No such image: x:latest`, kind `NotFound`.
    pub fn image(&self, name: &str) -> Result<Image> {
        resolve::find(&self.home, &self.sandbox, name)
    }

    /// The same, of an image that is to be used: a layer that a power cut has damaged is made again. Error: it cannot be; of
    /// kind `NotFound` if the image can be pulled.
    pub fn whole_image(&self, name: &str) -> Result<Image> {
        let _kept = self.keep_content()?;
        image::repair::find_whole(&self.home, &self.sandbox, name)
    }

    /// All images of the sandbox, also those without a name, newest first.
    pub fn images(&self) -> Result<Vec<Image>> {
        image::list_with(&self.home, &self.sandbox, |id, found| {
            let what = format!("image {}", id.short());
            Ok(self.or_leave_out(&what, found.map(Some)))
        })
    }

    /// Gives a sandbox that is new its first images, `busybox` and `hello-world`. Costs one `stat(2)` afterwards.
    pub fn ensure_starter_images(&self) -> Result<()> {
        image::starter::ensure(&self.home, &self.sandbox, self.now())
    }

    /// To be held while layers are made for something that is not recorded yet.
    pub fn keep_content(&self) -> Result<Lock> {
        image::keep_content(&self.home)
    }

    /// Records an image whose layers are published, and its names in the journal. The caller adds the event of its own
    /// verb (`build`, `commit`).
    pub fn add_image(&self, new: &NewImage) -> Result<Recorded> {
        let mut recorded = image::record::record(
            &self.home,
            &self.sandbox,
            self.now(),
            std::slice::from_ref(new),
        )?;
        let recorded = recorded.remove(0);
        for reference in &new.references {
            self.record(
                &self
                    .event(ObjectKind::Image, "tag", recorded.id.as_str())
                    .with("name", reference.familiar()),
            );
        }
        Ok(recorded)
    }

    /// Gives the image `name` one more name, `target`; one without a tag gets `latest`.
    pub fn tag(&self, name: &str, target: &str) -> Result<()> {
        let target = new_name(target)?;
        let now = self.now();
        let id = images::update(&self.sandbox, |table| {
            let id = resolve::find_id(table, name)?;
            table.tag(target.clone(), &id, now);
            Ok(id)
        })?;
        self.record(
            &self
                .event(ObjectKind::Image, "tag", id.as_str())
                .with("name", target.familiar()),
        );
        Ok(())
    }

    /// Removes what `name` means, as `docker rmi`. Errors: `No such image`, and Docker's conflicts.
    pub fn remove_image(&self, name: &str, options: RemoveImageOptions) -> Result<Vec<Removed>> {
        let containers = self.image_users()?;
        let removed = images::update(&self.sandbox, |table| {
            remove::remove(table, name, options, &containers)
        })?;
        Ok(self.after_removal(removed)?.0)
    }

    /// Removes images that nobody uses. Returns what went, and how many bytes of files that were.
    pub fn prune_images(&self, options: &PruneOptions) -> Result<(Vec<Removed>, u64)> {
        let containers = self.image_users()?;
        let removed = images::update(&self.sandbox, |table| {
            prune::prune(table, options, &containers, |id| {
                image::config(&self.home, id)
            })
        })?;
        let (removed, reclaimed) = self.after_removal(removed)?;
        // Layers that a removed container was the last to need may be left as well.
        let reclaimed = reclaimed + self.collect(&[])?.size;
        self.record(
            &self
                .event(ObjectKind::Image, "prune", "")
                .with("reclaimed", reclaimed.to_string()),
        );
        Ok((removed, reclaimed))
    }

    /// What made each layer of the image `name`, newest first.
    pub fn history(&self, name: &str) -> Result<Vec<HistoryRow>> {
        let image = self.image(name)?;
        let rows = image::history::history(&self.home, &image)?;
        self.record(
            &self
                .event(ObjectKind::Image, "history", image.id.as_str())
                .with("name", name),
        );
        Ok(rows)
    }

    /// What the images of the sandbox take, together and alone.
    pub fn image_usage(&self) -> Result<ImagesUsage> {
        let users: Vec<_> = self
            .image_users()?
            .into_iter()
            .map(|user| user.image)
            .collect();
        image::usage::usage(&self.home, self.images()?, &users)
    }

    /// The containers of the sandbox, as far as images are concerned.
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

    /// Records what went, and deletes the layers that nothing needs now.
    fn after_removal(&self, mut removed: Vec<Removed>) -> Result<(Vec<Removed>, u64)> {
        let mut deleted = Vec::new();
        for one in &removed {
            let event = match one {
                Removed::Untagged { name, image } => self
                    .event(ObjectKind::Image, "untag", image.as_str())
                    .with("name", name.as_str()),
                Removed::Deleted(id) => {
                    deleted.extend(Digest::parse(id));
                    self.event(ObjectKind::Image, "delete", id.as_str())
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

    /// Deletes the layers that nothing needs, and the configurations of `deleted`.
    pub(super) fn collect(&self, deleted: &[ImageId]) -> Result<Collected> {
        // Files of a container's users may belong to subordinate ids. Where no namespace can be made, none do.
        drop(become_root());
        match image::collect::collect(&self.home, deleted) {
            // As long as it is not known what is needed, nothing is deleted.
            Err(error) if error.kind() == ErrorKind::Internal => Ok(self
                .or_leave_out("the removal of unneeded layers", Err(error))
                .unwrap_or_default()),
            other => other,
        }
    }
}

/// The name that an image is to get. Errors: it cannot be one, in Docker's words.
pub(super) fn new_name(text: &str) -> Result<Reference> {
    let name = Reference::parse(text)?.or_latest();
    if name.digest().is_some() {
        return Err(Error::local(
            "refusing to create a tag with a digest reference",
        ));
    }
    if name.familiar_name() == "sha256" {
        return Err(Error::invalid(
            "refusing to create an ambiguous tag using digest algorithm as name",
        ));
    }
    Ok(name)
}
