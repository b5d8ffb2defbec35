//! Tests against a bus that records everything and replies as the test wants.

use super::*;
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

/// One connection: the authentication line, and each message as received.
fn bus(folder: &Path, answers: Vec<Vec<u8>>) -> JoinHandle<(String, Vec<Vec<u8>>)> {
    let listener = UnixListener::bind(folder.join("bus")).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let login = line(&mut stream);
        stream.write_all(b"OK 0123456789abcdef\r\n").unwrap();
        assert_eq!(line(&mut stream), "BEGIN");
        let mut heard = Vec::new();
        for answer in answers {
            heard.push(packet(&mut stream));
            stream.write_all(&answer).unwrap();
        }
        // The client sends first.
        let _ = stream.read(&mut [0]);
        (login, heard)
    })
}

fn line(stream: &mut UnixStream) -> String {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n") {
        stream.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap().trim_end().to_owned()
}

fn packet(stream: &mut UnixStream) -> Vec<u8> {
    let mut head = vec![0; 16];
    stream.read_exact(&mut head).unwrap();
    let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap()) as usize;
    let mut rest = vec![0; number(12).next_multiple_of(8) + number(4)];
    stream.read_exact(&mut rest).unwrap();
    [head, rest].concat()
}

/// A message of the type `kind` that contains one string.
fn says(kind: u8, text: &str) -> Vec<u8> {
    let mut out = Body::default();
    let mut body = Body::default();
    body.text(text);
    out.bytes.extend([b'l', kind, 0, 1]);
    out.number(body.bytes.len() as u32);
    out.number(7);
    // Field 5, the serial of the call; our code does not read it.
    out.array(8, |out| {
        out.bytes.push(5);
        out.signature("u");
        out.number(1);
    });
    out.align(8);
    out.bytes.extend(body.bytes);
    out.bytes
}

const METHOD: Method = Method {
    destination: "org.example",
    path: "/org/example",
    interface: "org.example.Manager",
    name: "Start",
};

fn call(answers: Vec<Vec<u8>>, body: &Body) -> (Result<()>, String, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let server = bus(folder.path(), answers);
    let limit = Duration::from_secs(60);
    let result = Bus::connect(&folder.path().join("bus"), 1000, limit)
        .and_then(|mut bus| bus.call(&METHOD, body));
    let (login, heard) = server.join().unwrap();
    (result, login, heard)
}

#[test]
fn a_call_arrives_as_the_specification_lays_it_out() {
    let mut body = Body::of("sa(sv)");
    body.text("box.scope");
    body.array(8, |body| {
        body.property("Delegate", "b", |body| body.number(1));
        body.property("PIDs", "au", |body| body.numbers(&[42]));
    });
    let signal = says(4, "NameAcquired");
    let (result, login, heard) = call(
        vec![
            [says(RETURN, ":1.7"), signal.clone()].concat(),
            [signal, says(RETURN, "")].concat(),
        ],
        &body,
    );
    result.unwrap();
    // "1000" in hexadecimal, after the initial zero byte.
    assert_eq!(login, "\0AUTH EXTERNAL 31303030");
    assert_eq!(heard.len(), 2);
    let wanted: &[&[u8]] = &[
        b"l\x01\0\x01\x48\0\0\0\x02\0\0\0\x6c\0\0\0",
        b"\x01\x01o\0\x0c\0\0\0/org/example\0\0\0\0",
        b"\x02\x01s\0\x13\0\0\0org.example.Manager\0\0\0\0\0",
        b"\x03\x01s\0\x05\0\0\0Start\0\0\0",
        b"\x06\x01s\0\x0b\0\0\0org.example\0\0\0\0\0",
        b"\x08\x01g\0\x06sa(sv)\0\0\0\0\0",
        b"\x09\0\0\0box.scope\0\0\0\x30\0\0\0\0\0\0\0",
        b"\x08\0\0\0Delegate\0\x01b\0\x01\0\0\0\0\0\0\0",
        b"\x04\0\0\0PIDs\0\x02au\0\0\0\0\x04\0\0\0\x2a\0\0\0",
    ];
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
    assert_eq!(shown(&heard[1]), shown(&wanted.concat()));
}

#[test]
fn a_refusal_is_an_error_with_its_sentence() {
    let (result, ..) = call(
        vec![says(RETURN, ":1.7"), says(FAILURE, "Unit exists already.")],
        &Body::default(),
    );
    assert_eq!(
        result.unwrap_err().message(),
        "D-Bus: `Start`: Unit exists already."
    );
}

#[test]
fn a_silent_socket_times_out() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    let limit = Duration::from_millis(50);
    assert!(Bus::connect(&socket, 1000, limit).is_err());
    // It listens but never replies.
    let _silent = UnixListener::bind(&socket).unwrap();
    assert!(Bus::connect(&socket, 1000, limit).is_err());
}
