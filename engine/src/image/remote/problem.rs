//! Errors from registries, in Docker's words.
//!
//! A registry answers `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`, and Docker prints
//! `manifest unknown: manifest unknown`. A request that got no answer is reported as in Go's HTTP client:
//! `Get "https://host/v2/": dial tcp 127.0.0.1:5000: connect: connection refused`.
//! Source: OCI distribution specification, § Error Codes; moby `distribution/errors.go`.

use super::transport::lookup;
use super::url::{Scheme, Url};
use crate::error::{Error, ErrorKind};
use crate::oci::reference::{DEFAULT_DOMAIN, Reference};
use crate::visible;
use serde::Deserialize;
use std::io;
use ureq::Timeout;

/// An answer that reports an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: u16,
    /// In upper case, such as `NAME_UNKNOWN`; empty if the server gave none.
    pub(super) code: String,
    /// As Docker prints it.
    text: String,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<OneError>,
    /// Used by Docker Hub's token server, and others.
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The messages of the specification, for servers that send none.
const MESSAGES: [(&str, &str); 8] = [
    ("UNAUTHORIZED", "authentication required"),
    ("DENIED", "requested access to the resource is denied"),
    ("NAME_UNKNOWN", "repository name not known to registry"),
    ("MANIFEST_UNKNOWN", "manifest unknown"),
    ("BLOB_UNKNOWN", "blob unknown to registry"),
    ("NAME_INVALID", "invalid repository name"),
    ("TOOMANYREQUESTS", "too many requests"),
    ("UNSUPPORTED", "The operation is unsupported."),
];

impl Problem {
    /// Parses the body of an answer.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let errors: Option<Errors> = serde_json::from_slice(body).ok();
        let first = errors.as_ref().and_then(|errors| errors.errors.first());
        if let Some(first) = first.filter(|first| !first.code.is_empty()) {
            let code = plain(&first.code).to_uppercase();
            let message = match plain(&first.message) {
                message if message.is_empty() => {
                    default_message(&code).unwrap_or("unknown error").to_owned()
                }
                message => message,
            };
            return Self {
                status,
                text: format!("{}: {message}", code.to_lowercase().replace('_', " ")),
                code,
            };
        }
        let code = match status {
            401 => "UNAUTHORIZED",
            403 => "DENIED",
            429 => "TOOMANYREQUESTS",
            _ => "",
        };
        let said = errors
            .and_then(|errors| errors.details.or(errors.message))
            .map(|said| plain(&said))
            .filter(|said| !said.is_empty());
        let text = match (said.as_deref().or_else(|| default_message(code)), code) {
            (Some(message), "") => message.to_owned(),
            (Some(message), code) => format!("{}: {message}", code.to_lowercase()),
            (None, _) => format!("received unexpected HTTP status: {}", status_line(status)),
        };
        Self {
            status,
            code: code.to_owned(),
            text,
        }
    }

    /// The error for a request without a more specific one.
    pub(super) fn error(&self) -> Error {
        let kind = match self.status {
            404 => ErrorKind::NotFound,
            429 => ErrorKind::Io,
            400..=499 => ErrorKind::Invalid,
            _ => ErrorKind::Io,
        };
        Error::new(kind, self.text.clone())
    }

    /// The error for a pull of `reference`. Source: moby `distribution/errors.go`, `notFoundError`.
    pub(super) fn pulling(&self, reference: &Reference) -> Error {
        let not_found = |message: String| Error::not_found(message);
        let (name, text) = (reference.familiar_name(), &self.text);
        match self.code.as_str() {
            "DENIED" => not_found(format!(
                "pull access denied for {name}, repository does not exist or may require 'docker login': {text}"
            ))
            .with_hint(login_hint(reference, &format!("docker search {name} lists what is there; ", ))),
            "MANIFEST_UNKNOWN" => {
                not_found(format!("manifest for {} not found: {text}", reference.familiar())).with_hint(
                    "the registry has no such name; is it spelt right, tag included, and was it pushed?",
                )
            }
            "NAME_UNKNOWN" => not_found(format!("repository {name} not found: {text}"))
                .with_hint("the registry has no such repository; is its name spelt right?"),
            "UNAUTHORIZED" => self.error().with_hint(login_hint(reference, "")),
            "TOOMANYREQUESTS" => self.error().with_hint(
                "the registry counts the pulls of each address, and a class may share one: try again later, \
                 or use the registry of your class (docklings config upstream HOST)",
            ),
            _ => self.error(),
        }
    }

    /// The error for a push of `reference` by the account `user`, if the user is logged in there.
    pub(super) fn pushing(&self, reference: &Reference, user: Option<&str>) -> Error {
        match self.code.as_str() {
            "DENIED" | "UNAUTHORIZED" => self.error().with_hint(push_hint(reference, user)),
            _ => self.error(),
        }
    }
}

