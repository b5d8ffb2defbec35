//! `config.json` of Docker's command line: stored logins.
//!
//! **What Docker does.** The file in `~/.docker` (or `$DOCKER_CONFIG`) holds, among other things, `auths`: for each
//! registry, the name and the password in base64, which hides nothing; or, with a credential helper, only an empty
//! entry. **What we do.** The same file in the same form, so that a login with either program is valid for the other.
//! Unknown fields are kept. An invalid file is never overwritten: Docker empties it.
//!
//! Source: docker/cli `cli/config/configfile/file.go`.

use crate::docker::values::files::open_error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::error::IoContext;
use engine::image::remote::Credential;
use engine::paths::create_private_dir;
use engine::store::atomic::{self, Durability};
use serde_json::{Map, Value as Json, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file's content.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    json: Map<String, Json>,
}

impl ConfigFile {
    /// Reads the file at `path`; a missing or empty one counts as empty. Error: why it is invalid.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let path = path.to_path_buf();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(open_error(&path.display().to_string(), &error)),
        };
        if text.iter().all(u8::is_ascii_whitespace) {
            let json = Map::new();
            return Ok(Self { path, json });
        }
        let json: Json = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        let Json::Object(json) = json else {
            return Err("it holds no object".to_owned());
        };
        let is_object = |name: &str| {
            json.get(name)
                .is_none_or(|it| it.is_object() || it.is_null())
        };
        for name in ["auths", "credHelpers"] {
            if !is_object(name) {
                return Err(format!("`{name}` is no object"));
            }
        }
        Ok(Self { path, json })
    }

    /// The credential helper for the registry `key`, without the prefix `docker-credential-`.
    pub(crate) fn program(&self, key: &str) -> Option<&str> {
        let of_key = self.json.get("credHelpers").and_then(|all| all.get(key));
        let program = of_key.or_else(|| self.json.get("credsStore"))?.as_str()?;
        Some(program).filter(|program| !program.is_empty())
    }

    /// The entry for the registry `key`, including one under its address, as old versions wrote it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Map<String, Json>> {
        let auths = self.json.get("auths")?.as_object()?;
        let by_address = || auths.iter().find(|(other, _)| hostname(other) == key);
        let found = auths.get(key).or_else(|| by_address().map(|(_, it)| it));
        found?.as_object()
    }

    /// The keys of `auths`.
    pub(crate) fn keys(&self) -> Vec<String> {
        let auths = self.json.get("auths").and_then(Json::as_object);
        auths.into_iter().flat_map(Map::keys).cloned().collect()
    }

    /// Replaces the entry for `key` with `entry`.
    pub(crate) fn set_entry(&mut self, key: &str, entry: Map<String, Json>) {
        let auths = self.json.entry("auths").or_insert_with(|| json!({}));
        if !auths.is_object() {
            *auths = json!({});
        }
        if let Some(auths) = auths.as_object_mut() {
            auths.insert(key.to_owned(), Json::Object(entry));
        }
    }

    /// Removes the entry for `key`; returns whether there was one.
    pub(crate) fn remove_entry(&mut self, key: &str) -> bool {
        let auths = self.json.get_mut("auths").and_then(Json::as_object_mut);
        auths.is_some_and(|auths| auths.shift_remove(key).is_some())
    }

    /// Rewrites the file atomically, readable only by its owner. A symbolic link is kept.
    pub(crate) fn save(&self) -> engine::Result<()> {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let folder = path.parent().unwrap_or(Path::new("."));
        create_private_dir(folder)?;
        let tabs = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        let mut text = serde_json::Serializer::with_formatter(Vec::new(), tabs);
        serde::Serialize::serialize(&self.json, &mut text)
            .map_err(io::Error::from)
            .on("write", &path)?;
        atomic::write(&path, &text.into_inner(), Durability::Durable)
    }
}

/// The registry in an address or a key of the file: `https://index.docker.io/v1/` is `index.docker.io`.
pub(crate) fn hostname(address: &str) -> &str {
    let bare = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("https://"))
        .unwrap_or(address);
    bare.split('/').next().unwrap_or_default()
}

/// The credential in `entry`. `None`: there is none, or a credential helper has it. Error: it is unreadable, in
/// Docker's words.
pub(crate) fn decode(entry: &Map<String, Json>) -> Result<Option<Credential>, String> {
    let text = |name: &str| {
        let text = entry.get(name).and_then(Json::as_str).unwrap_or_default();
        text.to_owned()
    };
    let (mut username, mut password) = (text("username"), text("password"));
    let auth = text("auth");
    if !auth.is_empty() {
        let decoded = STANDARD.decode(&auth);
        let decoded = decoded.map_err(|_| "illegal base64 data".to_owned())?;
        let decoded = String::from_utf8(decoded);
        let decoded = decoded.map_err(|_| "invalid auth configuration file".to_owned())?;
        let (name, secret) = decoded
            .split_once(':')
            .ok_or("invalid auth configuration file")?;
        username = name.to_owned();
        password = secret.trim_matches('\0').to_owned();
    }
    let token = text("identitytoken");
    Ok(if !token.is_empty() {
        Some(Credential::IdentityToken { username, token })
    } else if username.is_empty() {
        None
    } else {
        Some(Credential::Password { username, password })
    })
}

/// `credential` in the form of the file.
pub(crate) fn encode(credential: &Credential) -> Map<String, Json> {
    let auth = |username: &str, password: &str| match username.is_empty() && password.is_empty() {
        true => String::new(),
        false => STANDARD.encode(format!("{username}:{password}")),
    };
    let (auth, token) = match credential {
        Credential::Password { username, password } => (auth(username, password), None),
        Credential::IdentityToken { username, token } => (auth(username, ""), Some(token)),
    };
    let mut entry = Map::new();
    if !auth.is_empty() {
        entry.insert("auth".to_owned(), auth.into());
    }
    if let Some(token) = token {
        entry.insert("identitytoken".to_owned(), token.as_str().into());
    }
    entry
}

#[cfg(test)]
mod tests;
