//! Addresses of registries, and how a `Location` is resolved against one.
//!
//! **What we leave out.** User names in an address, which would be sent to the server, and fragments, which are never
//! sent.
//! Addresses are parsed by the crate `http`, which also makes the connections: two parsers that disagree would be a
//! vulnerability. The rules here are added to it.
//! Source: RFC 3986, sections 3, 5.2 and 6.2.

use crate::error::{Error, Result};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ureq::http::Uri;

/// The protocol of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// The scheme as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An `http` or `https` address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
    /// Begins with `/`; includes the query.
    path: String,
}

impl Url {
    /// Parses an absolute address.
    /// Errors: another scheme, no host, a user in it, spaces or control characters.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |why: &str| Error::invalid(format!("invalid address `{text}`: {why}"));
        if text
            .bytes()
            .any(|b| b <= b' ' || b == 0x7f || matches!(b, b'\\' | b'"' | b'<' | b'>'))
        {
            return Err(refused("it holds a character that is not allowed"));
        }
        let sent = text.split('#').next().unwrap_or_default();
        let uri: Uri = sent.parse().map_err(|_| refused("it is none"))?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            _ => return Err(refused("it does not begin with http:// or https://")),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(refused("it holds the name of a user"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| refused("its port is no number"))?;
        if !is_host(host) || uri.host() != Some(host) || uri.port_u16() != port {
            return Err(refused("it names no host"));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.filter(|port| *port != scheme.default_port()),
            path: match path.strip_prefix('?') {
                Some(query) => format!("/?{query}"),
                None => path.to_owned(),
            },
        })
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, even if it is the scheme's default.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// The host, and the port if it is not the scheme's default.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The same server's root.
    #[must_use]
    pub fn root(&self) -> Self {
        self.at("/")
    }

    /// The same server at another path, which begins with `/`.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }

    /// Whether both have the same scheme, host and port. A secret for one may be sent to the other.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port() == other.port()
    }

    /// Resolves a `Location` header that came from this address.
    pub fn join(&self, location: &str) -> Result<Self> {
        if is_absolute(location) {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme.as_str()));
        }
        let own_path = self.path.split('?').next().unwrap_or("/");
        let path = match location.chars().next() {
            None | Some('#') => return Ok(self.clone()),
            Some('/') => location.to_owned(),
            Some('?') => format!("{own_path}{location}"),
            Some(_) => {
                let folder = own_path.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{location}")
            }
        };
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path.to_owned(), format!("?{query}")),
            None => (path, String::new()),
        };
        let root = format!("{}://{}", self.scheme.as_str(), self.authority());
        Self::parse(&format!("{root}{}{query}", without_dots(&path)))
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn with_query(&self, name: &str, value: &str) -> Self {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        self.at(&format!(
            "{}{sign}{}={}",
            self.path,
            encode(name),
            encode(value)
        ))
    }

    /// Whether the host names this machine: `localhost`, 127.0.0.0/8 or ::1.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The host as an IP address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, authority) = (self.scheme.as_str(), self.authority());
        write!(f, "{scheme}://{authority}{}", self.path)
    }
}

/// Whether `host` (without a port) names this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// Whether `address` is that of a cloud metadata service, or link-local.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    /// The IPv6 address of the AWS metadata service.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let v4 = |address: Ipv4Addr| address.is_link_local() || address.is_unspecified();
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || address.is_unspecified()
                || address == METADATA
                || address.to_ipv4_mapped().is_some_and(v4)
        }
    }
}

/// Splits `host:port`; an IPv6 address is in brackets. `None` for an invalid port.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let colon = match authority.rfind(']') {
        Some(bracket) => authority[bracket..].find(':').map(|at| bracket + at),
        None => authority.find(':'),
    };
    match colon {
        None => Some((authority, None)),
        Some(at) if at + 1 == authority.len() => None,
        Some(at) => {
            let digits = &authority[at + 1..];
            let is_number = digits.bytes().all(|b| b.is_ascii_digit());
            let port = digits.parse().ok().filter(|_| is_number)?;
            Some((&authority[..at], Some(port)))
        }
    }
}

