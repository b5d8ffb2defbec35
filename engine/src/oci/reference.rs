//! Image references: `registry/repository:tag@digest`, with Docker's defaults.
//!
//! **What Docker does.** `busybox` is short for `docker.io/library/busybox:latest`. The part before the first `/` is a
//! registry only if it looks like a host: it has a dot or a colon, is `localhost`, or has an upper-case letter.
//! **What we do.** The same grammar, defaults and messages (github.com/distribution/reference). A reference is kept in
//! its full form and shown in its short, *familiar* one.
//! **What we leave out.** Digests other than sha256.
//! **Try it.** `docker tag busybox localhost:5000/x` and `docker images`.
//! **Lessons.** `pull-and-versions`, `images-tags-and-layers`

use super::digest::Digest;
use crate::error::{Error, Result};
use crate::id::is_hex;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The registry of names without one.
pub const DEFAULT_DOMAIN: &str = "docker.io";
/// The tag of names without one.
pub const DEFAULT_TAG: &str = "latest";
const OFFICIAL_PREFIX: &str = "library/";
/// The account of official images.
pub const OFFICIAL_NAMESPACE: &str = "library";
const LONGEST_PATH: usize = 255;
const LONGEST_TAG: usize = 128;

/// The name of an image, in full form. Shown with [`fmt::Display`] as `docker.io/library/busybox:latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses a user's input. No tag is added: see [`Reference::or_latest`].
    ///
    /// Errors are Docker's: `invalid reference format`, `repository name must be lowercase`, ….
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() == 64 && is_hex(text) {
            return Err(Error::invalid(format!(
                "invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
            )));
        }
        let (domain, remainder) = split_domain(text);
        let name = remainder.split(':').next().unwrap_or_default();
        if name.to_lowercase() != name {
            return Err(Error::invalid(format!(
                "invalid reference format: repository name ({name}) must be lowercase"
            )));
        }
        Self::parse_full(&domain, &remainder)
    }

    /// The reference, with tag `latest` if it has neither tag nor digest.
    #[must_use]
    pub fn or_latest(mut self) -> Self {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some(DEFAULT_TAG.to_owned());
        }
        self
    }

    /// The reference as a key: with tag `latest` if it has neither tag nor digest, and without its tag if it has a
    /// digest, which is more precise.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self.digest.clone() {
            Some(digest) => self.with_digest(digest),
            None => self.or_latest(),
        }
    }

    /// The same repository at another tag.
    pub fn with_tag(&self, tag: &str) -> Result<Self> {
        if !is_tag(tag) {
            return Err(Error::invalid("invalid tag format"));
        }
        Ok(Self {
            tag: Some(tag.to_owned()),
            digest: None,
            ..self.clone()
        })
    }

    /// The same repository at `digest`, without a tag.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self {
            tag: None,
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// The registry, such as `docker.io` or `localhost:5000`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The repository within the registry, such as `library/busybox`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Registry and repository, such as `docker.io/library/busybox`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The short form of [`Reference::name`], such as `busybox`: what `docker images` calls REPOSITORY.
    pub fn familiar_name(&self) -> String {
        if self.domain != DEFAULT_DOMAIN {
            return self.name();
        }
        match self.path.strip_prefix(OFFICIAL_PREFIX) {
            Some(short) if !short.contains('/') => short.to_owned(),
            // Its short form would be parsed as a registry of that name.
            _ if self.path.starts_with("localhost/") => self.name(),
            _ => self.path.clone(),
        }
    }

    /// The short form of the reference, such as `busybox:latest`.
    pub fn familiar(&self) -> String {
        self.familiar_name() + &self.suffix()
    }

    fn suffix(&self) -> String {
        let mut text = String::new();
        if let Some(tag) = &self.tag {
            text = format!(":{tag}");
        }
        if let Some(digest) = &self.digest {
            text += &format!("@{digest}");
        }
        text
    }

    fn parse_full(domain: &str, remainder: &str) -> Result<Self> {
        let (rest, digest) = match remainder.split_once('@') {
            Some((rest, digest)) => (rest, Some(parse_digest(digest)?)),
            None => (remainder, None),
        };
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        let valid =
            is_domain(domain) && path.split('/').all(is_path_component) && tag.is_none_or(is_tag);
        if !valid {
            return Err(Error::invalid("invalid reference format"));
        }
        if path.len() > LONGEST_PATH {
            return Err(Error::invalid(
                "repository name must not be more than 255 characters",
            ));
        }
        Ok(Self {
            domain: domain.to_owned(),
            path: path.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.domain, self.path, self.suffix())
    }
}

impl std::str::FromStr for Reference {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Reference {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

/// Splits off the registry, and adds `docker.io` and `library/` where Docker does.
fn split_domain(text: &str) -> (String, String) {
    let (domain, mut remainder) = match text.split_once('/') {
        Some(("index.docker.io", rest)) => (DEFAULT_DOMAIN, rest.to_owned()),
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.to_lowercase() != first =>
        {
            (first, rest.to_owned())
        }
        _ => (DEFAULT_DOMAIN, text.to_owned()),
    };
    if domain == DEFAULT_DOMAIN && !remainder.contains('/') {
        remainder = format!("{OFFICIAL_PREFIX}{remainder}");
    }
    (domain.to_owned(), remainder)
}

fn parse_digest(text: &str) -> Result<Digest> {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return Err(Error::invalid("invalid reference format"));
    };
    let is_word = |word: &str| {
        word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && word.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    if !algorithm.split(['-', '_', '+', '.']).all(is_word)
        || hex.len() < 32
        || !hex.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Err(Error::invalid("invalid reference format"));
    }
    if algorithm != "sha256" {
        return Err(Error::invalid("unsupported digest algorithm"));
    }
    if hex.len() != 64 {
        return Err(Error::invalid("invalid checksum digest length"));
    }
    Digest::parse(text).map_err(|_| Error::invalid("invalid checksum digest format"))
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rfind(':') {
        Some(colon) if !text.ends_with(']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    }
    host.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// Whether `text` is the path of a repository within a registry, such as `library/busybox`.
pub fn is_repository(text: &str) -> bool {
    text.len() <= LONGEST_PATH && text.split('/').all(is_path_component)
}

/// Lower-case letters and digits, joined by one `.`, one or two `_`, or any number of `-`.
fn is_path_component(text: &str) -> bool {
    let is_word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends_well = bytes.first().is_some_and(is_word) && bytes.last().is_some_and(is_word);
    ends_well
        && bytes
            .split(is_word)
            .all(|run| matches!(run, b"" | b"." | b"_" | b"__") || run.iter().all(|b| *b == b'-'))
}

/// Whether `text` is a tag.
pub fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= LONGEST_TAG
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

#[cfg(test)]
mod tests;
