//! Names and the way out, where the machine's name server is not behind loopback: on a machine of the test's own, through
//! both programs, in `run` and `RUN`, as root and as an ordinary user.

use crate::support::machine::{ADDRESS, Machine, NAME, User, on_own_machine};
use crate::support::requires::requires;
use std::io::Write;

/// The programs that may lead out; the test needs both.
const WAYS: [&str; 2] = ["passt", "slirp4netns"];

/// Does `work` as root and as an ordinary user.
fn as_both(work: impl Fn(&Machine) + Sync) {
    on_own_machine(&User::Root, &work);
    match User::ordinary() {
        Some(user) => on_own_machine(&user, &work),
        // Not `eprintln!`: the harness captures that.
        None => drop(writeln!(
            std::io::stderr(),
            "SKIPPED the half of an ordinary user: none has subordinate ids"
        )),
    }
}

/// The container's words for a visit by name.
fn visit(name: &str) -> String {
    format!("busybox timeout -s KILL 60 wget -q -O - http://{name}/")
}

#[test]
fn names_are_found_whatever_the_machines_resolver_is() {
    requires!(
        Root,
        Outbound,
        Tool("passt"),
        Tool("slirp4netns"),
        Tool("ip")
    );
    as_both(|machine| {
        machine.route("add default via 10.99.0.254");
        for (resolver, flags, name) in [
            ("nameserver 10.99.0.1\n", "", NAME),
            ("nameserver 10.99.0.1\nnameserver 10.99.0.9\n", "", NAME),
            ("search names.test\nnameserver 10.99.0.1\n", "", "host"),
            ("nameserver 2001:db8::53\nnameserver 10.99.0.1\n", "", NAME),
            ("nameserver 127.0.0.1\nnameserver 10.99.0.1\n", "", NAME),
            (
                "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n",
                "",
                NAME,
            ),
            ("nameserver 127.0.0.53\n", "--dns 10.99.0.1", NAME),
            ("nameserver 10.99.0.9\n", "--dns 10.99.0.1", NAME),
            (
                "nameserver 10.99.0.1\n",
                "--dns 10.99.0.1 --dns-search names.test",
                "host",
            ),
        ] {
            machine.resolve_by(resolver);
            for way in WAYS {
                let words = format!("run --rm --init {flags} {}", visit(name));
                machine.docker(way, &words).ok().says("hello\n");
            }
        }
    });
}

#[test]
fn the_first_question_of_a_container_is_answered_and_not_asked_again() {
    requires!(
        Root,
        Outbound,
        Tool("passt"),
        Tool("slirp4netns"),
        Tool("ip")
    );
    as_both(|machine| {
        machine.route("add default via 10.99.0.254");
        for resolver in ["nameserver 10.99.0.1\n", "nameserver 127.0.0.53\n"] {
            machine.resolve_by(resolver);
            for way in WAYS {
                // On a machine under load a resolver may lose its patience; not five times.
                let once = (0..5).any(|_| {
                    machine.times_asked();
                    let words = format!("run --rm --init {}", visit(NAME));
                    machine.docker(way, &words).ok().says("hello\n");
                    machine.times_asked() == 1
                });
                assert!(once, "{way} {resolver}");
            }
        }
    });
}

#[test]
fn a_build_step_finds_names() {
    requires!(
        Root,
        Outbound,
        Tool("passt"),
        Tool("slirp4netns"),
        Tool("ip")
    );
    as_both(|machine| {
        machine.route("add default via 10.99.0.254");
        let step = visit(NAME).replacen("busybox ", "", 1);
        machine
            .sandbox
            .write("Dockerfile", format!("FROM busybox\nRUN {step} > /got\n"));
        for resolver in ["nameserver 10.99.0.1\n", "nameserver 127.0.0.53\n"] {
            machine.resolve_by(resolver);
            for way in WAYS {
                machine
                    .docker(way, "build --no-cache -q -t built .")
                    .ok()
                    .warns("");
                machine
                    .docker(way, "run --rm built cat /got")
                    .ok()
                    .says("hello\n");
            }
        }
    });
}

#[test]
fn a_machine_without_a_default_route_is_reached_with_its_neighbours() {
    requires!(
        Root,
        Outbound,
        Tool("passt"),
        Tool("slirp4netns"),
        Tool("ip")
    );
    as_both(|machine| {
        machine.resolve_by(&format!("nameserver {ADDRESS}\n"));
        for way in WAYS {
            let words = format!("run --rm --init {}", visit(NAME));
            machine.docker(way, &words).ok().says("hello\n");
        }
    });
}
