//! Container records: the requested configuration ([`ContainerConfig`]) and the recorded state ([`RecordedState`]).
//!
//! The record does not decide whether a container runs: that is observed (see [`crate::runtime`]).
//!
//! **Lesson.** `running-containers`

use crate::id::{ContainerId, VolumeName};
use crate::oci::config::Healthcheck;
use crate::oci::digest::ImageId;
use jiff::Timestamp;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// The configuration requested at creation, merged with the image's defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerConfig {
    /// Its identity.
    pub id: ContainerId,
    /// Its name, without Docker's leading slash.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// The image, by identity.
    pub image: ImageId,
    /// The image as the user wrote it, such as `busybox` or `busybox:1.35`.
    pub image_reference: String,
    /// The chain ids (hexadecimal digits) of the image's layers, lowest first.
    pub layers: Vec<String>,
    /// What runs in it.
    #[serde(serialize_with = "unlike_default")]
    pub process: ProcessConfig,
    /// `HOSTNAME`.
    pub hostname: String,
    /// Labels of the image and of the command line.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Ports that the image or `--expose` names, such as `80/tcp`.
    #[serde(default)]
    pub exposed_ports: BTreeSet<String>,
    /// Its relation to the machine.
    #[serde(serialize_with = "unlike_default")]
    pub host: HostConfig,
    /// `--health-*` or the image's HEALTHCHECK.
    #[serde(default)]
    pub healthcheck: Option<Healthcheck>,
    /// The docker command that created it: `run` or `create`.
    pub via: String,
}

/// Writes only the fields that differ from the default: most do not, and `docker ps` reads the records of all
/// containers.
fn unlike_default<T: Serialize + Default, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let fields = |value: &T| match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(S::Error::custom("not a struct")),
        Err(error) => Err(S::Error::custom(error)),
    };
    let (mut changed, default) = (fields(value)?, fields(&T::default())?);
    changed.retain(|name, value| default.get(name) != Some(value));
    changed.serialize(serializer)
}

/// A process: the container's first, or one of `exec`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessConfig {
    /// Entrypoint words; empty when there is none.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// Command words, appended to the entrypoint.
    #[serde(default)]
    pub cmd: Vec<String>,
    /// `KEY=value`, in order.
    #[serde(default)]
    pub env: Vec<String>,
    /// Its working directory; empty means `/`.
    #[serde(default)]
    pub working_dir: String,
    /// `user[:group]`, names or numbers; empty means root.
    #[serde(default)]
    pub user: String,
    /// `-t`.
    #[serde(default)]
    pub tty: bool,
    /// `-i`.
    #[serde(default)]
    pub open_stdin: bool,
    /// Whether the creating command attached these streams.
    #[serde(default)]
    pub attach_stdin: bool,
    /// See `attach_stdin`.
    #[serde(default)]
    pub attach_stdout: bool,
    /// See `attach_stdin`.
    #[serde(default)]
    pub attach_stderr: bool,
}

impl ProcessConfig {
    /// Entrypoint and command as one list of words.
    pub fn argv(&self) -> Vec<String> {
        self.entrypoint.iter().chain(&self.cmd).cloned().collect()
    }
}

/// The container's relation to the machine: Docker's `HostConfig`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostConfig {
    /// `--rm`.
    pub auto_remove: bool,
    /// `--network`.
    pub network: NetworkMode,
    /// `-p`.
    pub ports: Vec<PortBinding>,
    /// `-P`.
    pub publish_all: bool,
    /// `-v`, `--mount`, and the image's VOLUMEs.
    pub mounts: Vec<Mount>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--privileged`.
    pub privileged: bool,
    /// `--cap-add`, upper case without `CAP_`; `ALL` is allowed.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--security-opt`, as given.
    pub security_opt: Vec<String>,
    /// `--memory`, in bytes; 0 is no limit. This and the next four can be changed by `update`.
    pub memory: u64,
    /// `--memory-swap`, in bytes of memory plus swap; 0 is unset, -1 is no limit.
    pub memory_swap: i64,
    /// `--cpus`, in billionths of a processor; 0 is no limit.
    pub nano_cpus: u64,
    /// `--pids-limit`; 0 is no limit.
    pub pids_limit: i64,
    /// `--memory-reservation`, in bytes; 0 is none.
    pub memory_reservation: u64,
    /// `--cpu-shares`; 0 is unset.
    pub cpu_shares: u64,
    /// `--cpuset-cpus`, such as `0-2,4`; empty is all.
    pub cpuset_cpus: String,
    /// `--log-driver` and `--log-opt`.
    pub log: LogConfig,
    /// `--device`.
    pub devices: Vec<Device>,
    /// `--volumes-from`, as given; the mounts of those containers are among `mounts`.
    pub volumes_from: Vec<String>,
    /// `--restart`.
    pub restart: RestartPolicy,
    /// `--stop-signal` or the image's; empty means SIGTERM.
    pub stop_signal: String,
    /// `--stop-timeout`, in seconds.
    pub stop_timeout: Option<i64>,
    /// `--init`.
    pub init: bool,
    /// `--ulimit`.
    pub ulimits: Vec<Ulimit>,
    /// `--add-host`, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// `--dns`; empty means the machine's name servers.
    pub dns: Vec<String>,
    /// `--shm-size`, in bytes; 0 means Docker's 64 MiB.
    pub shm_size: u64,
    /// `--mac-address`; empty means the usual one.
    pub mac_address: String,
}

