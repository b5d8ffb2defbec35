//! `docker history`: which instruction made which layer.
//!
//! **What Docker does.** The configuration lists all instructions; those not marked as empty made one layer each, in
//! order. **What we do.** The same, and name the layer.

use super::Image;
use crate::error::Result;
use crate::oci::digest::ImageId;
use crate::paths::Home;
use crate::store::layers;
use jiff::Timestamp;

/// One line of `docker history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The image, for the newest line; Docker shows the others as `<missing>`.
    pub image: Option<ImageId>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The instruction.
    pub created_by: String,
    /// Bytes of files in its layer.
    pub size: u64,
    /// The comment.
    pub comment: String,
    /// Chain id (hexadecimal digits) of its layer; `None` for an instruction that changed no file.
    pub layer: Option<String>,
}

/// The history of `image`, newest first.
pub fn history(home: &Home, image: &Image) -> Result<Vec<HistoryRow>> {
    let mut chain = image.chain.iter();
    let mut rows = Vec::with_capacity(image.config.history.len());
    for step in &image.config.history {
        let layer = match step.empty_layer {
            true => None,
            false => chain.next().cloned(),
        };
        rows.push(HistoryRow {
            image: None,
            created: step.created.as_deref().and_then(|text| text.parse().ok()),
            created_by: step.created_by.clone(),
            size: match &layer {
                Some(chain) => layers::read(home, chain)?.size,
                None => 0,
            },
            comment: step.comment.clone(),
            layer,
        });
    }
    rows.reverse();
    if let Some(newest) = rows.first_mut() {
        newest.image = Some(image.id.clone());
    }
    Ok(rows)
}
