//! `docker create`: merges the image's defaults and the user's request into one record.
//!
//! **What Docker does.** Merges the image's configuration into the container's, field by field: lists of variables and
//! labels are joined, the command line's entrypoint drops the image's command.

use super::logs::driver::Rotation;
use super::names;
use super::spec::{CreateRequest, Created, ProcessRequest};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::Action;
use crate::id::{ContainerId, VolumeName, is_name};
use crate::oci::config::machine_architecture;
use crate::oci::config::{Healthcheck, ImageConfig, RunConfig};
use crate::runtime::plan;
use crate::store::containers::{
    ContainerConfig, Device, HostConfig, Mount, MountSource, ProcessConfig, RestartPolicy,
};
use crate::store::records;
use crate::{cgroup, volume};
use std::collections::BTreeSet;
use std::path::{Component, Path};

impl Engine {
    /// Creates a container. The image must be present.
    pub fn create(&self, request: CreateRequest) -> Result<Created> {
        validate(&request)?;
        cgroup::validate(&request.host)?;
        Rotation::of(&request.host.log)?;
        // Until the container is recorded, nothing else shows that these layers are needed.
        let _kept = self.keep_content()?;
        let image = crate::image::repair::find_whole(&self.home, &self.sandbox, &request.image)?;
        let warnings = other_platform(&image.config);
        let defaults = &image.config.config;
        let id = ContainerId::random(&*self.entropy);
        let mut host = request.host;
        if host.stop_signal.is_empty() {
            host.stop_signal.clone_from(&defaults.stop_signal);
        }
        if !host.stop_signal.is_empty() {
            crate::sys::signal::parse(&host.stop_signal)?;
        }
        add_mounts_of_others(self, &mut host)?;
        host.devices.iter().try_for_each(check_device)?;
        complete_mounts(self, &mut host, defaults)?;
        let mut labels = defaults.labels.clone().unwrap_or_default();
        labels.extend(request.labels);
        let mut config = ContainerConfig {
            name: String::new(),
            created: self.now(),
            image: image.id.clone(),
            image_reference: request.image,
            layers: image.chain.clone(),
            process: merge_process(request.process, defaults),
            hostname: request.hostname.unwrap_or_else(|| id.short().to_owned()),
            labels,
            exposed_ports: exposed(&request.expose, defaults)?,
            healthcheck: merge_health(request.healthcheck, defaults.healthcheck.as_ref()),
            via: self.via.clone(),
            host,
            id,
        };
        // Refuse what cannot be planned and so cannot start: an unknown capability, no command.
        plan::plan(&self.home, &self.sandbox, &config)?;
        take_name(self, &mut config, request.name)?;
        self.record(
            &self
                .event_of(&config, Action::Create)
                .with("tty", config.process.tty)
                .with("stdin", config.process.open_stdin),
        );
        Ok(Created {
            id: config.id,
            warnings: warnings.into_iter().collect(),
        })
    }
}

/// Docker's warning about an image for another platform. Source: moby `daemon/create.go`.
fn other_platform(image: &ImageConfig) -> Option<String> {
    let own = machine_architecture();
    if image.architecture.is_empty() || image.architecture == own {
        return None;
    }
    let variant = image.variant.as_deref().unwrap_or_default();
    let slash = if variant.is_empty() { "" } else { "/" };
    Some(format!(
        "The requested image's platform (linux/{}{slash}{variant}) does not match the detected host platform (linux/{own}) and no specific platform was requested",
        image.architecture
    ))
}

fn validate(request: &CreateRequest) -> Result<()> {
    let host = &request.host;
    if let Some(name) = &request.name {
        check_name(name)?;
    }
    if host.auto_remove && host.restart != RestartPolicy::No {
        return Err(Error::invalid(
            "can't create 'AutoRemove' container with restart policy",
        ));
    }
    let relative = |path: &str| !path.is_empty() && !path.starts_with('/');
    if let Some(path) = request
        .process
        .working_dir
        .as_deref()
        .filter(|path| relative(path))
    {
        return Err(Error::invalid(format!(
            "the working directory '{path}' is invalid, it needs to be an absolute path"
        )));
    }
    if let Some(health) = &request.healthcheck {
        check_health(health)?;
    }
    let hostname = request.hostname.as_deref().unwrap_or_default();
    if hostname.len() > 64 {
        return Err(Error::invalid(format!("invalid hostname: {hostname}")));
    }
    Ok(())
}

/// Docker counts in nanoseconds and allows nothing below a millisecond except 0, which means its own default.
/// Source: moby `daemon/container.go`, `validateHealthCheck`.
fn check_health(health: &Healthcheck) -> Result<()> {
    let times = [
        ("Interval", health.interval),
        ("Timeout", health.timeout),
        ("StartPeriod", health.start_period),
        ("StartInterval", health.start_interval),
    ];
    match times.iter().find(|(_, time)| (1..1_000_000).contains(time)) {
        Some((name, _)) => Err(Error::invalid(format!(
            "{name} in Healthcheck cannot be less than 1ms"
        ))),
        None => Ok(()),
    }
}

