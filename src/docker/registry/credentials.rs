//! Where a login is stored, and to which registry it is sent.
//!
//! **What Docker does.** Each registry has a key in `config.json`; docker.io's is a historical address. A credential
//! helper stores the secret instead if the file says so (`credsStore`, `credHelpers`). **What we do.** The same. But
//! another registry may stand in for docker.io: the practice hub, whose accounts are made up, or one of a class. A
//! login there must not replace the student's own login at Docker Hub, which in turn must not be sent there:
//!
//! | docker.io is | file | key |
//! |---|---|---|
//! | Docker Hub | `~/.docker/config.json` | `https://index.docker.io/v1/` |
//! | the practice hub | `logins.json` of the sandbox | `https://index.docker.io/v1/` |
//! | a registry of a class | `~/.docker/config.json` | that registry's host and port |
//!
//! The practice hub's file belongs to the sandbox, so that each exercise starts logged out.

use super::config_file::{ConfigFile, decode, encode, hostname};
use super::program;
use crate::failure::{CommandResult, Failure};
use engine::image::remote::Credential;
use std::path::{Path, PathBuf};

/// The key of docker.io.
pub(crate) const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The place of one registry's login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The file, in the form of Docker's `config.json`.
    pub(crate) file: PathBuf,
    /// The registry's key in it.
    pub(crate) key: String,
}

/// How a login was stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It was already stored.
    Unchanged,
    /// In the file, where any process that can read it finds the password.
    InFile,
    /// By a credential helper, or as a token, which can be revoked.
    Elsewhere,
}

impl Account {
    /// The stored login. Error: a sentence for people; the secret may exist, but is not accessible.
    pub(crate) fn get(&self) -> Result<Option<Credential>, String> {
        let file = ConfigFile::read(&self.file).map_err(|why| unreadable(&self.file, &why))?;
        if let Some(name) = file.program(&self.key) {
            return program::get(name, &self.key);
        }
        match file.entry(&self.key) {
            None => Ok(None),
            Some(entry) => decode(entry).map_err(|why| unreadable(&self.file, &why)),
        }
    }

    /// Stores `credential`.
    pub(crate) fn put(&self, credential: &Credential) -> CommandResult<Kept> {
        let mut file = self.open()?;
        let failed = |why: &dyn std::fmt::Display| {
            Failure::message(format!("Error saving credentials: {why}"))
        };
        let program = file.program(&self.key).map(str::to_owned);
        let entry = match &program {
            Some(name) => {
                program::store(name, &self.key, credential).map_err(|why| failed(&why))?;
                serde_json::Map::new()
            }
            None => encode(credential),
        };
        if file.entry(&self.key) == Some(&entry) {
            return Ok(Kept::Unchanged);
        }
        file.set_entry(&self.key, entry);
        file.save().map_err(|error| failed(&error))?;
        let is_password = matches!(credential, Credential::Password { .. });
        Ok(match program.is_none() && is_password {
            true => Kept::InFile,
            false => Kept::Elsewhere,
        })
    }

    /// Whether the file can be updated. Error: it is invalid.
    pub(crate) fn check(&self) -> CommandResult {
        self.open().map(drop)
    }

    /// Removes the login under each form of the key. Returns the failures.
    pub(crate) fn erase(&self) -> CommandResult<Vec<String>> {
        let mut file = self.open()?;
        let host = &self.key;
        let mut keys = vec![host.clone()];
        if self.key != DOCKER_HUB {
            let addresses = file.keys();
            keys.extend(
                addresses
                    .into_iter()
                    .filter(|key| hostname(key) == host && key != host),
            );
        }
        let (mut problems, mut changed) = (Vec::new(), false);
        for key in &keys {
            if let Some(name) = file.program(key)
                && let Err(why) = program::erase(name, key)
            {
                problems.push(format!("{key}: {why}"));
            }
            changed |= file.remove_entry(key);
        }
        if changed {
            file.save()
                .map_err(|error| Failure::message(error.to_string()))?;
        }
        Ok(problems)
    }

