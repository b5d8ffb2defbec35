//! The check language: nouns with fields, and the words that combine them.
//!
//! One file per noun, with the table of its fields; its doc comment is its manual page. The plural noun is beside the
//! singular one. To add a noun, add such a file, a variant of [`NounKind`] and its arms below.

pub mod build;
pub mod container;
pub mod dockerfile;
pub mod field;
pub mod file;
pub mod happened;
pub mod http;
pub mod image;
mod judge;
pub mod outcome;
pub mod registry;
#[cfg(test)]
pub(crate) mod testing;
mod thing;
pub mod volume;

use crate::matcher::{Matcher, join};
use crate::problem::Place;
use crate::world::{Container, Image, Volume, World};
use field::{Noun, Shape};
use outcome::{Claim, Outcome, Truth};
use serde_json::{Map, Value};

/// A statement that holds or does not.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A noun and its conditions.
    Check(Check),
    /// The learner's answer to the goal's question; only in a diagnosis.
    Answer(Matcher),
    /// Not all of these hold; of one condition, that it does not hold.
    Not(Vec<Condition>),
    /// All of these hold.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
}

/// A noun and its conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The noun.
    pub noun: NounKind,
    /// The fields given, in the order of the file.
    pub given: Vec<Given>,
    /// Its place.
    pub at: Place,
}

/// A field and its argument.
#[derive(Debug, Clone)]
pub struct Given {
    /// The field.
    pub field: &'static Shape,
    /// The argument.
    pub arg: Arg,
}

/// Fields are compared by name: a name occurs once in a table.
impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        self.field.name == other.field.name && self.arg == other.arg
    }
}

/// The argument of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// A literal name.
    Name(String),
    /// A condition on the value.
    Match(Matcher),
    /// Nested fields.
    Group(Vec<Given>),
    /// Patterns, each of which some item must match.
    Records(Vec<Vec<Given>>),
    /// Paths, each with fields.
    Paths(Vec<(String, Vec<Given>)>),
}

/// The nouns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NounKind {
    /// One container, by name.
    Container,
    /// All matching containers.
    Containers,
    /// One image, by reference.
    Image,
    /// All matching images.
    Images,
    /// A build.
    Build,
    /// A Dockerfile, parsed.
    Dockerfile,
    /// One volume, by name.
    Volume,
    /// A repository in the registry.
    Registry,
    /// A file of the workspace.
    File,
    /// An answer over HTTP.
    Http,
    /// An event in the journal.
    Happened,
    /// An event that must not be in the journal.
    Never,
}

impl NounKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Container,
        Self::Containers,
        Self::Image,
        Self::Images,
        Self::Build,
        Self::Dockerfile,
        Self::Volume,
        Self::Registry,
        Self::File,
        Self::Http,
        Self::Happened,
        Self::Never,
    ];

    /// Its noun.
    pub fn noun(self) -> &'static Noun {
        match self {
            Self::Container => &container::NOUN,
            Self::Containers => &container::ALL,
            Self::Image => &image::NOUN,
            Self::Images => &image::ALL,
            Self::Build => &build::NOUN,
            Self::Dockerfile => &dockerfile::NOUN,
            Self::Volume => &volume::NOUN,
            Self::Registry => &registry::NOUN,
            Self::File => &file::NOUN,
            Self::Http => &http::NOUN,
            Self::Happened => &happened::NOUN,
            Self::Never => &happened::NEVER,
        }
    }
}

impl Condition {
    /// Whether it can only become true and never false again, because it is about an event.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Check(check) => {
                check.noun == NounKind::Happened && !happened::has_upper_bound(check)
            }
            Self::Answer(_) | Self::Not(_) => false,
            Self::All(all) | Self::Any(all) => all.iter().all(Self::is_lasting),
        }
    }
}

