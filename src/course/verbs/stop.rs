//! `docklings stop`: stops the containers of one sandbox or of all sandboxes.
//!
//! Containers outlive the shell that started them, as with Docker. Each exercise has its own sandbox, so a running
//! container is easy to forget. This stops them without visiting each sandbox.

use super::words::{Words, sandbox_of};
use crate::course::state;
use crate::env::{self, Env};
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::runtime::located::{Located, running};
use lessons::session::exercise_sandbox;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};

/// How many are stopped at once: each may take its ten seconds.
const AT_ONCE: usize = 32;
/// How many are named in a line.
const NAMED: usize = 4;

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let wanted = wanted(words, &env)?;
    let all = running(&env.home);
    let chosen: Vec<Located> = all
        .into_iter()
        .filter(|found| wanted.as_ref().is_none_or(|name| *name == found.sandbox))
        .collect();
    if chosen.is_empty() {
        return Ok(writeln!(io::stdout(), "nothing runs")?);
    }
    let mut failures = Vec::new();
    for some in chosen.chunks(AT_ONCE) {
        let begun: Vec<_> = some
            .iter()
            .map(|found| (found, begin(&env, found)))
            .collect();
        for (found, child) in begun {
            let ended = child.and_then(Child::wait_with_output);
            match ended {
                Ok(output) if output.status.success() => {
                    writeln!(io::stdout(), "stopped {}", place_of(found))?;
                }
                Ok(output) => failures.push(Failure::message(said(&output))),
                Err(error) => failures.push(error.into()),
            }
        }
    }
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::Several(failures)),
    }
}

/// The chosen sandbox; `None` for all of them.
fn wanted(words: &Words, env: &Env) -> CommandResult<Option<String>> {
    if words.has("--all") {
        return match words.names.first() {
            Some(name) => Err(Failure::Message(
                format!("`{name}` or `--all`, not both"),
                exit::USAGE,
            )),
            None => Ok(None),
        };
    }
    if words.names.is_empty() {
        return Ok(Some(env.sandbox.clone()));
    }
    Ok(Some(sandbox_of(words, env, &state::open(env)?)?))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr)
        .trim_end()
        .to_owned()
}

/// Starts `docker stop` for one container. The caller waits for it.
fn begin(env: &Env, found: &Located) -> io::Result<Child> {
    docker_stop(env, &found.sandbox)?
        .arg(found.id.as_str())
        .stderr(Stdio::piped())
        .spawn()
}

fn docker_stop(env: &Env, sandbox: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["docker", "stop"])
        .env(env::HOME, env.home.root())
        .env(env::SANDBOX, sandbox)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(command)
}

/// Stops the containers of a finished exercise in the background, without waiting. Returns their names.
pub(crate) fn put_to_rest(env: &Env, exercise: &str) -> io::Result<Vec<String>> {
    let sandbox = exercise_sandbox(exercise);
    let found = running(&env.home)
        .into_iter()
        .filter(|found| found.sandbox == sandbox);
    let (ids, names): (Vec<String>, Vec<String>) = found
        .map(|found| (found.id.as_str().to_owned(), found.name))
        .unzip();
    if !ids.is_empty() {
        // A group of its own: it outlives the shell, and the terminal's signals do not reach it.
        docker_stop(env, &sandbox)?
            .args(ids)
            .process_group(0)
            .spawn()?;
    }
    Ok(names)
}

/// One line on what still runs in sandboxes other than `rested`, and how to stop it; `None` if nothing runs.
pub(crate) fn still_running(env: &Env, rested: &[String]) -> Option<String> {
    let found = running(&env.home).into_iter().filter(|found| {
        let passing = [env::TRIAL, env::SCRATCH];
        !passing.iter().any(|begin| found.sandbox.starts_with(begin))
            && !rested.contains(&found.sandbox)
    });
    let places: Vec<String> = found.map(|found| place_of(&found)).collect();
    sentence(&places)
}

fn sentence(places: &[String]) -> Option<String> {
    let (named, more) = places.split_at(places.len().min(NAMED));
    let more = match more.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let (subject, object) = match places.len() {
        0 => return None,
        1 => ("1 container still runs".to_owned(), "it"),
        count => (format!("{count} containers still run"), "them"),
    };
    Some(format!(
        "{subject}: {}{more}. `docklings stop --all` stops {object}.",
        named.join(", ")
    ))
}

/// The container and its sandbox, in the learner's words.
pub(super) fn place_of(found: &Located) -> String {
    let (name, sandbox) = (&found.name, &found.sandbox);
    match sandbox.strip_prefix(&exercise_sandbox("")) {
        Some(exercise) => format!("`{name}` of the exercise `{exercise}`"),
        None if sandbox == env::FREE => format!("`{name}` of the playground"),
        None => format!("`{name}` of the sandbox `{sandbox}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_runs_and_how_to_stop_it() {
        let places = |count| (1..=count).map(|n| format!("`c{n}`")).collect::<Vec<_>>();
        for (count, expected) in [
            (0, None),
            (
                1,
                Some("1 container still runs: `c1`. `docklings stop --all` stops it."),
            ),
            (
                2,
                Some("2 containers still run: `c1`, `c2`. `docklings stop --all` stops them."),
            ),
            (
                6,
                Some(
                    "6 containers still run: `c1`, `c2`, `c3`, `c4` and 2 more. `docklings stop --all` stops them.",
                ),
            ),
        ] {
            assert_eq!(sentence(&places(count)).as_deref(), expected);
        }
    }
}
