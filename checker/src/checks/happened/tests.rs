//! The noun `happened` on handmade worlds.

use crate::checks::testing::{blind, fails, holds};
use crate::world::fake::Fake;
use crate::world::{Event, Image};

fn world() -> Fake {
    Fake::default()
        .event("create", "run", "fox", "busybox")
        .event("start", "run", "fox", "busybox")
        .fact("attached", false)
        .event("die", "monitor", "fox", "busybox")
        .fact("exitCode", "7")
        .event("start", "start", "box", "hello-world")
}

#[test]
fn events_are_found_by_their_facts() {
    holds(
        "happened: { event: die, image: 'busybox:latest', exit_code: 7 }",
        &world(),
    );
    holds(
        "happened: { event: start, container: fox, attached: false, via: run }",
        &world(),
    );
    holds("happened: { event: start, count: 2 }", &world());
    fails(
        "happened: { event: start, container: box, via: run }",
        &world(),
        "`start` of container `box` with docker command `run`, since the start",
        "none, only `start` of container `fox` from `busybox`, detached (by `run`), `start` of container `box` from `hello-world` (by `start`)",
    );
}

#[test]
fn a_name_is_literal() {
    fails(
        "happened: { event: die, container: fo }",
        &world(),
        "`die` of container `fo`, since the start",
        "none, only `die` of container `fox` from `busybox` with exit code 7 (by `monitor`)",
    );
}

#[test]
fn never_is_broken_by_one_event() {
    holds("never: { event: destroy }", &world());
    fails(
        "never: { event: create, via: run }",
        &world(),
        "no `create` with docker command `run`, since the start",
        "1: `create` of container `fox` from `busybox` (by `run`)",
    );
}

#[test]
fn before_and_after_look_at_the_same_thing() {
    holds(
        "happened: { event: start, after: { event: create }, before: { event: die } }",
        &world(),
    );
    fails(
        "happened: { event: start, container: box, after: { event: create } }",
        &world(),
        "`start` of container `box` after `create`, since the start",
        "none, only `start` of container `fox` from `busybox`, detached (by `run`), `start` of container `box` from `hello-world` (by `start`)",
    );
}

#[test]
fn since_looks_at_anything_before() {
    holds(
        "happened: { event: start, container: box, since: { event: die, container: fox } }",
        &world(),
    );
    fails(
        "happened: { event: start, container: fox, since: { event: start, container: box } }",
        &world(),
        "`start` of container `fox` after `start` of container `box`, since the start",
        "none, only `start` of container `fox` from `busybox`, detached (by `run`), `start` of container `box` from `hello-world` (by `start`)",
    );
}

#[test]
fn a_container_is_the_one_that_has_the_name_now() {
    let renamed = Fake::default()
        .event("start", "run", "klok", "busybox")
        .container("clock", "busybox", |one| one.id = "klok-id".into());
    holds("happened: { event: start, container: clock }", &renamed);
    // The `clock` whose log was read is gone; a different container has its name.
    let replaced = Fake::default()
        .event("logs", "logs", "clock", "busybox")
        .event("destroy", "rm", "clock", "busybox")
        .container("clock", "busybox", |one| one.id = "new-id".into());
    fails(
        "happened: { event: logs, container: clock }",
        &replaced,
        "`logs` of container `clock`, since the start",
        "none, only `logs` of container `clock` from `busybox` (by `logs`)",
    );
    holds("happened: { event: destroy, container: clock }", &replaced);
    holds("never: { event: logs, container: clock }", &replaced);
}

#[test]
fn an_image_is_saved_by_its_name_by_its_id_or_with_others() {
    let id = format!("sha256:{}", "0123456789ab".repeat(5));
    let saved = |name: &str| {
        let mut world = Fake::default();
        world.setup.images.push(Image {
            id: id.clone(),
            references: vec!["parcel:1".into()],
            ..Image::default()
        });
        world.events.push(Event {
            kind: "image".into(),
            action: "save".into(),
            facts: serde_json::Map::from_iter([("name".into(), name.into())]),
            ..Event::default()
        });
        world
    };
    let check = "happened: { event: save, image: 'parcel:1' }";
    for name in ["parcel:1", "busybox parcel:1", "0123456789ab", id.as_str()] {
        holds(check, &saved(name));
    }
    for name in ["parcel", "busybox", "0123456789ac"] {
        let found = format!("none, only `save` of image `{name}` (by ``)");
        fails(
            check,
            &saved(name),
            "`save` of image `parcel:1`, since the start",
            &found,
        );
    }
}

#[test]
fn a_login_counts_until_the_next_login_or_logout_there() {
    let journal = |actions: &[(&str, &str)]| Fake {
        events: actions
            .iter()
            .map(|(action, user)| Event {
                kind: "registry".into(),
                action: (*action).into(),
                facts: serde_json::Map::from_iter([
                    ("registry".into(), "docker.io".into()),
                    ("username".into(), (*user).into()),
                ]),
                ..Event::default()
            })
            .collect(),
        ..Fake::default()
    };
    let ann = "happened: { event: login, username: ann }";
    holds(ann, &journal(&[("login", "ann")]));
    holds(ann, &journal(&[("login", "bob"), ("login", "ann")]));
    for ended in [("logout", ""), ("login", "bob")] {
        fails(
            ann,
            &journal(&[("login", "ann"), ended]),
            "`login` with username `ann`, since the start",
            "none, only `login` (by ``)",
        );
    }
}

#[test]
fn what_cannot_be_seen_is_not_wrong() {
    blind("happened: { event: start }");
    blind("never: { event: start }");
}

#[test]
fn events_with_inner_names_are_told_in_words() {
    let world = Fake::default()
        .running("box", "busybox")
        .event("copy_out", "cp", "box", "busybox");
    fails(
        "happened: { event: copy_in, container: box }",
        &world,
        "`docker cp` into container `box`, since the start",
        "none, only `docker cp` out of container `box` from `busybox` (by `cp`)",
    );
    fails(
        "happened: { event: exec_die, container: box, exit_code: 0 }",
        &world,
        "the end of a command of `docker exec` in container `box` with exit code 0, since the start",
        "none, only `docker cp` out of container `box` from `busybox` (by `cp`)",
    );
}
