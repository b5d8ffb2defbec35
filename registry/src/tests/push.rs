//! Conformance: 02 Push.

use super::*;

#[test]
fn blob_upload_streamed() {
    let world = World::new();
    // PATCH request with blob in body should yield 202 response; PUT to session URL should yield 201.
    let place = world.begin("a");
    let answer = world.check(&format!("PATCH {place}"), b"streamed", 202);
    assert_eq!(answer.get("range"), Some("0-7"));
    assert!(answer.get("docker-upload-uuid").is_some());
    let digest = Digest::of(b"streamed");
    let place = answer.get("location").unwrap().to_owned();
    let answer = world.check(&format!("PUT {place}?digest={digest}"), b"", 201);
    assert_eq!(
        answer.get("location"),
        Some(&*format!("/v2/a/blobs/{digest}"))
    );
    world.check(&format!("HEAD /v2/a/blobs/{digest}"), b"", 200);
    // The upload no longer exists.
    world.check(&format!("GET {place}"), b"", 404);
}

#[test]
fn blob_upload_monolithic() {
    let world = World::new();
    let digest = Digest::of(b"whole");
    // PUT upload of a blob should yield 201, also without PATCH, as Docker 29 does.
    let place = world.begin("a");
    world.check(&format!("PUT {place}?digest={digest}"), b"whole", 201);
    // POST request with digest and blob should yield 201.
    let other = Digest::of(b"other");
    world.check(
        &format!("POST /v2/a/blobs/uploads/?digest={other}"),
        b"other",
        201,
    );
    for digest in [&digest, &other] {
        world.check(&format!("GET /v2/a/blobs/{digest}"), b"", 200);
    }
    // The empty blob is valid.
    let empty = world.blob("a", b"");
    assert_eq!(
        world
            .check(&format!("GET /v2/a/blobs/{empty}"), b"", 200)
            .length(),
        0
    );
}

#[test]
fn blob_upload_chunked() {
    let world = World::new();
    let place = world.begin("a");
    // Out-of-order blob upload should return 416.
    let answer = world.check(&format!("PATCH {place}\ncontent-range: 4-7"), b"5678", 416);
    assert!(answer.get("location").is_some());
    world.check(&format!("PATCH {place}\ncontent-range: 0-3"), b"1234", 202);
    // Retry previous blob chunk should return 416.
    let answer = world.check(&format!("PATCH {place}\ncontent-range: 0-3"), b"1234", 416);
    assert_eq!(answer.get("range"), Some("0-3"));
    // Get on stale blob upload should return 204 with a range and location.
    let answer = world.check(&format!("GET {place}"), b"", 204);
    assert_eq!(
        (answer.get("range"), answer.get("location")),
        (Some("0-3"), Some(&*place))
    );
    world.check(&format!("PATCH {place}\ncontent-range: 4-7"), b"5678", 202);
    let digest = Digest::of(b"123456789");
    world.check(
        &format!("PUT {place}?digest={digest}\ncontent-range: 8-8"),
        b"9",
        201,
    );
    assert_eq!(
        body(world.check(&format!("GET /v2/a/blobs/{digest}"), b"", 200)),
        b"123456789"
    );
}

#[test]
fn a_chunk_with_a_wrong_range_changes_nothing() {
    let world = World::new();
    let place = world.begin("a");
    for wrong in ["0-9", "3-1", "x", "0-", "18446744073709551615-0"] {
        let answer = world.check(
            &format!("PATCH {place}\ncontent-range: {wrong}"),
            b"1234",
            400,
        );
        assert!(text(&answer).contains("INVALID"), "{wrong}");
    }
    let answer = world.check(&format!("GET {place}"), b"", 204);
    assert_eq!(answer.get("range"), Some("0-0"));
    let digest = Digest::of(b"1234");
    world.check(&format!("PUT {place}?digest={digest}"), b"1234", 201);
}

#[test]
fn a_wrong_digest_is_refused_and_the_upload_is_gone() {
    let world = World::new();
    let place = world.begin("a");
    let wrong = Digest::of(b"something else");
    let answer = world.check(&format!("PUT {place}?digest={wrong}"), b"this", 400);
    assert!(text(&answer).contains("DIGEST_INVALID"));
    world.check(&format!("GET {place}"), b"", 404);
    world.check(&format!("GET /v2/a/blobs/{wrong}"), b"", 404);
    world.check(
        &format!("POST /v2/a/blobs/uploads/?digest={wrong}"),
        b"this",
        400,
    );
}

#[test]
fn an_upload_belongs_to_its_repository() {
    let world = World::new();
    let place = world.begin("a");
    let id = place.rsplit('/').next().unwrap();
    for method in ["GET", "DELETE", "PATCH"] {
        world.check(&format!("{method} /v2/b/blobs/uploads/{id}"), b"", 404);
    }
    // DELETE cancels it.
    world.check(&format!("DELETE {place}"), b"", 204);
    world.check(&format!("PATCH {place}"), b"x", 404);
}

