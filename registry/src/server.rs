//! Listening, and stopping. The only asynchronous code of docklings.
//!
//! | what | where |
//! |---|---|
//! | who is connected, how long each is waited for | `connections` |
//! | one request and its answer, piece by piece, so that no whole blob is kept in memory | `exchange` |
//! | bytes that move | `wire` |

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
use wire::{Door, Stream, Wire};

/// Threads that work on the disk, at most. None of them waits for a client, and a quarter may be at blobs, so that what is
/// small finds one.
const THREADS: usize = 256;
/// Bytes of a connection that are kept, on their way in and out. A header is not longer.
const BUFFER: usize = 64 * 1024;
/// How long requests may go on after the registry was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How often we look whether to go on.
const LOOK: Duration = Duration::from_millis(500);
/// How long no connection is accepted after that has failed.
const BREATH: Duration = Duration::from_millis(50);
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
    /// How long clients are waited for, and how many may be connected.
    pub limits: Limits,
}

struct Served {
    service: Box<dyn Service>,
    connections: Arc<Connections>,
    /// Turns at what is large.
    bulk: Arc<Semaphore>,
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
    // Whoever is still at work has had its time.
    runtime.shutdown_timeout(LOOK);
    ended
}

async fn run(listener: Listener, served: Arc<Served>) -> io::Result<()> {
    let door = Door::new(listener)?;
    let (stop, stopping) = watch::channel(false);
    let (serving, mut all_served) = mpsc::channel(1);
    {
        let mut taking_in = pin!(take_in(door, Arc::clone(&served), stopping, serving));
        tokio::select! {
            () = taking_in.as_mut() => {}
            () = served.connections.watch() => {}
            () = until_stopped(&served) => {}
        }
        if let Some(stops) = &served.life.stops {
            stops();
        }
        // Who has come before that is served, and the door is closed.
        let _ = timeout(Duration::ZERO, taking_in).await;
    }
    stop.send_replace(true);
    // An error means that none is left.
    let _ = timeout(GRACE, all_served.recv()).await;
    Ok(())
}

/// Takes in clients. Does not end. Each holds a `serving` for as long as it is served.
async fn take_in(
    door: Door,
    served: Arc<Served>,
    stopping: watch::Receiver<bool>,
    serving: mpsc::Sender<Infallible>,
) {
    loop {
        let (stream, address) = match door.accept().await {
            Ok(accepted) => accepted,
            Err(_) => {
                // Perhaps there are no descriptors left.
                served.connections.make_room();
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // Where there is no room, and all wait for us, the connection ends here.
        if let Some(seat) = served.connections.admit(address) {
            let (served, serving, stopping) =
                (Arc::clone(&served), serving.clone(), stopping.clone());
            tokio::spawn(async move {
                attend(stream, seat, served, stopping).await;
                drop(serving);
            });
        }
    }
}

/// Serves one client, until it leaves, has been waited for too long, or is asked to leave.
async fn attend(
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
            // How it ended is the client's business.
            _ = serving.as_mut() => return,
            () = connection.ended() => return,
            Ok(()) = stopping.changed() => serving.as_mut().graceful_shutdown(),
        }
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

    /// A turn at something large; `None` at the end of all things.
    async fn bulk(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.bulk).acquire_owned().await.ok()
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

#[cfg(test)]
mod tests;
