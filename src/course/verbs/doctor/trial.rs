//! Runs a container as a learner would: the parts mean little if they do not work together. Then what runs in all
//! sandboxes, and whether it answers.

use super::Finding;
use crate::course::scripted;
use crate::course::verbs::stop::place_of;
use crate::course::workspace::drop_sandbox;
use crate::env::{self, Env, SCRATCH};
use crate::failure::CommandResult;
use engine::runtime::located::{Located, running};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// On a healthy machine, no command takes a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// The output of a failed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Its message.
    pub(super) said: String,
    /// Its hint.
    pub(super) hint: Option<String>,
}

/// The result of the trial.
pub(super) struct Trial {
    /// Whether a container can be run, entered and built upon.
    pub(super) container: Finding,
    /// Whether a container can be limited; `None` if no container runs.
    pub(super) limits: Option<Result<(), Trouble>>,
}

/// Runs, enters, builds and limits a container in a separate sandbox, and removes that sandbox.
pub(super) fn container(env: &Env) -> Trial {
    let what = "containers";
    let sandbox = format!("{SCRATCH}doctor-{}", std::process::id());
    let docker = |words: &[&str]| docker(env, &sandbox, words);
    let tried = live(env, &docker);
    let limits = tried.is_ok().then(|| docker(&LIMITED));
    let cleaned = clean(&docker).and_then(|()| {
        drop_sandbox(env, &sandbox).map_err(|failure| trouble(&failure.text().unwrap_or_default()))
    });
    let container = match (tried, cleaned) {
        (Ok(()), Ok(())) => Finding::pass(what, "one was run, entered and built upon"),
        (Ok(()), Err(trouble)) => Finding::warn(
            what,
            format!("one was run, but could not be removed: {}", trouble.said),
            format!("docklings reset {sandbox}"),
        ),
        (Err((command, trouble)), _) => Finding::fail(
            what,
            format!("`docker {command}` fails: {}", trouble.said),
            trouble.hint.filter(|hint| !hint.contains("doctor")).unwrap_or_else(|| {
                "if nothing else FAILs, this is a bug in docklings: report it with the output of `docklings doctor --json`".to_owned()
            }),
        ),
    };
    Trial { container, limits }
}

const LIMITED: [&str; 10] = [
    "run",
    "--rm",
    "--memory",
    "64m",
    "--cpus",
    "1",
    "--pids-limit",
    "64",
    "busybox",
    "true",
];

/// Error: which command failed, and its message.
fn live(
    env: &Env,
    docker: &dyn Fn(&[&str]) -> Result<(), Trouble>,
) -> Result<(), (&'static str, Trouble)> {
    let step = |name: &'static str, words: &[&str]| docker(words).map_err(|said| (name, said));
    step(
        "run",
        &["run", "-d", "--name", "doctor", "busybox", "sleep", "60"],
    )?;
    step("exec", &["exec", "doctor", "true"])?;
    let folder =
        context(env.home.root()).map_err(|error| ("build", trouble(&error.to_string())))?;
    step("build", &["build", "-q", &folder.path().to_string_lossy()])
}

/// A folder with a Dockerfile.
fn context(root: &Path) -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("doctor-")
        .tempdir_in(root)?;
    fs::write(folder.path().join("Dockerfile"), "FROM busybox\nRUN true\n")?;
    Ok(folder)
}

/// A built image is content that all sandboxes share, so it is removed by name and not with the sandbox.
fn clean(docker: &dyn Fn(&[&str]) -> Result<(), Trouble>) -> Result<(), Trouble> {
    docker(&["rm", "-f", "doctor"])?;
    docker(&["image", "prune", "-f"])?;
    docker(&["builder", "prune", "-af"])
}

