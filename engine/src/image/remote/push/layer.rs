//! Uploads the layers of an image, five at a time.

use crate::error::{Error, IoContext, Result};
use crate::image::layer::pack_gzip;
use crate::image::remote::event::{LayerStatus, TransferEvent};
use crate::image::remote::http::Client;
use crate::image::remote::manifest::DOCKER_LAYER_GZIP;
use crate::image::remote::parallel::{self, News};
use crate::image::remote::pull::Observer;
use crate::image::remote::transport::Wires;
use crate::image::remote::upload::{Outcome, Upload};
use crate::oci::digest::Digest;
use crate::oci::reference::{OFFICIAL_NAMESPACE, Reference};
use crate::paths::Home;
use crate::store::distribution::{self, Form};
use crate::store::{blobs, layers};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

/// Layers that are uploaded at the same time, as in Docker.
const AT_ONCE: usize = 5;
/// The most repositories that are asked for a blob before it is sent.
const MOST_MOUNTS: usize = 3;
/// Bytes between two reports.
const REPORT: u64 = 256 << 10;

/// A layer to be pushed to a repository.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) diff_id: Digest,
    pub(super) chain: String,
    /// The form to send; if there is none, the layer is packed.
    pub(super) form: Option<Form>,
}

/// Counts of a push.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The form of each layer in the repository, lowest first.
    pub(super) forms: Vec<Form>,
    pub(super) uploaded: usize,
    pub(super) existing: usize,
    pub(super) mounted: usize,
    pub(super) bytes: u64,
}

struct Work<'a> {
    home: &'a Home,
    client: &'a Client,
    reference: &'a Reference,
    /// Packing two layers at once would take more memory.
    packing: Mutex<()>,
}

/// Uploads all layers.
pub(super) fn all(
    home: &Home,
    client: &Client,
    reference: &Reference,
    planned: Vec<Planned>,
    observer: &mut Observer<'_>,
) -> Result<Sent> {
    let order: Vec<Digest> = planned.iter().map(|layer| layer.diff_id.clone()).collect();
    let mut layers: Vec<Planned> = Vec::new();
    for layer in planned.into_iter().rev() {
        if layers.iter().all(|known| known.diff_id != layer.diff_id) {
            layers.push(layer);
        }
    }
    let mut tell = |layer: &Planned, status| {
        observer(TransferEvent::Layer {
            id: layer.diff_id.short().to_owned(),
            status,
        });
    };
    layers
        .iter()
        .for_each(|layer| tell(layer, LayerStatus::Preparing));
    layers
        .iter()
        .skip(AT_ONCE)
        .for_each(|layer| tell(layer, LayerStatus::Waiting));
    let work = Work {
        home,
        client,
        reference,
        packing: Mutex::new(()),
    };
    let mut done: HashMap<Digest, (Form, Outcome)> = HashMap::new();
    let send = |layer: &Planned, tell: &dyn Fn(LayerStatus)| work.send(layer, tell);
    parallel::each(&client.wires, &layers, AT_ONCE, send, |layer, news| {
        match news {
            News::Status(status) => tell(layer, status),
            News::Done(one) => drop(done.insert(layer.diff_id.clone(), one)),
        }
        Ok(())
    })?;
    let mut sent = Sent::default();
    for (form, outcome) in done.values() {
        match outcome {
            Outcome::Sent => {
                sent.uploaded += 1;
                sent.bytes += form.size;
            }
            Outcome::Existed => sent.existing += 1,
            Outcome::Mounted(_) => sent.mounted += 1,
        }
    }
    for diff_id in order {
        let form = match done.get(&diff_id) {
            Some((form, _)) => form.clone(),
            None => return Err(Error::internal("a layer was not pushed")),
        };
        sent.forms.push(form);
    }
    Ok(sent)
}

