//! Listening, and stopping. The only asynchronous code of docklings: a thread answers each request, and between it and
//! the network there is a short queue of chunks, so that nobody keeps a whole blob in memory and one slow client keeps
//! nobody up.

use crate::Service;
use crate::answer::{Answer, Content, Request};
use crate::error::{Code, Fault};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use axum::response::Response;
use http_body::Frame;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Chunks between the network and a thread.
const QUEUE: usize = 4;
/// Bytes of a file that are read at once.
const CHUNK: usize = 256 * 1024;
/// Bytes of a refused body that are read and thrown away.
const DRAINED: usize = 16 << 20;
/// How long requests may go on after the registry was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How often we look whether to go on.
const LOOK: Duration = Duration::from_millis(500);
/// How often uploads that nobody finishes are swept.
const SWEEP: Duration = Duration::from_secs(600);

/// Where to listen. Binding is the caller's, who knows what to say when that fails.
#[derive(Debug)]
pub enum Listener {
    /// An address.
    Tcp(std::net::TcpListener),
    /// A Unix socket.
    Unix(std::os::unix::net::UnixListener),
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Such as `GET`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
}

/// Whether to go on.
pub type Question = dyn Fn() -> bool + Send + Sync;
/// Hears of each request.
pub type Witness = dyn Fn(&Seen) + Send + Sync;

/// When to stop, beside Ctrl-C and SIGTERM; and whom to tell what happens.
#[derive(Default)]
pub struct Life {
    /// After so long without a request.
    pub idle: Option<Duration>,
    /// When this says no; it is asked now and then.
    pub goes_on: Option<Box<Question>>,
    /// Told once, before the registry stops taking requests.
    pub stops: Option<Box<dyn Fn() + Send + Sync>>,
    /// Told of each request.
    pub seen: Option<Box<Witness>>,
}

struct Served {
    service: Box<dyn Service>,
    life: Life,
    begun: Instant,
    /// Milliseconds since `begun`, of the last request.
    last: AtomicU64,
    active: AtomicUsize,
}

/// Serves `service` until it is told to stop. Starts the threads that it needs, and ends them.
pub fn serve(listener: Listener, service: impl Service + 'static, life: Life) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(256)
        .enable_all()
        .build()?;
    let served = Arc::new(Served {
        service: Box::new(service),
        life,
        begun: Instant::now(),
        last: AtomicU64::new(0),
        active: AtomicUsize::new(0),
    });
    let ended = runtime.block_on(run(listener, served));
    // Whoever is still at work has had its time.
    runtime.shutdown_timeout(LOOK);
    ended
}

async fn run(listener: Listener, served: Arc<Served>) -> io::Result<()> {
    let app = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&served));
    let (told, hear) = tokio::sync::oneshot::channel::<()>();
    let stop = {
        let served = Arc::clone(&served);
        async move {
            until_stopped(&served).await;
            if let Some(stops) = &served.life.stops {
                stops();
            }
            // Whoever listens may have ended already.
            let _ = told.send(());
        }
    };
    let serving = async {
        match listener {
            Listener::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, app)
                    .with_graceful_shutdown(stop)
                    .await
            }
            Listener::Unix(listener) => {
                listener.set_nonblocking(true)?;
                let listener = tokio::net::UnixListener::from_std(listener)?;
                axum::serve(listener, app)
                    .with_graceful_shutdown(stop)
                    .await
            }
        }
    };
    let grace = async {
        // An error means that nobody tells any more: the serving has ended.
        let _ = hear.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving => ended,
        () = grace => Ok(()),
    }
}

/// Returns when a signal came, or the registry's life is over.
async fn until_stopped(served: &Served) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return;
    };
    let mut look = tokio::time::interval(LOOK);
    let mut swept = Instant::now();
    loop {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = interrupt.recv() => return,
            _ = look.tick() => {}
        }
        if served
            .life
            .goes_on
            .as_ref()
            .is_some_and(|goes_on| !goes_on())
            || served.is_idle()
        {
            return;
        }
        if swept.elapsed() > SWEEP {
            swept = Instant::now();
            // What cannot be swept now is swept later.
            let _ = served.service.sweep();
        }
    }
}

impl Served {
    fn is_idle(&self) -> bool {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.active.load(Ordering::Relaxed) == 0
            && self
                .life
                .idle
                .is_some_and(|idle| self.begun.elapsed().saturating_sub(last) > idle)
    }

