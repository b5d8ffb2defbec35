//! Insecure registries, trusted certificates, and proxies.
//!
//! **What Docker does.** The daemon's files are in `/etc/docker`, or for a rootless daemon in `~/.config/docker`:
//! `daemon.json` has `insecure-registries`, and `certs.d/<host:port>/*.crt` are authorities. Proxies are in its
//! environment.
//! **What we do.** Both folders are read. In `daemon.json`, only `insecure-registries` is used.
//!
//! Source: docker docs, "dockerd", "daemon configuration file" and "Verify repository client with certificates".

use crate::docker::values::files::open_error;
use crate::env;
use engine::image::remote::Proxies;
use serde_json::Value as Json;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Folders like Docker's `/etc/docker`: the machine's, and the user's.
fn folders() -> Vec<PathBuf> {
    let own = env::config_folder().map(|folder| folder.join("docker"));
    [PathBuf::from("/etc/docker")]
        .into_iter()
        .chain(own)
        .collect()
}

/// The files that may list insecure registries.
pub(super) fn files() -> Vec<PathBuf> {
    let folders = folders().into_iter();
    folders.map(|folder| folder.join("daemon.json")).collect()
}

/// The folders of certificates.
pub(super) fn certificates() -> Vec<PathBuf> {
    let folders = folders().into_iter();
    folders.map(|folder| folder.join("certs.d")).collect()
}

/// The networks and registries that are contacted over plain HTTP, as `docker info` lists them: this machine first.
pub(crate) fn insecure_shown() -> Vec<String> {
    let mut all = vec!["::1/128".to_owned(), "127.0.0.0/8".to_owned()];
    all.extend(insecure(&files(), &mut |_| {}));
    all
}

/// The registries in `files`. An unreadable file is reported and skipped.
pub(super) fn insecure(files: &[PathBuf], warn: &mut dyn FnMut(String)) -> Vec<String> {
    let mut all = Vec::new();
    for file in files {
        match listed(file) {
            Ok(listed) => all.extend(listed.into_iter().filter(|one| !one.is_empty())),
            Err(why) => warn(format!("{} is left out: {why}", file.display())),
        }
    }
    all.sort();
    all.dedup();
    all
}

fn listed(file: &Path) -> Result<Vec<String>, String> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(open_error(&file.display().to_string(), &error)),
    };
    let json: Json = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    match json.get("insecure-registries") {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(list) => serde_json::from_value(list.clone())
            .map_err(|_| "`insecure-registries` is no list of texts".to_owned()),
    }
}

/// The proxies in the environment, in upper-case or lower-case variables.
pub(super) fn proxies(variable: &dyn Fn(&str) -> Option<String>) -> Proxies {
    let of = |name: &str| {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        set(name)
            .or_else(|| set(&name.to_lowercase()))
            .unwrap_or_default()
    };
    Proxies {
        https: of("HTTPS_PROXY"),
        http: of("HTTP_PROXY"),
        none: of("NO_PROXY"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], expected: &[&str], warnings: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let mut files = vec![folder.path().join("missing")];
        for (at, text) in texts.iter().enumerate() {
            files.push(folder.path().join(at.to_string()));
            fs::write(&files[at + 1], text).unwrap();
        }
        let mut told = Vec::new();
        assert_eq!(insecure(&files, &mut |why| told.push(why)), expected);
        let told: Vec<_> = told
            .iter()
            .filter_map(|why| why.split_once(" is left out: "))
            .map(|(_, why)| why)
            .collect();
        assert_eq!(told, warnings);
    }

    #[test]
    fn insecure_registries_of_all_files_count() {
        check(&[], &[], &[]);
        check(&["{}", r#"{"insecure-registries": null}"#], &[], &[]);
        check(
            &[
                r#"{"insecure-registries": ["reg:5000", "10.0.0.0/8"], "debug": true}"#,
                r#"{"insecure-registries": ["reg:5000", "b", ""]}"#,
            ],
            &["10.0.0.0/8", "b", "reg:5000"],
            &[],
        );
    }

    #[test]
    fn what_cannot_be_understood_is_told_and_left_out() {
        check(
            &[
                "{",
                r#"{"insecure-registries": "x"}"#,
                r#"{"insecure-registries": ["y"]}"#,
            ],
            &["y"],
            &[
                "EOF while parsing an object at line 1 column 1",
                "`insecure-registries` is no list of texts",
            ],
        );
    }

    #[test]
    fn proxies_are_named_in_capital_or_small_letters() {
        let variable = |name: &str| match name {
            "HTTPS_PROXY" => Some("http://a".to_owned()),
            "https_proxy" => Some("http://b".to_owned()),
            "HTTP_PROXY" => Some(String::new()),
            "http_proxy" => Some("http://c".to_owned()),
            _ => None,
        };
        let expected = Proxies {
            https: "http://a".to_owned(),
            http: "http://c".to_owned(),
            none: String::new(),
        };
        assert_eq!(proxies(&variable), expected);
    }
}
