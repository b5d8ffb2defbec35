//! Names that clients send. A value of these types has been checked and may become part of a path.
//!
//! Source: OCI distribution specification, § Pulling manifests; the grammar of names is `engine::oci::reference`'s.

use crate::error::{Code, Fault, Result};
use engine::oci::digest::Digest;
pub use engine::oci::reference::OFFICIAL_NAMESPACE as OFFICIAL;
use engine::oci::reference::{is_repository, is_tag};
use serde_json::json;
use std::fmt;

/// A repository, such as `library/busybox`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

impl Repository {
    /// Error: `NAME_INVALID`.
    pub fn parse(text: &str) -> Result<Self> {
        match is_repository(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(Fault::new(Code::NameInvalid).about(json!({ "name": text }))),
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first slash: its owner.
    pub fn namespace(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tag, such as `latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    /// `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        is_tag(text).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A reference to a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// By a tag, which may move.
    Tag(Tag),
    /// By its digest.
    Digest(Digest),
}

impl Target {
    /// Errors: `DIGEST_INVALID`, `MANIFEST_INVALID`.
    pub fn parse(text: &str) -> Result<Self> {
        if text.contains(':') {
            return digest(text).map(Self::Digest);
        }
        let invalid =
            || Fault::saying(Code::ManifestInvalid, "invalid tag").about(json!({ "tag": text }));
        Tag::parse(text).map(Self::Tag).ok_or_else(invalid)
    }
}

/// Error: `DIGEST_INVALID`.
pub(crate) fn digest(text: &str) -> Result<Digest> {
    Digest::parse(text).map_err(|_| {
        Fault::saying(
            Code::DigestInvalid,
            "invalid digest: only sha256 is known here",
        )
        .about(json!({ "digest": text }))
    })
}

/// An upload id: 32 hexadecimal digits that cannot be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// A new one.
    pub(crate) fn random() -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Fault::saying(Code::Unknown, format!("no randomness: {error}")))?;
        Ok(Self(Digest::of(&bytes).hex()[..32].to_owned()))
    }

    /// `None` if it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let ours = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_escapes_its_folder() {
        for bad in [
            "", ".", "..", "a/../b", "/a", "a/", "a//b", "_a", "A", "a/_tags", "a\0b", "a%2fb",
            ".a",
        ] {
            assert!(Repository::parse(bad).is_err(), "{bad}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "-a",
            "a:b",
            "\u{e4}",
            &"a".repeat(129),
        ] {
            assert!(Tag::parse(bad).is_none(), "{bad}");
        }
        for bad in ["", "..", "ABCDEF", &"g".repeat(32), &"a".repeat(33)] {
            assert!(UploadId::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(Repository::parse("alice/a/b").unwrap().namespace(), "alice");
        assert!(Repository::parse(&"a".repeat(256)).is_err());
    }
}
