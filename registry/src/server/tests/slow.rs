//! Clients that are slow or stop in the middle, and their neighbours.

use super::*;

/// Short enough for a test to wait for them, and long enough for a busy machine to answer.
fn short() -> Limits {
    Limits {
        head: Duration::from_secs(2),
        rest: Duration::from_secs(2),
        stall: Duration::from_secs(2),
        ..Limits::default()
    }
}

/// A repository with a blob, which is returned.
fn with_blob(running: &Running, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let line = format!("POST /v2/a/blobs/uploads/?digest={digest}");
    assert_eq!(running.connect().request(&line, bytes).0, 201);
    digest
}

#[test]
fn a_stalled_client_is_cut_wherever_it_stalls() {
    let running = Running::start_within(short());
    let digest = with_blob(&running, &noise(32 << 20));
    let mut stalled = Vec::new();
    for said in [
        String::new(),
        "GET /v2/ HTT".to_owned(),
        "PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{".to_owned(),
        "POST /v2/a/blobs/uploads/?digest=x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
            .to_owned(),
        format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: x\r\n\r\n"),
        "GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
    ] {
        let mut connection = running.connect();
        connection.send(said.as_bytes());
        stalled.push(connection);
    }
    // A client that trickles a header gets no more time.
    let mut dribbling = running.connect();
    let begun = Instant::now();
    while dribbling.0.get_mut().write_all(b"G").is_ok() {
        assert!(begun.elapsed() < LONG, "the trickle goes on");
        std::thread::park_timeout(Duration::from_millis(100));
    }
    for connection in &mut stalled {
        assert!(connection.ends());
    }
    assert_eq!(running.connect().request("GET /v2/", b"").0, 200);
    running.end();
}

#[test]
fn a_slow_client_that_makes_progress_is_served_to_the_end() {
    let running = Running::start_within(short());
    let bytes = noise(40 * 1024);
    let digest = Digest::of(&bytes);
    let mut connection = running.connect();
    let line = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    connection.send(line.as_bytes());
    let begun = Instant::now();
    for piece in bytes.chunks(2048) {
        connection.send(piece);
        std::thread::park_timeout(short().stall / 8);
    }
    assert!(begun.elapsed() > short().stall * 2);
    assert_eq!(connection.answer(false).0, 201);
    running.end();
}

#[test]
fn a_stalled_upload_can_be_resumed() {
    let running = Running::start_within(short());
    let mut connection = running.connect();
    let (_, head, _) = connection.request("POST /v2/a/blobs/uploads/", b"");
    let place = location(&head).to_owned();
    let line = format!("PATCH {place} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
    connection.send(line.as_bytes());
    connection.send(&[7; 40]);
    assert!(connection.ends());
    let (status, head, _) = running.connect().request(&format!("GET {place}"), b"");
    assert!(status == 204 && head.contains("range: 0-39\r\n"), "{head}");
    running.end();
}

#[test]
fn honest_clients_do_not_wait_behind_three_hundred_slow_ones() {
    let running = Running::start();
    let large = with_blob(&running, &noise(8 << 20));
    let small = with_blob(&running, b"small");
    let mut slow = Vec::new();
    for number in 0..300 {
        let mut connection = running.connect();
        let said = match number % 3 {
            0 => format!("GET /v2/a/blobs/{large} HTTP/1.1\r\nHost: x\r\n\r\n"),
            1 => format!(
                "POST /v2/s{number}/blobs/uploads/?digest={large} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"
            ),
            _ => "GET /v2/ HTTP/1.1\r\nHo".to_owned(),
        };
        connection.send(said.as_bytes());
        slow.push(connection);
    }
    let honest = || {
        let mut connection = running.connect();
        assert_eq!(connection.request("GET /v2/", b"").0, 200);
        let blob = format!("GET /v2/a/blobs/{small}");
        assert_eq!(connection.request(&blob, b"").2, b"small");
        let whole = format!("GET /v2/a/blobs/{large}");
        assert_eq!(connection.request(&whole, b"").2.len(), 8 << 20);
    };
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(honest);
        }
    });
    // The slow clients would delay them for half a minute.
    assert!(begun.elapsed() < Limits::default().stall);
    running.end();
}

#[test]
fn pages_of_other_sites_get_nothing() {
    let running = Running::start();
    for said in ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"] {
        let mut connection = running.connect();
        let request = format!(
            "POST /v2/x/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{said}\r\n\r\n"
        );
        connection.send(request.as_bytes());
        let (status, _, body) = connection.answer(false);
        assert_eq!(status, 403, "{}", String::from_utf8_lossy(&body));
    }
    running.end();
}
