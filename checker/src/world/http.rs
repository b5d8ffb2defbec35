//! One GET to this machine. HTTP/1.0, so that the response is not chunked and ends with the connection.

use super::facts::HttpFacts;
use super::{Blind, Observed};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// A running server on this machine accepts a connection at once.
const CONNECT: Duration = Duration::from_millis(300);
/// The timeout of a response; `within` retries.
const ANSWER: Duration = Duration::from_secs(2);
/// The longest response that is read, in bytes, and for how long; an endless response must not hold up a check.
const LIMIT: usize = 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(10);

/// The response from `url`, such as `http://localhost:8080/`. Only this machine is contacted.
pub(crate) fn get(url: &str) -> Observed<HttpFacts> {
    get_as(url, None)
}

/// The same, requesting these media types.
pub(crate) fn get_as(url: &str, accept: Option<&str>) -> Observed<HttpFacts> {
    let (host, port, path) = parts(url)
        .ok_or_else(|| Blind::new(format!("`{url}` is no http address of this machine")))?;
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| Blind::new(format!("cannot find `{host}`: {error}")))?
        .filter(|address| address.ip().is_loopback())
        .collect();
    let mut last = "there is no such address on this machine".to_owned();
    for address in addresses {
        match ask(address, host, path, accept, LONGEST) {
            Ok(answer) => return Ok(answer),
            Err(error) => last = describe(&error),
        }
    }
    Ok(HttpFacts {
        answer: Err(last),
        ..HttpFacts::default()
    })
}

/// Host, port and path of an http address of this machine.
pub(crate) fn parts(url: &str) -> Option<(&str, u16, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let (host, port) = match authority.strip_prefix("[::1]") {
        Some(port) => ("::1", port),
        None => match authority.find(':') {
            Some(colon) => authority.split_at(colon),
            None => (authority, ""),
        },
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok()?,
        None => 80,
    };
    let own = matches!(host, "localhost" | "::1") || host.starts_with("127.");
    let clean = !path.contains(|c: char| c.is_control() || c == ' ');
    (own && clean).then_some((host, port, path))
}

fn ask(
    address: SocketAddr,
    host: &str,
    path: &str,
    accept: Option<&str>,
    longest: Duration,
) -> io::Result<HttpFacts> {
    let mut stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    let port = address.port();
    // In one write: a small server may read only the first.
    let accept = accept.map_or_else(String::new, |types| format!("Accept: {types}\r\n"));
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nUser-Agent: docklings\r\n{accept}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let (begun, mut bytes, mut chunk) = (Instant::now(), Vec::new(), [0; 8192]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if bytes.is_empty() => return Err(error),
            // A server that keeps the connection open has sent everything by then.
            Err(_) => break,
        }
        if bytes.len() >= LIMIT || begun.elapsed() >= longest {
            break;
        }
    }
    answer(&bytes).ok_or_else(|| io::Error::other("what answered does not speak HTTP"))
}

fn answer(bytes: &[u8]) -> Option<HttpFacts> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
        .unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines
        .next()?
        .strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(HttpFacts {
        answer: Ok(status),
        body: body.to_owned(),
        headers,
    })
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused: nothing listens there".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => {
            "the connection was closed without an answer".to_owned()
        }
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer in time".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_answer_without_an_end_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nbegin"));
            while stream.write_all(b".").is_ok() {
                std::thread::park_timeout(Duration::from_millis(1));
            }
        });
        let found = ask(address, "localhost", "/", None, Duration::from_millis(100)).unwrap();
        assert_eq!(found.answer, Ok(200));
        assert!(found.body.starts_with("begin"), "{found:?}");
    }

    #[test]
    fn only_this_machine_is_asked() {
        assert_eq!(
            parts("http://localhost:8080/a?b"),
            Some(("localhost", 8080, "/a?b"))
        );
        assert_eq!(parts("http://127.0.0.1"), Some(("127.0.0.1", 80, "/")));
        assert_eq!(parts("http://[::1]:9/x"), Some(("::1", 9, "/x")));
        for other in [
            "http://example.org/",
            "https://localhost/",
            "localhost",
            "http://localhost:x/",
            "http://localhost/a b",
            "ftp://localhost",
        ] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[test]
    fn an_answer_is_read_and_a_closed_port_is_told() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            stream
                .write_all(
                    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nnothing here\n",
                )
                .unwrap();
            String::from_utf8_lossy(&request).into_owned()
        });
        let facts = get(&format!("http://127.0.0.1:{port}/x")).unwrap();
        assert!(thread.join().unwrap().starts_with("GET /x HTTP/1.0\r\n"));
        assert_eq!(facts.answer, Ok(404));
        assert_eq!(facts.body, "nothing here\n");
        assert_eq!(facts.headers["content-type"], "text/plain");
        let closed = get(&format!("http://127.0.0.1:{port}/x")).unwrap();
        assert_eq!(
            closed.answer,
            Err("connection refused: nothing listens there".to_owned())
        );
    }
}
