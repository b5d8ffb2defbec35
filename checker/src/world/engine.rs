//! The world over our engine: the only file of this crate that knows it. Read only.

use super::facts::{
    Build, ChangeFacts, Container, Dockerfile, Event, FileFacts, HttpFacts, Image, Instruction,
    LogFacts, Mount, Port, Repository, Snapshot, Stage, Volume,
};
use super::{Blind, Observed, World, http, journal};
use crate::wait::Source;
use engine::Engine;
use engine::engine::look::Seen;
use engine::runtime::spec::{self, ChangeKind, LogOptions};
use engine::store::containers::{MountSource, NetworkMode, PortBinding, RestartPolicy};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files are looked into up to so many bytes.
const FILE_LIMIT: u64 = 1024 * 1024;
/// A log is read up to so many bytes; a container that never stops printing must not stop a check.
const LOG_LIMIT: usize = 4 * 1024 * 1024;
/// A workspace with more files than this is not compared with its start.
const WORKSPACE_LIMIT: usize = 10_000;

/// The world of one sandbox and one workspace.
pub struct EngineWorld {
    engine: Engine,
    workspace: PathBuf,
    setup: Snapshot,
}

impl EngineWorld {
    /// Looks at the engine's sandbox and at the files in `workspace`; `setup` is how things stood at the start.
    pub fn new(engine: Engine, workspace: impl Into<PathBuf>, setup: Snapshot) -> Self {
        Self {
            engine,
            workspace: workspace.into(),
            setup,
        }
    }

    /// How things stand now, to be kept as the state after the setup.
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

    fn raw_container(&self, id: &str) -> Observed<spec::Container> {
        self.engine.container(id).map_err(blind)
    }
}

