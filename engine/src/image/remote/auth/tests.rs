//! Requests to a token server, and the handling of its answers.

use super::*;
use crate::image::remote::challenge;
use std::cell::RefCell;

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

#[test]
fn base64_is_as_in_the_standard() {
    for (plain, expected) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foobar", "Zm9vYmFy"),
        ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ] {
        assert_eq!(base64(plain.as_bytes()), expected, "{plain}");
    }
    assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
}

#[test]
fn a_realm_is_https_and_nobodys_secret_address() {
    let check = |registry: &str, text: &str, expected: bool| {
        assert_eq!(
            realm(text, &endpoint(registry)).is_ok(),
            expected,
            "{registry} {text}"
        );
    };
    check("https://r.example", "https://auth.example/token", true);
    check(
        "https://r.example",
        "https://r.example:5001/token?x=1",
        true,
    );
    check("https://r.example", "http://r.example/token", false);
    check("https://r.example", "http://auth.example/token", false);
    check("http://r.example", "http://r.example:5001/token", true);
    check("http://r.example", "http://evil.example/token", false);
    check("http://r.example", "https://auth.example/token", true);
    check("http://127.0.0.1:5000", "http://localhost:5001/token", true);
    check("http://127.0.0.1:5000", "http://evil.example/token", false);
    check("unix:///run/hub.sock", "http://localhost/token", true);
    check("unix:///run/hub.sock", "http://evil.example/", false);
    check("https://r.example", "https://user@auth.example/", false);
    check(
        "https://r.example",
        "https://user:word@auth.example/",
        false,
    );
    check(
        "https://r.example",
        "https://169.254.169.254/latest/",
        false,
    );
    check("https://r.example", "https://[fe80::1]/", false);
    check("https://r.example", "https://[fd00:ec2::254]/", false);
    check("https://r.example", "https://0.0.0.0/", false);
    check("https://r.example", "file:///etc/passwd", false);
    check("https://r.example", "/token", false);
    check("https://r.example", "", false);
}

