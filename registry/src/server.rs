//! Listening and stopping. The only asynchronous code in docklings.
//!
//! | what | where |
//! |---|---|
//! | the connected clients and their timeouts | `connections` |
//! | one request and its answer, piece by piece, so that no blob is ever whole in memory | `exchange` |
//! | the bytes of a connection | `wire` |

mod connections;
mod exchange;
mod wire;

pub use connections::Limits;

use crate::Service;
use connections::{Connections, Seat};
use exchange::exchange;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;
use wire::{Acceptor, Stream, Wire};

/// The most threads that work on the disk. None of them waits for a client, and at most a quarter handle blobs, so that
/// small requests find a free one.
const THREADS: usize = 256;
/// Bytes buffered for a connection, in each direction. A header is not longer.
const BUFFER: usize = 64 * 1024;
/// How long requests may continue after the registry was asked to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How often we check whether to continue.
const LOOK: Duration = Duration::from_millis(500);
/// The pause after a failed accept.
const BREATH: Duration = Duration::from_millis(50);
/// How often abandoned uploads are swept.
const SWEEP: Duration = Duration::from_secs(600);

/// Where to listen. The caller binds, because it knows how to report a failure.
#[derive(Debug)]
pub enum Listener {
    /// An address.
    Tcp(std::net::TcpListener),
    /// A Unix socket.
    Unix(std::os::unix::net::UnixListener),
}

/// An answered request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Such as `GET`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
}

/// Whether to continue.
pub type Question = dyn Fn() -> bool + Send + Sync;
/// Called for each request.
pub type Witness = dyn Fn(&Seen) + Send + Sync;

/// When to stop, besides Ctrl-C and SIGTERM, and callbacks for what happens.
#[derive(Default)]
pub struct Life {
    /// Stop after this long without a request.
    pub idle: Option<Duration>,
    /// Stop when this returns false; called now and then.
    pub goes_on: Option<Box<Question>>,
    /// Called once, before the registry stops accepting requests.
    pub stops: Option<Box<dyn Fn() + Send + Sync>>,
    /// Called for each request.
    pub seen: Option<Box<Witness>>,
    /// Timeouts and the number of connections.
    pub limits: Limits,
}

struct Served {
    service: Box<dyn Service>,
    connections: Arc<Connections>,
    /// Permits for large content.
    bulk: Arc<Semaphore>,
    life: Life,
    begun: Instant,
    /// Milliseconds from `begun` to the last request.
    last: AtomicU64,
    active: AtomicUsize,
}

/// Serves `service` until asked to stop. Starts the threads that it needs, and ends them.
pub fn serve(listener: Listener, service: impl Service + 'static, life: Life) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(THREADS)
        .enable_all()
        .build()?;
    let served = Arc::new(Served {
        service: Box::new(service),
        connections: Connections::new(life.limits.clone()),
        bulk: Arc::new(Semaphore::new(THREADS / 4)),
        life,
        begun: Instant::now(),
        last: AtomicU64::new(0),
        active: AtomicUsize::new(0),
    });
    let ended = runtime.block_on(run(listener, served));
    // Threads still at work have had their time.
    runtime.shutdown_timeout(LOOK);
    ended
}

async fn run(listener: Listener, served: Arc<Served>) -> io::Result<()> {
    let acceptor = Acceptor::new(listener)?;
    let (stop, stopping) = watch::channel(false);
    let (serving, mut all_served) = mpsc::channel(1);
    {
        let mut accepting = pin!(accept_clients(
            acceptor,
            Arc::clone(&served),
            stopping,
            serving
        ));
        tokio::select! {
            () = accepting.as_mut() => {}
            () = served.connections.watch() => {}
            () = until_stopped(&served) => {}
        }
        if let Some(stops) = &served.life.stops {
            stops();
        }
        // Serve the clients that have already connected, then close the listener.
        let _ = timeout(Duration::ZERO, accepting).await;
    }
    stop.send_replace(true);
    // An error means that no connection is left.
    let _ = timeout(GRACE, all_served.recv()).await;
    Ok(())
}

/// Accepts clients; never returns. Each holds a `serving` for as long as it is served.
async fn accept_clients(
    acceptor: Acceptor,
    served: Arc<Served>,
    stopping: watch::Receiver<bool>,
    serving: mpsc::Sender<Infallible>,
) {
    loop {
        let (stream, address) = match acceptor.accept().await {
            Ok(accepted) => accepted,
            Err(_) => {
                // Perhaps no descriptors are left.
                served.connections.make_room();
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // If there is no room and every client waits for us, the connection ends here.
        if let Some(seat) = served.connections.admit(address) {
            let (served, serving, stopping) =
                (Arc::clone(&served), serving.clone(), stopping.clone());
            tokio::spawn(async move {
                serve_client(stream, seat, served, stopping).await;
                drop(serving);
            });
        }
    }
}

/// Serves one client until it leaves, times out, or is asked to leave.
async fn serve_client(
    stream: Stream,
    seat: Seat,
    served: Arc<Served>,
    mut stopping: watch::Receiver<bool>,
) {
    let connection = Arc::clone(&seat.connection);
    let wire = Wire::new(stream, Arc::clone(&connection));
    let answering =
        service_fn(|request| exchange(Arc::clone(&served), Arc::clone(&connection), request));
    let mut serving = pin!(
        http1::Builder::new()
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(wire), answering)
    );
    loop {
        tokio::select! {
            // How the connection ended does not matter here.
            _ = serving.as_mut() => return,
            () = connection.ended() => return,
            Ok(()) = stopping.changed() => serving.as_mut().graceful_shutdown(),
        }
    }
}

/// Returns on a signal or at the end of the registry's life.
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
            // A failed sweep is repeated later.
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

    /// A permit for something large; `None` while shutting down.
    async fn bulk(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.bulk).acquire_owned().await.ok()
    }

    fn touch(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }
}

/// Counts a request while its answer is under way.
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

#[cfg(test)]
mod tests;
