//! The nouns `container` and `containers` on handmade worlds.

use crate::checks::testing::{blind, fails, holds};
use crate::world::fake::{Fake, text_file};
use crate::world::{ChangeFacts, LogFacts, Mount, Port};

#[test]
fn a_name_is_literal() {
    let world = Fake::default()
        .running("web2", "busybox")
        .running("my-web", "busybox");
    fails(
        "container: { name: web }",
        &world,
        "a container named `web`",
        "no container of that name; there are `web2` and `my-web`",
    );
    holds("container: { name: web, exists: false }", &world);
    holds(
        "container: { name: web2, status: running, image: busybox }",
        &world,
    );
    fails(
        "container: { name: web2, exists: false }",
        &world,
        "no container named `web2`",
        "container `web2`: status running",
    );
}

#[test]
fn expected_and_found_come_from_the_field_that_failed() {
    let world = Fake::default().exited("box", "busybox", 3);
    fails(
        "container: { name: box, image: busybox, status: running }",
        &world,
        "container `box`: status running",
        "container `box`: status exited (exit code 3, started once)",
    );
    fails(
        "container: { name: box, exit_code: { not: 3 } }",
        &world,
        "container `box`: exit code not 3",
        "container `box`: exit code 3",
    );
    holds(
        "container: { name: box, exit_code: { min: 1 }, started: 1, created_via: run }",
        &world,
    );
}

#[test]
fn a_container_of_the_same_name_is_not_the_same_container() {
    let world = Fake::default().exited("box", "busybox", 0).set_up();
    holds(
        "container: { name: box, same_as: setup, unchanged: true }",
        &world,
    );
    let mut replaced = world.clone();
    replaced.containers[0].id = "new".to_owned();
    fails(
        "container: { name: box, same_as: setup }",
        &replaced,
        "container `box`: the same container as at the start",
        "container `box`: another container than at the start",
    );
    let mut restarted = world;
    restarted.containers[0].start_count = 2;
    holds("container: { name: box, same_as: setup }", &restarted);
    fails(
        "container: { name: box, unchanged: true }",
        &restarted,
        "container `box`: as it was at the start",
        "container `box`: was exited with 1 start, is exited with 2 starts",
    );
}

#[test]
fn ports_mounts_logs_files_and_changes_are_looked_into() {
    let mut world = Fake::default().container("web", "busybox", |one| {
        one.ports = vec![Port {
            host: 8080,
            container: 80,
            protocol: "tcp".into(),
            host_ip: String::new(),
        }];
        one.mounts = vec![Mount {
            kind: "volume".into(),
            volume: Some("data".into()),
            target: "/data".into(),
            ..Mount::default()
        }];
    });
    let id = "web-id".to_owned();
    world.logs.insert(
        id.clone(),
        LogFacts {
            both: "one\ntwo\n".into(),
            stdout: "one\n".into(),
            stderr: "two\n".into(),
        },
    );
    world
        .container_files
        .insert((id.clone(), "/note".into()), text_file("hello\n"));
    world.changes.insert(
        id,
        ChangeFacts {
            added: vec!["/note".into()],
            ..ChangeFacts::default()
        },
    );
    holds(
        "container: { name: web, ports: [{ host: 8080, container: 80 }], mounts: { volume: data } }",
        &world,
    );
    holds(
        "container: { name: web, logs: { contains: two, lines: 2 }, stdout: one }",
        &world,
    );
    holds(
        "container: { name: web, files: { /note: { text: hello, lines: 1 }, /x: { exists: false } } }",
        &world,
    );
    holds(
        "container: { name: web, changes: { added: { contains: /note }, deleted: { count: 0 } } }",
        &world,
    );
    fails(
        "container: { name: web, ports: { host: 8081 } }",
        &world,
        "container `web`: published ports with host port 8081",
        "container `web`: published ports (host port 8080, container port 80 and protocol tcp)",
    );
    fails(
        "container: { name: web, files: { /note: { contains: bye } } }",
        &world,
        "container `web`: `/note`: text containing `bye`",
        "container `web`: `/note`: text `hello`",
    );
}

#[test]
fn an_older_image_of_the_name_does_not_fit() {
    let mut world = Fake::default().running("web", "app");
    world.images[0].id = "sha256:new".to_owned();
    fails(
        "container: { name: web, image: app }",
        &world,
        "container `web`: image `app`",
        "container `web`: image another one that was called `app` then",
    );
    holds("container: { name: web, image_ref: app }", &world);
}

#[test]
fn what_cannot_be_seen_is_not_wrong() {
    blind("container: { name: web, status: running }");
}

#[test]
fn those_that_fit_are_counted() {
    let world = Fake::default()
        .running("box", "busybox")
        .exited("fox", "busybox", 0)
        .running("hello", "hello-world");
    holds("containers: { image: busybox, count: 2 }", &world);
    holds("containers: { image: busybox, status: running }", &world);
    holds("containers: { name: { matches: ^h }, count: 1 }", &world);
    fails(
        "containers: { image: busybox, count: 1 }",
        &world,
        "1 container with image `busybox`",
        "2: `box` and `fox`",
    );
    fails(
        "containers: { status: paused }",
        &world,
        "at least 1 container with status paused",
        "none",
    );
}

#[test]
fn all_of_those_that_fit_are_judged() {
    let world = Fake::default()
        .running("a", "busybox")
        .exited("b", "busybox", 1);
    holds(
        "containers: { image: busybox, all: { started: 1 } }",
        &world,
    );
    fails(
        "containers: { image: busybox, all: { status: running } }",
        &world,
        "container `b`: status running",
        "container `b`: status exited (exit code 1, started once)",
    );
}

#[test]
fn unchanged_means_the_same_ones_in_the_same_state() {
    let world = Fake::default()
        .running("a", "busybox")
        .exited("b", "busybox", 0)
        .set_up();
    holds("containers: { unchanged: true }", &world);
    let mut other = world.running("c", "busybox");
    other.containers.remove(1);
    fails(
        "containers: { unchanged: true }",
        &other,
        "the containers as they were at the start",
        "`b` is gone and `c` is new",
    );
}

#[test]
fn what_cannot_be_seen_of_all_is_not_wrong() {
    blind("containers: { count: 0 }");
}

#[test]
fn a_port_is_of_tcp_if_nothing_else_is_said() {
    let world = Fake::default().container("web", "busybox", |one| {
        one.ports = vec![Port {
            host: 8080,
            container: 80,
            protocol: "udp".into(),
            host_ip: String::new(),
        }];
    });
    let udp = "container: { name: web, ports: [{ container: 80, protocol: udp }] }";
    holds(udp, &world);
    fails(
        "container: { name: web, ports: [{ container: 80 }] }",
        &world,
        "container `web`: published ports with container port 80",
        "container `web`: published ports (host port 8080, container port 80 and protocol udp)",
    );
}
