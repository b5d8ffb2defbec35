//! Servers that accept a connection and send nothing, or too little at a time.

use super::*;
use crate::image::remote::patiently;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

/// A server that runs `speak` on each connection; returns its address.
fn server(speak: impl Fn(TcpStream) + Send + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let speak = speak.clone();
            thread::spawn(move || speak(stream));
        }
    });
    format!("127.0.0.1:{port}")
}

/// A world with a short timeout for a first answer, and the messages that its user sees.
fn hasty() -> (World, Arc<Mutex<Vec<String>>>) {
    let (mut world, told) = (World::new(), Arc::new(Mutex::new(Vec::new())));
    world.remote.patience.first = Duration::from_secs(1);
    world.remote.patience.quiet = Duration::from_millis(100);
    let record = Arc::clone(&told);
    world.remote.waiting =
        Arc::new(move |registry| record.lock().unwrap().push(registry.to_owned()));
    (world, told)
}

#[track_caller]
fn gives_up(host: &str) -> Vec<String> {
    let (mut world, told) = hasty();
    let begun = Instant::now();
    let error = world.pull(&format!("{host}/app:1")).unwrap_err();
    let message = error.message();
    assert!(
        message.ends_with("(Client.Timeout exceeded while awaiting headers)"),
        "{message}"
    );
    assert!(
        error.hint().unwrap().contains("is it a registry"),
        "{error:?}"
    );
    // Much less than the minute that each step may take.
    assert!(begun.elapsed() < world.remote.patience.silence / 2);
    world.is_empty();
    let told = told.lock().unwrap();
    told.clone()
}

#[test]
fn a_registry_that_never_answers_is_given_up_and_who_waits_is_told_once_for_whom() {
    let host = server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    assert_eq!(gives_up(&host), [host]);
}

#[test]
fn a_header_that_never_ends_is_given_up() {
    let host = server(|mut stream| {
        let mut first = [0];
        // A client that starts with TLS is disconnected.
        if stream.read_exact(&mut first).is_err() || first == [0x16] {
            return;
        }
        let mut line: &[u8] = b"HTTP/1.1 200 OK\r\n";
        while stream.write_all(line).is_ok() {
            line = b"X-More: x\r\n";
            thread::park_timeout(Duration::from_millis(50));
        }
    });
    gives_up(&host);
}

#[test]
fn a_manifest_that_dribbles_is_refused_and_a_blob_that_is_slow_is_taken() {
    let image = Image::new(&[4000]);
    let served = image.clone();
    let slow = |pace| {
        move |asked: &Asked, part: &str, reply: Reply| match asked.path.contains(part) {
            true => Reply {
                pace: Some(pace),
                ..reply
            },
            false => reply,
        }
    };
    let blobs = slow((1000, Duration::from_millis(600)));
    let server = Server::new(move |asked| blobs(asked, "/blobs/", served.answer(asked)));
    let mut world = World::new();
    world.remote.patience.silence = Duration::from_secs(2);
    world.pull(&format!("{}/app:1", server.host())).unwrap();
    let manifests = slow((1, Duration::from_millis(100)));
    let server = Server::new(move |asked| manifests(asked, "/manifests/", image.answer(asked)));
    let mut world = World::new();
    world.remote.patience.silence = Duration::from_secs(2);
    let error = world.pull(&format!("{}/app:1", server.host())).unwrap_err();
    assert!(error.message().ends_with("the answer broke off"), "{error}");
}

#[test]
fn a_web_server_that_says_nothing_is_given_up() {
    let patience = Patience {
        silence: Duration::from_millis(500),
        ..World::new().remote.patience
    };
    let begun = Instant::now();
    for before in [
        "",
        "HTTP/1.1 200 OK\r\nX: y\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
    ] {
        let host = server(move |mut stream| {
            let _ = stream.write_all(before.as_bytes());
            drop(stream.read_to_end(&mut Vec::new()));
        });
        let agent: ureq::Agent = patiently(patience).build().into();
        let answer = agent.get(format!("http://{host}/x.tar")).call();
        let read = answer.and_then(|answer| answer.into_body().read_to_vec());
        assert!(read.is_err(), "{before}: {read:?}");
    }
    assert!(begun.elapsed() < World::new().remote.patience.silence);
}
