//! Conformance: 04 Content Management.

use super::*;

#[test]
fn manifest_delete() {
    let world = World::new();
    let (digest, _) = world.image("a", "v1", "one");
    world.image("a", "v2", "one");
    let (other, _) = world.image("a", "v3", "two");
    // DELETE request to manifest tag should return 202; the manifest stays.
    world.check("DELETE /v2/a/manifests/v1", b"", 202);
    world.check("GET /v2/a/manifests/v1", b"", 404);
    world.check(&format!("GET /v2/a/manifests/{digest}"), b"", 200);
    // DELETE request to manifest (digest) should yield 202, and its tags go with it.
    world.check(&format!("DELETE /v2/a/manifests/{digest}"), b"", 202);
    for target in [digest.as_str(), "v2"] {
        world.check(&format!("GET /v2/a/manifests/{target}"), b"", 404);
    }
    // GET request to tags list should reflect manifest deletion.
    assert_eq!(
        text(&world.check("GET /v2/a/tags/list", b"", 200)),
        r#"{"name":"a","tags":["v3"]}"#
    );
    world.check(&format!("GET /v2/a/manifests/{other}"), b"", 200);
    world.check(&format!("DELETE /v2/a/manifests/{digest}"), b"", 404);
    world.check("DELETE /v2/a/manifests/missing", b"", 404);
}

#[test]
fn blob_delete() {
    let world = World::new();
    let digest = world.blob("a", b"shared");
    world.blob("b", b"shared");
    world.check(&format!("DELETE /v2/a/blobs/{digest}"), b"", 202);
    // GET request to deleted blob URL should yield 404 response; other repositories keep their blobs.
    world.check(&format!("GET /v2/a/blobs/{digest}"), b"", 404);
    world.check(&format!("DELETE /v2/a/blobs/{digest}"), b"", 404);
    world.check(&format!("GET /v2/b/blobs/{digest}"), b"", 200);
}
