//! From the flags of `run` and `create` to a request to the engine.

use super::flags::{CreateFlags, HealthFlags};
use crate::docker::values::{self, files, mount, pairs, port};
use crate::failure::{CommandResult, Failure};
use engine::Error;
use engine::clock::Entropy;
use engine::network::outbound;
use engine::oci::config::Healthcheck;
use engine::runtime::spec::{CreateRequest, ProcessRequest, Streams};
use engine::store::containers::{
    Device, HostConfig, LogConfig, LogDriver, Mount, NetworkMode, RestartPolicy,
};
use std::collections::BTreeSet;
use std::path::Path;

/// The context in which flags are resolved.
pub(super) struct Surroundings<'a> {
    /// The base of relative paths.
    pub(super) cwd: &'a Path,
    /// The caller's environment variables.
    pub(super) own: &'a dyn Fn(&str) -> Option<String>,
    /// For the names of anonymous volumes.
    pub(super) entropy: &'a dyn Entropy,
}

/// The request of `flags`. Errors are Docker's: those of its command line, and those of its daemon that need no engine.
pub(super) fn request(
    flags: CreateFlags,
    around: &Surroundings<'_>,
) -> CommandResult<CreateRequest> {
    let attach = streams(&flags);
    let healthcheck = healthcheck(&flags.health)?;
    let env = files::variables(&flags.env_file, &flags.env, around.own)?;
    let labels = flags.label.iter().map(|pair| pairs::split(pair));
    let mut expose = Vec::new();
    for text in &flags.expose {
        expose.extend(port::exposed(text).map_err(Failure::message)?);
    }
    let host = host(&flags, around)?;
    let mut words = flags.words.into_iter();
    let image = words.next().unwrap_or_default();
    Ok(CreateRequest {
        name: flags.name.filter(|name| !name.is_empty()),
        image,
        process: ProcessRequest {
            cmd: words.collect(),
            // `--entrypoint ""` clears the image's entrypoint.
            entrypoint: flags.entrypoint.map(|word| match word.is_empty() {
                true => Vec::new(),
                false => vec![word],
            }),
            env,
            working_dir: flags.workdir.filter(|path| !path.is_empty()),
            user: flags.user.filter(|user| !user.is_empty()),
            tty: flags.tty,
            open_stdin: flags.interactive,
            attach,
            privileged: flags.privileged,
        },
        hostname: flags.hostname.filter(|name| !name.is_empty()),
        labels: labels.collect(),
        expose,
        host,
        healthcheck,
    })
}

/// The streams that the command attaches: those of `-a`, or the two outputs; and the input with `-i`.
fn streams(flags: &CreateFlags) -> Streams {
    let named = |name: &str| flags.attach.iter().any(|stream| stream == name);
    let outputs = flags.attach.is_empty();
    Streams {
        stdin: flags.interactive || named("stdin"),
        stdout: outputs || named("stdout"),
        stderr: outputs || named("stderr"),
    }
}

fn host(flags: &CreateFlags, around: &Surroundings<'_>) -> CommandResult<HostConfig> {
    let restart = values::restart_policy(&flags.restart).map_err(Failure::message)?;
    if flags.remove && restart != RestartPolicy::No {
        return Err(Failure::message(
            "conflicting options: cannot specify both --restart and --rm",
        ));
    }
    let mut ports = Vec::new();
    for text in &flags.publish {
        ports.extend(port::published(text).map_err(Failure::message)?);
    }
    let mut host = HostConfig {
        auto_remove: flags.remove,
        network: network(&flags.network)?,
        ports,
        publish_all: flags.publish_all,
        mounts: mounts(flags, around)?,
        read_only: flags.read_only,
        privileged: flags.privileged,
        cap_add: flags.cap_add.iter().map(|name| capability(name)).collect(),
        cap_drop: flags.cap_drop.iter().map(|name| capability(name)).collect(),
        security_opt: security(&flags.security_opt)?,
        restart,
        stop_signal: flags.stop_signal.clone().unwrap_or_default(),
        stop_timeout: flags.stop_timeout,
        init: flags.init,
        ulimits: flags.ulimit.clone(),
        extra_hosts: flags.add_host.clone(),
        log: log(flags)?,
        devices: flags
            .device
            .iter()
            .map(|text| device(text))
            .collect::<CommandResult<_>>()?,
        volumes_from: flags.volumes_from.clone(),
        dns: flags.dns.clone(),
        shm_size: flags.shm_size.unwrap_or(0),
        mac_address: mac_address(flags.mac_address.as_deref())?,
        ..HostConfig::default()
    };
    flags.resources.apply(&mut host);
    Ok(host)
}

fn network(name: &str) -> CommandResult<NetworkMode> {
    match name {
        "bridge" | "default" => Ok(NetworkMode::Bridge),
        "none" => Ok(NetworkMode::None),
        "host" => Ok(NetworkMode::Host),
        "" => Err(Failure::message("no name set for network")),
        other => Err(Failure::refused(&format!("--network {other}"), 125)),
    }
}

