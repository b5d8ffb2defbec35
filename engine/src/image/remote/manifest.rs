//! Manifests from a registry: verified before they are used.
//!
//! The digest is that of the bytes as received. A manifest states its type twice, in the header `Content-Type` and in
//! its field `mediaType`. If the two differ, or if it is a manifest and an index at once, a user could be shown one
//! image and run another (CVE-2021-41190), so it is refused.
//! Sources: OCI image specification `manifest.md`, `image-index.md`; distribution `manifest-v2-2.md`.

use super::auth::Scope;
use super::http::{Call, Client};
use super::platform::{Wanted, choose};
use crate::error::{Error, Result};
use crate::oci::descriptor::{
    CONFIG, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, Descriptor, INDEX, LAYER, LAYER_GZIP,
    LAYER_ZSTD, MANIFEST,
};
use crate::oci::digest::Digest;
use crate::oci::manifest::{Index, Manifest};
use crate::oci::reference::Reference;
use crate::store::blobs::LARGEST_IN_MEMORY;
use serde::Deserialize;
use serde_json::Value;

/// Docker's configuration of an image.
pub(super) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker's layer, gzip.
pub(super) const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const DOCKER_LAYERS: [&str; 3] = [
    DOCKER_LAYER_GZIP,
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
];
const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+";
/// How deep indexes within indexes are followed.
const DEEPEST_INDEX: u8 = 4;
/// The most layers of an image; overlayfs takes 128, and Docker's builder 127.
const MOST_LAYERS: usize = 500;

/// A manifest or an index.
#[derive(Debug, Clone, PartialEq)]
enum Document {
    Manifest(Manifest),
    Index(Index),
}

/// A manifest as received from a registry.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    pub(super) media_type: String,
    pub(super) manifest: Manifest,
    /// The digest that the name refers to: this manifest's, or that of the index that lists it.
    pub(super) top: Digest,
}

/// Reads the manifest that `reference` means for the platform `wanted`.
pub(super) fn get(client: &Client, reference: &Reference, wanted: &Wanted) -> Result<Received> {
    let name = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or_default().to_owned(),
    };
    let mut got = fetch(client, reference, &name, reference.digest(), None)?;
    let top = got.digest.clone();
    for _ in 0..=DEEPEST_INDEX {
        match got.document {
            Document::Manifest(manifest) => {
                return Ok(Received {
                    bytes: got.bytes,
                    media_type: got.media_type,
                    manifest,
                    top,
                });
            }
            Document::Index(index) => {
                let chosen = choose(&index.manifests, wanted)?;
                let digest = chosen.digest.to_string();
                got = fetch(
                    client,
                    reference,
                    &digest,
                    Some(&chosen.digest),
                    Some(chosen),
                )?;
            }
        }
    }
    Err(Error::invalid("an index lies too deep in other indexes"))
}

struct Fetched {
    bytes: Vec<u8>,
    digest: Digest,
    media_type: String,
    document: Document,
}

/// Reads one manifest or index by tag or digest, which must be `expected` if given.
fn fetch(
    client: &Client,
    reference: &Reference,
    name: &str,
    expected: Option<&Digest>,
    listed: Option<&Descriptor>,
) -> Result<Fetched> {
    let path = reference.path();
    let accept = [DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, MANIFEST, INDEX].join(", ");
    let call = Call::get(
        client.at(&format!("/v2/{path}/manifests/{name}")),
        Scope::pull(path),
    );
    let answer = client.send(&call.with("accept", accept)).map_err(|error| {
        match error.message().ends_with("no basic auth credentials") {
            true => error.with_hint(super::problem::login_hint(reference, "")),
            false => error,
        }
    })?;
    if !answer.is_success() {
        return Err(answer.problem().pulling(reference));
    }
    let content_type = answer.header("content-type").map(str::to_owned);
    let claimed = answer.header("docker-content-digest").map(str::to_owned);
    let bytes = answer.bytes(LARGEST_IN_MEMORY)?;
    let digest = Digest::of(&bytes);
    if let Some(expected) = expected.filter(|expected| **expected != digest) {
        return Err(Error::invalid(format!(
            "manifest verification failed for digest {expected}"
        )));
    }
    if let Some(claimed) =
        claimed.filter(|claimed| claimed.starts_with("sha256:") && *claimed != digest.as_str())
    {
        return Err(Error::invalid(format!(
            "manifest verification failed: the registry calls it {claimed:.100}, and it is {digest}"
        )));
    }
    if let Some(listed) = listed.filter(|listed| listed.size != bytes.len() as u64) {
        return Err(Error::invalid(format!(
            "manifest verification failed for digest {digest}: {} bytes came, and {} were announced",
            bytes.len(),
            listed.size
        )));
    }
    let (media_type, document) = read(&bytes, content_type.as_deref(), listed, reference)?;
    Ok(Fetched {
        bytes,
        digest,
        media_type,
        document,
    })
}

