//! `docklings author new ID`: writes a file that loads, with places to fill in.

use super::{Folder, usage};
use crate::failure::CommandResult;
use checker::course::exercise_files;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The exercise's id, which never changes: lower-case letters, digits and hyphens
    id: String,
    #[command(flatten)]
    folder: Folder,
}

/// A new exercise. It loads, and `author check` reports what is missing.
const TEMPLATE: &str = include_str!("new.yaml");

pub(super) fn run(args: &Args) -> CommandResult {
    let Folder { dir } = &args.folder;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if args.id.is_empty()
        || args.id.len() > 48
        || args.id.starts_with('-')
        || !args.id.chars().all(good)
    {
        return Err(usage(
            format!("`{}` cannot be the id of an exercise", args.id),
            "use lower-case letters, digits and hyphens, at most 48".to_owned(),
        ));
    }
    let file = format!("{}.yaml", args.id);
    if let Some(taken) = exercise_files(dir)
        .iter()
        .find(|path| path.ends_with(&file))
    {
        return Err(usage(
            format!(
                "the id `{}` is already used by `{}`",
                args.id,
                taken.display()
            ),
            "an id is never used twice, so that progress stays with its exercise".to_owned(),
        ));
    }
    fs::create_dir_all(dir)?;
    let path = dir.join(file);
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    new.write_all(TEMPLATE.replace("NEW-ID", &args.id).as_bytes())?;
    let mut out = io::stdout();
    writeln!(out, "{}", path.display())?;
    writeln!(out, "Fill it in, then: docklings author check {}", args.id)?;
    Ok(())
}
