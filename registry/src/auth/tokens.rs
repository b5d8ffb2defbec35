//! Tokens: random words that stand for what somebody may do for some minutes. They live in this process's memory only.

use crate::error::{Code, Fault, Result};
use crate::names::Repository;
use engine::oci::digest::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a token is good.
pub(super) const LIFE: Duration = Duration::from_secs(300);

/// No honest crowd of clients has as many at once; then all ask again.
const MOST: usize = 20_000;

/// What may be done with a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Which.
    pub repository: Repository,
    /// It may be read.
    pub pull: bool,
    /// It may be changed.
    pub push: bool,
}

impl Scope {
    /// Reads `repository:NAME:ACTION,…`; `None` for what concerns no repository.
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
    /// Who asked for it, if that is known.
    pub user: Option<String>,
    /// What may be done.
    pub scopes: Vec<Scope>,
}

/// The tokens that are good.
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

    /// What the token stands for, if it is good. It is a key of 256 random bits, so how long the search takes tells nothing.
    pub(super) fn find(&self, token: &str) -> Option<Grant> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, grant) = tokens.get(token)?;
        (*until > Instant::now()).then(|| grant.clone())
    }
}