/// Parses a manifest or an index, and also returns its media type.
fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    listed: Option<&Descriptor>,
    reference: &Reference,
) -> Result<(String, Document)> {
    let unreadable =
        |error: serde_json::Error| Error::invalid("the manifest cannot be read").with_source(error);
    let value: Value = serde_json::from_slice(bytes).map_err(unreadable)?;
    let bare = content_type.map(|text| {
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase()
    });
    let is_telling = |text: &str| text.starts_with("application/vnd.");
    let header = bare.filter(|text| is_telling(text));
    let field = value
        .get("mediaType")
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty());
    let has = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
    if header
        .as_deref()
        .is_some_and(|text| text.starts_with(SCHEMA_1))
        || value.get("schemaVersion").and_then(Value::as_u64) == Some(1)
    {
        return Err(Error::unsupported(format!(
            "{} has a manifest of schema 1, which is not part of docklings; see docs/limits.md",
            reference.familiar()
        )));
    }
    if has("manifests") && (has("layers") || has("config") || has("fsLayers")) {
        return Err(Error::invalid(
            "the manifest is an index and an image at once",
        ));
    }
    let listed = listed
        .map(|listed| listed.media_type.as_str())
        .filter(|text| !text.is_empty());
    if let Some(field) = field {
        agreed(field, header.as_deref(), "its header")?;
        agreed(field, listed, "its index")?;
    }
    let implied = if has("manifests") { INDEX } else { MANIFEST };
    let media_type = field
        .or(header.as_deref())
        .or(listed)
        .unwrap_or(implied)
        .to_owned();
    let document = match media_type.as_str() {
        MANIFEST | DOCKER_MANIFEST if has("config") => {
            Document::Manifest(serde_json::from_value(value).map_err(unreadable)?)
        }
        INDEX | DOCKER_MANIFEST_LIST if has("manifests") => {
            Document::Index(serde_json::from_value(value).map_err(unreadable)?)
        }
        other => {
            return Err(Error::invalid(format!(
                "unsupported manifest media type {other:.100}"
            )));
        }
    };
    if let Document::Manifest(manifest) = &document {
        check(manifest)?;
    }
    Ok((media_type, document))
}

/// Error: the media type that `whose` gives for a manifest differs from its own field.
fn agreed(field: &str, said: Option<&str>, whose: &str) -> Result<()> {
    match said {
        Some(said) if said != field => Err(Error::invalid(format!(
            "the manifest says that it is {field:.100}, and {whose} says {said:.100}"
        ))),
        _ => Ok(()),
    }
}

/// Whether we support all parts that a manifest names.
fn check(manifest: &Manifest) -> Result<()> {
    let config = manifest.config.media_type.as_str();
    if !matches!(config, CONFIG | DOCKER_CONFIG) {
        return Err(
            Error::invalid(format!("unsupported media type {config:.100}"))
                .with_hint("what the registry has under this name is no image"),
        );
    }
    if manifest.config.size > LARGEST_IN_MEMORY {
        return Err(Error::invalid(format!(
            "a configuration of {} bytes is refused",
            manifest.config.size
        )));
    }
    if manifest.layers.len() > MOST_LAYERS {
        return Err(Error::invalid(format!(
            "an image of {} layers is refused",
            manifest.layers.len()
        )));
    }
    // The sum of the sizes must not overflow later.
    let mut sizes = manifest.layers.iter().map(|layer| layer.size);
    let total = sizes.try_fold(0, u64::checked_add);
    if total.is_none_or(|total| i64::try_from(total).is_err()) {
        return Err(Error::invalid(
            "the sizes of its layers are more than there can be",
        ));
    }
    for layer in &manifest.layers {
        let kind = layer.media_type.as_str();
        if kind.contains(".foreign.") || kind.contains(".nondistributable.") {
            return Err(Error::unsupported(format!(
                "layer {} lies outside of the registry ({kind:.100}), which is not part of docklings; see docs/limits.md",
                layer.digest.short()
            )));
        }
        if !matches!(kind, LAYER | LAYER_GZIP | LAYER_ZSTD) && !DOCKER_LAYERS.contains(&kind) {
            return Err(Error::invalid(format!(
                "unsupported media type {kind:.100}"
            )));
        }
    }
    Ok(())
}

/// The tags of a repository, as far as the registry lists them.
pub(super) fn tags(client: &Client, reference: &Reference) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default)]
        tags: Option<Vec<String>>,
    }
    let path = reference.path();
    let mut url = client.at(&format!("/v2/{path}/tags/list"));
    let mut tags = Vec::new();
    // The limit ends a list whose pages form a loop.
    for _ in 0..1000 {
        let answer = client.send(&Call::get(url.clone(), Scope::pull(path)))?;
        if !answer.is_success() {
            return Err(answer.problem().pulling(reference));
        }
        let next = answer
            .header("link")
            .and_then(next_page)
            .map(|link| url.join(&link))
            .transpose()?;
        let list: List =
            serde_json::from_slice(&answer.bytes(LARGEST_IN_MEMORY)?).map_err(|error| {
                Error::invalid("the list of tags cannot be read").with_source(error)
            })?;
        tags.extend(list.tags.unwrap_or_default());
        match next {
            Some(next) if next.same_origin(&url) => url = next,
            _ => break,
        }
    }
    Ok(tags)
}

