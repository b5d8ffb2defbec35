//! Egress: a container's `eth0`, and the program that makes its outbound connections.
//!
//! **Kernel feature.** A tap interface ([`crate::sys::tap`]): the container's packets are read from a descriptor.
//! **What Docker does.** A bridge, with the machine's firewall rewriting addresses; all of it needs root.
//! **What we do.** The same with and without root: `passt` (the program behind `pasta`) or `slirp4netns` turns the
//! packets into ordinary connections of the caller. The interface exists before the container's program runs; the first
//! packet starts the other program, so a container that never uses the network does not pay for it.
//! **What we leave out.** IPv6, as on Docker's default network, and containers that reach each other.
//! **Try it.** `docker run -d --name box busybox sleep 600`, `docker exec box ip route`; then `ps -ef | grep passt`,
//! before and after `docker exec box wget -T 2 example.com`
//! **Lesson.** `ports-and-networks`

pub use crate::engine::Allowed;
use crate::error::plainly;
use crate::store::containers::Endpoint;
use crate::sys::{namespace, tap};
use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};

/// Docker's usual first address on its default network. Each container has the network to itself, so all use it.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(172, 17, 0, 2);
/// The default network's gateway.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 17, 0, 1);
/// The prefix length of the default network.
pub const PREFIX: u8 = 16;
/// Docker derives the hardware address from the IP address.
pub const MAC: [u8; 6] = [0x02, 0x42, 172, 17, 0, 2];
const GATEWAY_MAC: [u8; 6] = [0x02, 0x42, 172, 17, 0, 1];
/// Large packets are fast, and nothing between the container and the other program is limited to Ethernet's 1500 bytes.
const MTU: u16 = 65_520;
/// The interface's name.
pub const INTERFACE: &str = "eth0";
/// An address outside every local network (RFC 5737).
const SOMEWHERE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// slirp4netns's own network; its DNS answers come from there.
pub(super) const SLIRP_NETWORK: &str = "10.0.2.0/24";
const SLIRP_NAMES: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);
/// The kernel's IPv4 routes, the only kind that containers use.
const ROUTES: &str = "/proc/net/route";
/// slirp4netns listens on this socket in the container's private folder.
pub(super) const SOCKET: &str = "slirp.sock";
/// libslirp builds its hardware address from 52:55 and its own address, 10.0.2.2.
const SLIRP_MAC: [u8; 6] = [0x52, 0x55, 10, 0, 2, 2];

/// The program that provides egress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// `passt`, also installed as `pasta`.
    Passt(PathBuf),
    /// `slirp4netns`.
    Slirp(PathBuf),
}

/// Why there is no egress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// `DOCKLINGS_OUTBOUND=no`.
    Off,
    /// Neither program is installed.
    NotInstalled,
    /// The machine itself has no network.
    Offline,
    /// The tap device cannot be opened; the system's reason.
    NoDevice(String),
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("it is turned off"),
            Self::NotInstalled => {
                f.write_str("neither `passt` (`pasta`) nor `slirp4netns` is installed")
            }
            Self::Offline => f.write_str("this machine has no network"),
            Self::NoDevice(why) => write!(f, "`{}` cannot be opened: {why}", tap::DEVICE),
        }
    }
}

/// Looks for the calling user's egress program.
///
/// # Errors
/// Why there is none; containers then have only loopback.
pub fn find(allowed: Allowed) -> Result<Way, Closed> {
    let passt = || {
        let mut names = ["passt", "pasta"].into_iter();
        names.find_map(namespace::find_tool).map(Way::Passt)
    };
    let slirp = || namespace::find_tool("slirp4netns").map(Way::Slirp);
    let way = match allowed {
        Allowed::Any => passt().or_else(slirp),
        Allowed::Passt => passt(),
        Allowed::Slirp => slirp(),
        Allowed::None => return Err(Closed::Off),
    }
    .ok_or(Closed::NotInstalled)?;
    if fs::read_to_string(ROUTES).is_ok_and(|routes| !leads_out(&routes)) {
        return Err(Closed::Offline);
    }
    match tap::open() {
        Ok(_) => Ok(way),
        Err(error) => Err(Closed::NoDevice(
            std::error::Error::source(&error)
                .and_then(|source| source.downcast_ref())
                .map_or_else(|| error.to_string(), plainly),
        )),
    }
}

/// Whether the machine can reach another one: `routes` is the content of [`ROUTES`], which has a heading, and no line
/// for loopback.
fn leads_out(routes: &str) -> bool {
    routes.lines().nth(1).is_some()
}

