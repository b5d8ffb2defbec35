//! `docker ps`: lists containers as a table, in a format, filtered.

use crate::support::sandbox::Sandbox;

#[test]
fn the_table_has_dockers_columns() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("ps")
        .ok()
        .says("CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n");
    let id = sandbox.sleeping("web");
    let output = sandbox.docker("ps").ok();
    let lines = output.lines();
    assert_eq!(lines.len(), 2, "{output}");
    assert!(
        lines[1].starts_with(&format!("{}   busybox   \"sleep 600\"   ", &id[..12])),
        "{output}"
    );
    assert!(lines[1].ends_with("   web"), "{output}");
}

#[test]
fn ended_containers_are_shown_only_with_a() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name ended busybox sh -c 'exit 4'")
        .fails(4)
        .says("");
    sandbox.sleeping("runs");
    sandbox
        .docker("ps --format '{{.Names}}'")
        .ok()
        .says("runs\n");
    sandbox
        .docker("ps -a --format '{{.Names}}'")
        .ok()
        .says("runs\nended\n");
    sandbox
        .docker("ps -a -f status=exited --format '{{.Names}} {{.Status}}'")
        .ok()
        .mentions("ended Exited (4) ");
    sandbox
        .docker("ps -aq -f name=runs")
        .ok()
        .never_mentions("ended");
    sandbox
        .docker("ps -l --format '{{.Names}}'")
        .ok()
        .says("runs\n");
}

#[test]
fn a_format_or_filter_that_does_not_exist_is_refused() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("ps -f nosuch=1")
        .fails(1)
        .complains("invalid filter 'nosuch'");
    sandbox.docker("create busybox").ok().warns("");
    sandbox
        .docker("ps -a --format '{{.Nosuch}}'")
        .fails(1)
        .complains("Nosuch");
}

#[test]
fn an_ancestor_is_what_the_image_was_made_of() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name low busybox").ok().warns("");
    // Without its own layer.
    sandbox.docker("commit low mine").ok().mentions("sha256:");
    sandbox.docker("create --name high mine").ok().warns("");
    let of = |image: &str| {
        let words = format!("ps -a --filter ancestor={image} --format '{{{{.Names}}}}'");
        sandbox.docker(&words).ok().stdout
    };
    assert_eq!(of("mine"), "high\n");
    assert_eq!(of("busybox"), "high\nlow\n");
    assert_eq!(of("nosuch"), "");
}
