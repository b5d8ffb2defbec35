//! Registries that behave, that break off, and that are hostile.

mod asking;
mod hostile;
mod server;
mod silent;
mod stalled;
mod upload;
mod upstream;

use super::pull::pull;
use super::push::push;
use super::{
    Credential, LayerStatus, Patience, PullRequest, Pulled, PushRequest, Pushed, Remote,
    TransferEvent,
};
use crate::error::Result;
use crate::image::resolve;
use crate::oci::config::machine_architecture;
use crate::oci::descriptor::{DOCKER_MANIFEST, LAYER_GZIP, MANIFEST};
use crate::oci::digest::Digest;
use crate::paths::{Home, SandboxPaths};
use crate::testing;
use crate::tree::tar::{Entry, EntryKind, Writer};
use jiff::Timestamp;
use serde_json::{Value, json};
use server::{Asked, Reply, Server};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// An image in a registry.
#[derive(Clone)]
struct Image {
    config: Vec<u8>,
    /// Compressed.
    layers: Vec<Vec<u8>>,
    manifest: Value,
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A layer's tar with one file of bytes that do not compress.
fn tar(name: &str, size: u32) -> Vec<u8> {
    let mut state = size | 1;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    let content: Vec<u8> = (0..size).map(|_| random()).collect();
    let mut out = Writer::new(Vec::new());
    let mut entry = Entry::new(name, EntryKind::File, 0o644);
    entry.size = content.len() as u64;
    // The user that runs the tests.
    entry.uid = nix::unistd::geteuid().as_raw().into();
    entry.gid = nix::unistd::getegid().as_raw().into();
    out.append(&entry, &content[..]).unwrap();
    out.finish().unwrap()
}

impl Image {
    /// With layers of these sizes in bytes.
    fn new(sizes: &[u32]) -> Self {
        let tars: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| tar(&format!("f{at}"), *size))
            .collect();
        let diff_ids: Vec<_> = tars.iter().map(|tar| Digest::of(tar)).collect();
        let config = serde_json::to_vec(&json!({
            "architecture": machine_architecture(), "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        }));
        Self::of(config.unwrap(), tars.iter().map(|tar| gzip(tar)).collect())
    }

    fn of(config: Vec<u8>, layers: Vec<Vec<u8>>) -> Self {
        let descriptor = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "size": bytes.len(), "digest": Digest::of(bytes) });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers.iter().map(|layer| descriptor(LAYER_GZIP, layer)).collect::<Vec<_>>(),
        });
        Self {
            config,
            layers,
            manifest,
        }
    }

    fn manifest(&self) -> Vec<u8> {
        self.manifest.to_string().into_bytes()
    }

    /// A well-behaved registry's answer.
    fn answer(&self, asked: &Asked) -> Reply {
        let path = asked.path.as_str();
        if path == "/v2/" {
            return Reply::ok("{}");
        }
        if path.contains("/manifests/") {
            return Reply::ok(self.manifest()).with("content-type", MANIFEST);
        }
        let blobs = self.layers.iter().chain([&self.config]);
        let blob = blobs
            .into_iter()
            .find(|blob| path.ends_with(Digest::of(blob).as_str()));
        match (blob, asked.header("range")) {
            (None, _) => Reply::new(404),
            (Some(blob), None) => Reply::ok(blob.clone()),
            (Some(blob), Some(range)) => {
                let start = range.trim_start_matches("bytes=").trim_end_matches('-');
                let start: usize = start.parse().unwrap();
                Reply {
                    status: 206,
                    ..Reply::ok(&blob[start..])
                }
                .with(
                    "content-range",
                    format!("bytes {start}-{}/{}", blob.len() - 1, blob.len()),
                )
            }
        }
    }
}

/// A separate home.
struct World {
    _folder: tempfile::TempDir,
    home: Home,
    sandbox: SandboxPaths,
    remote: Remote,
    events: Vec<TransferEvent>,
}

impl World {
    fn new() -> Self {
        let (folder, home, sandbox) = crate::paths::testing::world();
        let remote = Remote {
            patience: Patience {
                connect: Duration::from_secs(60),
                silence: Duration::from_secs(60),
                first: Duration::from_secs(60),
                quiet: Duration::from_secs(60),
                retries: 2,
                delay: Duration::from_millis(1),
            },
            ..Remote::default()
        };
        Self {
            _folder: folder,
            home,
            sandbox,
            remote,
            events: Vec::new(),
        }
    }

