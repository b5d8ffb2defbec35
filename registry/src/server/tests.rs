//! Over a real connection: what HTTP itself requires of a server, and how the server stops.

use super::*;
use crate::Registry;
use crate::auth::{Access, Gate};
use crate::names::Repository;
use crate::store::Store;
use engine::oci::digest::Digest;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;

/// More than anything here takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);

struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<()>>,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        Self::start_within(Limits::default())
    }

    fn start_within(limits: Limits) -> Self {
        Self::start_after(None, limits, |_, _| ()).0
    }

    /// Runs `before` while the server cannot serve yet; connections to its address wait until it can.
    fn start_after<T>(
        idle: Option<Duration>,
        limits: Limits,
        before: impl FnOnce(&Store, SocketAddr) -> T,
    ) -> (Self, T) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let done = before(&store, address);
        let registry = Registry::new(store, Gate::new(Access::Open, false));
        let stop = Arc::new(AtomicBool::new(false));
        let life = Life {
            idle,
            limits,
            goes_on: Some({
                let stop = Arc::clone(&stop);
                Box::new(move || !stop.load(Ordering::Relaxed))
            }),
            ..Life::default()
        };
        let thread = std::thread::spawn(move || serve(Listener::Tcp(listener), registry, life));
        let running = Self {
            address,
            stop,
            thread,
            _folder: folder,
        };
        (running, done)
    }

    fn connect(&self) -> Connection {
        Connection::to(self.address)
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap().unwrap();
    }
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Whether the server closes the connection, whatever it sends first.
    fn ends(&mut self) -> bool {
        match self.0.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// A request with a body of known length.
    fn request(&mut self, line: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
        self.send(
            format!(
                "{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
                body.len()
            )
            .as_bytes(),
        );
        self.send(body);
        self.answer(line.starts_with("HEAD"))
    }

    /// Status, headers in lower case, body.
    fn answer(&mut self, is_head: bool) -> (u16, String, Vec<u8>) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.0.read_line(&mut head).unwrap() > 0, "{head}");
        }
        let head = head.to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next());
        let mut body = vec![
            0;
            if is_head {
                0
            } else {
                length.map_or(0, |text| text.parse().unwrap())
            }
        ];
        self.0.read_exact(&mut body).unwrap();
        (status, head, body)
    }
}

fn location(head: &str) -> &str {
    head.split("location: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap()
}

/// Incompressible, with no repetition.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let step = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(step).take(length).collect()
}

#[test]
fn one_connection_serves_many_requests_and_a_head_has_a_length_and_no_body() {
    let running = Running::start();
    let mut connection = running.connect();
    let (status, head, body) = connection.request("GET /v2/", b"");
    assert_eq!((status, body.as_slice()), (200, b"{}".as_slice()));
    assert!(
        head.contains("docker-distribution-api-version: registry/2.0"),
        "{head}"
    );
    let digest = Digest::of(b"hello");
    assert_eq!(
        connection
            .request(
                &format!("POST /v2/a/blobs/uploads/?digest={digest}"),
                b"hello"
            )
            .0,
        201
    );
    let (status, head, _) = connection.request(&format!("HEAD /v2/a/blobs/{digest}"), b"");
    assert!(
        status == 200 && head.contains("content-length: 5\r\n"),
        "{head}"
    );
    assert_eq!(
        connection
            .request(&format!("GET /v2/a/blobs/{digest}"), b"")
            .2,
        b"hello"
    );
    let (status, _, body) = connection.request("GET /nothing", b"");
    assert!(status == 404 && String::from_utf8_lossy(&body).contains("UNSUPPORTED"));
    running.end();
}

#[test]
fn a_large_blob_flows_in_without_a_length_and_out_again() {
    let running = Running::start();
    let bytes = noise(9 << 20);
    let digest = Digest::of(&bytes);
    let mut connection = running.connect();
    let (_, head, _) = connection.request("POST /v2/a/b/blobs/uploads/", b"");
    let place = location(&head).to_owned();
    // As Docker up to 28 sends it: chunked, and waiting for `100 Continue`.
    connection.send(format!("PATCH {place} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n").as_bytes());
    assert_eq!(connection.answer(true).0, 100);
    for chunk in bytes.chunks(1_000_003) {
        connection.send(format!("{:x}\r\n", chunk.len()).as_bytes());
        connection.send(chunk);
        connection.send(b"\r\n");
    }
    connection.send(b"0\r\n\r\n");
    let (status, head, _) = connection.answer(false);
    assert!(
        status == 202 && head.contains(&format!("range: 0-{}\r\n", bytes.len() - 1)),
        "{head}"
    );
    assert_eq!(
        connection
            .request(&format!("PUT {place}?digest={digest}"), b"")
            .0,
        201
    );
    let (status, _, body) = connection.request(&format!("GET /v2/a/b/blobs/{digest}"), b"");
    assert!(status == 200 && body == bytes);
    running.end();
}

