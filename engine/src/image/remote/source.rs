//! Where a pull gets an image from: the registry of its name; and for what the practice hub lacks, its upstream, or a
//! copy on this machine.
//!
//! **What Docker does.** A daemon with `registry-mirrors` asks the mirror first, and then Docker Hub.
//! **What we do.** The practice hub is such a mirror, with images of its own. What it lacks is fetched from the upstream,
//! with the same output as a pull from there. An image that any sandbox of this home has pulled stands in for an
//! upstream that cannot be reached: its content is shared anyway.
//! **Try it.** `docklings config upstream`, `docker pull nginx`.

use super::auth::Auth;
use super::connect::connect;
use super::endpoint::is_insecure_endpoint;
use super::http::Client;
use super::manifest::{self, Received};
use super::platform::Wanted;
use super::reach::reach;
use super::transport::Wires;
use super::{Beyond, Remote, Upstream};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::image::{collect, repair};
use crate::oci::reference::{DEFAULT_DOMAIN, Reference};
use crate::paths::Home;
use crate::store::{blobs, distribution, images};

/// Where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the registry of the name.
    Registry,
    /// At the hub's upstream.
    Upstream,
    /// On this machine: another sandbox has pulled it.
    Here,
}

/// The registries of one pull.
pub(super) struct Sources<'a> {
    engine: &'a Engine,
    remote: &'a Remote,
    registry: Client,
    upstream: Option<Client>,
}

impl<'a> Sources<'a> {
    /// Connects to the registry `domain`. Error: it cannot be reached.
    pub(super) fn open(engine: &'a Engine, remote: &'a Remote, domain: &str) -> Result<Self> {
        Ok(Self {
            engine,
            remote,
            registry: connect(remote, domain)?,
            upstream: None,
        })
    }

    /// The registry at `place`; of what is here, the one of its name.
    pub(super) fn client(&self, place: Place) -> &Client {
        match (place, &self.upstream) {
            (Place::Upstream, Some(upstream)) => upstream,
            _ => &self.registry,
        }
    }

    /// The tags of a repository.
    pub(super) fn tags(&mut self, reference: &Reference) -> Result<Vec<String>> {
        let tags = |client: &Client| manifest::tags(client, reference);
        self.ask(reference, tags, |_| None).map(|(tags, _)| tags)
    }

    /// The manifest that `reference` means for the platform `wanted`, and where it was found.
    pub(super) fn manifest(
        &mut self,
        reference: &Reference,
        wanted: &Wanted,
    ) -> Result<(Received, Place)> {
        let engine = self.engine;
        let get = |client: &Client| manifest::get(client, reference, wanted);
        self.ask(reference, get, |beyond| here(engine, reference, beyond))
    }

    /// Asks the registry, and then what is beyond it. `copy` looks on this machine.
    fn ask<T>(
        &mut self,
        reference: &Reference,
        request: impl Fn(&Client) -> Result<T>,
        copy: impl Fn(&Beyond) -> Option<T>,
    ) -> Result<(T, Place)> {
        let missing = match request(&self.registry) {
            Err(error)
                if error.kind() == ErrorKind::NotFound && reference.domain() == DEFAULT_DOMAIN =>
            {
                error
            }
            answer => return Ok((answer?, Place::Registry)),
        };
        let Some(beyond) = (self.remote.beyond)(Some(reference))? else {
            return Err(missing);
        };
        let copy = || copy(&beyond).map(|copy| (copy, Place::Here));
        if beyond.copies_first
            && let Some(found) = copy()
        {
            return Ok(found);
        }
        let failure = match &beyond.upstream {
            None => missing,
            Some(upstream) => match self.reach(upstream) {
                Err(error) => missing.with_hint(unreached(upstream, &error)),
                Ok(client) => match request(client) {
                    Ok(answer) => return Ok((answer, Place::Upstream)),
                    Err(error) if error.kind() == ErrorKind::Io => error,
                    Err(error) => return Err(error),
                },
            },
        };
        copy().ok_or(failure)
    }

    /// The upstream, to which we are connected when this returns.
    fn reach(&mut self, upstream: &Upstream) -> Result<&Client> {
        let client = match self.upstream.take() {
            Some(client) => client,
            None => contact(self.remote, upstream)?,
        };
        Ok(self.upstream.insert(client))
    }
}

/// Whether an upstream accepts connections, decided within a moment. Error: the reason.
pub fn accepts(remote: &Remote, upstream: &Upstream) -> Result<()> {
    unasked(remote, upstream).map(drop)
}

/// Connects to an upstream, or fails within a moment.
fn contact(remote: &Remote, upstream: &Upstream) -> Result<Client> {
    let client = unasked(remote, upstream)?;
    client.first_contact()?;
    Ok(client)
}

/// An upstream that accepts connections, and need not answer like a registry.
pub(super) fn unasked(remote: &Remote, upstream: &Upstream) -> Result<Client> {
    let endpoint = upstream.endpoint.clone();
    let address = match endpoint.socket_path() {
        Some(_) => None,
        None => reach(remote, endpoint.base()).map_err(|why| Error::new(ErrorKind::Io, why))?,
    };
    let insecure = is_insecure_endpoint(remote, &endpoint);
    Ok(Client {
        wires: Wires::new(remote, endpoint, insecure).at(address),
        auth: Auth::new(upstream.credential.clone()),
    })
}

/// The hint for something that only the upstream may have.
pub(super) fn unreached(upstream: &Upstream, error: &Error) -> String {
    format!(
        "{} may have it, and cannot be reached: {}",
        upstream.name,
        error.message()
    )
}

/// The copy of an image that a sandbox of this home has pulled under this name. `None` if the name is in this sandbox: a
/// pull would then claim that it is up to date.
fn here(engine: &Engine, reference: &Reference, beyond: &Beyond) -> Option<Received> {
    let own = images::read(&engine.sandbox).ok()?;
    if !beyond.copies_first && own.references.contains_key(reference) {
        return None;
    }
    copy(&engine.home, reference)
}

/// Whether a sandbox of this home has pulled the image `reference`, so that others can use it without a network.
pub fn is_here(home: &Home, reference: &Reference) -> bool {
    copy(home, reference).is_some()
}

fn copy(home: &Home, reference: &Reference) -> Option<Received> {
    let sandboxes = collect::sandboxes(home).ok()?;
    let mut copies = sandboxes.iter().filter_map(|sandbox| {
        let table = images::read(sandbox).ok()?;
        let id = table.references.get(reference)?;
        // A name with a digest shows that it came from a registry, and was not built here.
        let top = table.references.iter().find_map(|(name, other)| {
            let digest = name.digest().filter(|_| other == id);
            digest.filter(|_| name.name() == reference.name())
        })?;
        if !repair::is_whole(home, &table.images.get(id)?.chain) {
            return None;
        }
        let described = distribution::manifests(home, id);
        described.iter().find_map(|one| {
            let bytes = blobs::read(home, &one.digest).ok()?;
            Some(Received {
                media_type: one.media_type.clone(),
                manifest: serde_json::from_slice(&bytes).ok()?,
                bytes,
                top: top.clone(),
            })
        })
    });
    copies.next()
}
