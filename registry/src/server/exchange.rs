//! One request and its answer. Waiting for a client is asynchronous; disk work runs on a thread, one piece at a time,
//! so that no thread ever waits for a client.

use super::connections::Connection;
use super::{Active, Seen, Served};
use crate::answer::{Answer, Content, Request};
use crate::error::{Code, Fault, Result};
use crate::{Intake, Reply};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use std::convert::Infallible;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes of a file read at once, and of a body buffered while a thread writes the previous ones.
const PIECE: usize = 64 * 1024;
/// How much of a refused body is read and discarded, and for how long.
const DRAINED: (usize, Duration) = (16 << 20, Duration::from_secs(5));

/// Answers a request.
pub(super) async fn exchange(
    served: Arc<Served>,
    connection: Arc<Connection>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Outgoing>, Infallible> {
    connection.working();
    let active = Active::new(&served);
    let (parts, body) = request.into_parts();
    let request = Arc::new(plain(&parts));
    let begun = {
        let (served, request) = (Arc::clone(&served), Arc::clone(&request));
        spawn_blocking(move || served.service.begin(&request)).await
    };
    let answer = match begun {
        Ok(Reply::Later(intake)) => receive(&served, &connection, body, intake).await,
        Ok(Reply::Now(answer)) => {
            drain(body, &connection).await;
            answer
        }
        Err(_) => failed().answer(),
    };
    if let Some(seen) = &served.life.seen {
        seen(&Seen {
            method: request.method.clone(),
            path: parts.uri.to_string(),
            status: answer.status,
        });
    }
    connection.streaming();
    let is_head = request.method == "HEAD";
    Ok(response(answer, is_head, served, connection, active))
}

/// A thread has panicked.
fn failed() -> Fault {
    Fault::saying(Code::Unknown, "the registry failed")
}

/// A request without the HTTP library's types.
fn plain(parts: &Parts) -> Request {
    let header = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        host: header(header::HOST)
            .or_else(|| parts.uri.host().map(str::to_owned))
            .unwrap_or_default(),
        content_type: header(header::CONTENT_TYPE),
        content_length: header(header::CONTENT_LENGTH).and_then(|text| text.parse().ok()),
        content_range: header(header::CONTENT_RANGE),
        range: header(header::RANGE),
        authorization: header(header::AUTHORIZATION),
        origin: header(header::ORIGIN),
        site: header(HeaderName::from_static("sec-fetch-site")),
    }
}

