//! The observable facts of the learner's world: plain data, read only.
//!
//! [`engine`] observes our engine, [`docker`] a real Docker Engine, and tests build a [`fake`]. Only these modules know
//! the source of the facts.

pub(crate) mod cached;
pub mod docker;
pub mod engine;
pub mod facts;
pub mod fake;
pub(crate) mod http;
mod journal;
mod registry;

pub use facts::{
    Build, BuildStep, ChangeFacts, Container, Dockerfile, Event, FileFacts, HttpFacts, Image,
    Instruction, LogFacts, Mount, Port, Repository, Snapshot, Stage, Tagged, Volume,
};

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A fact, or the reason why it is unobservable, which is never the learner's fault.
pub type Observed<T> = Result<T, Blind>;

/// Why a fact could not be observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// The cause, in one sentence.
    pub because: String,
}

impl Blind {
    /// Creates one with this cause.
    pub fn new(because: impl Into<String>) -> Self {
        Self {
            because: because.into(),
        }
    }
}

/// The observable world. Every method is read-only.
pub trait World {
    /// All containers.
    fn containers(&self) -> Observed<Vec<Container>>;
    /// The output of the container with this id so far.
    fn logs(&self, container: &str) -> Observed<LogFacts>;
    /// The file at `path` as the container with this id sees it; `None` if there is none.
    fn container_file(&self, container: &str, path: &str) -> Observed<Option<FileFacts>>;
    /// The changes of the container with this id.
    fn changes(&self, container: &str) -> Observed<ChangeFacts>;
    /// A digest of the files that the container with this id has written.
    fn written(&self, container: &str) -> Observed<String> {
        let changes = self.changes(container)?;
        let lists = [changes.added, changes.changed, changes.deleted];
        Ok(lists.map(|paths| paths.join("\n")).join("\0"))
    }
    /// All images, including dangling ones.
    fn images(&self) -> Observed<Vec<Image>>;
    /// The file at `path` in the image with this id; `None` if there is none.
    fn image_file(&self, image: &str, path: &str) -> Observed<Option<FileFacts>>;
    /// Whether a file in some layer of the image with this id contains `text`, even one that a later layer hides.
    fn layers_contain(&self, _image: &str, _text: &str) -> Observed<bool> {
        Err(Blind::new("the layers of an image cannot be looked into"))
    }
    /// Builds since the exercise began, oldest first.
    fn builds(&self) -> Observed<Vec<Build>>;
    /// The Dockerfile at `path` of the workspace: `None` if there is none, the parser's message if it is broken.
    fn dockerfile(&self, path: &str) -> Observed<Option<Result<Dockerfile, String>>>;
    /// All volumes.
    fn volumes(&self) -> Observed<Vec<Volume>>;
    /// A digest of the files in a volume; the same for all if this world cannot look into volumes.
    fn stored(&self, _volume: &str) -> Observed<String> {
        Ok(String::new())
    }
    /// The file at `path` in a volume; `None` if there is none.
    fn volume_file(&self, volume: &str, path: &str) -> Observed<Option<FileFacts>>;
    /// A repository of the registry; `None` if there is none with this name.
    fn repository(&self, name: &str) -> Observed<Option<Repository>>;
    /// The file at `path` of the workspace; `None` if there is none.
    fn file(&self, path: &str) -> Observed<Option<FileFacts>>;
    /// The response to a GET; only this machine is contacted.
    fn http(&self, url: &str) -> Observed<HttpFacts>;
    /// The events since the exercise began, oldest first.
    fn events(&self) -> Observed<Vec<Event>>;
    /// The state after the setup.
    fn setup(&self) -> &Snapshot;
    /// The paths of the workspace's files, relative to it, sorted.
    fn workspace(&self) -> Observed<Vec<String>>;
    /// Why this world does not expose `fact` of `subject`; `None` if it does. A subject is `container`, `happened` (any
    /// event) or `event`; for `event` the fact is the event's name. Our engine exposes everything.
    fn untold(&self, _subject: &str, _fact: &str) -> Option<Blind> {
        None
    }
}

/// The current state, to be kept as the state after the setup. `events` is the number of journal lines so far.
pub fn snapshot(world: &dyn World, events: usize) -> Observed<Snapshot> {
    let mut files = BTreeMap::new();
    for path in world.workspace()? {
        if let Some(file) = world.file(&path)? {
            files.insert(path, file_digest(&file));
        }
    }
    let (containers, volumes) = (world.containers()?, world.volumes()?);
    let (mut written, mut stored) = (BTreeMap::new(), BTreeMap::new());
    for container in &containers {
        written.insert(container.id.clone(), world.written(&container.id)?);
    }
    for volume in &volumes {
        stored.insert(volume.name.clone(), world.stored(&volume.name)?);
    }
    Ok(Snapshot {
        containers,
        images: world.images()?,
        volumes,
        written,
        stored,
        files,
        events,
        beginning: String::new(),
    })
}