#[test]
fn a_client_that_leaves_in_the_middle_can_resume() {
    let running = Running::start();
    let mut connection = running.connect();
    let (_, head, _) = connection.request("POST /v2/a/blobs/uploads/", b"");
    let place = location(&head).to_owned();
    connection.send(
        format!("PATCH {place} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n").as_bytes(),
    );
    connection.send(&[7; 40]);
    drop(connection);
    let mut connection = running.connect();
    // The other request begins and ends when the server notices.
    let begun = Instant::now();
    loop {
        let (status, head, _) = connection.request(&format!("GET {place}"), b"");
        if status == 204 && head.contains("range: 0-39\r\n") {
            break;
        }
        assert!(begun.elapsed() < LONG, "{head}");
        std::thread::yield_now();
    }
    let digest = Digest::of(&[7; 100]);
    let line = format!(
        "PUT {place}?digest={digest} HTTP/1.1\r\nHost: x\r\nContent-Range: 40-99\r\nContent-Length: 60\r\n\r\n"
    );
    connection.send(line.as_bytes());
    connection.send(&[7; 60]);
    assert_eq!(connection.answer(false).0, 201);
    running.end();
}

#[test]
fn a_refused_client_gets_the_answer_although_it_still_sends() {
    let running = Running::start();
    let (status, _, body) = running
        .connect()
        .request("PUT /v2/a/manifests/v1", &noise(6 << 20));
    assert!(status == 413 && String::from_utf8_lossy(&body).contains("SIZE_INVALID"));
    let missing = "0".repeat(32);
    let (status, _, _) = running.connect().request(
        &format!("PATCH /v2/a/blobs/uploads/{missing}"),
        &noise(6 << 20),
    );
    assert_eq!(status, 404);
    running.end();
}

#[test]
fn many_push_the_same_blob_at_once() {
    let running = Running::start();
    let bytes = noise(1 << 20);
    let digest = Digest::of(&bytes);
    std::thread::scope(|scope| {
        for name in ["a", "b", "a", "c", "a", "b", "d", "a"] {
            let (running, bytes, digest) = (&running, &bytes, &digest);
            scope.spawn(move || {
                let mut connection = running.connect();
                let (status, ..) = connection.request(
                    &format!("POST /v2/{name}/blobs/uploads/?digest={digest}"),
                    bytes,
                );
                assert_eq!(status, 201);
                assert!(
                    connection
                        .request(&format!("GET /v2/{name}/blobs/{digest}"), b"")
                        .2
                        == *bytes
                );
            });
        }
    });
    running.end();
}

#[test]
fn malformed_requests_are_answered_and_end_nothing() {
    let running = Running::start();
    for nonsense in [
        b"\0\0\0\0\r\n\r\n".as_slice(),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nbroken\r\n\r\n",
    ] {
        let mut connection = running.connect();
        connection.send(nonsense);
        let mut said = String::new();
        connection.0.read_to_string(&mut said).unwrap();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    assert_eq!(running.connect().request("GET /v2/", b"").0, 200);
    running.end();
}

#[test]
fn it_ends_when_idle_but_not_during_a_download() {
    let bytes = noise(32 << 20);
    let digest = Digest::of(&bytes);
    let idle = Duration::from_secs(1);
    let (running, mut connection) =
        Running::start_after(Some(idle), Limits::default(), |store, address| {
            let name = Repository::parse("a").unwrap();
            let mut upload = store.begin_upload(&name).unwrap();
            upload.begin(None).unwrap();
            upload.add(&bytes).unwrap();
            upload.finish(&name, &digest).unwrap();
            // Sent before the server runs, so that it is never idle, however slow we are. The blob exceeds the buffers
            // of a connection: the download is under way until we read.
            let mut connection = Connection::to(address);
            let request = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: x\r\n\r\n");
            connection.send(request.as_bytes());
            connection
        });
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        connection.0.read_line(&mut head).unwrap();
    }
    let begun = Instant::now();
    while begun.elapsed() < idle + LOOK * 2 {
        std::thread::park_timeout(LOOK);
        assert!(!running.thread.is_finished());
    }
    let mut body = vec![0; bytes.len()];
    connection.0.read_exact(&mut body).unwrap();
    assert!(body == bytes);
    drop(connection);
    running.thread.join().unwrap().unwrap();
}

#[test]
fn a_silent_client_does_not_delay_the_stop() {
    let running = Running::start();
    let mut silent = running.connect();
    silent.send(b"POST /v2/a/blobs/uploads/?digest=");
    let mut half = running.connect();
    half.send(b"PATCH /v2/a/blobs/uploads/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123");
    assert_eq!(running.connect().request("GET /v2/", b"").0, 200);
    let begun = Instant::now();
    running.end();
    assert!(begun.elapsed() < LONG);
}

mod slow;
