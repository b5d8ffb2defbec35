//! A password file as `htpasswd -B` writes it: a line `name:hash` for each user, bcrypt only, as Docker's registry wants
//! it. It is read again when it has changed.

use super::passwords::Passwords;
use crate::error::Result;
use engine::error::{Error, IoContext};
use std::collections::HashMap;
use std::fs;
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
    /// Errors: it cannot be read; a line is none, or its hash is not bcrypt's.
    pub fn open(path: &Path) -> engine::error::Result<Self> {
        let version = version(path);
        let text = fs::read_to_string(path).on("read", path)?;
        let hashes = parse(path, &text)?;
        let passwords =
            Passwords::new().map_err(|_| Error::machine("this machine gives no random numbers"))?;
        Ok(Self {
            path: path.to_owned(),
            passwords,
            read: Mutex::new(Read { version, hashes }),
        })
    }

    /// Whether the file has this name with this password. What it had when it could last be read counts.
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
                .with_hint("htpasswd -B -c FILE NAME"));
        };
        if !["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix))
            || hash.len() != 60
        {
            return Err(Error::invalid(format!("{place}: the hash is not bcrypt's"))
                .with_hint("htpasswd -B FILE NAME"));
        }
        hashes.insert(name.to_owned(), hash.to_owned());
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_when_it_has_changed_and_one_that_is_broken_changes_nothing() {
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
    fn a_line_that_is_none_is_named() {
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
}
