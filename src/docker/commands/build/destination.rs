//! `docker build --output`: the destination of the result.

use crate::ctx::Ctx;
use crate::docker::commands::output::save;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::Engine;
use engine::build::export::BuildForm;
use engine::build::observe::BuildOutcome;
use std::path::Path;

/// The destination of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// The images of this sandbox.
    Images {
        /// An additional name.
        name: Option<String>,
        /// They are also pushed.
        push: bool,
    },
    /// Nowhere: only the cache is filled.
    Nowhere,
    /// Files in a folder.
    Folder(String),
    /// One file; `None` is standard output.
    File(BuildForm, Option<String>),
}

impl Destination {
    /// Parses one `--output`: `type=oci,dest=file`, or a folder, or `-` for a tar of the files.
    pub(super) fn parse(text: &str) -> CommandResult<Self> {
        if text == "-" {
            return Ok(Self::File(BuildForm::Files, None));
        }
        if !text.contains('=') {
            return Ok(Self::Folder(text.to_owned()));
        }
        let (mut kind, mut dest, mut name, mut push) = ("", None, None, None);
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(Failure::message(format!("invalid value {part}")));
            };
            match key.trim().to_ascii_lowercase().as_str() {
                "type" => kind = value,
                "dest" => dest = Some(value.to_owned()),
                "name" => name = Some(value.to_owned()),
                "push" => push = Some(truth(value)?),
                // A tar is the default form of these archives.
                "tar" if value == "true" => {}
                key => {
                    return Err(Failure::refused(
                        &format!("docker build --output {key}="),
                        exit::ENGINE,
                    ));
                }
            }
        }
        if push.is_some() && !matches!(kind, "image" | "registry") {
            return Err(Failure::refused(
                &format!("docker build --output type={kind},push="),
                exit::ENGINE,
            ));
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
            ("docker" | "image", None) => Ok(Self::Images {
                name,
                push: push.unwrap_or(false),
            }),
            ("registry", None) => Ok(Self::Images {
                name,
                push: push.unwrap_or(true),
            }),
            ("cacheonly", _) => Ok(Self::Nowhere),
            ("image" | "registry", Some(_)) => Err(Failure::refused(
                &format!("docker build --output type={kind},dest="),
                exit::ENGINE,
            )),
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
            Self::Images { .. } | Self::Nowhere => Ok(()),
            Self::Folder(folder) => Ok(engine.unpack_build(built, Path::new(folder))?),
            Self::File(form, path) => save(ctx, "write the build", path.as_deref(), |writer| {
                Ok(engine.write_build(built, *form, writer)?)
            }),
        }
    }
}

/// Go's words for booleans. Source: `strconv.ParseBool`.
fn truth(text: &str) -> CommandResult<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(Failure::message(format!("invalid value {text} for push"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_kind_and_a_place() {
        let file = |path: &str| Some(path.to_owned());
        let images = |name: Option<&str>, push| Destination::Images {
            name: name.map(str::to_owned),
            push,
        };
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
            ("type=docker", images(None, false)),
            ("type=image,name=a:1", images(Some("a:1"), false)),
            ("type=image,push=true", images(None, true)),
            ("type=image,name=a:1,push=1", images(Some("a:1"), true)),
            ("type=registry", images(None, true)),
            ("type=registry,name=a:1", images(Some("a:1"), true)),
            ("type=registry,push=false", images(None, false)),
            ("type=cacheonly", Destination::Nowhere),
        ] {
            assert_eq!(Destination::parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, said) in [
            (
                "type=registry,dest=x",
                "type=registry,dest=` is not part of",
            ),
            ("type=oci,push=true", "type=oci,push=` is not part of"),
            ("type=image,push=maybe", "invalid value maybe for push"),
            ("type=image,push-by-digest=true", "not part of docklings"),
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
