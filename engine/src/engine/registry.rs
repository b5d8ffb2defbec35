//! Registries: one short method per verb.

use super::Engine;
use crate::error::Result;
use crate::events::ObjectKind;
use crate::image::remote::pull::{self, Observer, Place};
use crate::image::remote::push;
use crate::image::remote::{
    self, Credential, Found, LoggedIn, PullRequest, Pulled, PushRequest, Pushed, Remote,
};
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
        let pulled = pull::pull(self.place(), request, remote, observer)?;
        for one in &pulled {
            self.record_pull(one);
        }
        Ok(pulled)
    }

    /// Pushes images to a registry. Layers that have not travelled yet are packed, and kept in that form.
    ///
    /// The process must have one thread only, as for [`Engine::pull`].
    ///
    /// # Errors
    /// Docker's, for a name that no image here has, a registry that is not there, and one that does not take it.
    pub fn push(
        &self,
        request: &PushRequest,
        remote: &Remote,
        observer: &mut Observer<'_>,
    ) -> Result<Vec<Pushed>> {
        // Where no namespace can be made, all files of the layers are the user's own.
        drop(become_root());
        let pushed = push::push(self.place(), request, remote, observer)?;
        for one in &pushed {
            let image = self.image(&one.reference.to_string())?;
            self.record(
                &self
                    .event(ObjectKind::Image, "push", image.id.as_str())
                    .with("name", one.reference.familiar())
                    .with("digest", one.digest.as_str())
                    .with("uploaded", one.uploaded)
                    .with("skipped", one.existing)
                    .with("mounted", one.mounted),
            );
        }
        Ok(pushed)
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
                .with("registry", domain)
                .with("username", credential.username()),
        );
        Ok(logged_in)
    }

    /// Repositories of the registry `domain` (such as `docker.io`) that fit `term`, at most `limit`, the best first.
    ///
    /// # Errors
    /// The registry cannot be reached, or answers no search.
    pub fn registry_search(
        &self,
        remote: &Remote,
        domain: &str,
        term: &str,
        limit: usize,
    ) -> Result<Vec<Found>> {
        let found = remote::search::search(remote, domain, term, limit)?;
        self.record(
            &self
                .event(ObjectKind::Registry, "search", domain)
                .with("registry", domain)
                .with("term", term)
                .with("found", found.len()),
        );
        Ok(found)
    }

    /// What the journal says of an image that was pulled.
    pub(super) fn record_pull(&self, one: &Pulled) {
        self.record(
            &self
                .event(ObjectKind::Image, "pull", one.image.as_str())
                .with("name", one.reference.familiar())
                .with("digest", one.digest.as_str())
                .with("newer", one.newer)
                .with("fetched", one.fetched)
                .with("existing", one.existing),
        );
    }

    fn place(&self) -> Place<'_> {
        Place {
            home: &self.home,
            sandbox: &self.sandbox,
            now: self.now(),
        }
    }
}
