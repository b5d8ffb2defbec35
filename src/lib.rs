//! The library behind the binary: arguments, docker commands, rendering, and the lesson shell.
//!
//! The first words choose one of three faces:
//! - called `docker`, or `docklings docker …`: Docker's command line ([`docker`]);
//! - `docklings __…`: a hidden stage of the engine, which starts this program again as a container's monitor;
//! - `docklings`, and `docklings list`, `check`, …: the course ([`course`]).
//!
//! `completion` belongs to both command lines, `man` to `docklings`.

mod cli;
mod completion;
mod course;
mod ctx;
mod docker;
mod env;
mod exit;
mod failure;
mod man;
mod output;
mod term;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program called with `args`, the first of which is its name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // A word that is not valid text cannot be a flag or a name that we know; it is shown as well as possible.
    let words: Vec<String> = args
        .into_iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let (name, words) = match words.split_first() {
        Some((name, words)) => (name.as_str(), words),
        None => ("docklings", &[][..]),
    };
    let is_docker = Path::new(name)
        .file_name()
        .is_some_and(|name| name == "docker");
    if words.first().is_some_and(|word| word.starts_with("__"))
        && let Some(code) = engine::runtime::stage(words)
    {
        return ExitCode::from(exit::of_process(code));
    }
    let (is_docker, words) = match words.split_first() {
        Some((first, rest)) if !is_docker && first == "docker" => (true, rest),
        _ => (is_docker, words),
    };
    let face = if is_docker { "docker" } else { "docklings" };
    let ended = match (words, is_docker) {
        ([first, rest @ ..], _) if first == completion::VERB => completion::run(face, rest),
        ([first, line], _) if first == completion::STAGE => completion::stage(line),
        ([first, rest @ ..], false) if first == man::VERB => man::run(rest),
        (_, true) => docker::run(words),
        (_, false) => course::run(words),
    };
    ExitCode::from(match ended {
        Ok(()) => exit::OK,
        Err(failure) => failure::report(&failure, is_docker),
    })
}
