//! The engine's own types as plain facts.

use crate::world::facts::{
    Container, Dockerfile, Event, FileFacts, Image, Instruction, Mount, Port, Stage,
};
use crate::world::{env, journal, sees_source};
use engine::build::syntax::parse::StepText;
use engine::look::Seen;
use engine::runtime::spec;
use engine::store::containers::{MountSource, NetworkMode, PortBinding, RestartPolicy};
use std::path::Path;

pub(super) fn file(seen: Seen) -> FileFacts {
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
        modified: None,
    }
}

pub(super) fn event(event: engine::events::Event) -> Event {
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

pub(super) fn container(raw: &spec::Container, workspace: &Path) -> Container {
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
        created: Some(config.created),
        start_count: state.start_count,
        restart_count: state.restart_count,
        created_via: config.via.clone(),
        auto_remove: host.auto_remove,
        ports: bound.iter().map(port).collect(),
        mounts: host
            .mounts
            .iter()
            .map(|one| Mount {
                live: source_of_bind(one)
                    .filter(|_| alive)
                    .map(|source| sees_source(source, &one.target, state.pid)),
                ..mount(one, workspace)
            })
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
        restart_max: match host.restart {
            RestartPolicy::OnFailure { max } if max > 0 => Some(max),
            _ => None,
        },
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

fn source_of_bind(mount: &engine::store::containers::Mount) -> Option<&Path> {
    match &mount.source {
        MountSource::Bind { path, .. } => Some(path),
        _ => None,
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

pub(super) fn image(raw: engine::image::Image) -> Image {
    let (listed, config) = (raw.listed, raw.config);
    let run = config.config;
    Image {
        id: listed.id.as_str().to_owned(),
        references: listed
            .references
            .iter()
            .filter(|one| one.tag().is_some())
            .map(|one| one.familiar())
            .collect(),
        layers: listed.chain,
        size: listed.size,
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
        history: config
            .history
            .into_iter()
            .map(|step| step.created_by)
            .collect(),
    }
}

pub(super) fn dockerfile(raw: &engine::build::syntax::parse::Dockerfile) -> Dockerfile {
    Dockerfile {
        global: raw.global_arg_steps.iter().map(instruction).collect(),
        stages: raw.stages.iter().map(stage).collect(),
    }
}

fn instruction(written: &StepText) -> Instruction {
    let (keyword, arguments) = written.text.split_once(' ').unwrap_or((&written.text, ""));
    let arguments = arguments.trim();
    Instruction {
        keyword: keyword.to_ascii_uppercase(),
        arguments: arguments.to_owned(),
        // The rule of the Dockerfile reference: a JSON array of strings is the exec form.
        exec_form: serde_json::from_str::<Vec<String>>(arguments).is_ok(),
    }
}

fn stage(raw: &engine::build::syntax::parse::Stage) -> Stage {
    let from = instruction(&raw.from_step).arguments;
    let image = from.split_whitespace().find(|word| !word.starts_with("--"));
    Stage {
        name: raw.from.name.as_ref().map(|name| name.text.clone()),
        from: image.unwrap_or_default().to_owned(),
        instructions: raw
            .steps
            .iter()
            .map(|step| instruction(&step.written))
            .collect(),
    }
}

fn or_root(path: &str) -> String {
    if path.is_empty() {
        "/".to_owned()
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::happened::EVENTS;
    use engine::events::Action;

    #[test]
    fn a_check_can_ask_for_every_action_of_the_journal() {
        for action in Action::ALL {
            assert!(EVENTS.contains(&action.as_str()), "{action:?}");
        }
    }
}
