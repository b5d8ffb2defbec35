//! The world over our engine: only this file and its folder use the engine in this crate. Read only.

mod convert;

use super::facts::{
    Build, ChangeFacts, Container, Dockerfile, Event, FileFacts, HttpFacts, Image, LogFacts,
    Repository, Snapshot, Volume,
};
use super::{Blind, Observed, World, http, journal, registry};
use crate::digest;
use crate::wait::Source;
use convert::{container, dockerfile, event, file, image};
use engine::Engine;
use engine::events;
use engine::look::Seen;
use engine::runtime::spec::{self, ChangeKind};
use engine::store::containers::MountSource;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The maximum number of bytes read from a file.
const FILE_LIMIT: u64 = 1024 * 1024;
/// The maximum number of bytes read from a log; a container that never stops printing must not stop a check.
const LOG_LIMIT: usize = 4 * 1024 * 1024;
/// A workspace with more files than this is not compared with its initial state.
const WORKSPACE_LIMIT: usize = 10_000;

/// The world of one sandbox and one workspace.
pub struct EngineWorld {
    engine: Engine,
    workspace: PathBuf,
    setup: Snapshot,
    hub: Option<Box<Hub>>,
}

/// Looks up a repository at the hub, for names without a registry.
pub type Hub = dyn Fn(&str) -> Observed<Option<Repository>> + Send + Sync;

impl EngineWorld {
    /// Observes the engine's sandbox and the files in `workspace`; `setup` is the initial state.
    pub fn new(engine: Engine, workspace: impl Into<PathBuf>, setup: Snapshot) -> Self {
        Self {
            engine,
            workspace: workspace.into(),
            setup,
            hub: None,
        }
    }

    /// The same, with repositories without a registry address looked up with `hub`.
    #[must_use]
    pub fn with_hub(mut self, hub: Box<Hub>) -> Self {
        self.hub = Some(hub);
        self
    }

    /// The current state, to be kept as the state after the setup.
    pub fn snapshot(&self) -> Observed<Snapshot> {
        let events = self.engine.journal().map_err(blind)?.len();
        super::snapshot(self, events)
    }

    fn look(&self, folders: &[PathBuf], path: &str) -> Observed<Option<FileFacts>> {
        let seen = self
            .engine
            .look(folders, Path::new(path), FILE_LIMIT)
            .map_err(blind)?;
        Ok(seen.map(file))
    }

    /// The file at `path` in a folder of this machine; links are resolved inside the folder.
    pub(super) fn file_in(&self, folder: &Path, path: &str) -> Observed<Option<FileFacts>> {
        self.look(&[folder.to_path_buf()], path)
    }

    fn raw_container(&self, id: &str) -> Observed<spec::Container> {
        self.engine.container(id).map_err(blind)
    }
}

/// The engine's error as the reason for a fact being unobservable.
fn blind(error: engine::Error) -> Blind {
    Blind::new(error.to_string())
}

fn files_digest(folder: &Path) -> Observed<String> {
    digest::of_files(folder).map_err(|error| Blind::new(error.to_string()))
}

