//! Judging one condition, written as in an exercise, against a handmade world.

use super::outcome::{Outcome, Truth};
use crate::load::{condition::conditions, decode::Decoder, yaml};
use crate::problem::Source;
use crate::world::World;

/// Judges `text`, YAML as under `check:`.
pub(crate) fn judge(text: &str, world: &dyn World) -> Outcome {
    let source = Source::new("test.yaml", text);
    let node = yaml::parse(&source).unwrap_or_else(|problem| panic!("{problem}"));
    let mut decoder = Decoder::new(&source);
    let conditions = conditions(&mut decoder, &node, true);
    let problems: Vec<String> = decoder.finish().iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    super::evaluate_all(&conditions, world, None)
}

/// Expects that the condition holds.
#[track_caller]
pub(crate) fn holds(text: &str, world: &dyn World) {
    let outcome = judge(text, world);
    assert_eq!(outcome.truth, Truth::Yes, "{text}: {:?}", outcome.claims);
}

/// Expects that the condition fails, with these words.
#[track_caller]
pub(crate) fn fails(text: &str, world: &dyn World, expected: &str, found: &str) {
    let outcome = judge(text, world);
    assert_eq!(outcome.truth, Truth::No, "{text}: {:?}", outcome.claims);
    let broken = outcome.broken().expect("a claim does not hold");
    assert_eq!(
        (broken.expected.as_str(), broken.found.as_str()),
        (expected, found)
    );
}

/// Expects that the condition is undecided if nothing can be observed.
#[track_caller]
pub(crate) fn blind(text: &str) {
    let world = crate::world::fake::Fake {
        blind: Some("the disk is gone".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        judge(text, &world).truth,
        Truth::Blind("the disk is gone".to_owned())
    );
}
