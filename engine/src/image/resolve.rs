//! The user's text → an image.
//!
//! **What Docker does.** A full id or digest means exactly that image; otherwise a name is looked up, with `:latest`
//! added; otherwise the text may be the prefix of one id. So an image called `cafe` wins over an id that begins with
//! `cafe`.
//! **What we do.** The same.

use super::{Image, load};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::is_hex;
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use crate::paths::{Home, SandboxPaths};
use crate::store::images::{self, ImageTable};

impl Engine {
    /// The image that `name` means: a name, an id, the prefix of an id, `sha256:…` or `repository@digest`.
    /// Error: `No such image: x:latest`, kind `NotFound`.
    pub fn image(&self, name: &str) -> Result<Image> {
        find(&self.home, &self.sandbox, name)
    }
}

/// The image that `name` means. Errors: Docker's `invalid reference format`, `No such image: x:latest`.
pub fn find(home: &Home, sandbox: &SandboxPaths, name: &str) -> Result<Image> {
    let table = images::read(sandbox)?;
    let id = find_id(&table, name)?;
    load(home, table.references_of(&id), &id, &table.images[&id])
}

/// The id that `name` means; it is a key of `table.images`.
pub fn find_id(table: &ImageTable, name: &str) -> Result<ImageId> {
    if let Some(digest) = Digest::whole(name) {
        let known = table.images.contains_key(&digest);
        return known
            .then_some(digest.clone())
            .ok_or_else(|| missing(digest.as_str()));
    }
    let asked = Reference::parse(name)?;
    let shown = asked.clone().or_latest().familiar();
    let reference = asked.canonical();
    table
        .references
        .get(&reference)
        .filter(|id| table.images.contains_key(id))
        .cloned()
        .or_else(|| by_own_digest(table, &reference))
        .or_else(|| by_prefix(table, name))
        .ok_or_else(|| missing(&shown))
}

/// `name@sha256:…` with the image's own id, if the image has that name.
fn by_own_digest(table: &ImageTable, reference: &Reference) -> Option<ImageId> {
    let digest = reference.digest()?;
    let named =
        |(other, id): (&Reference, &ImageId)| id == digest && other.name() == reference.name();
    table.references.iter().any(named).then(|| digest.clone())
}

/// Whether `text` is `id`, or a prefix of it, with or without `sha256:`.
pub fn is_id_prefix(id: &ImageId, text: &str) -> bool {
    !text.is_empty() && (id.as_str().starts_with(text) || id.hex().starts_with(text))
}

/// The only id that begins with `text`.
fn by_prefix(table: &ImageTable, text: &str) -> Option<ImageId> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    if !is_hex(digits) {
        return None;
    }
    let mut matching = table
        .images
        .keys()
        .filter(|id| id.hex().starts_with(digits));
    let first = matching.next()?;
    matching.next().is_none().then(|| first.clone())
}

fn missing(name: &str) -> Error {
    Error::not_found(format!("No such image: {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::images::ImageRecord;
    use jiff::Timestamp;

    fn table(images: &[(&str, &[&str])]) -> ImageTable {
        let mut table = ImageTable::default();
        for (hex, names) in images {
            let id = Digest::from_hex(hex).unwrap();
            table.images.insert(
                id.clone(),
                ImageRecord {
                    added: Timestamp::UNIX_EPOCH,
                    created: None,
                    last_tagged: None,
                    parent: None,
                    chain: Vec::new(),
                    size: 0,
                    lost: Vec::new(),
                },
            );
            for name in *names {
                let name = Reference::parse(name).unwrap();
                table.tag(name, &id, Timestamp::UNIX_EPOCH);
            }
        }
        table
    }

    #[test]
    fn names_ids_and_prefixes_find_an_image() {
        let a = format!("cafe{}", "0".repeat(60));
        let b = format!("caff{}", "1".repeat(60));
        let table = table(&[(&a, &["busybox:latest"]), (&b, &["cafe:latest", "h:5/x:1"])]);
        let check = |name: &str, expected: &str| {
            assert_eq!(find_id(&table, name).unwrap().hex(), expected, "{name}");
        };
        check("busybox", &a);
        check("docker.io/library/busybox:latest", &a);
        check("h:5/x:1", &b);
        check(&a, &a);
        check(&format!("sha256:{b}"), &b);
        check("caff", &b);
        check("sha256:caff", &b);
        check("cafe", &b);
        check("cafe0", &a);
    }

    #[test]
    fn a_digest_says_more_than_a_tag() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let digest = Digest::of(b"manifest");
        let by_digest = format!("app@{digest}");
        let table = table(&[(&a, &["app:1", &by_digest]), (&b, &["app:2"])]);
        let check = |name: &str, expected: Option<&str>| {
            let found = find_id(&table, name).ok();
            assert_eq!(found.as_ref().map(|id| id.hex()), expected, "{name}");
        };
        check(&by_digest, Some(&a));
        check(&format!("app:1@{digest}"), Some(&a));
        check(&format!("app:2@{digest}"), Some(&a));
        check(&format!("app@sha256:{b}"), Some(&b));
        check(&format!("other@{digest}"), None);
        check(&format!("other@sha256:{b}"), None);
        check(&format!("app@{}", Digest::of(b"other")), None);
    }

    #[test]
    fn what_is_not_there_is_named_as_docker_names_it() {
        let table = table(&[
            (&"ab".repeat(32), &[]),
            (&format!("ab{}", "0".repeat(62)), &[]),
        ]);
        let check = |name: &str, message: &str| {
            assert_eq!(find_id(&table, name).unwrap_err().message(), message);
        };
        check("nosuch", "No such image: nosuch:latest");
        check("a/b:1", "No such image: a/b:1");
        check("ab", "No such image: ab:latest");
        let hex = "0".repeat(64);
        check(&hex, &format!("No such image: sha256:{hex}"));
        check("", "invalid reference format");
        check(
            "Nosuch",
            "invalid reference format: repository name (library/Nosuch) must be lowercase",
        );
    }
}