/// A token server that answers `answer`, and the requests that it got.
struct Server {
    answers: RefCell<Vec<(u16, &'static str)>>,
    asked: RefCell<Vec<String>>,
}

impl Server {
    fn new(answers: &[(u16, &'static str)]) -> Self {
        Self {
            answers: RefCell::new(answers.iter().rev().copied().collect()),
            asked: RefCell::default(),
        }
    }

    fn fetch(&self, request: TokenRequest) -> Result<(u16, Vec<u8>)> {
        let mut text = request.url.to_string();
        for part in [request.authorization, request.form].into_iter().flatten() {
            text += &format!(" {part}");
        }
        self.asked.borrow_mut().push(text);
        let (status, body) = self.answers.borrow_mut().pop().unwrap();
        Ok((status, body.as_bytes().to_vec()))
    }
}

fn challenged(credential: Option<Credential>, header: &str) -> Auth {
    let auth = Auth::new(credential);
    auth.challenged(&challenge::parse(header), &endpoint("https://r.example"))
        .unwrap();
    auth
}

fn password() -> Option<Credential> {
    Some(Credential::Password {
        username: "ann".to_owned(),
        password: "s:1".to_owned(),
    })
}

const BEARER: &str = "Bearer realm=\"https://auth.example/t\",service=\"r\"";

#[test]
fn a_registry_that_asked_for_nothing_is_told_nothing() {
    let server = Server::new(&[]);
    let auth = Auth::new(password());
    let header = auth.header(&Scope::pull("a"), false, &|request| server.fetch(request));
    assert_eq!(header.unwrap(), None);
}

#[test]
fn basic_needs_a_password() {
    let server = Server::new(&[]);
    let fetch = |request| server.fetch(request);
    let auth = challenged(password(), "Basic realm=x");
    assert_eq!(
        auth.header(&Scope::pull("a"), false, &fetch)
            .unwrap()
            .unwrap(),
        "Basic YW5uOnM6MQ=="
    );
    let error = challenged(None, "Basic realm=x").header(&Scope::pull("a"), false, &fetch);
    assert_eq!(error.unwrap_err().message(), "no basic auth credentials");
}

#[test]
fn a_token_is_fetched_once_for_each_scope() {
    let server = Server::new(&[
        (200, r#"{"token":"one","expires_in":300}"#),
        (200, r#"{"access_token":"two"}"#),
        (200, r#"{"token":"three"}"#),
    ]);
    let fetch = |request| server.fetch(request);
    let auth = challenged(password(), BEARER);
    let ask = |scope: &Scope, again| auth.header(scope, again, &fetch).unwrap().unwrap();
    let (pull, push) = (Scope::pull("a/b"), Scope::mount("a/b", "c"));
    assert_eq!(ask(&pull, false), "Bearer one");
    assert_eq!(ask(&pull, false), "Bearer one");
    assert_eq!(ask(&push, false), "Bearer two");
    assert_eq!(ask(&pull, true), "Bearer three");
    assert_eq!(
        *server.asked.borrow(),
        [
            "https://auth.example/t?service=r&scope=repository:a/b:pull&account=ann Basic YW5uOnM6MQ==",
            "https://auth.example/t?service=r&scope=repository:a/b:pull%2Cpush&scope=repository:c:pull&account=ann Basic YW5uOnM6MQ==",
            "https://auth.example/t?service=r&scope=repository:a/b:pull&account=ann Basic YW5uOnM6MQ==",
        ]
    );
}

#[test]
fn nobody_gets_a_token_without_a_password() {
    let server = Server::new(&[(200, r#"{"token":"t"}"#)]);
    let auth = challenged(None, BEARER);
    auth.header(&Scope::pull("a"), false, &|request| server.fetch(request))
        .unwrap();
    assert_eq!(
        *server.asked.borrow(),
        ["https://auth.example/t?service=r&scope=repository:a:pull"]
    );
}

#[test]
fn an_identity_token_is_posted_and_falls_back_to_the_older_way() {
    let credential = || {
        Some(Credential::IdentityToken {
            username: "ann".to_owned(),
            token: "i/d".to_owned(),
        })
    };
    let server = Server::new(&[(200, r#"{"access_token":"t"}"#)]);
    let auth = challenged(credential(), BEARER);
    auth.header(&Scope::pull("a"), false, &|request| server.fetch(request))
        .unwrap();
    assert_eq!(
        *server.asked.borrow(),
        [
            "https://auth.example/t grant_type=refresh_token&client_id=docklings&service=r&scope=repository%3Aa%3Apull&refresh_token=i%2Fd"
        ]
    );
    let server = Server::new(&[(405, ""), (200, r#"{"token":"t"}"#)]);
    let auth = challenged(credential(), BEARER);
    auth.header(&Scope::pull("a"), false, &|request| server.fetch(request))
        .unwrap();
    assert_eq!(
        server.asked.borrow()[1],
        "https://auth.example/t?service=r&scope=repository:a:pull&account=ann Basic YW5uOmkvZA=="
    );
}

#[test]
fn a_login_takes_the_identity_token_that_is_offered() {
    let server = Server::new(&[
        (200, r#"{"token":"t","refresh_token":"lasting"}"#),
        (200, r#"{"token":"t"}"#),
    ]);
    let fetch = |request| server.fetch(request);
    let auth = challenged(password(), BEARER);
    assert_eq!(auth.identity(&fetch).unwrap().as_deref(), Some("lasting"));
    assert_eq!(auth.identity(&fetch).unwrap(), None);
    assert_eq!(
        server.asked.borrow()[0],
        "https://auth.example/t?service=r&offline_token=true&client_id=docklings&account=ann Basic YW5uOnM6MQ=="
    );
}

#[test]
fn a_token_server_that_refuses_or_babbles_is_an_error() {
    let check = |status, body: &'static str, expected: &str| {
        let server = Server::new(&[(status, body)]);
        let error = challenged(password(), BEARER)
            .header(&Scope::pull("a"), false, &|request| server.fetch(request))
            .unwrap_err();
        assert_eq!(error.message(), expected, "{status} {body}");
    };
    check(401, "", "unauthorized: authentication required");
    check(302, "", "received unexpected HTTP status: 302 Found");
    check(200, "<html>", "the token server's answer cannot be read");
    let missing = "authorization server did not include a token in the response";
    check(200, "{}", missing);
    check(200, r#"{"token":"a\r\nHost: evil"}"#, missing);
}

#[test]
fn an_unknown_kind_of_login_is_refused() {
    let auth = Auth::new(password());
    let challenges = challenge::parse("Negotiate");
    assert!(
        auth.challenged(&challenges, &endpoint("https://r.example"))
            .is_err()
    );
    assert!(
        auth.challenged(&[], &endpoint("https://r.example"))
            .is_err()
    );
}
