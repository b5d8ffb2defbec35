//! What the practice hub lacks comes from its upstream: a registry of a class, or a pull-through cache.

use super::images::with_archive;
use crate::support::distribution::{Distribution, PROGRAM};
use crate::support::machine::{User, on_own_machine};
use crate::support::registry::{Served, wait_for};
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// The name of the upstream's image; it prints `made`.
const NAME: &str = "python:3.12-slim";

/// A learner whose upstream is at `address`.
fn learner(address: &str) -> Sandbox {
    Sandbox::new().with("DOCKLINGS_UPSTREAM", address)
}

#[test]
fn an_image_of_the_class_is_run_built_on_and_found() {
    let class = with_archive(NAME);
    let served = Served::start(&class, "--load made.tar");
    let sandbox = learner(&served.host());
    sandbox
        .docker(&format!("run --rm {NAME}"))
        .ok()
        .says("made\n")
        .complains("Unable to find image 'python:3.12-slim' locally")
        .complains("3.12-slim: Pulling from library/python")
        .complains("Status: Downloaded newer image for python:3.12-slim");
    sandbox.docker(&format!("rmi {NAME}")).ok();
    sandbox.write("Dockerfile", format!("FROM {NAME}\nLABEL a=b\n"));
    sandbox.docker("build -q -t app .").ok();
    sandbox.docker("run --rm app").ok().says("made\n");
    sandbox.docker("search python").ok().mentions("python");
    // The hub's own images and accounts come first, and nothing is sent upstream.
    sandbox.docker("pull busybox").ok();
    sandbox.docker("login -u alice -p secret").ok();
    sandbox.docker("tag app alice/app").ok();
    sandbox.docker("push alice/app").ok();
    sandbox.docker("pull alice/app").ok();
    sandbox.docker("pull alice/another").fails(1);
    sandbox
        .docker("pull no-such-image")
        .fails(1)
        .complains("no-such-image");
    // Its log is complete up to here.
    wait_for(&served, "/v2/library/no-such-image/manifests/latest");
    assert!(!served.has_said("library/busybox"));
    assert!(!served.has_said("alice"));
    assert!(!served.has_said("POST") && !served.has_said("PUT"));
}

#[test]
fn an_exercise_gets_only_what_it_declares() {
    let class = with_archive(NAME);
    let served = Served::start(&class, "--load made.tar");
    let sandbox = learner(&served.host()).with("DOCKLINGS_SANDBOX", "ex-push-it");
    sandbox
        .docker(&format!("pull {NAME}"))
        .fails(1)
        .complains("pull access denied for python");
    sandbox
        .docker("search python")
        .ok()
        .never_mentions("python");
    // Its log is complete up to this pull, which is not of an exercise.
    let pull = format!("DOCKLINGS_SANDBOX=free docker pull {NAME}");
    sandbox
        .shell("DOCKLINGS_SANDBOX=free docker pull marker")
        .fails(1);
    wait_for(&served, "/v2/library/marker/manifests/latest");
    assert!(!served.has_said("python"));
    sandbox.shell(&pull).ok();
}

#[test]
fn without_an_upstream_what_another_sandbox_pulled_is_used() {
    let class = with_archive(NAME);
    let sandbox = {
        let served = Served::start(&class, "--load made.tar");
        let sandbox = learner(&served.host());
        sandbox.docker(&format!("pull {NAME}")).ok();
        sandbox
    };
    let run = format!("DOCKLINGS_SANDBOX=other docker run --rm {NAME}");
    let tag = NAME.split(':').next_back().unwrap_or_default();
    sandbox
        .shell(&run)
        .ok()
        .complains(&format!(
            "{tag}: Using the copy that another sandbox of this machine has pulled\n"
        ))
        .says("made\n");
    // Nothing is pretended about an image that is here.
    sandbox.docker(&format!("pull {NAME}")).fails(1);
    sandbox
        .docker("pull nginx")
        .fails(1)
        .complains("pull access denied for nginx");
    sandbox.write("Dockerfile", "FROM nginx\n");
    sandbox
        .docker("build -q .")
        .fails(1)
        .complains("docker.io/library/nginx:latest: not found")
        .complains("hint: localhost:")
        .complains(" may have it, and cannot be reached: dial tcp 127.0.0.1:")
        .complains("without a network, `docklings images add FILE` takes a file");
}

