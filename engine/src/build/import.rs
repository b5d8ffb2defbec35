//! `docker import`: a tar of files becomes an image of one layer, without a history of the files.
//!
//! Source: moby `daemon/images/image_import.go`.

use super::changes;
use crate::ErrorKind;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::image::layer;
use crate::image::record::NewImage;
use crate::image::remote::download;
use crate::image::tag::name_of;
use crate::oci::config::{History, ImageConfig, RootFs, RunConfig, machine_architecture};
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use serde_json::json;
use std::io::Read;

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

/// The source of the files for `docker import`.
pub enum ImportSource<'a> {
    /// In this tar.
    Tar(&'a mut dyn Read),
    /// In the tar at `url`; `begun` is called when the download starts.
    Web {
        /// Its address: `http` or `https`.
        url: &'a str,
        /// Called once.
        begun: &'a mut dyn FnMut(),
    },
}

impl Engine {
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
        let _kept = self.begin_content()?;
        let mut web: Box<dyn Read>;
        let (reader, origin): (&mut dyn Read, &str) = match source {
            ImportSource::Tar(reader) => (reader, "-"),
            ImportSource::Web { url, begun } => {
                web = Box::new(download(url)?);
                begun();
                (&mut web, url)
            }
        };
        let message = match request.message.is_empty() {
            true => format!("Imported from {origin}"),
            false => request.message,
        };
        let new = image_of(self, reader, reference.clone(), config, message)?;
        let id = self.add_image(&new)?.id;
        let name = reference.map(|name| name.or_latest().familiar());
        self.note(
            ObjectKind::Image,
            Action::Import,
            id.as_str(),
            json!({"name": name.unwrap_or_else(|| id.to_string())}),
        );
        Ok(id)
    }
}

/// An image of the files in `stream`, a tar, compressed or not.
fn image_of(
    engine: &Engine,
    stream: &mut dyn Read,
    reference: Option<Reference>,
    config: RunConfig,
    comment: String,
) -> Result<NewImage> {
    let layer = layer::import(&engine.home, stream, None, None)?;
    let created = Some(engine.now().to_string());
    let config = ImageConfig {
        architecture: machine_architecture().to_owned(),
        os: "linux".to_owned(),
        created: created.clone(),
        comment: comment.clone(),
        config,
        history: vec![History {
            created,
            comment,
            ..History::default()
        }],
        rootfs: RootFs {
            diff_ids: vec![layer.diff_id],
            ..RootFs::default()
        },
        ..ImageConfig::default()
    };
    Ok(NewImage {
        config: serde_json::to_vec(&config)
            .map_err(|error| Error::internal("cannot write a configuration").with_source(error))?,
        parent: None,
        references: reference.into_iter().map(Reference::or_latest).collect(),
    })
}