/// Percent-encodes everything except unreserved characters and those of digests and scopes.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

fn is_absolute(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner
            .strip_suffix(']')
            .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            "." => {}
            ".." => {
                kept.pop();
            }
            part => {
                kept.push(part);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_in_one_form() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Url::parse(text).unwrap().to_string(), expected, "{text}");
        };
        check("http://Host", "http://host/");
        check("HTTPS://h:443/a?b=c#d", "https://h/a?b=c");
        check("http://h:443", "http://h:443/");
        check("http://h?x", "http://h/?x");
        check("http://[::1]:5000/v2/", "http://[::1]:5000/v2/");
        check("https://a-b.c_d:1/", "https://a-b.c_d:1/");
    }

    #[test]
    fn what_is_no_address_or_names_a_user_is_refused() {
        for bad in [
            "",
            "host",
            "ftp://h/",
            "file:///etc/passwd",
            "http://",
            "http:///x",
            "http://u@h/",
            "http://u:p@h/",
            "http://h:/",
            "http://h:x/",
            "http://h:65536/",
            "http://h:+1/",
            "http://h /",
            "http://h/\r\nX: y",
            "http://h\\@evil/",
            "http://[::1/",
            "http://[x]/",
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_location_is_absolute_or_relative_and_keeps_its_query() {
        let check = |location: &str, expected: &str| {
            let base = Url::parse("https://h:5/v2/a/blobs/uploads/?x=1").unwrap();
            assert_eq!(
                base.join(location).unwrap().to_string(),
                expected,
                "{location}"
            );
        };
        check("http://other/p?q=1", "http://other/p?q=1");
        check("//other:7/p", "https://other:7/p");
        check("/v2/b?_state=a%3D", "https://h:5/v2/b?_state=a%3D");
        check("id?s=/..", "https://h:5/v2/a/blobs/uploads/id?s=/..");
        check("../x", "https://h:5/v2/a/blobs/x");
        check("./x/.", "https://h:5/v2/a/blobs/uploads/x/");
        check("/../../x", "https://h:5/x");
        check("?y=2", "https://h:5/v2/a/blobs/uploads/?y=2");
        check("", "https://h:5/v2/a/blobs/uploads/?x=1");
        let base = Url::parse("https://h/").unwrap();
        for bad in ["ftp://x/", "javascript:alert(1)", "//u@x/", "http://a b/"] {
            assert!(base.join(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_same_scheme_host_and_port_is_the_same_server() {
        let check = |a: &str, b: &str, expected: bool| {
            let (left, right) = (Url::parse(a).unwrap(), Url::parse(b).unwrap());
            assert_eq!(left.same_origin(&right), expected, "{a} {b}");
        };
        check("https://h/a", "https://H:443/b", true);
        check("https://h/", "http://h/", false);
        check("https://h/", "http://h:443/", false);
        check("https://h/", "https://h:444/", false);
        check("https://h/", "https://h.evil/", false);
    }

    #[test]
    fn queries_are_added_and_encoded() {
        let url = Url::parse("http://h/t?s=a").unwrap();
        let url = url.with_query("scope", "repository:a/b:pull,push");
        assert_eq!(
            url.to_string(),
            "http://h/t?s=a&scope=repository:a/b:pull%2Cpush"
        );
        assert_eq!(
            Url::parse("http://h/t")
                .unwrap()
                .with_query("a b", "ü&")
                .to_string(),
            "http://h/t?a%20b=%C3%BC%26"
        );
    }

    #[test]
    fn this_machine_and_its_neighbourhood_are_known() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "::1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil", "127.0.0.1.evil", "10.0.0.1", "h", ""] {
            assert!(!is_loopback(host), "{host}");
        }
        for bad in [
            "169.254.169.254",
            "0.0.0.0",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:169.254.1.1",
        ] {
            assert!(is_link_local(bad.parse().unwrap()), "{bad}");
        }
        for good in ["10.0.0.1", "192.168.1.1", "127.0.0.1", "2001:db8::1"] {
            assert!(!is_link_local(good.parse().unwrap()), "{good}");
        }
    }
}
