//! Unused addresses of this machine: all of 127.0.0.0/8 is loopback, and a port is taken per address.
//!
//! A test with a fixed port, or with a port that it closes and reopens, could otherwise meet foreign connections: most
//! loopback traffic is on 127.0.0.1, with ports from the same range.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU8, Ordering};

/// An address that no other test has, in this run or in a parallel one.
pub(crate) fn own_loopback() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    // Not 127.0.0.0/16, where programs look for this machine.
    Ipv4Addr::new(127, high.max(1), low, NEXT.fetch_add(1, Ordering::Relaxed))
}
