//! The loopback interface of a new network namespace, which is down at first and has only 127.0.0.1.
//!
//! **Lesson.** `ports-and-networks`

use super::tap::{call, internet, named};
use super::{check, failed};
use crate::error::Result;
use rustix::net::{AddressFamily, SocketType, socket};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

/// Brings `lo` up. Source: `netdevice(7)`, SIOCSIFFLAGS.
pub(crate) fn bring_up_loopback() -> Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)
        .map_err(|error| failed("socket", "AF_INET", error))?;
    // SAFETY: ifreq is a plain struct of bytes and integers, for which all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, to which the pointer points.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    check(result.into())
        .map(drop)
        .map_err(|error| failed("ioctl", "SIOCSIFFLAGS lo", error))
}

/// Adds an address to `lo`, on which a server bound to 127.0.0.1 does not listen. Source: `netdevice(7)`; a name with a
/// colon denotes an address of the interface.
pub(crate) fn add_to_loopback(ip: Ipv4Addr) -> Result<()> {
    let control = socket(AddressFamily::INET, SocketType::DGRAM, None)
        .map_err(|error| failed("socket", "AF_INET", error))?;
    let mut request = named("lo:0");
    request.ifr_ifru.ifru_addr = internet(ip);
    call(
        &control,
        libc::SIOCSIFADDR,
        &mut request,
        "SIOCSIFADDR lo:0",
    )?;
    // Otherwise the whole class of the address would be local.
    request.ifr_ifru.ifru_netmask = internet(Ipv4Addr::BROADCAST);
    call(
        &control,
        libc::SIOCSIFNETMASK,
        &mut request,
        "SIOCSIFNETMASK lo:0",
    )
}