/// The next page in `Link: </v2/x/tags/list?last=a&n=10>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    parameters.contains("next").then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest(layer: &str) -> Value {
        let digest = Digest::of(b"x");
        json!({
            "schemaVersion": 2,
            "config": { "mediaType": CONFIG, "digest": digest, "size": 2 },
            "layers": [{ "mediaType": layer, "digest": digest, "size": 1 }],
        })
    }

    fn with(mut value: Value, name: &str, field: Value) -> Value {
        value[name] = field;
        value
    }

    /// The media type, or the error.
    fn outcome(value: &Value, content_type: Option<&str>) -> std::result::Result<String, String> {
        let reference = Reference::parse("x:1").unwrap();
        read(value.to_string().as_bytes(), content_type, None, &reference)
            .map(|(media_type, _)| media_type)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn the_kinds_of_manifests_are_told_apart() {
        let ok = |value: &Value, content_type, expected: &str| {
            assert_eq!(
                outcome(value, content_type).as_deref(),
                Ok(expected),
                "{value}"
            );
        };
        let oci = manifest(LAYER_GZIP);
        ok(&oci, Some(MANIFEST), MANIFEST);
        ok(&oci, None, MANIFEST);
        ok(&oci, Some("application/json; charset=utf-8"), MANIFEST);
        ok(
            &with(oci, "mediaType", json!(MANIFEST)),
            Some("APPLICATION/vnd.oci.image.manifest.v1+json;x"),
            MANIFEST,
        );
        ok(
            &manifest(DOCKER_LAYER_GZIP),
            Some(DOCKER_MANIFEST),
            DOCKER_MANIFEST,
        );
        ok(&json!({"schemaVersion": 2, "manifests": []}), None, INDEX);
        ok(
            &json!({"schemaVersion": 2, "manifests": []}),
            Some(DOCKER_MANIFEST_LIST),
            DOCKER_MANIFEST_LIST,
        );
    }

    #[test]
    fn what_is_two_things_at_once_is_refused() {
        let no = |value: &Value, content_type, expected: &str| {
            let error = outcome(value, content_type).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        let oci = manifest(LAYER_GZIP);
        no(
            &with(oci.clone(), "mediaType", json!(INDEX)),
            Some(MANIFEST),
            "its header says",
        );
        no(
            &with(oci.clone(), "mediaType", json!(MANIFEST)),
            Some(DOCKER_MANIFEST),
            "its header says",
        );
        no(
            &with(oci.clone(), "manifests", json!([])),
            Some(MANIFEST),
            "at once",
        );
        no(&oci, Some(INDEX), "unsupported manifest media type");
        no(
            &json!({"schemaVersion": 2, "manifests": []}),
            Some(MANIFEST),
            "unsupported manifest media type",
        );
    }

    #[test]
    fn what_is_no_image_of_ours_is_refused_by_name() {
        let no = |value: &Value, content_type, expected: &str| {
            let error = outcome(value, content_type).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        no(
            &json!({"schemaVersion": 1, "fsLayers": []}),
            None,
            "x:1 has a manifest of schema 1",
        );
        no(
            &manifest(LAYER),
            Some("application/vnd.docker.distribution.manifest.v1+prettyjws"),
            "schema 1",
        );
        no(
            &manifest("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
            None,
            "lies outside of the registry",
        );
        no(
            &manifest("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
            None,
            "lies outside of the registry",
        );
        no(
            &manifest("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"),
            None,
            "unsupported media type",
        );
        let mut helm = manifest(LAYER);
        helm["config"]["mediaType"] = json!("application/vnd.cncf.helm.config.v1+json");
        no(
            &helm,
            None,
            "unsupported media type application/vnd.cncf.helm.config.v1+json",
        );
        let mut huge = manifest(LAYER);
        huge["config"]["size"] = json!(5 << 20);
        no(&huge, None, "a configuration of 5242880 bytes is refused");
        let mut many = manifest(LAYER);
        many["layers"] = json!(vec![many["layers"][0].clone(); 501]);
        no(&many, None, "501 layers");
        let mut heavy = manifest(LAYER);
        heavy["layers"] = json!(vec![heavy["layers"][0].clone(); 2]);
        heavy["layers"][1]["size"] = json!(u64::MAX);
        no(&heavy, None, "sizes of its layers");
        let mut strange = manifest(LAYER);
        strange["layers"][0]["digest"] = json!("sha256:../../etc/passwd");
        no(&strange, None, "the manifest cannot be read");
        no(&json!([]), None, "unsupported manifest media type");
    }

    #[test]
    fn the_next_page_is_where_the_link_leads() {
        assert_eq!(
            next_page("</v2/x/tags/list?n=1>; rel=\"next\"").as_deref(),
            Some("/v2/x/tags/list?n=1")
        );
        assert_eq!(next_page("</v2/x>; rel=prev"), None);
        assert_eq!(next_page("nonsense"), None);
    }
}