/// A digest that distinguishes the contents of files.
pub(crate) fn file_digest(file: &FileFacts) -> String {
    let mut hash = Sha256::new();
    hash.update(file.kind.as_bytes());
    hash.update([0]);
    match &file.text {
        Some(text) => hash.update(text.as_bytes()),
        // Not text, or too large: its size is the best available fact.
        None => hash.update(file.size.to_le_bytes()),
    }
    hex(&hash.finalize())
}

/// `NAME=value` words as a mapping.
pub(crate) fn env(words: &[String]) -> BTreeMap<String, String> {
    let pair = |word: &String| {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        (key.to_owned(), value.to_owned())
    };
    words.iter().map(pair).collect()
}

/// Whether the process `pid` sees the current `source` at `target`. A folder that was moved away and created again is a
/// different one. If the process cannot be inspected, the answer is yes.
pub(crate) fn sees_source(source: &Path, target: &str, pid: i32) -> bool {
    let identity = |path: &Path| {
        let about = std::fs::symlink_metadata(path).ok()?;
        Some((about.dev(), about.ino()))
    };
    let Some(seen) = identity(Path::new(&format!("/proc/{pid}/root{target}"))) else {
        return true;
    };
    let source = std::fs::canonicalize(source).ok();
    source.and_then(|source| identity(&source)) == Some(seen)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A reference with its tag: `app` is `app:latest`. Digests and ids are left as they are.
pub(crate) fn tagged(reference: &str) -> String {
    let reference = reference
        .strip_prefix("docker.io/library/")
        .or_else(|| reference.strip_prefix("docker.io/"))
        .unwrap_or(reference);
    // A colon after the last slash is a tag; before it, a port.
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains(':') || reference.contains('@') {
        reference.to_owned()
    } else {
        format!("{reference}:latest")
    }
}

/// The images that each sandbox begins with, by their references.
const STARTERS: [&str; 3] = ["busybox:latest", "hello-world:latest", "welcome:latest"];

/// The image that an exercise means by `reference`: what has the name now, or, if that is gone, what had it after the
/// setup. A starter image is the one of the setup, so another image with its name does not count.
pub(crate) fn meant_image<'i>(
    now: &'i [Image],
    setup: &'i Snapshot,
    reference: &str,
) -> Option<&'i Image> {
    let then = find_image(&setup.images, reference);
    match then {
        Some(starter) if STARTERS.contains(&tagged(reference).as_str()) => Some(starter),
        then => find_image(now, reference).or(then),
    }
}

/// The image that `reference` names: by reference, or by id or a prefix of it of at least four digits.
pub(crate) fn find_image<'i>(images: &'i [Image], reference: &str) -> Option<&'i Image> {
    let wanted = tagged(reference);
    images
        .iter()
        .find(|image| image.references.iter().any(|one| tagged(one) == wanted))
        .or_else(|| {
            let digits = reference.strip_prefix("sha256:").unwrap_or(reference);
            let is_id = digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let mut fitting = images.iter().filter(|image| {
                is_id && image.id.trim_start_matches("sha256:").starts_with(digits)
            });
            match (fitting.next(), fitting.next()) {
                (Some(one), None) => Some(one),
                _ => None,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_a_tag_means_latest() {
        for (written, meant) in [
            ("app", "app:latest"),
            ("app:v1", "app:v1"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
            ("docker.io/library/busybox", "busybox:latest"),
            ("alice/app", "alice/app:latest"),
        ] {
            assert_eq!(tagged(written), meant);
        }
    }

    #[test]
    fn an_image_is_found_by_reference_and_by_a_prefix_of_its_id_that_fits_one() {
        let image = |id: &str, reference: &str| Image {
            id: format!("sha256:{id}"),
            references: vec![reference.to_owned()],
            ..Image::default()
        };
        let images = [image("abcd11", "app:latest"), image("abcd22", "web:v1")];
        assert_eq!(
            find_image(&images, "app").map(|i| i.id.as_str()),
            Some("sha256:abcd11")
        );
        assert_eq!(
            find_image(&images, "abcd2").map(|i| i.id.as_str()),
            Some("sha256:abcd22")
        );
        assert!(find_image(&images, "abcd").is_none());
        assert!(find_image(&images, "ap").is_none());
        assert!(find_image(&images, "web").is_none());
    }
}
