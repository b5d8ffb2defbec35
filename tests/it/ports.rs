//! Published ports: they lead to the container's address, and not to its loopback.

use crate::support::probe;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream, UdpSocket};
use std::time::Duration;

/// Longer than any answer takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);
/// The result at a published port of a server on loopback, or of none. A server that is reached sends its page.
const RESET: &str = "reset";

/// Visits `port` of this machine from outside the container; returns the last line of the answer.
fn visit(address: impl Into<std::net::IpAddr>, port: u16) -> String {
    let mut stream = TcpStream::connect((address.into(), port)).expect("the port is published");
    stream.set_read_timeout(Some(LIMIT)).expect("a limit");
    // The connection may be reset before the request; then the write fails.
    if stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_err() {
        return RESET.to_owned();
    }
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Ok(_) => answer.lines().last().unwrap_or("closed").to_owned(),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => RESET.to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// Starts a container `name` with a web server that listens at `listen`, and waits until it answers at `within` inside.
/// Returns the port of this machine that leads to its port 80.
fn serve(sandbox: &Sandbox, name: &str, listen: &str, within: &str) -> u16 {
    sandbox.write("site/index.html", "a page\n");
    let site = sandbox.work().join("site");
    sandbox
        .docker(&format!(
            "run -d --name {name} -p 80 -v {}:/www busybox httpd -f -p {listen}:80 -h /www",
            site.display()
        ))
        .ok()
        .warns("");
    sandbox
        .docker(&format!(
            "exec {name} sh -c 'until wget -q -O - http://{within}/; do :; done'"
        ))
        .ok()
        .says("a page\n");
    published(sandbox, name, "80/tcp")
}

fn published(sandbox: &Sandbox, name: &str, port: &str) -> u16 {
    let port = sandbox.docker(&format!("port {name} {port}")).ok();
    let line = port.lines()[0].to_owned();
    let (_, port) = line.rsplit_once(':').expect("an address");
    port.parse().expect("a port")
}

/// The rules, for a container with egress `outbound`.
fn check(outbound: &str) {
    let sandbox = Sandbox::new().with("DOCKLINGS_OUTBOUND", outbound);
    for (name, listen, within, answer) in [
        ("anywhere", "0.0.0.0", "127.0.0.1", "a page"),
        ("both", "[::]", "127.0.0.1", "a page"),
        ("own", "172.17.0.2", "172.17.0.2", "a page"),
        ("loopback", "127.0.0.1", "127.0.0.1", RESET),
        ("another", "127.0.0.2", "127.0.0.2", RESET),
        ("six", "[::1]", "[::1]", RESET),
    ] {
        let port = serve(&sandbox, name, listen, within);
        let said = visit(Ipv4Addr::LOCALHOST, port);
        assert_eq!(said, answer, "{outbound:?}: a server at {listen}");
        if TcpStream::connect((Ipv6Addr::LOCALHOST, port)).is_ok() {
            let said = visit(Ipv6Addr::LOCALHOST, port);
            assert_eq!(
                said, answer,
                "{outbound:?}: a server at {listen}, over IPv6"
            );
        }
    }
    sandbox
        .docker("run -d --name idle -p 80 busybox sleep 600")
        .ok()
        .warns("");
    let port = published(&sandbox, "idle", "80/tcp");
    assert_eq!(visit(Ipv4Addr::LOCALHOST, port), RESET, "no server listens");
    sandbox
        .docker("inspect -f '{{.NetworkSettings.IPAddress}}' idle own")
        .ok()
        .says("172.17.0.2\n172.17.0.2\n");
}

#[test]
fn a_port_leads_to_the_containers_address_and_not_to_its_loopback() {
    check("no");
}

#[test]
fn a_port_leads_there_with_egress_too() {
    requires!(Outbound);
    check("");
}

#[test]
fn datagrams_follow_the_same_rules() {
    requires!(Rustc);
    let sandbox = Sandbox::new().with("DOCKLINGS_OUTBOUND", "no");
    let probe = probe::mounted(&sandbox);
    let ask = |name: &str, listen: &str| {
        sandbox
            .docker(&format!(
                "run -d --name {name} {probe} -p 9000/udp busybox /probe echo {listen}:9000"
            ))
            .ok()
            .warns("");
        // The kernel's table of sockets shows ports in hexadecimal.
        sandbox
            .docker(&format!(
                "exec {name} sh -c 'until grep -q :2328 /proc/net/udp; do :; done'"
            ))
            .ok();
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| {
            socket.connect((Ipv4Addr::LOCALHOST, published(&sandbox, name, "9000/udp")))?;
            Ok(socket)
        })
    };
    let (open, shut) = (ask("open", "172.17.0.2"), ask("shut", "127.0.0.1"));
    let (open, shut) = (open.expect("a socket"), shut.expect("a socket"));
    shut.send(b"anybody?").expect("it is sent");
    open.send(b"hello").expect("it is sent");
    open.set_read_timeout(Some(LIMIT)).expect("a limit");
    let mut answer = [0; 16];
    let length = open.recv(&mut answer).expect("an answer");
    assert_eq!(&answer[..length], b"hello");
    // An answer to the earlier question would have arrived by now.
    shut.set_nonblocking(true).expect("ours");
    assert!(shut.recv(&mut answer).is_err(), "loopback answered");
}

#[test]
fn the_network_none_has_no_ports() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name alone --network none -p 127.0.0.1::80 busybox sleep 600")
        .ok()
        .warns("");
    sandbox.docker("port alone").ok().says("");
    sandbox
        .docker("inspect -f '{{.NetworkSettings.IPAddress}}|{{json .NetworkSettings.Ports}}' alone")
        .ok()
        .says("|{}\n");
}

#[test]
fn a_privileged_port_is_refused_to_an_ordinary_user_with_another_one() {
    requires!(OrdinaryUser);
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if first.is_ok_and(|first| first.trim() != "1024") {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name web -p 80:3000 busybox true")
        .fails(125)
        .complains("Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint")
        .complains("cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf (currently 1024), or choose a larger port number (>= 1024)");
}
