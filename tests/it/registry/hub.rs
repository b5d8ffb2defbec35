//! The practice hub: started when it is needed, one process per home, ended when it is not needed, and correct after
//! any kill. Each sandbox sees its own hub.

use crate::support::leftovers;
use crate::support::process::eventually;
use crate::support::registry::Served;
use crate::support::sandbox::Sandbox;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// Starts the hub: `doctor` checks whether it answers.
fn start(sandbox: &Sandbox) {
    let said = sandbox.docklings("doctor --json");
    assert!(
        said.stdout
            .contains("the practice hub of this machine; it answers"),
        "{said}"
    );
}

/// The hub's process ids.
fn hubs(sandbox: &Sandbox) -> Vec<i32> {
    leftovers::processes(&sandbox.home())
        .iter()
        .filter(|line| line.contains("__hub"))
        .filter_map(|line| {
            line.strip_prefix("process ")?
                .split(':')
                .next()?
                .parse()
                .ok()
        })
        .collect()
}

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).expect("it is no zero"), signal).expect("it runs");
}

fn socket(sandbox: &Sandbox) -> Option<PathBuf> {
    let entries = fs::read_dir(sandbox.runtime_of_home()).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|end| end == "sock"))
}

/// A request to the hub of the playground with header lines; returns the whole answer.
fn ask(sandbox: &Sandbox, head: &str, headers: &str) -> String {
    ask_host(sandbox, "free.localhost", head, headers)
}

fn ask_host(sandbox: &Sandbox, host: &str, head: &str, headers: &str) -> String {
    let socket = socket(sandbox).expect("the hub has a socket");
    let mut stream = UnixStream::connect(socket).expect("it listens");
    write!(
        stream,
        "{head} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn it_serves_the_starter_images_as_official_images_and_shares_their_bytes() {
    let sandbox = Sandbox::new();
    start(&sandbox);
    let id = sandbox.docker("images --no-trunc -q busybox").ok();
    let manifest = ask(&sandbox, "GET /v2/library/busybox/manifests/latest", "");
    assert!(
        manifest.starts_with("HTTP/1.1 200") && manifest.contains(id.text()),
        "{manifest}"
    );
    let found = ask(&sandbox, "GET /v1/search?q=busybox", "");
    assert!(
        found.contains(r#""name":"busybox""#) && found.contains(r#""is_official":true"#),
        "{found}"
    );
    let blob = id.text().trim_start_matches("sha256:");
    let inode = |path: PathBuf| fs::metadata(path).expect("the blob is there").ino();
    assert_eq!(
        inode(sandbox.home().join("hub/registry/blobs/sha256").join(blob)),
        inode(sandbox.home().join("content/blobs/sha256").join(blob)),
    );
}

#[test]
fn only_its_owner_may_talk_to_it_and_it_holds_nothing_of_its_caller() {
    let sandbox = Sandbox::new();
    // A command's output ends although the hub keeps running.
    sandbox
        .shell("exec 7>held; said=$(docklings doctor); echo \"$said\" | grep -c 'practice hub'")
        .ok()
        .says("1\n");
    let socket = socket(&sandbox).expect("the hub has a socket");
    assert_eq!(
        fs::metadata(&socket)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    let pid = hubs(&sandbox)[0];
    let open: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("it is ours")
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .collect();
    assert!(!open.iter().any(|path| path.ends_with("held")), "{open:?}");
    assert_eq!(
        fs::read_link(format!("/proc/{pid}/cwd")).expect("it is ours"),
        PathBuf::from("/")
    );
}

#[test]
fn of_many_commands_at_once_one_starts_it() {
    let sandbox = Sandbox::new();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| start(&sandbox));
        }
    });
    assert_eq!(hubs(&sandbox).len(), 1);
}

#[test]
fn after_a_kill_the_next_command_starts_it_again() {
    let sandbox = Sandbox::new();
    for signal in [Signal::KILL, Signal::TERM, Signal::KILL] {
        start(&sandbox);
        let before = hubs(&sandbox);
        kill(before[0], signal);
        // A hub that got SIGTERM may still answer once.
        eventually("it has ended", || hubs(&sandbox).is_empty());
        start(&sandbox);
        assert_eq!(hubs(&sandbox).len(), 1);
    }
}

