//! Requests to a registry, with authentication, redirects and retries.
//!
//! **What Docker does.** Go's client follows redirects by itself, and drops `Authorization` when the host changes.
//! **What we do.** Redirects are followed here: credentials for the registry (scheme, host and port) are sent to no
//! other server, and a request that began with HTTPS never continues without it.

use super::auth::{Auth, Fetch, LARGEST_TOKEN, Scope, TokenRequest};
use super::challenge::{self, Challenge};
use super::problem::{Problem, Unanswered, unanswered};
use super::transport::Wires;
use super::url::{Scheme, Url};
use crate::error::{Error, ErrorKind, Result};
use std::io::{self, Read};
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Method, Request, Response};
use ureq::{Body, SendBody};

/// The most redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// The longest `Retry-After` that we wait for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The most bytes of an error that are read.
const LARGEST_PROBLEM: u64 = 64 << 10;

/// The body of a request.
pub(super) enum Content<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// This many bytes, which can be read again from their beginning.
    Stream(u64, &'a dyn Fn() -> Result<Box<dyn Read + 'a>>),
}

/// When a request is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// After any temporary failure.
    Always,
    /// When the server is busy; the caller handles a broken connection.
    WhenBusy,
    /// Never; the caller handles failures.
    Never,
}

/// A request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) scope: Scope,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content<'a>,
    pub(super) again: Again,
    /// The time limit for all of it, from the connection on; `None` if only each step has its limit.
    pub(super) limit: Option<Duration>,
}

impl Call<'_> {
    pub(super) fn new(method: Method, url: Url, scope: Scope) -> Self {
        Self {
            method,
            url,
            scope,
            headers: Vec::new(),
            content: Content::Nothing,
            again: Again::Always,
            limit: None,
        }
    }

    pub(super) fn get(url: Url, scope: Scope) -> Self {
        Self::new(Method::GET, url, scope)
    }

    pub(super) fn head(url: Url, scope: Scope) -> Self {
        Self::new(Method::HEAD, url, scope)
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer of any status; its body is not read yet.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The final URL, after redirects.
    pub(super) url: Url,
    /// The time limit for its body, if it is not a blob.
    longest: Duration,
    body: Body,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn into_reader(self) -> impl Read {
        self.body.into_reader()
    }

    /// Reads a body of at most `most` bytes, within the time limit.
    pub(super) fn bytes(self, most: u64) -> Result<Vec<u8>> {
        let url = self.url.clone();
        let mut bytes = Vec::new();
        let end = Instant::now() + self.longest;
        Until(self.into_reader().take(most + 1), end)
            .read_to_end(&mut bytes)
            .map_err(|error| {
                Error::new(
                    ErrorKind::Io,
                    format!("Get \"{url}\": the answer broke off"),
                )
                .with_source(error)
            })?;
        match bytes.len() as u64 > most {
            true => Err(Error::invalid(format!(
                "Get \"{url}\": an answer of more than {most} bytes is refused"
            ))),
            false => Ok(bytes),
        }
    }

    /// The error that the server reports.
    pub(super) fn problem(self) -> Problem {
        let status = self.status;
        let mut bytes = Vec::new();
        // If the body cannot be read, the status is enough.
        let end = Instant::now() + self.longest;
        let is_denied = self.challenges().iter().any(|one| {
            // RFC 6750, section 3.1. Docker Hub says so of a repository that does not exist.
            one.scheme == "bearer" && one.get("error") == Some("insufficient_scope")
        });
        let _ = Until(self.into_reader().take(LARGEST_PROBLEM), end).read_to_end(&mut bytes);
        match is_denied {
            true => Problem::read(403, b""),
            false => Problem::read(status, &bytes),
        }
    }

    fn challenges(&self) -> Vec<Challenge> {
        let headers = self.headers.get_all("www-authenticate").iter();
        headers
            .filter_map(|header| header.to_str().ok())
            .flat_map(challenge::parse)
            .collect()
    }

    /// Whether it refuses because a limit over hours is used up: waiting a moment does not help. Docker Hub's header is
    /// `ratelimit-remaining: 0;w=21600`.
    fn is_used_up(&self) -> bool {
        let left = self.header("ratelimit-remaining").unwrap_or_default();
        self.status == 429 && left.split(';').next().unwrap_or_default().trim() == "0"
    }
}

