//! `docker login` and `docker logout`: their output, and their changes to `config.json`.

use crate::support::distribution::{Distribution, PROGRAM};
use crate::support::registry::{Served, htpasswd};
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const INSECURE: &str = "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n";

fn config(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.work().join(".docker/config.json")).unwrap_or_default()
}

#[test]
fn a_login_opens_the_registry_and_a_logout_closes_it() {
    requires!(Tool(PROGRAM));
    let sandbox = Sandbox::new();
    let peer = Distribution::with_passwords(&htpasswd("alice", "wonder-land"));
    let host = peer.host();
    sandbox.docker(&format!("tag busybox {host}/box")).ok();
    let push = || sandbox.docker(&format!("push {host}/box"));
    push().fails(1).complains("no basic auth credentials");
    sandbox
        .docker_with(&format!("login -u alice --password-stdin {host}"), "wrong\n")
        .fails(1)
        .says("")
        .warns(&format!(
            "Error response from daemon: login attempt to http://{host}/v2/ failed with status: 401 Unauthorized\n"
        ));
    assert_eq!(config(&sandbox), "");
    let path = sandbox.work().join(".docker/config.json");
    sandbox
        .docker_with(&format!("login -u alice --password-stdin {host}"), "wonder-land\n")
        .ok()
        .says("Login Succeeded\n")
        .warns(&format!(
            "\nWARNING! Your credentials are stored unencrypted in '{}'.\nConfigure a credential helper to remove this \
             warning. See\nhttps://docs.docker.com/go/credential-store/\n\n",
            path.display()
        ));
    let auths = format!(
        "{{\n\t\"auths\": {{\n\t\t\"{host}\": {{\n\t\t\t\"auth\": \"YWxpY2U6d29uZGVyLWxhbmQ=\"\n\t\t}}\n\t}}\n}}"
    );
    assert_eq!(config(&sandbox), auths);
    assert_eq!(
        path.metadata().expect("it is there").permissions().mode() & 0o777,
        0o600
    );
    push().ok();
    sandbox
        .docker(&format!("login {host}"))
        .ok()
        .says("Login Succeeded\n")
        .complains("Authenticating with existing credentials... [Username: alice]\n");
    sandbox.docker(&format!("rmi {host}/box")).ok();
    sandbox.docker(&format!("pull {host}/box")).ok();
    let out = || sandbox.docker(&format!("logout {host}")).ok();
    out()
        .says(&format!("Removing login credentials for {host}\n"))
        .warns("");
    assert_eq!(config(&sandbox), "{\n\t\"auths\": {}\n}");
    push().fails(1).complains("no basic auth credentials");
    out()
        .says(&format!("Removing login credentials for {host}\n"))
        .warns("");
    let journal = fs::read_to_string(sandbox.home().join("sandboxes/free/journal.jsonl"));
    let journal = journal.expect("a journal");
    assert!(journal.contains("\"username\":\"alice\"") && !journal.contains("wonder-land"));
}

#[test]
fn conflicting_flags_are_refused_in_dockers_words() {
    let sandbox = Sandbox::new();
    let check = |words: &str, err: &str| {
        sandbox
            .docker(words)
            .fails(1)
            .says("")
            .warns(&format!("{err}\n"));
    };
    let no_terminal = "Error: Cannot perform an interactive login from a non TTY device";
    check("login localhost:1", no_terminal);
    check("login -u alice localhost:1", no_terminal);
    check("login -u alice --password-stdin localhost:1", no_terminal);
    check(
        "login -p x localhost:1",
        &format!("{INSECURE}{no_terminal}"),
    );
    check(
        "login --password-stdin localhost:1",
        "the --password-stdin option requires --username to be set",
    );
    check(
        "login -u alice -p x --password-stdin localhost:1",
        "conflicting options: cannot specify both --password and --password-stdin",
    );
    check("login -u '' -p '' localhost:1", "username is empty");
    check("login -p '' localhost:1", "password is empty");
    let refused =
        "Get \"http://localhost:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused";
    check(
        "login -u a -p b localhost:1",
        &format!("{INSECURE}Error response from daemon: {refused}"),
    );
    sandbox
        .docker("login a b")
        .fails(1)
        .complains("docker: 'docker login' requires at most 1 argument");
    assert_eq!(config(&sandbox), "");
}

