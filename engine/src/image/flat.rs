//! `docker import`: a tar of files becomes an image of one layer, without a history of how the files came to be.
//!
//! Source: moby `daemon/images/image_import.go`.

use super::layer;
use super::record::{NewImage, record};
use crate::error::{Error, Result};
use crate::oci::config::{History, ImageConfig, RootFs, RunConfig, machine_architecture};
use crate::oci::digest::ImageId;
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths};
use jiff::Timestamp;
use std::io::Read;

/// What the image is to be, beside its files.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Its name.
    pub reference: Option<Reference>,
    /// `--change`, applied already.
    pub config: RunConfig,
    /// Why, or from where.
    pub message: String,
}

/// Makes an image of the files in `stream`, a tar, compressed or not. The caller holds [`super::keep_content`].
pub fn import(
    home: &Home,
    sandbox: &SandboxPaths,
    now: Timestamp,
    stream: impl Read,
    import: Import,
) -> Result<ImageId> {
    let layer = layer::import(home, stream, None, None)?;
    let created = Some(now.to_string());
    let comment = import.message;
    let config = ImageConfig {
        architecture: machine_architecture().to_owned(),
        os: "linux".to_owned(),
        created: created.clone(),
        comment: comment.clone(),
        config: import.config,
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
    let new = NewImage {
        config: serde_json::to_vec(&config)
            .map_err(|error| Error::internal("cannot write a configuration").with_source(error))?,
        parent: None,
        references: import
            .reference
            .into_iter()
            .map(Reference::or_latest)
            .collect(),
    };
    let mut recorded = record(home, sandbox, now, &[new])?;
    Ok(recorded.remove(0).id)
}
