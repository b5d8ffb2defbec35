//! The loopback interface of a new network namespace, which starts switched off.
//!
//! **Lesson.** `ports-and-networks`

use super::{check, failed};
use crate::error::Result;
use rustix::net::{AddressFamily, SocketType, socket};
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
