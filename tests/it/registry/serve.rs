//! `docklings registry serve`: how it begins, whom it lets in, and how it ends.

use crate::support::registry::{Served, wait_for};
use crate::support::sandbox::Sandbox;
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::TcpStream;

/// A request over a connection of its own; returns the whole answer.
fn ask(port: u16, head: &str, body: &[u8]) -> String {
    ask_as(port, head, "", body)
}

/// As [`ask`], with header lines.
fn ask_as(port: u16, head: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
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
fn it_says_where_it_listens_and_what_comes_and_ends_well() {
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
fn a_taken_port_and_a_taken_folder_are_told_in_a_sentence() {
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
fn whoever_is_reached_from_other_machines_asks_for_a_password_or_takes_nothing() {
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
fn a_read_only_registry_serves_and_takes_nothing() {
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
fn a_kill_in_the_middle_of_an_upload_loses_nothing_that_was_there() {
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
    // The rest is on its way when it is killed.
    let mut stream = TcpStream::connect(("127.0.0.1", served.port())).expect("it listens");
    write!(
        stream,
        "PATCH {place} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nlost"
    )
    .expect("it reads");
    assert_eq!(served.end(Signal::KILL).code(), None);
    let served = Served::start(&sandbox, "--root it");
    assert!(ask(served.port(), &format!("GET /v2/a/blobs/{whole}"), b"").ends_with("whole"));
    let state = ask(served.port(), &format!("GET {place}"), b"");
    let has = |range: &str| state.contains(&format!("range: {range}\r\n"));
    // What came before is there; of the rest, what was written.
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
