//! A container's network: its interface, its egress, and its resolver settings.
//!
//! This needs no Internet: the test's servers listen on the machine's own address, which looks remote to a container
//! with its own network.

use crate::support::process::eventually;
use crate::support::requires::{own_address, requires};
use crate::support::sandbox::Sandbox;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::{fs, thread};

/// Answers every request at `ip` with a greeting, until the test ends. Returns its address.
fn greeter(ip: IpAddr) -> SocketAddr {
    let listener = TcpListener::bind((ip, 0)).expect("a port is free");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"));
        }
    });
    address
}

/// A greeter on the address by which others reach the machine.
fn outside() -> SocketAddr {
    greeter(own_address().expect("was required"))
}

/// The command with which a container requests `address`, for a limited time.
fn ask(address: impl std::fmt::Display) -> String {
    format!("timeout -s KILL 60 wget -q -O - http://{address}/")
}

/// Processes below `pid`, with their names.
fn below(pid: i32) -> Vec<(i32, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let Some((head, tail)) = stat.rsplit_once(')') else {
            continue;
        };
        let (child, name) = head.split_once(" (").unwrap_or_default();
        let fields: Vec<&str> = tail.split_whitespace().collect();
        if fields.first() != Some(&"Z") {
            let parent = fields.get(1).and_then(|field| field.parse().ok());
            all.push((
                child.parse().unwrap_or(0),
                name.to_owned(),
                parent.unwrap_or(0),
            ));
        }
    }
    let mut found: Vec<(i32, String)> = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for (child, name, _) in all.iter().filter(|(.., of)| *of == parent) {
            parents.push(*child);
            found.push((*child, name.clone()));
        }
    }
    found
}

/// The monitor of a running container.
fn monitor_of(sandbox: &Sandbox, name: &str) -> i32 {
    let pid = sandbox
        .docker(&format!("inspect -f '{{{{.State.Pid}}}}' {name}"))
        .ok();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.text())).expect("it runs");
    let (_, tail) = stat.rsplit_once(')').expect("a name in parentheses");
    let parent = tail.split_whitespace().nth(1).expect("a parent");
    parent.parse().expect("a number")
}

/// Whether an uplink process serves the container.
fn is_served(monitor: i32) -> bool {
    below(monitor)
        .iter()
        .any(|(_, name)| name == "docklings-net")
}

#[test]
fn the_interface_exists_before_the_program_runs_and_inspect_shows_it() {
    requires!(Outbound);
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box -h box busybox sh -c 'ip -o -4 addr show eth0; cat /sys/class/net/eth0/address; ip route; tail -1 /etc/hosts'")
        .ok()
        .says(
            "2: eth0    inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0\\       valid_lft forever preferred_lft forever\n\
             02:42:ac:11:00:02\n\
             default via 172.17.0.1 dev eth0 \n\
             172.17.0.0/16 dev eth0 scope link  src 172.17.0.2 \n\
             172.17.0.2\tbox\n",
        );
    let shown = "{{with .NetworkSettings}}{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}} {{.MacAddress}} {{.Networks.bridge.IPAddress}}{{end}}";
    let inspect = format!("inspect -f '{shown}' ");
    sandbox
        .docker(&format!("{inspect} box"))
        .ok()
        .says("/0   \n");
    sandbox
        .docker("run -d --name other --mac-address 92-D0-c6-0a-29-33 busybox sleep 600")
        .ok()
        .warns("");
    sandbox
        .docker(&format!("{inspect} other"))
        .ok()
        .says("172.17.0.2/16 172.17.0.1 92:d0:c6:0a:29:33 172.17.0.2\n");
    sandbox
        .docker("exec other cat /sys/class/net/eth0/address")
        .ok()
        .says("92:d0:c6:0a:29:33\n");
}

#[test]
fn a_container_reaches_the_world_and_its_uplink_starts_only_then() {
    requires!(Outbound);
    let sandbox = Sandbox::new();
    let server = outside();
    sandbox.sleeping("box");
    let monitor = monitor_of(&sandbox, "box");
    assert!(!is_served(monitor), "{:?}", below(monitor));
    sandbox
        .docker(&format!("exec box {}", ask(server)))
        .ok()
        .says("hello\n");
    assert!(is_served(monitor));
    let all: Vec<PathBuf> = below(monitor)
        .iter()
        .map(|(pid, _)| PathBuf::from(format!("/proc/{pid}")))
        .collect();
    sandbox.docker("stop -t 0 box").ok().says("box\n");
    eventually("the uplink process has ended with the container", || {
        is_gone(&all)
    });
    sandbox
        .docker(&format!("run --rm --init busybox {}", ask(server)))
        .ok()
        .says("hello\n");
}