/// The hint for a user who may not push to `reference`: log in, or use another name. Only for docker.io is it known
/// that the first part of a name is an account.
fn push_hint(reference: &Reference, user: Option<&str>) -> String {
    let user = user.filter(|user| !user.is_empty());
    let (owner, rest) = reference.path().split_once('/').unwrap_or_default();
    let tag = reference
        .tag()
        .map_or(String::new(), |tag| format!(":{tag}"));
    let name = reference.familiar();
    match (reference.domain() == DEFAULT_DOMAIN, user) {
        (true, Some(user)) if user != owner => format!(
            "you are logged in as {user}, and your names begin with {user}/: docker tag {name} {user}/{rest}{tag}"
        ),
        (true, None) if owner == "library" => format!(
            "to push, give it a name that begins with your account, as alice does with docker tag {name} alice/{rest}{tag}; \
             then docker login"
        ),
        (true, None) => format!("only {owner} pushes there: docker login -u {owner}"),
        _ => login_hint(reference, ""),
    }
}

/// How to log in to the registry of `reference`.
pub(super) fn login_hint(reference: &Reference, before: &str) -> String {
    match reference.domain() {
        DEFAULT_DOMAIN => format!("{before}docker login"),
        domain => format!("{before}docker login {domain}"),
    }
}

/// A server's text as one short line of printable characters.
fn plain(text: &str) -> String {
    visible::short_line(text, 300)
}

fn default_message(code: &str) -> Option<&'static str> {
    MESSAGES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, message)| *message)
}

fn status_line(status: u16) -> String {
    let reason = ureq::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match reason {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// A request that got no answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    /// It may succeed later.
    pub(super) passing: bool,
    /// The time limit passed without an answer.
    pub(super) silent: bool,
    pub(super) error: Error,
}

/// The reason why `method` (such as `GET`) of `url` got no answer.
pub(super) fn unanswered(method: &str, url: &Url, error: ureq::Error) -> Unanswered {
    let tls = matches!(error, ureq::Error::Rustls(_) | ureq::Error::Tls(_))
        || matches!(&error, ureq::Error::Io(io) if io.kind() == io::ErrorKind::InvalidData)
            && url.scheme() == Scheme::Https;
    let (passing, cause) = match &error {
        ureq::Error::Io(io) => io_cause(url, io),
        ureq::Error::HostNotFound => (false, no_such_host(url)),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => (
            true,
            "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)".to_owned(),
        ),
        ureq::Error::Timeout(_) => (
            true,
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".to_owned(),
        ),
        ureq::Error::Protocol(_) => (true, format!("malformed HTTP response: {error}")),
        other => (false, other.to_string()),
    };
    let cause = if tls { tls_cause(&cause) } else { cause };
    let method = method[..1].to_owned() + &method[1..].to_lowercase();
    let failure = Error::new(ErrorKind::Io, format!("{method} \"{url}\": {cause}"));
    let silent = matches!(error, ureq::Error::Timeout(_));
    let hint = match (&error, tls) {
        (_, true) => Some(
            "if the registry has a certificate of its own authority, put that into /etc/docker/certs.d/<host>/ca.crt",
        ),
        (ureq::Error::Io(io), _) if io.kind() == io::ErrorKind::ConnectionRefused => {
            Some("nothing listens there: is the registry running, and is its port right?")
        }
        (ureq::Error::Timeout(_), _) => Some(
            "nothing came back in time: is it a registry, is it well, and does the network let it through?",
        ),
        _ if !cause.ends_with("no such host") => None,
        _ if url.host().ends_with("docker.io") => Some(
            "is there a network? Without one, `docklings config hub practice` goes back to the images of this machine, \
             and `docklings images add FILE` adds some",
        ),
        _ => Some("is the name of the registry right, and is there a network?"),
    };
    Unanswered {
        passing: passing && !tls,
        silent,
        error: match hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        },
    }
}

