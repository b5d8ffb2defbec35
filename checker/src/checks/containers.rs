//! All containers that fit a description: how many there are, and what holds for all of them.
//!
//! ## Passes when
//! the number of containers that fit every field is `count` (at least one, if `count` is not given), and each of them
//! fits `all`.
//!
//! ## Example
//! ```yaml
//! - containers: { image: busybox, count: 1 }
//! - containers: { status: running, count: 0 }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  1 container with image `busybox`
//! Found     2: `box` and `brave_fox`
//! ```

use super::container::{self, PICKED};
use super::outcome::{Claim, Outcome, Truth};
use super::several::{self, One};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, quote};
use crate::world::{Container, Observed, World};
use serde_json::{Map, Value, json};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "containers",
    doc: "All containers that fit every field: how many there are, and what holds for all of them.",
    fields: &FIELDS,
    needs: &[],
};

static FIELDS: [Field; OWN.len() + PICKED.len()] = concat(OWN, PICKED);

const OWN: &[Field] = &[
    field(
        "name",
        "name",
        Kind::Text,
        "A condition on the name, such as `{ matches: ^web }`.",
    ),
    field(
        "count",
        "count",
        Kind::Number,
        "How many fit; at least one if not given.",
    ),
    field(
        "all",
        "each",
        Kind::Group(PICKED),
        "What each of those must be.",
    ),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "Exactly the containers of the setup, each in the same state.",
    ),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let containers = match world.containers() {
        Ok(containers) => containers,
        Err(blind) => return Outcome::blind("containers", blind),
    };
    if let Some(Arg::Match(Matcher::Bool(wanted))) = check.arg("unchanged") {
        return match unchanged(*wanted, world, &containers) {
            Ok(outcome) => outcome,
            Err(blind) => Outcome::blind("containers", blind),
        };
    }
    several::evaluate(check, &containers, world)
}

impl One for Container {
    const KIND: &'static str = "container";

    fn name(&self) -> String {
        self.name.clone()
    }

    fn fits(&self, given: &Given) -> Option<Truth> {
        match (&given.arg, given.field.name) {
            (Arg::Match(matcher), "name") => Some(Truth::of(matcher.accepts(&json!(self.name)))),
            _ => None,
        }
    }

    fn judge(&self, subject: &str, given: &[Given], world: &dyn World) -> Vec<Claim> {
        container::judge_fields(subject, given, self, world)
    }

    fn facts(&self) -> Map<String, Value> {
        container::facts(self)
    }
}

/// The claim that the containers are those of the setup, each in the same state.
fn unchanged(wanted: bool, world: &dyn World, now: &[Container]) -> Observed<Outcome> {
    let before = &world.setup().containers;
    let find = |all: &[Container], id: &str| all.iter().find(|one| one.id == id).cloned();
    let mut different: Vec<String> = Vec::new();
    for one in before {
        match find(now, &one.id) {
            None => different.push(format!("{} is gone", quote(&one.name))),
            Some(same) if container::fingerprint(one) != container::fingerprint(&same) => {
                different.push(format!("{} is {}", quote(&same.name), same.status));
            }
            Some(same) if !container::has_same_files(&same, world)? => {
                different.push(format!("{} has other files", quote(&same.name)));
            }
            Some(_) => {}
        }
    }
    for one in now.iter().filter(|one| find(before, &one.id).is_none()) {
        different.push(format!("{} is new", quote(&one.name)));
    }
    Ok(several::as_at_start::<Container>(
        wanted,
        different,
        now.len(),
    ))
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;

    #[test]
    fn those_that_fit_are_counted() {
        let world = Fake::default()
            .running("box", "busybox")
            .exited("fox", "busybox", 0)
            .running("hello", "hello-world");
        holds("containers: { image: busybox, count: 2 }", &world);
        holds("containers: { image: busybox, status: running }", &world);
        holds("containers: { name: { matches: ^h }, count: 1 }", &world);
        fails(
            "containers: { image: busybox, count: 1 }",
            &world,
            "1 container with image `busybox`",
            "2: `box` and `fox`",
        );
        fails(
            "containers: { status: paused }",
            &world,
            "at least 1 container with status paused",
            "none",
        );
    }

    #[test]
    fn all_of_those_that_fit_are_judged() {
        let world = Fake::default()
            .running("a", "busybox")
            .exited("b", "busybox", 1);
        holds(
            "containers: { image: busybox, all: { started: 1 } }",
            &world,
        );
        fails(
            "containers: { image: busybox, all: { status: running } }",
            &world,
            "container `b`: status running",
            "container `b`: status exited (exit code 1, started once)",
        );
    }

    #[test]
    fn unchanged_means_the_same_ones_in_the_same_state() {
        let world = Fake::default()
            .running("a", "busybox")
            .exited("b", "busybox", 0)
            .set_up();
        holds("containers: { unchanged: true }", &world);
        let mut other = world.running("c", "busybox");
        other.containers.remove(1);
        fails(
            "containers: { unchanged: true }",
            &other,
            "the containers as they were at the start",
            "`b` is gone and `c` is new",
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("containers: { count: 0 }");
    }
}