    fn logged_in(mut self) -> Self {
        self.remote.credentials = Arc::new(|_| {
            Ok(Some(Credential::Password {
                username: "ann".to_owned(),
                password: "secret".to_owned(),
            }))
        });
        self
    }

    fn pull(&mut self, name: &str) -> Result<Pulled> {
        let all_tags = !name
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .contains([':', '@']);
        let request = PullRequest {
            reference: name.to_owned(),
            all_tags,
            platform: None,
        };
        let mut events = Vec::new();
        let pulled = pull(
            &testing::open(&self.home),
            &request,
            &self.remote,
            &mut |event| events.push(event),
        );
        self.events = events;
        pulled.map(|mut pulled| pulled.remove(0))
    }

    fn push(&mut self, name: &str) -> Result<Pushed> {
        let request = PushRequest {
            reference: name.to_owned(),
            all_tags: false,
        };
        let mut events = Vec::new();
        let pushed = push(
            &testing::open(&self.home),
            &request,
            &self.remote,
            &mut |event| events.push(event),
        );
        self.events = events;
        pushed.map(|mut pushed| pushed.remove(0))
    }

    /// How often a layer had the status with this text.
    fn count(&self, status: &str) -> usize {
        let fits = |event: &&TransferEvent| matches!(event, TransferEvent::Layer { status: found, .. } if found.to_string() == status);
        self.events.iter().filter(fits).count()
    }

    /// Nothing is left of a failed pull.
    #[track_caller]
    fn is_empty(&self) {
        let count = |path: std::path::PathBuf| std::fs::read_dir(path).map_or(0, Iterator::count);
        assert_eq!(count(self.home.content_tmp()), 0, "unfinished content");
        assert_eq!(count(self.home.layers()), 0, "layers");
        assert!(!self.sandbox.images().exists(), "an image");
    }
}

