//! Output of `docker inspect` and `docker events` of Docker Engine 20.10, shortened.

use super::*;
use crate::world::fake::Fake;
use serde_json::json;

fn raw() -> Value {
    json!({
        "Id": "cb140b", "Name": "/web", "Image": "sha256:55a3", "RestartCount": 0,
        "State": {"Status": "running", "OOMKilled": false, "ExitCode": 0},
        "HostConfig": {
            "NetworkMode": "default", "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
            "Memory": 67_108_864, "NanoCpus": 500_000_000, "PidsLimit": null, "Tmpfs": {"/t": ""},
        },
        "Mounts": [
            {"Type": "bind", "Source": "/w/site", "Destination": "/y", "RW": false},
            {"Type": "volume", "Name": "data", "Source": "/var/v", "Destination": "/x", "RW": true},
        ],
        "Config": {
            "Hostname": "cb140b", "AttachStdout": false, "AttachStderr": false, "Tty": false, "OpenStdin": true,
            "Env": ["A=1"], "Cmd": ["sleep", "1000"], "Image": "busybox", "WorkingDir": "", "Entrypoint": null,
            "Labels": {"a": "b"},
        },
        "NetworkSettings": {"Ports": {"80/tcp": [
            {"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"},
        ]}},
    })
}

fn event_of(action: &str, attributes: &Value) -> Event {
    event(&json!({
        "Type": "container", "Action": action, "timeNano": 1_700_000_000_000_000_001_i64,
        "Actor": {"ID": "cb140b", "Attributes": attributes},
    }))
}

#[test]
fn a_container_is_read_as_docker_shows_it() {
    let start = event_of("start", &json!({"name": "web", "image": "busybox"}));
    let web = container(&raw(), &[start], Path::new("/w"));
    assert_eq!((web.name.as_str(), web.start_count), ("web", 1));
    assert_eq!((web.exit_code, web.detached, web.stdin), (None, true, true));
    assert_eq!(web.ports.len(), 1, "both address families are one port");
    assert_eq!((web.ports[0].host, web.ports[0].container), (8080, 80));
    assert_eq!(web.mounts[0].source.as_deref(), Some("site"));
    assert_eq!(web.mounts[1].volume.as_deref(), Some("data"));
    assert_eq!(web.mounts[2].kind, "tmpfs");
    assert_eq!(
        (web.network.as_str(), web.workdir.as_str()),
        ("bridge", "/")
    );
    assert_eq!((web.memory, web.cpus), (Some(67_108_864), Some(0.5)));
}

#[test]
fn a_start_that_failed_leaves_its_exit_code() {
    let mut created = raw();
    created["State"]["Status"] = json!("created");
    created["State"]["ExitCode"] = json!(127);
    let facts = container(&created, &[], Path::new("/w"));
    assert_eq!((facts.exit_code, facts.start_count), (Some(127), 0));
}

#[test]
fn events_have_our_words() {
    let copied = event_of("archive-path", &json!({"name": "web"}));
    assert_eq!(copied.action, "copy_out");
    let run = event_of("exec_start: cat /note", &json!({"name": "web"}));
    assert_eq!(
        (run.action.as_str(), &run.facts["command"]),
        ("exec_start", &json!("cat /note"))
    );
    assert_eq!(run.time.subsec_nanosecond(), 1);
}

#[test]
fn images_that_share_layers_have_the_same_first_ones() {
    let image_of = |layers: &[&str]| {
        image(&json!({"Id": "sha256:1", "RepoTags": ["a:latest"], "RootFS": {"Layers": layers}}))
    };
    let (one, two) = (
        image_of(&["sha256:a", "sha256:b"]),
        image_of(&["sha256:a", "sha256:c"]),
    );
    assert_eq!(one.layers[0], two.layers[0]);
    assert_ne!(one.layers[1], two.layers[1]);
}

/// Judges `text` on a world that exposes as little as Docker does.
fn judged(text: &str) -> crate::checks::outcome::Truth {
    let world = Fake {
        untold: Some(untold),
        ..Fake::default()
            .running("web", "busybox")
            .event("start", "run", "web", "busybox")
    };
    crate::checks::testing::judge(text, &world).truth
}

#[test]
fn what_docker_does_not_tell_is_not_wrong() {
    use crate::checks::outcome::Truth;
    for text in [
        "happened: { event: start, via: run }",
        "happened: { event: logs, container: web }",
        "never: { event: build }",
        "happened: { event: start, after: { event: create, tty: true } }",
        "container: { name: web, created_via: run }",
    ] {
        assert!(matches!(judged(text), Truth::Blind(_)), "{text}");
    }
    assert_eq!(
        judged("happened: { event: start, container: web }"),
        Truth::Yes
    );
    assert_eq!(
        judged("happened: { event: die, container: web }"),
        Truth::No
    );
    assert_eq!(
        judged("container: { name: web, created_via: run, status: exited }"),
        Truth::No
    );
}