#[test]
fn it_ends_when_its_socket_or_its_home_is_gone() {
    let sandbox = Sandbox::new();
    start(&sandbox);
    fs::remove_file(socket(&sandbox).expect("the hub has a socket")).expect("it can be removed");
    eventually("the hub has ended without its socket", || {
        hubs(&sandbox).is_empty()
    });
    start(&sandbox);
    fs::rename(sandbox.home(), sandbox.work().join("elsewhere")).expect("it can be renamed");
    eventually("the hub has ended without its home", || {
        hubs(&sandbox).is_empty()
    });
    fs::rename(sandbox.work().join("elsewhere"), sandbox.home()).expect("it can be renamed");
}

#[test]
fn the_first_login_makes_the_account_and_it_writes_below_its_own_name() {
    let sandbox = Sandbox::new();
    start(&sandbox);
    // alice:secret, alice:wrong
    let (alice, wrong) = (
        "Authorization: Basic YWxpY2U6c2VjcmV0\r\n",
        "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n",
    );
    let push = |name: &str, who: &str| {
        ask(
            &sandbox,
            &format!("POST /v2/{name}/blobs/uploads/"),
            &format!("{who}Content-Length: 0\r\n"),
        )
    };
    assert!(push("alice/x", "").contains("requested access to the resource is denied"));
    assert!(ask(&sandbox, "GET /v2/", alice).starts_with("HTTP/1.1 200"));
    let refused = ask(&sandbox, "GET /v2/", wrong);
    assert!(
        refused.starts_with("HTTP/1.1 401") && refused.contains("incorrect username or password"),
        "{refused}"
    );
    // The next hub knows the account, too.
    kill(hubs(&sandbox)[0], Signal::KILL);
    start(&sandbox);
    assert!(push("alice/x", alice).starts_with("HTTP/1.1 202"));
    for foreign in ["library/busybox", "bob/x"] {
        let refused = push(foreign, alice);
        assert!(
            refused.starts_with("HTTP/1.1 403")
                && refused.contains("requested access to the resource is denied"),
            "{refused}"
        );
    }
    let kept = fs::read_to_string(sandbox.home().join("sandboxes/free/hub/accounts.json"))
        .expect("accounts are kept");
    assert!(kept.contains("alice") && !kept.contains("secret"), "{kept}");
}

#[test]
fn a_long_path_to_its_socket_works() {
    let deep = "d".repeat(90);
    let sandbox = Sandbox::new();
    let runtime = sandbox.work().join(deep);
    fs::create_dir(&runtime).expect("a folder can be made");
    let sandbox = sandbox.with("XDG_RUNTIME_DIR", &runtime.display().to_string());
    start(&sandbox);
    assert_eq!(hubs(&sandbox).len(), 1);
}

#[test]
fn the_hub_can_be_configured() {
    let sandbox = Sandbox::new();
    let practice = "practice  (the practice hub of this machine, which needs no network)\n";
    sandbox.docklings("config hub").ok().says(practice);
    sandbox
        .docklings("config hub localhost:5000")
        .ok()
        .mentions("http://localhost:5000  (");
    sandbox
        .docklings("config hub")
        .ok()
        .mentions("http://localhost:5000  (")
        .mentions("config.json");
    sandbox.docklings("config hub --unset").ok().says(practice);
    sandbox
        .docklings("config hub docker.io")
        .ok()
        .mentions("docker.io  (Docker Hub");
    sandbox
        .docklings("config hub a/b")
        .fails(2)
        .complains("`a/b` is no hub")
        .complains("hint: say `practice`");
    let sandbox = sandbox.with("DOCKLINGS_HUB", "practice");
    sandbox
        .docklings("config hub")
        .ok()
        .mentions("as `DOCKLINGS_HUB` says");
}

