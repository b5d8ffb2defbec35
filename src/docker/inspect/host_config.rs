//! `HostConfig`: the container's relation to the machine.

use super::mounts;
use crate::docker::value::{Map, Missing, Struct, Value};
use engine::runtime::plan::SHM_SIZE;
use engine::store::containers::{HostConfig, NetworkMode, PortBinding, RestartPolicy};

/// Paths that Docker masks in containers, as its `inspect` lists them.
const MASKED: [&str; 12] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];

/// Paths that Docker makes read-only in containers.
const READ_ONLY: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// The host configuration of a container.
pub(super) fn host_config(host: &HostConfig) -> Struct {
    let paths = |paths: &[&str]| match host.privileged {
        true => Value::List(None),
        false => Value::list(paths.iter().copied()),
    };
    asked_of_the_machine(host)
        .with("CapAdd", capabilities(&host.cap_add))
        .with("CapDrop", capabilities(&host.cap_drop))
        .with("CgroupnsMode", "private")
        .with("Dns", Value::list(&host.dns))
        .with("DnsOptions", empty())
        .with("DnsSearch", empty())
        .with("ExtraHosts", Value::list_or_nil(&host.extra_hosts))
        .with("GroupAdd", Value::List(None))
        .with("IpcMode", "private")
        .with("Cgroup", "")
        .with("Links", Value::List(None))
        .with("OomScoreAdj", 0)
        .with("PidMode", "")
        .with("Privileged", host.privileged)
        .with("PublishAllPorts", host.publish_all)
        .with("ReadonlyRootfs", host.read_only)
        .with("SecurityOpt", security(host))
        .with_unless_empty("StorageOpt", Map::nil())
        .with_unless_empty("Tmpfs", mounts::tmpfs(&host.mounts))
        .with("UTSMode", "")
        .with("UsernsMode", "")
        .with(
            "ShmSize",
            if host.shm_size == 0 {
                SHM_SIZE
            } else {
                host.shm_size
            },
        )
        .with_unless_empty("Runtime", "docklings")
        .with("Isolation", "")
        .embedding(resources(host))
        .with_unless_empty("Mounts", mounts::asked(&host.mounts))
        .with("MaskedPaths", paths(&MASKED))
        .with("ReadonlyPaths", paths(&READ_ONLY))
        .with_unless_empty("Init", host.init.then_some(true))
}

/// The first fields, up to the console's size.
fn asked_of_the_machine(host: &HostConfig) -> Struct {
    let log = Struct::new("container.LogConfig")
        .with("Type", host.log.driver.name())
        .with("Config", Map::of_texts(&host.log.options));
    Struct::new("container.HostConfig")
        .with("Binds", mounts::binds(&host.mounts))
        .with("ContainerIDFile", "")
        .with("LogConfig", log)
        .with("NetworkMode", network_name(&host.network))
        .with("PortBindings", bindings(&host.ports))
        .with("RestartPolicy", restart_policy(&host.restart))
        .with("AutoRemove", host.auto_remove)
        .with("VolumeDriver", "")
        .with("VolumesFrom", Value::list_or_nil(&host.volumes_from))
        .with("ConsoleSize", Value::list([0, 0]))
}

fn empty() -> Value {
    Value::List(Some(Vec::new()))
}

/// Docker's name for the network: `bridge`, `none` or `host`.
pub(super) fn network_name(network: &NetworkMode) -> &'static str {
    match network {
        NetworkMode::Bridge => "bridge",
        NetworkMode::None => "none",
        NetworkMode::Host => "host",
    }
}

/// `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`; a port chosen by the machine is an empty string.
fn bindings(ports: &[PortBinding]) -> Map {
    let mut map = Map::of(Missing::List, std::iter::empty::<(String, Value)>());
    for port in ports {
        let chosen = match (port.host_port, port.host_port_last) {
            (0, _) => String::new(),
            (number, 0) => number.to_string(),
            (first, last) => format!("{first}-{last}"),
        };
        push_binding(&mut map, port, &port.host_ip, &chosen);
    }
    map
}

