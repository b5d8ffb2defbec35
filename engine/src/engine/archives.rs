//! Images that come from somewhere and go somewhere: `commit`, `load`, `save`, `import`.

use super::Engine;
use crate::build::changes;
use crate::error::Result;
use crate::events::ObjectKind;
use crate::image::archive::load::{self, Loaded};
use crate::image::archive::save;
use crate::image::commit::{self, Commit};
use crate::image::flat::{self, Import};
use crate::oci::config::RunConfig;
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use crate::runtime::spec::Status;
use crate::sys::namespace::become_root;
use std::io::{Read, Write};

/// `docker commit`.
#[derive(Debug, Clone, Default)]
pub struct CommitRequest {
    /// The new image's name, as written.
    pub reference: Option<String>,
    /// `--author`.
    pub author: String,
    /// `--message`.
    pub message: String,
    /// `--change`, in order.
    pub changes: Vec<String>,
    /// `--no-pause`: processes may write meanwhile.
    pub no_pause: bool,
}

/// `docker import`.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// The new image's name, as written.
    pub reference: Option<String>,
    /// `--message`.
    pub message: String,
    /// `--change`, in order.
    pub changes: Vec<String>,
}

impl Engine {
    /// Makes an image of a container, which is frozen meanwhile unless the machine cannot. Returns its id.
    /// The process must have one thread only: an ordinary user gets a user namespace here.
    pub fn commit(&self, name: &str, request: CommitRequest) -> Result<ImageId> {
        let reference = parse(request.reference.as_deref())?;
        let container = self.container(name)?;
        let config = commit::run_config(&self.home, &container.config)?;
        let config = changes::apply(config, &request.changes)?;
        become_root()?;
        let _kept = self.keep_content()?;
        let freeze = !request.no_pause && container.status == Status::Running;
        let frozen = freeze && self.pause(name).is_ok();
        let new = commit::commit(
            &self.home,
            &self.sandbox,
            self.now(),
            &container.config,
            Commit {
                reference: reference.clone(),
                author: request.author,
                message: request.message.clone(),
                config,
            },
        );
        if frozen {
            self.unpause(name)?;
        }
        let id = self.add_image(&new?)?.id;
        let image = reference.map(|name| name.or_latest().familiar());
        self.record(
            &self
                .event(
                    ObjectKind::Container,
                    "commit",
                    container.config.id.as_str(),
                )
                .with("name", container.config.name.as_str())
                .with("image", container.config.image_reference.as_str())
                .with("imageID", id.as_str())
                .with("imageRef", image.unwrap_or_default())
                .with("comment", request.message),
        )?;
        Ok(id)
    }

    /// Loads an archive of images, compressed or not: all of them, or none. An ordinary user gets a user namespace.
    pub fn load(&self, reader: &mut dyn Read) -> Result<Vec<Loaded>> {
        become_root()?;
        let _kept = self.keep_content()?;
        let loaded = load::load(&self.home, &self.sandbox, self.now(), reader)?;
        for image in &loaded {
            let names = image.references.iter().map(Reference::familiar);
            let names = match image.references.is_empty() {
                true => vec![image.id.to_string()],
                false => names.collect(),
            };
            for name in names {
                self.record(
                    &self
                        .event(ObjectKind::Image, "load", image.id.as_str())
                        .with("name", name),
                )?;
            }
        }
        Ok(loaded)
    }

    /// Writes images as one archive, in Docker's form and OCI's at once. A name without a tag means all its tags.
    /// An ordinary user gets a user namespace.
    pub fn save(&self, names: &[String], writer: &mut dyn Write) -> Result<()> {
        // Where no namespace can be made, all files of the layers are the user's own.
        drop(become_root());
        for id in save::save(&self.home, &self.sandbox, names, writer)? {
            self.record(
                &self
                    .event(ObjectKind::Image, "save", id.as_str())
                    .with("name", names.join(" ")),
            )?;
        }
        Ok(())
    }

    /// Makes an image of one layer from a tar of files, compressed or not. Returns its id. An ordinary user gets a user
    /// namespace.
    pub fn import(&self, reader: &mut dyn Read, request: ImportRequest) -> Result<ImageId> {
        let reference = parse(request.reference.as_deref())?;
        let config = changes::apply(RunConfig::default(), &request.changes)?;
        become_root()?;
        let _kept = self.keep_content()?;
        let id = flat::import(
            &self.home,
            &self.sandbox,
            self.now(),
            reader,
            Import {
                reference: reference.clone(),
                config,
                message: request.message,
            },
        )?;
        let name = reference.map(|name| name.or_latest().familiar());
        self.record(
            &self
                .event(ObjectKind::Image, "import", id.as_str())
                .with("name", name.unwrap_or_else(|| id.to_string())),
        )?;
        Ok(id)
    }
}

/// A name for a new image. Error: Docker's, also for one with a digest.
fn parse(name: Option<&str>) -> Result<Option<Reference>> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let reference = Reference::parse(name)?;
    if reference.digest().is_some() {
        return Err(crate::Error::invalid("cannot import digest reference"));
    }
    Ok(Some(reference))
}
