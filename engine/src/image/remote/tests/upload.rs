//! Uploading images.

use super::*;
use crate::oci::reference::Reference;
use crate::store::images;

/// A registry that accepts uploads: it has the blobs of `has`, and mounts those of `mounts` from another repository.
fn taker(has: Vec<Digest>, mounts: Vec<Digest>) -> Server {
    Server::new(move |asked| {
        let path = asked.path.as_str();
        let known =
            |digests: &[Digest]| digests.iter().any(|digest| path.contains(digest.as_str()));
        match asked.method.as_str() {
            "GET" => Reply::ok("{}"),
            "HEAD" if known(&has) => Reply::new(200),
            "HEAD" => Reply::new(404),
            "POST" if path.contains("mount=") && known(&mounts) => {
                Reply::new(201).with("location", "/x")
            }
            "POST" => Reply::new(202).with("location", "../uploads/id?_state=a%3D"),
            "PUT" => Reply::new(201),
            _ => Reply::new(204),
        }
    })
}

/// A world with the image `from` pulled, and tagged `to`.
fn world_with(image: &Image, to: &str) -> World {
    let served = image.clone();
    let source = Server::new(move |asked| served.answer(asked));
    let mut world = World::new();
    let pulled = world.pull(&format!("{}/app:1", source.host())).unwrap();
    name(&world, &pulled.image, to);
    world
}

fn name(world: &World, image: &Digest, to: &str) {
    images::update(&world.sandbox, |table| {
        table.tag(
            Reference::parse(to).unwrap().or_latest(),
            image,
            Timestamp::UNIX_EPOCH,
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_was_pulled_is_pushed_byte_by_byte() {
    let image = Image::new(&[1000, 300_000]);
    let server = taker(vec![Digest::of(&image.layers[0])], Vec::new());
    let name = format!("{}/me/app:2", server.host());
    let mut world = world_with(&image, &name);
    let pushed = world.push(&name).unwrap();
    assert_eq!(pushed.digest, Digest::of(&image.manifest()));
    assert_eq!(
        (pushed.uploaded, pushed.existing, pushed.mounted),
        (1, 1, 0)
    );
    assert_eq!(
        (world.count("Layer already exists"), world.count("Pushed")),
        (1, 1)
    );
    let asked = server.asked();
    let sent = |path: &str| {
        asked
            .iter()
            .find(|asked| asked.method == "PUT" && asked.path.starts_with(path))
            .unwrap()
    };
    let blob = sent(&format!(
        "/v2/me/app/blobs/uploads/id?_state=a%3D&digest={}",
        Digest::of(&image.layers[1])
    ));
    assert_eq!(blob.body, image.layers[1]);
    let manifest = asked.last().unwrap();
    assert_eq!(
        (manifest.method.as_str(), manifest.path.as_str()),
        ("PUT", "/v2/me/app/manifests/2")
    );
    assert_eq!(manifest.header("content-type"), Some(MANIFEST));
    assert_eq!(manifest.body, image.manifest());
    let by_digest = format!("{}/me/app@{}", server.host(), pushed.digest);
    assert!(resolve::find(&world.home, &world.sandbox, &by_digest).is_ok());
}

#[test]
fn what_another_repository_has_is_mounted() {
    let image = Image::new(&[1000]);
    let server = taker(
        vec![Digest::of(&image.config)],
        vec![Digest::of(&image.layers[0])],
    );
    let (first, second) = (
        format!("{}/one:1", server.host()),
        format!("{}/two:1", server.host()),
    );
    let mut world = world_with(&image, &first);
    let id = resolve::find(&world.home, &world.sandbox, &first)
        .unwrap()
        .listed
        .id;
    name(&world, &id, &second);
    assert_eq!(world.push(&first).unwrap().uploaded, 1);
    assert_eq!(world.push(&second).unwrap().mounted, 1);
    assert_eq!(world.count("Mounted from one"), 1);
    let mount = format!(
        "POST /v2/two/blobs/uploads/?mount={}&from=one",
        Digest::of(&image.layers[0])
    );
    assert_eq!(server.count(&mount), 1);
}

#[test]
fn a_layer_is_packed_once_and_gives_dockers_manifest() {
    let image = Image::new(&[1000]);
    let server = taker(Vec::new(), Vec::new());
    let name = format!("{}/app:2", server.host());
    let mut world = world_with(&image, &name);
    // As if it had been built here.
    std::fs::remove_dir_all(world.home.distribution()).unwrap();
    let first = world.push(&name).unwrap();
    let second = world.push(&name).unwrap();
    assert_eq!(first.digest, second.digest);
    let manifests: Vec<_> = server
        .asked()
        .into_iter()
        .filter(|asked| asked.path.contains("/manifests/"))
        .collect();
    assert_eq!(manifests.len(), 2);
    assert_eq!(manifests[0].header("content-type"), Some(DOCKER_MANIFEST));
    assert!(manifests[0].body == manifests[1].body);
    let text = String::from_utf8(manifests[0].body.clone()).unwrap();
    assert!(
        text.contains("application/vnd.docker.image.rootfs.diff.tar.gzip"),
        "{text}"
    );
}

#[test]
fn a_registry_that_does_not_let_us_says_so_and_gets_no_manifest() {
    let image = Image::new(&[1000]);
    let server = Server::new(|asked| match asked.method.as_str() {
        "GET" => Reply::ok("{}"),
        "HEAD" => Reply::new(404),
        _ => Reply::new(403),
    });
    let name = format!("{}/app:2", server.host());
    let mut world = world_with(&image, &name);
    let error = world.push(&name).unwrap_err();
    assert_eq!(
        error.message(),
        "denied: requested access to the resource is denied"
    );
    assert_eq!(server.count("PUT"), 0);
    let error = world
        .push(&format!("{}/other:1", server.host()))
        .unwrap_err();
    assert_eq!(
        error.message(),
        format!(
            "An image does not exist locally with the tag: {}/other",
            server.host()
        )
    );
    let error = world.push(&format!("{}/app:9", server.host())).unwrap_err();
    assert_eq!(
        error.message(),
        format!("tag does not exist: {}/app:9", server.host())
    );
}

#[test]
fn an_upload_that_breaks_off_is_begun_anew() {
    let image = Image::new(&[300_000]);
    let tries = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let server = Server::new(move |asked| match asked.method.as_str() {
        "GET" => Reply::ok("{}"),
        "HEAD" => Reply::new(404),
        "POST" => Reply::new(202).with("location", "/up?x=1"),
        _ if asked.path.contains("/up")
            && tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 =>
        {
            // An incomplete answer.
            Reply {
                cut: Some(0),
                ..Reply::new(500).with("content-length", "10")
            }
        }
        _ => Reply::new(201),
    });
    let name = format!("{}/app:2", server.host());
    let mut world = world_with(&image, &name);
    world.push(&name).unwrap();
    assert!(server.count("PUT /up?x=1&digest=sha256:") >= 2);
}
