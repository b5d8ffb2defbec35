//! Volumes: one short method per verb.

use super::Engine;
use crate::error::{Error, Result};
use crate::id::VolumeName;
use crate::runtime::spec::Volume;
use std::collections::BTreeMap;

impl Engine {
    /// Creates a volume; one that exists is fine. `None` makes an anonymous one.
    pub fn create_volume(
        &self,
        _name: Option<&str>,
        _labels: BTreeMap<String, String>,
    ) -> Result<Volume> {
        Err(pending())
    }

    /// All volumes, by name.
    pub fn volumes(&self) -> Result<Vec<Volume>> {
        Err(pending())
    }

    /// Removes a volume that no container uses.
    pub fn remove_volume(&self, _name: &VolumeName, _force: bool) -> Result<()> {
        Err(pending())
    }
}

fn pending() -> Error {
    Error::internal("this verb is not wired yet")
}
