//! The paths and patterns of one COPY: found, and read for the cache.

use super::copy::Prepared;
use crate::build::cache::content::Reader;
use crate::build::sources::parents::may_be_nothing;
use crate::build::sources::{Selected, Tree};
use crate::build::state::Place;
use crate::build::syntax::source::Word;
use crate::error::{Error, ErrorKind, Result};
use crate::near::nearest;
use crate::tree::clean::within_root;
use crate::tree::view::{Last, Node};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A path or pattern of COPY.
#[derive(Clone, Copy)]
pub(super) struct PathSource<'a> {
    pub(super) path: &'a str,
    pub(super) word: &'a Word,
    /// `--parents`.
    pub(super) parents: bool,
}

/// Finds the files of `source`, and reads the parts that the cache compares. A missing source is an error at its word,
/// with a suggestion.
pub(super) fn at_path(
    reader: &mut Reader<'_>,
    source: PathSource<'_>,
    at: Place<'_>,
    into: &mut Prepared<'_>,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let PathSource {
        path,
        word,
        parents,
    } = source;
    let tree = into.tree.tree();
    let selected = match parents {
        true => tree.select_with_parents(path),
        false => tree.select(path),
    }
    .map_err(|error| match error.kind() {
        ErrorKind::Invalid => at.source.error(word.span, error.to_string()).into(),
        _ => error,
    })?;
    let missing = |found: &Selected| -> Error {
        let shown = match found {
            Selected::Dangling(link) => link.display().to_string(),
            _ => within_root(path),
        };
        let message = format!(
            "failed to compute cache key: failed to calculate checksum: \"/{}\": not found",
            shown.trim_start_matches('/')
        );
        let error = at.source.error(word.span, message);
        match hint(tree, path, found) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
        .into()
    };
    let items = match selected {
        Selected::Items(items) => items,
        found => return Err(missing(&found)),
    };
    let before = into.content.files.len();
    for item in &items {
        reader.read(tree, item, &into.exclude, &mut into.content)?;
    }
    let nothing = match parents {
        true => into.content.files[before..]
            .iter()
            .all(|file| file.name.is_empty()),
        false => items.is_empty(),
    };
    if nothing && parents && !may_be_nothing(path) {
        // Without `--parents`, an excluded path is detected earlier.
        return Err(missing(&match tree.select(path)? {
            Selected::Missing => Selected::Missing,
            _ => Selected::Ignored,
        }));
    }
    if nothing {
        warnings.push(format!("no file fits the pattern `{path}`"));
    }
    into.items.extend(items);
    Ok(())
}

/// ` to …` for a readable link.
fn target(tree: &Tree, link: &Path) -> String {
    let Ok(Some(found)) = tree.view.find(link, Last::Keep) else {
        return String::new();
    };
    match found.node {
        Node::File(file) => file
            .target()
            .map(|target| format!(" to `{}`", target.to_string_lossy()))
            .unwrap_or_default(),
        Node::Folder(_) => String::new(),
    }
}

/// A hint for a missing source.
fn hint(tree: &Tree, path: &str, found: &Selected) -> Option<String> {
    if *found == Selected::Ignored {
        return Some(format!(
            "`{path}` exists, and `.dockerignore` leaves it out"
        ));
    }
    if let Selected::Dangling(link) = found {
        return Some(format!(
            "`{}` is a link{}, and nothing is there in the build context",
            link.display(),
            target(tree, link)
        ));
    }
    if Path::new(path)
        .components()
        .any(|part| part.as_os_str() == "..")
    {
        return Some("a path cannot lead out of the build context".to_owned());
    }
    // The first missing name, in the folder that exists.
    let path = within_root(&path.replacen("/./", "/", 1));
    let names: Vec<&str> = path.split('/').collect();
    let mut folder = PathBuf::new();
    for (index, name) in names.iter().enumerate() {
        let Ok(Some(found)) = tree.view.find(&folder, Last::Follow) else {
            return None;
        };
        let Node::Folder(open) = found.node else {
            return None;
        };
        let there = open.names().ok()?;
        if there.iter().any(|there| there == name) {
            folder.push(name);
            continue;
        }
        let like = nearest(name, there.iter().filter_map(|name| name.to_str()))?;
        let rest = &names[index + 1..];
        let meant: PathBuf = folder.iter().chain([OsStr::new(like)]).collect();
        let meant = rest.iter().fold(meant, |path, name| path.join(name));
        return Some(format!("did you mean `{}`?", meant.display()));
    }
    None
}