/// The engine's error as the cause of not knowing.
fn blind(error: engine::Error) -> Blind {
    Blind::new(error.to_string())
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
        self.engine
            .logs(container, &LogOptions::default(), &mut sink)
            .map_err(blind)?;
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
        // The deepest mount that the path lies in hides what is below it.
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
        // A container that was never started may have no folder of its own yet.
        if upper.is_dir() {
            folders.push(upper);
        }
        self.look(&folders, path)
    }

    fn changes(&self, container: &str) -> Observed<ChangeFacts> {
        let mut facts = ChangeFacts::default();
        for change in self.engine.diff(container).map_err(blind)? {
            let list = match change.kind {
                ChangeKind::Added => &mut facts.added,
                ChangeKind::Changed => &mut facts.changed,
                ChangeKind::Deleted => &mut facts.deleted,
            };
            list.push(change.path);
        }
        Ok(facts)
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
            Ok(parsed) => Ok(Dockerfile {
                stages: parsed.stages.iter().map(stage).collect(),
            }),
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

    fn volume_file(&self, volume: &str, path: &str) -> Observed<Option<FileFacts>> {
        let all = self.engine.volumes().map_err(blind)?;
        match all.into_iter().find(|one| one.name.as_str() == volume) {
            Some(volume) => self.look(&[volume.mountpoint], path),
            None => Ok(None),
        }
    }

    fn repository(&self, _name: &str) -> Observed<Option<Repository>> {
        Err(Blind::new("no registry can be looked into"))
    }

    fn file(&self, path: &str) -> Observed<Option<FileFacts>> {
        self.look(std::slice::from_ref(&self.workspace), path)
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

fn file(seen: Seen) -> FileFacts {
    let kind = match (seen.is_link, seen.is_folder) {
        (true, _) => "link",
        (_, true) => "folder",
        _ => "file",
    };
    FileFacts {
        kind: kind.to_owned(),
        text: seen.bytes.and_then(|bytes| String::from_utf8(bytes).ok()),
        size: seen.size,
        mode: format!("{:o}", seen.mode),
        owner: format!("{}:{}", seen.owner.0, seen.owner.1),
    }
}

fn event(event: engine::events::Event) -> Event {
    let kind = serde_json::to_value(event.kind).unwrap_or_default();
    let mut facts = event.facts;
    let action = journal::take_command(event.action, &mut facts);
    Event {
        time: event.time,
        kind: kind.as_str().unwrap_or_default().to_owned(),
        action,
        id: event.id,
        via: event.via,
        facts,
    }
}

fn container(raw: &spec::Container, workspace: &Path) -> Container {
    let (config, host, state) = (&raw.config, &raw.config.host, &raw.state);
    let alive = raw.status.is_alive();
    let bound = if alive && !state.ports.is_empty() {
        &state.ports
    } else {
        &host.ports
    };
    let not_zero = |value: u64| (value > 0).then_some(value);
    Container {
        id: config.id.as_str().to_owned(),
        name: config.name.clone(),
        image_id: config.image.as_str().to_owned(),
        image_ref: config.image_reference.clone(),
        status: raw.status.word().to_owned(),
        exit_code: (!alive).then_some(state.exit_code),
        oom_killed: state.oom_killed,
        entrypoint: config.process.entrypoint.clone(),
        cmd: config.process.cmd.clone(),
        env: env(&config.process.env),
        workdir: or_root(&config.process.working_dir),
        user: config.process.user.clone(),
        hostname: config.hostname.clone(),
        tty: config.process.tty,
        stdin: config.process.open_stdin,
        detached: !config.process.attach_stdout && !config.process.attach_stderr,
        labels: config.labels.clone(),
        start_count: state.start_count,
        restart_count: state.restart_count,
        created_via: config.via.clone(),
        auto_remove: host.auto_remove,
        ports: bound.iter().map(port).collect(),
        mounts: host
            .mounts
            .iter()
            .map(|one| mount(one, workspace))
            .collect(),
        network: match host.network {
            NetworkMode::Bridge => "bridge",
            NetworkMode::None => "none",
            NetworkMode::Host => "host",
        }
        .to_owned(),
        restart: match host.restart {
            RestartPolicy::No => "no",
            RestartPolicy::Always => "always",
            RestartPolicy::UnlessStopped => "unless-stopped",
            RestartPolicy::OnFailure { .. } => "on-failure",
        }
        .to_owned(),
        memory: not_zero(host.memory),
        cpus: not_zero(host.nano_cpus).map(|nano| nano as f64 / 1e9),
        pids_limit: (host.pids_limit > 0).then_some(host.pids_limit),
        read_only: host.read_only,
        privileged: host.privileged,
        cap_add: host.cap_add.clone(),
        cap_drop: host.cap_drop.clone(),
        init: host.init,
        health: state.health.as_ref().map(|health| health.status.clone()),
    }
}

fn port(binding: &PortBinding) -> Port {
    Port {
        host: binding.host_port,
        container: binding.container_port,
        protocol: binding.protocol.clone(),
        host_ip: binding.host_ip.clone(),
    }
}

fn mount(raw: &engine::store::containers::Mount, workspace: &Path) -> Mount {
    let mut mount = Mount {
        target: raw.target.clone(),
        read_only: raw.read_only,
        ..Mount::default()
    };
    match &raw.source {
        MountSource::Bind { path, .. } => {
            mount.kind = "bind".to_owned();
            let inside = path.strip_prefix(workspace).ok();
            let shown = match inside {
                Some(inside) if inside.as_os_str().is_empty() => Path::new("."),
                Some(inside) => inside,
                None => path,
            };
            mount.source = Some(shown.display().to_string());
        }
        MountSource::Volume { name, .. } => {
            mount.kind = "volume".to_owned();
            mount.volume = Some(name.as_str().to_owned());
        }
        MountSource::Tmpfs { .. } => mount.kind = "tmpfs".to_owned(),
    }
    mount
}

fn image(raw: engine::image::Image) -> Image {
    let run = raw.config.config;
    Image {
        id: raw.id.as_str().to_owned(),
        references: raw.references.iter().map(|one| one.familiar()).collect(),
        layers: raw.chain,
        size: raw.size,
        entrypoint: run.entrypoint.unwrap_or_default(),
        cmd: run.cmd.unwrap_or_default(),
        env: env(&run.env.unwrap_or_default()),
        workdir: or_root(&run.working_dir),
        user: run.user,
        expose: run.exposed_ports.unwrap_or_default().into_keys().collect(),
        volumes: run.volumes.unwrap_or_default().into_keys().collect(),
        labels: run.labels.unwrap_or_default(),
        stop_signal: run.stop_signal,
        healthcheck: run.healthcheck.map(|check| check.test).unwrap_or_default(),
        history: raw
            .config
            .history
            .into_iter()
            .map(|step| step.created_by)
            .collect(),
    }
}

fn stage(raw: &engine::build::syntax::parse::Stage) -> Stage {
    let instruction = |text: &str| {
        let (keyword, arguments) = text.split_once(' ').unwrap_or((text, ""));
        let arguments = arguments.trim();
        Instruction {
            keyword: keyword.to_ascii_uppercase(),
            arguments: arguments.to_owned(),
            // The rule of the Dockerfile reference: what is a JSON array of texts is the exec form.
            exec_form: serde_json::from_str::<Vec<String>>(arguments).is_ok(),
            line: 0,
        }
    };
    let from = instruction(&raw.from_step.text).arguments;
    let words: Vec<&str> = from
        .split_whitespace()
        .filter(|word| !word.starts_with("--"))
        .collect();
    Stage {
        name: raw.from.name.as_ref().map(|name| name.text.clone()),
        from: words.first().copied().unwrap_or_default().to_owned(),
        instructions: raw
            .steps
            .iter()
            .map(|step| instruction(&step.written.text))
            .collect(),
    }
}

fn env(words: &[String]) -> BTreeMap<String, String> {
    let pair = |word: &String| {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        (key.to_owned(), value.to_owned())
    };
    words.iter().map(pair).collect()
}

fn or_root(path: &str) -> String {
    if path.is_empty() {
        "/".to_owned()
    } else {
        path.to_owned()
    }
}

/// Worlds of one sandbox over time, for [`crate::wait::settle`].
pub struct EngineSource {
    world: EngineWorld,
    start: Instant,
}

/// How often the journal's length is compared. Watching files does not work on network homes; comparing does.
const POLL: Duration = Duration::from_millis(10);

impl EngineSource {
    /// Over `world`.
    pub fn new(world: EngineWorld) -> Self {
        Self {
            world,
            start: Instant::now(),
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
        let last = self
            .world
            .engine
            .journal()
            .ok()
            .and_then(|all| all.last().map(|last| last.time));
        last.and_then(|last| Duration::try_from(self.world.engine.now() - last).ok())
            .unwrap_or_default()
    }
}
