//! Checks passwords against their hashes. A hash costs tens of milliseconds on purpose, and a push has dozens of
//! requests, so a correct password is cached as a digest whose key is new in each process.

use crate::error::{Code, Fault, Result};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The cache is cleared at this size.
const MOST_CACHED: usize = 1000;

/// The cost of new hashes: about 50 ms.
const COST: u32 = 10;

/// A hash without a known password, so that an unknown name takes as long as a wrong password.
const DUMMY: &str = "$2y$10$abcdefghijklmnopqrstuuMA2yHrXkeMx8yTD2Uy6EZeyzhE9wvYm";

/// Compares passwords with hashes.
#[derive(Debug)]
pub(super) struct Passwords {
    key: [u8; 32],
    right: Mutex<HashSet<[u8; 32]>>,
}

impl Passwords {
    pub(super) fn new() -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Fault::saying(Code::Unknown, format!("no randomness: {error}")))?;
        Ok(Self {
            key,
            right: Mutex::default(),
        })
    }

    /// Whether `password` matches `hash`; without a hash it does not, and that takes just as long.
    pub(super) fn match_hash(&self, name: &str, password: &str, hash: Option<&str>) -> bool {
        let mark = self.mark(&[name, password, hash.unwrap_or_default()]);
        if hash.is_some() && self.cached().contains(&mark) {
            return true;
        }
        let right =
            bcrypt::verify(password, hash.unwrap_or(DUMMY)).unwrap_or(false) && hash.is_some();
        if right {
            let mut cached = self.cached();
            if cached.len() >= MOST_CACHED {
                cached.clear();
            }
            cached.insert(mark);
        }
        right
    }

    fn mark(&self, parts: &[&str]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.key);
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, HashSet<[u8; 32]>> {
        // The set of digests is consistent after every statement.
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new hash of `password`. Error: it is longer than bcrypt's 72 bytes.
pub(super) fn hash(password: &str) -> Result<String> {
    if password.is_empty() || password.len() > 72 {
        return Err(Fault::saying(
            Code::Unauthorized,
            "a password has 1 to 72 bytes",
        ));
    }
    bcrypt::hash(password, COST)
        .map_err(|error| Fault::saying(Code::Unknown, format!("cannot hash a password: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_matches_also_when_cached() {
        let passwords = Passwords::new().unwrap();
        let hash = bcrypt::hash("secret", 4).unwrap();
        for _ in 0..2 {
            assert!(passwords.match_hash("alice", "secret", Some(&hash)));
            assert!(!passwords.match_hash("alice", "Secret", Some(&hash)));
            assert!(!passwords.match_hash("alice", "secret", None));
        }
        // A changed hash invalidates the cached password.
        let other = bcrypt::hash("new", 4).unwrap();
        assert!(!passwords.match_hash("alice", "secret", Some(&other)));
    }

    #[test]
    fn the_dummy_hash_is_well_formed_and_costs_as_much_as_another() {
        assert!(bcrypt::verify("x", DUMMY).is_ok_and(|right| !right));
        assert!(super::hash("").is_err() && super::hash(&"x".repeat(73)).is_err());
    }
}
