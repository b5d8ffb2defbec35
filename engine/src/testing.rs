//! Setup for unit tests.

use crate::clock::System;
use crate::engine::{Allowed, Engine, Settings};
use crate::paths::Home;
use std::sync::Arc;

/// The engine, opened on the sandbox `free` of `home`.
pub(crate) fn open(home: &Home) -> Engine {
    Engine::open(Settings {
        home: home.clone(),
        sandbox: "free".to_owned(),
        binary: "/proc/self/exe".into(),
        via: "test".to_owned(),
        outbound: Allowed::None,
        clock: Arc::new(System),
        entropy: Arc::new(System),
    })
    .unwrap()
}