/// Runs `docker` with `words` in `sandbox`.
fn docker(env: &Env, sandbox: &str, words: &[&str]) -> Result<(), Trouble> {
    let run = || -> CommandResult<Option<scripted::Ended>> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("docker")
            .args(words)
            .env(env::HOME, env.home.root())
            .env(env::SANDBOX, sandbox);
        Ok(scripted::run(command, Some(PATIENCE))?)
    };
    match run() {
        Ok(Some(ended)) if ended.code == 0 => Ok(()),
        Ok(Some(ended)) => Err(trouble(&ended.output)),
        Ok(None) => Err(trouble(&format!(
            "it has not ended after {} s",
            PATIENCE.as_secs()
        ))),
        Err(failure) => Err(trouble(&failure.text().unwrap_or_default())),
    }
}

/// Extracts the message and the hint from a command's output.
fn trouble(output: &str) -> Trouble {
    let (hints, said): (Vec<&str>, Vec<&str>) = output
        .lines()
        .filter(|line| !line.trim().is_empty())
        .partition(|line| line.starts_with("hint: "));
    // An id may stand before the message, and a line about help after it.
    let message = said
        .iter()
        .find_map(|line| {
            ["docker: ", "docklings: ", "Error response from daemon: "]
                .iter()
                .find_map(|prefix| line.strip_prefix(prefix))
        })
        .or(said.last().copied())
        .unwrap_or("it printed nothing");
    let message = message
        .strip_prefix("Error response from daemon: ")
        .unwrap_or(message);
    Trouble {
        said: message.to_owned(),
        hint: hints
            .first()
            .and_then(|hint| hint.strip_prefix("hint: "))
            .map(str::to_owned),
    }
}

/// Containers outlive the shell that started them. A container whose monitor is stopped or hangs can only be killed.
pub(super) fn running_containers(env: &Env) -> Finding {
    let all = running(&env.home);
    let mute: Vec<&Located> = all.iter().filter(|found| !answers(env, found)).collect();
    finding(all.len(), &mute)
}

fn answers(env: &Env, found: &Located) -> bool {
    env.engine(&found.sandbox, "doctor")
        .is_ok_and(|engine| engine.answers(&found.id))
}

fn finding(running: usize, mute: &[&Located]) -> Finding {
    let what = "what runs";
    if !mute.is_empty() {
        let places: Vec<String> = mute.iter().map(|found| place_of(found)).collect();
        return Finding::warn(
            what,
            format!(
                "no answer from {}: its monitor is stopped or hangs",
                places.join(", ")
            ),
            "docklings stop --all",
        );
    }
    let found = match running {
        0 => "no container".to_owned(),
        1 => "1 container; `docklings stop --all` ends it".to_owned(),
        count => format!("{count} containers; `docklings stop --all` ends them"),
    };
    Finding::pass(what, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::verbs::doctor::Verdict;
    use engine::id::ContainerId;

    #[test]
    fn the_message_and_the_hint_are_found_in_the_output() {
        let check = |output: &str, said: &str, hint: Option<&str>| {
            let found = trouble(output);
            let expected = Trouble {
                said: said.to_owned(),
                hint: hint.map(str::to_owned),
            };
            assert_eq!(found, expected, "{output:?}");
        };
        check("", "it printed nothing", None);
        check("a line\n", "a line", None);
        check(
            "docker: Error response from daemon: no group\n\nRun 'docker run --help' for more information\nhint: log in\n",
            "no group",
            Some("log in"),
        );
        check("0123456789ab\ndocker: broken\n", "broken", None);
    }

    #[test]
    fn a_container_that_does_not_answer_is_named() {
        let located = Located {
            sandbox: "free".to_owned(),
            id: ContainerId::parse(&"a".repeat(64)).unwrap(),
            name: "box".to_owned(),
            ports: Vec::new(),
        };
        let bad = finding(2, &[&located]);
        assert_eq!(bad.verdict, Verdict::Warn);
        assert!(
            bad.found.contains("`box` of the playground"),
            "{}",
            bad.found
        );
        assert_eq!(finding(2, &[]).verdict, Verdict::Pass);
    }
}
