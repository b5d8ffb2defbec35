//! Volumes: one short method per verb.

use super::Engine;
use crate::error::Result;
use crate::id::VolumeName;
use crate::volume::{self, Volume};
use std::collections::BTreeMap;

impl Engine {
    /// Creates a volume; one that exists is fine. `None` makes an anonymous one.
    pub fn create_volume(
        &self,
        name: Option<&str>,
        labels: BTreeMap<String, String>,
    ) -> Result<Volume> {
        volume::create(self, name, labels)
    }

    /// All volumes, by name.
    pub fn volumes(&self) -> Result<Vec<Volume>> {
        volume::list(self)
    }

    /// The volume `name`, if it exists.
    pub fn volume(&self, name: &VolumeName) -> Result<Option<Volume>> {
        volume::find(self, name)
    }

    /// Ids of the containers that use a volume, running or not.
    pub fn volume_users(&self, name: &VolumeName) -> Result<Vec<String>> {
        volume::users(self, name)
    }

    /// Removes a volume that no container uses. With `force`, one that does not exist is fine.
    pub fn remove_volume(&self, name: &VolumeName, force: bool) -> Result<()> {
        volume::remove(self, name, force)
    }
}