/// `--network`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// Its own network: loopback, egress if the machine has a program for it, and the ports that `-p` publishes.
    #[default]
    Bridge,
    /// Its own network with only loopback.
    None,
    /// The machine's network.
    Host,
}

/// `--device`: a device of the machine that a container may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Where it is on the machine.
    pub path: PathBuf,
    /// Where it is in the container.
    pub target: String,
}

/// Where a container's output goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// `--log-driver`.
    pub driver: LogDriver,
    /// `--log-opt`, as given.
    pub options: BTreeMap<String, String>,
}

/// `--log-driver`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDriver {
    /// A JSON object per line, kept until `max-size`.
    #[default]
    JsonFile,
    /// The same, kept in five files of 20 MB.
    Local,
    /// Nothing is kept.
    None,
}

impl LogDriver {
    /// Docker's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonFile => "json-file",
            Self::Local => "local",
            Self::None => "none",
        }
    }
}

/// One `-p`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortBinding {
    /// The container's port.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The host address asked for; empty means all, IPv4 and IPv6.
    pub host_ip: String,
    /// The host port asked for; 0 means any free one, chosen at each start.
    pub host_port: u16,
    /// The last of a range of host ports, of which the first free one is taken at each start; 0 if there is no range.
    #[serde(default)]
    pub host_port_last: u16,
}

/// One `-v`, `--mount`, `--tmpfs` or VOLUME.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// The absolute path in the container.
    pub target: String,
    /// `:ro`, `readonly`.
    pub read_only: bool,
}

/// What a mount shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountSource {
    /// A file or folder of the machine.
    Bind {
        /// Its absolute path.
        path: PathBuf,
        /// `-v` creates a missing folder, `--mount` refuses.
        create: bool,
    },
    /// A volume.
    Volume {
        /// Its name.
        name: VolumeName,
        /// Created for this container; removed by `rm -v` and `--rm`.
        anonymous: bool,
        /// `volume-nocopy`: not pre-filled from the image.
        no_copy: bool,
    },
    /// Memory that is freed with the container.
    Tmpfs {
        /// Mount options as given, such as `size=64m,mode=1777`.
        options: String,
    },
}

/// `--restart`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Never.
    #[default]
    No,
    /// Whenever it ends.
    Always,
    /// Like always, but not after the user stopped it.
    UnlessStopped,
    /// When it fails, at most `max` times; 0 is no limit.
    OnFailure {
        /// The limit.
        max: u32,
    },
}

/// `--ulimit name=soft:hard`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// Docker's name, such as `nofile`.
    pub name: String,
    /// The soft limit; -1 is unlimited.
    pub soft: i64,
    /// The hard limit; -1 is unlimited.
    pub hard: i64,
}

/// The last recorded state of a container, in `state.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedState {
    /// Its phase.
    pub phase: Phase,
    /// Process id of its init in the machine's pid namespace, while it runs.
    pub pid: i32,
    /// Field 22 of `/proc/<pid>/stat` of that process, to detect a reused pid.
    pub pid_start_time: u64,
    /// `/proc/sys/kernel/random/boot_id` of the boot that the record belongs to.
    pub boot_id: String,
    /// When it last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub finished_at: Option<Timestamp>,
    /// How it last ended.
    pub exit_code: i32,
    /// The kernel killed it for using too much memory.
    pub oom_killed: bool,
    /// Why it failed to start; empty if it started.
    pub error: String,
    /// How often it was started in total.
    pub start_count: u32,
    /// How often the restart policy started it since the user last did.
    pub restart_count: u32,
    /// The user stopped it: `unless-stopped` does not start it again.
    pub stopped_by_user: bool,
    /// It ended with its session or its machine, not by itself and not on request.
    pub cut_off: bool,
    /// Host ports as bound at the last start.
    pub ports: Vec<PortBinding>,
    /// Its interface, while it runs; none without egress.
    pub endpoint: Option<Endpoint>,
    /// Why a container that should have egress has none; empty if it has it.
    pub no_way_out: String,
    /// Its group's folder with cgroup version 2, while it runs.
    pub cgroup: Option<PathBuf>,
    /// The health check's verdict.
    pub health: Option<Health>,
}

/// A container's interface `eth0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its network's prefix length.
    pub prefix: u8,
    /// The default gateway.
    pub gateway: Ipv4Addr,
    /// Its hardware address, such as `02:42:ac:11:00:02`.
    pub mac: String,
    /// The program that provides its egress: `passt` or `slirp4netns`.
    pub way: String,
}

/// A container's phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Created and never started.
    #[default]
    Created,
    /// Its init was started. Whether it still runs is observed.
    Running,
    /// Running, and frozen by `pause`.
    Paused,
    /// Ended, waiting for the restart policy to start it again.
    Restarting,
    /// Ended.
    Exited,
}

impl Phase {
    /// Whether the container runs if its monitor does.
    pub fn claims_life(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

/// The health check's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// `starting`, `healthy` or `unhealthy`.
    pub status: String,
    /// Failures in a row.
    pub failing_streak: u32,
    /// The last five probes.
    pub log: Vec<HealthProbe>,
}

/// One run of a health check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthProbe {
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// Its exit code; -1 if it took too long.
    pub exit_code: i32,
    /// Its output, up to 4096 bytes.
    pub output: String,
}
