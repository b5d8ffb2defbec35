//! The hub: the registry of names without a registry, such as `busybox`.
//!
//! ```text
//! docker pull busybox ──► which hub? ──► Docker Hub, or the class's registry
//!                             └─ practice ──► its socket; started first if nothing answers there
//!
//! docklings __hub   one per home; in the background; ends when idle, or when its socket or its home is gone
//! ```
//!
//! One process serves all sandboxes, each of which has a separate hub: accounts, and pushed images. The host of a
//! request selects it, as with web servers.
//!
//! Two commands that start it at the same time meet at a lock: one starts it, the other finds it. It reports through a
//! pipe that it is ready. It may be killed at any time: the next command notices that nothing answers, and starts it
//! again.

pub(crate) mod added;
pub(crate) mod beyond;
pub(crate) mod config;
pub(crate) mod look;
pub(crate) mod missing;
mod seed;
pub(crate) mod stage;

use crate::env::Env;
use config::Choice;
use engine::error::{Error, IoContext, Result};
use engine::image::remote::Endpoint;
use engine::oci::reference::DEFAULT_DOMAIN;
use engine::paths::{Home, create_private_dir};
use engine::store::{atomic, lock};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The name of the hidden stage.
pub(crate) const STAGE: &str = "__hub";
/// How long a running hub may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long it may take to start on a busy machine.
const START: Timespec = Timespec {
    tv_sec: 30,
    tv_nsec: 0,
};
/// The line that the hub prints when it is ready.
const READY: &str = "ready";

/// The registry for names of docker.io; `None` for Docker Hub itself. The practice hub is started if it is not running.
pub(crate) fn endpoint(env: &Env, choice: &Choice) -> Result<Option<Endpoint>> {
    match choice {
        Choice::DockerHub => Ok(None),
        Choice::Class(endpoint) => Ok(Some(endpoint.clone())),
        Choice::Practice => practice(env).map(Some),
    }
}

/// The practice hub of the current sandbox, which is running when this returns.
fn practice(env: &Env) -> Result<Endpoint> {
    env.home.claim(env.home.sandbox(&env.sandbox)?.root())?;
    let host = host_of(&env.sandbox);
    Endpoint::socket(serving(&env.home)?, &host)
}

/// The socket of this home's practice hub, which is running when this returns.
fn serving(home: &Home) -> Result<PathBuf> {
    if let Some(socket) = running(home) {
        return Ok(socket);
    }
    home.claim(&home.hub())?;
    // A process that waited here finds the hub that another command started.
    let _start = lock::exclusive(&home.hub().join("start.lock"))?;
    if let Some(socket) = running(home) {
        return Ok(socket);
    }
    start(home)?;
    Ok(socket(home))
}

/// The socket where the hub of this home answers. It may have been started from a session with another runtime folder.
fn running(home: &Home) -> Option<PathBuf> {
    // A hub that answers without holding the lock serves an earlier home in the same place.
    if !lock::is_held(&served(home)).ok()? {
        return None;
    }
    let said = atomic::read_json(&place(home)).ok().flatten();
    let mut sockets = said.into_iter().chain([socket(home)]);
    sockets.find(|socket| answers(socket))
}

/// The part that all sandboxes share: blobs, and the official images.
fn registry_root(home: &Home) -> PathBuf {
    home.hub().join("registry")
}

/// Held by the hub that serves this home.
fn served(home: &Home) -> PathBuf {
    home.hub().join("served.lock")
}

/// The file with the socket of the hub that serves this home.
fn place(home: &Home) -> PathBuf {
    home.hub().join("socket.json")
}

/// `error` of a login of `user` at `domain`, with a hint for users whose name the practice hub does not take, or who forgot
/// the password of their account there.
pub(crate) fn refused(env: &Env, domain: &str, user: &str, error: Error) -> Error {
    let is_practice = matches!(config::chosen(env), Ok((Choice::Practice, _)));
    let is_wrong = error.message().contains("incorrect username or password");
    match is_practice && is_wrong && domain == DEFAULT_DOMAIN {
        true if !::registry::auth::is_account_name(user) => error.with_hint(
            "an account of the practice hub has a name of 2 to 30 lowercase letters and digits, with `-` or `_` between them",
        ),
        true => error.with_hint(
            "the practice hub knows this account with another password; \
             `docklings config hub --forget` lets it forget the accounts of this sandbox and what was pushed",
        ),
        false => error,
    }
}