impl Way {
    /// The program's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passt(_) => "passt",
            Self::Slirp(_) => "slirp4netns",
        }
    }

    /// The program's path.
    pub fn program(&self) -> &Path {
        match self {
            Self::Passt(path) | Self::Slirp(path) => path,
        }
    }

    /// The address inside at which the machine's name server answers, for machines whose only name server is on
    /// loopback.
    pub fn names(&self) -> Ipv4Addr {
        match self {
            Self::Passt(_) => GATEWAY,
            Self::Slirp(_) => SLIRP_NAMES,
        }
    }

    /// The addresses of the container's interface; `mac` is `--mac-address`.
    pub fn address(&self, mac: Option<[u8; 6]>) -> tap::Address {
        tap::Address {
            ip: ADDRESS,
            prefix: PREFIX,
            gateway: GATEWAY,
            gateway_mac: self.gateway_mac(),
            mac: mac.unwrap_or(MAC),
            mtu: MTU,
        }
    }

    fn gateway_mac(&self) -> [u8; 6] {
        match self {
            Self::Passt(_) => GATEWAY_MAC,
            Self::Slirp(_) => SLIRP_MAC,
        }
    }

    /// Its command line. passt talks over descriptor 3; slirp4netns over a socket in the working folder, until
    /// descriptor 3 closes. Neither lets the container reach the machine's loopback, and neither opens ports.
    ///
    /// With `forward`, DNS queries are answered at [`Way::names`]. passt gets that option only then: it would rewrite
    /// each answer of the machine's first name server to come from there, even for a container that asked that server
    /// directly. `--interface` names the interface from which passt would read its defaults, all of which are given
    /// here; without it, passt looks for the default route and does not start on a machine without one.
    pub(super) fn words(&self, forward: bool) -> Vec<String> {
        let words = match self {
            Self::Passt(_) => format!(
                "passt --foreground --quiet --fd 3 --ipv4-only --interface lo --address {ADDRESS} --netmask {PREFIX} --gateway {GATEWAY} \
                 --mac-addr {} {} --no-map-gw --no-dhcp --no-ndp --no-dhcpv6 --no-ra",
                mac_text(GATEWAY_MAC),
                if forward {
                    format!("--dns-forward {GATEWAY}")
                } else {
                    String::new()
                },
            ),
            Self::Slirp(_) => format!(
                "slirp4netns --target-type=bess --disable-host-loopback --enable-sandbox --cidr={SLIRP_NETWORK} --mtu={MTU} --exit-fd=3 {}",
                SOCKET
            ),
        };
        words.split_whitespace().map(str::to_owned).collect()
    }
}

/// The machine's own address on its network; `None` without a network.
pub fn address_of_machine() -> Option<IpAddr> {
    // Connecting a datagram socket sends nothing: it chooses the route, and with it our own address.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((SOMEWHERE, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// `02:42:ac:11:00:02`.
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// The reverse of [`mac_text`]; also with dashes.
pub fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let parts: Vec<&str> = text.split([':', '-']).collect();
    let mut mac = [0; 6];
    if parts.len() != mac.len() {
        return None;
    }
    for (to, part) in mac.iter_mut().zip(parts) {
        if part.len() != 2 || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        *to = u8::from_str_radix(part, 16).ok()?;
    }
    Some(mac)
}

/// An interface as recorded and shown.
pub fn endpoint(way: &Way, address: &tap::Address) -> Endpoint {
    Endpoint {
        ip: address.ip,
        prefix: address.prefix,
        gateway: address.gateway,
        mac: mac_text(address.mac),
        way: way.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, mac: Option<[u8; 6]>) {
        assert_eq!(parse_mac(text), mac, "{text:?}");
    }

    #[test]
    fn a_hardware_address_has_six_parts() {
        check("02:42:ac:11:00:02", Some(MAC));
        check("02-42-AC-11-00-02", Some(MAC));
        for bad in [
            "",
            "02:42",
            "02:42:ac:11:00:02:03",
            "2:42:ac:11:00:02",
            "zz:42:ac:11:00:02",
            "+2:42:ac:11:00:02",
        ] {
            check(bad, None);
        }
        assert_eq!(mac_text(MAC), "02:42:ac:11:00:02");
    }

    #[test]
    fn a_machine_with_any_route_leads_out() {
        let heading = "Iface\tDestination\tGateway \tFlags\n";
        for (routes, expected) in [
            ("", false),
            (heading, false),
            (&*format!("{heading}eth0\t00000000\t0100000A\t0003\n"), true),
            // A class without internet.
            (&*format!("{heading}eth0\t0000630A\t00000000\t0001\n"), true),
        ] {
            assert_eq!(leads_out(routes), expected, "{routes:?}");
        }
    }

    #[test]
    fn neither_program_may_reach_the_machines_loopback() {
        let passt = Way::Passt("/usr/bin/pasta".into()).words(false);
        assert_eq!(passt[0], "passt");
        assert!(passt.contains(&"--no-map-gw".to_owned()));
        let slirp = Way::Slirp("/usr/bin/slirp4netns".into()).words(false);
        assert!(slirp.contains(&"--disable-host-loopback".to_owned()));
    }

    #[test]
    fn answers_to_names_are_rewritten_only_where_the_container_asks_the_gateway() {
        let passt = Way::Passt("/usr/bin/passt".into());
        let forwards = |words: Vec<String>| words.contains(&"--dns-forward".to_owned());
        assert!(forwards(passt.words(true)) && !forwards(passt.words(false)));
    }

    #[test]
    fn what_is_turned_off_is_not_searched_for() {
        assert_eq!(find(Allowed::None), Err(Closed::Off));
        for (word, allowed) in [
            ("", Some(Allowed::Any)),
            ("no", Some(Allowed::None)),
            ("yes", None),
        ] {
            assert_eq!(Allowed::parse(word), allowed, "{word:?}");
        }
    }
}
