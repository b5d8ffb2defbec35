//! `docker build --output`: where what is built goes.

use crate::commands::output::save;
use crate::ctx::Ctx;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::Engine;
use engine::build::export::BuildForm;
use engine::build::observe::BuildOutcome;
use std::path::Path;

/// Where a build goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// The images of this sandbox, under one more name perhaps.
    Images(Option<String>),
    /// Nowhere: only the cache is filled.
    Nowhere,
    /// Files in a folder.
    Folder(String),
    /// One file; `None` is standard output.
    File(BuildForm, Option<String>),
}

impl Destination {
    /// Reads one `--output`: `type=oci,dest=file`, or a folder, or `-` for a tar of the files.
    pub(super) fn parse(text: &str) -> CommandResult<Self> {
        if text == "-" {
            return Ok(Self::File(BuildForm::Files, None));
        }
        if !text.contains('=') {
            return Ok(Self::Folder(text.to_owned()));
        }
        let (mut kind, mut dest, mut name) = ("", None, None);
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(Failure::message(format!("invalid value {part}")));
            };
            match key.trim().to_ascii_lowercase().as_str() {
                "type" => kind = value,
                "dest" => dest = Some(value.to_owned()),
                "name" => name = Some(value.to_owned()),
                // A tar is the usual form of these archives here.
                "tar" if value == "true" => {}
                key => {
                    return Err(Failure::refused(
                        &format!("docker build --output {key}="),
                        exit::ENGINE,
                    ));
                }
            }
        }
        let file = |form| Ok(Self::File(form, dest.clone().filter(|dest| dest != "-")));
        match (kind, &dest) {
            ("", _) => Err(Failure::message("type is required for output")),
            ("local", None) => Err(Failure::message(
                "dest is required for local output: --output type=local,dest=FOLDER",
            )),
            ("local", Some(folder)) => Ok(Self::Folder(folder.clone())),
            ("tar", _) => file(BuildForm::Files),
            ("oci", _) => file(BuildForm::Oci),
            ("docker", Some(_)) => file(BuildForm::Docker),
            ("docker" | "image", None) => Ok(Self::Images(name)),
            ("cacheonly", _) => Ok(Self::Nowhere),
            ("registry", _) => Err(Failure::refused("--output type=registry", exit::ENGINE)),
            (kind, _) => Err(Failure::message(format!(
                "exporter \"{kind}\" could not be found"
            ))),
        }
    }

    /// Brings what was built there. The content is kept meanwhile.
    pub(super) fn bring(
        &self,
        ctx: &mut Ctx,
        engine: &Engine,
        built: &BuildOutcome,
    ) -> CommandResult {
        match self {
            Self::Images(_) | Self::Nowhere => Ok(()),
            Self::Folder(folder) => Ok(engine.unpack_build(built, Path::new(folder))?),
            Self::File(form, path) => save(ctx, "write the build", path.as_deref(), |writer| {
                Ok(engine.write_build(built, *form, writer)?)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_kind_and_a_place() {
        let file = |path: &str| Some(path.to_owned());
        for (text, expected) in [
            ("out", Destination::Folder("out".to_owned())),
            ("-", Destination::File(BuildForm::Files, None)),
            ("type=local,dest=a", Destination::Folder("a".to_owned())),
            (
                "type=tar,dest=a.tar",
                Destination::File(BuildForm::Files, file("a.tar")),
            ),
            ("type=oci,dest=-", Destination::File(BuildForm::Oci, None)),
            (
                "type=docker,dest=x",
                Destination::File(BuildForm::Docker, file("x")),
            ),
            ("type=docker", Destination::Images(None)),
            ("type=image,name=a:1", Destination::Images(file("a:1"))),
            ("type=cacheonly", Destination::Nowhere),
        ] {
            assert_eq!(Destination::parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, said) in [
            ("type=registry", "`--output type=registry` is not part of"),
            ("type=local", "dest is required for local output"),
            ("dest=x", "type is required for output"),
            ("type=floppy", "exporter \"floppy\" could not be found"),
            ("type=image,push=true", "not part of docklings"),
            ("type=tar,oops", "invalid value oops"),
        ] {
            let text = Destination::parse(text).unwrap_err().text().unwrap();
            assert!(text.contains(said), "{text}");
        }
    }
}
