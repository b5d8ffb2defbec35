//! Plain facts: the observable data, in the words of the field tables.
//!
//! The facts of one object are a struct here; the checks read them by field name. Facts that are expensive to find
//! (logs, files, changes) are requested from the [`super::World`] one by one instead.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Full id.
    pub id: String,
    /// Name, without Docker's slash.
    pub name: String,
    /// Id of the image, `sha256:…`.
    pub image_id: String,
    /// The image as typed.
    pub image_ref: String,
    /// `created running paused restarting exited dead`.
    pub status: String,
    /// How the last run ended; `None` if there was none, or while it runs.
    pub exit_code: Option<i32>,
    /// The kernel killed it for exceeding its memory limit.
    pub oom_killed: bool,
    /// Entrypoint words.
    pub entrypoint: Vec<String>,
    /// Command words.
    pub cmd: Vec<String>,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// Working directory, `/` if none was given.
    pub workdir: String,
    /// User as given; empty means root.
    pub user: String,
    /// Host name.
    pub hostname: String,
    /// `-t`.
    pub tty: bool,
    /// `-i`.
    pub stdin: bool,
    /// Created without attaching its output.
    pub detached: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// The total number of starts.
    pub start_count: u32,
    /// The number of starts by the restart policy.
    pub restart_count: u32,
    /// `run` or `create`.
    pub created_via: String,
    /// `--rm`.
    pub auto_remove: bool,
    /// Published ports; with the bound ports if it runs.
    pub ports: Vec<Port>,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// `bridge host none`.
    pub network: String,
    /// `no always unless-stopped on-failure`.
    pub restart: String,
    /// The maximum number of restarts of `on-failure`; `None` if there is no limit.
    pub restart_max: Option<u32>,
    /// In bytes.
    pub memory: Option<u64>,
    /// The number of processors.
    pub cpus: Option<f64>,
    /// The number of processes.
    pub pids_limit: Option<i64>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--privileged`.
    pub privileged: bool,
    /// `--cap-add`.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--init`.
    pub init: bool,
    /// `starting healthy unhealthy`.
    pub health: Option<String>,
}

/// A published port.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// The host's port; 0 if it is not bound yet.
    pub host: u16,
    /// The container's port.
    pub container: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The requested host address; empty means all.
    pub host_ip: String,
}

/// A mount.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// `bind volume tmpfs`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The volume's name.
    pub volume: Option<String>,
    /// The host's path; relative if it is in the workspace.
    pub source: Option<String>,
    /// The path in the container.
    pub target: String,
    /// `:ro`.
    pub read_only: bool,
    /// For a bind mount of a running container: whether the container sees the current `source`.
    #[serde(default)]
    pub live: Option<bool>,
}

/// An image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    /// `sha256:…`.
    pub id: String,
    /// Its references in familiar form, such as `app:latest`; empty if it is dangling.
    pub references: Vec<String>,
    /// Layers from below, each by an identity that two images share if they share the layer and all below it.
    pub layers: Vec<String>,
    /// Unpacked size in bytes.
    pub size: u64,
    /// Entrypoint words.
    pub entrypoint: Vec<String>,
    /// Command words.
    pub cmd: Vec<String>,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub workdir: String,
    /// User.
    pub user: String,
    /// Exposed ports, such as `80/tcp`.
    pub expose: Vec<String>,
    /// Paths of its VOLUMEs.
    pub volumes: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// STOPSIGNAL; empty if none.
    pub stop_signal: String,
    /// Words of its HEALTHCHECK.
    pub healthcheck: Vec<String>,
    /// The command of each step, oldest first.
    pub history: Vec<String>,
}

/// A build, assembled from the journal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    /// The requested tags.
    pub tags: Vec<String>,
    /// `ok` or `failed`.
    pub result: String,
    /// Its steps, in order.
    pub steps: Vec<BuildStep>,
    /// Bytes of its context, if known.
    pub context: Option<u64>,
    /// The resulting image.
    pub image_id: Option<String>,
    /// `--build-arg`, by name.
    pub args: BTreeMap<String, String>,
    /// The digest of its Dockerfile, if it could be read.
    pub dockerfile: Option<String>,
}

