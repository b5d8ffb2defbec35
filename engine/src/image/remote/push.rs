//! `docker push`: an image here → a name at a registry.
//!
//! **What Docker does.** Five layers at a time are uploaded, unless the registry has them, in this repository or in
//! another one that we know of; then the configuration; the manifest last, so that the name never refers to an
//! incomplete image.
//! **What we do.** The same. An image that was pulled is pushed with its original manifest, byte by byte, as long as
//! its blobs are here, so its digest stays; any other image gets Docker's manifest, of schema 2.
//! **Try it.** `docker push localhost:5000/hello`, then `docker tag` it into another repository and push again.
//! **Lesson.** `registries`

mod layer;

use super::auth::Scope;
use super::connect::connect;
use super::event::TransferEvent;
use super::http::{Call, Client, Content};
use super::manifest::{DOCKER_CONFIG, DOCKER_LAYER_GZIP};
use super::pull::Observer;
use super::upload::Upload;
use super::{PushRequest, Pushed, Remote};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::image::parse_config;
use crate::oci::descriptor::{DOCKER_MANIFEST, Descriptor};
use crate::oci::digest::{Digest, ImageId};
use crate::oci::manifest::Manifest;
use crate::oci::reference::Reference;
use crate::paths::Home;
use crate::store::distribution::{self, Form};
use crate::store::{blobs, images, layers};
use layer::Planned;
use serde::Serialize;
use serde_json::json;
use serde_json::ser::{PrettyFormatter, Serializer};
use ureq::http::Method;

impl Engine {
    /// Pushes images to a registry. Layers without a compressed form are packed, and keep that form.
    ///
    /// The process must be single-threaded, as for [`Engine::pull`].
    ///
    /// # Errors
    /// Docker's, for a name that no image here has, an unreachable registry, and one that refuses the image.
    pub fn push(
        &self,
        request: &PushRequest,
        remote: &Remote,
        observer: &mut Observer<'_>,
    ) -> Result<Vec<Pushed>> {
        self.reach_all_files();
        let pushed = push(self, request, remote, observer)?;
        for one in &pushed {
            let image = self.image(&one.reference.to_string())?;
            self.note(
                ObjectKind::Image,
                Action::Push,
                image.id.as_str(),
                json!({
                    "name": one.reference.familiar(),
                    "digest": one.digest.as_str(),
                    "uploaded": one.uploaded,
                    "skipped": one.existing,
                    "mounted": one.mounted,
                }),
            );
        }
        Ok(pushed)
    }
}

/// Pushes what `request` names. The caller is root (of a namespace, perhaps), and single-threaded, as it is afterwards.
///
/// # Errors
/// Docker's: `An image does not exist locally with the tag: x`, `tag does not exist: x:1`, `denied: …`,
/// `unauthorized: …`, `no basic auth credentials`, `Get "https://…": …`.
pub(crate) fn push(
    engine: &Engine,
    request: &PushRequest,
    remote: &Remote,
    observer: &mut Observer<'_>,
) -> Result<Vec<Pushed>> {
    let asked = Reference::parse(&request.reference)?;
    if asked.digest().is_some() {
        return Err(Error::invalid("cannot push a digest reference"));
    }
    if request.all_tags && asked.tag().is_some() {
        return Err(Error::invalid("tag can't be used with --all-tags/-a"));
    }
    observer(TransferEvent::Pushing {
        repository: asked.name(),
    });
    // Held from the lookup in the table until the last layer is read.
    let _kept = engine.keep_content()?;
    let chosen = choose(engine, &asked, request.all_tags)?;
    let client = connect(remote, asked.domain())?;
    let mut pushed = Vec::new();
    for (reference, image) in chosen {
        pushed.push(one(engine, &client, reference, &image, observer)?);
    }
    Ok(pushed)
}

/// The requested names, and their images.
fn choose(engine: &Engine, asked: &Reference, all_tags: bool) -> Result<Vec<(Reference, ImageId)>> {
    let table = images::read(&engine.sandbox)?;
    let tags: Vec<_> = table
        .references
        .into_iter()
        .filter(|(reference, _)| reference.name() == asked.name() && reference.tag().is_some())
        .collect();
    let name = asked.familiar_name();
    if tags.is_empty() {
        return Err(Error::not_found(format!(
            "An image does not exist locally with the tag: {name}"
        ))
        .with_hint(format!("docker tag IMAGE {name} gives an image this name")));
    }
    if all_tags {
        return Ok(tags);
    }
    let wanted = asked.clone().or_latest();
    let found: Vec<_> = tags
        .iter()
        .filter(|(tag, _)| *tag == wanted)
        .cloned()
        .collect();
    if found.is_empty() {
        let there: Vec<_> = tags.iter().map(|(tag, _)| tag.familiar()).collect();
        let message = format!("tag does not exist: {}", wanted.familiar());
        return Err(Error::not_found(message).with_hint(format!("there is {}", there.join(", "))));
    }
    Ok(found)
}

