//! A world that observes each thing once: all checks of one judgement see the same moment.

use super::facts::{
    Build, ChangeFacts, Container, Dockerfile, Event, FileFacts, HttpFacts, Image, LogFacts,
    Repository, Snapshot, Volume,
};
use super::{Blind, Observed, World};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

type Memo<T> = RefCell<BTreeMap<String, Observed<T>>>;

/// Observes each requested thing of `inner` once.
pub(crate) struct Cached<'w> {
    inner: &'w dyn World,
    containers: OnceCell<Observed<Vec<Container>>>,
    images: OnceCell<Observed<Vec<Image>>>,
    builds: OnceCell<Observed<Vec<Build>>>,
    volumes: OnceCell<Observed<Vec<Volume>>>,
    events: OnceCell<Observed<Vec<Event>>>,
    workspace: OnceCell<Observed<Vec<String>>>,
    logs: Memo<LogFacts>,
    changes: Memo<ChangeFacts>,
    written: Memo<String>,
    stored: Memo<String>,
    dockerfiles: Memo<Option<Result<Dockerfile, String>>>,
    repositories: Memo<Option<Repository>>,
    http: Memo<HttpFacts>,
    /// Files, by container, image or volume and path.
    files: Memo<Option<FileFacts>>,
}

impl<'w> Cached<'w> {
    pub(crate) fn new(inner: &'w dyn World) -> Self {
        Self {
            inner,
            containers: OnceCell::new(),
            images: OnceCell::new(),
            builds: OnceCell::new(),
            volumes: OnceCell::new(),
            events: OnceCell::new(),
            workspace: OnceCell::new(),
            logs: Memo::default(),
            changes: Memo::default(),
            written: Memo::default(),
            stored: Memo::default(),
            dockerfiles: Memo::default(),
            repositories: Memo::default(),
            http: Memo::default(),
            files: Memo::default(),
        }
    }

    fn seen_file(
        &self,
        within: &str,
        path: &str,
        look: impl FnOnce() -> Observed<Option<FileFacts>>,
    ) -> Observed<Option<FileFacts>> {
        once(&self.files, &format!("{within}\0{path}"), look)
    }
}

fn once<T: Clone>(memo: &Memo<T>, key: &str, look: impl FnOnce() -> Observed<T>) -> Observed<T> {
    if let Some(seen) = memo.borrow().get(key) {
        return seen.clone();
    }
    let seen = look();
    memo.borrow_mut().insert(key.to_owned(), seen.clone());
    seen
}

impl World for Cached<'_> {
    fn containers(&self) -> Observed<Vec<Container>> {
        self.containers
            .get_or_init(|| self.inner.containers())
            .clone()
    }
    fn logs(&self, container: &str) -> Observed<LogFacts> {
        once(&self.logs, container, || self.inner.logs(container))
    }
    fn container_file(&self, container: &str, path: &str) -> Observed<Option<FileFacts>> {
        let look = || self.inner.container_file(container, path);
        self.seen_file(&format!("container {container}"), path, look)
    }
    fn changes(&self, container: &str) -> Observed<ChangeFacts> {
        once(&self.changes, container, || self.inner.changes(container))
    }
    fn written(&self, container: &str) -> Observed<String> {
        once(&self.written, container, || self.inner.written(container))
    }
    fn images(&self) -> Observed<Vec<Image>> {
        self.images.get_or_init(|| self.inner.images()).clone()
    }
    fn image_file(&self, image: &str, path: &str) -> Observed<Option<FileFacts>> {
        let look = || self.inner.image_file(image, path);
        self.seen_file(&format!("image {image}"), path, look)
    }
    fn layers_contain(&self, image: &str, text: &str) -> Observed<bool> {
        self.inner.layers_contain(image, text)
    }
    fn builds(&self) -> Observed<Vec<Build>> {
        self.builds.get_or_init(|| self.inner.builds()).clone()
    }
    fn dockerfile(&self, path: &str) -> Observed<Option<Result<Dockerfile, String>>> {
        once(&self.dockerfiles, path, || self.inner.dockerfile(path))
    }
    fn volumes(&self) -> Observed<Vec<Volume>> {
        self.volumes.get_or_init(|| self.inner.volumes()).clone()
    }
    fn stored(&self, volume: &str) -> Observed<String> {
        once(&self.stored, volume, || self.inner.stored(volume))
    }
    fn volume_file(&self, volume: &str, path: &str) -> Observed<Option<FileFacts>> {
        let look = || self.inner.volume_file(volume, path);
        self.seen_file(&format!("volume {volume}"), path, look)
    }
    fn repository(&self, name: &str) -> Observed<Option<Repository>> {
        once(&self.repositories, name, || self.inner.repository(name))
    }
    fn file(&self, path: &str) -> Observed<Option<FileFacts>> {
        self.seen_file("workspace", path, || self.inner.file(path))
    }
    fn http(&self, url: &str) -> Observed<HttpFacts> {
        once(&self.http, url, || self.inner.http(url))
    }
    fn events(&self) -> Observed<Vec<Event>> {
        self.events.get_or_init(|| self.inner.events()).clone()
    }
    fn untold(&self, subject: &str, fact: &str) -> Option<Blind> {
        self.inner.untold(subject, fact)
    }
    fn setup(&self) -> &Snapshot {
        self.inner.setup()
    }
    fn workspace(&self) -> Observed<Vec<String>> {
        self.workspace
            .get_or_init(|| self.inner.workspace())
            .clone()
    }
}