fn is_gone(processes: &[PathBuf]) -> bool {
    processes.iter().all(|path| {
        fs::read_to_string(path.join("stat"))
            .ok()
            .and_then(|stat| {
                stat.rsplit(')')
                    .next()
                    .map(|rest| rest.trim_start().starts_with('Z'))
            })
            .unwrap_or(true)
    })
}

#[test]
fn no_process_stays_when_the_monitor_is_killed() {
    requires!(Outbound);
    let sandbox = Sandbox::new();
    let server = outside();
    for program in ["passt", "slirp4netns"] {
        if !installed(program) {
            continue;
        }
        let line = format!(
            "DOCKLINGS_OUTBOUND={program} docker run -d --name {program} busybox sh -c '{}; sleep 600'",
            ask(server)
        );
        sandbox.shell(&line).ok().warns("");
        let monitor = monitor_of(&sandbox, program);
        eventually("the container has reached the world", || {
            sandbox.docker(&format!("logs {program}")).stdout == "hello\n"
        });
        let all: Vec<PathBuf> = below(monitor)
            .iter()
            .map(|(pid, _)| PathBuf::from(format!("/proc/{pid}")))
            .collect();
        assert!(all.len() >= 4, "{:?}", below(monitor));
        let monitor = rustix::process::Pid::from_raw(monitor).expect("a pid");
        rustix::process::kill_process(monitor, rustix::process::Signal::KILL).expect("it runs");
        eventually("all processes have ended with the monitor", || {
            is_gone(&all)
        });
    }
}

fn installed(program: &str) -> bool {
    ["/usr/bin", "/usr/sbin", "/usr/local/bin"]
        .iter()
        .any(|folder| PathBuf::from(folder).join(program).exists())
}

#[test]
fn the_machines_loopback_is_not_reached_from_a_container() {
    requires!(Outbound);
    let sandbox = Sandbox::new();
    let (world, inside) = (outside(), greeter(IpAddr::from([127, 0, 0, 1])));
    let port = inside.port();
    sandbox
        .docker(&format!(
            "run --rm --init --network host busybox {}",
            ask(inside)
        ))
        .ok()
        .says("hello\n");
    for program in ["passt", "slirp4netns"] {
        if !installed(program) {
            continue;
        }
        let sandbox = Sandbox::new().with("DOCKLINGS_OUTBOUND", program);
        let asks = [
            "127.0.0.1",
            "172.17.0.1",
            "172.17.0.2",
            "10.0.2.2",
            "0.0.0.0",
        ]
        .map(|address| format!("timeout -s KILL 2 wget -q -O - http://{address}:{port}/ &"));
        // The only answer is the outside greeter's: there is egress, and it does not lead back to the machine.
        let script = format!("{}; {} wait", ask(world), asks.join(" "));
        sandbox
            .docker(&format!("run --rm --init busybox sh -c '{script}'"))
            .says("hello\n");
    }
}

#[test]
fn slirp4netns_is_used_on_request() {
    requires!(Outbound, Tool("slirp4netns"));
    let sandbox = Sandbox::new().with("DOCKLINGS_OUTBOUND", "slirp4netns");
    let server = outside();
    sandbox
        .docker(&format!("run --init --name box busybox {}", ask(server)))
        .ok()
        .says("hello\n");
    sandbox.sleeping("other");
    sandbox
        .docker("inspect -f '{{.NetworkSettings.Networks.bridge.DriverOpts.outbound}}' other")
        .ok()
        .says("slirp4netns\n");
}

#[test]
fn without_egress_a_container_has_loopback_and_says_why() {
    let sandbox = Sandbox::new().with("DOCKLINGS_OUTBOUND", "no");
    sandbox
        .docker("run --rm busybox sh -c 'ls /sys/class/net; tail -1 /etc/hosts | cut -f1'")
        .ok()
        .says("lo\n172.17.0.2\n");
    sandbox.sleeping("box");
    sandbox
        .docker("inspect -f '{{.NetworkSettings.IPAddress}}|{{.NetworkSettings.Networks.bridge.DriverOpts.outbound}}' box")
        .ok()
        .says("172.17.0.2|none: it is turned off\n");
    sandbox
        .docklings("doctor")
        .status_code_is_not(101)
        .mentions("turned off");
    Sandbox::new()
        .with("DOCKLINGS_OUTBOUND", "yes")
        .docker("ps")
        .fails(1)
        .complains("`DOCKLINGS_OUTBOUND` is `yes`");
}

