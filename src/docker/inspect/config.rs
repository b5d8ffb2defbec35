//! `Config`: the configuration of a container, or of an image.

use crate::docker::value::{Map, Missing, Struct, Value};
use engine::oci::config::{Healthcheck, RunConfig};
use engine::store::containers::{ContainerConfig, MountSource};

/// The configuration of a container.
pub(super) fn of_container(config: &ContainerConfig) -> Struct {
    let process = &config.process;
    let exposed = config.exposed_ports.iter().cloned().chain(
        config
            .host
            .ports
            .iter()
            .map(|port| format!("{}/{}", port.container_port, port.protocol)),
    );
    let volumes = config
        .host
        .mounts
        .iter()
        .filter_map(|mount| match mount.source {
            MountSource::Volume {
                anonymous: true, ..
            } => Some(mount.target.clone()),
            _ => None,
        });
    Struct::new("container.Config")
        .with("Hostname", &config.hostname)
        .with("Domainname", "")
        .with("User", &process.user)
        .with("AttachStdin", process.attach_stdin)
        .with("AttachStdout", process.attach_stdout)
        .with("AttachStderr", process.attach_stderr)
        .with_unless_empty("ExposedPorts", set(exposed))
        .with("Tty", process.tty)
        .with("OpenStdin", process.open_stdin)
        .with("StdinOnce", process.open_stdin && process.attach_stdin)
        .with("Env", Value::list(&process.env))
        .with("Cmd", Value::list_or_nil(&process.cmd))
        .with_unless_empty("Healthcheck", config.healthcheck.as_ref().map(healthcheck))
        .with_unless_empty("ArgsEscaped", false)
        .with("Image", &config.image_reference)
        .with("Volumes", set(volumes))
        .with("WorkingDir", &process.working_dir)
        .with("Entrypoint", Value::list_or_nil(&process.entrypoint))
        .with_unless_empty("NetworkDisabled", false)
        .with_unless_empty("MacAddress", &config.host.mac_address)
        .with("OnBuild", Value::List(None))
        .with("Labels", Map::of_texts(&config.labels))
        .with_unless_empty("StopSignal", &config.host.stop_signal)
        .with_unless_empty("StopTimeout", config.host.stop_timeout)
        .with_unless_empty("Shell", Value::List(None))
}

/// The configuration in an image. Docker omits what the image does not set.
pub(super) fn of_image(config: &RunConfig) -> Struct {
    let words = |words: &Option<Vec<String>>| match words {
        Some(words) => Value::list(words),
        None => Value::List(None),
    };
    let labels = match &config.labels {
        Some(labels) => Map::of_texts(labels),
        None => Map::no_texts(),
    };
    let keys = |keys: Option<Vec<String>>| set(keys.into_iter().flatten());
    let exposed = config.exposed_ports.as_ref();
    let volumes = config.volumes.as_ref();
    Struct::new("dockerspec.DockerOCIImageConfig")
        .embedding(
            Struct::new("v1.ImageConfig")
                .with_unless_empty("User", &config.user)
                .with_unless_empty(
                    "ExposedPorts",
                    keys(exposed.map(|map| map.keys().cloned().collect())),
                )
                .with_unless_empty("Env", words(&config.env))
                .with_unless_empty("Entrypoint", words(&config.entrypoint))
                .with_unless_empty("Cmd", words(&config.cmd))
                .with_unless_empty(
                    "Volumes",
                    keys(volumes.map(|map| map.keys().cloned().collect())),
                )
                .with_unless_empty("WorkingDir", &config.working_dir)
                .with_unless_empty("Labels", labels)
                .with_unless_empty("StopSignal", &config.stop_signal)
                .with_unless_empty("ArgsEscaped", config.args_escaped.unwrap_or(false)),
        )
        .embedding(
            Struct::new("dockerspec.DockerOCIImageConfigExt")
                .with_unless_empty("Healthcheck", config.healthcheck.as_ref().map(healthcheck))
                .with_unless_empty("OnBuild", words(&config.on_build))
                .with_unless_empty("Shell", words(&config.shell)),
        )
}

fn healthcheck(check: &Healthcheck) -> Struct {
    Struct::new("container.HealthConfig")
        .with_unless_empty("Test", Value::list_or_nil(&check.test))
        .with_unless_empty("Interval", Value::Duration(check.interval))
        .with_unless_empty("Timeout", Value::Duration(check.timeout))
        .with_unless_empty("StartPeriod", Value::Duration(check.start_period))
        .with_unless_empty("StartInterval", Value::Duration(check.start_interval))
        .with_unless_empty("Retries", check.retries)
}

/// Go's `map[string]struct{}`: `{"80/tcp": {}}`; nil if it is empty.
fn set(keys: impl IntoIterator<Item = String>) -> Map {
    let mut keys = keys.into_iter().peekable();
    if keys.peek().is_none() {
        return Map::nil();
    }
    let nothing = || Value::Struct(Struct::new("struct {}"));
    Map::of(Missing::Absent, keys.map(|key| (key, nothing())))
}