#[test]
fn a_config_that_cannot_be_parsed_is_left_alone() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let text = "{ \"auths\": ";
    let path = sandbox.write(".docker/config.json", text);
    for words in ["login -u alice -p x", "logout"] {
        sandbox
            .docker(&format!("{words} {}", served.host()))
            .fails(1)
            .complains(&format!("cannot change `{}`: ", path.display()));
    }
    assert_eq!(config(&sandbox), text);
    // Commands that need no login still work.
    sandbox
        .docker(&format!("tag busybox {}/box", served.host()))
        .ok();
    sandbox
        .docker(&format!("push {}/box", served.host()))
        .ok()
        .complains(&format!(
            "WARNING: Error parsing config file ({}): ",
            path.display()
        ));
}

#[test]
fn a_credential_helper_keeps_the_password_if_the_config_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("htpasswd", htpasswd("alice", "wonder-land"));
    let served = Served::start(&sandbox, "--htpasswd htpasswd");
    let host = served.host();
    let program = "#!/bin/sh\ncase $1 in\nstore) cat > \"$HOME/kept\";;\nget) read -r key; \
        test -f \"$HOME/kept\" || { echo 'credentials not found in native keychain'; exit 1; }; cat \"$HOME/kept\";;\n\
        erase) rm \"$HOME/kept\";;\nesac\n";
    let path = sandbox.bin().join("docker-credential-test");
    fs::write(&path, program).expect("a file can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    sandbox.write(
        ".docker/config.json",
        "{\"credsStore\": \"test\", \"other\": [1]}",
    );
    sandbox
        .docker_with(
            &format!("login -u alice --password-stdin {host}"),
            "wonder-land",
        )
        .ok()
        .says("Login Succeeded\n")
        .warns("");
    let kept = fs::read_to_string(sandbox.work().join("kept")).expect("it was kept");
    assert_eq!(
        kept,
        format!("{{\"ServerURL\":\"{host}\",\"Username\":\"alice\",\"Secret\":\"wonder-land\"}}")
    );
    let named =
        format!("\t\"other\": [\n\t\t1\n\t],\n\t\"auths\": {{\n\t\t\"{host}\": {{}}\n\t}}\n");
    assert!(config(&sandbox).contains(&named), "{}", config(&sandbox));
    sandbox.docker(&format!("tag busybox {host}/box")).ok();
    sandbox.docker(&format!("push {host}/box")).ok();
    sandbox.docker(&format!("logout {host}")).ok().warns("");
    assert!(!sandbox.work().join("kept").exists());
    sandbox.docker(&format!("push {host}/box")).fails(1);
    sandbox.write(".docker/config.json", "{\"credsStore\": \"is-not-there\"}");
    sandbox
        .docker(&format!("push {host}/box"))
        .fails(1)
        .complains(
            "WARNING: error getting credentials - err: exec: \"docker-credential-is-not-there\": ",
        );
}

#[test]
fn a_login_at_the_practice_hub_belongs_to_its_sandbox_alone() {
    let sandbox = Sandbox::new();
    let text = "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"cmVhbDpzZWNyZXQ=\"}}}";
    sandbox.write(".docker/config.json", text);
    sandbox.docker("tag busybox alice/box").ok();
    sandbox
        .docker("push alice/box")
        .fails(1)
        .complains("denied: requested access to the resource is denied");
    let logins = sandbox.home().join("sandboxes/free/logins.json");
    sandbox
        .docker_with("login -u alice --password-stdin", "pw\n")
        .ok()
        .says("Login Succeeded\n")
        .complains(&format!("stored unencrypted in '{}'", logins.display()));
    assert_eq!(config(&sandbox), text);
    sandbox.docker("push alice/box").ok();
    sandbox
        .shell("DOCKLINGS_SANDBOX=other docker tag busybox alice/box && DOCKLINGS_SANDBOX=other docker push alice/box")
        .fails(1)
        .complains("denied: requested access to the resource is denied");
    sandbox
        .docker("logout")
        .ok()
        .says("Removing login credentials for https://index.docker.io/v1/\n");
    sandbox.docker("push alice/box").fails(1);
    assert_eq!(config(&sandbox), text);
}
