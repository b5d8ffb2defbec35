//! What the hub lacks comes from an upstream that behaves as Docker Hub, or from a copy on this machine.

use super::*;
use crate::image::remote::{Beyond, Endpoint, Upstream};
use crate::oci::descriptor::LAYER_ZSTD;
use crate::paths::create_private_dir;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A practice hub with the image `busybox` only.
fn hub(busybox: Image) -> Server {
    Server::new(move |asked| match asked.path.as_str() {
        "/v2/" => Reply::ok("{}"),
        "/v1/search?q=nginx&n=5" => Reply::ok(r#"{"results":[]}"#),
        path if path.starts_with("/v2/library/busybox/") => {
            match path.contains("/manifests/") && !path.ends_with("/latest") {
                true => Reply::new(404).because("MANIFEST_UNKNOWN"),
                false => busybox.answer(asked),
            }
        }
        _ => Reply::new(403).because("DENIED"),
    })
}

impl Reply {
    fn because(mut self, code: &str) -> Self {
        self.body = format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#).into_bytes();
        self
    }
}

impl World {
    /// With this hub and upstream. `copies_first` is as in an exercise.
    fn between(hub: &Server, upstream: &str, copies_first: bool) -> Self {
        let mut world = Self::new();
        let hub = format!("http://{}", hub.host());
        world.remote.hub = Arc::new(move || Endpoint::parse(&hub).map(Some));
        let endpoint = Endpoint::parse(&format!("http://{upstream}")).unwrap();
        world.remote.beyond = Arc::new(move |_| {
            Ok(Some(Beyond {
                upstream: Some(Upstream {
                    name: "Docker Hub".to_owned(),
                    endpoint: endpoint.clone(),
                    index: endpoint.clone(),
                    credential: None,
                }),
                copies_first,
            }))
        });
        world
    }
}

/// An upstream as Docker Hub is: tokens from another host, blobs at a third, an index with an attestation.
struct DockerHub {
    registry: Server,
    tokens: Server,
    blobs: Server,
}

impl DockerHub {
    /// Each token is valid for `uses` requests.
    fn new(image: &Image, uses: usize) -> Self {
        let given = Arc::new(AtomicUsize::new(0));
        let tokens = {
            let given = Arc::clone(&given);
            Server::at("127.0.0.2", move |asked| {
                assert_eq!(asked.header("authorization"), None, "no login here");
                let number = given.fetch_add(1, Ordering::Relaxed);
                Reply::ok(format!(r#"{{"token":"t{number}","expires_in":300}}"#))
            })
        };
        let blobs = {
            let image = without_query(image.clone());
            Server::at("127.0.0.3", move |asked| {
                assert_eq!(
                    asked.header("authorization"),
                    None,
                    "a token leaves its host"
                );
                image(asked)
            })
        };
        let manifest = image.manifest();
        let attestation = json!({"mediaType": MANIFEST, "size": 2, "digest": Digest::of(b"{}"),
            "platform": {"architecture": "unknown", "os": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"}});
        let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [attestation,
            {"mediaType": MANIFEST, "size": manifest.len(), "digest": Digest::of(&manifest),
             "platform": {"architecture": machine_architecture(), "os": "linux"}}]});
        let (realm, third) = (tokens.host(), blobs.host());
        let used = AtomicUsize::new(0);
        let registry = Server::new(move |asked| {
            let path = asked.path.as_str();
            let valid = format!("Bearer t{}", given.load(Ordering::Relaxed).wrapping_sub(1));
            let is_valid = asked.header("authorization") == Some(&valid)
                && used.fetch_add(1, Ordering::Relaxed) % (uses + 1) < uses;
            let challenge = |more: &str| {
                let challenge = format!(
                    "Bearer realm=\"http://{realm}/token\",service=\"registry.docker.io\"{more}"
                );
                Reply::new(401)
                    .with("www-authenticate", challenge)
                    .because("UNAUTHORIZED")
            };
            match path {
                "/v2/" => challenge(""),
                _ if !is_valid => challenge(""),
                _ if !path.starts_with("/v2/library/nginx/") => {
                    challenge(",error=\"insufficient_scope\"")
                }
                _ if path.contains("/blobs/") => {
                    Reply::new(307).with("location", format!("http://{third}{path}?signature=x"))
                }
                _ if path.ends_with("/manifests/latest") => Reply::ok(index.to_string())
                    .with("content-type", "application/vnd.oci.image.index.v1+json")
                    .with("ratelimit-limit", "100;w=21600")
                    .with("ratelimit-remaining", "99;w=21600"),
                _ if path.ends_with(Digest::of(&manifest).as_str()) => {
                    Reply::ok(manifest.clone()).with("content-type", MANIFEST)
                }
                _ => Reply::new(404).because("MANIFEST_UNKNOWN"),
            }
        });
        Self {
            registry,
            tokens,
            blobs,
        }
    }
}

/// Blobs are asked for without their query.
fn without_query(image: Image) -> impl Fn(&Asked) -> Reply {
    move |asked| {
        let mut asked = asked.clone();
        asked.path = asked.path.split('?').next().unwrap_or_default().to_owned();
        image.answer(&asked)
    }
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// With one layer in gzip and one in zstd.
fn modern() -> Image {
    let tars = [tar("a", 1000), tar("b", 2000)];
    let config = json!({
        "architecture": machine_architecture(), "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(&tars[0]), Digest::of(&tars[1])] },
    });
    let config = config.to_string().into_bytes();
    let mut image = Image::of(config, vec![gzip(&tars[0]), zstd(&tars[1])]);
    image.manifest["layers"][1]["mediaType"] = json!(LAYER_ZSTD);
    image
}

#[test]
fn what_the_hub_lacks_is_fetched_as_from_docker_hub() {
    let (ours, theirs) = (Image::new(&[10]), modern());
    let hub = hub(ours.clone());
    // A token that runs out after two requests is asked for again.
    for uses in [1000, 2] {
        let there = DockerHub::new(&theirs, uses);
        let mut world = World::between(&hub, &there.registry.host(), false);
        let pulled = world.pull("busybox:latest").unwrap();
        assert_eq!(
            pulled.image,
            Digest::of(&ours.config),
            "the hub's own come first"
        );
        assert!(there.registry.asked().is_empty());
        let pulled = world.pull("nginx:latest").unwrap();
        assert_eq!(pulled.image, Digest::of(&theirs.config));
        assert_eq!((pulled.fetched, pulled.newer), (2, true));
        let began = TransferEvent::Pulling {
            tag: "latest".to_owned(),
            repository: "library/nginx".to_owned(),
        };
        assert_eq!(world.events[0], began);
        assert!(there.tokens.count("GET /token?service=registry.docker.io") >= 1);
        assert_eq!(there.blobs.count("GET /v2/library/nginx/blobs/"), 3);
        assert_eq!(
            there.registry.count("POST") + there.registry.count("PUT"),
            0
        );
    }
}

#[test]
fn what_docker_hub_lacks_too_is_denied_in_its_words() {
    let hub = hub(Image::new(&[10]));
    let there = DockerHub::new(&modern(), 1000);
    let mut world = World::between(&hub, &there.registry.host(), false);
    let error = world.pull("nginxx:latest").unwrap_err();
    let said = "pull access denied for nginxx, repository does not exist or may require 'docker login': \
                denied: requested access to the resource is denied";
    assert_eq!(error.message(), said);
    let error = world.pull("nginx:9").unwrap_err();
    assert_eq!(
        error.message(),
        "manifest for nginx:9 not found: manifest unknown: manifest unknown"
    );
    world.is_empty();
}

#[test]
fn a_limit_that_is_used_up_is_reported_at_once_and_a_busy_server_is_given_time() {
    let hub = hub(Image::new(&[10]));
    let limited = Server::new(|asked| match asked.path.as_str() {
        "/v2/" => Reply::ok("{}"),
        _ => Reply::new(429)
            .with("retry-after", "1000")
            .with("ratelimit-remaining", "0;w=21600")
            .because("TOOMANYREQUESTS"),
    });
    let mut world = World::between(&hub, &limited.host(), false);
    let error = world.pull("nginx:latest").unwrap_err();
    assert_eq!(error.message(), "toomanyrequests: too many requests");
    assert!(error.hint().unwrap().contains("config upstream HOST"));
    assert_eq!(limited.count("GET /v2/library/nginx/manifests/latest"), 1);
    let (image, first) = (modern(), AtomicUsize::new(0));
    let expected = Digest::of(&image.config);
    let busy = Server::new(move |asked| {
        match asked.path.contains("/manifests/") && first.fetch_add(1, Ordering::Relaxed) == 0 {
            true => Reply::new(429).with("retry-after", "0"),
            false => image.answer(asked),
        }
    });
    let mut world = World::between(&hub, &busy.host(), false);
    assert_eq!(world.pull("nginx:latest").unwrap().image, expected);
}

#[test]
fn a_connection_that_breaks_off_is_resumed() {
    let hub = hub(Image::new(&[10]));
    let image = Image::new(&[400_000]);
    let (served, breaks) = (image.clone(), AtomicUsize::new(0));
    let there = Server::new(move |asked| {
        let mut reply = served.answer(asked);
        let is_blob = asked.path.contains("/blobs/");
        reply.cut = (is_blob && breaks.fetch_add(1, Ordering::Relaxed) == 1).then_some(100_000);
        reply
    });
    let mut world = World::between(&hub, &there.host(), false);
    let pulled = world.pull("nginx:latest").unwrap();
    assert_eq!(pulled.image, Digest::of(&image.config));
    assert!(
        there
            .asked()
            .iter()
            .any(|asked| asked.header("range").is_some())
    );
}

#[test]
fn without_an_upstream_the_hubs_answer_stands_and_the_hint_says_why() {
    let hub = hub(Image::new(&[10]));
    let mut world = World::between(&hub, "127.0.0.1:1", false);
    for (name, said) in [
        ("nginx:latest", "pull access denied for nginx"),
        ("busybox:1.36", "manifest for busybox:1.36 not found"),
    ] {
        let error = world.pull(name).unwrap_err();
        assert!(error.message().starts_with(said), "{error}");
        assert_eq!(
            error.hint(),
            Some(
                "Docker Hub may have it, and cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused"
            )
        );
    }
    // An image of another registry is never asked for there.
    let error = world.pull(&format!("{}/x:1", hub.host())).unwrap_err();
    assert!(!error.hint().unwrap_or_default().contains("Docker Hub"));
}

#[test]
fn an_image_that_another_sandbox_has_pulled_stands_in_for_an_upstream() {
    let hub = hub(Image::new(&[10]));
    let image = modern();
    let there = DockerHub::new(&image, 1000);
    let mut world = World::between(&hub, &there.registry.host(), false);
    world.pull("nginx:latest").unwrap();
    let asked = there.registry.asked().len();
    // In its own sandbox, a failure to ask is not hidden.
    let away = World::between(&hub, "127.0.0.1:1", false).remote;
    let before = std::mem::replace(&mut world.remote, away);
    world.pull("nginx:latest").unwrap_err();
    let other = world.home.sandbox("other").unwrap();
    create_private_dir(other.root()).unwrap();
    std::fs::rename(world.sandbox.images(), other.images()).unwrap();
    let pulled = world.pull("nginx:latest").unwrap();
    assert_eq!(pulled.image, Digest::of(&image.config));
    assert_eq!((pulled.fetched, pulled.existing), (0, 2));
    assert_eq!(there.registry.asked().len(), asked);
    // An exercise prefers the copy, even if the upstream answers.
    std::fs::remove_file(world.sandbox.images()).unwrap();
    world.remote = World::between(&hub, &there.registry.host(), true).remote;
    world.pull("nginx:latest").unwrap();
    assert_eq!(there.registry.asked().len(), asked);
    // A name that was given here, and not pulled, does not count.
    std::fs::remove_file(world.sandbox.images()).unwrap();
    crate::store::images::update(&other, |table| {
        table.references.retain(|name, _| name.digest().is_none());
        Ok(())
    })
    .unwrap();
    world.remote = before;
    world.pull("nginx:latest").unwrap();
    assert!(there.registry.asked().len() > asked);
}

#[test]
fn a_search_without_a_hit_goes_on_upstream() {
    let hub = hub(Image::new(&[10]));
    let there = Server::new(|asked| match asked.path.as_str() {
        "/v1/search?q=nginx&n=5" => {
            Reply::ok(r#"{"results":[{"name":"nginx","is_official":true}]}"#)
        }
        _ => Reply::new(404),
    });
    let search = |world: &World| {
        let engine = testing::open(&world.home);
        let found = engine.registry_search(&world.remote, "docker.io", "nginx", 5);
        found.unwrap()
    };
    let found = search(&World::between(&hub, &there.host(), false));
    assert_eq!(
        (found.found[0].name.as_str(), found.unreached),
        ("nginx", None)
    );
    let found = search(&World::between(&hub, "127.0.0.1:1", false));
    assert!(found.found.is_empty());
    assert!(found.unreached.unwrap().contains("connection refused"));
}
