//! What a container's init will do, as data: planned here without side effects, executed by `init`.
//!
//! **What Docker does.** The daemon writes an OCI runtime specification (`config.json`) that runc executes.
//! **What we do.** The same idea without the file: the plan is a value in memory, and the init is forked from the
//! process that made it.

use crate::error::{Error, Result};
use crate::network::outbound::ADDRESS;
use crate::oci::config::PATH;
use crate::paths::{ContainerPaths, Home, SandboxPaths};
use crate::store::containers::{
    ContainerConfig, HostConfig, MountSource, NetworkMode, ProcessConfig, Ulimit,
};
use crate::sys::capability::{self, Capabilities};
use crate::sys::tap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Everything that the init of a container, or of a build step, does before it executes the command.
#[derive(Debug, Clone, PartialEq)]
pub struct InitPlan {
    /// Layers, lowest first.
    pub lowers: Vec<PathBuf>,
    /// The writable layer.
    pub upper: PathBuf,
    /// Overlayfs's scratch folder.
    pub work: PathBuf,
    /// A folder where the root is assembled; the mount hides its content, and only the container sees it.
    pub rootfs: PathBuf,
    /// Whether the writable layer may be lost in a power cut.
    pub volatile: bool,
    /// Mounts over the root, in this order.
    pub mounts: Vec<PlannedMount>,
    /// The container's host name.
    pub hostname: String,
    /// Whether the root is read-only.
    pub read_only: bool,
    /// Whether /proc and /sys are left unmasked.
    pub unmasked: bool,
    /// Whether device nodes can be opened anywhere.
    pub any_device: bool,
    /// Whether it uses the machine's network.
    pub host_network: bool,
    /// Its interface `eth0`; set at the start.
    pub address: Option<tap::Address>,
    /// Its address if it has no interface: `-p` leads there.
    pub own: Option<Ipv4Addr>,
    /// Bytes of `/dev/shm`.
    pub shm_size: u64,
    /// What it executes.
    pub process: PlannedProcess,
}

/// A mount over the root.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedMount {
    /// What is mounted.
    pub source: PlannedSource,
    /// The path in the container.
    pub target: String,
    /// Whether it can be written.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq)]
pub enum PlannedSource {
    /// A file or folder of the machine.
    Bind(PathBuf),
    /// A device of the machine.
    Device(PathBuf),
    /// A volume's folder; filled from the image first, if `copy` and it is empty.
    Volume {
        /// The folder.
        path: PathBuf,
        /// Whether the image's files are copied into an empty one.
        copy: bool,
    },
    /// Memory, with options of `mount(8)`.
    Tmpfs(String),
}

impl PlannedSource {
    /// Its name in messages.
    fn name(&self) -> String {
        match self {
            Self::Bind(path) | Self::Device(path) | Self::Volume { path, .. } => {
                path.display().to_string()
            }
            Self::Tmpfs(_) => "tmpfs".to_owned(),
        }
    }
}

impl PlannedMount {
    /// The error when it cannot be mounted because of `cause`.
    pub(super) fn failed(&self, cause: Error) -> Error {
        let (source, target) = (self.source.name(), &self.target);
        if is_not_a_directory(&cause) {
            return not_alike(&source, target);
        }
        let hint = cause.hint().map(str::to_owned);
        let error = Error::invalid(format!("error mounting {source:?} to rootfs at {target:?}"))
            .with_source(cause);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// The error for mounting a directory on a file, or a file on a directory. The kernel has two codes for that; Docker
/// has this message. Source: moby `daemon/errors.go`, `setExitCodeFromError`.
pub fn not_alike(source: &str, target: &str) -> Error {
    Error::invalid(format!(
        "error mounting {source:?} to rootfs at {target:?}: not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type"
    ))
    .with_hint(format!(
        "one of `{source}` and `{target}` in the container is a directory, the other is not; `-v` creates a missing path as a directory"
    ))
}

fn is_not_a_directory(error: &Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::NotADirectory)
}

/// A process to be executed.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedProcess {
    /// Its arguments.
    pub argv: Vec<String>,
    /// `KEY=value`; HOME is added when the user is known.
    pub env: Vec<String>,
    /// Its working directory.
    pub working_dir: String,
    /// `user[:group]`.
    pub user: String,
    /// Whether it has a terminal.
    pub tty: bool,
    /// The capabilities it keeps.
    pub capabilities: Capabilities,
    /// Whether the system call filter applies.
    pub seccomp: bool,
    /// Whether programs are kept from gaining privileges from their files.
    pub no_new_privileges: bool,
    /// `--ulimit`.
    pub ulimits: Vec<Ulimit>,
    /// Whether our small init is pid 1 and reaps.
    pub init: bool,
}

/// Docker's 64 MiB for `/dev/shm`.
pub const SHM_SIZE: u64 = 64 << 20;

/// Plans the container's init.
pub fn plan(home: &Home, sandbox: &SandboxPaths, config: &ContainerConfig) -> Result<InitPlan> {
    let place = sandbox.container(&config.id);
    let layers = home.layers();
    let mut lowers = vec![mountpoints(home)];
    lowers.extend(
        config
            .layers
            .iter()
            .map(|chain| layers.join(chain).join("diff")),
    );
    Ok(InitPlan {
        lowers,
        upper: place.upper(),
        work: place.work(),
        rootfs: mountpoints(home),
        volatile: config.host.auto_remove,
        mounts: mounts(sandbox, &place, config),
        hostname: config.hostname.clone(),
        read_only: config.host.read_only,
        any_device: config.host.privileged,
        unmasked: config.host.privileged || option(&config.host, "systempaths=unconfined"),
        host_network: config.host.network == NetworkMode::Host,
        address: None,
        own: (config.host.network == NetworkMode::Bridge).then_some(ADDRESS),
        shm_size: match config.host.shm_size {
            0 => SHM_SIZE,
            size => size,
        },
        process: process(
            &config.process,
            &config.host,
            &config.hostname,
            config.host.privileged,
        )?,
    })
}

