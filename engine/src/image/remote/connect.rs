//! The first contact: whether it is a registry, whether it uses TLS, and which login it asks for; and `docker login`.

use super::auth::{self, Auth, Fetch, Scope};
use super::endpoint::{Endpoint, candidates, is_insecure_endpoint};
use super::http::{Call, Client};
use super::problem::Problem;
use super::stream::Slow;
use super::transport::Wires;
use super::{Credential, LoggedIn, Remote};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The timeout for the first attempt at a registry that may use plain HTTP.
const FIRST_TRY: Duration = Duration::from_secs(5);

/// Finds the registry `domain`, such as `docker.io` or `localhost:5000`, and authenticates.
/// Error: no endpoint leads to a registry.
pub(super) fn connect(remote: &Remote, domain: &str) -> Result<Client> {
    connect_as(remote, domain, auth::credential(remote, domain)?)
}

fn connect_as(remote: &Remote, domain: &str, credential: Option<Credential>) -> Result<Client> {
    let candidates = candidates(remote, domain)?;
    let last = candidates.endpoints.len().saturating_sub(1);
    let mut failure: Option<Failed> = None;
    let slow = Arc::new(Slow::new(domain, remote));
    for (index, endpoint) in candidates.endpoints.into_iter().enumerate() {
        let mut hasty = remote.clone();
        if index < last {
            // A server without TLS may wait for the rest of what it takes for a request.
            let patience = &mut hasty.patience;
            patience.connect = patience.connect.min(FIRST_TRY);
            patience.silence = patience.silence.min(FIRST_TRY);
        }
        let mut client = Client {
            wires: Wires::new(&hasty, endpoint.clone(), candidates.insecure).telling(&slow),
            auth: Auth::new(credential.clone()),
        };
        match client.ping() {
            Ok(()) if index < last => {
                // The short timeouts of the first attempt do not apply to later requests.
                client.wires = Wires::new(remote, endpoint, candidates.insecure);
                return Ok(client);
            }
            Ok(()) => {
                slow.over();
                return Ok(client);
            }
            // A server's answer is a better error than another endpoint's failure to connect.
            Err(failed) if failure.as_ref().is_none_or(|before| !before.answered) => {
                failure = Some(failed);
            }
            Err(_) => {}
        }
    }
    Err(failure.map_or_else(
        || Error::internal("a registry has no address"),
        |failed| failed.error,
    ))
}

/// The registry `domain` at an address that need not answer like a registry.
pub(super) fn unasked(remote: &Remote, domain: &str, endpoint: Endpoint) -> Result<Client> {
    let insecure = is_insecure_endpoint(remote, &endpoint);
    Ok(Client {
        wires: Wires::new(remote, endpoint, insecure),
        auth: Auth::new(auth::credential(remote, domain)?),
    })
}

/// A first contact that failed.
struct Failed {
    error: Error,
    /// A server answered in HTTP.
    answered: bool,
}

impl Client {
    /// Checks that it is a registry, and stores what it asks for.
    pub(super) fn first_contact(&self) -> Result<()> {
        self.ping().map_err(|failed| failed.error)
    }

    /// Sends `GET /v2/`, and stores what the registry asks for. An overloaded one is given time.
    fn ping(&self) -> std::result::Result<(), Failed> {
        let mut call = Call::get(self.at("/v2/"), Scope::none());
        call.limit = Some(self.wires.patience().first);
        let mut attempt = 0;
        loop {
            let problem = self.ask(&call).map_err(|error| Failed {
                error,
                answered: false,
            })?;
            match problem {
                None => return Ok(()),
                Some(Problem {
                    status: 429 | 500..=599,
                    ..
                }) if attempt < self.wires.patience().retries => {}
                Some(problem) => {
                    return Err(Failed {
                        error: no_registry(self, &problem),
                        answered: true,
                    });
                }
            }
            self.wires
                .pause(self.delay(attempt))
                .map_err(|error| Failed {
                    error,
                    answered: true,
                })?;
            attempt += 1;
        }
    }
}

fn no_registry(client: &Client, problem: &Problem) -> Error {
    let said = problem.error();
    match problem.status {
        429 | 500..=599 => said.with_hint("the registry is busy, or broken; try again later"),
        403 => Error::invalid(format!("Get \"{}\": {said}", client.at("/v2/"))),
        _ => Error::invalid(format!("Get \"{}\": {said}", client.at("/v2/")))
            .with_hint("what listens there is no registry"),
    }
}

impl Engine {
    /// Checks a credential with the registry `domain`, such as `docker.io` or `localhost:5000`; returns the credential
    /// to store.
    ///
    /// # Errors
    /// `unauthorized: …`, or the registry cannot be reached.
    pub fn registry_login(
        &self,
        remote: &Remote,
        domain: &str,
        credential: &Credential,
    ) -> Result<LoggedIn> {
        let logged_in = login(remote, domain, credential)?;
        self.note(
            ObjectKind::Registry,
            Action::Login,
            domain,
            json!({"registry": domain, "username": credential.username()}),
        );
        Ok(logged_in)
    }
}

/// Checks a credential with the registry `domain`.
/// Errors: `unauthorized: …` from a token server, `login attempt to … failed with status: 401 Unauthorized` from a
/// registry that asks for the password itself, or the registry cannot be reached.
/// the password itself, or the registry cannot be reached.
pub fn login(remote: &Remote, domain: &str, credential: &Credential) -> Result<LoggedIn> {
    let client = connect_as(remote, domain, Some(credential.clone()))?;
    let answer = client.send(&Call::get(client.at("/v2/"), Scope::none()))?;
    if !answer.is_success() {
        // Docker does not read the body of this answer.
        let status = ureq::http::StatusCode::from_u16(answer.status);
        let status = status.map_or_else(|_| answer.status.to_string(), |status| status.to_string());
        let text = format!(
            "login attempt to {} failed with status: {status}",
            client.at("/v2/")
        );
        return Err(Error::invalid(text));
    }
    let kept = match credential {
        Credential::Password { username, .. } => {
            let fetch: &Fetch<'_> = &|request| client.fetch_token(request);
            // A server without identity tokens may refuse the request.
            let token = client.auth.identity(fetch).unwrap_or_default();
            token.map(|token| Credential::IdentityToken {
                username: username.clone(),
                token,
            })
        }
        Credential::IdentityToken { .. } => None,
    };
    Ok(LoggedIn {
        credential: kept.unwrap_or_else(|| credential.clone()),
    })
}
