//! The engine as callers see it: one short method per verb, no logic of its own.
//!
//! A name given by the user may be a container's name, its id, or a prefix of the id that fits only one.

pub mod archives;
mod builds;
mod cache;
mod containers;
mod images;
pub mod look;
mod registry;
pub mod repair;
pub mod undo;
mod volumes;

pub use crate::site::Settings;

use crate::error::Result;
use crate::site::Site;
use std::ops::Deref;

/// The engine, opened on one sandbox.
#[derive(Clone)]
pub struct Engine(Site);

impl Engine {
    /// Opens a sandbox, which is made if missing.
    pub fn open(settings: Settings) -> Result<Self> {
        Site::open(settings).map(Self)
    }
}

/// Paths, time and journal of the sandbox are the site's.
impl Deref for Engine {
    type Target = Site;
    fn deref(&self) -> &Site {
        &self.0
    }
}
