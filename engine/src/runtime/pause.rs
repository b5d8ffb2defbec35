//! `docker pause` and `docker unpause`.
//!
//! **Kernel feature.** The freezer of control groups: no process of a frozen group gets the processor.
//! **Try it.** `docker pause web`, then `docker top web`.

use super::observe;
use super::requests::{self, Request, answered};
use crate::engine::Engine;
use crate::error::Result;

impl Engine {
    /// Freezes all processes of a container.
    pub fn pause(&self, name: &str) -> Result<()> {
        freeze(self, name, true)
    }

    /// Undoes `pause`.
    pub fn unpause(&self, name: &str) -> Result<()> {
        freeze(self, name, false)
    }
}

fn freeze(engine: &Engine, name: &str, frozen: bool) -> Result<()> {
    let container = observe::running(engine, name)?;
    let request = Request::Freeze {
        frozen,
        via: engine.via.clone(),
    };
    let stream = requests::send(engine, &container.config.id, &request)?;
    answered(engine, &container, &stream)
}
