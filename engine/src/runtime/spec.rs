//! Requests about containers and their results: plain data.

pub use crate::tree::changes::{Change, ChangeKind};
pub use crate::volume::Volume;

use crate::id::ContainerId;
use crate::oci::config::Healthcheck;
use crate::store::containers::{ContainerConfig, HostConfig, RecordedState, RestartPolicy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// `docker create`, and the first half of `docker run`. Fields that are `None` or empty come from the image.
#[derive(Debug, Clone, Default)]
pub struct CreateRequest {
    /// `--name`; a random one if `None`.
    pub name: Option<String>,
    /// The image as the user wrote it.
    pub image: String,
    /// What runs.
    pub process: ProcessRequest,
    /// `-h`; the short id if `None`.
    pub hostname: Option<String>,
    /// `-l`.
    pub labels: BTreeMap<String, String>,
    /// `--expose`, such as `80` or `53/udp`.
    pub expose: Vec<String>,
    /// Everything about the machine.
    pub host: HostConfig,
    /// `--health-*`; merged over the image's.
    pub healthcheck: Option<Healthcheck>,
}

/// The requested process of a container or an `exec`.
#[derive(Debug, Clone, Default)]
pub struct ProcessRequest {
    /// The words after IMAGE.
    pub cmd: Vec<String>,
    /// `--entrypoint`; `Some(vec![])` clears the image's.
    pub entrypoint: Option<Vec<String>>,
    /// `-e` and `--env-file`: `KEY=value`, already resolved against the caller's environment.
    pub env: Vec<String>,
    /// `-w`.
    pub working_dir: Option<String>,
    /// `-u`.
    pub user: Option<String>,
    /// `-t`.
    pub tty: bool,
    /// `-i`.
    pub open_stdin: bool,
    /// The streams that the caller attaches.
    pub attach: Streams,
    /// `exec --privileged`.
    pub privileged: bool,
}

/// A selection of the three streams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
}

/// The result of `create`.
#[derive(Debug, Clone)]
pub struct Created {
    /// The new container.
    pub id: ContainerId,
    /// Warnings for the user, a sentence each.
    pub warnings: Vec<String>,
}

/// A container at this moment.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its configuration.
    pub config: ContainerConfig,
    /// Its recorded state.
    pub state: RecordedState,
    /// Its observed status.
    pub status: Status,
}

/// A container's status, as observed and not as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Never started.
    Created,
    /// Its monitor holds its lock.
    Running,
    /// Frozen.
    Paused,
    /// Between two runs of the restart policy.
    Restarting,
    /// Ended.
    Exited,
    /// Its monitor died without recording an end.
    Dead,
}

impl Status {
    /// Docker's word, as in `docker inspect -f '{{.State.Status}}'` and `ps --filter status=`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }

    /// Whether it has a monitor: it runs, or will be restarted.
    pub fn has_monitor(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }

    /// Whether it has processes.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

/// How to start a container.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartOptions {
    /// Streams to attach before its first instruction runs; `None` starts it in the background.
    pub attach: Option<Streams>,
    /// Rows and columns of the caller's terminal, for a container with a tty.
    pub size: Option<(u16, u16)>,
}

/// A started container.
#[derive(Debug, Default)]
pub struct Begun {
    /// The session, if requested: frames of [`crate::runtime::protocol`].
    pub session: Option<UnixStream>,
    /// A hint, if the kernel refused the program, which ended the container.
    pub hint: Option<String>,
}

/// How to stop a container; `None` means the container's own setting.
#[derive(Debug, Clone, Default)]
pub struct StopOptions {
    /// `-s`.
    pub signal: Option<String>,
    /// `-t`, in seconds; negative waits forever.
    pub timeout: Option<i64>,
}

/// How to remove a container.
#[derive(Debug, Clone, Copy, Default)]
pub struct RemoveOptions {
    /// Kill it first.
    pub force: bool,
    /// Remove its anonymous volumes.
    pub volumes: bool,
}

/// What `docker update` changes; `None` leaves a value unchanged.
#[derive(Debug, Clone, Default)]
pub struct UpdateRequest {
    /// Bytes.
    pub memory: Option<u64>,
    /// Bytes of memory plus swap; -1 is no limit.
    pub memory_swap: Option<i64>,
    /// Billionths of a processor.
    pub nano_cpus: Option<u64>,
    /// Processes; -1 is no limit.
    pub pids_limit: Option<i64>,
    /// Bytes that it keeps when memory is short.
    pub memory_reservation: Option<u64>,
    /// Weight relative to others.
    pub cpu_shares: Option<u64>,
    /// Processors that may be used.
    pub cpuset_cpus: Option<String>,
    /// Restart policy.
    pub restart: Option<RestartPolicy>,
}

/// The log records to read.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Wait for more until the container ends.
    pub follow: bool,
    /// Only this many last lines.
    pub tail: Option<usize>,
    /// Only records from this time on.
    pub since: Option<Timestamp>,
    /// Only records before this time.
    pub until: Option<Timestamp>,
}

/// One record of a container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// When it was written.
    pub time: Timestamp,
    /// Written to standard error.
    pub stderr: bool,
    /// The bytes, including a newline if the container wrote one.
    pub bytes: Vec<u8>,
}

/// The processes of a container, as `docker top` shows them.
#[derive(Debug, Clone)]
pub struct Processes {
    /// The first line of `ps`.
    pub titles: Vec<String>,
    /// A row per process, in the order of `ps`; no more cells than titles.
    pub rows: Vec<Vec<String>>,
}

/// A container's current usage; `None` where no cgroup provides the value.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// Processor time so far.
    pub cpu: Option<Duration>,
    /// Bytes of memory, without the page cache that can be dropped.
    pub memory: Option<u64>,
    /// The limit, or the machine's memory.
    pub memory_limit: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
    /// Bytes received and sent on its network.
    pub network: (u64, u64),
    /// Bytes read from and written to disks.
    pub block: (u64, u64),
}
