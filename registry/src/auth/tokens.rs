//! Tokens: random words that grant some actions for a few minutes. They live only in this process's memory.

use crate::error::{Code, Fault, Result};
use crate::names::Repository;
use engine::oci::digest::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a token is valid.
pub(super) const LIFE: Duration = Duration::from_secs(300);

/// More than honest clients need at once. At this number all tokens are dropped, and clients ask again.
const MOST: usize = 20_000;

/// What may be done with a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The repository.
    pub repository: Repository,
    /// It may be read.
    pub pull: bool,
    /// It may be changed.
    pub push: bool,
}

impl Scope {
    /// Parses `repository:NAME:ACTION,…`; `None` for a scope that names no repository.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("repository:")?;
        let (name, actions) = rest.rsplit_once(':')?;
        let has = |word: &str| {
            actions
                .split(',')
                .any(|action| action == word || action == "*")
        };
        Some(Self {
            repository: Repository::parse(name).ok()?,
            pull: has("pull"),
            push: has("push") || has("delete"),
        })
    }
}

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The user who asked for it, if known.
    pub user: Option<String>,
    /// The allowed actions.
    pub scopes: Vec<Scope>,
}

/// The valid tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<String, (Instant, Grant)>>);

impl Tokens {
    /// A new token.
    pub(super) fn issue(&self, grant: Grant) -> Result<String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Fault::saying(Code::Unknown, format!("no randomness: {error}")))?;
        let token = Digest::of(&bytes).hex().to_owned();
        let now = Instant::now();
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (until, _)| *until > now);
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(token.clone(), (now + LIFE, grant));
        Ok(token)
    }

    /// What the token stands for, if it is valid. It is a key of 256 random bits, so the time of the lookup reveals
    /// nothing.
    pub(super) fn find(&self, token: &str) -> Option<Grant> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, grant) = tokens.get(token)?;
        (*until > Instant::now()).then(|| grant.clone())
    }
}