/// Docker's rule for container names, with its message.
pub(super) fn check_name(name: &str) -> Result<()> {
    let plain = name.strip_prefix('/').unwrap_or(name);
    if is_name(plain) && plain.len() <= 200 {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    )))
}

/// A random name may be taken; then another is tried, as in Docker.
fn take_name(engine: &Engine, config: &mut ContainerConfig, asked: Option<String>) -> Result<()> {
    if let Some(name) = asked {
        name.strip_prefix('/')
            .unwrap_or(&name)
            .clone_into(&mut config.name);
        return records::create(&engine.sandbox, config);
    }
    for attempt in 0..8 {
        config.name = names::random(&*engine.entropy, attempt);
        match records::create(&engine.sandbox, config) {
            Err(error) if error.kind() == crate::ErrorKind::Conflict => {}
            other => return other,
        }
    }
    Err(Error::internal("could not find a free container name"))
}

/// The image's process with the user's changes. Source: moby `daemon/commit.go`, `merge`.
fn merge_process(asked: ProcessRequest, image: &RunConfig) -> ProcessConfig {
    let (entrypoint, cmd) = match asked.entrypoint {
        // The user's entrypoint drops the image's command.
        Some(entrypoint) => (entrypoint, asked.cmd),
        None if asked.cmd.is_empty() => (
            image.entrypoint.clone().unwrap_or_default(),
            image.cmd.clone().unwrap_or_default(),
        ),
        None => (image.entrypoint.clone().unwrap_or_default(), asked.cmd),
    };
    // The user's variables come first, as in Docker's list; the image adds the others. A name alone removes the
    // variable when the process starts.
    let name = |variable: &str| variable.split('=').next().unwrap_or_default().to_owned();
    let mut env: Vec<String> = Vec::new();
    for variable in &asked.env {
        match env.iter_mut().find(|old| name(old) == name(variable)) {
            Some(old) => old.clone_from(variable),
            None => env.push(variable.clone()),
        }
    }
    let given: BTreeSet<_> = asked.env.iter().map(|variable| name(variable)).collect();
    let own = image.env.iter().flatten();
    env.extend(
        own.filter(|variable| !given.contains(&name(variable)))
            .cloned(),
    );
    ProcessConfig {
        entrypoint,
        cmd,
        env,
        working_dir: asked
            .working_dir
            .unwrap_or_else(|| image.working_dir.clone()),
        user: asked.user.unwrap_or_else(|| image.user.clone()),
        tty: asked.tty,
        open_stdin: asked.open_stdin,
        attach_stdin: asked.attach.stdin,
        attach_stdout: asked.attach.stdout,
        attach_stderr: asked.attach.stderr,
    }
}