#[test]
fn the_name_of_an_upstream_is_looked_up_in_a_child_that_ends() {
    requires!(Root, Tool("unshare"));
    let sandbox = learner("http://registry.invalid:5000");
    sandbox.write("Dockerfile", "FROM nginx\n");
    // In a network namespace without a network, no name server is reached.
    sandbox
        .shell("unshare --net docker build -q .")
        .fails(1)
        .complains("hint: registry.invalid:5000 may have it, and cannot be reached: dial tcp: lookup registry.invalid: ");
}

#[test]
fn where_packets_vanish_the_answer_does_not_wait_for_the_system() {
    requires!(Root, Tool("ip"));
    on_own_machine(&User::Root, |machine| {
        // What is sent to this neighbour goes nowhere. The system would wait two minutes for it to accept a connection,
        // and ten seconds for a name server there: its words would be others than those of our own limit.
        machine.neighbour("10.99.0.50");
        machine.resolve_by("nameserver 10.99.0.50\n");
        machine.sandbox.write("Dockerfile", "FROM nginx\n");
        for (upstream, why) in [
            (
                "http://10.99.0.50:5000",
                "10.99.0.50:5000 may have it, and cannot be reached: dial tcp 10.99.0.50:5000: i/o timeout",
            ),
            (
                "docker.io",
                "Docker Hub may have it, and cannot be reached: dial tcp: lookup registry-1.docker.io: i/o timeout",
            ),
        ] {
            machine
                .sandbox
                .shell(&format!("DOCKLINGS_UPSTREAM={upstream} docker build -q ."))
                .fails(1)
                .complains(why);
        }
    });
}

#[test]
fn a_missing_base_is_looked_for_nearby() {
    let sandbox = learner("none");
    sandbox.docker("tag busybox greet:2").ok();
    let elsewhere = "DOCKLINGS_SANDBOX=lesson-x docker tag busybox stamp";
    sandbox.shell(elsewhere).ok();
    for (base, hint) in [
        ("greet", "this tag is not here, and `greet:2` is"),
        (
            "welcome:99",
            "the practice hub has `welcome` with the tag `1`, `latest`",
        ),
        (
            "stamp",
            "`stamp:latest` is an image of the sandbox `lesson-x`",
        ),
        (
            "my-base",
            "is it one of yours? Build it first: docker build -t my-base .",
        ),
        ("nginx", "only images of this machine are used"),
    ] {
        sandbox.write("Dockerfile", format!("FROM {base}\n"));
        let failed = sandbox.docker("build -q .").fails(1);
        failed
            .complains(&format!("hint: {hint}"))
            .never_complains("\nhint: did you mean");
    }
}

#[test]
fn a_pull_through_cache_is_an_upstream() {
    requires!(Tool(PROGRAM));
    let class = with_archive(NAME);
    let served = Served::start(&class, "--load made.tar");
    let cache = Distribution::cache_of(&format!("http://127.0.0.1:{}", served.port()));
    let sandbox = learner(&cache.host());
    sandbox
        .docker(&format!("run --rm {NAME}"))
        .ok()
        .says("made\n");
    let missing = sandbox.docker("pull nginx").fails(1);
    missing.complains("manifest for nginx:latest not found");
}

#[test]
fn the_upstream_can_be_configured() {
    let sandbox = learner("");
    let usual = "docker.io  (asked for what the practice hub lacks)\n";
    sandbox.docklings("config upstream").ok().says(usual);
    sandbox
        .docklings("config upstream localhost:5000")
        .ok()
        .mentions("http://localhost:5000  (asked for what the practice hub lacks, as `");
    sandbox
        .docklings("config upstream none")
        .ok()
        .mentions("none  (only the images of this machine, as `");
    sandbox
        .docklings("config upstream --unset")
        .ok()
        .says(usual);
    for (words, said) in [
        ("config upstream practice", "`practice` is no upstream"),
        ("config upstream a/b", "hint: say `none`, `docker.io`"),
        ("config upstream a b", "one upstream at most"),
    ] {
        sandbox.docklings(words).fails(2).complains(said);
    }
    sandbox.docklings("config hub localhost:5000").ok();
    sandbox
        .docklings("config upstream")
        .ok()
        .mentions("not used: names without a registry go to http://localhost:5000");
    let sandbox = learner("none");
    sandbox
        .docklings("config upstream")
        .ok()
        .says("none  (only the images of this machine, as `DOCKLINGS_UPSTREAM` says)\n");
}
