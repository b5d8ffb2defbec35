//! The sources of one COPY: found, and read for the cache.

use super::Builder;
use super::fetch::{self, Fetched};
use super::progress::size;
use crate::build::cache::content::{Content, Reader};
use crate::build::ignore::Ignore;
use crate::build::sources::parents::may_be_nothing;
use crate::build::sources::{Item, Selected, Tree};
use crate::build::stages::{CopyFrom, copy_from, stage_like};
use crate::build::state::Place;
use crate::build::syntax::source::{Span, Word};
use crate::build::work::{CopySource, CopyWork};
use crate::error::{Error, ErrorKind, Result};
use crate::go::within_root;
use crate::image::layer;
use crate::near::nearest;
use crate::oci::digest::Digest;
use crate::tree::view::{Last, Node};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The sources of one COPY, found and read.
pub(super) struct Prepared<'a> {
    pub(super) tree: Source<'a>,
    pub(super) items: Vec<Item>,
    /// Name and content.
    pub(super) inline: Vec<(String, String)>,
    pub(super) fetched: Vec<Fetched>,
    pub(super) content: Content,
    pub(super) exclude: Ignore,
}

/// The origin of files.
pub(super) enum Source<'a> {
    Context(&'a Tree),
    /// A stage or an image, or nothing at all.
    Layers(Tree),
}

impl Source<'_> {
    pub(super) fn tree(&self) -> &Tree {
        match self {
            Self::Context(tree) => tree,
            Self::Layers(tree) => tree,
        }
    }
}

impl<'a> Builder<'a> {
    /// Finds the sources and reads the parts that the cache compares.
    pub(super) fn prepare_copy(
        &mut self,
        work: &CopyWork,
        at: Place<'_>,
        stage: usize,
    ) -> Result<Prepared<'a>> {
        check_destination(work, at)?;
        let tree = self.copy_source(work, at, stage)?;
        let mut prepared = Prepared {
            tree,
            items: Vec::new(),
            inline: Vec::new(),
            fetched: Vec::new(),
            content: Content::default(),
            exclude: Ignore::of(&work.exclude)?,
        };
        if matches!(prepared.tree, Source::Context(_)) && !self.context_told {
            self.context_told = true;
            let vertex = self.teller.start("[internal] load build context");
            let result = self.look(work, at, &mut prepared);
            if let Ok(bytes) = &result {
                let note = format!("transferring context: {}", size(*bytes));
                self.teller.note(vertex, &note);
            }
            self.teller.finish(vertex, None);
            result?;
        } else {
            self.look(work, at, &mut prepared)?;
        }
        Ok(prepared)
    }

    /// The origin of the files of `work`.
    fn copy_source(&mut self, work: &CopyWork, at: Place<'_>, stage: usize) -> Result<Source<'a>> {
        let home = &self.engine.home;
        match copy_from(self.file, stage, work.from.as_ref())? {
            CopyFrom::Context => match &self.inputs.tree {
                Some(tree) => Ok(Source::Context(tree)),
                None => Ok(Source::Layers(Tree::open(&[], Ignore::default())?)),
            },
            CopyFrom::Stage(index) => {
                self.ensure(index)?;
                let chain = self.built.get(&index).map(|built| built.chain.clone());
                let layers = layer::diffs(home, &chain.unwrap_or_default());
                Ok(Source::Layers(Tree::open(&layers, Ignore::default())?))
            }
            CopyFrom::Image(name) => {
                let found = self.find_image(&name);
                let span = work.from.as_ref().map(|word| word.span).unwrap_or_default();
                let image = found.map_err(|error| self.no_such_source(span, at, &name, error))?;
                Ok(Source::Layers(Tree::open(
                    &image.diffs(home),
                    Ignore::default(),
                )?))
            }
        }
    }

    pub(super) fn no_such_source(
        &self,
        span: Span,
        at: Place<'_>,
        name: &str,
        error: Error,
    ) -> Error {
        if error.kind() != ErrorKind::NotFound {
            return at.source.error(span, error.to_string()).into();
        }
        let error = at.source.error(
            span,
            format!("{name}: there is neither a stage nor an image of this name"),
        );
        match stage_like(self.file, name) {
            Some(like) => error.with_hint(format!("did you mean the stage `{like}`?")),
            None => error,
        }
        .into()
    }

    /// Reads all sources. Returns their total bytes.
    fn look(&mut self, work: &CopyWork, at: Place<'_>, into: &mut Prepared<'_>) -> Result<u64> {
        let mut reader = Reader {
            owners: matches!(into.tree, Source::Layers(_)),
            size: 0,
        };
        for source in &work.sources {
            match source {
                CopySource::Path(path, word) => {
                    let source = PathSource {
                        path,
                        word,
                        parents: work.parents,
                    };
                    at_path(&mut reader, source, at, into, &mut self.warnings)?;
                }
                CopySource::Url(url, word) => {
                    let fetched = fetch::fetch(self.engine, url, work.checksum.as_deref())
                        .map_err(|error| at.source.error(word.span, error.to_string()))?;
                    into.content.add(&fetched.name, fetched.digest.hex());
                    into.fetched.push(fetched);
                }
                CopySource::Inline { name, content } => {
                    into.content.add(name, Digest::of(content.as_bytes()).hex());
                    into.inline.push((name.clone(), content.clone()));
                }
            };
        }
        Ok(reader.size)
    }
}

pub(super) fn several_sources(keyword: &str) -> String {
    format!(
        "When using {keyword} with more than one source file, the destination must be a directory and end with a /"
    )
}

fn check_destination(work: &CopyWork, at: Place<'_>) -> Result<()> {
    if work.sources.len() > 1 && !work.destination.ends_with('/') {
        let error = at
            .source
            .error(work.destination_word.span, several_sources(work.keyword));
        return Err(error
            .with_hint(format!("write `{}/`", work.destination_word.text))
            .into());
    }
    Ok(())
}

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
    reader: &mut Reader,
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