fn exposed(asked: &[String], image: &RunConfig) -> Result<BTreeSet<String>> {
    let mut ports: BTreeSet<String> = image
        .exposed_ports
        .iter()
        .flatten()
        .map(|(port, _)| port.clone())
        .collect();
    for port in asked {
        let (range, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        let invalid = || Error::invalid(format!("invalid range format for --expose: {port}"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u16, u16) = (
            first.parse().map_err(|_| invalid())?,
            last.parse().map_err(|_| invalid())?,
        );
        if first == 0 || last < first {
            return Err(invalid());
        }
        ports.extend((first..=last).map(|number| format!("{number}/{protocol}")));
    }
    Ok(ports)
}

fn merge_health(asked: Option<Healthcheck>, image: Option<&Healthcheck>) -> Option<Healthcheck> {
    let Some(mut health) = asked else {
        return image.cloned();
    };
    if let Some(image) = image {
        if health.test.is_empty() {
            health.test.clone_from(&image.test);
        }
        for (mine, theirs) in [
            (&mut health.interval, image.interval),
            (&mut health.timeout, image.timeout),
            (&mut health.start_period, image.start_period),
            (&mut health.start_interval, image.start_interval),
            (&mut health.retries, image.retries),
        ] {
            if *mine == 0 {
                *mine = theirs;
            }
        }
    }
    Some(health)
}

/// Creates the volumes that the mounts name, and anonymous ones for the image's VOLUMEs.
fn complete_mounts(engine: &Engine, host: &mut HostConfig, image: &RunConfig) -> Result<()> {
    for mount in &host.mounts {
        if !mount.target.starts_with('/') {
            return Err(Error::invalid(format!(
                "invalid mount config for type \"{}\": invalid mount path: '{}' mount path must be absolute",
                kind(mount),
                mount.target
            )));
        }
        if let MountSource::Bind { path, create } = &mount.source {
            ensure_bind_source(path, *create)?;
        }
    }
    let declared: Vec<String> = image
        .volumes
        .iter()
        .flatten()
        .map(|(path, _)| path.clone())
        .collect();
    for target in declared {
        if Path::new(&target)
            .components()
            .all(|part| part == Component::RootDir)
        {
            return Err(Error::invalid(format!(
                "invalid volume specification: '{target}': invalid mount config for type \"volume\": invalid specification: destination can't be '/'"
            ))
            .with_hint("the image declares `VOLUME /`: build it without"));
        }
        if !host
            .mounts
            .iter()
            .any(|mount| mount.target.trim_end_matches('/') == target.trim_end_matches('/'))
        {
            let source = MountSource::Volume {
                name: VolumeName::anonymous(&*engine.entropy),
                anonymous: true,
                no_copy: false,
            };
            host.mounts.push(Mount {
                source,
                target,
                read_only: false,
            });
        }
    }
    for mount in &host.mounts {
        if let MountSource::Volume {
            name, anonymous, ..
        } = &mount.source
        {
            volume::ensure(engine, name, *anonymous)?;
        }
    }
    Ok(())
}

/// `--volumes-from NAME[:ro|rw]`: the volumes and folders of another container, at the same paths. The new container's
/// own mounts take precedence.
fn add_mounts_of_others(engine: &Engine, host: &mut HostConfig) -> Result<()> {
    for text in host.volumes_from.clone() {
        let (name, mode) = text.split_once(':').unwrap_or((&text, ""));
        let read_only = match mode.split(',').next_back().unwrap_or_default() {
            "" | "rw" | "z" | "Z" => false,
            "ro" => true,
            _ => return Err(Error::invalid(format!("invalid mode: {mode}"))),
        };
        if name.is_empty() {
            return Err(Error::invalid(format!(
                "malformed volumes-from specification: {text}"
            )));
        }
        for mut mount in engine.container(name)?.config.host.mounts {
            let taken = host.mounts.iter().any(|own| own.target == mount.target);
            if taken || matches!(mount.source, MountSource::Tmpfs { .. }) {
                continue;
            }
            mount.read_only |= read_only;
            host.mounts.push(mount);
        }
    }
    Ok(())
}

fn check_device(device: &Device) -> Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let what = format!(
        "error gathering device information while adding custom device {:?}",
        device.path.display().to_string()
    );
    match std::fs::metadata(&device.path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::invalid(format!("{what}: no such file or directory")))
        }
        Err(error) => Err(Error::invalid(what).with_source(error)),
        Ok(about) if about.file_type().is_char_device() || about.file_type().is_block_device() => {
            Ok(())
        }
        Ok(_) => Err(Error::invalid(format!("{what}: not a device node"))),
    }
}

fn kind(mount: &Mount) -> &'static str {
    match mount.source {
        MountSource::Bind { .. } => "bind",
        MountSource::Volume { .. } => "volume",
        MountSource::Tmpfs { .. } => "tmpfs",
    }
}

fn ensure_bind_source(path: &std::path::Path, create: bool) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    if !create {
        return Err(Error::invalid(format!(
            "invalid mount config for type \"bind\": bind source path does not exist: {}",
            path.display()
        )));
    }
    std::fs::create_dir_all(path).map_err(|error| {
        Error::invalid(format!(
            "error while creating mount source path '{}'",
            path.display()
        ))
        .with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn check(image: (&str, &str), asked: (Option<&str>, &str), expected: &str) {
        let list = |text: &str| Some(words(text)).filter(|words| !words.is_empty());
        let image = RunConfig {
            entrypoint: list(image.0),
            cmd: list(image.1),
            ..Default::default()
        };
        let request = ProcessRequest {
            entrypoint: asked.0.map(words),
            cmd: words(asked.1),
            ..Default::default()
        };
        assert_eq!(merge_process(request, &image).argv().join(" "), expected);
    }

    #[test]
    fn entrypoint_and_command_are_merged_as_docker_does() {
        check(("", "sh"), (None, ""), "sh");
        check(("", "sh"), (None, "ls -l"), "ls -l");
        check(("echo", "dflt"), (None, ""), "echo dflt");
        check(("echo", "dflt"), (None, "x"), "echo x");
        check(("echo", "dflt"), (Some("cat"), "f"), "cat f");
        check(("echo", "dflt"), (Some("cat"), ""), "cat");
        check(("echo", "dflt"), (Some(""), "ls"), "ls");
    }

    #[test]
    fn ports_are_exposed_with_protocol_and_in_ranges() {
        let ports = exposed(
            &["80".into(), "53/udp".into(), "90-91".into()],
            &RunConfig::default(),
        );
        assert_eq!(
            Vec::from_iter(ports.unwrap()),
            ["53/udp", "80/tcp", "90/tcp", "91/tcp"]
        );
        for bad in ["x", "0", "9-3", "70000"] {
            assert!(
                exposed(&[bad.into()], &RunConfig::default()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn names_follow_dockers_rule() {
        assert!(check_name("web-1").is_ok());
        assert_eq!(
            check_name("bad name").unwrap_err().message(),
            "Invalid container name (bad name), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        );
    }
}
