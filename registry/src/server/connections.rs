//! Timeouts and the number of connections. A stalled client delays no other: it costs a connection and a few buffers,
//! no thread, and not for long.
//!
//! ```text
//!           first byte          header is whole        body, answer: the client's turn
//! Rest ───────────────► Head ─────────────────► Work ◄──────────────────────────────► Stream
//!   ▲                                             │ the answer is written
//!   └─────────────────────────────────────────────┘
//! ```
//!
//! When a limit on connections is reached, the connection that has waited longest for its client makes room for the new
//! one. A trickle of bytes does not count as progress, so that honest clients never wait behind slow ones.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// The bytes that must move for a body or an answer to count as progress.
const STRIDE: u64 = 64 * 1024;
/// The shortest and longest interval between checks of the clients.
const LOOK: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));
/// Descriptors not used for connections: standard streams, the listener, the runtime, the lock, and briefly open files.
const OTHER_DESCRIPTORS: u64 = 64;

/// Timeouts and the number of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For the whole header of a request, from the connection or its first byte.
    pub head: Duration,
    /// For the next request on a connection.
    pub rest: Duration,
    /// For the next byte of a body, and for the client to take the next byte of an answer.
    pub stall: Duration,
    /// For the next 64 KiB of a body or an answer.
    pub crawl: Duration,
    /// All connections.
    pub connections: usize,
    /// Connections from one address, or from one IPv6 network.
    pub per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            rest: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            crawl: Duration::from_secs(300),
            connections: 400,
            per_address: 200,
        }
    }
}

impl Limits {
    /// The defaults, for a process that may open this many descriptors: each connection needs one, and perhaps a file.
    #[must_use]
    pub fn within(descriptors: u64) -> Self {
        let usual = Self::default();
        let room = descriptors.saturating_sub(OTHER_DESCRIPTORS) / 2;
        let connections = usize::try_from(room)
            .map_or(usual.connections, |room| room.clamp(8, usual.connections));
        Self {
            connections,
            per_address: connections.div_ceil(2),
            ..usual
        }
    }

    fn shortest(&self) -> Duration {
        self.head.min(self.rest).min(self.stall).min(self.crawl)
    }
}

/// All connections.
#[derive(Debug)]
pub(super) struct Connections {
    limits: Limits,
    clock: Arc<Clock>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    known: BTreeMap<u64, Arc<Connection>>,
}

/// Milliseconds that this process has been awake: time asleep, or busy with other processes, does not count against
/// clients.
#[derive(Debug, Default)]
struct Clock(AtomicU64);

