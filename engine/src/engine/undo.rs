//! Taking back what one line of the lesson shell did.

use super::Engine;
use crate::error::Result;
use crate::runtime::undo;
use crate::sys::namespace::become_root;
use std::path::Path;

pub use crate::runtime::undo::{TakenBack, is_look};

impl Engine {
    /// Keeps what this sandbox and the folder `workspace` hold, in a sandbox called `kept`. An ordinary user gets a user
    /// namespace.
    ///
    /// # Errors
    /// Kind `Unsupported` when there is too much to be kept.
    pub fn keep(&self, kept: &str, workspace: Option<&Path>) -> Result<()> {
        // Where no namespace can be made, all files are the user's own.
        drop(become_root());
        undo::keep(&self.0, kept, workspace)
    }

    /// Makes this sandbox and `workspace` what they were when [`Engine::keep`] kept them as `kept`, and the journal
    /// `journal` bytes long. An ordinary user gets a user namespace.
    ///
    /// # Errors
    /// Kind `Conflict`, with the reason, when that cannot be done; then nothing has changed.
    pub fn take_back(
        &self,
        kept: &str,
        workspace: Option<&Path>,
        journal: u64,
    ) -> Result<TakenBack> {
        drop(become_root());
        undo::take_back(&self.0, kept, workspace, journal)
    }
}
