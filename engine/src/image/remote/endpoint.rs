//! Where a registry is: at an address, or at a Unix socket of this machine.
//!
//! **What Docker does.** It tries HTTPS, and plain HTTP only for insecure registries: those of this machine
//! (`localhost`, 127.0.0.0/8, ::1), and those that `insecure-registries` lists. For these it accepts any certificate.
//! **What we do.** The same; and a registry may listen on a Unix socket, so that the hub needs no port.

use super::Remote;
use super::url::{self, Url};
use crate::error::{Error, Result};
use crate::oci::reference::DEFAULT_DOMAIN;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The registry for names of docker.io, unless there is a hub.
pub const DOCKER_HUB: &str = "https://registry-1.docker.io";
/// The server for searches of docker.io.
pub const DOCKER_INDEX: &str = "https://index.docker.io";

/// Where a registry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// An address; only its scheme, host and port are used.
    Address(Url),
    /// A Unix socket that speaks plain HTTP.
    Socket {
        /// The socket's path.
        path: PathBuf,
        /// Its host selects the registry: several may listen there.
        url: Url,
    },
}

impl Endpoint {
    /// The registry `host` behind the Unix socket at `path`. Error: `host` is not a valid host name.
    pub fn socket(path: impl Into<PathBuf>, host: &str) -> Result<Self> {
        Ok(Self::Socket {
            path: path.into(),
            url: Url::parse(&format!("http://{host}"))?.root(),
        })
    }

    /// Reads `http://…`, `https://…` or `unix:///path`.
    pub fn parse(text: &str) -> Result<Self> {
        match text.strip_prefix("unix://") {
            Some(path) if path.starts_with('/') => Self::socket(path, "localhost"),
            Some(_) => Err(Error::invalid(format!(
                "invalid address `{text}`: the path of a socket begins with /"
            ))),
            None => Ok(Self::Address(Url::parse(text)?.root())),
        }
    }

    /// The server's root.
    pub(super) fn base(&self) -> &Url {
        match self {
            Self::Address(url) | Self::Socket { url, .. } => url,
        }
    }

    /// The path of the socket.
    pub(super) fn socket_path(&self) -> Option<&Path> {
        match self {
            Self::Address(_) => None,
            Self::Socket { path, .. } => Some(path),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => write!(f, "{}://{}", url.scheme().as_str(), url.authority()),
            Self::Socket { path, .. } => write!(f, "unix://{}", path.display()),
        }
    }
}

/// How the registry of a name can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidates {
    /// In the order in which they are tried.
    pub(super) endpoints: Vec<Endpoint>,
    /// Any certificate is accepted.
    pub(super) insecure: bool,
}

/// How the registry `domain`, such as `docker.io` or `localhost:5000`, can be reached.
pub(super) fn candidates(remote: &Remote, domain: &str) -> Result<Candidates> {
    if domain == DEFAULT_DOMAIN {
        let hub = match (remote.hub)()? {
            Some(hub) => hub,
            None => Endpoint::parse(DOCKER_HUB)?,
        };
        return Ok(Candidates {
            insecure: is_insecure_endpoint(remote, &hub),
            endpoints: vec![hub],
        });
    }
    let https = Url::parse(&format!("https://{domain}"))?;
    let insecure = is_insecure(remote, domain);
    let mut endpoints = vec![Endpoint::Address(https.clone())];
    if insecure {
        // The port of a name is used for both schemes.
        let http = Url::parse(&format!("http://{domain}"))?;
        endpoints.push(Endpoint::Address(http));
    }
    Ok(Candidates {
        endpoints,
        insecure,
    })
}

/// Whether any certificate of the server at `endpoint` is accepted.
pub(super) fn is_insecure_endpoint(remote: &Remote, endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Address(url) if is_insecure(remote, &url.authority()))
}

/// Whether the registry `domain` may be used without TLS: it is on this machine, or listed by its name with the port,
/// by its name alone, or by a network such as `10.0.0.0/8`.
fn is_insecure(remote: &Remote, domain: &str) -> bool {
    let host = url::split_port(domain).map_or(domain, |(host, _)| host);
    url::is_loopback(host)
        || remote.insecure.iter().any(|listed| {
            let listed = listed
                .trim_start_matches("http://")
                .trim_start_matches("https://")
                .trim_end_matches('/');
            listed.eq_ignore_ascii_case(domain) || within(host, listed)
        })
}

/// Whether `host` is an address in the network `listed`, such as `10.0.0.0/8`.
pub(super) fn within(host: &str, listed: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let parsed = listed
        .split_once('/')
        .and_then(|(network, bits)| Some((network.parse().ok()?, bits.parse::<u32>().ok()?)));
    match (bare.parse(), parsed) {
        (Ok(IpAddr::V4(address)), Some((IpAddr::V4(network), bits @ 0..=32))) => {
            let differing = u32::from(address) ^ u32::from(network);
            differing.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (Ok(IpAddr::V6(address)), Some((IpAddr::V6(network), bits @ 0..=128))) => {
            let differing = u128::from(address) ^ u128::from(network);
            differing.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn check(insecure: &[&str], domain: &str, expected: &[&str]) {
        let remote = Remote {
            insecure: insecure.iter().map(|text| (*text).to_owned()).collect(),
            ..Remote::default()
        };
        let found = candidates(&remote, domain).unwrap();
        let texts: Vec<_> = found.endpoints.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected, "{domain}");
    }

    #[test]
    fn plain_http_is_for_this_machine_and_for_listed_registries() {
        check(&[], "reg.example", &["https://reg.example"]);
        check(
            &[],
            "localhost:5000",
            &["https://localhost:5000", "http://localhost:5000"],
        );
        check(&[], "127.3.2.1", &["https://127.3.2.1", "http://127.3.2.1"]);
        check(
            &[],
            "[::1]:5000",
            &["https://[::1]:5000", "http://[::1]:5000"],
        );
        check(
            &["reg:5000"],
            "reg:5000",
            &["https://reg:5000", "http://reg:5000"],
        );
        check(
            &["http://reg:5000/"],
            "reg:5000",
            &["https://reg:5000", "http://reg:5000"],
        );
        check(&["reg:5000"], "reg:5001", &["https://reg:5001"]);
        check(
            &["10.0.0.0/8"],
            "10.9.9.9:5000",
            &["https://10.9.9.9:5000", "http://10.9.9.9:5000"],
        );
        check(
            &["10.0.0.0/8", "x/y", "1.2.3.4/99"],
            "11.0.0.1",
            &["https://11.0.0.1"],
        );
        check(
            &["0.0.0.0/0"],
            "11.0.0.1",
            &["https://11.0.0.1", "http://11.0.0.1"],
        );
        check(&[], "docker.io", &["https://registry-1.docker.io"]);
    }

    #[test]
    fn names_of_docker_io_go_to_the_hub() {
        let remote = Remote {
            hub: Arc::new(|| Endpoint::parse("unix:///run/hub.sock").map(Some)),
            ..Remote::default()
        };
        let found = candidates(&remote, "docker.io").unwrap();
        let expected = Endpoint::socket("/run/hub.sock", "localhost").unwrap();
        assert_eq!(found.endpoints, [expected]);
        assert!(Endpoint::parse("unix://relative").is_err());
        assert!(Endpoint::parse("hub").is_err());
    }
}