impl Clock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn advance(&self, time: Duration) {
        self.0.fetch_add(millis(time), Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Connections {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            clock: Arc::default(),
            table: Mutex::default(),
        })
    }

    /// Admits a client from `address`, if it has one. `None` if there is no room and none can be made.
    pub(super) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Seat> {
        let address = address.map(network);
        let mut table = self.lock();
        if let Some(address) = address {
            let is_theirs = |one: &Connection| one.address == Some(address);
            let theirs = table.known.values().filter(|one| is_theirs(one)).count();
            if theirs >= self.limits.per_address && !table.make_room(is_theirs) {
                return None;
            }
        }
        if table.known.len() >= self.limits.connections && !table.make_room(|_| true) {
            return None;
        }
        let id = table.next;
        table.next += 1;
        let connection = Arc::new(Connection {
            address,
            clock: Arc::clone(&self.clock),
            state: Mutex::new(State::new(self.clock.now())),
            is_cut: AtomicBool::new(false),
            cut: Notify::new(),
        });
        table.known.insert(id, Arc::clone(&connection));
        Some(Seat {
            connections: Arc::clone(self),
            connection,
            id,
        })
    }

    /// Cuts the connection that has waited longest for its client.
    pub(super) fn make_room(&self) {
        self.lock().make_room(|_| true);
    }

    /// Cuts connections that time out. Never returns.
    pub(super) async fn watch(&self) {
        let look = (self.limits.shortest() / 4).clamp(LOOK.0, LOOK.1);
        let mut ticks = tokio::time::interval(look);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        loop {
            ticks.tick().await;
            self.clock.advance(last.elapsed().min(look * 2));
            last = Instant::now();
            let now = self.clock.now();
            self.lock().known.retain(|_, connection| {
                let is_over = connection.state().is_over(&self.limits, now);
                if is_over {
                    connection.end();
                }
                !is_over
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // The map is consistent after every statement, so a panic elsewhere cannot have damaged it.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Cuts one connection for which `may_go`. Returns false if all of them wait for us.
    fn make_room(&mut self, may_go: impl Fn(&Connection) -> bool) -> bool {
        let waiting = self.known.iter().filter(|(_, one)| may_go(one));
        let oldest = waiting
            .filter_map(|(id, one)| Some((one.state().waits_since()?, *id)))
            .min();
        let Some(connection) = oldest.and_then(|(_, id)| self.known.remove(&id)) else {
            return false;
        };
        connection.end();
        true
    }
}

/// Where a client is: its address, or for IPv6 its network, since there a client can use any number of addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

/// A connection's entry among the others while it is served.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) connection: Arc<Connection>,
    connections: Arc<Connections>,
    id: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.lock().known.remove(&self.id);
    }
}

/// One connection: whose turn it is and since when.
#[derive(Debug)]
pub(super) struct Connection {
    address: Option<IpAddr>,
    clock: Arc<Clock>,
    state: Mutex<State>,
    is_cut: AtomicBool,
    cut: Notify,
}

impl Connection {
    /// It is our turn.
    pub(super) fn working(&self) {
        self.state().enter(Phase::Work, self.clock.now());
    }

    /// It is the client's turn to send more of a body, or to take more of an answer.
    pub(super) fn streaming(&self) {
        self.state().enter(Phase::Stream, self.clock.now());
    }

    /// The answer is written or in a buffer.
    pub(super) fn resting(&self) {
        self.state().enter(Phase::Rest, self.clock.now());
    }

    /// Bytes were received.
    pub(super) fn read(&self, count: usize) {
        self.state().read(count, self.clock.now());
    }

    /// Bytes were sent.
    pub(super) fn wrote(&self, count: usize) {
        self.state().wrote(count, self.clock.now());
    }

    /// Returns when the connection must end.
    pub(super) async fn ended(&self) {
        self.cut.notified().await;
    }

    /// Whether it was cut.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
        self.cut.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The client's, to send the header.
    Head,
    /// The client's, to begin another request or to take the rest of the last answer.
    Rest,
    /// Ours.
    Work,
    /// The client's, in the middle of a body or an answer.
    Stream,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// When the phase began, or the client's last byte in it came.
    since: u64,
    /// When the last stride was complete. Our own turns do not count: they postpone it.
    mark: u64,
    /// The bytes moved since then.
    moved: u64,
}

impl State {
    fn new(now: u64) -> Self {
        Self {
            phase: Phase::Head,
            since: now,
            mark: now,
            moved: 0,
        }
    }

    fn enter(&mut self, phase: Phase, now: u64) {
        if phase == self.phase {
            return;
        }
        match self.phase {
            Phase::Head | Phase::Rest => (self.mark, self.moved) = (now, 0),
            Phase::Work => self.mark += now.saturating_sub(self.since),
            Phase::Stream => {}
        }
        (self.phase, self.since) = (phase, now);
    }

    fn read(&mut self, count: usize, now: u64) {
        match self.phase {
            Phase::Rest if count > 0 => self.enter(Phase::Head, now),
            Phase::Stream => self.moved(count, now),
            _ => {}
        }
    }

    fn wrote(&mut self, count: usize, now: u64) {
        match self.phase {
            Phase::Rest if count > 0 => self.since = now,
            Phase::Stream => self.moved(count, now),
            _ => {}
        }
    }

    fn moved(&mut self, count: usize, now: u64) {
        if count == 0 {
            return;
        }
        self.since = now;
        self.moved += count as u64;
        if self.moved >= STRIDE {
            (self.mark, self.moved) = (now, 0);
        }
    }

    /// Whether the client has timed out.
    fn is_over(&self, limits: &Limits, now: u64) -> bool {
        let longer = |since: u64, limit| now.saturating_sub(since) > millis(limit);
        match self.phase {
            Phase::Head => longer(self.since, limits.head),
            Phase::Rest => longer(self.since, limits.rest),
            Phase::Work => false,
            Phase::Stream => longer(self.since, limits.stall) || longer(self.mark, limits.crawl),
        }
    }

    /// Since when we wait for the client; `None` if it waits for us.
    fn waits_since(&self) -> Option<u64> {
        match self.phase {
            Phase::Head | Phase::Rest => Some(self.since),
            Phase::Work => None,
            Phase::Stream => Some(self.mark),
        }
    }
}

#[cfg(test)]
mod tests;
