//! The registry that stands in for docker.io, as configured with `docklings config hub`.
//!
//! In order of priority: `DOCKLINGS_HUB`, the learner's `config.json` in the home, and the machine's
//! `/etc/docklings/config.json`, which gives a class its registry on every machine. The default is the practice hub. In
//! an exercise it is always the practice hub: its accounts and passwords are made up, and the pushes of an exercise's
//! trial must never reach a real registry.

use crate::env::{self, Env};
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::ErrorKind;
use engine::image::remote::Endpoint;
use engine::oci::reference::DEFAULT_DOMAIN;
use engine::store::atomic::{self, Durability};
use lessons::session::exercise_sandbox;
use serde_json::{Map, Value};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The configuration of the machine's administrator.
const OF_MACHINE: &str = "/etc/docklings/config.json";
/// The field of both files.
const FIELD: &str = "hub";
/// The name of the practice hub.
const PRACTICE: &str = "practice";

/// The registry that stands in for docker.io.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Ours, on this machine.
    Practice,
    /// Docker Hub itself.
    DockerHub,
    /// Another one, at this address.
    Class(Endpoint),
}

impl Choice {
    /// Parses `practice`, `docker.io`, `host[:port]` or an address. A host is contacted over HTTPS, unless it is this
    /// machine, or `insecure`.
    pub(crate) fn parse(text: &str, insecure: bool) -> CommandResult<Self> {
        let wrong = |why: &str| {
            Failure::Hinted(
                format!("`{text}` is no hub: {why}"),
                exit::USAGE,
                "say `practice`, `docker.io`, HOST[:PORT] or an address such as http://HOST:PORT"
                    .to_owned(),
            )
        };
        match text {
            PRACTICE => return Ok(Self::Practice),
            DEFAULT_DOMAIN | "hub.docker.com" | "index.docker.io" | "registry-1.docker.io" => {
                return Ok(Self::DockerHub);
            }
            _ => {}
        }
        let (scheme, host) = match text.split_once("://") {
            Some((scheme, host)) => (Some(scheme), host.trim_end_matches('/')),
            None => (None, text),
        };
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err(wrong("it is the address of a server, without a path"));
        }
        let scheme = match scheme {
            Some(scheme @ ("http" | "https")) => scheme,
            Some(_) => return Err(wrong("only http and https are known")),
            None if insecure || is_this_machine(host) => "http",
            None => "https",
        };
        Endpoint::parse(&format!("{scheme}://{host}"))
            .map(Self::Class)
            .map_err(|error| wrong(error.message()))
    }
}

/// The form in which it is written to a file and parsed again.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Practice => f.write_str(PRACTICE),
            Self::DockerHub => f.write_str(DEFAULT_DOMAIN),
            Self::Class(endpoint) => endpoint.fmt(f),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// The source of the choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The environment.
    Variable,
    /// A file.
    File(PathBuf),
    /// The exercise of the sandbox.
    Exercise,
    /// None: the default.
    Nobody,
}

/// The chosen hub, and the source of the choice. Error: the value is not a hub, or a file is damaged.
pub(crate) fn chosen(env: &Env) -> CommandResult<(Choice, Said)> {
    if is_of_exercise(&env.sandbox) {
        return Ok((Choice::Practice, Said::Exercise));
    }
    choose(
        env.hub.as_deref(),
        &env.home.config(),
        Path::new(OF_MACHINE),
    )
}

/// Whether a sandbox belongs to an exercise, one of its trials, or a played solution.
fn is_of_exercise(sandbox: &str) -> bool {
    [exercise_sandbox("").as_str(), env::TRIAL, env::SCRATCH]
        .iter()
        .any(|start| sandbox.starts_with(start))
}