/// Adds a binding to the list of its container port.
pub(super) fn push_binding(map: &mut Map, port: &PortBinding, ip: &str, host_port: &str) {
    let key = format!("{}/{}", port.container_port, port.protocol);
    let binding = Struct::new("nat.PortBinding")
        .with("HostIp", ip)
        .with("HostPort", host_port);
    let entries = map.entries.get_or_insert_default();
    let entry = entries.entry(key).or_insert(Value::List(None));
    if let Value::List(list) = entry {
        list.get_or_insert_default().push(binding.into());
    }
}

fn restart_policy(policy: &RestartPolicy) -> Struct {
    let (name, max) = match policy {
        RestartPolicy::No => ("no", 0),
        RestartPolicy::Always => ("always", 0),
        RestartPolicy::UnlessStopped => ("unless-stopped", 0),
        RestartPolicy::OnFailure { max } => ("on-failure", *max),
    };
    Struct::new("container.RestartPolicy")
        .with("Name", name)
        .with("MaximumRetryCount", max)
}

/// With the `CAP_` prefix that Docker's command line adds.
fn capabilities(names: &[String]) -> Value {
    Value::list_or_nil(names.iter().map(|name| match name.as_str() {
        "ALL" => "ALL".to_owned(),
        name => format!("CAP_{name}"),
    }))
}

fn security(host: &HostConfig) -> Value {
    let unconfined = host.privileged.then(|| "label=disable".to_owned());
    Value::list_or_nil(host.security_opt.iter().cloned().chain(unconfined))
}

fn resources(host: &HostConfig) -> Struct {
    // By default, Docker allows as much swap as memory.
    let swap = match host.memory_swap {
        0 => i64::try_from(host.memory.saturating_mul(2)).unwrap_or(i64::MAX),
        swap => swap,
    };
    let ulimits = Value::list(host.ulimits.iter().map(|limit| {
        Struct::new("units.Ulimit")
            .with("Name", &limit.name)
            .with("Hard", limit.hard)
            .with("Soft", limit.soft)
            .shown_as(format!("{}={}:{}", limit.name, limit.soft, limit.hard))
    }));
    let devices = Value::list(host.devices.iter().map(|device| {
        Struct::new("container.DeviceMapping")
            .with("PathOnHost", device.path.display().to_string())
            .with("PathInContainer", &device.target)
            .with("CgroupPermissions", "rwm")
    }));
    Struct::new("container.Resources")
        .with("CpuShares", host.cpu_shares)
        .with("Memory", host.memory)
        .with("NanoCpus", host.nano_cpus)
        .with("CgroupParent", "")
        .with("BlkioWeight", 0)
        .with("BlkioWeightDevice", empty())
        .with("BlkioDeviceReadBps", empty())
        .with("BlkioDeviceWriteBps", empty())
        .with("BlkioDeviceReadIOps", empty())
        .with("BlkioDeviceWriteIOps", empty())
        .with("CpuPeriod", 0)
        .with("CpuQuota", 0)
        .with("CpuRealtimePeriod", 0)
        .with("CpuRealtimeRuntime", 0)
        .with("CpusetCpus", &host.cpuset_cpus)
        .with("CpusetMems", "")
        .with("Devices", devices)
        .with("DeviceCgroupRules", Value::List(None))
        .with("DeviceRequests", Value::List(None))
        .with_unless_empty("KernelMemory", 0)
        .with_unless_empty("KernelMemoryTCP", 0)
        .with("MemoryReservation", host.memory_reservation)
        .with("MemorySwap", swap)
        .with("MemorySwappiness", Value::Nil)
        .with("OomKillDisable", Value::Nil)
        .with(
            "PidsLimit",
            (host.pids_limit != 0).then_some(host.pids_limit),
        )
        .with("Ulimits", ulimits)
        .with("CpuCount", 0)
        .with("CpuPercent", 0)
        .with("IOMaximumIOps", 0)
        .with("IOMaximumBandwidth", 0)
}
