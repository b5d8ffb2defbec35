//! Any bytes as an exercise, and as a translation of a good one: an exercise or located problems, never a panic or a hang.

#![no_main]

use checker::problem::{Problem, Source};
use checker::{Exercise, load};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// A good exercise for translations to meet.
static GOOD: LazyLock<Exercise> = LazyLock::new(|| {
    let text = include_str!("../corpus/yaml/run-vs-start");
    load::text("g.yaml", text, "seed").expect("the exercise is good")
});

/// Every problem has a place; drawing all of them would take most of the time, so only the first and the last are drawn.
fn look(problems: &[Problem]) {
    for problem in problems {
        let (line, column) = problem.line_column();
        assert!(line > 0 && column > 0 && !problem.message().is_empty());
    }
    for problem in [problems.first(), problems.last()].into_iter().flatten() {
        assert!(!problem.to_string().is_empty());
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Err(problems) = load::bytes("x.yaml", bytes, "seed") {
        assert!(!problems.is_empty());
        look(&problems);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let translation = Source::new("g.pl.yaml", text);
    look(&load::translation::problems(&GOOD, &translation));
    // One that is broken says so; one that is whole gives the same exercise in other words.
    if let Ok(shown) = load::translation::translated(&GOOD.source, &translation, "seed") {
        assert_eq!(shown.goals.len(), GOOD.goals.len());
    }
});