/// Reads until a deadline: each read has its own limit, but a server may send one byte at a time.
struct Until<R>(R, Instant);

impl<R: Read> Read for Until<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match Instant::now() > self.1 {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => self.0.read(buffer),
        }
    }
}

/// One registry, and our authentication to it.
pub(super) struct Client {
    pub(super) wires: Wires,
    pub(super) auth: Auth,
}

impl Client {
    /// The address of `path` at the registry, such as `/v2/`.
    pub(super) fn at(&self, path: &str) -> Url {
        self.wires.base().at(path)
    }

    /// Sends a request, authenticates if asked, follows redirects of GET and HEAD, and retries temporary failures.
    ///
    /// # Errors
    /// There was no answer, or we cannot authenticate. An answer of any status is not an error.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Answer> {
        let mut attempt = 0;
        loop {
            let most = self.wires.patience().retries;
            let wait = match self.send_once(call) {
                Ok(answer)
                    if attempt < most
                        && call.again != Again::Never
                        && is_passing(answer.status)
                        && !answer.is_used_up() =>
                {
                    match self.wait_for(&answer, attempt) {
                        Some(wait) => wait,
                        None => return Ok(answer),
                    }
                }
                Ok(answer) => return Ok(answer),
                Err(Sending::Unanswered(failure))
                    if failure.passing
                        && attempt < if failure.silent { most.min(1) } else { most }
                        && call.again == Again::Always =>
                {
                    self.delay(attempt)
                }
                Err(Sending::Unanswered(failure)) => return Err(failure.error),
                Err(Sending::Failed(error)) => return Err(error),
            };
            self.wires.pause(wait)?;
            attempt += 1;
        }
    }

    /// Sends a request once, without authentication, and stores what the registry asks for. `None` if it is satisfied,
    /// or has asked us to authenticate.
    pub(super) fn ask(&self, call: &Call<'_>) -> Result<Option<Problem>> {
        let answer = self.follow(call, false).map_err(Sending::into_error)?;
        if answer.status == 401 {
            self.take_in(&answer)?;
        }
        match answer.is_success() || answer.status == 401 {
            true => Ok(None),
            false => Ok(Some(answer.problem())),
        }
    }

    /// The delay before the retry number `attempt`, counted from 0.
    pub(super) fn delay(&self, attempt: u32) -> Duration {
        let delay = self.wires.patience().delay;
        delay.saturating_mul(1 << attempt.min(10)).min(LONGEST_WAIT)
    }

    /// How long an overloaded server asks us to wait; `None` if that is too long.
    fn wait_for(&self, answer: &Answer, attempt: u32) -> Option<Duration> {
        let asked = answer
            .header("retry-after")
            .and_then(|text| text.trim().parse().ok());
        match asked.map(Duration::from_secs) {
            Some(asked) => (asked <= LONGEST_WAIT).then(|| asked.max(self.delay(attempt))),
            None => Some(self.delay(attempt)),
        }
    }

    fn send_once(&self, call: &Call<'_>) -> std::result::Result<Answer, Sending> {
        let answer = self.follow(call, false)?;
        if answer.status != 401 || !answer.url.same_origin(self.wires.base()) {
            return Ok(answer);
        }
        match self.take_in(&answer)? {
            true => self.follow(call, true),
            false => Ok(answer),
        }
    }

    /// Stores what the registry asks for; false if it does not say.
    fn take_in(&self, answer: &Answer) -> Result<bool> {
        let challenges = answer.challenges();
        if !challenges.is_empty() {
            self.auth.challenged(&challenges, self.wires.endpoint())?;
        }
        Ok(!challenges.is_empty())
    }

    fn follow(&self, call: &Call<'_>, again: bool) -> std::result::Result<Answer, Sending> {
        let mut url = call.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.exchange(call, &url, again)?;
            let redirected = matches!(answer.status, 301 | 302 | 303 | 307 | 308)
                && matches!(call.method, Method::GET | Method::HEAD);
            let Some(location) = answer.header("location").filter(|_| redirected) else {
                return Ok(answer);
            };
            let next = url.join(location)?;
            if url.scheme() == Scheme::Https && next.scheme() == Scheme::Http {
                return Err(Error::invalid(format!(
                    "the registry leads from {} to {}, where everybody can read along",
                    url.authority(),
                    next.root()
                ))
                .into());
            }
            url = next;
        }
        Err(Error::invalid(format!(
            "Get \"{}\": stopped after {MOST_REDIRECTS} redirects",
            call.url
        ))
        .into())
    }

    fn exchange(
        &self,
        call: &Call<'_>,
        url: &Url,
        again: bool,
    ) -> std::result::Result<Answer, Sending> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(url.to_string());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if url.same_origin(self.wires.base()) {
            let fetch: &Fetch<'_> = &|request| self.fetch_token(request);
            let header = self
                .auth
                .header(&call.scope, again, fetch)
                .map_err(|error| {
                    match error.message() {
                        // Worded as in Go's client, which adds the header while sending.
                        "no basic auth credentials" => told(&call.method, url, error),
                        _ => error,
                    }
                })?;
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
        }
        let answer = match &call.content {
            Content::Nothing if call.method == Method::GET || call.method == Method::HEAD => {
                self.run_within(call.limit, request.body(()), url, &call.method)?
            }
            Content::Nothing => self.run(
                request.header("content-length", "0").body(SendBody::none()),
                url,
                &call.method,
            )?,
            Content::Bytes(bytes) => self.run(request.body(*bytes), url, &call.method)?,
            Content::Stream(length, open) => {
                let mut stream = open()?;
                let request = request.header("content-length", length.to_string());
                self.run(
                    request.body(SendBody::from_reader(&mut stream)),
                    url,
                    &call.method,
                )?
            }
        };
        let (parts, body) = answer.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            url: url.clone(),
            longest: self.wires.patience().silence,
            body,
        })
    }

    fn run(
        &self,
        request: ureq::http::Result<Request<impl ureq::AsSendBody>>,
        url: &Url,
        method: &Method,
    ) -> std::result::Result<Response<Body>, Sending> {
        self.run_within(None, request, url, method)
    }

    fn run_within(
        &self,
        limit: Option<Duration>,
        request: ureq::http::Result<Request<impl ureq::AsSendBody>>,
        url: &Url,
        method: &Method,
    ) -> std::result::Result<Response<Body>, Sending> {
        let mut request = request.map_err(|error| {
            Error::invalid(format!("a request to {url} cannot be made")).with_source(error)
        })?;
        let agent = self.wires.agent(url)?;
        if limit.is_some() {
            let config = agent.configure_request(request);
            request = config.timeout_per_call(limit).build();
        }
        agent
            .run(request)
            .map_err(|error| Sending::Unanswered(unanswered(method.as_str(), url, error)))
    }

    /// Sends a request to a token server. Redirects are not followed: the credentials must not reach another server.
    pub(super) fn fetch_token(&self, token: TokenRequest) -> Result<(u16, Vec<u8>)> {
        let url = token.url;
        let method = if token.form.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut request = Request::builder()
            .method(method.clone())
            .uri(url.to_string());
        if let Some(authorization) = token.authorization {
            request = request.header("authorization", authorization);
        }
        let sent = match token.form {
            Some(form) => {
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                self.run(request.body(form), &url, &method)
            }
            None => self.run(request.body(()), &url, &method),
        };
        let (parts, body) = sent.map_err(Sending::into_error)?.into_parts();
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            url,
            longest: self.wires.patience().silence,
            body,
        };
        Ok((answer.status, answer.bytes(LARGEST_TOKEN)?))
    }
}

/// The error in the words of Go's client.
fn told(method: &Method, url: &Url, error: Error) -> Error {
    let method = method.as_str();
    let method = method[..1].to_owned() + &method[1..].to_lowercase();
    Error::new(error.kind(), format!("{method} \"{url}\": {error}"))
}

enum Sending {
    Unanswered(Unanswered),
    Failed(Error),
}

impl Sending {
    fn into_error(self) -> Error {
        match self {
            Self::Unanswered(failure) => failure.error,
            Self::Failed(error) => error,
        }
    }
}

impl From<Error> for Sending {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Whether the same request may succeed later.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}
