//! `docklings images`: images from files, for all sandboxes and exercises.

use super::words::Words;
use crate::docker::registry::hub::added::{self, Added};
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::output::Output;
use crate::term::human;

/// What follows the verb.
pub(super) const USAGE: &str = "add FILE|FOLDER|- [--as NAME:TAG], ls, or rm NAME:TAG...";
/// Its flags.
pub(super) const FLAGS: &[&str] = &["--as="];

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let names: Vec<&str> = words.names.iter().map(String::as_str).collect();
    let name = words.values("--as").last();
    let mut out = Output::lines();
    match names.as_slice() {
        ["add", source] => {
            for image in added::add(&env, source, name)? {
                writeln!(
                    out,
                    "{} is here; pull it in any sandbox: docker pull {}",
                    image.name, image.name
                )?;
            }
        }
        _ if name.is_some() => return Err(usage("`--as` belongs to `images add FILE`")),
        [] | ["ls"] => {
            let images = added::list(&env)?;
            let widest = images
                .iter()
                .map(|image| image.name.len())
                .max()
                .unwrap_or_default();
            for Added { name, size, about } in images {
                writeln!(out, "{name:widest$}  {:>8}  {about}", human::size(size))?;
            }
        }
        ["rm", names @ ..] if !names.is_empty() => {
            for name in names {
                writeln!(out, "removed {}", added::remove(&env, name)?)?;
            }
        }
        ["add"] => return Err(usage("say which file")),
        ["add", ..] => return Err(usage("one file at a time")),
        ["rm"] => return Err(usage("say which image")),
        [word, ..] => return Err(usage(&format!("unexpected word `{word}`"))),
    }
    Ok(())
}

fn usage(said: &str) -> Failure {
    Failure::Hinted(
        said.to_owned(),
        exit::USAGE,
        format!("usage: docklings images {USAGE}"),
    )
}