#[test]
fn an_exercise_always_uses_the_practice_hub() {
    for place in ["ex-push-it", "author-1-2", "scratch-1-push-it"] {
        let sandbox = Sandbox::new()
            .with("DOCKLINGS_HUB", "docker.io")
            .with("DOCKLINGS_SANDBOX", place);
        sandbox
            .docklings("config hub")
            .ok()
            .mentions("practice  (the practice hub")
            .mentions("as in every exercise");
        sandbox
            .docker("login -u teahouse -p oolong")
            .ok()
            .mentions("Login Succeeded");
    }
}

#[test]
fn the_course_works_word_for_word_without_a_network() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("images --no-trunc -q hello-world")
        .ok()
        .text()
        .to_owned();
    sandbox.docker("rmi hello-world").ok();
    sandbox
        .docker("pull hello-world")
        .ok()
        .mentions("Pulling from library/hello-world")
        .mentions("docker.io/library/hello-world:latest");
    sandbox
        .docker("images --no-trunc -q hello-world")
        .ok()
        .says(&format!("{id}\n"));
    sandbox.docker("tag busybox alice/hello:v1").ok();
    sandbox
        .docker("push alice/hello:v1")
        .fails(1)
        .complains("denied: requested access to the resource is denied");
    sandbox
        .docker_with("login -u alice --password-stdin", "secret")
        .ok()
        .mentions("Login Succeeded");
    sandbox
        .docker("push alice/hello:v1")
        .ok()
        .mentions("The push refers to repository [docker.io/alice/hello]")
        .mentions("Mounted from library/busybox");
    sandbox.docker("tag busybox bob/x").ok();
    sandbox
        .docker("push bob/x")
        .fails(1)
        .complains("denied: requested access to the resource is denied");
    sandbox.docker("tag busybox busybox:mine").ok();
    sandbox
        .docker("push busybox:mine")
        .fails(1)
        .complains("denied: requested access to the resource is denied");
    sandbox
        .docker_with("login -u alice --password-stdin", "wrong")
        .fails(1)
        .complains("unauthorized: incorrect username or password");
    sandbox.docker("rmi alice/hello:v1").ok();
    sandbox
        .docker("run --rm alice/hello:v1 echo pulled")
        .ok()
        .says("pulled\n");
    sandbox
        .docker("pull carol/nobody")
        .fails(1)
        .complains("pull access denied for carol/nobody, repository does not exist or may require 'docker login'");
    sandbox
        .docker("pull busybox:nobody")
        .fails(1)
        .complains("manifest for busybox:nobody not found: manifest unknown: manifest unknown");
}

#[test]
fn a_registry_of_the_class_stands_in_for_docker_io() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    sandbox
        .docklings(&format!("config hub {}", served.host()))
        .ok();
    sandbox.docker("pull hello-world:v1").fails(1);
    sandbox.docker("tag busybox library/hello-world:v1").ok();
    sandbox.docker("push hello-world:v1").ok();
    sandbox.docker("rmi hello-world:v1").ok();
    sandbox
        .docker("pull hello-world:v1")
        .ok()
        .mentions("docker.io/library/hello-world:v1");
    assert!(served.has_said("PUT    /v2/library/hello-world/manifests/v1 201"));
    assert!(hubs(&sandbox).is_empty(), "the practice hub is not needed");
}

#[test]
fn its_accounts_and_images_can_be_forgotten() {
    let sandbox = Sandbox::new();
    sandbox.docker("tag busybox alice/hello").ok();
    sandbox
        .docker_with("login -u alice --password-stdin", "secret")
        .ok();
    sandbox.docker("push alice/hello").ok();
    sandbox
        .docklings("config hub --forget")
        .fails(2)
        .complains("add `--yes` if you mean it");
    sandbox
        .docklings("config hub --forget --yes")
        .ok()
        .says("the practice hub of `free` is empty again\n");
    sandbox
        .docker("push alice/hello")
        .fails(1)
        .complains("unauthorized");
    sandbox
        .docker_with("login -u alice --password-stdin", "another")
        .ok();
    sandbox.docker("pull alice/hello").fails(1);
    sandbox.docker("pull busybox").ok();
}

