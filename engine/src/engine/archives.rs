//! Images that come from somewhere and go somewhere: `commit`, `load`, `save`, `import`.

use super::Engine;
use super::images::new_name;
use crate::build::changes;
use crate::error::{Error, ErrorKind, Result};
use crate::events::ObjectKind;
use crate::image::archive::load::{self, Loaded};
use crate::image::archive::save;
use crate::image::commit::{self, Commit};
use crate::image::flat::{self, Import};
use crate::image::remote::download;
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

/// Where `docker import` finds the files.
pub enum ImportSource<'a> {
    /// In this tar.
    Tar(&'a mut dyn Read),
    /// In the tar at `url`; `begun` is called when it begins to come.
    Web {
        /// Its address: `http` or `https`.
        url: &'a str,
        /// Called once.
        begun: &'a mut dyn FnMut(),
    },
}

impl Engine {
    /// Makes an image of a container, which is frozen meanwhile unless the machine cannot. Returns its id.
    /// The process must have one thread only: an ordinary user gets a user namespace here.
    pub fn commit(&self, name: &str, request: CommitRequest) -> Result<ImageId> {
        let reference = name_of(&request.reference)?;
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
            // It may have ended, or been removed, meanwhile.
            self.unpause(name).or_else(|error| match error.kind() {
                ErrorKind::Conflict | ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
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
        );
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
                );
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
            );
        }
        Ok(())
    }

    /// Makes an image of one layer from a tar of files, compressed or not. Returns its id. An ordinary user gets a user
    /// namespace.
    pub fn import(&self, source: ImportSource<'_>, request: ImportRequest) -> Result<ImageId> {
        let reference = match name_of(&request.reference) {
            Err(error) if error.kind() == ErrorKind::Local => {
                return Err(Error::invalid("cannot import digest reference"));
            }
            name => name?,
        };
        let config = changes::apply(RunConfig::default(), &request.changes)?;
        become_root()?;
        let _kept = self.keep_content()?;
        let mut web: Box<dyn Read>;
        let (reader, origin): (&mut dyn Read, &str) = match source {
            ImportSource::Tar(reader) => (reader, "-"),
            ImportSource::Web { url, begun } => {
                web = Box::new(download(url)?);
                begun();
                (&mut web, url)
            }
        };
        let id = flat::import(
            &self.home,
            &self.sandbox,
            self.now(),
            reader,
            Import {
                reference: reference.clone(),
                config,
                message: match request.message.is_empty() {
                    true => format!("Imported from {origin}"),
                    false => request.message,
                },
            },
        )?;
        let name = reference.map(|name| name.or_latest().familiar());
        self.record(
            &self
                .event(ObjectKind::Image, "import", id.as_str())
                .with("name", name.unwrap_or_else(|| id.to_string())),
        );
        Ok(id)
    }
}

/// The name of a new image, if it gets one.
fn name_of(text: &Option<String>) -> Result<Option<Reference>> {
    let text = text.as_deref().filter(|text| !text.is_empty());
    text.map(new_name).transpose()
}
