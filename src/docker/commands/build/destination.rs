//! `docker build --output`: the files of the result, in a folder or as a tar.

use crate::ctx::Ctx;
use crate::docker::commands::output::save;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::Engine;
use engine::build::observe::BuildOutcome;
use std::path::Path;

/// The destination of a build's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// A folder.
    Folder(String),
    /// A tar; `None` is standard output.
    File(Option<String>),
}

impl Destination {
    /// Parses one `--output`: `type=tar,dest=file`, or a folder, or `-` for a tar.
    pub(super) fn parse(text: &str) -> CommandResult<Self> {
        if text == "-" {
            return Ok(Self::File(None));
        }
        if !text.contains('=') {
            return Ok(Self::Folder(text.to_owned()));
        }
        let refused = |what: &str| {
            let what = format!("docker build --output {what}");
            Err(Failure::refused(&what, exit::ENGINE))
        };
        let (mut kind, mut dest) = ("", None);
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(Failure::message(format!("invalid value {part}")));
            };
            match key.trim().to_ascii_lowercase().as_str() {
                "type" => kind = value,
                "dest" => dest = Some(value.to_owned()),
                key => return refused(&format!("{key}=")),
            }
        }
        match (kind, dest) {
            ("", _) => Err(Failure::message("type is required for output")),
            ("local", None) => Err(Failure::message(
                "dest is required for local output: --output type=local,dest=FOLDER",
            )),
            ("local", Some(folder)) => Ok(Self::Folder(folder)),
            ("tar", dest) => Ok(Self::File(dest.filter(|dest| dest != "-"))),
            ("docker" | "oci" | "image" | "registry" | "cacheonly", _) => {
                refused(&format!("type={kind}"))
            }
            (kind, _) => Err(Failure::message(format!(
                "exporter \"{kind}\" could not be found"
            ))),
        }
    }

    /// Writes the result there. The content is protected meanwhile.
    pub(super) fn bring(
        &self,
        ctx: &mut Ctx,
        engine: &Engine,
        built: &BuildOutcome,
    ) -> CommandResult {
        match self {
            Self::Folder(folder) => Ok(engine.unpack_build(built, Path::new(folder))?),
            Self::File(path) => save(ctx, "write the build", path.as_deref(), |writer| {
                Ok(engine.write_build(built, writer)?)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_folder_or_a_tar() {
        for (text, expected) in [
            ("out", Destination::Folder("out".to_owned())),
            ("-", Destination::File(None)),
            ("type=local,dest=a", Destination::Folder("a".to_owned())),
            (
                "type=tar,dest=a.tar",
                Destination::File(Some("a.tar".to_owned())),
            ),
            ("type=tar,dest=-", Destination::File(None)),
        ] {
            assert_eq!(Destination::parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, said) in [
            ("type=registry", "--output type=registry` is not part of"),
            ("type=oci,dest=x", "--output type=oci` is not part of"),
            ("type=local,name=x", "--output name=` is not part of"),
            ("type=local", "dest is required for local output"),
            ("dest=x", "type is required for output"),
            ("type=floppy", "exporter \"floppy\" could not be found"),
            ("type=tar,oops", "invalid value oops"),
        ] {
            let text = Destination::parse(text).unwrap_err().text().unwrap();
            assert!(text.contains(said), "{text}");
        }
    }
}