/// Pulls from a registry with these answers, and returns the error.
#[track_caller]
fn refused(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> String {
    let server = Server::new(answer);
    let mut world = World::new();
    let error = world.pull(&format!("{}/app:1", server.host())).unwrap_err();
    world.is_empty();
    error.to_string().replace(&server.host(), "HOST")
}

#[test]
fn an_image_is_pulled_once_and_known_by_tag_and_digest() {
    let image = Image::new(&[1000, 300_000, 20]);
    let served = image.clone();
    let server = Server::new(move |asked| served.answer(asked));
    let mut world = World::new();
    let name = format!("{}/a/app:1", server.host());
    let pulled = world.pull(&name).unwrap();
    assert_eq!(pulled.image, Digest::of(&image.config));
    assert_eq!(pulled.digest, Digest::of(&image.manifest()));
    assert_eq!(
        (pulled.fetched, pulled.existing, pulled.newer),
        (3, 0, true)
    );
    assert_eq!(world.count("Pull complete"), 3);
    let by_digest = format!("{}/a/app@{}", server.host(), pulled.digest);
    let found = resolve::find(&world.home, &world.sandbox, &by_digest).unwrap();
    assert_eq!((&found.id, found.size), (&pulled.image, 301_020));
    for layer in &image.layers {
        let kept = crate::store::blobs::path(&world.home, &Digest::of(layer));
        assert_eq!(&std::fs::read(kept).unwrap(), layer);
    }
    let again = world.pull(&name).unwrap();
    assert_eq!((again.fetched, again.existing, again.newer), (0, 3, false));
    // As in Docker, the layers of an image that is already here are not reported.
    assert_eq!(world.count("Already exists"), 0);
    assert_eq!(
        server.count("GET /v2/a/app/blobs/"),
        3 + 2,
        "each layer once, the configuration twice"
    );
    let last = world.events.last().unwrap();
    assert!(matches!(last, TransferEvent::Status { newer: false, .. }));
}

#[test]
fn a_layer_that_another_image_has_is_not_fetched_wherever_it_lies() {
    let (tars, serve) = (
        [tar("a", 1000), tar("b", 2000), tar("c", 3000)],
        |image: Image| Server::new(move |asked| image.answer(asked)),
    );
    let image = |order: &[usize]| {
        let diff_ids: Vec<_> = order.iter().map(|at| Digest::of(&tars[*at])).collect();
        let config = json!({
            "architecture": machine_architecture(), "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let layers = order.iter().map(|at| gzip(&tars[*at])).collect();
        Image::of(config.to_string().into_bytes(), layers)
    };
    let mut world = World::new();
    let mut check = |order: &[usize], fetched, existing| {
        let server = serve(image(order));
        let pulled = world.pull(&format!("{}/app:1", server.host())).unwrap();
        assert_eq!(
            (pulled.fetched, pulled.existing),
            (fetched, existing),
            "{order:?}"
        );
        assert_eq!(world.count("Already exists"), existing, "{order:?}");
    };
    check(&[0, 1], 2, 0);
    check(&[0, 1, 2], 1, 2);
    check(&[2, 0], 0, 2);
    check(&[1, 1], 0, 2);
    // An image with the same new layer twice.
    let twice = tar("d", 500);
    let config = json!({
        "architecture": machine_architecture(), "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(&twice), Digest::of(&twice)] },
    });
    let server = serve(Image::of(
        config.to_string().into_bytes(),
        vec![gzip(&twice), gzip(&twice)],
    ));
    let pulled = world.pull(&format!("{}/app:1", server.host())).unwrap();
    assert_eq!((pulled.fetched, pulled.existing), (1, 0));
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_stopped() {
    let image = Image::new(&[700_000]);
    let (served, layer) = (image.clone(), Digest::of(&image.layers[0]));
    let server = Server::new(move |asked| {
        let reply = served.answer(asked);
        let is_first = asked.header("range").is_none();
        match asked.path.ends_with(layer.as_str()) && is_first {
            true => Reply {
                cut: Some(400_000),
                ..reply
            },
            false => reply,
        }
    });
    let mut world = World::new();
    world.pull(&format!("{}/app:1", server.host())).unwrap();
    let ranges: Vec<_> = server
        .asked()
        .iter()
        .filter_map(|asked| asked.header("range").map(str::to_owned))
        .collect();
    assert_eq!(ranges, ["bytes=400000-"]);
    let retried = TransferEvent::Layer {
        id: Digest::of(&image.layers[0]).short().to_owned(),
        status: LayerStatus::Retrying { seconds: 1 },
    };
    assert!(world.events.contains(&retried));
}

#[test]
fn a_server_that_knows_no_ranges_begins_anew() {
    let image = Image::new(&[700_000]);
    let (served, layer) = (image.clone(), Digest::of(&image.layers[0]));
    let server = Server::new(move |asked| {
        let mut plain = asked.clone();
        plain.headers.retain(|(name, _)| name != "range");
        let reply = served.answer(&plain);
        match asked.path.ends_with(layer.as_str()) && asked.header("range").is_none() {
            true => Reply {
                cut: Some(300_000),
                ..reply
            },
            false => reply,
        }
    });
    World::new()
        .pull(&format!("{}/app:1", server.host()))
        .unwrap();
}

#[test]
fn an_overloaded_registry_is_asked_again() {
    let image = Image::new(&[10]);
    let asked_before = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let server = Server::new(move |asked| {
        match asked_before.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 3 {
            0 => Reply::new(503),
            1 => Reply::new(429).with("retry-after", "0"),
            _ => image.answer(asked),
        }
    });
    World::new()
        .pull(&format!("{}/app:1", server.host()))
        .unwrap();
}

#[test]
fn all_tags_come_page_by_page() {
    let image = Image::new(&[10]);
    let server = Server::new(move |asked| match asked.path.as_str() {
        "/v2/app/tags/list" => Reply::ok(r#"{"tags":["1","2"]}"#)
            .with("link", "</v2/app/tags/list?last=2>; rel=\"next\""),
        "/v2/app/tags/list?last=2" => Reply::ok(r#"{"tags":["3"]}"#),
        _ => image.answer(asked),
    });
    let mut world = World::new();
    world.pull(&format!("{}/app", server.host())).unwrap();
    for tag in ["1", "2", "3"] {
        resolve::find(
            &world.home,
            &world.sandbox,
            &format!("{}/app:{tag}", server.host()),
        )
        .unwrap();
    }
}

#[test]
fn what_a_killed_pull_left_is_swept_by_the_next() {
    let image = Image::new(&[10]);
    let server = Server::new(move |asked| image.answer(asked));
    let mut world = World::new();
    let left = ["blob-x", "layer-x"].map(|name| world.home.content_tmp().join(name));
    std::fs::write(&left[0], "half").unwrap();
    std::fs::create_dir(&left[1]).unwrap();
    world.pull(&format!("{}/app:1", server.host())).unwrap();
    assert!(left.iter().all(|path| !path.exists()));
}
