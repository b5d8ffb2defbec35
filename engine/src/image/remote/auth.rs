//! Authentication to a registry: the credentials and tokens sent when it asks for them.
//!
//! **What Docker does.** A registry asks for `Basic` (name and password with each request) or for `Bearer`: a token
//! that its token server, the *realm*, gives for one purpose, the *scope*, such as `repository:alice/hello:pull,push`.
//! **What we do.** The same, with the known protections against hostile realms (CVE-2020-15157 and its successors): a
//! registry may name any address as its realm, and the password is sent there. So a realm must be HTTPS, unless the
//! registry itself is plain HTTP and the realm is on the same machine. It contains no user, its redirects are not
//! followed, and it is not an address of a cloud metadata service.
//! Sources: distribution `docs/content/spec/auth/token.md`, `oauth.md`; RFC 6749, section 6; RFC 7617.

use super::challenge::Challenge;
use super::endpoint::Endpoint;
use super::url::{self, Scheme, Url, encode};
use super::{Credential, Remote};
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The client name that we send to token servers.
const CLIENT: &str = "docklings";

/// What a request is allowed to do, in the syntax of token servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Scope(Vec<String>);

impl Scope {
    /// No permission, only the user's identity.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// Reading a repository.
    pub(super) fn pull(path: &str) -> Self {
        Self(vec![format!("repository:{path}:pull")])
    }

    /// Writing to a repository.
    pub(super) fn push(path: &str) -> Self {
        Self(vec![format!("repository:{path}:pull,push")])
    }

    /// Writing to a repository a blob that another repository has.
    pub(super) fn mount(path: &str, from: &str) -> Self {
        let mut scope = Self::push(path);
        scope.0.push(format!("repository:{from}:pull"));
        scope
    }
}

impl Scope {
    /// Listing the repositories.
    pub(super) fn catalog() -> Self {
        Self(vec!["registry:catalog:*".to_owned()])
    }
}

/// What the registry asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Nothing,
    Basic,
    Bearer { realm: Url, service: Option<String> },
}

struct State {
    asked: Asked,
    tokens: HashMap<Scope, String>,
}

/// What one registry asked for, and the credentials for it.
pub(super) struct Auth {
    credential: Option<Credential>,
    state: Mutex<State>,
}

/// A request to a token server.
pub(super) struct TokenRequest {
    pub(super) url: Url,
    pub(super) authorization: Option<String>,
    /// A form to post.
    pub(super) form: Option<String>,
}

/// A token server's answer: the status, and at most [`LARGEST_TOKEN`] bytes.
pub(super) type Fetch<'a> = dyn Fn(TokenRequest) -> Result<(u16, Vec<u8>)> + 'a;

/// The most bytes of a token server's answer.
pub(super) const LARGEST_TOKEN: u64 = 1 << 20;

#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
}

impl Auth {
    pub(super) fn new(credential: Option<Credential>) -> Self {
        Self {
            credential,
            state: Mutex::new(State {
                asked: Asked::Nothing,
                tokens: HashMap::new(),
            }),
        }
    }

    /// The user name in the credentials, if there are any.
    pub(super) fn user(&self) -> Option<&str> {
        self.credential.as_ref().map(Credential::username)
    }

    /// Stores what the registry asks for.
    /// Error: it asks for an unknown kind of login, or names a realm that must not get credentials.
    pub(super) fn challenged(&self, challenges: &[Challenge], endpoint: &Endpoint) -> Result<()> {
        let known = |scheme: &str| challenges.iter().find(|one| one.scheme == scheme);
        let asked = if let Some(bearer) = known("bearer") {
            Asked::Bearer {
                realm: realm(bearer.get("realm").unwrap_or_default(), endpoint)?,
                service: bearer.get("service").map(str::to_owned),
            }
        } else if known("basic").is_some() {
            Asked::Basic
        } else {
            return Err(Error::invalid(
                "unauthorized: the registry asks for a kind of login that Docker does not have",
            ));
        };
        self.lock().asked = asked;
        Ok(())
    }

    /// The value of `Authorization` for a request with this scope. `None` if the registry asked for nothing. `again`:
    /// the registry refused the previous value.
    pub(super) fn header(
        &self,
        scope: &Scope,
        again: bool,
        fetch: &Fetch<'_>,
    ) -> Result<Option<String>> {
        // The lock is held during the request, so that other threads do not ask for the same token.
        let mut state = self.lock();
        match state.asked.clone() {
            Asked::Nothing => Ok(None),
            Asked::Basic => match &self.credential {
                Some(Credential::Password { username, password }) => {
                    Ok(Some(basic(username, password)))
                }
                _ => Err(Error::invalid("no basic auth credentials")),
            },
            Asked::Bearer { realm, service } => {
                if let Some(token) = state.tokens.get(scope).filter(|_| !again) {
                    return Ok(Some(format!("Bearer {token}")));
                }
                let answer = self.ask(&realm, service.as_deref(), scope, false, fetch)?;
                let token = answer
                    .token
                    .or(answer.access_token)
                    .filter(|token| is_sendable(token));
                let token = token.ok_or_else(|| {
                    Error::invalid("authorization server did not include a token in the response")
                })?;
                let header = format!("Bearer {token}");
                state.tokens.insert(scope.clone(), token);
                Ok(Some(header))
            }
        }
    }