/// A step of a build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildStep {
    /// As printed, from 1.
    pub number: u32,
    /// The keyword, upper case.
    pub instruction: String,
    /// The whole line.
    pub line: String,
    /// Whether it came from the cache.
    pub cached: bool,
    /// Why it ran; empty if it was cached.
    pub reason: String,
}

/// A Dockerfile, parsed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dockerfile {
    /// ARGs before the first FROM.
    pub global: Vec<Instruction>,
    /// Stages, in order.
    pub stages: Vec<Stage>,
}

/// A stage of a Dockerfile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// `AS name`.
    pub name: Option<String>,
    /// The image of its FROM, as written.
    pub from: String,
    /// Its instructions after FROM.
    pub instructions: Vec<Instruction>,
}

/// An instruction of a Dockerfile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Instruction {
    /// The keyword, upper case.
    pub keyword: String,
    /// The rest of the instruction, on one line.
    pub arguments: String,
    /// Whether it is in the JSON form.
    pub exec_form: bool,
}

/// A volume.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// When it was created: distinguishes two volumes with the same name.
    pub created: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// A repository of the registry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// Its name, such as `alice/hello`.
    pub name: String,
    /// The target of each tag.
    pub tags: BTreeMap<String, Tagged>,
}

/// The target of a tag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tagged {
    /// The digest of the manifest.
    pub digest: String,
    /// The image's id: the digest of its configuration. Empty if the manifest is an index of several images.
    pub image: String,
}

impl Tagged {
    /// The manifest `bytes`, whose digest is `digest`.
    pub fn of(digest: impl Into<String>, bytes: &[u8]) -> Self {
        let manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        let image = manifest["config"]["digest"].as_str();
        Self {
            digest: digest.into(),
            image: image.unwrap_or_default().to_owned(),
        }
    }
}

/// A file, wherever it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileFacts {
    /// `file folder link`.
    pub kind: String,
    /// Its text; `None` if it is not a file, not text, or too large.
    pub text: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// Permissions, such as `755`.
    pub mode: String,
    /// `uid:gid`, as seen by its owner (a container's root is 0).
    pub owner: String,
    /// When its contents last changed; only for a file of the workspace.
    pub modified: Option<Timestamp>,
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpFacts {
    /// The status, or why there was no answer.
    pub answer: Result<u16, String>,
    /// The body, as text.
    pub body: String,
    /// Headers, lower-case names.
    pub headers: BTreeMap<String, String>,
}

impl Default for HttpFacts {
    fn default() -> Self {
        Self {
            answer: Ok(200),
            body: String::new(),
            headers: BTreeMap::new(),
        }
    }
}

/// The output of a container.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogFacts {
    /// Both outputs, in order.
    pub both: String,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The changes of a container, compared with its image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeFacts {
    /// Marked A.
    pub added: Vec<String>,
    /// Marked C.
    pub changed: Vec<String>,
    /// Marked D.
    pub deleted: Vec<String>,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its time.
    pub time: Timestamp,
    /// `container image volume builder registry`.
    pub kind: String,
    /// The action.
    pub action: String,
    /// The subject: an id, or a volume's name.
    pub id: String,
    /// The docker command that caused it.
    pub via: String,
    /// Further facts.
    pub facts: Map<String, Value>,
}

impl Default for Event {
    fn default() -> Self {
        Self {
            time: Timestamp::UNIX_EPOCH,
            kind: String::new(),
            action: String::new(),
            id: String::new(),
            via: String::new(),
            facts: Map::new(),
        }
    }
}

/// The state after the setup: `same_as: setup` and `unchanged` compare with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Containers.
    pub containers: Vec<Container>,
    /// Images.
    pub images: Vec<Image>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Digest of the files that each container has written, by container id.
    pub written: BTreeMap<String, String>,
    /// Digest of the files in each volume, by name.
    pub stored: BTreeMap<String, String>,
    /// Digest of each file of the workspace, by path.
    pub files: BTreeMap<String, String>,
    /// The number of lines in the journal.
    pub events: usize,
    /// The setup and files that it began with; see [`crate::beginning()`]. Empty if unknown.
    pub beginning: String,
}
