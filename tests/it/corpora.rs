//! Reads the corpora of the fuzz targets with the same code, without the fuzzer: fixed inputs stay fixed, in every run
//! and with the stable compiler.

use engine::build::syntax::parse::Dockerfile;
use engine::tree::recipe::{Recipe, replay};
use engine::tree::tar::Reader;
use engine::tree::unpack::{Frame, Limits, unpack};
use registry::{Access, Gate, Registry, Request, Service, Store};
use std::fs;
use std::path::Path;

/// The inputs of the target `name`.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let entries = fs::read_dir(&folder).expect("the target has a corpus");
    let inputs: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("the corpus can be read").path();
            let bytes = fs::read(&path).expect("the corpus can be read");
            (path.display().to_string(), bytes)
        })
        .collect();
    assert!(!inputs.is_empty(), "{name} has an empty corpus");
    let size: usize = inputs.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size < 256 << 10, "the corpus of {name} is not small");
    inputs
}

#[test]
fn each_dockerfile_of_the_corpus_is_displayed_as_what_it_parses_to() {
    let mut parsed = 0;
    for (path, bytes) in corpus("dockerfile") {
        let Ok(first) = Dockerfile::parse("Dockerfile", &bytes) else {
            continue;
        };
        let shown = first.to_string();
        match Dockerfile::parse("Dockerfile", shown.as_bytes()) {
            Ok(second) => assert_eq!(second.to_string(), shown, "{path}"),
            Err(error) => panic!("{path}: {error}\n{shown}"),
        }
        parsed += 1;
    }
    assert!(parsed > 5, "only {parsed} of the corpus are Dockerfiles");
}

#[test]
fn each_layer_of_the_corpus_stays_in_its_folder_and_gives_its_bytes_back() {
    for (path, bytes) in corpus("tar") {
        let world = tempfile::tempdir().expect("a folder can be made");
        let layer = world.path().join("layer");
        fs::create_dir_all(layer.join("diff")).expect("a folder can be made");
        let recipe = Recipe::create(&layer).expect("a file can be made");
        let mut reader = Reader::with_frame(bytes.as_slice(), Frame(Some(recipe)));
        if unpack(&mut reader, &layer, &Limits::default()).is_ok()
            && let Ok(Frame(Some(recipe))) = reader.finish()
        {
            recipe.finish().expect("the recipe can be written");
            let mut again = Vec::new();
            replay(&layer, &mut again).expect("what was unpacked can be packed");
            assert!(again == bytes, "{path} is not reproduced");
        }
        let beside = fs::read_dir(world.path()).expect("the folder can be read");
        assert_eq!(beside.count(), 1, "{path}");
    }
}

#[test]
fn each_request_of_the_corpus_is_answered_and_nothing_is_written_elsewhere() {
    let world = tempfile::tempdir().expect("a folder can be made");
    let store = Store::open(&world.path().join("registry")).expect("it is empty");
    let open = Registry::new(store, Gate::new(Access::Open, false));
    let mut done = 0;
    for (path, bytes) in corpus("routes") {
        let text = String::from_utf8(bytes).expect("a request is text");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let line = head.lines().next().unwrap_or_default();
        let (method, target) = line.split_once(' ').expect("a request has a line");
        let (place, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |name: &str| {
            let found = head
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            found.map(str::to_owned)
        };
        let request = Request {
            method: method.to_owned(),
            path: place.to_owned(),
            query: query.to_owned(),
            content_type: header("content-type"),
            content_range: header("content-range"),
            range: header("range"),
            authorization: header("authorization"),
            ..Request::default()
        };
        let answer = open.answer(&request, &mut body.as_bytes());
        assert!(
            (200..500).contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        done += usize::from(answer.status < 300);
    }
    assert!(done > 3, "only {done} of the corpus are done");
    let beside = fs::read_dir(world.path()).expect("the folder can be read");
    assert_eq!(beside.count(), 1);
}
