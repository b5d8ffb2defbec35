//! `docker search`, at the practice hub and at another registry; and what `docker info` shows about registries.

use crate::support::registry::Served;
use crate::support::sandbox::Sandbox;

#[test]
fn the_hub_is_searched_by_name() {
    let sandbox = Sandbox::new();
    let found = sandbox.docker("search busy").ok().warns("");
    let lines = found.lines();
    assert_eq!(lines.len(), 2, "{found}");
    assert!(
        lines[0].starts_with("NAME      DESCRIPTION ") && lines[0].ends_with("STARS     OFFICIAL"),
        "{found}"
    );
    assert!(
        lines[1].starts_with("busybox ") && lines[1].ends_with("[OK]"),
        "{found}"
    );
    sandbox
        .docker("search --format '{{.Name}} {{.StarCount}} {{.IsOfficial}}' --filter is-official=true busy")
        .ok()
        .says("busybox 0 [OK]\n");
    sandbox
        .docker("search --format '{{.Name}}' --filter is-official=false busy")
        .ok()
        .says("");
    sandbox
        .docker("search --format json --limit 1 hello")
        .ok()
        .mentions("\"IsOfficial\":\"true\",\"Name\":\"hello-world\",\"StarCount\":\"0\"}\n");
    sandbox
        .docker("search no-such-image")
        .ok()
        .says("NAME      DESCRIPTION   STARS     OFFICIAL\n");
}

#[test]
fn another_registry_is_searched_by_its_address() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    sandbox
        .docker(&format!("tag busybox {}/team/app:1", served.host()))
        .ok();
    sandbox
        .docker(&format!("push -q {}/team/app:1", served.host()))
        .ok();
    sandbox
        .docker(&format!(
            "search --format '{{{{.Name}}}}' {}/app",
            served.host()
        ))
        .ok()
        .says("team/app\n");
}

#[test]
fn failed_searches_have_dockers_words() {
    let sandbox = Sandbox::new();
    for (words, expected) in [
        (
            "search --limit 101 x",
            "limit 101 is outside the range of [1, 100]",
        ),
        ("search -f color=red x", "invalid filter 'color'"),
        ("search -f stars=many x", "invalid filter 'stars=many'"),
        (
            "search https://reg/x",
            "invalid repository name (ex: \"registry.domain.tld/myrepos\")",
        ),
        (
            "search localhost:1/x",
            "Get \"http://localhost:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
        ),
    ] {
        let text = format!("Error response from daemon: {expected}\n");
        sandbox.docker(words).fails(1).says("").warns(&text);
    }
}

#[test]
fn info_shows_insecure_registries_and_the_login() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".config/docker/daemon.json",
        "{\"insecure-registries\": [\"class:5000\"]}",
    );
    sandbox
        .docker("info")
        .ok()
        .mentions("\n Hub: practice\n")
        .mentions("\n Insecure Registries:\n  ::1/128\n  127.0.0.0/8\n  class:5000\n")
        .never_mentions("Username:");
    sandbox
        .docker_with("login -u alice --password-stdin", "pw")
        .ok();
    sandbox.docker("info").ok().mentions("\n Username: alice\n");
    sandbox
        .docker("info -f '{{.IndexServerAddress}} {{json .RegistryConfig.InsecureRegistryCIDRs}}'")
        .ok()
        .says("https://index.docker.io/v1/ [\"::1/128\",\"127.0.0.0/8\",\"class:5000\"]\n");
}