/// Judges one condition; `answer` is the learner's, normalised as the question requires.
pub(crate) fn evaluate(condition: &Condition, world: &dyn World, answer: Option<&str>) -> Outcome {
    match condition {
        Condition::Check(check) => match check.noun {
            NounKind::Container => thing::evaluate_one::<Container>(check, world),
            NounKind::Containers => thing::evaluate_all::<Container>(check, world),
            NounKind::Image => thing::evaluate_one::<Image>(check, world),
            NounKind::Images => thing::evaluate_all::<Image>(check, world),
            NounKind::Build => build::evaluate(check, world),
            NounKind::Dockerfile => dockerfile::evaluate(check, world),
            NounKind::Volume => thing::evaluate_one::<Volume>(check, world),
            NounKind::Registry => registry::evaluate(check, world),
            NounKind::File => file::evaluate(check, world),
            NounKind::Http => http::evaluate(check, world),
            NounKind::Happened => happened::evaluate(check, world),
            NounKind::Never => happened::evaluate_never(check, world),
        },
        Condition::Answer(matcher) => {
            let found = answer.map_or(Value::Null, Value::from);
            let facts = Map::from_iter([("answer".to_owned(), found.clone())]);
            let claim = Claim {
                expected: format!("answer {}", matcher.describe()),
                found: format!("answer {}", crate::matcher::describe_found(&found)),
                // A missing answer is not a wrong answer.
                truth: Truth::of(answer.is_some() && matcher.accepts(&found)),
                values: None,
            };
            Outcome::all(vec![claim], facts)
        }
        Condition::All(all) => evaluate_all(all, world, answer),
        Condition::Any(any) => evaluate_any(any, world, answer),
        Condition::Not(inner) => negate(evaluate_all(inner, world, answer)),
    }
}

/// All of these conditions must hold.
pub(crate) fn evaluate_all(
    conditions: &[Condition],
    world: &dyn World,
    answer: Option<&str>,
) -> Outcome {
    let (mut claims, mut facts) = (Vec::new(), Map::new());
    for condition in conditions {
        let outcome = evaluate(condition, world, answer);
        claims.extend(outcome.claims);
        for (key, value) in outcome.facts {
            // The first condition names the subject; its facts are not overwritten.
            facts.entry(key).or_insert(value);
        }
    }
    Outcome::all(claims, facts)
}

fn evaluate_any(conditions: &[Condition], world: &dyn World, answer: Option<&str>) -> Outcome {
    let all: Vec<Outcome> = conditions
        .iter()
        .map(|condition| evaluate(condition, world, answer))
        .collect();
    let truth = all
        .iter()
        .map(|outcome| outcome.truth.clone())
        .reduce(Truth::or)
        .unwrap_or(Truth::No);
    if let Some(holding) = all.iter().find(|outcome| outcome.truth == Truth::Yes) {
        return holding.clone();
    }
    let broken: Vec<&Claim> = all.iter().filter_map(Outcome::broken).collect();
    let mut found: Vec<String> = broken.iter().map(|claim| claim.found.clone()).collect();
    found.dedup();
    let claim = Claim {
        expected: join(broken.iter().map(|claim| claim.expected.clone()), "or"),
        found: join(found, "and"),
        truth,
        values: None,
    };
    let facts = all.into_iter().next().map(|outcome| outcome.facts);
    Outcome::all(vec![claim], facts.unwrap_or_default())
}

fn negate(outcome: Outcome) -> Outcome {
    let expected = join(
        outcome.claims.iter().map(|claim| claim.expected.clone()),
        "and",
    );
    let found = match outcome.broken() {
        Some(broken) => broken.found.clone(),
        None => join(
            outcome.claims.iter().map(|claim| claim.found.clone()),
            "and",
        ),
    };
    let claim = Claim {
        expected: format!("anything but this: {expected}"),
        found,
        truth: outcome.truth.negated(),
        values: None,
    };
    Outcome::all(vec![claim], outcome.facts)
}

impl Check {
    /// The argument of `field`.
    pub fn arg(&self, field: &str) -> Option<&Arg> {
        arg(&self.given, field)
    }

    /// The literal name or word given for `field`.
    pub fn name(&self, field: &str) -> Option<&str> {
        word(&self.given, field)
    }

    /// Whether `field` is not given as `false`.
    pub(crate) fn wants(&self, field: &str) -> bool {
        wants(&self.given, field)
    }
}

/// The literal name or word given for `field` in `given`.
pub(crate) fn word<'g>(given: &'g [Given], field: &str) -> Option<&'g str> {
    match arg(given, field) {
        Some(Arg::Name(word) | Arg::Match(Matcher::Text(word))) => Some(word),
        _ => None,
    }
}

/// Whether `field` is not `false` in `given`.
pub(crate) fn wants(given: &[Given], field: &str) -> bool {
    !matches!(arg(given, field), Some(Arg::Match(Matcher::Bool(false))))
}

/// The argument of `field` in `given`.
pub(crate) fn arg<'g>(given: &'g [Given], field: &str) -> Option<&'g Arg> {
    given
        .iter()
        .find(|given| given.field.name == field)
        .map(|given| &given.arg)
}
