//! The loopback interface of a new network namespace, which starts switched off and has 127.0.0.1 only.
//!
//! **Lesson.** `ports-and-networks`

use super::tap::{call, internet, named};
use super::{check, failed};
use crate::error::Result;
use rustix::net::{AddressFamily, SocketType, socket};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

/// Switches `lo` on. Source: `netdevice(7)`, SIOCSIFFLAGS.
pub fn bring_up_loopback() -> Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)
        .map_err(|error| failed("socket", "AF_INET", error))?;
    // SAFETY: ifreq is a plain struct of bytes and integers, for which all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which is what the pointer leads to.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    check(result.into())
        .map(drop)
        .map_err(|error| failed("ioctl", "SIOCSIFFLAGS lo", error))
}

/// Gives `lo` a further address: what listens on 127.0.0.1 only does not listen there. Source: `netdevice(7)`; a name with a
/// colon stands for an address of the interface.
pub fn add_to_loopback(ip: Ipv4Addr) -> Result<()> {
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
    // Otherwise all of the address's class would be here.
    request.ifr_ifru.ifru_netmask = internet(Ipv4Addr::BROADCAST);
    call(
        &control,
        libc::SIOCSIFNETMASK,
        &mut request,
        "SIOCSIFNETMASK lo:0",
    )
}
