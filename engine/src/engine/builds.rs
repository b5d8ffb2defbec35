//! Builds: one short method per verb.

use super::Engine;
use crate::build::observe::{BuildObserver, BuildOutcome};
use crate::build::request::BuildRequest;
use crate::build::syntax::error::BuildError;
use crate::build::syntax::parse::Dockerfile;
use crate::error::{Error, Result};

impl Engine {
    /// Builds an image.
    ///
    /// # Errors
    /// The message is what BuildKit says after `failed to solve: `, and where in the Dockerfile, line and caret
    /// included, on the lines after it. Steps before the one that failed stay in the cache.
    pub fn build(
        &self,
        _request: BuildRequest,
        _observer: &mut dyn BuildObserver,
    ) -> Result<BuildOutcome> {
        Err(Error::internal("this verb is not wired yet"))
    }

    /// Parses a Dockerfile without building it; `name` stands in messages.
    pub fn parse_dockerfile(
        &self,
        name: &str,
        text: &[u8],
    ) -> std::result::Result<Dockerfile, BuildError> {
        Dockerfile::parse(name, text)
    }
}
