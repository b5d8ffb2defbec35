//! The shape of the output of `inspect`, against fields recorded from Docker 28.

use super::samples;
use crate::docker::template::Template;
use crate::docker::value::Value;
use serde_json::Value as Json;

fn keys(json: &Json) -> String {
    let object = json.as_object().unwrap();
    object.keys().cloned().collect::<Vec<_>>().join(" ")
}

fn exited() -> Value {
    super::container(
        &samples::container(),
        &samples::home(),
        &samples::sandbox(),
        None,
    )
}

fn running() -> Value {
    super::container(
        &samples::running(),
        &samples::home(),
        &samples::sandbox(),
        Some((5, 4_261_555)),
    )
}

#[track_caller]
fn check(value: &Value, template: &str, expected: &str) {
    let found = Template::parse(template).unwrap().execute_inspecting(value);
    assert_eq!(found.unwrap_or_else(|error| error.to_string()), expected);
}

#[test]
fn a_container_has_dockers_fields_in_dockers_order() {
    let json = exited().to_json();
    assert_eq!(
        keys(&json),
        "Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver \
         Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings"
    );
    assert_eq!(
        keys(&json["State"]),
        "Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt"
    );
    assert_eq!(
        keys(&json["Config"]),
        "Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd \
         Image Volumes WorkingDir Entrypoint OnBuild Labels"
    );
    assert_eq!(
        keys(&json["NetworkSettings"]),
        "Bridge SandboxID SandboxKey Ports HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen \
         SecondaryIPAddresses SecondaryIPv6Addresses EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen \
         IPAddress IPPrefixLen IPv6Gateway MacAddress Networks"
    );
    assert_eq!(
        keys(&json["NetworkSettings"]["Networks"]["bridge"]),
        "IPAMConfig Links Aliases MacAddress DriverOpts GwPriority NetworkID EndpointID Gateway IPAddress IPPrefixLen \
         IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen DNSNames"
    );
    assert_eq!(
        keys(&running().to_json())
            .matches("SizeRw SizeRootFs")
            .count(),
        1
    );
}

#[test]
fn the_host_configuration_has_dockers_fields_in_dockers_order() {
    assert_eq!(
        keys(&exited().to_json()["HostConfig"]),
        "Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom \
         ConsoleSize CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links \
         OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt Tmpfs UTSMode UsernsMode ShmSize \
         Runtime Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps \
         BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod \
         CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap \
         MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth \
         MaskedPaths ReadonlyPaths"
    );
}

#[test]
fn the_templates_of_courses_find_what_they_look_for() {
    let (exited, running) = (&exited(), &running());
    check(
        exited,
        "{{.Name}} {{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.Path}} {{.Args}} {{.Config.Image}}",
        "/c1 exited false 2 sh [-c a rather long command line that is cut] busybox",
    );
    check(
        exited,
        "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}",
        "67108864 500000000",
    );
    check(exited, "{{.HostConfig.Ulimits}}", "[nofile=4:5]");
    check(
        exited,
        "{{.HostConfig.MemorySwap}} {{.HostConfig.CapAdd}}",
        "134217728 [CAP_NET_ADMIN]",
    );
    check(
        exited,
        "{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}",
        "on-failure:3",
    );
    check(
        exited,
        "{{json .HostConfig.PortBindings}}",
        r#"{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}"#,
    );
    check(
        exited,
        "{{json .HostConfig.Binds}} {{json .HostConfig.Tmpfs}}",
        r#"["vol1:/data","/src:/app:ro"] {"/scratch":"size=64m"}"#,
    );
    check(
        exited,
        "{{range .Mounts}}{{.Type}}:{{.Name}}:{{.Destination}}:{{.RW}} {{end}}",
        "bind::/app:false volume:vol1:/data:true ",
    );
    check(
        exited,
        "{{if .State.Health}}{{.State.Health.Status}}{{else}}no check{{end}}",
        "no check",
    );
    check(exited, "{{json .NetworkSettings.Ports}}", "{}");
    check(
        running,
        "{{json .NetworkSettings.Ports}}",
        r#"{"53/udp":null,"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}]}"#,
    );
    check(
        running,
        r#"{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}"#,
        "8080",
    );
    check(
        running,
        "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        "172.17.0.2",
    );
    check(
        running,
        "{{.State.Pid}} {{.GraphDriver.Data.MergedDir}} {{.SizeRw}}",
        "4321 /proc/4321/root 5",
    );
    check(
        exited,
        "{{json .Config.Cmd}} {{json .Config.Entrypoint}} {{.Config.Labels.tier}}",
        r#"["sh","-c","a rather long command line that is cut"] null db"#,
    );
    check(
        exited,
        "{{.GraphDriver.Data.UpperDir}}",
        &format!(
            "/h/sandboxes/free/containers/{}/upper",
            "0123456789abcdef".repeat(4)
        ),
    );
}

#[test]
fn an_image_has_dockers_fields_in_dockers_order() {
    let image = super::image(&samples::image(), &samples::home());
    let json = image.to_json();
    assert_eq!(
        keys(&json),
        "Id RepoTags RepoDigests Parent Comment Created DockerVersion Author Config Architecture Os Size GraphDriver \
         RootFS Metadata"
    );
    assert_eq!(keys(&json["Config"]), "Env Cmd Labels");
    check(
        &image,
        "{{.Config.Cmd}} {{.Os}} {{.Architecture}} {{len .RootFS.Layers}}",
        "[sh] linux amd64 1",
    );
    check(
        &image,
        "{{.RepoTags}} {{.Size}} {{.Metadata.LastTagTime}}",
        "[busybox:latest] 4261550 2026-11-21T09:30:00Z",
    );
    check(
        &image,
        "{{json .Config.Entrypoint}} {{json .Config.ExposedPorts}} [{{.Config.StopSignal}}]",
        "null null []",
    );
}

#[test]
fn a_volume_has_dockers_fields() {
    let volume = super::volume(&samples::volume());
    assert_eq!(
        volume.to_json().to_string(),
        r#"{"CreatedAt":"2026-11-21T10:00:00Z","Driver":"local","Labels":null,"Mountpoint":"/h/sandboxes/free/volumes/vol1/_data","Name":"vol1","Options":null,"Scope":"local"}"#
    );
    let anonymous = engine::runtime::spec::Volume {
        anonymous: true,
        ..samples::volume()
    };
    check(
        &super::volume(&anonymous),
        "{{json .Labels}}",
        r#"{"com.docker.volume.anonymous":""}"#,
    );
}

#[test]
fn the_spans_of_a_health_check_are_told_as_spans() {
    let mut container = samples::container();
    container.config.healthcheck = Some(engine::oci::config::Healthcheck {
        test: vec!["CMD-SHELL".to_owned(), "true".to_owned()],
        interval: 5_000_000_000,
        ..Default::default()
    });
    let value = super::container(&container, &samples::home(), &samples::sandbox(), None);
    check(
        &value,
        "{{.Config.Healthcheck}}",
        "{[CMD-SHELL true] 5s 0s 0s 0s 0}",
    );
    check(
        &value,
        "{{json .Config.Healthcheck}}",
        r#"{"Test":["CMD-SHELL","true"],"Interval":5000000000}"#,
    );
}
