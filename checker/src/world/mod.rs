//! What may be observed of the learner's world: plain facts, read only.
//!
//! [`engine`] observes our engine, [`docker`] a real Docker Engine, [`fake`] is built by tests.
//! Nothing in this crate but these knows where facts come from.

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

/// A fact, or why it cannot be known. The second is never the learner's fault.
pub type Observed<T> = Result<T, Blind>;

/// Why something could not be observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// The cause, in one sentence.
    pub because: String,
}

impl Blind {
    /// Because of this.
    pub fn new(because: impl Into<String>) -> Self {
        Self {
            because: because.into(),
        }
    }
}

/// What may be observed. Every method only looks.
pub trait World {
    /// All containers.
    fn containers(&self) -> Observed<Vec<Container>>;
    /// What the container with this id wrote so far.
    fn logs(&self, container: &str) -> Observed<LogFacts>;
    /// The file at `path` as the container with this id sees it; `None` if there is none.
    fn container_file(&self, container: &str, path: &str) -> Observed<Option<FileFacts>>;
    /// What the container with this id changed.
    fn changes(&self, container: &str) -> Observed<ChangeFacts>;
    /// A digest of the files that the container with this id has written.
    fn written(&self, container: &str) -> Observed<String> {
        let changes = self.changes(container)?;
        let lists = [changes.added, changes.changed, changes.deleted];
        Ok(lists.map(|paths| paths.join("\n")).join("\0"))
    }
    /// All images, also the dangling ones.
    fn images(&self) -> Observed<Vec<Image>>;
    /// The file at `path` in the image with this id; `None` if there is none.
    fn image_file(&self, image: &str, path: &str) -> Observed<Option<FileFacts>>;
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
    /// A repository of the registry; `None` if it has none of this name.
    fn repository(&self, name: &str) -> Observed<Option<Repository>>;
    /// The file at `path` of the workspace; `None` if there is none.
    fn file(&self, path: &str) -> Observed<Option<FileFacts>>;
    /// The answer to a GET; only this machine is asked.
    fn http(&self, url: &str) -> Observed<HttpFacts>;
    /// What happened since the exercise began, oldest first.
    fn events(&self) -> Observed<Vec<Event>>;
    /// How things stood after the setup.
    fn setup(&self) -> &Snapshot;
    /// The paths of the workspace's files, relative to it, sorted.
    fn workspace(&self) -> Observed<Vec<String>>;
    /// Why this world cannot tell `fact` of `subject`, if it cannot. A subject is `container`, `happened` (of any event)
    /// or `event`; of `event` the fact is what happened. Our own engine tells everything.
    fn untold(&self, _subject: &str, _fact: &str) -> Option<Blind> {
        None
    }
}

/// How things stand now, to be kept as the state after the setup. `events` is the number of journal lines so far.
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

/// What tells two files' contents apart.
pub(crate) fn file_digest(file: &FileFacts) -> String {
    let mut hash = Sha256::new();
    hash.update(file.kind.as_bytes());
    hash.update([0]);
    match &file.text {
        Some(text) => hash.update(text.as_bytes()),
        // Not text, or too large: its size is the best that the facts have.
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

/// Whether the process `pid` sees at `target` what is at `source` now. A folder that was moved away and made again is
/// another one. If the process cannot be looked into, the answer is yes.
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
