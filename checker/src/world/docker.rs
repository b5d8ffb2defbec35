//! The world of a real Docker Engine: the reference for what the course teaches.
//!
//! It asks the engine through the installed `docker` client, and reads the workspace as usual. A fact that an engine
//! does not expose (which command caused an event, which build step came from the cache) is [`Blind`], never a guess.

mod archive;
mod client;
mod convert;

pub use client::DockerEngine;

use super::engine::EngineWorld;
use super::facts::{
    Build, ChangeFacts, Container, Dockerfile, Event, FileFacts, HttpFacts, Image, LogFacts,
    Repository, Snapshot, Volume,
};
use super::{Blind, Observed, World};
use crate::wait::Source;
use jiff::Timestamp;
use serde_json::Value;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The polling interval for an engine without a journal file.
const POLL: Duration = Duration::from_millis(50);

/// The observable state of a Docker Engine and a workspace.
pub struct DockerWorld {
    engine: Rc<DockerEngine>,
    /// Reads the workspace, which is on this machine wherever the containers run.
    files: EngineWorld,
    workspace: PathBuf,
    setup: Snapshot,
    /// When the exercise's setup began, and when it ended.
    begun: Timestamp,
    ready: Timestamp,
    /// When this world itself copied a file out, which the engine records as an event.
    own_looks: RefCell<Vec<(Timestamp, Timestamp)>>,
}

impl DockerWorld {
    /// Observes `engine`, and the files in `workspace` through `files`. `begun` is when the setup began; events count
    /// from `ready`, when it had ended in the state `setup`.
    pub fn new(
        engine: Rc<DockerEngine>,
        files: EngineWorld,
        workspace: impl Into<PathBuf>,
        setup: Snapshot,
        begun: Timestamp,
        ready: Timestamp,
    ) -> Self {
        Self {
            engine,
            files,
            workspace: workspace.into(),
            setup,
            begun,
            ready,
            own_looks: RefCell::default(),
        }
    }

    /// The current state, to be kept as the state after the setup.
    pub fn snapshot(&self) -> Observed<Snapshot> {
        super::snapshot(self, 0)
    }

    /// The events from `since`, without those that observing caused.
    fn events_since(&self, since: Timestamp) -> Observed<Vec<Event>> {
        let events = self.engine.events(since)?;
        let looks = self.own_looks.borrow();
        Ok(events
            .iter()
            .map(convert::event)
            .filter(|event| event.time >= since)
            .filter(|event| {
                let own = |(from, to): &(Timestamp, Timestamp)| (*from..=*to).contains(&event.time);
                event.action != "copy_out" || !looks.iter().any(own)
            })
            .collect())
    }
}

impl World for DockerWorld {
    fn containers(&self) -> Observed<Vec<Container>> {
        let events = self.events_since(self.begun)?;
        let raw = self.engine.containers()?;
        Ok(raw
            .iter()
            .map(|one| convert::container(one, &events, &self.workspace))
            .collect())
    }

    fn logs(&self, container: &str) -> Observed<LogFacts> {
        self.engine.logs(container)
    }

    fn container_file(&self, container: &str, path: &str) -> Observed<Option<FileFacts>> {
        let from = Timestamp::now();
        let tar = self.engine.copy_out(container, path);
        self.own_looks.borrow_mut().push((from, Timestamp::now()));
        tar?.map_or(Ok(None), |tar| archive::first(&tar))
    }

    fn changes(&self, container: &str) -> Observed<ChangeFacts> {
        let mut facts = ChangeFacts::default();
        let mut changes = self.engine.changes(container)?;
        // Docker lists them in a different order each time.
        changes.sort();
        for (kind, path) in changes {
            match kind {
                'C' => facts.changed.push(path),
                'A' => facts.added.push(path),
                _ => facts.deleted.push(path),
            }
        }
        Ok(facts)
    }

    fn images(&self) -> Observed<Vec<Image>> {
        Ok(self.engine.images()?.iter().map(convert::image).collect())
    }

    fn image_file(&self, image: &str, path: &str) -> Observed<Option<FileFacts>> {
        archive::in_image(&self.engine.save(image)?, path)
    }

    fn builds(&self) -> Observed<Vec<Build>> {
        Err(Blind::new("a Docker Engine keeps no record of builds"))
    }

    fn dockerfile(&self, path: &str) -> Observed<Option<Result<Dockerfile, String>>> {
        self.files.dockerfile(path)
    }

    fn volumes(&self) -> Observed<Vec<Volume>> {
        Ok(self.engine.volumes()?.iter().map(convert::volume).collect())
    }

    fn volume_file(&self, volume: &str, path: &str) -> Observed<Option<FileFacts>> {
        let all = self.engine.volumes()?;
        let found = all.iter().find(|one| one["Name"] == volume);
        let Some(place) = found.and_then(|one| one["Mountpoint"].as_str()) else {
            return Ok(None);
        };
        if !Path::new(place).is_dir() {
            return Err(Blind::new(format!(
                "the volume `{volume}` lies on the engine's machine, at `{place}`"
            )));
        }
        self.files.file_in(Path::new(place), path)
    }

    fn repository(&self, name: &str) -> Observed<Option<Repository>> {
        self.files.repository(name)
    }

    fn file(&self, path: &str) -> Observed<Option<FileFacts>> {
        self.files.file(path)
    }

    fn http(&self, url: &str) -> Observed<HttpFacts> {
        self.files.http(url)
    }

    fn events(&self) -> Observed<Vec<Event>> {
        self.events_since(self.ready)
    }

    fn untold(&self, subject: &str, fact: &str) -> Option<Blind> {
        convert::untold(subject, fact)
    }

    fn setup(&self) -> &Snapshot {
        &self.setup
    }

    fn workspace(&self) -> Observed<Vec<String>> {
        self.files.workspace()
    }
}

/// Worlds of one engine over time, for [`crate::wait::settle`].
pub struct DockerSource {
    world: DockerWorld,
    start: Instant,
}

impl DockerSource {
    /// Creates the source over `world`.
    pub fn new(world: DockerWorld) -> Self {
        Self {
            world,
            start: Instant::now(),
        }
    }

    /// The world itself.
    pub fn into_world(self) -> DockerWorld {
        self.world
    }
}

impl Source for DockerSource {
    fn world(&self) -> &dyn World {
        &self.world
    }

    fn wait(&mut self, limit: Duration) {
        std::thread::sleep(limit.min(POLL));
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn quiet(&self) -> Duration {
        Duration::ZERO
    }
}

/// The text of a field of Docker's JSON; empty if it is missing.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
