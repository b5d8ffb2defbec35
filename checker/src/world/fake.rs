//! A handmade world, for tests of checks and of exercises.

use super::facts::{
    Build, ChangeFacts, Container, Dockerfile, Event, FileFacts, HttpFacts, Image, LogFacts,
    Repository, Snapshot, Volume,
};
use super::{Blind, Observed, World};
use std::cell::Cell;
use std::collections::BTreeMap;

/// A handmade world. Every field is the result of the method of the same name.
#[derive(Debug, Clone, Default)]
pub struct Fake {
    /// Containers.
    pub containers: Vec<Container>,
    /// Logs by container id.
    pub logs: BTreeMap<String, LogFacts>,
    /// Files by container id and path.
    pub container_files: BTreeMap<(String, String), FileFacts>,
    /// Changes by container id.
    pub changes: BTreeMap<String, ChangeFacts>,
    /// Digests of the files that containers wrote, by container id.
    pub written: BTreeMap<String, String>,
    /// Digests of the contents of volumes, by name.
    pub stored: BTreeMap<String, String>,
    /// Images.
    pub images: Vec<Image>,
    /// Files by image id and path.
    pub image_files: BTreeMap<(String, String), FileFacts>,
    /// Builds.
    pub builds: Vec<Build>,
    /// Dockerfiles by path.
    pub dockerfiles: BTreeMap<String, Result<Dockerfile, String>>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Files by volume and path.
    pub volume_files: BTreeMap<(String, String), FileFacts>,
    /// Repositories by name.
    pub repositories: BTreeMap<String, Repository>,
    /// Files of the workspace by path.
    pub files: BTreeMap<String, FileFacts>,
    /// Answers by address; any other address refuses the connection.
    pub http: BTreeMap<String, HttpFacts>,
    /// Events.
    pub events: Vec<Event>,
    /// The state after the setup.
    pub setup: Snapshot,
    /// If set, nothing can be observed, for this reason.
    pub blind: Option<String>,
    /// The result of [`World::untold`].
    pub untold: Option<fn(&str, &str) -> Option<Blind>>,
    /// If set, containers exist only at every second look: a world that cannot be judged twice.
    pub flickers: Option<Cell<bool>>,
}

impl Fake {
    /// Adds a running container called `name` with the id `<name>-id`, made from `image`.
    #[must_use]
    pub fn running(self, name: &str, image: &str) -> Self {
        self.container(name, image, |container| {
            container.status = "running".to_owned();
            container.start_count = 1;
        })
    }

    /// Adds a container called `name` that has ended with `exit_code`.
    #[must_use]
    pub fn exited(self, name: &str, image: &str, exit_code: i32) -> Self {
        self.container(name, image, |container| {
            container.status = "exited".to_owned();
            container.exit_code = Some(exit_code);
            container.start_count = 1;
        })
    }

    /// Adds a created container, completed by `edit`; its image is added if it is missing.
    #[must_use]
    pub fn container(mut self, name: &str, image: &str, edit: impl FnOnce(&mut Container)) -> Self {
        let image_id = match super::find_image(&self.images, image) {
            Some(image) => image.id.clone(),
            None => {
                self = self.image(image, |_| {});
                format!("sha256:{}", super::tagged(image))
            }
        };
        let mut container = Container {
            id: format!("{name}-id"),
            name: name.to_owned(),
            image_id,
            image_ref: image.to_owned(),
            status: "created".to_owned(),
            created_via: "run".to_owned(),
            workdir: "/".to_owned(),
            network: "bridge".to_owned(),
            restart: "no".to_owned(),
            ..Container::default()
        };
        edit(&mut container);
        self.containers.push(container);
        self
    }

    /// Adds an image with the reference `reference` and the id `sha256:<reference>`, completed by `edit`.
    #[must_use]
    pub fn image(mut self, reference: &str, edit: impl FnOnce(&mut Image)) -> Self {
        let reference = super::tagged(reference);
        let mut image = Image {
            id: format!("sha256:{reference}"),
            references: vec![reference],
            ..Image::default()
        };
        edit(&mut image);
        self.images.push(image);
        self
    }

    /// Adds an event of a container.
    #[must_use]
    pub fn event(mut self, action: &str, via: &str, container: &str, image: &str) -> Self {
        self.events.push(Event {
            kind: "container".to_owned(),
            action: action.to_owned(),
            id: format!("{container}-id"),
            via: via.to_owned(),
            facts: serde_json::Map::from_iter([
                ("name".to_owned(), container.into()),
                ("image".to_owned(), image.into()),
            ]),
            ..Event::default()
        });
        self
    }

