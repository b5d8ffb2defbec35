//! A web server for one test: fixed answers by path, and a record of the requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The answer to a path: the end of the status line, more header lines, the body.
pub(crate) type Answer = (&'static str, &'static str, Vec<u8>);

/// A server on the loopback address. Its thread ends with the test's process.
pub(crate) struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves `answers` by path; any other path is not found.
    pub(crate) fn new(answers: Vec<(&'static str, Answer)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The server ignores clients that disconnect.
                drop(answer(stream, &answers, &record));
            }
        });
        Self { port, asked }
    }

    /// The address of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requested paths, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no answer panics").clone()
    }
}

fn answer(
    mut stream: TcpStream,
    answers: &[(&'static str, Answer)],
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).take(64 << 10).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let missing = ("404 Not Found", "", Vec::new());
    let (status, headers, body) = answers
        .iter()
        .find(|(known, _)| *known == path)
        .map_or(&missing, |(_, answer)| answer);
    asked.lock().expect("no answer panics").push(path);
    write!(
        stream,
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    )?;
    stream.write_all(body)
}
