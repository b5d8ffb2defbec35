//! Digests: names computed from content.
//!
//! Source: OCI image specification, `descriptor.md` § Digests. Only sha256 is used.
//!
//! **Lesson.** `images-tags-and-layers`

use crate::error::{Error, Result};
use crate::id::{self, is_hex};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt;

/// `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// The digest of an image's configuration: what Docker calls the image's id.
pub type ImageId = Digest;

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(&sha2::Sha256::digest(bytes))
    }

    /// From the 32 bytes of a finished hash.
    pub fn from_hash(hash: &[u8]) -> Self {
        Self(format!("sha256:{}", id::hex(hash)))
    }

    /// Accepts `sha256:` and 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self> {
        match text.strip_prefix("sha256:") {
            Some(hex) if hex.len() == 64 && is_hex(hex) => Ok(Self(text.to_owned())),
            _ => Err(Error::invalid(format!("`{text}` is not a sha256 digest"))),
        }
    }

    /// Parses a full id as a user may write it: the digits with or without `sha256:`.
    pub fn whole(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|_| Self::from_hex(text)).ok()
    }

    /// From the 64 digits alone.
    pub fn from_hex(hex: &str) -> Result<Self> {
        Self::parse(&format!("sha256:{hex}"))
    }

    /// With the `sha256:` prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 digits.
    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// The first 12 digits.
    pub fn short(&self) -> &str {
        &self.hex()[..id::SHORT]
    }
}

impl TryFrom<String> for Digest {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        assert_eq!(
            Digest::of(b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn other_algorithms_cases_and_lengths_are_refused() {
        for bad in [
            "",
            "sha256:",
            "sha256:abc",
            &format!("sha256:{}", "A".repeat(64)),
            "sha512:00",
        ] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }
}