    /// Adds a fact to the last event.
    #[must_use]
    pub fn fact(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        if let Some(event) = self.events.last_mut() {
            event.facts.insert(key.to_owned(), value.into());
        }
        self
    }

    /// Adds a text file of the workspace.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text_file(text));
        self
    }

    /// Marks everything so far as made by the setup; everything later is the learner's.
    #[must_use]
    pub fn set_up(mut self) -> Self {
        self.setup = super::snapshot(&self, 0).unwrap_or_default();
        self.events.clear();
        self
    }

    fn seen<T>(&self, value: T) -> Observed<T> {
        match &self.blind {
            Some(because) => Err(Blind::new(because.clone())),
            None => Ok(value),
        }
    }
}

/// A file with this text.
pub fn text_file(text: &str) -> FileFacts {
    FileFacts {
        kind: "file".to_owned(),
        text: Some(text.to_owned()),
        size: text.len() as u64,
        mode: "644".to_owned(),
        owner: "0:0".to_owned(),
        modified: None,
    }
}

fn at<T: Clone>(map: &BTreeMap<(String, String), T>, owner: &str, path: &str) -> Option<T> {
    map.get(&(owner.to_owned(), path.to_owned())).cloned()
}

impl World for Fake {
    fn containers(&self) -> Observed<Vec<Container>> {
        match &self.flickers {
            Some(gone) if gone.replace(!gone.get()) => self.seen(Vec::new()),
            _ => self.seen(self.containers.clone()),
        }
    }
    fn logs(&self, container: &str) -> Observed<LogFacts> {
        self.seen(self.logs.get(container).cloned().unwrap_or_default())
    }
    fn container_file(&self, container: &str, path: &str) -> Observed<Option<FileFacts>> {
        self.seen(at(&self.container_files, container, path))
    }
    fn changes(&self, container: &str) -> Observed<ChangeFacts> {
        self.seen(self.changes.get(container).cloned().unwrap_or_default())
    }
    fn written(&self, container: &str) -> Observed<String> {
        self.seen(self.written.get(container).cloned().unwrap_or_default())
    }
    fn stored(&self, volume: &str) -> Observed<String> {
        self.seen(self.stored.get(volume).cloned().unwrap_or_default())
    }
    fn images(&self) -> Observed<Vec<Image>> {
        self.seen(self.images.clone())
    }
    fn image_file(&self, image: &str, path: &str) -> Observed<Option<FileFacts>> {
        self.seen(at(&self.image_files, image, path))
    }
    fn layers_contain(&self, image: &str, text: &str) -> Observed<bool> {
        let of_image = self.image_files.iter().filter(|((id, _), _)| id == image);
        let mut texts = of_image.filter_map(|(_, file)| file.text.as_deref());
        self.seen(texts.any(|own| own.contains(text)))
    }
    fn builds(&self) -> Observed<Vec<Build>> {
        self.seen(self.builds.clone())
    }
    fn dockerfile(&self, path: &str) -> Observed<Option<Result<Dockerfile, String>>> {
        self.seen(self.dockerfiles.get(path).cloned())
    }
    fn volumes(&self) -> Observed<Vec<Volume>> {
        self.seen(self.volumes.clone())
    }
    fn volume_file(&self, volume: &str, path: &str) -> Observed<Option<FileFacts>> {
        self.seen(at(&self.volume_files, volume, path))
    }
    fn repository(&self, name: &str) -> Observed<Option<Repository>> {
        self.seen(self.repositories.get(name).cloned())
    }
    fn file(&self, path: &str) -> Observed<Option<FileFacts>> {
        self.seen(self.files.get(path).cloned())
    }
    fn http(&self, url: &str) -> Observed<HttpFacts> {
        let refused = HttpFacts {
            answer: Err("connection refused".to_owned()),
            ..HttpFacts::default()
        };
        self.seen(self.http.get(url).cloned().unwrap_or(refused))
    }
    fn events(&self) -> Observed<Vec<Event>> {
        self.seen(self.events.clone())
    }
    fn untold(&self, subject: &str, fact: &str) -> Option<Blind> {
        self.untold.and_then(|untold| untold(subject, fact))
    }
    fn setup(&self) -> &Snapshot {
        &self.setup
    }
    fn workspace(&self) -> Observed<Vec<String>> {
        self.seen(self.files.keys().cloned().collect())
    }
}