#[test]
fn cross_repository_blob_mount() {
    let world = World::new();
    let digest = world.blob("a", b"mounted");
    // POST request to mount another repository's blob should return 201 or 202.
    let answer = world.check(
        &format!("POST /v2/b/blobs/uploads/?mount={digest}&from=a"),
        b"",
        201,
    );
    assert_eq!(
        answer.get("location"),
        Some(&*format!("/v2/b/blobs/{digest}"))
    );
    world.check(&format!("GET /v2/b/blobs/{digest}"), b"", 200);
    // A blob that the source lacks must be uploaded.
    let missing = Digest::of(b"missing");
    let answer = world.check(
        &format!("POST /v2/b/blobs/uploads/?mount={missing}&from=a"),
        b"",
        202,
    );
    assert!(
        answer
            .get("location")
            .unwrap()
            .starts_with("/v2/b/blobs/uploads/")
    );
    world.check(
        &format!("POST /v2/b/blobs/uploads/?mount={digest}"),
        b"",
        202,
    );
    // A blob cannot be read through a repository that does not have it.
    world.check(
        &format!("POST /v2/c/blobs/uploads/?mount={digest}&from=missing"),
        b"",
        202,
    );
    world.check(&format!("GET /v2/c/blobs/{digest}"), b"", 404);
}

#[test]
fn manifest_upload() {
    let world = World::new();
    let (digest, bytes) = world.image("a", "v1", "one");
    // PUT should accept a manifest upload, by its digest too; and again.
    let answer = world.check(
        &format!("PUT /v2/a/manifests/{digest}\ncontent-type: {MANIFEST}"),
        &bytes,
        201,
    );
    assert_eq!(answer.get("docker-content-digest"), Some(digest.as_str()));
    assert_eq!(
        answer.get("location"),
        Some(&*format!("/v2/a/manifests/{digest}"))
    );
    let other = Digest::of(b"other");
    world.check(
        &format!("PUT /v2/a/manifests/{other}\ncontent-type: {MANIFEST}"),
        &bytes,
        400,
    );
    // A tag moves.
    let (second, _) = world.image("a", "v1", "two");
    let answer = world.check("GET /v2/a/manifests/v1", b"", 200);
    assert_eq!(answer.get("docker-content-digest"), Some(second.as_str()));
    world.check(&format!("GET /v2/a/manifests/{digest}"), b"", 200);
}

#[test]
fn a_manifest_of_blobs_that_are_missing_is_refused_and_names_them() {
    let world = World::new();
    let (config, layer) = (Digest::of(b"no config"), Digest::of(b"no layer"));
    let bytes = manifest(&config, &layer, json!({}));
    let answer = world.check(
        &format!("PUT /v2/a/manifests/v1\ncontent-type: {MANIFEST}"),
        &bytes,
        400,
    );
    let said = text(&answer);
    assert!(
        said.contains("MANIFEST_BLOB_UNKNOWN")
            && said.contains(config.hex())
            && said.contains(layer.hex()),
        "{said}"
    );
    world.check("GET /v2/a/manifests/v1", b"", 404);
}

#[test]
fn a_manifest_that_is_too_large_is_refused() {
    let world = World::new();
    let large = vec![b' '; (4 << 20) + 1];
    world.check(
        &format!("PUT /v2/a/manifests/v1\ncontent-type: {MANIFEST}"),
        &large,
        413,
    );
    world.check(
        &format!("PUT /v2/a/manifests/v1\ncontent-type: {MANIFEST}"),
        &large[1..],
        400,
    );
}

#[test]
fn a_list_of_manifests_needs_them() {
    let world = World::new();
    let (one, bytes) = world.image("a", "v1", "one");
    let index = |digest: &Digest| {
        let descriptor = Descriptor::new(MANIFEST, digest.clone(), bytes.len() as u64);
        serde_json::to_vec(&json!({ "schemaVersion": 2, "manifests": [descriptor] })).unwrap()
    };
    let put = format!("PUT /v2/a/manifests/all\ncontent-type: {INDEX}");
    world.check(&put, &index(&Digest::of(b"missing")), 400);
    world.check(&put, &index(&one), 201);
    let answer = world.check("HEAD /v2/a/manifests/all", b"", 200);
    assert_eq!(answer.get("content-type"), Some(INDEX));
}

#[test]
fn dockers_own_kind_of_manifest_is_kept_as_such() {
    let world = World::new();
    let more = json!({ "mediaType": DOCKER_MANIFEST });
    let bytes = manifest(&world.blob("a", b"c"), &world.blob("a", b"l"), more);
    world.check(
        &format!("PUT /v2/a/manifests/v1\ncontent-type: {DOCKER_MANIFEST}"),
        &bytes,
        201,
    );
    let answer = world.check("GET /v2/a/manifests/v1", b"", 200);
    assert_eq!(answer.get("content-type"), Some(DOCKER_MANIFEST));
}
