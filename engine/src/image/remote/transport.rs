//! Connections: TCP with or without TLS, through a proxy, or a Unix socket.
//!
//! **What Docker does.** Authorities are the system's, and for one registry those of
//! `/etc/docker/certs.d/<host>/*.crt`.
//! **What we do.** The same; a machine without a list of authorities gets Mozilla's, which are part of `ureq`. A server
//! that the registry names (a redirect, a token server) gets separate connections, which present no client certificate
//! of ours, and never reach the addresses of cloud metadata services.

use super::certificates;
use super::stream::{Dial, Slow, ToHub};
use super::url::{self, Scheme, Url};
use super::{Endpoint, Hub, Patience, Proxies, Remote, Stop};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectProxyConnector, Connector, NextTimeout, RustlsConnector,
};
use ureq::{Agent, Proxy};

const USER_AGENT: &str = concat!("docklings/", env!("CARGO_PKG_VERSION"), " (linux)");
/// The longest delay before a cancellation takes effect.
const BLINK: Duration = Duration::from_millis(100);

/// The connections to one registry.
pub(super) struct Wires {
    endpoint: Endpoint,
    base: Url,
    /// Any certificate of the registry is accepted.
    insecure: bool,
    /// The registry's address, if it is known already.
    address: Option<SocketAddr>,
    /// Folders like `/etc/docker/certs.d`.
    certificates: Vec<PathBuf>,
    proxies: Proxies,
    patience: Patience,
    stop: Arc<Stop>,
    given_up: Arc<AtomicBool>,
    hub: Arc<Hub>,
    /// Called when the registry is slow to answer.
    slow: Option<Arc<Slow>>,
    agents: Mutex<HashMap<Kind, Agent>>,
}

/// The key of requests that may share connections.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    /// To the registry itself, not to a server that it names.
    own: bool,
    proxy: Option<String>,
}

impl Wires {
    pub(super) fn new(remote: &Remote, endpoint: Endpoint, insecure: bool) -> Self {
        Self {
            base: endpoint.base().clone(),
            endpoint,
            insecure,
            address: None,
            certificates: remote.certificates.clone(),
            proxies: remote.proxies.clone(),
            patience: remote.patience,
            stop: Arc::clone(&remote.stop),
            given_up: Arc::default(),
            hub: Arc::clone(&remote.hub),
            slow: None,
            agents: Mutex::new(HashMap::new()),
        }
    }

    /// Connects to the registry at `address`, without resolving its name.
    #[must_use]
    pub(super) fn at(mut self, address: Option<SocketAddr>) -> Self {
        self.address = address;
        self
    }

    /// Calls `slow` if the registry is slow to answer.
    #[must_use]
    pub(super) fn telling(mut self, slow: &Arc<Slow>) -> Self {
        self.slow = Some(Arc::clone(slow));
        self
    }

