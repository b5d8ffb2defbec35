//! The registry without a network: each request of the specification's conformance suite, under the suite's names, and
//! those that only Docker, Podman or Skopeo send.

use super::*;
use engine::oci::descriptor::{CONFIG, DOCKER_MANIFEST, Descriptor, INDEX, LAYER_GZIP, MANIFEST};
use engine::oci::digest::Digest;
use serde_json::{Value, json};

struct World {
    _folder: tempfile::TempDir,
    registry: Registry,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let registry = Registry::new(store, Gate::new(Access::Open, false));
        Self {
            _folder: folder,
            registry,
        }
    }

    /// `line` is `METHOD path?query`, perhaps with ` name: value` lines.
    fn send(&self, line: &str, body: &[u8]) -> Answer {
        let mut lines = line.lines();
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            content_length: Some(body.len() as u64),
            ..Request::default()
        };
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let value = Some(value.to_owned());
            match name {
                "content-type" => request.content_type = value,
                "content-range" => request.content_range = value,
                "range" => request.range = value,
                other => panic!("{other}"),
            }
        }
        self.registry.answer(&request, &mut &body[..])
    }

    #[track_caller]
    fn check(&self, line: &str, body: &[u8], status: u16) -> Answer {
        let answer = self.send(line, body);
        assert_eq!(answer.status, status, "{line}: {}", text(&answer));
        answer
    }

    /// Pushes a blob in one request.
    fn blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.check(
            &format!("POST /v2/{name}/blobs/uploads/?digest={digest}"),
            bytes,
            201,
        );
        digest
    }

    fn begin(&self, name: &str) -> String {
        let answer = self.check(&format!("POST /v2/{name}/blobs/uploads/"), b"", 202);
        answer.get("location").unwrap().to_owned()
    }

    fn image(&self, name: &str, tag: &str, mark: &str) -> (Digest, Vec<u8>) {
        let bytes = manifest(
            &self.blob(name, mark.as_bytes()),
            &self.blob(name, b"layer"),
            json!({}),
        );
        self.check(
            &format!("PUT /v2/{name}/manifests/{tag}\ncontent-type: {MANIFEST}"),
            &bytes,
            201,
        );
        (Digest::of(&bytes), bytes)
    }
}

fn manifest(config: &Digest, layer: &Digest, more: Value) -> Vec<u8> {
    let mut value = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": Descriptor::new(CONFIG, config.clone(), 1),
        "layers": [Descriptor::new(LAYER_GZIP, layer.clone(), 5)],
    });
    for (name, field) in more.as_object().unwrap() {
        value[name] = field.clone();
    }
    // Whitespace that a registry would lose by rewriting the manifest.
    serde_json::to_vec_pretty(&value).unwrap()
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(answer.bytes()).into_owned()
}

fn body(answer: Answer) -> Vec<u8> {
    match answer.content {
        Content::Empty => Vec::new(),
        Content::Bytes(bytes) => bytes,
        Content::File(file, length) => {
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes).unwrap();
            bytes
        }
    }
}

mod content_discovery;
mod content_management;
mod pull;
mod push;
