//! Registries: one short method per verb.

use super::Engine;
use crate::error::Result;
use crate::events::ObjectKind;
use crate::image::remote::pull::{self, Observer, Place};
use crate::image::remote::{self, Credential, LoggedIn, PullRequest, Pulled, Remote};
use crate::sys::namespace::become_root;

impl Engine {
    /// Pulls images from a registry.
    ///
    /// The process must have one thread only: an ordinary user becomes root of a namespace here, for owners of files. It has
    /// one thread again afterwards.
    ///
    /// # Errors
    /// Docker's, for a name that is none, a registry that is not there, and an image that it does not have or give.
    pub fn pull(
        &self,
        request: &PullRequest,
        remote: &Remote,
        observer: &mut Observer<'_>,
    ) -> Result<Vec<Pulled>> {
        become_root()?;
        let place = Place {
            home: &self.home,
            sandbox: &self.sandbox,
            now: self.now(),
        };
        let pulled = pull::pull(place, request, remote, observer)?;
        for one in &pulled {
            self.record(
                &self
                    .event(ObjectKind::Image, "pull", one.image.as_str())
                    .with("name", one.reference.familiar())
                    .with("digest", one.digest.as_str())
                    .with("newer", one.newer)
                    .with("fetched", one.fetched)
                    .with("existing", one.existing),
            )?;
        }
        Ok(pulled)
    }

    /// Checks a credential with the registry `domain`, such as `docker.io` or `localhost:5000`; what is to be kept comes back.
    ///
    /// # Errors
    /// `unauthorized: …`, or the registry cannot be reached.
    pub fn registry_login(
        &self,
        remote: &Remote,
        domain: &str,
        credential: &Credential,
    ) -> Result<LoggedIn> {
        let logged_in = remote::login(remote, domain, credential)?;
        self.record(
            &self
                .event(ObjectKind::Registry, "login", domain)
                .with("registry", domain),
        )?;
        Ok(logged_in)
    }
}
