//! The environment variables that docklings reads, all of them, in one place.
//!
//! | variable | meaning |
//! |---|---|
//! | `DOCKLINGS_HOME` | where everything is kept; default `$XDG_DATA_HOME/docklings`, else `~/.local/share/docklings` |
//! | `DOCKLINGS_SANDBOX` | the sandbox in use; default `free` |
//! | `XDG_RUNTIME_DIR` | sockets go to `docklings` under it, if it is ours; else `/run/docklings` as root, else `tmp` in home |
//! | `XDG_DATA_HOME`, `HOME` | see `DOCKLINGS_HOME` |
//! | `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM` | whether colour is used (read by `anstream`) |
//! | `DOCKLINGS_CONTENT` | a checkout whose lessons and exercises are used instead of the built-in ones, while writing |
//! | `DOCKLINGS_PLAIN` | `1`: no colour, nothing drawn over, as `docklings --plain` |
//! | `DOCKER_CONFIG` | the folder of `config.json`, for `detachKeys`; default `~/.docker` |
//!
//! `docker run -e NAME` passes on variables of the caller, whatever their name.

use crate::failure::Failure;
use engine::paths::Home;
use std::env;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where everything is kept.
pub(crate) const HOME: &str = "DOCKLINGS_HOME";
/// The sandbox in use.
pub(crate) const SANDBOX: &str = "DOCKLINGS_SANDBOX";
/// A checkout whose course is used instead of the one in the binary.
pub(crate) const CONTENT: &str = "DOCKLINGS_CONTENT";
/// Plain text only.
pub(crate) const PLAIN: &str = "DOCKLINGS_PLAIN";
/// The sandbox in use when nothing else is said: the playground.
pub(crate) const FREE: &str = "free";

/// What the environment says.
#[derive(Debug, Clone)]
pub(crate) struct Env {
    /// Where everything is kept.
    pub(crate) home: Home,
    /// The sandbox in use.
    pub(crate) sandbox: String,
}

impl Env {
    /// Reads the environment. Error: no home can be told.
    pub(crate) fn read() -> Result<Self, Failure> {
        let root = home_root(&|name| env::var_os(name).map(PathBuf::from)).ok_or_else(|| {
            Failure::message(format!(
                "cannot tell where to keep things: neither `{HOME}` nor `HOME` is set"
            ))
        })?;
        let root = std::path::absolute(&root).unwrap_or(root);
        let runtime = runtime_root(&root);
        let sandbox = env::var(SANDBOX)
            .ok()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| FREE.to_owned());
        Ok(Self {
            home: Home::new(root, runtime),
            sandbox,
        })
    }
}

fn home_root(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|path| !path.as_os_str().is_empty());
    set(HOME)
        .or_else(|| set("XDG_DATA_HOME").map(|path| path.join("docklings")))
        .or_else(|| set("HOME").map(|path| path.join(".local/share/docklings")))
}

/// A runtime directory of somebody else (after `su`) is of no use to us.
fn runtime_root(root: &Path) -> PathBuf {
    let own = rustix::process::geteuid();
    let is_ours = |path: &PathBuf| {
        path.is_absolute()
            && path
                .metadata()
                .is_ok_and(|data| data.is_dir() && data.uid() == own.as_raw())
    };
    if let Some(path) = env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(is_ours)
    {
        return path.join("docklings");
    }
    if own.is_root() {
        return PathBuf::from("/run/docklings");
    }
    root.join("tmp")
}

/// The keys that detach, as `config.json` of Docker's command line says; `None` if it says nothing.
pub(crate) fn configured_detach_keys() -> Option<String> {
    let folder = env::var_os("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")))?;
    let text = std::fs::read(folder.join("config.json")).ok()?;
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
}
