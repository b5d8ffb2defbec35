//! Name lookups and egress if the machine's name server is not on loopback: on a machine made by the test, through both
//! programs, in `run` and `RUN`, as root and as an ordinary user.

use crate::support::machine::{ADDRESS, Machine, NAME, User, on_own_machine};
use crate::support::requires::requires;
use std::io::Write;

/// The egress programs; the test needs both.
const WAYS: [&str; 2] = ["passt", "slirp4netns"];

/// Runs `work` as root and as an ordinary user.
fn as_both(work: impl Fn(&Machine) + Sync) {
    on_own_machine(&User::Root, &work);
    match User::ordinary() {
        Some(user) => on_own_machine(&user, &work),
        // Not `eprintln!`, since the harness captures that.
        None => drop(writeln!(
            std::io::stderr(),
            "SKIPPED the half of an ordinary user: none has subordinate ids"
        )),
    }
}

/// The words of a container that visits `name`.
fn visit(name: &str) -> String {
    format!("busybox timeout -s KILL 60 wget -q -O - http://{name}/")
}

#[test]
fn names_are_resolved_with_any_resolver_of_the_machine() {
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
fn the_first_lookup_of_a_container_is_answered_without_a_retry() {
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
                // Under load, a resolver may time out; not five times.
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
fn a_build_step_resolves_names() {
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
fn a_machine_without_a_default_route_and_its_neighbours_are_reached() {
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

#[test]
fn a_machine_without_a_network_says_so_at_once() {
    requires!(
        Root,
        Outbound,
        Tool("passt"),
        Tool("slirp4netns"),
        Tool("ip")
    );
    as_both(|machine| {
        machine.resolve_by("nameserver 10.99.0.9\n");
        machine.route("del 10.99.0.0/24");
        for way in WAYS {
            // With egress, the lookup would wait for the server until `timeout` ends it.
            let words = format!("run --rm {}", visit(NAME));
            machine
                .docker(way, &words)
                .fails(1)
                .complains("bad address");
        }
    });
}
