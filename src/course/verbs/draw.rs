//! `docklings show`: images, layers and containers as a tree; one image's layers; one layer's files.

use super::words::{Words, sandbox_of};
use crate::course::look::Look;
use crate::course::show::{show, show_container, show_images};
use crate::course::state;
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::term::human;
use crate::term::human::short_id;
use engine::tree::changes::{Change, ChangeKind};
use engine::{Engine, Result};
use std::fmt::Write as _;

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let look = Look::of_process(false);
    let names: Vec<&str> = words.names.iter().map(String::as_str).collect();
    let text = match names[..] {
        ["layers" | "layer" | "image" | "container"] => {
            return Err(Failure::Hinted(
                format!("`docklings show {}` needs a name", names[0]),
                exit::USAGE,
                match names[0] {
                    "container" => "`docker ps -a` lists containers",
                    _ => "`docker images` lists images, `docklings show layers IMAGE` their layers",
                }
                .to_owned(),
            ));
        }
        ["image" | "layers", ..] => {
            let engine = env.engine(&env.sandbox, "show")?;
            let images = names[1..].iter().map(|name| engine.image(name));
            show_images(&engine, images.collect::<Result<_>>()?, look)?
        }
        ["container", ..] => {
            let engine = env.engine(&env.sandbox, "show")?;
            let mut text = String::new();
            for name in &names[1..] {
                text.push_str(&container(&engine, name, look)?);
            }
            text
        }
        ["layer", id] => layer(&env.engine(&env.sandbox, "show")?, id)?,
        [] => show(&env.engine(&env.sandbox, "show")?, look)?,
        _ => {
            let name = sandbox_of(words, &env, &state::open(&env)?)?;
            show(&env.engine(&name, "show")?, look)?
        }
    };
    Ok(look.show(&text)?)
}

/// What the layer `id` changes, and which images contain it.
fn layer(engine: &Engine, id: &str) -> CommandResult<String> {
    let (layer, changes) = engine.look_at_layer(id)?;
    let mut users = Vec::new();
    let mut step = None;
    for image in engine.images()? {
        let Some(index) = image.chain.iter().position(|chain| *chain == layer.chain) else {
            continue;
        };
        let steps = image.config.history.iter();
        let made = steps.filter(|step| !step.empty_layer).nth(index);
        step = step.or(made.map(|step| step.created_by.clone()));
        let names = image.names();
        match names.is_empty() {
            true => users.push(image.id.short().to_owned()),
            false => users.extend(names),
        }
    }
    let mut text = format!(
        "layer {}  {}\n",
        short_id(&layer.chain),
        human::size(layer.size)
    );
    // Writing to a string cannot fail.
    if let Some(step) = step {
        let _ = writeln!(text, "made by: {}", step.trim());
    }
    let _ = match users.is_empty() {
        true => writeln!(text, "not in any image"),
        false => writeln!(text, "in: {}", users.join(", ")),
    };
    text.push_str(&files(&changes));
    Ok(text)
}

/// A container on top of its image's layers, and how many files it changed.
fn container(engine: &Engine, name: &str, look: Look) -> CommandResult<String> {
    let container = engine.container(name)?;
    let mut text = show_container(engine, &container, look)?;
    // As in `docker diff`: this only reads.
    drop(engine::sys::namespace::become_root());
    text.push_str(&files(&engine.look_at_changes(&container)?));
    Ok(text)
}

/// How many files were added, changed and deleted, and which ones, with the letters of `docker diff`.
fn files(changes: &[Change]) -> String {
    let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
    let mut text = format!(
        "{} added, {} changed, {} deleted\n",
        count(ChangeKind::Added),
        count(ChangeKind::Changed),
        count(ChangeKind::Deleted)
    );
    for change in changes {
        let letter = match change.kind {
            ChangeKind::Added => 'A',
            ChangeKind::Changed => 'C',
            ChangeKind::Deleted => 'D',
        };
        let _ = writeln!(text, "{letter} {}", change.path);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_and_listed_with_dockers_letters() {
        let change = |path: &str, kind| Change {
            path: path.to_owned(),
            kind,
        };
        let text = files(&[
            change("/a", ChangeKind::Added),
            change("/etc", ChangeKind::Changed),
            change("/etc/group", ChangeKind::Deleted),
        ]);
        assert_eq!(
            text,
            "1 added, 1 changed, 1 deleted\nA /a\nC /etc\nD /etc/group\n"
        );
    }
}
