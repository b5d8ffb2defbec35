//! `docker tag`: gives an image another name.

use super::resolve;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::oci::reference::Reference;
use crate::store::images;
use serde_json::json;

impl Engine {
    /// Gives the image `name` the additional name `target`; without a tag it gets `latest`.
    pub fn tag(&self, name: &str, target: &str) -> Result<()> {
        let target = new_name(target)?;
        let now = self.now();
        let id = images::update(&self.sandbox, |table| {
            let id = resolve::find_id(table, name)?;
            table.tag(target.clone(), &id, now);
            Ok(id)
        })?;
        self.note(
            ObjectKind::Image,
            Action::Tag,
            id.as_str(),
            json!({"name": target.familiar()}),
        );
        Ok(())
    }
}

/// The new name for an image. Errors: an invalid name, in Docker's words.
pub(crate) fn new_name(text: &str) -> Result<Reference> {
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

/// The name of a new image, if it gets one.
pub(crate) fn name_of(text: &Option<String>) -> Result<Option<Reference>> {
    let text = text.as_deref().filter(|text| !text.is_empty());
    text.map(new_name).transpose()
}