/// The lowest layer of every container: folders and files to mount on, in case the image lacks them. It is below the
/// image, so it changes nothing in the image and belongs to no image's layers.
pub fn mountpoints(home: &Home) -> PathBuf {
    home.content().join("mountpoints")
}

/// Plans a process in a container with these settings.
pub fn process(
    asked: &ProcessConfig,
    host: &HostConfig,
    hostname: &str,
    privileged: bool,
) -> Result<PlannedProcess> {
    let argv = asked.argv();
    if argv.is_empty() {
        return Err(Error::invalid("no command specified"));
    }
    Ok(PlannedProcess {
        argv,
        env: environment(&asked.env, hostname, asked.tty),
        working_dir: if asked.working_dir.is_empty() {
            "/".into()
        } else {
            asked.working_dir.clone()
        },
        user: asked.user.clone(),
        tty: asked.tty,
        capabilities: capability::chosen(&host.cap_add, &host.cap_drop, privileged)?,
        seccomp: !privileged && !option(host, "seccomp=unconfined"),
        no_new_privileges: option(host, "no-new-privileges")
            || option(host, "no-new-privileges=true"),
        ulimits: host.ulimits.clone(),
        init: host.init,
    })
}

/// Whether `--security-opt` has `wanted`; `:` and `=` are the same there.
fn option(host: &HostConfig, wanted: &str) -> bool {
    host.security_opt
        .iter()
        .any(|given| given.replace(':', "=") == wanted)
}

/// PATH, HOSTNAME and TERM come first; requested variables override them.
fn environment(asked: &[String], hostname: &str, tty: bool) -> Vec<String> {
    let mut env = vec![PATH.to_owned(), format!("HOSTNAME={hostname}")];
    if tty {
        env.push("TERM=xterm".to_owned());
    }
    for variable in asked {
        set_variable(&mut env, variable);
    }
    env
}

/// Sets `KEY=value`, replacing an older one; `KEY` alone removes the variable. Source: moby `ReplaceOrAppendEnvValues`.
pub fn set_variable(env: &mut Vec<String>, variable: &str) {
    let key = variable.split('=').next().unwrap_or(variable);
    let same = |old: &String| old.split('=').next() == Some(key);
    if !variable.contains('=') {
        return env.retain(|old| !same(old));
    }
    match env.iter_mut().find(|old| same(old)) {
        Some(old) => variable.clone_into(old),
        None => env.push(variable.to_owned()),
    }
}

fn mounts(
    sandbox: &SandboxPaths,
    place: &ContainerPaths,
    config: &ContainerConfig,
) -> Vec<PlannedMount> {
    let etc = ["resolv.conf", "hostname", "hosts"].map(|name| PlannedMount {
        source: PlannedSource::Bind(place.etc().join(name)),
        target: format!("/etc/{name}"),
        read_only: config.host.read_only,
    });
    let mut asked: Vec<PlannedMount> = config
        .host
        .mounts
        .iter()
        .map(|mount| PlannedMount {
            source: match &mount.source {
                MountSource::Bind { path, .. } => PlannedSource::Bind(path.clone()),
                MountSource::Volume { name, no_copy, .. } => PlannedSource::Volume {
                    path: sandbox.volume_data(name),
                    copy: !no_copy,
                },
                MountSource::Tmpfs { options } => PlannedSource::Tmpfs(options.clone()),
            },
            target: mount.target.clone(),
            read_only: mount.read_only,
        })
        .collect();
    // A mount on /a would hide an earlier one on /a/b.
    asked.sort_by_key(|mount| {
        mount
            .target
            .split('/')
            .filter(|part| !part.is_empty())
            .count()
    });
    asked.extend(config.host.devices.iter().map(|device| PlannedMount {
        source: PlannedSource::Device(device.path.clone()),
        target: device.target.clone(),
        read_only: false,
    }));
    let replaced = |target: &String| asked.iter().any(|mount| mount.target == *target);
    let etc: Vec<_> = etc
        .into_iter()
        .filter(|mount| !replaced(&mount.target))
        .collect();
    etc.into_iter().chain(asked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requested_variables_replace_the_defaults_in_place() {
        let env = environment(&["A=1".into(), "PATH=/x".into(), "A=2".into()], "box", true);
        assert_eq!(env, ["PATH=/x", "HOSTNAME=box", "TERM=xterm", "A=2"]);
        let env = environment(&["HOSTNAME".into(), "B".into()], "box", false);
        assert_eq!(env, [PATH]);
    }

    #[test]
    fn a_process_without_a_command_is_refused() {
        let error = process(
            &ProcessConfig::default(),
            &HostConfig::default(),
            "h",
            false,
        );
        assert_eq!(error.unwrap_err().message(), "no command specified");
    }

    #[test]
    fn privileged_lifts_the_filter_and_the_capabilities() {
        let asked = ProcessConfig {
            cmd: vec!["sh".into()],
            ..Default::default()
        };
        let plain = process(&asked, &HostConfig::default(), "h", false).unwrap();
        assert!(plain.seccomp && plain.capabilities == capability::DEFAULT);
        let free = process(&asked, &HostConfig::default(), "h", true).unwrap();
        assert!(!free.seccomp && free.capabilities == capability::all());
        let host = HostConfig {
            security_opt: vec!["seccomp:unconfined".into()],
            ..Default::default()
        };
        assert!(!process(&asked, &host, "h", false).unwrap().seccomp);
    }
}