/// Pushes one tag.
fn one(
    engine: &Engine,
    client: &Client,
    reference: Reference,
    image: &ImageId,
    observer: &mut Observer<'_>,
) -> Result<Pushed> {
    let home = &engine.home;
    let config = blobs::read(home, image)?;
    let diff_ids = parse_config(&config)?.rootfs.diff_ids;
    let kept = kept_manifest(home, client, &reference, image, &diff_ids)?;
    let chain = layers::chain(&diff_ids);
    let planned = diff_ids
        .iter()
        .zip(chain)
        .enumerate()
        .map(|(index, (diff_id, chain))| Planned {
            diff_id: diff_id.clone(),
            chain,
            form: match &kept {
                Some(kept) => kept.forms.get(index).cloned(),
                None => gzip_form(home, diff_id),
            },
        })
        .collect();
    let sent = layer::all(home, client, &reference, planned, observer)?;
    let upload = Upload {
        client,
        reference: &reference,
        digest: image,
        size: config.len() as u64,
        open: &|| Ok(Box::new(&config[..])),
    };
    upload.run(&[])?;
    let (media_type, manifest) = match kept {
        Some(kept) => (kept.media_type, kept.bytes),
        None => (
            DOCKER_MANIFEST.to_owned(),
            docker_manifest(image, config.len() as u64, &sent.forms)?,
        ),
    };
    put_manifest(client, &reference, &media_type, &manifest)?;
    let digest = distribution::keep_manifest(home, image, &media_type, &manifest)?;
    images::update(&engine.sandbox, |table| {
        // A pushed image is also known by its digest from now on; this does not count as a new name.
        let name = reference.with_digest(digest.clone());
        table.references.insert(name, image.clone());
        Ok(())
    })?;
    let (tag, size) = (
        reference.tag().unwrap_or_default().to_owned(),
        manifest.len() as u64,
    );
    observer(TransferEvent::Pushed {
        tag,
        digest: digest.clone(),
        size,
    });
    Ok(Pushed {
        reference,
        digest,
        size,
        uploaded: sent.uploaded,
        existing: sent.existing,
        mounted: sent.mounted,
        bytes: sent.bytes,
    })
}

/// A manifest that can be pushed unchanged.
struct Kept {
    media_type: String,
    bytes: Vec<u8>,
    forms: Vec<Form>,
}

/// The latest manifest of `image` whose layers are all available in the form that it names, here or at the registry. A
/// layer that was already here when the image was pulled was not downloaded in that form, but the image's registry may
/// have it.
fn kept_manifest(
    home: &Home,
    client: &Client,
    reference: &Reference,
    image: &ImageId,
    diff_ids: &[Digest],
) -> Result<Option<Kept>> {
    'manifests: for kept in known_manifests(home, image, diff_ids) {
        for form in kept.forms.iter().filter(|form| !form.is_here(home)) {
            let upload = Upload {
                client,
                reference,
                digest: &form.digest,
                size: form.size,
                open: &|| Err(Error::internal("a blob that is not here is not sent")),
            };
            if upload.find(&layer::elsewhere(form, reference))?.is_none() {
                continue 'manifests;
            }
        }
        return Ok(Some(kept));
    }
    Ok(None)
}

/// The stored manifests of `image`, with the forms of its layers.
fn known_manifests(home: &Home, image: &ImageId, diff_ids: &[Digest]) -> Vec<Kept> {
    let manifests = distribution::manifests(home, image).into_iter();
    let kept = manifests.filter_map(|known| {
        let bytes = blobs::read(home, &known.digest).ok()?;
        let manifest: Manifest = serde_json::from_slice(&bytes).ok()?;
        if manifest.config.digest != *image || manifest.layers.len() != diff_ids.len() {
            return None;
        }
        let form_of = |(descriptor, diff_id): (&Descriptor, &Digest)| {
            let mut forms = distribution::forms(home, diff_id).into_iter();
            forms.find(|form| form.digest == descriptor.digest && form.size == descriptor.size)
        };
        let both = manifest.layers.iter().zip(diff_ids);
        Some(Kept {
            media_type: known.media_type,
            bytes,
            forms: both.map(form_of).collect::<Option<_>>()?,
        })
    });
    kept.collect()
}

/// The layer as gzip, which Docker's own manifests use.
fn gzip_form(home: &Home, diff_id: &Digest) -> Option<Form> {
    let forms = distribution::forms(home, diff_id).into_iter();
    forms
        .filter(|form| form.media_type.ends_with("gzip"))
        .find(|form| form.is_here(home))
}

/// The manifest exactly as Docker writes it, so the same image has the same digest.
/// Source: distribution `manifest/schema2/manifest.go`.
fn docker_manifest(image: &ImageId, config_size: u64, forms: &[Form]) -> Result<Vec<u8>> {
    let descriptor = |media_type: &str, digest: &Digest, size: u64| json!({ "mediaType": media_type, "size": size, "digest": digest });
    let layers: Vec<_> = forms
        .iter()
        .map(|form| descriptor(DOCKER_LAYER_GZIP, &form.digest, form.size))
        .collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": descriptor(DOCKER_CONFIG, image, config_size),
        "layers": layers,
    });
    let mut bytes = Vec::new();
    let mut serializer =
        Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"   "));
    manifest
        .serialize(&mut serializer)
        .map_err(|error| Error::internal("cannot write a manifest").with_source(error))?;
    Ok(bytes)
}

fn put_manifest(
    client: &Client,
    reference: &Reference,
    media_type: &str,
    bytes: &[u8],
) -> Result<()> {
    let (path, tag) = (reference.path(), reference.tag().unwrap_or_default());
    let url = client.at(&format!("/v2/{path}/manifests/{tag}"));
    let mut call = Call::new(Method::PUT, url, Scope::push(path)).with("content-type", media_type);
    call.content = Content::Bytes(bytes);
    let answer = client.send(&call)?;
    match answer.is_success() {
        true => Ok(()),
        false => Err(answer.problem().pushing(reference, client.auth.user())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_written_as_docker_writes_it() {
        let form = Form {
            digest: Digest::of(b"layer"),
            size: 12,
            media_type: "other".to_owned(),
            sources: Vec::new(),
        };
        let bytes = docker_manifest(&Digest::of(b"config"), 7, &[form]).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
   "config": {
      "mediaType": "application/vnd.docker.container.image.v1+json",
      "size": 7,
      "digest": "sha256:b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e8e343910"
   },
   "layers": [
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 12,
         "digest": "sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85"
      }
   ]
}"#
        );
    }
}
