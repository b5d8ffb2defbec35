//! `docklings registry serve`: its start, its access rules, and its end.

use crate::support::registry::{Served, htpasswd, wait_for};
use crate::support::sandbox::Sandbox;
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Sends a request over a new connection; returns the whole answer.
fn ask(port: u16, head: &str, body: &[u8]) -> String {
    ask_as(port, head, "", body)
}

/// As [`ask`], with header lines.
fn ask_as(port: u16, head: &str, headers: &str, body: &[u8]) -> String {
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    send(port, head, &(host + headers), body)
}

/// As [`ask_as`], with all header lines.
fn send(port: u16, head: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "{head} HTTP/1.1\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    )
    .and_then(|()| stream.write_all(body))
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn location(answer: &str) -> String {
    let found = answer
        .split("location: ")
        .nth(1)
        .expect("it says where to go on");
    found.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn it_prints_its_address_and_requests_and_exits_cleanly() {
    let sandbox = Sandbox::new();
    for signal in [Signal::INT, Signal::TERM] {
        let mut served = Served::start(&sandbox, "");
        wait_for(&served, &format!("docker push {}/busybox", served.host()));
        assert!(ask(served.port(), "GET /v2/", b"").starts_with("HTTP/1.1 200"));
        wait_for(&served, "GET    /v2/ 200");
        assert_eq!(served.end(signal).code(), Some(0));
        wait_for(&served, "stopped; everything pushed stays in");
    }
}

#[test]
fn a_port_or_folder_in_use_is_reported_in_a_sentence() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let port = served.port();
    sandbox
        .docklings(&format!("registry serve --listen {port}"))
        .fails(1)
        .warns(&format!(
            "cannot listen on 127.0.0.1:{port}: another program listens there already\n\
             hint: take another port: docklings registry serve --listen 127.0.0.1:{}\n",
            port + 1
        ));
    sandbox
        .docklings("registry serve --listen 127.0.0.1:0")
        .fails(1)
        .complains("another registry serves `");
}

#[test]
fn a_registry_open_to_other_machines_needs_passwords_or_is_read_only() {
    let sandbox = Sandbox::new();
    sandbox
        .docklings("registry serve --listen 0.0.0.0:0")
        .fails(1)
        .complains("anyone there could push")
        .complains("--htpasswd");
    for (words, complaint) in [
        ("registry", "say what the registry is to do"),
        ("registry sreve", "unexpected word `sreve`"),
        (
            "registry serve --listen nowhere",
            "is no address to listen on",
        ),
        ("registry serve --anonymous-pull", "needs `--htpasswd FILE`"),
        ("registry serve --lsiten 1", "unknown flag `--lsiten`"),
    ] {
        sandbox
            .docklings(words)
            .fails(2)
            .complains(complaint)
            .complains("usage: docklings registry serve");
    }
    sandbox
        .docklings("registry serve --htpasswd missing")
        .fails(1)
        .complains("cannot read `missing`");
    sandbox.write("wrong", "alice:$apr1$x$y\n");
    sandbox
        .docklings("registry serve --htpasswd wrong")
        .fails(1)
        .complains("`wrong`, line 1: the hash is not bcrypt's");
}

#[test]
fn a_read_only_registry_serves_and_accepts_nothing() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "--read-only");
    assert!(ask(served.port(), "GET /v2/_catalog", b"").contains(r#"{"repositories":[]}"#));
    let answer = ask(served.port(), "POST /v2/a/blobs/uploads/", b"");
    assert!(
        answer.starts_with("HTTP/1.1 403") && answer.contains("this registry is read-only"),
        "{answer}"
    );
}

#[test]
fn without_a_password_it_answers_to_its_own_names_only_and_to_no_page_of_another_site() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "--name class.example");
    let check = |headers: &str, expected: &str| {
        for head in ["GET /v2/_catalog", "POST /v2/a/blobs/uploads/"] {
            let answer = send(served.port(), head, headers, b"");
            assert_eq!(
                answer.starts_with("HTTP/1.1 403"),
                !expected.is_empty(),
                "{answer}"
            );
            assert!(answer.contains(expected), "{answer}");
        }
    };
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    check(&format!("Host: localhost:{}\r\n", served.port()), "");
    check("Host: 127.0.0.1\r\n", "");
    check("Host: 192.168.1.7:5000\r\n", "");
    check("Host: class.example:5000\r\n", "");
    check(&format!("Host: {name}\r\n"), "");
    check(
        "Host: evil.example\r\n",
        "start it with `--name evil.example`",
    );
    let from = "Host: localhost\r\nOrigin: http://evil.example\r\n";
    check(from, "a web page of another site sent this request");
    check(
        "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n",
        "another site",
    );
    wait_for(&served, "every user of this machine may push to it");
    // If everything needs a password, a name is no secret and gives no access.
    sandbox.write("users", htpasswd("alice", "secret"));
    let served = Served::start(&sandbox, "--htpasswd users --root other");
    let answer = send(served.port(), "GET /v2/", "Host: any.example\r\n", b"");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    wait_for(&served, "Users in the password file may push to it");
}

#[test]
fn no_control_sequence_gets_into_its_log() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let path = "/v2/\u{9b}31mred\u{9d}0;PWN\u{9c}\u{202e}x";
    ask(served.port(), &format!("GET {path}"), b"");
    wait_for(
        &served,
        "GET    /v2/\\u009b31mred\\u009d0;PWN\\u009c\\u202ex 404",
    );
    assert!(!served.has_said("\u{9b}"));
}

