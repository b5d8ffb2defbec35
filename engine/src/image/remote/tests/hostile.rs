//! Attacks by a registry, or by a machine between us and it.

use super::*;

/// Pulls an image whose registry changes one thing in its answer for the layer.
fn with_layer(change: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> String {
    let image = Image::new(&[1000]);
    let layer = Digest::of(&image.layers[0]);
    refused(move |asked| {
        let reply = image.answer(asked);
        match asked.path.ends_with(layer.as_str()) {
            true => change(reply),
            false => reply,
        }
    })
}

#[track_caller]
fn check(said: &str, expected: &str) {
    assert!(said.contains(expected), "{said}");
}

#[test]
fn other_bytes_than_announced_are_not_kept() {
    let said = with_layer(|mut reply| {
        // The last byte of a gzip, which a reader may skip.
        let last = reply.body.len() - 1;
        reply.body[last] ^= 1;
        reply
    });
    check(
        &said,
        "filesystem layer verification failed for digest sha256:",
    );
}

#[test]
fn more_or_less_bytes_than_announced_are_refused() {
    let said = with_layer(|mut reply| {
        reply.body.extend_from_slice(&[0; 1000]);
        reply
    });
    check(&said, "is longer than the");
    let said = with_layer(|mut reply| {
        reply.body.truncate(100);
        match reply.status {
            206 => Reply::new(416),
            _ => reply,
        }
    });
    check(&said, "does not go on with blob");
    let said = with_layer(|reply| Reply {
        cut: Some(0),
        ..reply
    });
    check(&said, "broke off");
}

#[test]
fn a_layer_that_is_no_archive_or_another_one_is_refused() {
    let good = Image::new(&[1000]);
    let other = Image::of(good.config.clone(), vec![gzip(&tar("f0", 1001))]);
    check(
        &refused(move |asked| other.answer(asked)),
        "invalid diffID for layer 0",
    );
    let babble = Image::of(good.config.clone(), vec![b"no archive".repeat(100)]);
    refused(move |asked| babble.answer(asked));
    let climbing = Image::of(good.config.clone(), vec![gzip(&tar("../../f0", 10))]);
    check(
        &refused(move |asked| climbing.answer(asked)),
        "it leads out of the image",
    );
    let more = Image::of(good.config, vec![gzip(&tar("a", 1)), gzip(&tar("b", 1))]);
    check(
        &refused(move |asked| more.answer(asked)),
        "names 2 layers, and its configuration 1",
    );
}

#[test]
fn a_manifest_is_not_read_beyond_its_limit() {
    let image = Image::new(&[10]);
    let said = refused(move |asked| match asked.path.contains("/manifests/") {
        true => Reply::ok(vec![b' '; 5 << 20]).with("content-type", MANIFEST),
        false => image.answer(asked),
    });
    check(&said, "an answer of more than 4194304 bytes is refused");
}

#[test]
fn a_manifest_that_is_not_what_was_asked_for_is_refused() {
    let image = Image::new(&[10]);
    let asked_for = Digest::of(b"another");
    let server = {
        let image = image.clone();
        Server::new(move |asked| image.answer(asked))
    };
    let mut world = World::new();
    let error = world
        .pull(&format!("{}/app@{asked_for}", server.host()))
        .unwrap_err();
    assert_eq!(
        error.message(),
        format!("manifest verification failed for digest {asked_for}")
    );
    world.is_empty();
    let said = refused(move |asked| {
        image
            .answer(asked)
            .with("docker-content-digest", Digest::of(b"x").to_string())
    });
    check(
        &said,
        "manifest verification failed: the registry calls it sha256:",
    );
}

#[test]
fn an_image_in_an_index_is_what_the_index_says() {
    let image = Image::new(&[10]);
    let index = |size: usize, digest: &Digest| {
        json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{
                "mediaType": MANIFEST, "size": size, "digest": digest,
                "platform": { "os": "linux", "architecture": machine_architecture() },
            }],
        })
        .to_string()
    };
    let (right, bytes) = (Digest::of(&image.manifest()), image.manifest().len());
    let serve = |text: String| {
        let (image, tag) = (image.clone(), "/v2/app/manifests/1");
        move |asked: &Asked| match asked.path == tag {
            true => Reply::ok(text.clone())
                .with("content-type", "application/vnd.oci.image.index.v1+json"),
            false => image.answer(asked),
        }
    };
    let honest = index(bytes, &right);
    let server = Server::new(serve(honest.clone()));
    let pulled = World::new()
        .pull(&format!("{}/app:1", server.host()))
        .unwrap();
    assert_eq!(pulled.digest, Digest::of(honest.as_bytes()));
    check(&refused(serve(index(bytes + 1, &right))), "bytes came, and");
    check(
        &refused(serve(index(bytes, &Digest::of(b"x")))),
        "manifest verification failed for digest",
    );
}

