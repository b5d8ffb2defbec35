//! A stalled network, and a user who cancels. Without the cancellation, each of these would last an hour.

use super::*;
use crate::oci::reference::Reference;
use crate::store::images;
use std::sync::atomic::{AtomicBool, Ordering};

const HOUR: Duration = Duration::from_secs(3600);

/// A world whose user cancels after a request for which `stalls` is true; the server never answers it.
fn world(
    image: &Image,
    stalls: impl Fn(&Asked) -> bool + Send + Sync + 'static,
) -> (World, Server) {
    let (mut world, reached) = (World::new(), Arc::new(AtomicBool::new(false)));
    let (served, told) = (image.clone(), Arc::clone(&reached));
    let server = Server::new(move |asked| {
        if !stalls(asked) {
            return served.answer(asked);
        }
        told.store(true, Ordering::Relaxed);
        loop {
            std::thread::park();
        }
    });
    world.remote.patience.silence = HOUR;
    world.remote.stop = Arc::new(move || reached.load(Ordering::Relaxed));
    (world, server)
}

#[test]
fn a_pull_that_waits_for_a_layer_is_stopped_at_once() {
    let image = Image::new(&[1000, 2000, 3000, 4000]);
    let config = Digest::of(&image.config);
    let (mut world, server) = world(&image, move |asked| {
        asked.path.contains("/blobs/") && !asked.path.ends_with(config.as_str())
    });
    let error = world.pull(&format!("{}/app:1", server.host())).unwrap_err();
    assert_eq!(error.message(), "context canceled");
    world.is_empty();
}

#[test]
fn a_push_that_waits_for_an_answer_is_stopped_at_once() {
    let image = Image::new(&[1000, 2000]);
    let served = image.clone();
    let source = Server::new(move |asked| served.answer(asked));
    let (mut world, server) = world(&image, |asked| asked.path.contains("/blobs/"));
    let stop = std::mem::replace(&mut world.remote.stop, Arc::new(|| false));
    let pulled = world.pull(&format!("{}/app:1", source.host())).unwrap();
    world.remote.stop = stop;
    let name = format!("{}/other:1", server.host());
    images::update(&world.sandbox, |table| {
        let reference = Reference::parse(&name)?;
        table.tag(reference, &pulled.image, Timestamp::UNIX_EPOCH);
        Ok(())
    })
    .unwrap();
    let error = world.push(&name).unwrap_err();
    assert_eq!(error.message(), "context canceled");
}