    fn touch(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }
}

/// Counts a request for as long as its answer is under way.
struct Active(Arc<Served>);

impl Active {
    fn new(served: &Arc<Served>) -> Self {
        served.active.fetch_add(1, Ordering::Relaxed);
        served.touch();
        Self(Arc::clone(served))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.touch();
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn answer(State(served): State<Arc<Served>>, request: axum::extract::Request) -> Response {
    let active = Active::new(&served);
    let (parts, body) = request.into_parts();
    let request = plain(&parts);
    let (sender, receiver) = mpsc::channel(QUEUE);
    let path = parts.uri.to_string();
    let answering = {
        let served = Arc::clone(&served);
        tokio::task::spawn_blocking(move || {
            let mut body = Incoming::new(receiver);
            let answer = served.service.answer(&request, &mut body);
            (request, answer)
        })
    };
    // Ends when the body does, or when the thread wants no more of it.
    forward(body, sender).await;
    let (request, answer) = match answering.await {
        Ok(done) => done,
        Err(_) => (
            plain(&parts),
            Fault::saying(Code::Unknown, "the registry failed").answer(),
        ),
    };
    if let Some(seen) = &served.life.seen {
        seen(&Seen {
            method: request.method.clone(),
            path,
            status: answer.status,
        });
    }
    response(answer, request.method == "HEAD", active)
}

/// What a request says, without the types of HTTP libraries.
fn plain(parts: &Parts) -> Request {
    let header = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
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
    }
}

/// Hands on what arrives. An empty chunk is the end: without it the body has broken off, also when nobody is left to say
/// so because the client has gone and this was dropped.
async fn forward(mut body: Body, sender: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let frame = tokio::select! {
            frame = next(&mut body) => frame,
            () = sender.closed() => return drain(body).await,
        };
        let chunk = match frame {
            None => Ok(Bytes::new()),
            Some(Err(error)) => Err(io::Error::other(error)),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(bytes) if !bytes.is_empty() => Ok(bytes),
                // Trailers, and nothing, say nothing to us.
                _ => continue,
            },
        };
        let ended = chunk.as_ref().map_or(true, Bytes::is_empty);
        if sender.send(chunk).await.is_err() {
            return drain(body).await;
        }
        if ended {
            return;
        }
    }
}

async fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

/// Reads on for a while after the answer is known: a client that still sends may not look at it before it is through, and
/// a connection that is closed too early takes the answer with it.
async fn drain(mut body: Body) {
    let reading = async {
        let mut left = DRAINED;
        while let Some(Ok(frame)) = next(&mut body).await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(GRACE, reading).await;
}

/// A body that arrives, for the thread that reads it. One that breaks off ends with an error, never like a whole one.
struct Incoming {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    rest: Bytes,
    ended: bool,
}

impl Incoming {
    fn new(receiver: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self {
            receiver,
            rest: Bytes::new(),
            ended: false,
        }
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.ended {
            self.rest = match self.receiver.blocking_recv() {
                Some(chunk) => chunk?,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            };
            self.ended = self.rest.is_empty();
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

fn response(answer: Answer, is_head: bool, active: Active) -> Response {
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
        // A value that no header can have is left out; ours are made of checked names.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let body = match answer.content {
        _ if is_head => Body::empty(),
        Content::Empty => Body::empty(),
        Content::Bytes(bytes) => Body::from(bytes),
        Content::File(file, length) => Body::new(Outgoing::of(file, length, active)),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// A part of a file, as a thread reads it.
struct Outgoing {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    _active: Active,
}

impl Outgoing {
    fn of(file: File, length: u64, active: Active) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::task::spawn_blocking(move || send_file(file, length, &sender));
        Self {
            receiver,
            _active: active,
        }
    }
}

fn send_file(mut file: File, length: u64, sender: &mpsc::Sender<io::Result<Bytes>>) {
    let mut left = length;
    while left > 0 {
        let size = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let mut chunk = vec![0; size];
        let read = file.read_exact(&mut chunk).map(|()| Bytes::from(chunk));
        let failed = read.is_err();
        // A client that has gone wants no more.
        if sender.blocking_send(read).is_err() || failed {
            return;
        }
        left -= size as u64;
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.receiver
            .poll_recv(context)
            .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests;