/// Whether it is temporary, and Go's words for it.
fn io_cause(url: &Url, error: &io::Error) -> (bool, String) {
    let at = || {
        let addresses = lookup(url.host(), url.port()).unwrap_or_default();
        match addresses.last() {
            Some(address) => address.to_string(),
            None => format!("{}:{}", url.host(), url.port()),
        }
    };
    match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            false,
            format!("dial tcp {}: connect: connection refused", at()),
        ),
        io::ErrorKind::HostUnreachable => (
            false,
            format!("dial tcp {}: connect: no route to host", at()),
        ),
        io::ErrorKind::NetworkUnreachable => (
            false,
            format!("dial tcp {}: connect: network is unreachable", at()),
        ),
        io::ErrorKind::PermissionDenied => (false, error.to_string()),
        io::ErrorKind::NotFound => (
            false,
            "dial unix: connect: no such file or directory".to_owned(),
        ),
        io::ErrorKind::UnexpectedEof => (true, "EOF".to_owned()),
        io::ErrorKind::ConnectionReset => (true, "read: connection reset by peer".to_owned()),
        io::ErrorKind::BrokenPipe => (true, "write: broken pipe".to_owned()),
        // The system resolver's errors have no kind of their own.
        _ if error.to_string().contains("lookup") => (false, no_such_host(url)),
        _ => (true, error.to_string()),
    }
}

/// A certificate error, in Go's words.
fn tls_cause(said: &str) -> String {
    let words = [
        ("UnknownIssuer", "certificate signed by unknown authority"),
        ("Expired", "certificate has expired or is not yet valid"),
        ("NotValidYet", "certificate has expired or is not yet valid"),
        (
            "not valid for name",
            "certificate is valid for another name",
        ),
        ("NotValidForName", "certificate is valid for another name"),
    ];
    match words.iter().find(|(word, _)| said.contains(word)) {
        Some((_, words)) => format!("tls: failed to verify certificate: x509: {words}"),
        None => said.to_owned(),
    }
}