impl Work<'_> {
    fn send(&self, layer: &Planned, tell: &dyn Fn(LayerStatus)) -> Result<(Form, Outcome)> {
        let form = match &layer.form {
            Some(form) => form.clone(),
            None => self.pack(layer)?,
        };
        let path = blobs::path(self.home, &form.digest);
        let open = || {
            Ok(Box::new(Counted {
                file: File::open(&path).on("read", &path)?,
                done: 0,
                told: 0,
                total: form.size,
                wires: &self.client.wires,
                tell,
            }) as Box<dyn Read + '_>)
        };
        let upload = Upload {
            client: self.client,
            reference: self.reference,
            digest: &form.digest,
            size: form.size,
            open: &open,
        };
        let outcome = upload.run(&elsewhere(&form, self.reference))?;
        let known = Form {
            sources: vec![self.reference.name()],
            ..form.clone()
        };
        distribution::note_form(self.home, &layer.diff_id, &known)?;
        tell(match &outcome {
            Outcome::Sent => LayerStatus::Pushed,
            Outcome::Existed => LayerStatus::LayerAlreadyExists,
            Outcome::Mounted(from) => LayerStatus::MountedFrom(from.clone()),
        });
        Ok((form, outcome))
    }

    fn pack(&self, layer: &Planned) -> Result<Form> {
        let _turn = self.packing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.client.wires.is_given_up() {
            return Err(Error::invalid("another layer failed"));
        }
        let layer = layers::read(self.home, &layer.chain)?;
        pack_gzip(self.home, &layer, DOCKER_LAYER_GZIP)
    }
}

/// The other repositories of the registry of `reference` that may have `form`, without their registry. Few are asked,
/// so the ones most likely to be readable come first: official ones, then those of the same account.
pub(super) fn elsewhere(form: &Form, reference: &Reference) -> Vec<String> {
    let (repository, domain) = (reference.name(), format!("{}/", reference.domain()));
    let account = |path: &str| path.split_once('/').map(|(account, _)| account.to_owned());
    let own = account(reference.path());
    let others = form.sources.iter().filter(|source| **source != repository);
    let mut others: Vec<String> = others
        .filter_map(|source| source.strip_prefix(&domain).map(str::to_owned))
        .collect();
    others.sort_by_key(|path| match account(path) {
        Some(account) if account == OFFICIAL_NAMESPACE => 0,
        account if account == own => 1,
        _ => 2,
    });
    others.truncate(MOST_MOUNTS);
    others
}

/// A blob that reports how far it has been read.
struct Counted<'a> {
    file: File,
    done: u64,
    told: u64,
    total: u64,
    wires: &'a Wires,
    tell: &'a dyn Fn(LayerStatus),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.wires.is_given_up() {
            return Err(io::Error::other("another layer failed"));
        }
        let count = self.file.read(buffer)?;
        self.done += count as u64;
        if self.done - self.told >= REPORT || (self.done == self.total && self.told < self.done) {
            self.told = self.done;
            (self.tell)(LayerStatus::Pushing {
                done: self.done,
                total: self.total,
            });
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_looked_for_where_it_may_be_read_first() {
        let form = Form {
            digest: Digest::of(b"x"),
            size: 1,
            media_type: DOCKER_LAYER_GZIP.to_owned(),
            sources: [
                "docker.io/bob/a",
                "docker.io/carol/b",
                "localhost:5000/alice/c",
                "docker.io/alice/d",
                "docker.io/alice/hello",
                "docker.io/library/busybox",
            ]
            .map(str::to_owned)
            .into(),
        };
        let check = |name: &str, expected: &[&str]| {
            let reference = Reference::parse(name).unwrap();
            assert_eq!(elsewhere(&form, &reference), expected, "{name}");
        };
        check("alice/hello", &["library/busybox", "alice/d", "bob/a"]);
        check("dave/x", &["library/busybox", "bob/a", "carol/b"]);
        check("localhost:5000/x", &["alice/c"]);
    }
}