fn choose(variable: Option<&str>, own: &Path, of_machine: &Path) -> CommandResult<(Choice, Said)> {
    if let Some(text) = variable {
        return Ok((Choice::parse(text, false)?, Said::Variable));
    }
    for path in [own, of_machine] {
        match read(path)?.get(FIELD) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                return Ok((Choice::parse(text, false)?, Said::File(path.to_owned())));
            }
            Some(_) => {
                return Err(Failure::message(format!(
                    "`{}`: `{FIELD}` is no text",
                    path.display()
                )));
            }
        }
    }
    Ok((Choice::Practice, Said::Nobody))
}

/// Writes the choice to the learner's file, or with `None` removes it.
pub(crate) fn write(env: &Env, choice: Option<&Choice>) -> CommandResult {
    let path = env.home.config();
    let mut fields = match atomic::read_json(&path) {
        Ok(fields) => fields.unwrap_or_default(),
        // A backup of the overwritten file is kept.
        Err(_) => {
            engine::store::damage::put_aside(&path, jiff::Timestamp::now())?;
            Map::new()
        }
    };
    match choice {
        Some(choice) => fields.insert(FIELD.to_owned(), Value::String(choice.to_string())),
        None => fields.shift_remove(FIELD),
    };
    engine::paths::create_private_dir(env.home.root())?;
    Ok(atomic::write_json(&path, &fields, Durability::Durable)?)
}

/// Whether a damaged file has been reported: a command may read it several times.
static SAID: AtomicBool = AtomicBool::new(false);

/// The fields of a file. A damaged one counts as empty and is reported.
fn read(path: &Path) -> CommandResult<Map<String, Value>> {
    match atomic::read_json(path) {
        Err(error) if error.kind() == ErrorKind::Internal => {
            if !SAID.swap(true, Ordering::Relaxed) {
                writeln!(
                    io::stderr(),
                    "WARNING: {error}; it is left out\nhint: docklings config hub shows which registry is used"
                )?;
            }
            Ok(Map::new())
        }
        fields => Ok(fields?.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_hub_is_a_word_a_host_or_an_address() {
        let check = |text: &str, insecure: bool, expected: Option<&str>| {
            let found = Choice::parse(text, insecure)
                .ok()
                .map(|choice| choice.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("practice", false, Some("practice"));
        check("docker.io", false, Some("docker.io"));
        check("registry-1.docker.io", true, Some("docker.io"));
        check(
            "harbor.example.org",
            false,
            Some("https://harbor.example.org"),
        );
        check("lab:5000", false, Some("https://lab:5000"));
        check("lab:5000", true, Some("http://lab:5000"));
        check("localhost:5000", false, Some("http://localhost:5000"));
        check("127.0.0.1:5000", false, Some("http://127.0.0.1:5000"));
        check("[::1]:5000", false, Some("http://[::1]:5000"));
        check("https://lab:5000/", false, Some("https://lab:5000"));
        for bad in [
            "",
            "lab/path",
            "https://lab/path",
            "unix:///x",
            "ftp://lab",
            "a b",
            "me@lab",
        ] {
            check(bad, false, None);
        }
    }

    #[test]
    fn who_is_nearer_decides() {
        let folder = tempfile::tempdir().unwrap();
        let (own, machine) = (folder.path().join("own"), folder.path().join("machine"));
        let check = |variable, expected: &str, said: &Said| {
            let (choice, by) = choose(variable, &own, &machine).unwrap();
            assert_eq!((choice.to_string().as_str(), &by), (expected, said));
        };
        check(None, "practice", &Said::Nobody);
        fs::write(&machine, r#"{"hub": "lab:5000"}"#).unwrap();
        check(None, "https://lab:5000", &Said::File(machine.clone()));
        fs::write(&own, r#"{"other": 1, "hub": "docker.io"}"#).unwrap();
        check(None, "docker.io", &Said::File(own.clone()));
        check(Some("practice"), "practice", &Said::Variable);
        assert!(choose(Some("a b"), &own, &machine).is_err());
        fs::write(&own, r#"{"hub": 1}"#).unwrap();
        assert!(choose(None, &own, &machine).is_err());
    }
}
