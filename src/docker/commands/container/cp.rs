//! `docker cp`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::term::human;
use engine::runtime::{CopyInOptions, CopySource, CopyTarget, tidy_path};
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// Arguments of `docker cp`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Archive mode (copy all uid/gid information)
    #[arg(short, long)]
    archive: bool,
    /// Always follow symbol link in SRC_PATH
    #[arg(short = 'L', long)]
    follow_link: bool,
    /// Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached
    #[arg(short, long, hide_default_value = true)]
    quiet: Option<bool>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Copy files/folders between a container and the local filesystem

Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout.";
    const USAGE: &'static str = "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-
\tdocker cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH";
    const WORDS: Words = Words::Exactly(2);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let (source, target) = (&self.words[0], &self.words[1]);
        if source.is_empty() {
            return Err(Failure::message("source can not be empty"));
        }
        if target.is_empty() {
            return Err(Failure::message("destination can not be empty"));
        }
        match (Place::of(source), Place::of(target)) {
            (Place::Container(name, path), Place::Machine(target)) => {
                self.copy_out(ctx, name, path, target)
            }
            (Place::Machine(source), Place::Container(name, path)) => {
                self.copy_in(ctx, source, name, path)
            }
            (Place::Container(..), Place::Container(..)) => Err(Failure::message(
                "copying between containers is not supported",
            )),
            (Place::Machine(_), Place::Machine(_)) => Err(Failure::message(
                "must specify at least one container source",
            )),
        }
    }
}

/// One side of a copy.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    Machine(&'a str),
    Container(&'a str, &'a str),
}

impl<'a> Place<'a> {
    /// The text before the first colon is a container, unless the word starts like a path.
    fn of(word: &'a str) -> Self {
        match word.split_once(':') {
            Some((name, path)) if !word.starts_with(['/', '.']) && !name.is_empty() => {
                Self::Container(name, path)
            }
            _ => Self::Machine(word),
        }
    }
}

impl Args {
    fn copy_out(&self, ctx: &mut Ctx, name: &str, path: &str, target: &str) -> CommandResult {
        let engine = ctx.engine()?;
        if target == "-" {
            if io::stdout().is_terminal() {
                return Err(Failure::message(
                    "cowardly refusing to save to a terminal. Use the -o flag or redirect",
                ));
            }
            engine.copy_out(name, path, CopyTarget::Tar(ctx.out.raw()), self.follow_link)?;
            return Ok(());
        }
        let target = absolute(target)?;
        let report = engine.copy_out(name, path, CopyTarget::Path(&target), self.follow_link)?;
        self.tell(ctx, report.transferred, &target.display().to_string())
    }

    fn copy_in(&self, ctx: &mut Ctx, source: &str, name: &str, path: &str) -> CommandResult {
        let engine = ctx.engine()?;
        let options = CopyInOptions {
            follow: self.follow_link,
            archive: self.archive,
        };
        if source == "-" {
            let mut stdin = io::stdin().lock();
            engine.copy_in(CopySource::Tar(&mut stdin), name, path, options)?;
            return Ok(());
        }
        let source = absolute(source)?;
        let report = engine.copy_in(CopySource::Path(&source), name, path, options)?;
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        self.tell(ctx, report.transferred, &format!("{name}:{path}"))
    }

    /// Reports how much was copied; like Docker, only on a terminal.
    fn tell(&self, ctx: &mut Ctx, bytes: u64, target: &str) -> CommandResult {
        if self.quiet.unwrap_or(!io::stdout().is_terminal()) {
            return Ok(());
        }
        Ok(writeln!(
            ctx.err,
            "Successfully copied {} to {target}",
            human::size(bytes)
        )?)
    }
}

/// `path` from the root. Its end (`/`, `/.`) is kept: it decides what is copied.
fn absolute(path: &str) -> CommandResult<PathBuf> {
    if path.starts_with('/') {
        return Ok(PathBuf::from(tidy_path(path)));
    }
    let cwd = std::env::current_dir()?;
    let joined = format!("{}/{path}", cwd.display().to_string().trim_end_matches('/'));
    Ok(PathBuf::from(tidy_path(&joined)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, want: Place<'_>) {
        assert_eq!(Place::of(word), want, "{word}");
    }

    #[test]
    fn a_container_stands_before_the_first_colon() {
        check("c1:/etc/motd", Place::Container("c1", "/etc/motd"));
        check("c1:a:b", Place::Container("c1", "a:b"));
        check("/a:b", Place::Machine("/a:b"));
        check("./a:b", Place::Machine("./a:b"));
        check("-", Place::Machine("-"));
        check(":x", Place::Machine(":x"));
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        assert!(
            absolute("d/.")
                .unwrap()
                .as_os_str()
                .to_str()
                .unwrap()
                .ends_with("/d/.")
        );
        assert_eq!(absolute("/x/").unwrap().as_os_str(), "/x/");
    }
}
