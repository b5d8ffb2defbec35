//! The registry that stands in for docker.io, and the one that has what the practice hub lacks, as configured with
//! `docklings config hub` and `docklings config upstream`.
//!
//! In order of priority: the variables `DOCKLINGS_HUB` and `DOCKLINGS_UPSTREAM`, the learner's `config.json` in the home, and the machine's
//! `/etc/docklings/config.json`, which gives a class its registry on every machine. The default is the practice hub, with
//! Docker Hub as its upstream. In an exercise it is always the practice hub: its accounts and passwords are made up, and the pushes of an exercise's
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
/// The fields of both files.
pub(crate) const HUB: &str = "hub";
pub(crate) const UPSTREAM: &str = "upstream";
/// The word for no upstream.
const NONE: &str = "none";
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

/// Parses an upstream: `none`, `docker.io`, `host[:port]` or an address.
pub(crate) fn parse_upstream(text: &str, insecure: bool) -> CommandResult<Option<Choice>> {
    if text == NONE {
        return Ok(None);
    }
    match Choice::parse(text, insecure) {
        Ok(Choice::Practice) | Err(_) => Err(Failure::Hinted(
            format!("`{text}` is no upstream: it is the address of a server, without a path"),
            exit::USAGE,
            "say `none`, `docker.io`, HOST[:PORT] or an address such as http://HOST:PORT"
                .to_owned(),
        )),
        Ok(choice) => Ok(Some(choice)),
    }
}

/// The form in which an upstream is written to a file and parsed again.
pub(crate) fn upstream_text(choice: Option<&Choice>) -> String {
    choice.map_or_else(|| NONE.to_owned(), ToString::to_string)
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
    /// This environment variable.
    Variable(&'static str),
    /// A file.
    File(PathBuf),
    /// The exercise of the sandbox.
    Exercise,
    /// Nothing: it is the default.
    Default,
}

/// The chosen hub, and the source of the choice. Error: the value is not a hub, or a file is damaged.
pub(crate) fn chosen(env: &Env) -> CommandResult<(Choice, Said)> {
    if is_of_exercise(&env.sandbox) {
        return Ok((Choice::Practice, Said::Exercise));
    }
    let own = env.home.config();
    let parse = |text: &str| Choice::parse(text, false);
    let variable = (env::HUB, env.hub.as_deref());
    let chosen = choose(HUB, variable, &own, Path::new(OF_MACHINE), parse)?;
    Ok(chosen.unwrap_or((Choice::Practice, Said::Default)))
}

/// The registry that is asked for what the practice hub lacks; `None` for no registry. Error: as for [`chosen`].
pub(crate) fn upstream(env: &Env) -> CommandResult<(Option<Choice>, Said)> {
    let own = env.home.config();
    let variable = (env::UPSTREAM, env.upstream.as_deref());
    let parse = |text: &str| parse_upstream(text, false);
    let chosen = choose(UPSTREAM, variable, &own, Path::new(OF_MACHINE), parse)?;
    Ok(chosen.unwrap_or((Some(Choice::DockerHub), Said::Default)))
}

/// Whether a sandbox belongs to an exercise, one of its trials, or a played solution.
pub(super) fn is_of_exercise(sandbox: &str) -> bool {
    [exercise_sandbox("").as_str(), env::TRIAL, env::SCRATCH]
        .iter()
        .any(|start| sandbox.starts_with(start))
}

fn choose<T>(
    field: &str,
    variable: (&'static str, Option<&str>),
    own: &Path,
    of_machine: &Path,
    parse: impl Fn(&str) -> CommandResult<T>,
) -> CommandResult<Option<(T, Said)>> {
    if let (name, Some(text)) = variable {
        return Ok(Some((parse(text)?, Said::Variable(name))));
    }
    for path in [own, of_machine] {
        match read(path)?.get(field) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                return Ok(Some((parse(text)?, Said::File(path.to_owned()))));
            }
            Some(_) => {
                return Err(Failure::message(format!(
                    "`{}`: `{field}` is no text",
                    path.display()
                )));
            }
        }
    }
    Ok(None)
}

/// Writes a field of the learner's file, or with `None` removes it.
pub(crate) fn write(env: &Env, field: &str, value: Option<String>) -> CommandResult {
    let path = env.home.config();
    let mut fields = match atomic::read_json(&path) {
        Ok(fields) => fields.unwrap_or_default(),
        // A backup of the overwritten file is kept.
        Err(_) => {
            engine::store::damage::put_aside(&path, jiff::Timestamp::now())?;
            Map::new()
        }
    };
    match value {
        Some(value) => fields.insert(field.to_owned(), Value::String(value)),
        None => fields.shift_remove(field),
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
            let parse = |text: &str| Choice::parse(text, false);
            let chosen = choose(HUB, (env::HUB, variable), &own, &machine, parse).unwrap();
            let (choice, by) = chosen.unwrap_or((Choice::Practice, Said::Default));
            assert_eq!((choice.to_string().as_str(), &by), (expected, said));
        };
        check(None, "practice", &Said::Default);
        fs::write(&machine, r#"{"hub": "lab:5000"}"#).unwrap();
        check(None, "https://lab:5000", &Said::File(machine.clone()));
        fs::write(&own, r#"{"other": 1, "hub": "docker.io"}"#).unwrap();
        check(None, "docker.io", &Said::File(own.clone()));
        check(Some("practice"), "practice", &Said::Variable(env::HUB));
        let refused = |variable| {
            let parse = |text: &str| Choice::parse(text, false);
            choose(HUB, (env::HUB, variable), &own, &machine, parse).is_err()
        };
        assert!(refused(Some("a b")));
        fs::write(&own, r#"{"hub": 1}"#).unwrap();
        assert!(refused(None));
    }

    #[test]
    fn an_upstream_is_a_registry_or_none() {
        let check = |text: &str, expected: Option<&str>| {
            let found = parse_upstream(text, false).ok();
            let found = found.map(|choice| upstream_text(choice.as_ref()));
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("none", Some("none"));
        check("docker.io", Some("docker.io"));
        check("lab:5000", Some("https://lab:5000"));
        check("practice", None);
        check("a b", None);
    }
}
