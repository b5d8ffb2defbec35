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
use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, join, quote};
use crate::world::{Container, World};
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
        return unchanged(*wanted, world, &containers);
    }
    let picking: Vec<Given> = check
        .given
        .iter()
        .filter(|given| !matches!(given.field.name, "count" | "all"))
        .cloned()
        .collect();
    let (mut picked, mut sure) = (Vec::new(), Truth::Yes);
    for one in &containers {
        match fits(&picking, one, world) {
            Truth::Yes => picked.push(one),
            Truth::No => {}
            blind => sure = sure.and(blind),
        }
    }
    let mut claims = vec![count(check, &picking, &picked, sure)];
    if let Some(Arg::Group(each)) = check.arg("all") {
        for one in &picked {
            let subject = format!("container {}", quote(&one.name));
            claims.extend(container::judge_fields(&subject, each, one, world));
        }
    }
    let mut facts = match picked.as_slice() {
        [one] => container::facts(one),
        _ => Map::new(),
    };
    let names: Vec<Value> = picked.iter().map(|one| json!(one.name)).collect();
    facts.insert("count".to_owned(), json!(picked.len()));
    facts.insert("names".to_owned(), Value::Array(names));
    Outcome::all(claims, facts)
}

fn fits(picking: &[Given], one: &Container, world: &dyn World) -> Truth {
    let name = picking
        .iter()
        .filter_map(|given| match (&given.arg, given.field.name) {
            (Arg::Match(matcher), "name") => Some(Truth::of(matcher.accepts(&json!(one.name)))),
            _ => None,
        })
        .fold(Truth::Yes, Truth::and);
    if name == Truth::No {
        return name;
    }
    container::judge_fields("", picking, one, world)
        .into_iter()
        .map(|claim| claim.truth)
        .fold(name, Truth::and)
}

fn count(check: &Check, picking: &[Given], picked: &[&Container], sure: Truth) -> Claim {
    let with = if picking.is_empty() {
        String::new()
    } else {
        format!(" with {}", judge::describe_all(picking))
    };
    let default = Matcher::Range(Some(1.0), None);
    let matcher = match check.arg("count") {
        Some(Arg::Match(matcher)) => matcher,
        _ => &default,
    };
    let names = join(picked.iter().map(|one| quote(&one.name)), "and");
    let found = match picked.len() {
        0 => "none".to_owned(),
        count => format!("{count}: {names}"),
    };
    let number = json!(picked.len());
    let holds = Truth::of(matcher.accepts(&number));
    Claim {
        expected: format!("{}{with}", judge::counted(&matcher.describe(), "container")),
        found,
        // A container that could not be looked into might count.
        truth: if sure == Truth::Yes { holds } else { sure },
        values: Some((matcher.clone(), number)),
    }
}

/// The claim that the containers are those of the setup, each in the same state.
fn unchanged(wanted: bool, world: &dyn World, now: &[Container]) -> Outcome {
    let before = &world.setup().containers;
    let find = |all: &[Container], id: &str| all.iter().find(|one| one.id == id).cloned();
    let mut different: Vec<String> = Vec::new();
    for one in before {
        match find(now, &one.id) {
            None => different.push(format!("{} is gone", quote(&one.name))),
            Some(same) if container::fingerprint(one) != container::fingerprint(&same) => {
                different.push(format!("{} is {}", quote(&same.name), same.status));
            }
            Some(_) => {}
        }
    }
    for one in now.iter().filter(|one| find(before, &one.id).is_none()) {
        different.push(format!("{} is new", quote(&one.name)));
    }
    let same = different.is_empty();
    let expected = if wanted {
        "the containers as they were"
    } else {
        "other containers than before"
    };
    let found = if same {
        "the containers as they were".to_owned()
    } else {
        join(different, "and")
    };
    let claim = Claim::new(
        Truth::of(same == wanted),
        format!("{expected} at the start"),
        found,
    );
    Outcome::all(
        vec![claim],
        Map::from_iter([("count".to_owned(), json!(now.len()))]),
    )
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
            "at least 1 containers with status paused",
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
