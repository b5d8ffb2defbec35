//! The outcome of a condition: whether it holds, and in words what was expected and what was found.

use crate::matcher::Matcher;
use crate::world::Blind;
use serde_json::{Map, Value};

/// Whether something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It could not be observed, for this reason.
    Blind(String),
}

impl Truth {
    /// `Yes` or `No`.
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Both hold. A certain failure is not made uncertain by an unobservable fact.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Blind(because), _) | (_, Self::Blind(because)) => Self::Blind(because),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// At least one holds.
    pub(crate) fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// It does not hold.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            blind => blind,
        }
    }
}

/// One expectation, and the finding, which differs or matches.
#[derive(Debug, Clone)]
pub struct Claim {
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Whether the expectation holds.
    pub truth: Truth,
    /// The values behind the words, if there is a single value: `found` matches the matcher if and only if `truth` is
    /// yes.
    pub values: Option<(Matcher, Value)>,
}

impl Claim {
    /// A claim in plain words.
    pub(crate) fn new(truth: Truth, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
            truth,
            values: None,
        }
    }

    /// A fact that could not be observed.
    pub(crate) fn blind(expected: impl Into<String>, blind: Blind) -> Self {
        Self::new(Truth::Blind(blind.because), expected, "unknown")
    }
}

/// The outcome of a condition.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Whether it holds.
    pub truth: Truth,
    /// Its claims. If it does not hold, at least one of them does not.
    pub claims: Vec<Claim>,
    /// The facts for `{found.…}`.
    pub facts: Map<String, Value>,
}

impl Outcome {
    /// All of these claims must hold.
    pub(crate) fn all(claims: Vec<Claim>, facts: Map<String, Value>) -> Self {
        let truth = claims
            .iter()
            .map(|claim| claim.truth.clone())
            .fold(Truth::Yes, Truth::and);
        Self {
            truth,
            claims,
            facts,
        }
    }

    /// Nothing could be observed.
    pub(crate) fn blind(expected: impl Into<String>, blind: Blind) -> Self {
        Self::all(vec![Claim::blind(expected, blind)], Map::new())
    }

    /// The first claim that does not hold, else the first that could not be observed.
    pub fn broken(&self) -> Option<&Claim> {
        let first = |wanted: fn(&Truth) -> bool| self.claims.iter().find(|c| wanted(&c.truth));
        first(|truth| *truth == Truth::No).or_else(|| first(|truth| *truth != Truth::Yes))
    }
}