#[test]
fn a_program_that_fails_does_not_stop_the_container() {
    requires!(Outbound);
    let sandbox = Sandbox::new();
    let fake = sandbox.bin().join("passt");
    fs::write(&fake, "#!/bin/sh\necho it is broken >&2\nexit 1\n").expect("can be written");
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).expect("ours");
    sandbox
        .docker(&format!(
            "run --rm busybox sh -c 'timeout -s KILL 2 wget -q -O - http://{}/; echo goes on'",
            outside()
        ))
        .ok()
        .says("goes on\n");
}

#[test]
fn run_in_a_build_has_the_same_egress() {
    requires!(Outbound);
    let sandbox = Sandbox::new();
    let server = outside();
    sandbox.write(
        "Dockerfile",
        format!("FROM busybox\nRUN {} > /got && ls /sys/class/net > /net\nRUN --network=none ls /sys/class/net > /alone\nRUN --network=host {} >> /got\n", ask(server), ask(server)),
    );
    sandbox.docker("build -q -t built .").ok().warns("");
    sandbox
        .docker("run --rm --network none built cat /got /net /alone")
        .ok()
        .says("hello\nhello\neth0\nlo\nlo\n");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN grep -w db /etc/hosts > /db\n",
    );
    sandbox
        .docker("build -q --add-host db:192.0.2.9 -t named .")
        .ok()
        .warns("");
    sandbox
        .docker("run --rm named cat /db")
        .ok()
        .mentions("192.0.2.9\tdb\n");
    sandbox.write("Dockerfile", "FROM busybox\nRUN ls /sys/class/net > /net\n");
    sandbox
        .docker("build -q --network none -t alone .")
        .ok()
        .warns("");
    sandbox.docker("run --rm alone cat /net").ok().says("lo\n");
}

#[test]
fn name_lookups_follow_the_flags() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm --dns 9.9.9.9 --dns 8.8.8.8 busybox grep nameserver /etc/resolv.conf")
        .ok()
        .says("nameserver 9.9.9.9\nnameserver 8.8.8.8\n");
    sandbox
        .docker("create --name box --dns 9.9.9.9 --shm-size 1m busybox")
        .ok()
        .warns("");
    sandbox
        .docker("inspect -f '{{.HostConfig.Dns}} {{.HostConfig.ShmSize}}' box")
        .ok()
        .says("[9.9.9.9] 1048576\n");
    for (flag, complaint) in [
        (
            "--dns x",
            "invalid argument \"x\" for \"--dns\" flag: IP address is not correctly formatted: x",
        ),
        ("--dns-search a", "`--dns-search` is not part of docklings"),
        ("--mac-address no", "no is not a valid mac address"),
    ] {
        sandbox
            .docker(&format!("run --rm {flag} busybox true"))
            .fails(125)
            .complains(complaint);
    }
}

#[test]
fn shared_memory_has_the_requested_size() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm --shm-size 1m busybox sh -c 'df -k /dev/shm | tail -1 | tr -s \" \" | cut -d\" \" -f2'")
        .ok()
        .says("1024\n");
}

#[test]
fn the_three_networks_are_listed_and_no_other_is_made() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("network ls --format '{{.Name}} {{.Driver}} {{.Scope}}'")
        .ok()
        .says("bridge bridge local\nhost host local\nnone null local\n");
    let ids = sandbox.docker("network ls -q --no-trunc").ok();
    sandbox
        .docker("run -d --name box --network none busybox sleep 600")
        .ok()
        .warns("");
    sandbox
        .docker("inspect -f '{{.NetworkSettings.Networks.none.NetworkID}}' box")
        .ok()
        .says(&format!("{}\n", ids.lines()[2]));
    sandbox
        .docker("network inspect -f '{{.Name}} {{range .Containers}}{{.Name}}{{end}}' none bridge")
        .ok()
        .says("none box\nbridge \n");
    sandbox
        .docker("network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}' bridge")
        .ok()
        .says("172.17.0.0/16 172.17.0.1\n");
    sandbox
        .docker("network inspect nope")
        .fails(1)
        .complains("network nope not found");
    sandbox
        .docker("network create mine")
        .fails(1)
        .complains("`docker network create` is not part of docklings");
}
