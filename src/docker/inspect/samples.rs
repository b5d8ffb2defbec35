//! A container, an image and a volume for output tests.

use engine::id::{ContainerId, VolumeName};
use engine::image::{Image, Listed};
use engine::oci::config::{History, ImageConfig, RunConfig};
use engine::oci::digest::Digest;
use engine::oci::reference::Reference;
use engine::paths::{Home, SandboxPaths};
use engine::runtime::spec::{Container, Status, Volume};
use engine::store::containers::{
    ContainerConfig, HostConfig, Mount, MountSource, Phase, PortBinding, ProcessConfig,
    RecordedState, RestartPolicy, Ulimit,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn home() -> Home {
    Home::new("/h", "/r")
}

pub(crate) fn sandbox() -> SandboxPaths {
    home().sandbox("free").unwrap()
}

pub(crate) fn labels() -> BTreeMap<String, String> {
    [("tier", "db"), ("app", "shop")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

pub(crate) fn volume() -> Volume {
    Volume {
        name: VolumeName::parse("vol1").unwrap(),
        created: moment("2026-11-21T10:00:00.25Z"),
        labels: BTreeMap::new(),
        anonymous: false,
        mountpoint: "/h/sandboxes/free/volumes/vol1/_data".into(),
    }
}

pub(crate) fn image() -> Image {
    let diff_id = Digest::of(b"layer");
    let config = ImageConfig {
        architecture: "amd64".to_owned(),
        os: "linux".to_owned(),
        created: Some("2026-11-21T09:00:00Z".to_owned()),
        config: RunConfig {
            env: Some(words(&["PATH=/bin"])),
            cmd: Some(words(&["sh"])),
            labels: Some(labels()),
            ..RunConfig::default()
        },
        history: vec![History {
            created: Some("2026-11-21T09:00:00Z".to_owned()),
            created_by: "CMD [\"sh\"]".to_owned(),
            empty_layer: true,
            ..History::default()
        }],
        rootfs: engine::oci::config::RootFs {
            kind: "layers".to_owned(),
            diff_ids: vec![diff_id.clone()],
        },
        ..ImageConfig::default()
    };
    let listed = Listed {
        id: Digest::of(b"image"),
        chain: vec![diff_id.hex().to_owned()],
        references: vec![Reference::parse("busybox").unwrap().or_latest()],
        size: 4_261_550,
        parent: None,
        created: Some(moment("2026-11-21T09:00:00Z")),
        last_tagged: Some(moment("2026-11-21T09:30:00Z")),
        lost: Vec::new(),
    };
    Image { listed, config }
}

/// An exited container with a little of everything.
pub(crate) fn container() -> Container {
    let mount = |source, target: &str, read_only| Mount {
        source,
        target: target.to_owned(),
        read_only,
    };
    let named = MountSource::Volume {
        name: VolumeName::parse("vol1").unwrap(),
        anonymous: false,
        no_copy: false,
    };
    let bind = MountSource::Bind {
        path: "/src".into(),
        create: true,
    };
    let memory = MountSource::Tmpfs {
        options: "size=64m".to_owned(),
    };
    Container {
        config: ContainerConfig {
            id: ContainerId::parse(&"0123456789abcdef".repeat(4)).unwrap(),
            name: "c1".to_owned(),
            created: moment("2026-11-21T10:00:00.123456789Z"),
            image: image().listed.id,
            image_reference: "busybox".to_owned(),
            layers: image().listed.chain,
            process: ProcessConfig {
                cmd: words(&["sh", "-c", "a rather long command line that is cut"]),
                env: words(&["A=b", "PATH=/bin"]),
                ..ProcessConfig::default()
            },
            hostname: "0123456789ab".to_owned(),
            labels: labels(),
            exposed_ports: ["53/udp".to_owned()].into(),
            host: HostConfig {
                memory: 64 << 20,
                nano_cpus: 500_000_000,
                restart: RestartPolicy::OnFailure { max: 3 },
                cap_add: words(&["NET_ADMIN"]),
                ulimits: vec![Ulimit {
                    name: "nofile".to_owned(),
                    soft: 4,
                    hard: 5,
                }],
                ports: vec![PortBinding {
                    container_port: 80,
                    protocol: "tcp".to_owned(),
                    host_ip: String::new(),
                    host_port: 8080,
                    host_port_last: 0,
                }],
                mounts: vec![
                    mount(named, "/data", false),
                    mount(bind, "/app", true),
                    mount(memory, "/scratch", false),
                ],
                ..HostConfig::default()
            },
            healthcheck: None,
            via: "run".to_owned(),
        },
        state: RecordedState {
            phase: Phase::Exited,
            started_at: Some(moment("2026-11-21T10:00:00.5Z")),
            finished_at: Some(moment("2026-11-21T10:00:57Z")),
            exit_code: 2,
            ..RecordedState::default()
        },
        status: Status::Exited,
    }
}

/// The same container, running.
pub(crate) fn running() -> Container {
    let mut container = container();
    container.status = Status::Running;
    container.state.phase = Phase::Running;
    container.state.pid = 4321;
    container.state.ports = container.config.host.ports.clone();
    container
}
