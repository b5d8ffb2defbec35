//! Several registries behind one listener, selected by the requested host, as web servers do. Content and official
//! images are shared; each registry has its own accounts, pushed images and tokens.
//!
//! Each has a folder, which may be created and deleted at any time: the next request finds what exists then.
//! Source: RFC 9110, section 7.2 (`Host`).

use crate::answer::Request;
use crate::auth::{Access, Accounts, Gate};
use crate::error::{Code, Fault, Result};
use crate::{Registry, Reply, Service, Store};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The folder of the registry with this name; `None` if there is none.
pub type Place = dyn Fn(&str) -> Option<PathBuf> + Send + Sync;

/// Registries like Docker Hub, each with its own accounts.
pub struct Hosts {
    store: Store,
    place: Box<Place>,
    known: Mutex<HashMap<PathBuf, Arc<Registry>>>,
}

impl Hosts {
    /// The registries whose folders `place` knows, with the content and official images of `store`.
    pub fn new(store: Store, place: Box<Place>) -> Self {
        Self {
            store,
            place,
            known: Mutex::default(),
        }
    }

    fn registry(&self, host: &str) -> Result<Arc<Registry>> {
        let place = (self.place)(host).ok_or_else(|| {
            Fault::saying(Code::NameUnknown, format!("there is no registry `{host}`"))
        })?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = known.get(&place) {
            return Ok(Arc::clone(registry));
        }
        let accounts = Accounts::open(&place.join("accounts.json"))
            .map_err(|error| Fault::saying(Code::Unknown, error.message()))?;
        let gate = Gate::new(Access::Accounts(accounts), false);
        let registry = Arc::new(Registry::new(self.store.beside(place.clone()), gate));
        // Forget the registries that were deleted.
        known.retain(|place, _| place.is_dir());
        known.insert(place, Arc::clone(&registry));
        Ok(registry)
    }
}

impl Service for Hosts {
    fn begin(&self, request: &Request) -> Reply {
        match self.registry(&request.host) {
            Ok(registry) => registry.begin(request),
            Err(fault) => Reply::Now(fault.answer()),
        }
    }

