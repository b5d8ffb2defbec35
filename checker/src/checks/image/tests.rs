//! The nouns `image` and `images` on handmade worlds.

use crate::checks::testing::{blind, fails, holds};
use crate::world::fake::Fake;

fn world() -> Fake {
    Fake::default()
        .image("busybox", |image| image.layers = vec!["b".into()])
        .image("hello:v1", |image| {
            image.layers = vec!["b".into(), "h".into()];
            image.cmd = vec!["sh".into(), "-c".into(), "echo hi".into()];
            image.env.insert("MODE".into(), "test".into());
            image.expose = vec!["80/tcp".into()];
            image.history = vec!["ADD rootfs".into(), "RUN touch /x".into()];
        })
}

#[test]
fn a_reference_without_a_tag_means_latest() {
    holds("image: { name: busybox }", &world());
    holds("image: { name: hello, exists: false }", &world());
    fails(
        "image: { name: hello }",
        &world(),
        "an image named `hello`",
        "no image of that name; there are `busybox:latest` and `hello:v1`",
    );
}

#[test]
fn its_configuration_is_compared() {
    holds(
        "image: { name: 'hello:v1', cmd: [sh, -c, echo hi], env: { MODE: test }, expose: 80/tcp }",
        &world(),
    );
    holds(
        "image: { name: 'hello:v1', cmd: sh -c 'echo hi', layers: 2, history: { contains: touch } }",
        &world(),
    );
    fails(
        "image: { name: 'hello:v1', cmd: [sh, -c, echo ho] }",
        &world(),
        "image `hello:v1`: cmd `sh -c 'echo ho'`",
        "image `hello:v1`: cmd `sh -c 'echo hi'`",
    );
}

#[test]
fn shared_layers_are_counted_from_below() {
    holds(
        "image: { name: 'hello:v1', shares_layers_with: { image: busybox } }",
        &world(),
    );
    fails(
        "image: { name: busybox, shares_layers_with: { image: 'hello:v1' } }",
        &world(),
        "image `busybox`: at least 2 layers shared with `hello:v1`",
        "image `busybox`: 1 shared with `hello:v1`",
    );
}

#[test]
fn two_names_can_be_one_image() {
    let mut world = world();
    world.images[1].references.push("copy:latest".into());
    holds("image: { name: copy, same_as: 'hello:v1' }", &world);
    fails(
        "image: { name: copy, same_as: busybox }",
        &world,
        "image `copy`: the same image as `busybox`",
        "image `copy`: another image than `busybox`",
    );
}

#[test]
fn an_image_of_the_setup_is_known_without_its_name() {
    let mut world = world().set_up();
    world.images[1].references = vec!["other:latest".into()];
    holds("image: { name: 'hello:v1', exists: false }", &world);
    holds("image: { name: other, same_as: 'setup.hello:v1' }", &world);
    fails(
        "image: { name: 'hello:v1', same_as: setup, exists: false }",
        &world,
        "the image `hello:v1` of the start is gone",
        "the image `hello:v1` of the start is there: `other:latest`",
    );
    world.images.remove(1);
    holds(
        "image: { name: 'hello:v1', same_as: setup, exists: false }",
        &world,
    );
}

#[test]
fn what_cannot_be_seen_is_not_wrong() {
    blind("image: { name: x, exists: false }");
}

fn several() -> Fake {
    Fake::default()
        .image("app:v1", |_| {})
        .image("app:v2", |_| {})
        .image("web", |image| {
            image.id = "sha256:0123456789abcdef".into();
            image.references.clear();
        })
}

#[test]
fn those_that_fit_are_counted() {
    holds("images: { repository: app, count: 2 }", &several());
    holds("images: { dangling: true, count: 1 }", &several());
    fails(
        "images: { dangling: true, count: 0 }",
        &several(),
        "0 images with dangling yes",
        "1: `0123456789ab`",
    );
}

#[test]
fn all_of_those_that_fit_are_judged() {
    holds(
        "images: { repository: app, all: { layers: 0 } }",
        &several(),
    );
    fails(
        "images: { all: { dangling: false } }",
        &several(),
        "image `0123456789ab`: dangling no",
        "image `0123456789ab`: dangling yes",
    );
}

#[test]
fn unchanged_means_the_same_names_for_the_same_images() {
    let world = several().set_up();
    holds("images: { unchanged: true }", &world);
    let mut moved = world;
    let id = moved.images[1].id.clone();
    moved.images[0].id = id;
    fails(
        "images: { unchanged: true }",
        &moved,
        "the images as they were at the start",
        "`app:v1`: another image than at the start",
    );
}

#[test]
fn what_cannot_be_seen_of_all_is_not_wrong() {
    blind("images: { count: 0 }");
}

#[test]
fn a_text_is_found_in_any_layer() {
    let world = Fake::default().image("app", |_| {});
    let file = ("sha256:app:latest".to_owned(), "/token".to_owned());
    let mut leaking = world.clone();
    let token = crate::world::fake::text_file("0xfeed\n");
    leaking.image_files.insert(file, token);
    holds("image: { name: app, layers_contain: 0xfeed }", &leaking);
    fails(
        "image: { name: app, layers_contain: 0xfeed }",
        &world,
        "image `app`: a layer with `0xfeed` in a file",
        "image `app`: no layer with `0xfeed`",
    );
}

#[test]
fn a_starter_image_is_the_one_of_the_setup() {
    let mut world = Fake::default().running("web", "busybox").set_up();
    holds("container: { name: web, image: busybox }", &world);
    world.images[0].id = "sha256:other".to_owned();
    holds("container: { name: web, image: busybox }", &world);
    world.containers[0].image_id = "sha256:other".to_owned();
    fails(
        "container: { name: web, image: busybox }",
        &world,
        "container `web`: image `busybox`",
        "container `web`: image another one that was called `busybox` then",
    );
}
