//! Ctrl-C during a pull.

use crate::support::process::LIMIT;
use crate::support::sandbox::Sandbox;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// So much that no test could receive it.
const ENDLESS: u64 = 1 << 40;

/// A registry with one image whose only layer never ends. It reports when part of the layer was sent.
fn endless(sender: &Sender<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let sender = sender.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            // The client is expected to disconnect.
            thread::spawn(move || drop(answer(stream, &sender)));
        }
    });
    port
}

fn answer(mut stream: TcpStream, sender: &Sender<()>) -> std::io::Result<()> {
    let mut first = [0];
    stream.peek(&mut first)?;
    // The client tries TLS first, which this server does not have.
    if !first[0].is_ascii_alphabetic() {
        return Ok(());
    }
    let layer = format!("sha256:{}", "0".repeat(64));
    let config = format!(
        "{{\"architecture\":\"{}\",\"os\":\"linux\",\"config\":{{}},\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[\"{layer}\"]}}}}",
        match std::env::consts::ARCH {
            "aarch64" => "arm64",
            _ => "amd64",
        }
    );
    let manifest = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{{\"mediaType\":\
         \"application/vnd.oci.image.config.v1+json\",\"digest\":\"{}\",\"size\":{}}},\"layers\":[{{\"mediaType\":\
         \"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"{layer}\",\"size\":{ENDLESS}}}]}}",
        digest(&config),
        config.len()
    );
    let mut lines = BufReader::new(stream.try_clone()?)
        .lines()
        .map_while(Result::ok);
    let asked = lines.next().unwrap_or_default();
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let (kind, body) = match asked.split(' ').nth(1).unwrap_or_default() {
        "/v2/" => ("application/json", "{}".to_owned()),
        path if path.contains("/manifests/") => {
            ("application/vnd.oci.image.manifest.v1+json", manifest)
        }
        path if path.ends_with(&digest(&config)) => ("application/octet-stream", config),
        _ => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {ENDLESS}\r\n\r\n"
            )?;
            stream.write_all(&header())?;
            let zeros = vec![0; 1 << 20];
            loop {
                stream.write_all(&zeros)?;
                // The receiver may have stopped listening.
                let _ = sender.send(());
            }
        }
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// The header of a tar entry for a file of 7 GiB, the largest size that octal digits can express: `tar(5)`.
fn header() -> [u8; 512] {
    let mut header = [0; 512];
    header[..4].copy_from_slice(b"file");
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(b"70000000000\0");
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[test]
fn control_c_ends_a_pull_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let (sender, receiver) = channel();
    let port = endless(&sender);
    let pull = sandbox.spawn(&format!("pull localhost:{port}/app:v1"));
    for _ in 0..8 {
        receiver
            .recv_timeout(LIMIT)
            .expect("some of the layer has gone");
    }
    kill(Pid::from_raw(pull.pid()), Signal::SIGINT).expect("it runs");
    pull.finish()
        .fails(130)
        .mentions("v1: Pulling from app\n")
        .warns("context canceled\n");
    let left: Vec<_> = fs::read_dir(sandbox.home().join("content/tmp"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left, [""; 0]);
    sandbox
        .docker("images -q --filter reference=localhost:*/app")
        .ok()
        .says("");
}
