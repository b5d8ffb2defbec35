//! Any request, sent to a registry that is open to everyone: an answer that fits HTTP, never a panic, and nothing outside of
//! its folder.

#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::{Access, Gate, Registry, Request, Service, Store, routes};
use std::sync::LazyLock;
use tempfile::TempDir;

struct World {
    folder: TempDir,
    registry: Registry,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let store = Store::open(&folder.path().join("registry")).expect("it is empty");
    World {
        registry: Registry::new(store, Gate::new(Access::Open, false)),
        folder,
    }
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // A request as in the corpus: its line, headers, an empty line, the body.
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap_or_default().split_once(' ').unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        ..Request::default()
    };
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        let value = Some(value.to_owned());
        match name {
            "content-type" => request.content_type = value,
            "content-range" => request.content_range = value,
            "range" => request.range = value,
            "authorization" => request.authorization = value,
            _ => {}
        }
    }
    // The same route twice: reading it depends on nothing else.
    assert_eq!(
        routes::parse(method, path, query).ok(),
        routes::parse(method, path, query).ok()
    );
    let answer = WORLD.registry.answer(&request, &mut body.as_bytes());
    assert!((200..600).contains(&answer.status), "{}", answer.status);
    for (name, value) in &answer.headers {
        assert!(!value.contains(['\r', '\n', '\0']), "{name}: {value}");
    }
    let beside = std::fs::read_dir(WORLD.folder.path()).expect("it is there").count();
    assert_eq!(beside, 1, "{head}");
});
