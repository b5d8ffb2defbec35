//! A network interface whose other end is a file descriptor: packets from the container are read from it, and packets
//! written to it arrive in the container.
//!
//! **Kernel feature.** `/dev/net/tun` in tap mode; the interface is created in the network namespace of the process
//! that opens the device. Addresses and routes are set by `ioctl`, as `ifconfig` and `route` did before `ip`.
//! **What Docker does.** A veth pair, one end in the container and the other on a bridge of the machine, which needs
//! root.
//! **Try it.** `docker run --rm busybox ip addr`
//! **Lesson.** `ports-and-networks`

use super::{check, failed};
use crate::error::Result;
use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketType, socket};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};

/// Source: `linux/if_tun.h`; the `libc` crate does not have them.
const TUNSETIFF: libc::c_ulong = 0x4004_54ca;
const TUNSETPERSIST: libc::c_ulong = 0x4004_54cb;
const IFF_TAP: libc::c_short = 0x0002;
const IFF_NO_PI: libc::c_short = 0x1000;
/// Source: `linux/sockios.h`.
const SIOCADDRT: libc::c_ulong = 0x890b;
/// Source: `linux/route.h`.
const RTF_UP: libc::c_ushort = 0x0001;
const RTF_GATEWAY: libc::c_ushort = 0x0002;

/// The device that creates tap interfaces.
pub(crate) const DEVICE: &str = "/dev/net/tun";

/// The addresses of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its own address.
    pub ip: Ipv4Addr,
    /// The network's prefix length.
    pub prefix: u8,
    /// The default gateway.
    pub gateway: Ipv4Addr,
    /// The gateway's hardware address, so that it needs no lookup.
    pub gateway_mac: [u8; 6],
    /// The interface's hardware address.
    pub mac: [u8; 6],
    /// The longest packet, in bytes.
    pub mtu: u16,
}

/// `struct rtentry` of `linux/route.h`.
#[repr(C)]
struct Route {
    pad1: libc::c_ulong,
    destination: libc::sockaddr,
    gateway: libc::sockaddr,
    mask: libc::sockaddr,
    flags: libc::c_ushort,
    pad2: libc::c_short,
    pad3: libc::c_ulong,
    pad4: *mut libc::c_void,
    metric: libc::c_short,
    device: *mut libc::c_char,
    mtu: libc::c_ulong,
    window: libc::c_ulong,
    round_trip: libc::c_ushort,
}

/// Opens the device in the caller's network namespace, where the interface will be created.
pub(crate) fn open() -> Result<OwnedFd> {
    rustix::fs::open(DEVICE, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| failed("open", DEVICE, error))
}

/// Creates the interface `name` on `device`, gives it `address` and brings it up. From then on `device` is its other
/// end. The interface is removed with the network namespace.
pub(crate) fn create(device: &OwnedFd, name: &str, address: &Address) -> Result<()> {
    let mut request = named(name);
    request.ifr_ifru.ifru_flags = IFF_TAP | IFF_NO_PI;
    call(device, TUNSETIFF, &mut request, "TUNSETIFF")?;
    // Otherwise closing its descriptor would remove it, and the close would block until that is done.
    keep(device)?;
    let control = socket(AddressFamily::INET, SocketType::DGRAM, None)
        .map_err(|error| failed("socket", "AF_INET", error))?;
    let mut request = named(name);
    request.ifr_ifru.ifru_hwaddr = hardware(address.mac, libc::ARPHRD_ETHER);
    call(&control, libc::SIOCSIFHWADDR, &mut request, "SIOCSIFHWADDR")?;
    request.ifr_ifru.ifru_mtu = address.mtu.into();
    call(&control, libc::SIOCSIFMTU, &mut request, "SIOCSIFMTU")?;
    without_ipv6(name);
    request.ifr_ifru.ifru_addr = internet(address.ip);
    call(&control, libc::SIOCSIFADDR, &mut request, "SIOCSIFADDR")?;
    request.ifr_ifru.ifru_netmask = internet(mask(address.prefix));
    call(
        &control,
        libc::SIOCSIFNETMASK,
        &mut request,
        "SIOCSIFNETMASK",
    )?;
    request.ifr_ifru.ifru_flags =
        (libc::IFF_UP | libc::IFF_RUNNING | libc::IFF_MULTICAST) as libc::c_short;
    call(&control, libc::SIOCSIFFLAGS, &mut request, "SIOCSIFFLAGS")?;
    know(&control, name, address)?;
    default_route(&control, address.gateway)
}

/// Docker's default network has no IPv6 either; an interface with it would at once announce itself to its neighbours.
fn without_ipv6(name: &str) {
    // A kernel without IPv6 lacks this file.
    let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "1");
}