/// Whether a file below `folder` contains `text`. Files that are too large to be read are left out.
fn files_contain(folder: &Path, text: &[u8]) -> Observed<bool> {
    let failed = |error: std::io::Error| Blind::new(error.to_string());
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.map_err(|error| failed(error.into()))?;
        let about = entry.metadata().map_err(|error| failed(error.into()))?;
        if !about.is_file() || about.len() > FILE_LIMIT {
            continue;
        }
        let bytes = std::fs::read(entry.path()).map_err(failed)?;
        if bytes.windows(text.len().max(1)).any(|part| part == text) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl World for EngineWorld {
    fn containers(&self) -> Observed<Vec<Container>> {
        let all = self.engine.containers().map_err(blind)?;
        Ok(all
            .iter()
            .map(|one| container(one, &self.workspace))
            .collect())
    }

    fn logs(&self, container: &str) -> Observed<LogFacts> {
        let (mut both, mut stdout, mut stderr) = (Vec::new(), Vec::new(), Vec::new());
        let mut sink = |record: spec::LogRecord| {
            both.extend_from_slice(&record.bytes);
            let own = if record.stderr {
                &mut stderr
            } else {
                &mut stdout
            };
            own.extend_from_slice(&record.bytes);
            if both.len() > LOG_LIMIT {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let raw = self.raw_container(container)?;
        // Not the verb `logs`, which is recorded in the journal: observing leaves no trace.
        self.engine.look_at_log(&raw, &mut sink).map_err(blind)?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        Ok(LogFacts {
            both: text(both),
            stdout: text(stdout),
            stderr: text(stderr),
        })
    }

    fn container_file(&self, container: &str, path: &str) -> Observed<Option<FileFacts>> {
        let raw = self.raw_container(container)?;
        let mounts = &raw.config.host.mounts;
        // The deepest mount on the path hides everything below it.
        let over = mounts
            .iter()
            .filter(|mount| Path::new(path).starts_with(&mount.target))
            .max_by_key(|mount| mount.target.len());
        if let Some(mount) = over {
            let rest = Path::new(path)
                .strip_prefix(&mount.target)
                .unwrap_or(Path::new(""));
            let rest = rest.to_string_lossy().into_owned();
            return match &mount.source {
                MountSource::Bind { path, .. } if path.is_file() => {
                    let parent = path.parent().unwrap_or(Path::new("/")).to_path_buf();
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    self.look(&[parent], &name)
                }
                MountSource::Bind { path, .. } => self.look(std::slice::from_ref(path), &rest),
                MountSource::Volume { name, .. } => {
                    self.look(&[self.engine.sandbox().volume_data(name)], &rest)
                }
                MountSource::Tmpfs { .. } => Err(Blind::new(format!(
                    "`{path}` lies in memory of the container, which cannot be looked into"
                ))),
            };
        }
        let mut folders = self.engine.layer_folders(&raw.config.layers);
        let upper = self.engine.sandbox().container(&raw.config.id).upper();
        // A container that was never started may have no folder yet.
        if upper.is_dir() {
            folders.push(upper);
        }
        self.look(&folders, path)
    }

    fn changes(&self, container: &str) -> Observed<ChangeFacts> {
        let mut facts = ChangeFacts::default();
        let raw = self.raw_container(container)?;
        for change in self.engine.look_at_changes(&raw).map_err(blind)? {
            let list = match change.kind {
                ChangeKind::Added => &mut facts.added,
                ChangeKind::Changed => &mut facts.changed,
                ChangeKind::Deleted => &mut facts.deleted,
            };
            list.push(change.path);
        }
        Ok(facts)
    }

    fn written(&self, container: &str) -> Observed<String> {
        let raw = self.raw_container(container)?;
        files_digest(&self.engine.sandbox().container(&raw.config.id).upper())
    }

    fn images(&self) -> Observed<Vec<Image>> {
        Ok(self
            .engine
            .images()
            .map_err(blind)?
            .into_iter()
            .map(image)
            .collect())
    }

    fn image_file(&self, image: &str, path: &str) -> Observed<Option<FileFacts>> {
        let image = self.engine.image(image).map_err(blind)?;
        self.look(&self.engine.layer_folders(&image.chain), path)
    }

    fn layers_contain(&self, image: &str, text: &str) -> Observed<bool> {
        let image = self.engine.image(image).map_err(blind)?;
        for folder in self.engine.layer_folders(&image.chain) {
            if files_contain(&folder, text.as_bytes())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn builds(&self) -> Observed<Vec<Build>> {
        Ok(journal::builds(&self.events()?))
    }

    fn dockerfile(&self, path: &str) -> Observed<Option<Result<Dockerfile, String>>> {
        let seen = self
            .engine
            .look(
                std::slice::from_ref(&self.workspace),
                Path::new(path),
                FILE_LIMIT,
            )
            .map_err(blind)?;
        let Some(Seen {
            bytes: Some(bytes), ..
        }) = seen
        else {
            return Ok(None);
        };
        Ok(Some(match self.engine.parse_dockerfile(path, &bytes) {
            Ok(parsed) => Ok(dockerfile(&parsed)),
            Err(error) => Err(format!("line {}: {}", error.line, error.message)),
        }))
    }

    fn volumes(&self) -> Observed<Vec<Volume>> {
        let all = self.engine.volumes().map_err(blind)?;
        let volume = |volume: spec::Volume| Volume {
            name: volume.name.as_str().to_owned(),
            created: volume.created.to_string(),
            labels: volume.labels,
        };
        Ok(all.into_iter().map(volume).collect())
    }

    fn stored(&self, volume: &str) -> Observed<String> {
        let all = self.engine.volumes().map_err(blind)?;
        match all.into_iter().find(|one| one.name.as_str() == volume) {
            Some(volume) => files_digest(&volume.mountpoint),
            None => Ok(String::new()),
        }
    }

    fn volume_file(&self, volume: &str, path: &str) -> Observed<Option<FileFacts>> {
        let all = self.engine.volumes().map_err(blind)?;
        match all.into_iter().find(|one| one.name.as_str() == volume) {
            Some(volume) => self.look(&[volume.mountpoint], path),
            None => Ok(None),
        }
    }

    fn repository(&self, name: &str) -> Observed<Option<Repository>> {
        match &self.hub {
            Some(hub) if !registry::is_addressed(name) => hub(name),
            _ => registry::repository(name),
        }
    }

    fn file(&self, path: &str) -> Observed<Option<FileFacts>> {
        let seen = self.look(std::slice::from_ref(&self.workspace), path)?;
        let about = std::fs::metadata(self.workspace.join(path));
        let modified = about.and_then(|about| about.modified()).ok();
        Ok(seen.map(|file| FileFacts {
            modified: modified.and_then(|time| time.try_into().ok()),
            ..file
        }))
    }

    fn http(&self, url: &str) -> Observed<HttpFacts> {
        http::get(url)
    }

    fn events(&self) -> Observed<Vec<Event>> {
        let all = self.engine.journal().map_err(blind)?;
        Ok(all.into_iter().skip(self.setup.events).map(event).collect())
    }

    fn setup(&self) -> &Snapshot {
        &self.setup
    }

    fn workspace(&self) -> Observed<Vec<String>> {
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(&self.workspace).sort_by_file_name() {
            let entry = entry.map_err(|error| Blind::new(error.to_string()))?;
            if entry.file_type().is_dir() {
                continue;
            }
            if let Ok(path) = entry.path().strip_prefix(&self.workspace) {
                files.push(path.to_string_lossy().into_owned());
            }
            if files.len() > WORKSPACE_LIMIT {
                return Err(Blind::new(format!(
                    "the workspace has more than {WORKSPACE_LIMIT} files"
                )));
            }
        }
        Ok(files)
    }
}

/// Worlds of one sandbox over time, for [`crate::wait::settle`].
pub struct EngineSource {
    world: EngineWorld,
    start: Instant,
    hasty: bool,
}

/// The polling interval for the journal's length. Watching files does not work on network homes; polling does.
const POLL: Duration = Duration::from_millis(10);
/// How long nothing may have happened before a hasty source says that there is nothing to wait for.
const LULL: Duration = Duration::from_millis(300);
/// The number of bytes at the end of the journal that contain the last event.
const LAST_EVENTS: u64 = 256 << 10;

impl EngineSource {
    /// Creates the source over `world`.
    pub fn new(world: EngineWorld) -> Self {
        Self {
            world,
            start: Instant::now(),
            hasty: false,
        }
    }

    /// The same, which says when there is nothing to wait for.
    #[must_use]
    pub fn hasty(self) -> Self {
        Self {
            hasty: true,
            ..self
        }
    }

    fn journal_length(&self) -> u64 {
        let journal = self.world.engine.sandbox().journal();
        std::fs::metadata(journal).map_or(0, |metadata| metadata.len())
    }
}

impl Source for EngineSource {
    fn world(&self) -> &dyn World {
        &self.world
    }

    fn wait(&mut self, limit: Duration) {
        let (before, begin) = (self.journal_length(), Instant::now());
        while begin.elapsed() < limit && self.journal_length() == before {
            std::thread::sleep(POLL.min(limit.saturating_sub(begin.elapsed())));
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn quiet(&self) -> Duration {
        // Only the last event is needed, and a journal may be long. A truncated line is not an event.
        let journal = self.world.engine.sandbox().journal();
        let near_the_end = self.journal_length().saturating_sub(LAST_EVENTS);
        let last = events::read_from(&journal, near_the_end)
            .ok()
            .and_then(|(all, _)| all.last().map(|last| last.time));
        last.and_then(|last| Duration::try_from(self.world.engine.now() - last).ok())
            .unwrap_or_default()
    }

    fn busy(&self) -> bool {
        let all = self.world.engine.containers().unwrap_or_default();
        all.iter()
            .filter(|one| one.status.is_alive() && one.state.pid > 0)
            .any(|one| !sleeps(one.state.pid))
    }

    fn idle(&self) -> bool {
        if !self.hasty || self.quiet() < LULL {
            return false;
        }
        let all = self.world.engine.containers().unwrap_or_default();
        let is_done = |one: &spec::Container| {
            let health = one.state.health.as_ref();
            health.is_none_or(|health| health.status != "starting")
                && (one.state.pid <= 0 || all_sleep(one.state.pid))
        };
        all.iter().filter(|one| one.status.is_alive()).all(is_done)
    }
}

/// Whether a process and all its descendants wait for anything but a processor.
fn all_sleep(pid: i32) -> bool {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let mut children = children
        .split_whitespace()
        .filter_map(|child| child.parse().ok());
    sleeps(pid) && children.all(all_sleep)
}

/// Whether a process waits for anything but a processor: the third field of `/proc/<pid>/stat`, see proc(5).
fn sleeps(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it is in brackets and may itself contain spaces and brackets.
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    matches!(state, Some('S' | 'T' | 't' | 'I'))
}