#[test]
fn two_things_at_once_are_refused() {
    let mut image = Image::new(&[10]);
    image.manifest["manifests"] = json!([]);
    check(
        &refused(move |asked| image.answer(asked)),
        "an index and an image at once",
    );
    let image = Image::new(&[10]);
    let said = refused(move |asked| match asked.path.contains("/manifests/") {
        true => Reply::ok(image.manifest()).with("content-type", DOCKER_MANIFEST),
        false => image.answer(asked),
    });
    check(&said, "and its header says");
}

#[test]
fn who_we_are_is_told_to_the_registry_and_to_nobody_else() {
    let image = Image::new(&[1000]);
    let elsewhere = {
        let image = image.clone();
        Server::new(move |asked| image.answer(asked))
    };
    let target = elsewhere.host();
    let server = Server::new(move |asked| match asked.header("authorization") {
        None => Reply::new(401).with("www-authenticate", "Basic realm=\"x\""),
        Some(_) if asked.path.contains("/blobs/") => {
            Reply::new(307).with("location", format!("http://{target}{}", asked.path))
        }
        Some(_) => image.answer(asked),
    });
    let mut world = World::new().logged_in();
    world.pull(&format!("{}/app:1", server.host())).unwrap();
    assert_eq!(elsewhere.count("GET /v2/app/blobs/"), 2);
    for asked in elsewhere.asked() {
        assert_eq!(asked.header("authorization"), None, "{}", asked.path);
    }
}

#[test]
fn a_redirect_that_asks_who_we_are_is_told_nothing() {
    let image = Image::new(&[1000]);
    let thief = Server::new(|_| Reply::new(401).with("www-authenticate", "Basic realm=\"x\""));
    let target = thief.host();
    let server = Server::new(move |asked| match asked.path.contains("/blobs/") {
        true => Reply::new(302).with("location", format!("http://{target}/")),
        false => image.answer(asked),
    });
    let mut world = World::new().logged_in();
    let error = world.pull(&format!("{}/app:1", server.host())).unwrap_err();
    check(error.message(), "unauthorized");
    assert!(
        thief
            .asked()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
    world.is_empty();
}

#[test]
fn a_token_server_is_not_followed_elsewhere_and_must_be_a_good_one() {
    let thief = Server::new(|_| Reply::ok(r#"{"token":"t"}"#));
    let (target, own) = (thief.host(), Arc::new(std::sync::Mutex::new(String::new())));
    let realm = Arc::clone(&own);
    let server = Server::new(move |asked| match asked.path.starts_with("/token") {
        true => Reply::new(307).with("location", format!("http://{target}/token")),
        false => Reply::new(401).with(
            "www-authenticate",
            format!("Bearer realm=\"{}\"", realm.lock().unwrap()),
        ),
    });
    let mut world = World::new().logged_in();
    let mut said = |realm: String| {
        *own.lock().unwrap() = realm;
        world
            .pull(&format!("{}/app:1", server.host()))
            .unwrap_err()
            .to_string()
    };
    check(
        &said(format!("http://{}/token", server.host())),
        "307 Temporary Redirect",
    );
    check(
        &said("http://registry.example/token".to_owned()),
        "is not https",
    );
    check(
        &said("https://169.254.169.254/token".to_owned()),
        "neighbourhood",
    );
    check(
        &said("https://ann@auth.example/token".to_owned()),
        "holds a user",
    );
    check(&said(String::new()), "is no address");
    assert!(thief.asked().is_empty());
}

#[test]
fn redirects_in_a_circle_end() {
    let image = Image::new(&[10]);
    let said = refused(move |asked| match asked.path.contains("/blobs/") {
        true => Reply::new(302).with("location", asked.path.clone()),
        false => image.answer(asked),
    });
    check(&said, "stopped after 5 redirects");
}

#[test]
fn what_is_no_registry_is_said_to_be_none() {
    check(
        &refused(|_| Reply::new(404)),
        "received unexpected HTTP status: 404 Not Found",
    );
    check(
        &refused(|asked| match asked.path == "/v2/" {
            true => Reply::ok("{}"),
            false => Reply::ok("<html>"),
        }),
        "the manifest cannot be read",
    );
    let said = refused(|asked| match asked.path == "/v2/" {
        true => Reply::ok("{}"),
        false => Reply::new(404)
            .with("content-type", "application/json")
            .with("x", "y"),
    });
    check(&said, "404 Not Found");
}

#[test]
fn a_registry_for_strangers_and_one_that_asks_for_a_password() {
    let said = refused(|_| Reply::new(401).with("www-authenticate", "Basic realm=\"x\""));
    assert_eq!(
        said,
        "Get \"http://HOST/v2/app/manifests/1\": no basic auth credentials"
    );
    let said = refused(|asked| match asked.path == "/v2/" {
        true => Reply::ok("{}"),
        false => Reply {
            status: 403,
            ..Reply::ok(
                r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#,
            )
        },
    });
    assert_eq!(
        said,
        "pull access denied for HOST/app, repository does not exist or may require 'docker login': \
         denied: requested access to the resource is denied"
    );
}
