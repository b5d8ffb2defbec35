//! All environment variables that docklings reads.
//!
//! | variable | meaning |
//! |---|---|
//! | `DOCKLINGS_HOME` | where everything is kept; default `$XDG_DATA_HOME/docklings`, else `~/.local/share/docklings` |
//! | `DOCKLINGS_SANDBOX` | the sandbox in use; `course` is that of the place where the course is; default `free` |
//! | `XDG_RUNTIME_DIR` | temporary files go to a folder per home below `docklings` there, if it is ours; else below `/run/docklings` as root; else below `/dev/shm/docklings-UID`; else to `tmp` in home |
//! | `XDG_DATA_HOME`, `HOME` | see `DOCKLINGS_HOME` |
//! | `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM` | whether colour is used (read by `anstream`) |
//! | `DOCKLINGS_CONTENT` | a checkout whose lessons and exercises replace the built-in ones, for authors; their commands run as the user |
//! | `DOCKLINGS_INSIDE` | set for what runs in the lesson shell |
//! | `DOCKLINGS_PLAIN` | `1`: no colour, no redrawing, as `docklings --plain` |
//! | `DOCKLINGS_OUTBOUND` | the egress of containers and builds: `passt`, `slirp4netns`, or `no` for none, as in an exam; default: whichever is installed |
//! | `DOCKLINGS_HUB` | which registry stands in for docker.io; overrides `docklings config hub` |
//! | `DOCKLINGS_UPSTREAM` | which registry is asked for what the practice hub lacks, or `none`; overrides `docklings config upstream` |
//! | `DOCKER_CONFIG` | the folder of `config.json`, for logins at registries and `detachKeys`; default `~/.docker` |
//! | `XDG_CONFIG_HOME` | `docker/daemon.json` and `docker/certs.d` in it say which registries are trusted; default `~/.config` |
//! | `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | the proxy for registries; also in lower case |
//!
//! `docker run -e NAME` passes on the caller's variables of any name.

use engine::clock::System;
use engine::error::IoContext;
use engine::network::outbound::Allowed;
use engine::oci::digest::Digest;
use engine::paths::{Home, ours};
use engine::{Engine, Error, Result, Settings};
use lessons::progress::Progress;
use std::env;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where everything is kept.
pub(crate) const HOME: &str = "DOCKLINGS_HOME";
/// The sandbox in use.
pub(crate) const SANDBOX: &str = "DOCKLINGS_SANDBOX";
/// A checkout whose course is used instead of the one in the binary.
pub(crate) const CONTENT: &str = "DOCKLINGS_CONTENT";
/// Set for what runs in the lesson shell.
pub(crate) const INSIDE: &str = "DOCKLINGS_INSIDE";
/// Plain text only.
pub(crate) const PLAIN: &str = "DOCKLINGS_PLAIN";
/// The egress of containers.
pub(crate) const OUTBOUND: &str = "DOCKLINGS_OUTBOUND";
/// Which registry stands in for docker.io.
pub(crate) const HUB: &str = "DOCKLINGS_HUB";
/// Which registry is asked for what the practice hub lacks.
pub(crate) const UPSTREAM: &str = "DOCKLINGS_UPSTREAM";
/// In place of a sandbox: that of the place where the course is.
pub(crate) const COURSE: &str = "course";
/// The default sandbox: the playground.
pub(crate) const FREE: &str = "free";
/// The prefix of sandboxes in which `author check` tries an exercise.
pub(crate) const TRIAL: &str = "author-";
/// The prefix of sandboxes in which a solution is played.
pub(crate) const SCRATCH: &str = "scratch-";

/// The settings of the environment.
#[derive(Debug, Clone)]
pub(crate) struct Env {
    /// Where everything is kept.
    pub(crate) home: Home,
    /// The sandbox in use.
    pub(crate) sandbox: String,
    /// Which egress containers may use.
    pub(crate) outbound: Allowed,
    /// Which registry stands in for docker.io, if it is set.
    pub(crate) hub: Option<String>,
    /// Which registry is asked for what the practice hub lacks, if it is set.
    pub(crate) upstream: Option<String>,
}

impl Env {
    /// The engine on the sandbox called `sandbox`; `via` is the command that the journal names.
    pub(crate) fn engine(&self, sandbox: &str, via: &str) -> Result<Engine> {
        Engine::open(Settings {
            home: self.home.clone(),
            sandbox: sandbox.to_owned(),
            binary: env::current_exe().on("find", "/proc/self/exe")?,
            via: via.to_owned(),
            outbound: self.outbound,
            clock: Arc::new(System),
            entropy: Arc::new(System),
        })
    }

    /// Reads the environment. Error: the home is not known, or is not the user's own.
    pub(crate) fn read() -> Result<Self> {
        let env = Self::read_unchecked()?;
        let home = env.home.root();
        if !ours::check(home, home)? {
            ours::check_missing(home)?;
        }
        Ok(env)
    }

    /// Reads the environment, even if the home does not belong to the user.
    pub(crate) fn read_unchecked() -> Result<Self> {
        let root = home_root(&|name| env::var_os(name).map(PathBuf::from)).ok_or_else(|| {
            Error::local(format!(
                "cannot find a place for the data: neither `{HOME}` nor `HOME` is set"
            ))
        })?;
        let root = std::path::absolute(&root).unwrap_or(root);
        let runtime = runtime_root(&root);
        let sandbox = env::var(SANDBOX)
            .ok()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| FREE.to_owned());
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let home = Home::new(root, runtime);
        let sandbox = match sandbox == COURSE {
            true => sandbox_of_course(&home),
            false => sandbox,
        };
        Ok(Self {
            home,
            sandbox,
            outbound: outbound()?,
            hub: set(HUB),
            upstream: set(UPSTREAM),
        })
    }
}