    /// The registry's root.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// Makes all workers end as soon as they can, even those waiting for an answer: one of them failed, or the user has
    /// cancelled.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        agents.drain().for_each(|(_, agent)| agent.shutdown());
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Waits for `time` before a retry. Error: the transfer was given up meanwhile.
    pub(super) fn pause(&self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match (self.is_given_up(), left.is_zero()) {
                (true, _) => return Err(canceled()),
                (false, true) => return Ok(()),
                (false, false) => std::thread::sleep(left.min(BLINK)),
            }
        }
    }

    /// The workers' next report; `None` when the last of them has ended. Error: the user has cancelled.
    pub(super) fn next<T>(&self, news: &Receiver<T>) -> Result<Option<T>> {
        loop {
            if (self.stop)() {
                return Err(canceled());
            }
            match news.recv_timeout(BLINK) {
                Ok(one) => return Ok(Some(one)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    /// The HTTP agent for requests to `url`.
    pub(super) fn agent(&self, url: &Url) -> Result<Agent> {
        let own = url.same_origin(&self.base);
        let kind = Kind {
            own,
            proxy: match self.endpoint.socket_path() {
                Some(_) if own => None,
                _ => proxy_for(&self.proxies, url),
            },
        };
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_given_up() {
            return Err(canceled());
        }
        if let Some(agent) = agents.get(&kind) {
            return Ok(agent.clone());
        }
        let agent = self.build(&kind, url)?;
        agents.insert(kind, agent.clone());
        Ok(agent)
    }

    fn build(&self, kind: &Kind, url: &Url) -> Result<Agent> {
        if kind
            .proxy
            .as_ref()
            .is_some_and(|proxy| proxy.starts_with("socks"))
        {
            return Err(
                Error::invalid("a SOCKS proxy is not part of docklings").with_hint(
                    "HTTPS_PROXY and HTTP_PROXY are addresses like http://proxy.example:3128",
                ),
            );
        }
        let proxy = kind.proxy.as_deref().map(Proxy::new).transpose();
        let proxy = proxy.map_err(|error| {
            Error::invalid("the address of the proxy is not valid")
                .with_source(error)
                .with_hint(
                    "HTTPS_PROXY and HTTP_PROXY are addresses like http://proxy.example:3128",
                )
        })?;
        let mut config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(USER_AGENT)
            .proxy(proxy)
            .timeout_connect(Some(self.patience.connect))
            .timeout_per_read(Some(self.patience.silence))
            .timeout_per_write(Some(self.patience.silence))
            .timeout_recv_response(Some(self.patience.silence))
            .max_response_header_size(64 << 10)
            .max_idle_connections_per_host(8);
        if url.scheme() == Scheme::Https {
            config = config.tls_config(self.tls(kind.own)?);
        }
        let config = config.build();
        Ok(match self.endpoint.socket_path() {
            Some(path) if kind.own => {
                let connector = ToHub {
                    path: path.to_owned(),
                    hub: Arc::clone(&self.hub),
                };
                Agent::with_parts(config, connector, Nowhere)
            }
            _ => {
                let resolver = Directly {
                    guarded: !kind.own && kind.proxy.is_none(),
                    known: self.address.filter(|_| kind.own && kind.proxy.is_none()),
                };
                let dial = Dial {
                    given_up: Arc::clone(&self.given_up),
                    slow: self.slow.clone(),
                };
                let connector =
                    ().chain(ConnectProxyConnector::default())
                        .chain(dial)
                        .chain(RustlsConnector::default());
                Agent::with_parts(config, connector, resolver)
            }
        })
    }

    fn tls(&self, own: bool) -> Result<TlsConfig> {
        let mut tls = TlsConfig::builder();
        if own && self.insecure {
            tls = tls.disable_verification(true);
        }
        let mut roots = Vec::new();
        let mut client = None;
        if own {
            for folder in &self.certificates {
                let folder = folder.join(self.base.authority());
                roots.extend(certificates::authorities(&folder)?);
                if client.is_none() {
                    client = certificates::client(&folder)?;
                }
            }
        }
        if !(own && self.insecure) {
            roots.extend(certificates::system()?);
            if !roots.is_empty() {
                tls = tls.root_certs(RootCerts::from(roots));
            }
        }
        Ok(tls.client_cert(client).build())
    }
}

/// Go's words for a cancelled request.
fn canceled() -> Error {
    Error::local("context canceled")
}

/// The proxy for `url`: none for this machine, nor for hosts in `NO_PROXY`.
pub(super) fn proxy_for(proxies: &Proxies, url: &Url) -> Option<String> {
    let proxy = match url.scheme() {
        Scheme::Http => &proxies.http,
        Scheme::Https => &proxies.https,
    };
    let excepted = proxies.none.split(',').map(str::trim).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        let (name, port) = url::split_port(&entry).unwrap_or((&entry, None));
        let name = name.trim_start_matches("*.").trim_start_matches('.');
        let host = url.host();
        let fits = name == "*"
            || host == name
            || (!name.is_empty()
                && host
                    .strip_suffix(name)
                    .is_some_and(|rest| rest.ends_with('.')))
            || super::endpoint::within(host, &entry);
        fits && port.is_none_or(|port| port == url.port())
    });
    (!proxy.is_empty() && !url.is_loopback() && !excepted).then(|| proxy.clone())
}

/// Resolves names on the calling thread: a resolver thread might still exist when a container is started, which needs a
/// single-threaded process.
#[derive(Debug)]
struct Directly {
    /// Link-local addresses are refused.
    guarded: bool,
    /// The only address, if it is known already.
    known: Option<SocketAddr>,
}

impl Resolver for Directly {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let https = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let mut addresses = self.empty();
        let found = match self.known {
            Some(known) => vec![known],
            None => lookup(host, port)?,
        };
        for address in found {
            if self.guarded && url::is_link_local(address.ip()) {
                return Err(ureq::Error::Io(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    format!(
                        "{} is an address of this machine's neighbourhood",
                        address.ip()
                    ),
                )));
            }
            if addresses.len() < 16 {
                addresses.push(address);
            }
        }
        match addresses.is_empty() {
            true => Err(ureq::Error::HostNotFound),
            false => Ok(addresses),
        }
    }
}

/// A socket needs no address, and its host may not resolve to one.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        addresses.push(SocketAddr::from(([127, 0, 0, 1], 80)));
        Ok(addresses)
    }
}

/// The addresses of a host.
pub(super) fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    Ok((bare, port).to_socket_addrs()?.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_when_the_transfer_is_given_up() {
        let endpoint = Endpoint::parse("http://localhost").unwrap();
        let wires = Wires::new(&Remote::default(), endpoint, false);
        wires.pause(Duration::from_millis(1)).unwrap();
        std::thread::scope(|scope| {
            let pause = scope.spawn(|| wires.pause(Duration::from_secs(3600)));
            wires.give_up();
            let error = pause.join().unwrap().unwrap_err();
            assert_eq!(error.message(), "context canceled");
        });
    }

    #[test]
    fn a_proxy_is_for_others_than_this_machine_and_the_excepted() {
        let proxies = Proxies {
            https: "http://p:1".to_owned(),
            http: String::new(),
            none: "intern.example, .lab.example,10.0.0.0/8,reg:5000".to_owned(),
        };
        let check = |url: &str, expected: bool| {
            let url = Url::parse(url).unwrap();
            assert_eq!(proxy_for(&proxies, &url).is_some(), expected, "{url}");
        };
        check("https://registry.example/", true);
        check("http://registry.example/", false);
        check("https://localhost:5000/", false);
        check("https://127.0.0.2/", false);
        check("https://[::1]/", false);
        check("https://intern.example/", false);
        check("https://a.intern.example/", false);
        check("https://notintern.example/", true);
        check("https://x.lab.example/", false);
        check("https://10.1.2.3/", false);
        check("https://11.1.2.3/", true);
        check("https://reg:5000/", false);
        check("https://reg:5001/", true);
        let all = Proxies {
            none: "*".to_owned(),
            ..proxies.clone()
        };
        assert_eq!(
            proxy_for(&all, &Url::parse("https://a.example/").unwrap()),
            None
        );
    }
}