/// `--device`: `/dev/x[:/dev/y][:rwm]`. A device is usable or not; fewer than all three rights are not supported.
fn device(text: &str) -> CommandResult<Device> {
    let is_mode =
        |part: &str| !part.is_empty() && part.chars().all(|letter| "rwm".contains(letter));
    let parts: Vec<&str> = text.split(':').collect();
    let (path, target, mode) = match parts.as_slice() {
        [path] => (*path, *path, "rwm"),
        [path, mode] if is_mode(mode) => (*path, *path, *mode),
        [path, target] => (*path, *target, "rwm"),
        [path, target, mode] if is_mode(mode) => (*path, *target, *mode),
        [_, _, mode] => return Err(Failure::message(format!("bad mode specified: {mode}"))),
        _ => {
            return Err(Failure::message(format!(
                "invalid device specification: {text}"
            )));
        }
    };
    if !path.starts_with('/') || !target.starts_with('/') {
        return Err(Failure::message(format!("{text} is not an absolute path")));
    }
    if !['r', 'w', 'm'].iter().all(|right| mode.contains(*right)) {
        return Err(Failure::refused(&format!("--device {text}"), 125));
    }
    Ok(Device {
        path: path.into(),
        target: target.to_owned(),
    })
}

/// The engine interprets the options; here they only become pairs.
fn log(flags: &CreateFlags) -> CommandResult<LogConfig> {
    let options = flags
        .log_opt
        .iter()
        .map(|text| pairs::split(text))
        .collect();
    let driver = match flags.log_driver.as_deref().unwrap_or_default() {
        "" | "json-file" => LogDriver::JsonFile,
        "local" => LogDriver::Local,
        "none" => LogDriver::None,
        "awslogs" | "etwlogs" | "fluentd" | "gcplogs" | "gelf" | "journald" | "splunk"
        | "syslog" => {
            let name = flags.log_driver.as_deref().unwrap_or_default();
            return Err(Failure::refused(&format!("--log-driver {name}"), 125));
        }
        other => {
            return Err(Error::invalid(format!(
                "logger: no log driver named '{other}' is registered"
            ))
            .into());
        }
    };
    Ok(LogConfig { driver, options })
}

fn mac_address(given: Option<&str>) -> CommandResult<String> {
    let Some(text) = given.filter(|text| !text.is_empty()) else {
        return Ok(String::new());
    };
    match outbound::parse_mac(text.trim()) {
        Some(mac) => Ok(outbound::mac_text(mac)),
        None => Err(Failure::message(format!(
            "{text} is not a valid mac address"
        ))),
    }
}

fn mounts(flags: &CreateFlags, around: &Surroundings<'_>) -> CommandResult<Vec<Mount>> {
    let mut mounts = Vec::new();
    for text in &flags.volume {
        if text.is_empty() {
            return Err(Failure::message("invalid empty volume spec"));
        }
        mounts.push(mount::volume(text, around.cwd, around.entropy)?);
    }
    for flag in &flags.mount {
        mounts.push(flag.resolve(around.cwd, around.entropy)?);
    }
    for text in &flags.tmpfs {
        mounts.push(mount::tmpfs(text)?);
    }
    let mut targets = BTreeSet::new();
    match mounts.iter().find(|mount| !targets.insert(&mount.target)) {
        Some(twice) => {
            Err(Error::invalid(format!("Duplicate mount point: {}", twice.target)).into())
        }
        None => Ok(mounts),
    }
}

/// `cap_net_admin`, `NET_ADMIN` → `NET_ADMIN`.
fn capability(name: &str) -> String {
    let upper = name.to_uppercase();
    upper.strip_prefix("CAP_").unwrap_or(&upper).to_owned()
}

/// Only enforceable options are accepted: an unenforced profile would give a false sense of security.
fn security(options: &[String]) -> CommandResult<Vec<String>> {
    for option in options {
        let (name, value) = option
            .split_once('=')
            .or_else(|| option.split_once(':'))
            .unwrap_or((option, ""));
        match (name, value) {
            ("no-new-privileges", "" | "true" | "false")
            | ("seccomp", "unconfined" | "builtin") => {}
            ("seccomp" | "apparmor" | "label" | "systempaths" | "writable-cgroups", _) => {
                return Err(Failure::refused(&format!("--security-opt {option}"), 125));
            }
            _ => {
                return Err(Failure::message(format!(
                    "Invalid --security-opt: \"{option}\""
                )));
            }
        }
    }
    Ok(options.to_vec())
}

fn healthcheck(flags: &HealthFlags) -> CommandResult<Option<Healthcheck>> {
    let numbers = [
        ("interval", flags.health_interval),
        ("timeout", flags.health_timeout),
        ("retries", flags.health_retries),
        ("start-period", flags.health_start_period),
        ("start-interval", flags.health_start_interval),
    ];
    let command = flags
        .health_cmd
        .as_deref()
        .filter(|command| !command.is_empty());
    let is_set = command.is_some()
        || numbers
            .iter()
            .any(|(_, value)| value.is_some_and(|v| v != 0));
    if flags.no_healthcheck {
        if is_set {
            return Err(Failure::message(
                "--no-healthcheck conflicts with --health-* options",
            ));
        }
        return Ok(Some(Healthcheck {
            test: vec!["NONE".to_owned()],
            ..Healthcheck::default()
        }));
    }
    if let Some((name, _)) = numbers
        .iter()
        .find(|(_, value)| value.is_some_and(|v| v < 0))
    {
        return Err(Failure::message(format!(
            "--health-{name} cannot be negative"
        )));
    }
    Ok(is_set.then(|| Healthcheck {
        test: command
            .map(|command| vec!["CMD-SHELL".to_owned(), command.to_owned()])
            .unwrap_or_default(),
        interval: flags.health_interval.unwrap_or(0),
        timeout: flags.health_timeout.unwrap_or(0),
        start_period: flags.health_start_period.unwrap_or(0),
        start_interval: flags.health_start_interval.unwrap_or(0),
        retries: flags.health_retries.unwrap_or(0),
    }))
}

#[cfg(test)]
mod tests;
