//! The notice that Docker's command line writes before a build when it has no `buildx`: with the classic linear cache, this
//! is the builder that a script written against it meets.
//!
//! **What Docker does.** It writes the notice before every build and prune, unless `DOCKER_BUILDKIT` says otherwise.
//! **What we do.** The same words, for a script; a person at a terminal is spared an advice that does not help here, and the
//! lesson shell and `docklings env` set `DOCKER_BUILDKIT=1`. See `docs/decisions/0005-the-builders-notice.md`.

use crate::ctx::Ctx;
use crate::env;
use std::ffi::OsStr;
use std::io::{self, Write};

/// As Docker 28 words it.
const NOTICE: &str =
    "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.
            Install the buildx component to build images with BuildKit:
            https://docs.docker.com/go/buildx/

";

/// Writes the notice to standard error where it is due.
pub(in crate::commands) fn tell(ctx: &mut Ctx) -> io::Result<()> {
    let asked = std::env::var_os(env::BUILDKIT);
    if is_due(ctx.err_is_terminal(), asked.as_deref()) {
        ctx.err.write_all(NOTICE.as_bytes())?;
    }
    Ok(())
}

fn is_due(on_terminal: bool, asked: Option<&OsStr>) -> bool {
    !on_terminal && asked.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_says_nothing_of_buildkit_is_told() {
        assert!(is_due(false, None) && is_due(false, Some(OsStr::new(""))));
        assert!(!is_due(false, Some(OsStr::new("1"))));
        assert!(!is_due(true, None) && !is_due(true, Some(OsStr::new("1"))));
    }
}