    /// Asks the token server for an identity token, as `docker login` does. `None` if the server does not offer one, or
    /// there is no token server.
    pub(super) fn identity(&self, fetch: &Fetch<'_>) -> Result<Option<String>> {
        let asked = self.lock().asked.clone();
        match asked {
            Asked::Bearer { realm, service } => {
                let answer = self.ask(&realm, service.as_deref(), &Scope::none(), true, fetch)?;
                let given = answer.refresh_token;
                Ok(given.filter(|token| !token.is_empty() && is_sendable(token)))
            }
            _ => Ok(None),
        }
    }

    fn ask(
        &self,
        realm: &Url,
        service: Option<&str>,
        scope: &Scope,
        offline: bool,
        fetch: &Fetch<'_>,
    ) -> Result<Answer> {
        if let Some(Credential::IdentityToken { token, .. }) = &self.credential {
            let (status, body) = fetch(oauth(realm, service, scope, token))?;
            // Some servers know only the older method.
            if !matches!(status, 404 | 405) {
                return read(status, &body);
            }
        }
        let mut url = realm.clone();
        if let Some(service) = service {
            url = url.with_query("service", service);
        }
        for one in &scope.0 {
            url = url.with_query("scope", one);
        }
        if offline {
            url = url
                .with_query("offline_token", "true")
                .with_query("client_id", CLIENT);
        }
        let (name, secret) = match &self.credential {
            Some(Credential::Password { username, password }) => (username, password),
            Some(Credential::IdentityToken { username, token }) => (username, token),
            None => {
                let (status, body) = fetch(TokenRequest {
                    url,
                    authorization: None,
                    form: None,
                })?;
                return read(status, &body);
            }
        };
        if !name.is_empty() {
            url = url.with_query("account", name);
        }
        let (status, body) = fetch(TokenRequest {
            url,
            authorization: Some(basic(name, secret)),
            form: None,
        })?;
        read(status, &body)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The user's stored credentials for `domain`.
pub(super) fn credential(remote: &Remote, domain: &str) -> Result<Option<Credential>> {
    (remote.credentials)(domain)
}

/// The realm that a registry names, if it is acceptable.
fn realm(text: &str, endpoint: &Endpoint) -> Result<Url> {
    let refused = |why: &str| {
        Err(Error::invalid(format!(
            "the registry names a token server to which nothing is told: {why}"
        )))
    };
    let Ok(url) = Url::parse(text) else {
        return refused(&format!("{text:.200?} is no address, or holds a user"));
    };
    if url.ip().is_some_and(url::is_link_local) {
        return refused(&format!(
            "{url} is an address of this machine's neighbourhood"
        ));
    }
    let base = endpoint.base();
    let on_one_machine = url.host() == base.host() || (url.is_loopback() && base.is_loopback());
    let is_plain = base.scheme() == Scheme::Http;
    if url.scheme() == Scheme::Http && !(is_plain && on_one_machine) {
        return refused(&format!("{url} is not https"));
    }
    Ok(url)
}

/// Source: `oauth.md`.
fn oauth(realm: &Url, service: Option<&str>, scope: &Scope, token: &str) -> TokenRequest {
    // In a form, colons and slashes are encoded too.
    let field = |text: &str| encode(text).replace(':', "%3A").replace('/', "%2F");
    let mut form = format!("grant_type=refresh_token&client_id={CLIENT}");
    for (name, value) in [
        ("service", service.unwrap_or_default()),
        ("scope", &scope.0.join(" ")),
        ("refresh_token", token),
    ] {
        if !value.is_empty() {
            form += &format!("&{name}={}", field(value));
        }
    }
    TokenRequest {
        url: realm.clone(),
        authorization: None,
        form: Some(form),
    }
}

fn read(status: u16, body: &[u8]) -> Result<Answer> {
    if !(200..300).contains(&status) {
        return Err(super::problem::Problem::read(status, body).error());
    }
    serde_json::from_slice(body).map_err(|error| {
        Error::invalid("the token server's answer cannot be read").with_source(error)
    })
}

fn basic(username: &str, password: &str) -> String {
    format!(
        "Basic {}",
        base64(format!("{username}:{password}").as_bytes())
    )
}

/// Whether a token may go into a header: letters, digits and signs.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|b| (0x21..0x7f).contains(&b))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let value = chunk
            .iter()
            .fold(0_u32, |value, byte| (value << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            match digit <= chunk.len() {
                true => text.push(char::from(
                    DIGITS[(value >> (18 - 6 * digit)) as usize & 63],
                )),
                false => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
