//! Identities: containers and the names that people give to things.
//!
//! Image ids are digests and live in [`crate::oci::digest`]. Ids are never bare strings, so one cannot be
//! passed where another is meant:
//!
//! ```compile_fail
//! let volume: engine::id::VolumeName = engine::id::ContainerId::parse(&"0".repeat(64)).unwrap();
//! ```

use crate::clock::Entropy;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Length of a short id, in characters, as `docker ps` prints it.
pub const SHORT: usize = 12;

/// 64 lower-case hexadecimal digits, made by the engine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerId(String);

impl ContainerId {
    /// A new random id. Docker never makes one whose short form is all digits, and neither do we
    /// (it would pass for a number in `docker rm`).
    pub fn random(entropy: &dyn Entropy) -> Self {
        loop {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes);
            let id = hex(&bytes);
            if !id[..SHORT].bytes().all(|b| b.is_ascii_digit()) {
                return Self(id);
            }
        }
    }

    /// Accepts exactly 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() == 64 && is_hex(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid(format!("`{text}` is not a container id")))
        }
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits.
    pub fn short(&self) -> &str {
        &self.0[..SHORT]
    }
}

impl TryFrom<String> for ContainerId {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<ContainerId> for String {
    fn from(id: ContainerId) -> Self {
        id.0
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a volume: given by the user, or 64 hexadecimal digits for an anonymous one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VolumeName(String);

impl VolumeName {
    /// Accepts Docker's names: a letter or digit, then letters, digits, `_`, `.` and `-`.
    pub fn parse(text: &str) -> Result<Self> {
        if is_name(text) {
            return Ok(Self(text.to_owned()));
        }
        if text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::invalid(format!(
                "create {text}: volume name is too short, names should be at least two alphanumeric characters"
            )));
        }
        Err(Error::invalid(format!(
            "create {text}: \"{text}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
        )))
    }

    /// A name for an anonymous volume.
    pub fn anonymous(entropy: &dyn Entropy) -> Self {
        Self(ContainerId::random(entropy).0)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VolumeName {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<VolumeName> for String {
    fn from(name: VolumeName) -> Self {
        name.0
    }
}

impl fmt::Display for VolumeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is a name that Docker allows for containers and volumes: at least two characters.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() >= 2
        && bytes.next().is_some_and(|b| b.is_ascii_alphanumeric())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Whether `text` is made of lower-case hexadecimal digits only.
pub fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| {
            [
                DIGITS[usize::from(b >> 4)] as char,
                DIGITS[usize::from(b & 15)] as char,
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Counter;

    #[test]
    fn random_ids_are_64_hexadecimal_digits() {
        let id = ContainerId::random(&Counter::default());
        assert!(ContainerId::parse(id.as_str()).is_ok());
        assert_eq!(id.short().len(), SHORT);
    }

    #[test]
    fn names_follow_dockers_rule() {
        for good in ["web", "a1", "web.1_x-y"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "x", "-web", "my web", "web/1", "żaba"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