#[test]
fn each_sandbox_has_its_own_accounts_and_pushed_images_and_one_process_serves_all() {
    let sandbox = Sandbox::new();
    sandbox.docker("tag busybox bakery/menu:free").ok();
    let sandbox = log_in(sandbox, "free", "crumbs");
    sandbox.docker("push -q bakery/menu:free").ok();
    let sandbox = log_in(sandbox, "Other_One", "flour");
    sandbox
        .docker("pull bakery/menu:free")
        .fails(1)
        .complains("manifest for bakery/menu:free not found");
    sandbox.docker("tag busybox bakery/menu:other").ok();
    sandbox
        .docker("push bakery/menu:other")
        .ok()
        .mentions("Mounted from library/busybox");
    let found = sandbox.docker("search bakery --format {{.Name}}").ok();
    assert_eq!(found.text(), "bakery/menu");
    assert_eq!(hubs(&sandbox).len(), 1);
    let sandbox = log_in(sandbox, "free", "crumbs");
    sandbox.docker("pull -q bakery/menu:other").fails(1);
    sandbox.docker("pull -q bakery/menu:free").ok();
}

/// Logs in as `bakery` in the sandbox `name`, and leaves that sandbox in use.
fn log_in(sandbox: Sandbox, name: &str, password: &str) -> Sandbox {
    let sandbox = sandbox.with("DOCKLINGS_SANDBOX", name);
    sandbox
        .docker_with("login -u bakery --password-stdin", password)
        .ok()
        .mentions("Login Succeeded");
    sandbox
}

#[test]
fn resetting_an_exercise_resets_its_hub_while_it_runs() {
    let sandbox = Sandbox::new();
    let sandbox = log_in(sandbox, "free", "mine");
    sandbox.docker("tag busybox bakery/menu:1").ok();
    sandbox.docker("push -q bakery/menu:1").ok();
    // Its setup makes the same account with another password.
    sandbox.docklings("check push-again").fails(1);
    let hub = hubs(&sandbox);
    let sandbox = sandbox.with("DOCKLINGS_SANDBOX", "ex-push-again");
    sandbox.docker("tag busybox bakery/menu:mine").ok();
    sandbox.docker("push -q bakery/menu:mine").ok();
    sandbox.docklings("reset push-again --yes").ok();
    sandbox.docker("pull bakery/menu:mine").fails(1);
    sandbox.docklings("check push-again").fails(1);
    sandbox.docker("pull bakery/menu:1").ok();
    sandbox
        .docker("pull bakery/menu:mine")
        .fails(1)
        .complains("manifest for bakery/menu:mine not found");
    let sandbox = sandbox.with("DOCKLINGS_SANDBOX", "free");
    sandbox.docker("pull -q bakery/menu:1").ok();
    assert_eq!(hubs(&sandbox), hub);
}

#[test]
fn a_removed_sandbox_is_not_created_again_by_a_request() {
    let sandbox = Sandbox::new();
    start(&sandbox);
    let gone = ask_host(&sandbox, "author-1-2.localhost", "GET /v2/", "");
    assert!(gone.starts_with("HTTP/1.1 404"), "{gone}");
    for host in [
        "free.localhost.evil",
        "..localhost",
        "_2e_2e.localhost",
        "_2fetc.localhost",
    ] {
        let refused = ask_host(&sandbox, host, "GET /v2/", "");
        assert!(refused.starts_with("HTTP/1.1 404"), "{host}: {refused}");
    }
    assert!(!sandbox.home().join("sandboxes/author-1-2").exists());
}

#[test]
fn a_hub_started_by_a_build_is_found_by_other_commands() {
    let sandbox = Sandbox::new();
    sandbox.docker("rmi hello-world").ok();
    sandbox.write("Dockerfile", "FROM hello-world\nLABEL a=b\n");
    sandbox.docker("build -q .").ok();
    let before = hubs(&sandbox);
    start(&sandbox);
    sandbox.docker("pull hello-world").ok();
    assert_eq!((before.len(), hubs(&sandbox)), (1, before));
    sandbox.write("Dockerfile", "FROM nginx\n");
    sandbox
        .docker("build -q .")
        .fails(1)
        .complains("failed to resolve source metadata for docker.io/library/nginx:latest");
}
