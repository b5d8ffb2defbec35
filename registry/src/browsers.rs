//! A web page must not reach a registry through the browser of a user who can. A browser says which page a request
//! comes from, and that is enough:
//!
//! | a page of another site | what gives it away |
//! |---|---|
//! | sends a request here (cross-site request forgery) | `Origin`, `Sec-Fetch-Site` |
//! | has its own name point to our address (DNS rebinding), so that this looks like its own site | `Host` |
//!
//! Docker, Podman and Skopeo send no `Origin`, and their `Host` is the user's name for the registry. An address cannot
//! be pointed elsewhere as a name can, so every address is accepted.
//! Source: RFC 9110, section 7.2; Fetch standard, "`Origin` header"; Fetch Metadata Request Headers.

use crate::answer::Request;
use crate::error::{Code, Fault, Result};
use std::net::IpAddr;

/// The names of a registry, besides `localhost` and addresses.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// These names, ignoring case.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| normal(&name)).collect())
    }

    /// Error: `DENIED`, with how to change that.
    pub(crate) fn admit(&self, request: &Request) -> Result<()> {
        let name = normal(bare(&request.host));
        let is_address = name.parse::<IpAddr>().is_ok();
        let is_local = name == "localhost" || name.ends_with(".localhost");
        // Every browser sends the host.
        if name.is_empty() || is_address || is_local || self.0.contains(&name) {
            return Ok(());
        }
        Err(Fault::saying(
            Code::Denied,
            format!(
                "this registry has no password and is not called `{name}`; \
                 if it is, start it with `--name {name}`"
            ),
        ))
    }
}

/// Error: `DENIED`; a page of another site made the request.
pub(crate) fn admit(request: &Request) -> Result<()> {
    let is_foreign = match (&request.origin, request.site.as_deref()) {
        (_, Some("cross-site" | "same-site")) => true,
        (Some(origin), _) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            let normal = |authority: &str| normal(authority.trim_end_matches(":80"));
            authority.map(normal) != Some(normal(&request.host))
        }
        (None, _) => false,
    };
    match is_foreign {
        true => Err(Fault::saying(
            Code::Denied,
            "a web page of another site sent this request",
        )),
        false => Ok(()),
    }
}

/// Without a port, and without the brackets of IPv6.
fn bare(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.rsplit_once(':') {
        _ if host.parse::<IpAddr>().is_ok() => host,
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_answers_to_its_own_names_and_to_addresses() {
        let names = Names::new(["Lab1".to_owned(), "lab1.uni.example".to_owned()]);
        let check = |host: &str, expected: bool| {
            let request = Request {
                host: host.to_owned(),
                ..Request::default()
            };
            assert_eq!(names.admit(&request).is_ok(), expected, "{host}");
        };
        for own in [
            "",
            "localhost",
            "localhost:5000",
            "LocalHost.:5000",
            "free.localhost",
            "127.0.0.1:5000",
            "127.8.8.8",
            "[::1]:5000",
            "::1",
            "192.168.1.7:5000",
            "lab1:5000",
            "LAB1.uni.example",
        ] {
            check(own, true);
        }
        for foreign in [
            "evil.example",
            "evil.example:5000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "lab1.evil.example",
            "notlocalhost",
            "lab1@evil.example",
            "[evil.example]:5000",
        ] {
            check(foreign, false);
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let check = |origin: Option<&str>, site: Option<&str>, expected: bool| {
            let request = Request {
                host: "localhost:5000".to_owned(),
                origin: origin.map(str::to_owned),
                site: site.map(str::to_owned),
                ..Request::default()
            };
            assert_eq!(admit(&request).is_ok(), expected, "{origin:?} {site:?}");
        };
        check(None, None, true);
        check(None, Some("none"), true);
        check(None, Some("same-origin"), true);
        check(Some("http://localhost:5000"), None, true);
        check(Some("http://LOCALHOST:5000"), Some("same-origin"), true);
        check(None, Some("cross-site"), false);
        check(None, Some("same-site"), false);
        check(Some("http://localhost:5001"), None, false);
        check(Some("http://localhost"), None, false);
        check(Some("https://evil.example"), None, false);
        check(Some("null"), None, false);
        check(Some(""), None, false);
        check(Some("http://localhost:5000.evil.example"), None, false);
    }
}