fn keep(device: &OwnedFd) -> Result<()> {
    let fd = device.as_raw_fd();
    // SAFETY: TUNSETPERSIST takes a number.
    let result = unsafe { libc::ioctl(fd, TUNSETPERSIST as _, 1 as libc::c_ulong) };
    check(result.into())
        .map(drop)
        .map_err(|error| failed("ioctl", "TUNSETPERSIST", error))
}

/// Adds the gateway as a permanent neighbour.
fn know(control: &OwnedFd, name: &str, address: &Address) -> Result<()> {
    // SAFETY: arpreq is a plain struct of bytes and integers, for which all zeroes is a valid value.
    let mut request: libc::arpreq = unsafe { std::mem::zeroed() };
    request.arp_pa = internet(address.gateway);
    request.arp_ha = hardware(address.gateway_mac, libc::ARPHRD_ETHER);
    request.arp_flags = libc::ATF_PERM | libc::ATF_COM;
    copy_name(&mut request.arp_dev, name);
    let fd = control.as_raw_fd();
    // SAFETY: SIOCSARP reads an arpreq, to which the pointer points.
    let result = unsafe { libc::ioctl(fd, libc::SIOCSARP as _, &raw const request) };
    check(result.into())
        .map(drop)
        .map_err(|error| failed("ioctl", "SIOCSARP", error))
}

fn default_route(control: &OwnedFd, gateway: Ipv4Addr) -> Result<()> {
    // SAFETY: Route is a plain struct of bytes, integers and pointers that may be null.
    let mut route: Route = unsafe { std::mem::zeroed() };
    route.destination = internet(Ipv4Addr::UNSPECIFIED);
    route.mask = internet(Ipv4Addr::UNSPECIFIED);
    route.gateway = internet(gateway);
    route.flags = RTF_UP | RTF_GATEWAY;
    let fd = control.as_raw_fd();
    // SAFETY: SIOCADDRT reads an rtentry, whose layout Route has.
    let result = unsafe { libc::ioctl(fd, SIOCADDRT as _, &raw const route) };
    check(result.into())
        .map(drop)
        .map_err(|error| failed("ioctl", "SIOCADDRT", error))
}

pub(super) fn named(name: &str) -> libc::ifreq {
    // SAFETY: ifreq is a plain struct of bytes and integers, for which all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    copy_name(&mut request.ifr_name, name);
    request
}

/// The last byte stays zero.
fn copy_name(to: &mut [libc::c_char], name: &str) {
    let room = to.len() - 1;
    for (to, byte) in to[..room].iter_mut().zip(name.bytes()) {
        *to = byte as libc::c_char;
    }
}

pub(super) fn call(
    fd: &OwnedFd,
    request: libc::c_ulong,
    on: &mut libc::ifreq,
    name: &'static str,
) -> Result<()> {
    // SAFETY: all requests made here read, and perhaps write, an ifreq, to which the pointer points.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), request as _, &raw mut *on) };
    check(result.into())
        .map(drop)
        .map_err(|error| failed("ioctl", name, error))
}

/// `sockaddr_in` without a port: the address is in bytes 2 to 5 of the data.
pub(super) fn internet(ip: Ipv4Addr) -> libc::sockaddr {
    let mut data = [0; 14];
    for (to, byte) in data[2..6].iter_mut().zip(ip.octets()) {
        *to = byte as libc::c_char;
    }
    libc::sockaddr {
        sa_family: libc::AF_INET as libc::sa_family_t,
        sa_data: data,
    }
}

fn hardware(mac: [u8; 6], family: libc::sa_family_t) -> libc::sockaddr {
    let mut data = [0; 14];
    for (to, byte) in data[..6].iter_mut().zip(mac) {
        *to = byte as libc::c_char;
    }
    libc::sockaddr {
        sa_family: family,
        sa_data: data,
    }
}

fn mask(prefix: u8) -> Ipv4Addr {
    let bits = u32::MAX.checked_shl(32 - u32::from(prefix.min(32)));
    Ipv4Addr::from_bits(bits.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_mask() {
        for (prefix, text) in [
            (0, "0.0.0.0"),
            (16, "255.255.0.0"),
            (24, "255.255.255.0"),
            (32, "255.255.255.255"),
        ] {
            assert_eq!(mask(prefix).to_string(), text);
        }
    }

    #[test]
    fn a_long_name_is_cut_and_ends() {
        let mut name = [0; 4];
        copy_name(&mut name, "eth0123");
        assert_eq!(name, [b'e', b't', b'h', 0].map(|b| b as libc::c_char));
    }
}