/// A number of `/proc/PID/status`, in kB.
fn status_kb(served: &Served, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.pid()));
    let status = status.expect("it runs");
    let line = status.lines().find(|line| line.starts_with(field));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|text| text.parse().ok()).expect("a number")
}

#[test]
fn three_hundred_slow_clients_cost_little_and_delay_no_honest_client() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "--quiet");
    let port = served.port();
    let blob = vec![b'x'; 8 << 20];
    let digest = engine::oci::digest::Digest::of(&blob);
    let push = format!("POST /v2/a/blobs/uploads/?digest={digest}");
    assert!(ask(port, &push, &blob).starts_with("HTTP/1.1 201"));
    let slow: Vec<TcpStream> = (0..300_u16)
        .map(|number| {
            let address = [127, 0, 0, 1 + u8::try_from(number % 200).expect("small")];
            let mut stream = match number % 2 {
                0 => TcpStream::connect(("127.0.0.1", port)),
                _ => from(address, port),
            }
            .expect("it listens");
            let said = match number % 3 {
                0 => format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                1 => format!("POST /v2/s/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx"),
                _ => "GET /v2/ HTTP/1.1\r\nHo".to_owned(),
            };
            stream.write_all(said.as_bytes()).expect("it reads");
            stream
        })
        .collect();
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(|| {
                assert!(ask(port, "GET /v2/", b"").starts_with("HTTP/1.1 200"));
                let head = format!("HEAD /v2/a/blobs/{digest}");
                assert!(ask(port, &head, b"").starts_with("HTTP/1.1 200"));
            });
        }
    });
    // Alone, these requests take milliseconds; blocked by the slow clients, they would take half a minute.
    let took = begun.elapsed();
    assert!(took < std::time::Duration::from_secs(15), "{took:?}");
    let (peak, threads) = (status_kb(&served, "VmHWM"), status_kb(&served, "Threads"));
    assert!(peak < 128 * 1024, "{peak} kB");
    assert!(threads < 300, "{threads} threads");
    let open = std::fs::read_dir(format!("/proc/{}/fd", served.pid())).expect("it runs");
    assert!(open.count() < 1000);
    drop(slow);
}

/// A connection from another address of this machine.
fn from(address: [u8; 4], port: u16) -> std::io::Result<TcpStream> {
    use rustix::net::{AddressFamily, SocketAddrV4, SocketType, bind, connect, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new(address.into(), 0))?;
    connect(&socket, &SocketAddrV4::new([127, 0, 0, 1].into(), port))?;
    Ok(socket.into())
}

#[test]
fn a_kill_during_an_upload_loses_no_earlier_data() {
    let sandbox = Sandbox::new();
    let mut served = Served::start(&sandbox, "--root it");
    let whole = engine::oci::digest::Digest::of(b"whole");
    ask(
        served.port(),
        &format!("POST /v2/a/blobs/uploads/?digest={whole}"),
        b"whole",
    );
    let place = location(&ask(served.port(), "POST /v2/a/blobs/uploads/", b""));
    assert!(ask(served.port(), &format!("PATCH {place}"), b"first ").starts_with("HTTP/1.1 202"));
    // The registry is killed while the rest is being sent.
    let mut stream = TcpStream::connect(("127.0.0.1", served.port())).expect("it listens");
    write!(
        stream,
        "PATCH {place} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nlost"
    )
    .expect("it reads");
    assert_eq!(served.end(Signal::KILL).code(), None);
    let served = Served::start(&sandbox, "--root it");
    assert!(ask(served.port(), &format!("GET /v2/a/blobs/{whole}"), b"").ends_with("whole"));
    let state = ask(served.port(), &format!("GET {place}"), b"");
    let has = |range: &str| state.contains(&format!("range: {range}\r\n"));
    // The earlier bytes are there; of the rest, those that were written.
    assert!(has("0-5") || has("0-9"), "{state}");
    let rest: &[u8] = if has("0-5") { b"lost" } else { b"" };
    let all = engine::oci::digest::Digest::of(b"first lost");
    let answer = ask(served.port(), &format!("PUT {place}?digest={all}"), rest);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn a_password_file_is_made_without_another_program() {
    let sandbox = Sandbox::new();
    for password in ["first", "secret"] {
        sandbox
            .shell(&format!(
                "echo {password} | docklings registry passwd alice --htpasswd users"
            ))
            .ok()
            .says("alice has a password in users\n");
    }
    let served = Served::start(&sandbox, "--htpasswd users");
    let with = |login: &str| {
        ask_as(
            served.port(),
            "GET /v2/",
            &format!("Authorization: Basic {login}\r\n"),
            b"",
        )
    };
    // alice:secret, alice:first
    assert!(with("YWxpY2U6c2VjcmV0").starts_with("HTTP/1.1 200"));
    assert!(with("YWxpY2U6Zmlyc3Q=").starts_with("HTTP/1.1 401"));
    sandbox
        .docklings("registry passwd alice")
        .fails(2)
        .complains("needs `--htpasswd FILE`");
    sandbox
        .docklings("registry passwd --htpasswd users")
        .fails(2)
        .complains("say whose password it is");
    sandbox
        .docklings("registry passwd alice --htpasswd users")
        .fails(1)
        .complains("a password has 1 to 72 bytes");
}
