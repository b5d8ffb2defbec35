//! Conformance: 01 Pull.

use super::*;

#[test]
fn the_base_says_that_this_is_a_registry() {
    let world = World::new();
    assert_eq!(text(&world.check("GET /v2/", b"", 200)), "{}");
}

#[test]
fn pull_blobs() {
    let world = World::new();
    let digest = world.blob("a/b", b"0123456789");
    let missing = Digest::of(b"missing");
    // HEAD and GET request to nonexistent blob should result in 404 response.
    for method in ["HEAD", "GET"] {
        let answer = world.check(&format!("{method} /v2/a/b/blobs/{missing}"), b"", 404);
        assert!(text(&answer).contains("BLOB_UNKNOWN"));
    }
    // HEAD and GET request to existing blob should yield 200.
    for method in ["HEAD", "GET"] {
        let answer = world.check(&format!("{method} /v2/a/b/blobs/{digest}"), b"", 200);
        assert_eq!(answer.length(), 10);
        assert_eq!(answer.get("docker-content-digest"), Some(digest.as_str()));
        assert_eq!(body(answer), b"0123456789");
    }
    // A blob of one repository is not in another.
    world.check(&format!("GET /v2/a/c/blobs/{digest}"), b"", 404);
}

#[test]
fn parts_of_a_blob() {
    let world = World::new();
    let digest = world.blob("a", b"0123456789");
    let answer = world.check(
        &format!("GET /v2/a/blobs/{digest}\nrange: bytes=3-5"),
        b"",
        206,
    );
    assert_eq!(answer.get("content-range"), Some("bytes 3-5/10"));
    assert_eq!(body(answer), b"345");
    let answer = world.check(
        &format!("GET /v2/a/blobs/{digest}\nrange: bytes=10-"),
        b"",
        416,
    );
    assert_eq!(answer.get("content-range"), Some("bytes */10"));
}

#[test]
fn pull_manifests() {
    let world = World::new();
    let (digest, bytes) = world.image("a", "v1", "one");
    // HEAD and GET nonexistent manifest should return 404.
    for (target, word) in [
        ("missing", "MANIFEST_UNKNOWN"),
        (Digest::of(b"x").as_str(), "MANIFEST_UNKNOWN"),
    ] {
        for method in ["HEAD", "GET"] {
            let answer = world.check(&format!("{method} /v2/a/manifests/{target}"), b"", 404);
            assert!(text(&answer).contains(word));
        }
    }
    // By its digest and by its tag, byte for byte, with the type under which it was pushed.
    for target in ["v1", digest.as_str()] {
        let answer = world.check(&format!("GET /v2/a/manifests/{target}"), b"", 200);
        assert_eq!(answer.get("content-type"), Some(MANIFEST));
        assert_eq!(answer.get("docker-content-digest"), Some(digest.as_str()));
        assert_eq!(body(answer), bytes);
    }
    world.check(&format!("GET /v2/b/manifests/{digest}"), b"", 404);
}

#[test]
fn error_codes() {
    // 400 response body should contain OCI-conforming JSON message.
    let answer = World::new().check("PUT /v2/a/manifests/sha256:totallywrong", b"blablabla", 400);
    let value: Value = serde_json::from_slice(answer.bytes()).unwrap();
    assert_eq!(value["errors"][0]["code"], "DIGEST_INVALID");
    assert!(value["errors"][0]["message"].is_string());
}
