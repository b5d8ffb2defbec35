//! `docker rename`: another name for a container.

use super::create;
use super::update::tell;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::events::Action;
use crate::store::records;

impl Engine {
    /// Gives a container another name.
    pub fn rename(&self, name: &str, new: &str) -> Result<()> {
        let mut container = self.container(name)?;
        let new = new.strip_prefix('/').unwrap_or(new);
        create::check_name(new)?;
        if container.config.name == new {
            return Err(Error::invalid(
                "Renaming a container with the same name as its current name",
            ));
        }
        let old = container.config.name.clone();
        records::rename(&self.sandbox, &mut container.config, new).map_err(|error| match error
            .kind()
        {
            ErrorKind::Conflict => Error::conflict(format!(
                "Error when allocating new name: {}",
                error.message()
            )),
            _ => error,
        })?;
        tell(self, &container)?;
        self.record(
            &self
                .event_of(&container.config, Action::Rename)
                .with("name", new)
                .with("oldName", format!("/{old}")),
        );
        Ok(())
    }
}
