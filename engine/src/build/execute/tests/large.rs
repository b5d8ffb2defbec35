//! COPY of a file so large that its layer is made while the file is still being hashed.

use super::{World, told};
use crate::store::layers;
use std::fs;

const DOCKERFILE: &str = "FROM scratch\nCOPY big /\n";

impl World {
    /// The number of layers, and the number of entries in the folder where they are made.
    fn stored(&self) -> (usize, usize) {
        let tmp = fs::read_dir(self.home.content_tmp()).unwrap().count();
        (layers::list(&self.home).unwrap().len(), tmp)
    }
}

#[test]
fn a_large_file_is_copied_ahead_and_nothing_is_left_of_that_when_it_is_found_in_the_cache() {
    let world = World::new();
    let text = "0123456789abcdef".repeat(9 << 16);
    world.write("big", &text);
    let first = world.build(DOCKERFILE);
    assert_eq!(world.read("big"), text);
    assert_eq!(world.stored(), (1, 0));
    // Rewriting the file makes it look changed.
    world.write("big", &text);
    let again = world.build(DOCKERFILE);
    assert_eq!(told(&again), ["0: CACHED", "1: CACHED"]);
    assert_eq!((again.id, world.stored()), (first.id, (1, 0)));
    world.write("big", &text.replace('a', "A"));
    let changed = world.build(DOCKERFILE);
    assert!(told(&changed)[1].contains("big"), "{:?}", told(&changed));
    assert_eq!(world.read("big"), text.replace('a', "A"));
    assert_eq!(world.stored(), (2, 0));
}

#[test]
fn what_cannot_be_copied_ahead_is_told_as_ever() {
    let world = World::new();
    world.write("big", &"x".repeat(9 << 20));
    world.write("d/f", "f");
    let error = world.error("FROM scratch\nCOPY d /big/\nCOPY big /\n");
    let expected = "cannot copy to directory: /big: a file cannot replace it";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(world.stored(), (1, 0));
}