async fn next(body: &mut Incoming) -> Option<hyper::Result<Frame<Bytes>>> {
    poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

/// Keeps reading for a while after the answer is known: a client may not look at the answer before it has sent
/// everything, and a connection closed too early loses the answer.
async fn drain(mut body: Incoming, connection: &Connection) {
    if body.is_end_stream() {
        return;
    }
    connection.streaming();
    let reading = async {
        let mut left = DRAINED.0;
        while let Some(Ok(frame)) = next(&mut body).await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(DRAINED.1, reading).await;
    connection.working();
}

/// Receives a body and answers.
async fn receive(
    served: &Arc<Served>,
    connection: &Connection,
    mut body: Incoming,
    intake: Box<dyn Intake>,
) -> Answer {
    let mut taking = Taking {
        served: Arc::clone(served),
        total: 0,
        waiting: Vec::new(),
        hand: Hand::Free(intake),
    };
    let fault = loop {
        connection.streaming();
        let frame = next(&mut body).await;
        connection.working();
        let taken = match frame {
            None => return taking.end().await.unwrap_or_else(Fault::answer),
            // The body broke off; the client cannot receive the answer.
            Some(Err(_)) => return Answer::empty(400),
            Some(Ok(frame)) => taking.take(frame.into_data().unwrap_or_default()).await,
        };
        match taken {
            Ok(still) => taking = still,
            Err(fault) => break fault,
        }
    };
    drain(body, connection).await;
    fault.answer()
}

/// A body on its way to the disk.
struct Taking {
    served: Arc<Served>,
    /// Bytes received.
    total: usize,
    /// Bytes not yet handed to a thread.
    waiting: Vec<Bytes>,
    hand: Hand,
}

/// Where the intake is: here or on a thread.
enum Hand {
    Free(Box<dyn Intake>),
    Busy(JoinHandle<Result<Box<dyn Intake>>>),
}

impl Hand {
    fn is_free(&self) -> bool {
        match self {
            Self::Free(_) => true,
            Self::Busy(working) => working.is_finished(),
        }
    }

    /// Waits for the thread that uses it.
    async fn free(self) -> Result<Box<dyn Intake>> {
        match self {
            Self::Free(intake) => Ok(intake),
            Self::Busy(working) => working.await.unwrap_or_else(|_| Err(failed())),
        }
    }
}

impl Taking {
    async fn take(mut self, bytes: Bytes) -> Result<Self> {
        self.total += bytes.len();
        self.waiting.push(bytes);
        let waiting: usize = self.waiting.iter().map(Bytes::len).sum();
        if waiting < PIECE && !self.hand.is_free() {
            return Ok(self);
        }
        let mut intake = self.hand.free().await?;
        // Small bodies do not queue behind large ones.
        let turn = match self.total > PIECE {
            true => self.served.bulk().await,
            false => None,
        };
        let waiting = std::mem::take(&mut self.waiting);
        self.hand = Hand::Busy(spawn_blocking(move || {
            let _turn = turn;
            waiting.iter().try_for_each(|bytes| intake.take(bytes))?;
            Ok(intake)
        }));
        Ok(self)
    }

    async fn end(self) -> Result<Answer> {
        let mut intake = self.hand.free().await?;
        let ending = spawn_blocking(move || {
            self.waiting
                .iter()
                .try_for_each(|bytes| intake.take(bytes))?;
            intake.end()
        });
        ending.await.unwrap_or_else(|_| Err(failed()))
    }
}

fn response(
    answer: Answer,
    is_head: bool,
    served: Arc<Served>,
    connection: Arc<Connection>,
    active: Active,
) -> Response<Outgoing> {
    let length = answer.length();
    let mut headers = HeaderMap::new();
    headers.insert(
        "docker-distribution-api-version",
        HeaderValue::from_static("registry/2.0"),
    );
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    if answer.status != 204 {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    for (name, value) in answer.headers {
        // An invalid header value is left out; ours are built from checked names.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let rest = match answer.content {
        _ if is_head => Rest::Nothing,
        Content::Empty => Rest::Nothing,
        Content::Bytes(bytes) => Rest::Bytes(bytes.into()),
        Content::File(_, 0) => Rest::Nothing,
        Content::File(file, length) => Rest::Reading(read(Arc::clone(&served), file, length)),
    };
    let mut response = Response::new(Outgoing {
        rest,
        served,
        connection,
        _active: active,
    });
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// The body of an answer.
pub(super) struct Outgoing {
    rest: Rest,
    served: Arc<Served>,
    connection: Arc<Connection>,
    _active: Active,
}

enum Rest {
    Nothing,
    Bytes(Bytes),
    /// The next piece of a file, and what comes after it.
    Reading(Reading),
}

struct Piece {
    bytes: Bytes,
    file: File,
    left: u64,
}

type Reading = Pin<Box<dyn Future<Output = io::Result<Piece>> + Send>>;

/// Reads the next piece of the `left` bytes of `file` when polled.
fn read(served: Arc<Served>, mut file: File, left: u64) -> Reading {
    Box::pin(async move {
        let turn = served.bulk().await;
        let reading = spawn_blocking(move || {
            let _turn = turn;
            let size = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let mut bytes = vec![0; size];
            file.read_exact(&mut bytes)?;
            Ok(Piece {
                bytes: bytes.into(),
                file,
                left: left - size as u64,
            })
        });
        reading
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the registry failed")))
    })
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = match &mut self.rest {
            Rest::Nothing => return Poll::Ready(None),
            Rest::Reading(reading) => Some(ready!(reading.as_mut().poll(context))),
            Rest::Bytes(_) => None,
        };
        let (bytes, rest) = match (piece, std::mem::replace(&mut self.rest, Rest::Nothing)) {
            (Some(Err(error)), _) => return Poll::Ready(Some(Err(error))),
            (Some(Ok(piece)), _) => {
                let rest = match piece.left {
                    0 => Rest::Nothing,
                    left => Rest::Reading(read(Arc::clone(&self.served), piece.file, left)),
                };
                (piece.bytes, rest)
            }
            (None, Rest::Bytes(bytes)) => (bytes, Rest::Nothing),
            (None, _) => return Poll::Ready(None),
        };
        self.rest = rest;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.rest, Rest::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Nothing => SizeHint::with_exact(0),
            Rest::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            // The header already states the length.
            Rest::Reading(_) => SizeHint::default(),
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.connection.resting();
    }
}