    /// Opens the file for a change. An invalid one is left alone.
    fn open(&self) -> CommandResult<ConfigFile> {
        ConfigFile::read(&self.file).map_err(|why| {
            Failure::Hinted(
                format!("cannot change `{}`: {why}", self.file.display()),
                crate::exit::FAILURE,
                format!(
                    "put it right, or put it aside: mv {0} {0}.damaged",
                    self.file.display()
                ),
            )
        })
    }
}

/// Docker's words for an unreadable file.
fn unreadable(file: &Path, why: &str) -> String {
    format!("Error parsing config file ({}): {why}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn alice() -> Credential {
        Credential::Password {
            username: "alice".to_owned(),
            password: "pw".to_owned(),
        }
    }

    fn account(text: Option<&str>, key: &str) -> (tempfile::TempDir, Account) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        if let Some(text) = text {
            fs::write(&file, text).unwrap();
        }
        let key = key.to_owned();
        (folder, Account { file, key })
    }

    #[test]
    fn a_login_is_kept_found_and_forgotten() {
        let (_folder, account) = account(None, "reg:5000");
        assert_eq!(account.get(), Ok(None));
        assert_eq!(account.put(&alice()).unwrap(), Kept::InFile);
        assert_eq!(account.put(&alice()).unwrap(), Kept::Unchanged);
        assert_eq!(account.get(), Ok(Some(alice())));
        let other = Account {
            key: "reg:5001".to_owned(),
            ..account.clone()
        };
        assert_eq!(other.get(), Ok(None));
        assert!(account.erase().unwrap().is_empty());
        assert_eq!(account.get(), Ok(None));
    }

    #[test]
    fn a_token_is_kept_without_the_warning_of_passwords() {
        let (_folder, account) = account(None, "reg");
        let token = Credential::IdentityToken {
            username: "alice".to_owned(),
            token: "t".to_owned(),
        };
        assert_eq!(account.put(&token).unwrap(), Kept::Elsewhere);
        assert_eq!(account.get(), Ok(Some(token)));
    }

    #[test]
    fn logging_out_forgets_old_addresses_of_the_registry_and_no_other() {
        let text = r#"{"auths": {"https://reg/v1/": {"auth": "YTpi"}, "reg": {}, "reg.other": {"auth": "YTpi"}}}"#;
        let (_folder, account) = account(Some(text), "reg");
        account.erase().unwrap();
        let left = ConfigFile::read(&account.file).unwrap();
        assert_eq!(left.keys(), ["reg.other"]);
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_left_alone() {
        let (_folder, account) = account(Some("{ no"), "reg");
        for why in [
            account.put(&alice()).unwrap_err().text().unwrap(),
            account.erase().unwrap_err().text().unwrap(),
        ] {
            assert!(
                why.starts_with("cannot change `/") && why.contains("config.json`: "),
                "{why}"
            );
        }
        assert!(
            account
                .get()
                .unwrap_err()
                .starts_with("Error parsing config file (/")
        );
        assert_eq!(fs::read_to_string(&account.file).unwrap(), "{ no");
    }

    #[test]
    fn a_missing_program_is_told_in_dockers_words() {
        let text = r#"{"credsStore": "is-not-there"}"#;
        let (_folder, account) = account(Some(text), "reg");
        let told = "credentials - err: exec: \"docker-credential-is-not-there\": executable file not found in $PATH, out: ``";
        assert_eq!(account.get().unwrap_err(), format!("error getting {told}"));
        assert_eq!(
            account.put(&alice()).unwrap_err().text().unwrap(),
            format!("Error saving credentials: error storing {told}")
        );
        assert_eq!(
            account.erase().unwrap(),
            [format!("reg: error erasing {told}")]
        );
        assert_eq!(fs::read_to_string(&account.file).unwrap(), text);
    }
}
