//! The content of a manifest: its kind, the blobs and manifests it needs, and its subject.
//!
//! Source: OCI image specification, `manifest.md` and `image-index.md`; Docker's have the same shape.

use crate::error::{Code, Fault, Result};
use engine::oci::descriptor::{DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, Descriptor, INDEX, MANIFEST};
use engine::oci::digest::Digest;
use engine::oci::manifest::{Index, Manifest};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A parsed manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// Its media type, without parameters.
    pub media_type: String,
    /// Blobs that its repository must have.
    pub blobs: Vec<Digest>,
    /// Manifests that its repository must have.
    pub manifests: Vec<Digest>,
    /// The manifest it refers to.
    pub subject: Option<Digest>,
}

/// The fields that the image types leave out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extra {
    media_type: Option<String>,
    artifact_type: Option<String>,
    subject: Option<Descriptor>,
    config: Option<Config>,
    layers: Vec<Layer>,
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    media_type: String,
}

/// A layer with URLs is fetched from those and need not be in a registry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Layer {
    urls: Vec<String>,
}

/// Parses a manifest sent as `content_type`. Error: `MANIFEST_INVALID`, with the reason.
pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Contents> {
    let invalid = |why: String| Fault::saying(Code::ManifestInvalid, why);
    let extra: Extra = serde_json::from_slice(bytes)
        .map_err(|error| invalid(format!("manifest invalid: {error}")))?;
    let sent = content_type.map(|kind| kind.split(';').next().unwrap_or(kind).trim().to_owned());
    let kind = match (sent.filter(|kind| !kind.is_empty()), extra.media_type) {
        (Some(sent), Some(own)) if sent != own => {
            return Err(invalid(format!(
                "manifest invalid: it was sent as `{sent}` and says that it is `{own}`"
            )));
        }
        (Some(kind), _) | (None, Some(kind)) => kind,
        (None, None) => {
            return Err(invalid(
                "manifest invalid: it does not say what it is".to_owned(),
            ));
        }
    };
    let not_two = || invalid("manifest invalid: its schemaVersion is not 2".to_owned());
    let unreadable = |error: serde_json::Error| invalid(format!("manifest invalid: {error}"));
    let mut contents = Contents {
        subject: extra.subject.map(|subject| subject.digest),
        media_type: kind,
        blobs: Vec::new(),
        manifests: Vec::new(),
    };
    match contents.media_type.as_str() {
        MANIFEST | DOCKER_MANIFEST => {
            let manifest: Manifest = serde_json::from_slice(bytes).map_err(unreadable)?;
            if manifest.schema_version != 2 {
                return Err(not_two());
            }
            let layers = manifest.layers.into_iter().zip(extra.layers);
            let here = layers.filter(|(_, extra)| extra.urls.is_empty());
            contents.blobs = here.map(|(layer, _)| layer.digest).collect();
            contents.blobs.push(manifest.config.digest);
        }
        INDEX | DOCKER_MANIFEST_LIST => {
            let index: Index = serde_json::from_slice(bytes).map_err(unreadable)?;
            if index.schema_version != 2 {
                return Err(not_two());
            }
            contents.manifests = index.manifests.into_iter().map(|one| one.digest).collect();
        }
        other => {
            return Err(invalid(format!(
                "manifest invalid: `{other}` is not a known kind of manifest"
            )));
        }
    }
    Ok(contents)
}

/// The hex digests of everything that a stored manifest names; empty if it cannot be read.
pub(crate) fn needs(bytes: &[u8]) -> Vec<String> {
    match parse(None, bytes)
        .or_else(|_| parse(Some(MANIFEST), bytes))
        .or_else(|_| parse(Some(INDEX), bytes))
    {
        Ok(contents) => {
            let all = contents.blobs.into_iter().chain(contents.manifests);
            all.map(|digest| digest.hex().to_owned()).collect()
        }
        Err(_) => Vec::new(),
    }
}

/// The entry of this manifest in a list of referrers, and its artifact type.
/// Source: OCI distribution specification, § Listing Referrers.
pub(crate) fn described(media_type: &str, digest: &Digest, bytes: &[u8]) -> (Value, String) {
    let extra: Extra = serde_json::from_slice(bytes).unwrap_or_default();
    let config = extra.config.unwrap_or_default().media_type;
    let kind = extra.artifact_type.unwrap_or(config);
    let mut value = json!({ "mediaType": media_type, "size": bytes.len(), "digest": digest });
    if !kind.is_empty() {
        value["artifactType"] = json!(kind);
    }
    if !extra.annotations.is_empty() {
        value["annotations"] = json!(extra.annotations);
    }
    (value, kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::oci::descriptor::{CONFIG, LAYER_GZIP};

    fn manifest(media_type: Option<&str>) -> Value {
        let mut value = json!({
            "schemaVersion": 2,
            "config": Descriptor::new(CONFIG, Digest::of(b"c"), 1),
            "layers": [Descriptor::new(LAYER_GZIP, Digest::of(b"l"), 1)],
        });
        if let Some(kind) = media_type {
            value["mediaType"] = json!(kind);
        }
        value
    }

    #[track_caller]
    fn check(content_type: Option<&str>, value: &Value, expected: Result<&str, &str>) {
        match (parse(content_type, value.to_string().as_bytes()), expected) {
            (Ok(found), Ok(kind)) => assert_eq!(found.media_type, kind),
            (Err(fault), Err(word)) => {
                let text = String::from_utf8_lossy(fault.answer().bytes()).into_owned();
                assert!(text.contains(word), "{text}");
            }
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn header_and_manifest_must_agree_on_the_kind() {
        check(Some(MANIFEST), &manifest(None), Ok(MANIFEST));
        check(
            Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8"),
            &manifest(None),
            Ok(MANIFEST),
        );
        check(None, &manifest(Some(DOCKER_MANIFEST)), Ok(DOCKER_MANIFEST));
        check(
            Some(MANIFEST),
            &manifest(Some(DOCKER_MANIFEST)),
            Err("was sent as"),
        );
        check(None, &manifest(None), Err("does not say what it is"));
        check(
            Some("application/json"),
            &manifest(None),
            Err("is not a known kind"),
        );
        check(
            Some(MANIFEST),
            &json!({ "schemaVersion": 2 }),
            Err("config"),
        );
        check(Some(MANIFEST), &json!([]), Err("MANIFEST_INVALID"));
        let mut old = manifest(None);
        old["schemaVersion"] = json!(1);
        check(Some(MANIFEST), &old, Err("schemaVersion"));
    }

    #[test]
    fn it_needs_its_configuration_and_the_layers_without_urls() {
        let mut value = manifest(None);
        let mut foreign = json!(Descriptor::new(LAYER_GZIP, Digest::of(b"f"), 1));
        foreign["urls"] = json!(["https://example.org/f"]);
        value["layers"].as_array_mut().unwrap().push(foreign);
        value["subject"] = json!(Descriptor::new(MANIFEST, Digest::of(b"s"), 1));
        let found = parse(Some(MANIFEST), value.to_string().as_bytes()).unwrap();
        assert_eq!(found.blobs, [Digest::of(b"l"), Digest::of(b"c")]);
        assert_eq!(found.subject, Some(Digest::of(b"s")));
    }
}
