//! Any bytes as an exercise, and as a translation of a good one: an exercise or located problems, never a panic or a hang.

#![no_main]

use checker::load;
use checker::problem::Source;
use libfuzzer_sys::fuzz_target;

/// A good exercise for translations to meet.
const GOOD: &str = include_str!("../corpus/yaml/run-vs-start");

fuzz_target!(|bytes: &[u8]| {
    if let Err(problems) = load::bytes("x.yaml", bytes, "seed") {
        assert!(!problems.is_empty());
        for problem in &problems {
            let (line, column) = problem.line_column();
            assert!(line > 0 && column > 0 && !problem.to_string().is_empty());
        }
    }
    let (Ok(text), Ok(exercise)) = (std::str::from_utf8(bytes), load::text("g.yaml", GOOD, "seed")) else {
        return;
    };
    let translation = Source::new("g.pl.yaml", text);
    for problem in load::translation::problems(&exercise, &translation) {
        assert!(!problem.to_string().is_empty());
    }
    // One that is broken says so; one that is whole gives the same exercise in other words.
    if let Ok(shown) = load::translation::translated(&exercise.source, &translation, "seed") {
        assert_eq!(shown.goals.len(), exercise.goals.len());
    }
});