/// Deletes the accounts and the pushed images of the current sandbox from the practice hub. The hub may be running: the
/// next command finds it in its initial state. Unreferenced blobs are removed at its next start.
pub(crate) fn forget(env: &Env) -> Result<()> {
    let sandbox = env.home.sandbox(&env.sandbox)?;
    let hub = sandbox.hub();
    if !hub.exists() {
        return Ok(());
    }
    create_private_dir(&sandbox.trash())?;
    let away = sandbox.trash().join(format!("hub-{}", std::process::id()));
    // Atomically: another process may be using it.
    fs::rename(&hub, &away).on("remove", &hub)?;
    fs::remove_dir_all(&away).on("remove", &away)
}

/// Where the hub of this home listens.
fn socket(home: &Home) -> PathBuf {
    home.runtime().join("hub.sock")
}

/// Whether a hub listens and answers at `socket`.
fn answers(socket: &Path) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = engine::sys::socket::connect(socket)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.write_all(b"GET /v2/ HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 9];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/1.1 ")
    };
    ask().unwrap_or(false)
}

/// Starts the hub, and waits until it is ready or reports an error.
fn start(home: &Home) -> Result<()> {
    let binary = std::env::current_exe().on("find", "our own program")?;
    let kept = std::env::vars_os().filter(|(name, _)| {
        matches!(
            name.to_str(),
            Some("PATH" | "HOME" | "USER" | "XDG_RUNTIME_DIR" | "TZ" | "LANG")
        )
    });
    let mut child = Command::new(&binary)
        .arg0("docklings-hub")
        .arg(STAGE)
        // A command that has become root of a namespace would find a different one by itself.
        .arg(home.runtime())
        .env_clear()
        .envs(kept)
        .env(crate::env::HOME, home.root())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .on("start", &binary)?;
    let said = child.stdout.take().map(hear).transpose();
    // The hub continues as a separate process, and this one has ended or is about to.
    child.wait().on("wait for", &binary)?;
    let said = said.on("hear", "the practice hub")?.unwrap_or_default();
    match said.trim() {
        READY => Ok(()),
        "" => Err(Error::machine("the practice hub did not start").with_hint("docklings doctor")),
        why => Err(
            Error::machine(format!("the practice hub did not start: {why}"))
                .with_hint("docklings doctor"),
        ),
    }
}

/// The first line that the hub prints; empty if it ends or takes too long.
fn hear(mut stdout: std::process::ChildStdout) -> io::Result<String> {
    let mut text = Vec::new();
    let mut buffer = [0; 512];
    while !text.contains(&b'\n') {
        let ready = poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&START));
        if matches!(ready, Ok(0)) {
            break;
        }
        match stdout.read(&mut buffer)? {
            0 => break,
            count => text.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Names below `localhost` always refer to this machine (RFC 6761, section 6.3).
const DOMAIN: &str = ".localhost";

/// The host name of a sandbox's practice hub in requests: `free` is `free.localhost`. A character that is not allowed
/// in a host is written as `_` and two digits.
fn host_of(sandbox: &str) -> String {
    let mut host = String::new();
    for byte in sandbox.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => host.push(char::from(byte)),
            _ => {
                // Writing to a text cannot fail.
                let _ = write!(host, "_{byte:02x}");
            }
        }
    }
    host + DOMAIN
}

/// The sandbox of the hub called `host`; `None` if it is not such a name.
fn sandbox_of(host: &str) -> Option<String> {
    let mut parts = host.strip_suffix(DOMAIN)?.split('_');
    let mut sandbox = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        sandbox.push(char::from(byte));
        sandbox += rest;
    }
    Some(sandbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_and_its_host_are_found_from_each_other() {
        let check = |sandbox: &str, host: &str| {
            assert_eq!(host_of(sandbox), host);
            assert_eq!(sandbox_of(host).as_deref(), Some(sandbox));
        };
        check("free", "free.localhost");
        check("ex-push-it", "ex-push-it.localhost");
        check("My_lab.2", "_4dy_5flab.2.localhost");
        check("localhost", "localhost.localhost");
    }

    #[test]
    fn what_is_no_sandboxs_is_told() {
        for host in [
            "hub",
            "localhost",
            "a_.localhost",
            "a_4.localhost",
            "a_zz.localhost",
        ] {
            assert_eq!(sandbox_of(host), None, "{host}");
        }
    }
}