    fn sweep(&self) -> io::Result<()> {
        self.store.sweep()
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;
    use crate::names::{Repository, Tag};
    use engine::oci::digest::Digest;
    use std::fs;

    /// `alice:secret`, `alice:other`.
    const SECRET: &str = "Basic YWxpY2U6c2VjcmV0";
    const OTHER: &str = "Basic YWxpY2U6b3RoZXI=";

    struct World {
        folder: tempfile::TempDir,
        hosts: Hosts,
    }

    impl World {
        /// With one official image, and the places `one` and `two`.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("shared")).unwrap();
            let name = Repository::parse("library/busybox").unwrap();
            let digest = store.put_manifest(&name, "text/plain", b"{}", &[]).unwrap();
            let tag = Tag::parse("latest").unwrap();
            store.set_tag(&name, &tag, &digest).unwrap();
            for one in ["one", "two"] {
                fs::create_dir(folder.path().join(one)).unwrap();
            }
            let root = folder.path().to_owned();
            let place = move |host: &str| Some(root.join(host)).filter(|place| place.is_dir());
            let hosts = Hosts::new(store, Box::new(place));
            Self { folder, hosts }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        #[track_caller]
        fn check(
            &self,
            host: &str,
            line: &str,
            credentials: &str,
            body: &[u8],
            status: u16,
        ) -> Answer {
            let (method, target) = line.split_once(' ').unwrap();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let request = Request {
                method: method.to_owned(),
                path: path.to_owned(),
                query: query.to_owned(),
                host: host.to_owned(),
                content_type: Some("text/plain".to_owned()),
                content_length: Some(body.len() as u64),
                authorization: Some(credentials.to_owned())
                    .filter(|credentials| !credentials.is_empty()),
                ..Request::default()
            };
            let answer = self.hosts.answer(&request, &mut &body[..]);
            let said = String::from_utf8_lossy(answer.bytes()).into_owned();
            assert_eq!(answer.status, status, "{host} {line}: {said}");
            answer
        }

        fn push(&self, host: &str, credentials: &str, bytes: &[u8], status: u16) {
            let digest = Digest::of(bytes);
            let line = format!("POST /v2/alice/x/blobs/uploads/?digest={digest}");
            self.check(host, &line, credentials, bytes, status);
        }
    }

    #[test]
    fn accounts_and_pushed_images_belong_to_one_registry() {
        let world = World::new();
        world.check("one", "GET /v2/", SECRET, b"", 200);
        world.check("one", "GET /v2/", OTHER, b"", 401);
        world.check("two", "GET /v2/", OTHER, b"", 200);
        world.push("one", SECRET, b"layer", 201);
        world.push("two", SECRET, b"layer", 401);
        let digest = Digest::of(b"layer");
        let blob = format!("HEAD /v2/alice/x/blobs/{digest}");
        world.check("one", &blob, SECRET, b"", 200);
        world.check("two", &blob, OTHER, b"", 404);
        // Mounting does not bypass this.
        let mount = format!("POST /v2/alice/y/blobs/uploads/?mount={digest}&from=alice/x");
        world.check("two", &mount, OTHER, b"", 202);
        world.check("one", &mount, SECRET, b"", 201);
    }

    #[test]
    fn the_official_images_are_in_each_and_read_only() {
        let world = World::new();
        for host in ["one", "two"] {
            let get = "GET /v2/library/busybox/manifests/latest";
            world.check(host, get, "", b"", 200);
            world.check(host, "GET /v2/", SECRET, b"", 200);
            let put = "PUT /v2/library/busybox/manifests/latest";
            world.check(host, put, SECRET, b"{ }", 403);
            let found = world.check(host, "GET /v2/_catalog", "", b"", 200);
            assert_eq!(found.bytes(), br#"{"repositories":["library/busybox"]}"#);
        }
    }

    #[test]
    fn a_deleted_registry_starts_empty() {
        let world = World::new();
        world.check("one", "GET /v2/", SECRET, b"", 200);
        world.push("one", SECRET, b"layer", 201);
        let started = world.check("one", "POST /v2/alice/x/blobs/uploads/", SECRET, b"", 202);
        let upload = started.get("location").unwrap().to_owned();
        fs::remove_dir_all(world.at("one")).unwrap();
        world.check("one", "GET /v2/", SECRET, b"", 404);
        fs::create_dir(world.at("one")).unwrap();
        world.check("one", "GET /v2/", OTHER, b"", 200);
        world.check("one", "GET /v2/", SECRET, b"", 401);
        world.check("one", "GET /v2/alice/x/tags/list", OTHER, b"", 404);
        // Another registry's upload cannot be resumed.
        world.check("two", "GET /v2/", SECRET, b"", 200);
        world.check("two", &format!("GET {upload}"), SECRET, b"", 404);
    }

    #[test]
    fn a_push_into_a_deleted_registry_creates_nothing() {
        let world = World::new();
        let store = world.hosts.store.beside(world.at("one"));
        let name = Repository::parse("alice/x").unwrap();
        fs::remove_dir(world.at("one")).unwrap();
        assert!(store.mark_blob(&name, &Digest::of(b"x")).is_err());
        assert!(!world.at("one").exists());
    }

    #[test]
    fn content_of_any_registry_survives_the_next_start() {
        let world = World::new();
        world.check("one", "GET /v2/", SECRET, b"", 200);
        world.push("one", SECRET, b"layer", 201);
        let shared = world.at("shared");
        let blob = |bytes: &[u8]| shared.join("blobs/sha256").join(Digest::of(bytes).hex());
        let place = world.at("one");
        // The lock is released with the last owner of the content.
        drop(world.hosts);
        drop(Store::open_with(&shared, std::slice::from_ref(&place)).unwrap());
        assert!(blob(b"layer").exists() && blob(b"{}").exists());
        drop(Store::open(&shared).unwrap());
        assert!(!blob(b"layer").exists() && blob(b"{}").exists());
    }
}
