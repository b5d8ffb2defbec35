//! COPY of a large file.

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
fn a_large_file_that_was_only_rewritten_is_found_in_the_cache_and_nothing_is_left_over() {
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
fn a_file_that_cannot_be_copied_leaves_no_layer() {
    let world = World::new();
    world.write("big", &"x".repeat(9 << 20));
    world.write("d/f", "f");
    let error = world.error("FROM scratch\nCOPY d /big/\nCOPY big /\n");
    let expected = "cannot copy to directory: /big: a file cannot replace it";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(world.stored(), (1, 0));
}
