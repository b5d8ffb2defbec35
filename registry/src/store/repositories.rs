//! Repositories: their names, tags and descriptions.

use super::{Store, names, present, read};
use crate::error::{Code, Fault, Result};
use crate::names::{OFFICIAL, Repository};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

/// What `docker search` shows of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// A sentence.
    pub description: String,
    /// Whether it is an official repository.
    pub official: bool,
}

impl Store {
    /// All repositories with a manifest, sorted.
    pub fn repositories(&self) -> io::Result<Vec<Repository>> {
        let mut found = pushed(&self.own(), "")?;
        if let Some(official) = &self.official {
            found.extend(pushed(official, OFFICIAL)?);
        }
        found.sort();
        Ok(found)
    }

    /// The tags of a repository, sorted; `None` if there is no such repository.
    pub fn tags(&self, name: &Repository) -> io::Result<Option<Vec<String>>> {
        let folder = self.repository(name);
        let known = ["_tags", "_manifests"]
            .iter()
            .any(|part| folder.join(part).is_dir());
        known.then(|| names(&folder.join("_tags"))).transpose()
    }

    /// The description of a repository.
    pub fn about(&self, name: &Repository) -> io::Result<About> {
        let text = read(&self.repository(name).join("_about.json"))?;
        Ok(text
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default())
    }

    /// Describes a repository.
    pub fn describe(&self, name: &Repository, about: &About) -> Result<()> {
        let text = serde_json::to_vec(about).map_err(|error| {
            Fault::saying(
                Code::Unknown,
                format!("cannot describe a repository: {error}"),
            )
        })?;
        self.note(&self.repository(name).join("_about.json"), &text)
    }

    /// Every own repository with a folder, including those with only unfinished pushes.
    pub(super) fn begun_repositories(&self) -> io::Result<Vec<Repository>> {
        let mut found = Vec::new();
        let mut open = vec![String::new()];
        while let Some(inside) = open.pop() {
            let folder = self.own().join(&inside);
            found.extend(Repository::parse(&inside));
            for name in names(&folder)?
                .into_iter()
                .filter(|name| !name.starts_with('_'))
            {
                if present(fs::metadata(folder.join(&name)))?.is_some_and(|data| data.is_dir()) {
                    open.push(joined(&inside, &name));
                }
            }
        }
        Ok(found)
    }
}

/// The repositories at and below `start` in the folder `root` that have a manifest.
fn pushed(root: &Path, start: &str) -> io::Result<Vec<Repository>> {
    let mut found = Vec::new();
    let mut open = vec![start.to_owned()];
    while let Some(inside) = open.pop() {
        let folder = root.join(&inside);
        for name in names(&folder)? {
            if name == "_manifests" && !names(&folder.join(&name))?.is_empty() {
                found.extend(Repository::parse(&inside));
            } else if !name.starts_with('_') {
                open.push(joined(&inside, &name));
            }
        }
    }
    Ok(found)
}

fn joined(folder: &str, name: &str) -> String {
    match folder.is_empty() {
        true => name.to_owned(),
        false => format!("{folder}/{name}"),
    }
}
