//! What `pull` and `push` have in common: the name, and what is said of it first.

use crate::ctx::Ctx;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::oci::reference::{DEFAULT_TAG, Reference};

/// Reads the name `text`. One without a tag means `latest`, which is told unless `quiet`; or with `all`, every tag.
pub(super) fn read(ctx: &mut Ctx, text: &str, all: bool, quiet: bool) -> CommandResult<Reference> {
    let name = Reference::parse(text).map_err(|error| Failure::message(error.to_string()))?;
    let is_bare = name.tag().is_none() && name.digest().is_none();
    if all {
        return match is_bare {
            true => Ok(name),
            false => Err(Failure::message("tag can't be used with --all-tags/-a")),
        };
    }
    if is_bare && !quiet {
        writeln!(ctx.out, "Using default tag: {DEFAULT_TAG}")?;
    }
    Ok(name.or_latest())
}

/// `--disable-content-trust=false` asks for signatures, which we do not have.
pub(super) fn content_trust(disabled: bool) -> CommandResult {
    match disabled {
        true => Ok(()),
        false => Err(Failure::refused(
            "--disable-content-trust=false",
            exit::ENGINE,
        )),
    }
}
