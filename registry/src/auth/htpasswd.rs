//! A password file as `htpasswd -B` writes it: a line `name:hash` for each user, bcrypt only, as Docker's registry
//! requires. It is read again after a change.

use super::passwords::{self, Passwords};
use crate::error::Result;
use engine::error::{Error, IoContext};
use std::collections::HashMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// A password file.
#[derive(Debug)]
pub struct Htpasswd {
    path: PathBuf,
    passwords: Passwords,
    read: Mutex<Read>,
}

#[derive(Debug)]
struct Read {
    version: Option<(SystemTime, u64)>,
    hashes: HashMap<String, String>,
}

impl Htpasswd {
    /// Errors: it cannot be read; a line is malformed, or its hash is not bcrypt's.
    pub fn open(path: &Path) -> engine::error::Result<Self> {
        let version = version(path);
        let text = fs::read_to_string(path).on("read", path)?;
        let hashes = parse(path, &text)?;
        let passwords = Passwords::new()
            .map_err(|_| Error::machine("cannot read random numbers from the system"))?;
        Ok(Self {
            path: path.to_owned(),
            passwords,
            read: Mutex::new(Read { version, hashes }),
        })
    }

    /// Whether the file has this name with this password. If it cannot be read, its last readable version counts.
    pub(super) fn knows(&self, name: &str, password: &str) -> Result<bool> {
        let hash = {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let now = version(&self.path);
            if now != read.version
                && let Ok(text) = fs::read_to_string(&self.path)
                && let Ok(hashes) = parse(&self.path, &text)
            {
                *read = Read {
                    version: now,
                    hashes,
                };
            }
            read.hashes.get(name).cloned()
        };
        Ok(self.passwords.match_hash(name, password, hash.as_deref()))
    }
}

/// Writes the line of `name` into the password file at `path`, replacing an older one; creates a missing file.
/// Errors: the name cannot be written; the password is empty or longer than bcrypt's 72 bytes; the file is damaged.
pub fn set_password(path: &Path, name: &str, password: &str) -> engine::error::Result<()> {
    if name.is_empty() || name.contains([':', '\n', '\r', '#']) {
        return Err(Error::invalid(format!(
            "`{name}` is not a valid name in a password file"
        )));
    }
    let hash = passwords::hash(password).map_err(|fault| Error::invalid(fault.to_string()))?;
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        other => other.on("read", path)?,
    };
    parse(path, &text)?;
    let prefix = format!("{name}:");
    let others = text
        .lines()
        .filter(|line| !line.trim().starts_with(&prefix));
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    lines.push(format!("{name}:{hash}\n"));
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .on("write", path)?;
    file.write_all(lines.join("\n").as_bytes())
        .on("write", path)?;
    file.persist(path)
        .map_err(|error| error.error)
        .on("write", path)?;
    Ok(())
}

fn version(path: &Path) -> Option<(SystemTime, u64)> {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

fn parse(path: &Path, text: &str) -> engine::error::Result<HashMap<String, String>> {
    let mut hashes = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("`{}`, line {}", path.display(), index + 1);
        let Some((name, hash)) = line.split_once(':').filter(|(name, _)| !name.is_empty()) else {
            return Err(Error::invalid(format!("{place}: not `name:hash`"))
                .with_hint("docklings registry passwd NAME --htpasswd FILE"));
        };
        if !["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix))
            || hash.len() != 60
        {
            return Err(Error::invalid(format!("{place}: the hash is not bcrypt's"))
                .with_hint("docklings registry passwd NAME --htpasswd FILE"));
        }
        hashes.insert(name.to_owned(), hash.to_owned());
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("htpasswd");
        let line =
            |name: &str, password: &str| format!("{name}:{}\n", bcrypt::hash(password, 4).unwrap());
        fs::write(&path, format!("# users\n\n{}", line("alice", "a"))).unwrap();
        let file = Htpasswd::open(&path).unwrap();
        assert!(file.knows("alice", "a").unwrap() && !file.knows("bob", "b").unwrap());
        fs::write(&path, line("alice", "a") + &line("bob", "b")).unwrap();
        assert!(file.knows("bob", "b").unwrap());
        fs::write(&path, "nonsense").unwrap();
        assert!(file.knows("bob", "b").unwrap());
    }

    #[test]
    fn a_malformed_line_is_named() {
        let check = |text: &str, word: &str| {
            let error = parse(Path::new("f"), text).unwrap_err();
            assert!(
                error.message().contains(word) && error.hint().is_some(),
                "{error}"
            );
        };
        check("a:$2y$", "line 1: the hash");
        check("# x\nalice:$apr1$x$y", "line 2: the hash");
        check("alice", "line 1: not `name:hash`");
        check(":x", "line 1: not");
    }

    #[test]
    fn a_password_replaces_an_older_one_and_keeps_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        set_password(&path, "alice", "a").unwrap();
        set_password(&path, "bob", "b").unwrap();
        set_password(&path, "alice", "c").unwrap();
        let file = Htpasswd::open(&path).unwrap();
        let knows = |name: &str, password: &str| file.knows(name, password).unwrap();
        assert!(knows("alice", "c") && knows("bob", "b") && !knows("alice", "a"));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        for (name, password) in [("", "x"), ("a:b", "x"), ("a", ""), ("a\nb", "x")] {
            assert!(set_password(&path, name, password).is_err(), "{name}");
        }
    }
}
