//! Images: one short method per verb.

use super::Engine;
use crate::error::Result;
use crate::events::ObjectKind;
use crate::image::record::{NewImage, Recorded};
use crate::image::{self, Image, resolve};
use crate::oci::reference::Reference;
use crate::store::images;
use crate::store::lock::Lock;

impl Engine {
    /// The image that `name` means: a name, an id, the beginning of an id, `sha256:…` or `repository@digest`.
    /// Error: `No such image: x:latest`, kind `NotFound`.
    pub fn image(&self, name: &str) -> Result<Image> {
        resolve::find(&self.home, &self.sandbox, name)
    }

    /// All images of the sandbox, also those without a name, newest first.
    pub fn images(&self) -> Result<Vec<Image>> {
        image::list(&self.home, &self.sandbox)
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
            )?;
        }
        Ok(recorded)
    }

    /// Gives the image `name` one more name, `target`; one without a tag gets `latest`.
    pub fn tag(&self, name: &str, target: &str) -> Result<()> {
        let target = Reference::parse(target)?.or_latest();
        if target.digest().is_some() {
            return Err(crate::Error::invalid(
                "refusing to create a tag with a digest reference",
            ));
        }
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
        )
    }
}