fn no_such_host(url: &Url) -> String {
    format!("dial tcp: lookup {}: no such host", url.host())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, body: &str) -> Problem {
        Problem::read(status, body.as_bytes())
    }

    #[test]
    fn what_a_registry_says_is_printed_as_docker_prints_it() {
        let check = |status, body: &str, expected: &str| {
            assert_eq!(
                problem(status, body).error().message(),
                expected,
                "{status} {body}"
            );
        };
        let one = |code: &str, message: &str| {
            format!(r#"{{"errors":[{{"code":"{code}","message":"{message}","detail":null}}]}}"#)
        };
        check(
            404,
            &one("MANIFEST_UNKNOWN", "manifest unknown"),
            "manifest unknown: manifest unknown",
        );
        check(
            401,
            &one("UNAUTHORIZED", "authentication required"),
            "unauthorized: authentication required",
        );
        check(
            403,
            &one("DENIED", ""),
            "denied: requested access to the resource is denied",
        );
        check(400, &one("WHAT_EVER", ""), "what ever: unknown error");
        check(400, &one("X", "a\\u001b[31m\\nb"), "x: a [31m b");
        check(401, "", "unauthorized: authentication required");
        check(
            401,
            r#"{"details":"incorrect username or password"}"#,
            "unauthorized: incorrect username or password",
        );
        check(
            403,
            "<html>",
            "denied: requested access to the resource is denied",
        );
        check(
            404,
            "<html>",
            "received unexpected HTTP status: 404 Not Found",
        );
        check(
            500,
            "{}",
            "received unexpected HTTP status: 500 Internal Server Error",
        );
        check(599, "", "received unexpected HTTP status: 599");
        check(500, r#"{"message":"disk is full"}"#, "disk is full");
    }

    #[test]
    fn a_pull_and_a_push_say_what_they_were_about() {
        let pull = |name: &str, status, body: &str| {
            let reference = Reference::parse(name).unwrap().or_latest();
            problem(status, body)
                .pulling(&reference)
                .message()
                .to_owned()
        };
        let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
        assert_eq!(
            pull("localhost:5000/x", 404, unknown),
            "manifest for localhost:5000/x:latest not found: manifest unknown: manifest unknown"
        );
        assert_eq!(
            pull("nosuch", 403, ""),
            "pull access denied for nosuch, repository does not exist or may require 'docker login': \
             denied: requested access to the resource is denied"
        );
        let unknown = r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#;
        assert_eq!(
            pull("h:1/a/b", 404, unknown),
            "repository h:1/a/b not found: name unknown: repository name not known to registry"
        );
        let reference = Reference::parse("busybox").unwrap();
        let error = problem(401, "").pushing(&reference, None);
        assert_eq!(error.message(), "unauthorized: authentication required");
        assert!(error.hint().unwrap().ends_with("docker login"));
    }

    #[test]
    fn who_may_not_push_is_told_what_to_do_first() {
        let check = |name: &str, user: Option<&str>, expected: &str| {
            let reference = Reference::parse(name).unwrap().or_latest();
            let error = problem(403, "").pushing(&reference, user);
            assert_eq!(error.hint(), Some(expected), "{name}");
        };
        check(
            "alice/x:1",
            None,
            "only alice pushes there: docker login -u alice",
        );
        check(
            "alice/x:1",
            Some("bob"),
            "you are logged in as bob, and your names begin with bob/: docker tag alice/x:1 bob/x:1",
        );
        check("alice/x:1", Some("alice"), "docker login");
        check(
            "alice/x:1",
            Some(""),
            "only alice pushes there: docker login -u alice",
        );
        check(
            "busybox",
            None,
            "to push, give it a name that begins with your account, as alice does with docker tag busybox:latest \
             alice/busybox:latest; then docker login",
        );
        check(
            "busybox",
            Some("bob"),
            "you are logged in as bob, and your names begin with bob/: docker tag busybox:latest bob/busybox:latest",
        );
        check("localhost:5000/x", None, "docker login localhost:5000");
        check(
            "localhost:5000/x",
            Some("bob"),
            "docker login localhost:5000",
        );
    }

    #[test]
    fn what_got_no_answer_is_told_as_go_tells_it() {
        let check = |error: ureq::Error, passing: bool, expected: &str| {
            let url = Url::parse("http://127.0.0.1:5000/v2/").unwrap();
            let found = unanswered("GET", &url, error);
            assert_eq!(found.error.message(), expected);
            assert_eq!(found.passing, passing, "{expected}");
        };
        check(
            ureq::Error::Io(io::ErrorKind::ConnectionRefused.into()),
            false,
            "Get \"http://127.0.0.1:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused",
        );
        check(
            ureq::Error::Io(io::ErrorKind::ConnectionReset.into()),
            true,
            "Get \"http://127.0.0.1:5000/v2/\": read: connection reset by peer",
        );
        check(
            ureq::Error::HostNotFound,
            false,
            "Get \"http://127.0.0.1:5000/v2/\": dial tcp: lookup 127.0.0.1: no such host",
        );
    }
}
