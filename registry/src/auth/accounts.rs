//! The practice hub's accounts. Docker Hub has a sign-up page; here the first login of a name creates the account with
//! the password it brings. Passwords are kept as bcrypt hashes in a file only its owner can read. The file is read for
//! each request because it may be deleted while the hub runs.

use super::passwords::{self, Passwords};
use crate::error::{Code, Fault, Result};
use crate::names::OFFICIAL;
use engine::error::{Error, IoContext};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Accounts in a file.
#[derive(Debug)]
pub struct Accounts {
    path: PathBuf,
    passwords: Passwords,
    /// Held while an account is created.
    turn: Mutex<()>,
}

impl Accounts {
    /// The accounts in the file at `path`, which may be missing. Error: it cannot be read.
    pub fn open(path: &Path) -> engine::error::Result<Self> {
        read(path)?;
        let passwords = Passwords::new()
            .map_err(|_| Error::machine("cannot read random numbers from the system"))?;
        Ok(Self {
            path: path.to_owned(),
            passwords,
            turn: Mutex::new(()),
        })
    }

    /// Whether the account has this password. A login under a name without an account creates one. If the file is
    /// damaged, any request does, so that the logins stored on this machine keep working.
    pub(super) fn knows(&self, name: &str, password: &str, is_login: bool) -> Result<bool> {
        let hash = self.hashes()?.remove(name);
        let is_login = is_login || self.is_damaged();
        if hash.is_some() || !is_login || !is_account_name(name) {
            return Ok(self.passwords.match_hash(name, password, hash.as_deref()));
        }
        let new = passwords::hash(password)?;
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hashes = self.hashes()?;
        if hashes.contains_key(name) {
            // Another request was faster.
            drop(turn);
            return self.knows(name, password, is_login);
        }
        hashes.insert(name.to_owned(), new);
        self.save(&hashes).map(|()| true)
    }

    fn save(&self, hashes: &BTreeMap<String, String>) -> Result<()> {
        let text = serde_json::to_vec(hashes).map_err(|error| {
            Fault::saying(Code::Unknown, format!("cannot save an account: {error}"))
        })?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if self.is_damaged() {
            // Do not overwrite a damaged file.
            fs::rename(&self.path, self.path.with_extension("json.damaged"))?;
        }
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(folder)?;
        file.write_all(&text)?;
        file.as_file().sync_data()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    fn is_damaged(&self) -> bool {
        fs::read(&self.path).is_ok_and(|text| parse(&text).is_none())
    }

    fn hashes(&self) -> Result<BTreeMap<String, String>> {
        read(&self.path).map_err(|error| Fault::saying(Code::Unknown, error.message()))
    }
}

/// Hashes by name; empty if the file is missing or damaged, so the next login of a name creates its account.
fn read(path: &Path) -> engine::error::Result<BTreeMap<String, String>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        other => Ok(parse(&other.on("read", path)?).unwrap_or_default()),
    }
}

fn parse(text: &[u8]) -> Option<BTreeMap<String, String>> {
    serde_json::from_slice(text).ok()
}

/// Whether an account can have this name: lowercase letters and digits as on Docker Hub, and `-` or `_` between them, as
/// course notes write it. `library` belongs to the official images.
pub fn is_account_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    (2..=30).contains(&name.len())
        && bytes
            .iter()
            .all(|b| is_plain(*b) || matches!(b, b'-' | b'_'))
        && [bytes.first(), bytes.last()]
            .into_iter()
            .flatten()
            .all(|b| is_plain(*b))
        && name != OFFICIAL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_login_makes_the_account_and_later_ones_need_its_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.json");
        let accounts = Accounts::open(&path).unwrap();
        assert!(!accounts.knows("alice", "secret", false).unwrap());
        assert!(accounts.knows("alice", "secret", true).unwrap());
        assert!(!accounts.knows("alice", "other", true).unwrap());
        let again = Accounts::open(&path).unwrap();
        assert!(again.knows("alice", "secret", false).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!again.knows("alice", "secret", false).unwrap());
        assert!(again.knows("alice", "other", true).unwrap());
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("other"), "{text}");
    }

    #[test]
    fn some_names_are_reserved() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(&folder.path().join("accounts.json")).unwrap();
        for name in [
            "library",
            "",
            "a",
            "Alice",
            "a/b",
            "..",
            "-a",
            "a_",
            &"a".repeat(31),
        ] {
            assert!(!accounts.knows(name, "secret", true).unwrap(), "{name}");
        }
        for name in ["my-dockerhub-username", "jokr_123"] {
            assert!(accounts.knows(name, "secret", true).unwrap(), "{name}");
        }
        assert!(accounts.knows("alice", "", true).is_err());
    }

    #[test]
    fn a_damaged_file_is_set_aside_by_the_next_request_of_an_account() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.json");
        fs::write(&path, "{").unwrap();
        let accounts = Accounts::open(&path).unwrap();
        assert!(accounts.knows("alice", "secret", false).unwrap());
        assert!(!accounts.knows("bob", "secret", false).unwrap());
        assert!(!accounts.knows("alice", "other", true).unwrap());
        let aside = fs::read_to_string(folder.path().join("accounts.json.damaged"));
        assert_eq!(aside.unwrap(), "{");
    }
}
