//! Conformance: 03 Content Discovery.

use super::*;

fn list(answer: &Answer, field: &str) -> Vec<String> {
    let value: Value = serde_json::from_slice(answer.bytes()).unwrap();
    let all = value[field].as_array().unwrap().iter();
    all.map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn tags_are_listed_in_order_and_in_pages() {
    let world = World::new();
    for tag in ["v2", "latest", "v10", "v1"] {
        world.image("a/b", tag, "one");
    }
    // GET request to list tags should yield 200 response and be in sorted order.
    let answer = world.check("GET /v2/a/b/tags/list", b"", 200);
    assert_eq!(list(&answer, "tags"), ["latest", "v1", "v10", "v2"]);
    assert!(answer.get("link").is_none());
    // GET number of tags should be limitable by `n` query parameter.
    let answer = world.check("GET /v2/a/b/tags/list?n=2", b"", 200);
    assert_eq!(list(&answer, "tags"), ["latest", "v1"]);
    assert_eq!(
        answer.get("link"),
        Some("</v2/a/b/tags/list?n=2&last=v1>; rel=\"next\"")
    );
    // GET start of tag is set by `last` query parameter, which need not exist.
    let answer = world.check("GET /v2/a/b/tags/list?n=2&last=v1", b"", 200);
    assert_eq!(list(&answer, "tags"), ["v10", "v2"]);
    assert!(answer.get("link").is_none());
    assert_eq!(
        list(
            &world.check("GET /v2/a/b/tags/list?last=v11", b"", 200),
            "tags"
        ),
        ["v2"]
    );
    assert!(list(&world.check("GET /v2/a/b/tags/list?n=0", b"", 200), "tags").is_empty());
    let answer = world.check("GET /v2/missing/tags/list", b"", 404);
    assert!(text(&answer).contains("NAME_UNKNOWN"));
}

#[test]
fn the_catalogue_names_every_repository_with_content() {
    let world = World::new();
    world.image("b", "v1", "one");
    world.image("a/b", "v1", "one");
    world.image("a", "v1", "one");
    world.begin("empty");
    world.blob("half", b"x");
    let answer = world.check("GET /v2/_catalog", b"", 200);
    assert_eq!(list(&answer, "repositories"), ["a", "a/b", "b"]);
    let answer = world.check("GET /v2/_catalog?n=2", b"", 200);
    assert_eq!(
        answer.get("link"),
        Some("</v2/_catalog?n=2&last=a%2Fb>; rel=\"next\"")
    );
    let answer = world.check("GET /v2/_catalog?n=2&last=a%2Fb", b"", 200);
    assert_eq!(list(&answer, "repositories"), ["b"]);
}

#[test]
fn references_are_listed_filtered_and_never_missing() {
    let world = World::new();
    let (subject, _) = world.image("a", "v1", "one");
    let list = |query: &str| {
        let answer = world.check(&format!("GET /v2/a/referrers/{subject}{query}"), b"", 200);
        assert_eq!(answer.get("content-type"), Some(INDEX));
        let value: Value = serde_json::from_slice(answer.bytes()).unwrap();
        (
            value["manifests"].as_array().unwrap().clone(),
            answer.get("oci-filters-applied").map(str::to_owned),
        )
    };
    // GET request to nonexisting digest should yield 200, and an empty list.
    assert_eq!(list(""), (Vec::new(), None));
    for (mark, kind) in [("sbom", "application/x.sbom"), ("sig", "application/x.sig")] {
        let more = json!({
            "artifactType": kind, "annotations": { "mark": mark },
            "subject": Descriptor::new(MANIFEST, subject.clone(), 1),
        });
        let bytes = manifest(
            &world.blob("a", mark.as_bytes()),
            &world.blob("a", b"layer"),
            more,
        );
        let answer = world.check(
            &format!(
                "PUT /v2/a/manifests/{}\ncontent-type: {MANIFEST}",
                Digest::of(&bytes)
            ),
            &bytes,
            201,
        );
        assert_eq!(answer.get("oci-subject"), Some(subject.as_str()));
    }
    let (all, applied) = list("");
    assert_eq!((all.len(), applied), (2, None));
    let (filtered, applied) = list("?artifactType=application/x.sbom");
    assert_eq!(applied.as_deref(), Some("artifactType"));
    assert_eq!(filtered.len(), 1);
    assert_eq!(filtered[0]["annotations"]["mark"], "sbom");
    // A missing subject is not an error.
    let more = json!({ "subject": Descriptor::new(MANIFEST, Digest::of(b"missing"), 1) });
    let bytes = manifest(&world.blob("a", b"c"), &world.blob("a", b"layer"), more);
    world.check(
        &format!("PUT /v2/a/manifests/alone\ncontent-type: {MANIFEST}"),
        &bytes,
        201,
    );
    // A deleted manifest is no longer a referrer.
    let gone = all[0]["digest"].as_str().unwrap();
    world.check(&format!("DELETE /v2/a/manifests/{gone}"), b"", 202);
    assert_eq!(list("").0.len(), 1);
}

#[test]
fn a_search_finds_names_and_descriptions_and_official_images_first() {
    let world = World::new();
    for (name, description, official) in [
        ("library/busybox", "small tools", true),
        ("alice/busybox", "", false),
        ("bob/tools", "", false),
        ("bob/else", "", false),
    ] {
        world.image(name, "latest", "one");
        let name = names::Repository::parse(name).unwrap();
        let about = store::About {
            description: description.to_owned(),
            official,
        };
        world.registry.store().describe(&name, &about).unwrap();
    }
    let check = |query: &str, expected: &[&str]| {
        let answer = world.check(&format!("GET /v1/search?{query}"), b"", 200);
        let value: Value = serde_json::from_slice(answer.bytes()).unwrap();
        let found = value["results"].as_array().unwrap().iter();
        let found: Vec<&str> = found.map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{query}");
        value
    };
    check("q=BUSY", &["busybox", "alice/busybox"]);
    check("q=library/busybox", &["busybox", "alice/busybox"]);
    check("q=tools", &["busybox", "bob/tools"]);
    check("q=missing", &[]);
    let value = check("q=b&n=1", &["busybox"]);
    assert_eq!(value["num_results"], 4);
    assert_eq!(value["results"][0]["is_official"], true);
    assert_eq!(value["results"][0]["description"], "small tools");
}