/// The sandbox of the place where the course is; the playground if it has not begun.
fn sandbox_of_course(home: &Home) -> String {
    let progress = Progress::load(&home.progress());
    let at = progress.ok().and_then(|progress| progress.at);
    at.map_or_else(|| FREE.to_owned(), |at| at.sandbox())
}

fn outbound() -> Result<Allowed> {
    let word = env::var(OUTBOUND).unwrap_or_default();
    Allowed::parse(&word).ok_or_else(|| {
        Error::local(format!(
            "`{OUTBOUND}` is `{word}`: must be `passt`, `slirp4netns` or `no`"
        ))
    })
}

fn home_root(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|path| !path.as_os_str().is_empty());
    set(HOME)
        .or_else(|| set("XDG_DATA_HOME").map(|path| path.join("docklings")))
        .or_else(|| set("HOME").map(|path| path.join(".local/share/docklings")))
}

/// The runtime folder of the home `root`. Each home has its own, since two homes can use the same name for a sandbox.
fn runtime_root(root: &Path) -> PathBuf {
    match runtime_of_user() {
        Some(folder) => folder.join(Digest::of(root.as_os_str().as_bytes()).short()),
        None => root.join("tmp"),
    }
}

/// A runtime directory of another user (after `su`) is useless to us. Memory is preferred to a disk: it holds the
/// secrets of a build.
fn runtime_of_user() -> Option<PathBuf> {
    let own = rustix::process::geteuid();
    let is_ours = |path: &PathBuf| {
        path.is_absolute()
            && path.symlink_metadata().is_ok_and(|data| {
                data.is_dir() && data.uid() == own.as_raw() && data.mode() & 0o022 == 0
            })
    };
    if let Some(path) = env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(is_ours)
    {
        return Some(path.join("docklings"));
    }
    let in_run = PathBuf::from("/run/docklings");
    if own.is_root() && is_memory(Path::new("/run")) {
        return Some(in_run);
    }
    let shared = PathBuf::from(format!("/dev/shm/docklings-{}", own.as_raw()));
    if is_memory(Path::new("/dev/shm")) && is_private(&shared, own.as_raw()) {
        return Some(shared);
    }
    own.is_root().then_some(in_run)
}

fn is_memory(folder: &Path) -> bool {
    /// `TMPFS_MAGIC` of `linux/magic.h`.
    const TMPFS: i64 = 0x0102_1994;
    rustix::fs::statfs(folder).is_ok_and(|about| about.f_type == TMPFS)
}

/// Whether only `user` can enter `folder`, which is created if missing. In a world-writable place, another user may
/// have created it first.
fn is_private(folder: &Path, user: u32) -> bool {
    use std::os::unix::fs::DirBuilderExt;
    // An existing folder is checked the same way.
    let _ = std::fs::DirBuilder::new().mode(0o700).create(folder);
    folder
        .symlink_metadata()
        .is_ok_and(|data| data.is_dir() && data.uid() == user && data.mode() & 0o077 == 0)
}

/// Names the owner if `error` means that a file in our home belongs to another user; else `error` itself.
pub(crate) fn explained(error: engine::Error) -> engine::Error {
    let explained = error.closed().and_then(|path| {
        let env = Env::read_unchecked().ok()?;
        ours::why_closed(path, env.home.root())
    });
    explained.unwrap_or(error)
}

/// The configuration folder of Docker's command line; `None` if unknown.
pub(crate) fn docker_config_folder() -> Option<PathBuf> {
    folder("DOCKER_CONFIG", ".docker")
}

/// The user's folder for settings; `None` if unknown.
pub(crate) fn config_folder() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", ".config")
}

/// The folder that `variable` names, or else `default` in the user's home.
fn folder(variable: &str, default: &str) -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    set(variable)
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(default)))
}

/// The detach keys from `config.json` of Docker's command line; `None` if it has none.
pub(crate) fn configured_detach_keys() -> Option<String> {
    let text = std::fs::read(docker_config_folder()?.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_slice(&text).ok()?;
    config.get("detachKeys")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &[(&str, &str)], want: Option<&str>) {
        let variable = |name: &str| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| PathBuf::from(value))
        };
        assert_eq!(home_root(&variable), want.map(PathBuf::from), "{set:?}");
    }

    #[test]
    fn home_is_the_first_that_is_set_and_not_empty() {
        check(&[], None);
        check(&[("HOME", "/h")], Some("/h/.local/share/docklings"));
        check(
            &[("HOME", "/h"), ("XDG_DATA_HOME", "/x")],
            Some("/x/docklings"),
        );
        check(&[("HOME", "/h"), (HOME, "/d")], Some("/d"));
        check(
            &[("HOME", "/h"), (HOME, "")],
            Some("/h/.local/share/docklings"),
        );
    }

    #[test]
    fn a_folder_that_others_can_enter_or_redirect_is_not_private() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let own = rustix::process::geteuid().as_raw();
        let place = folder.path().join("ours");
        assert!(is_private(&place, own) && is_private(&place, own));
        assert!(!is_private(&place, own + 1));
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o710)).unwrap();
        assert!(!is_private(&place, own));
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        assert!(is_private(&target, own));
        symlink(&target, &link).unwrap();
        assert!(!is_private(&link, own));
    }
}
