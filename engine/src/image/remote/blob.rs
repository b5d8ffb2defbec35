//! Downloads a blob: counted and hashed as it passes, and resumed where it broke off.
//!
//! **What Docker does.** An interrupted layer is requested again, from where it stopped (`Range`), five times.
//! **What we do.** The same; a server that sends more bytes than it announced, or different ones, is refused.
//! Source: OCI distribution specification, § Pulling blobs; RFC 7233.

use super::auth::Scope;
use super::event::LayerStatus;
use super::http::{Again, Answer, Call, Client};
use crate::error::{Error, ErrorKind, Result};
use crate::oci::descriptor::Descriptor;
use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use crate::tree::hasher::Hasher;
use std::io::{self, Read};

/// The bytes in one chunk.
pub(super) const CHUNK: usize = 256 << 10;
/// The most times that a blob is resumed, even if each attempt makes progress.
const MOST_BREAKS: u32 = 100;

/// Takes the bytes of a blob. Its error stops the download.
pub(super) type Sink<'a> = dyn FnMut(Vec<u8>) -> Result<()> + 'a;

/// Fetches the blob that `descriptor` names from the repository of `reference`. When this returns, all bytes have been
/// passed to `sink` and their digest is right; until then they are unverified.
pub(super) fn fetch(
    client: &Client,
    reference: &Reference,
    descriptor: &Descriptor,
    sink: &mut Sink<'_>,
    tell: &dyn Fn(LayerStatus),
) -> Result<()> {
    let mut download = Download {
        client,
        reference,
        descriptor,
        have: 0,
        hash: Hasher::new(),
    };
    let (mut failures, mut breaks) = (0, 0);
    loop {
        let before = download.have;
        let broken = match download.go_on(sink, tell) {
            Ok(()) => break,
            Err(Ended::For(error)) => return Err(error),
            Err(Ended::Broken(error)) => error,
        };
        failures = if download.have > before {
            1
        } else {
            failures + 1
        };
        breaks += 1;
        if failures > client.wires.patience().retries || breaks > MOST_BREAKS {
            return Err(broken.with_hint(
                "layers that came whole are kept; docker pull goes on with the others",
            ));
        }
        let delay = client.delay(failures - 1);
        tell(LayerStatus::Retrying {
            seconds: delay.as_millis().div_ceil(1000) as u64,
        });
        client.wires.pause(delay)?;
    }
    tell(LayerStatus::VerifyingChecksum);
    let found = Digest::from_hash(&download.hash.finish().0);
    match found == descriptor.digest {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "filesystem layer verification failed for digest {}",
            descriptor.digest
        ))
        .with_hint(
            "the registry, or somebody on the way, sent other bytes; nothing of them was kept",
        )),
    }
}

/// Reads a small blob into memory.
pub(super) fn read(
    client: &Client,
    reference: &Reference,
    descriptor: &Descriptor,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut sink = |chunk: Vec<u8>| {
        bytes.extend_from_slice(&chunk);
        Ok(())
    };
    fetch(client, reference, descriptor, &mut sink, &|_| {})?;
    Ok(bytes)
}

struct Download<'a> {
    client: &'a Client,
    reference: &'a Reference,
    descriptor: &'a Descriptor,
    /// Bytes passed on so far.
    have: u64,
    hash: Hasher,
}

enum Ended {
    /// It can be resumed.
    Broken(Error),
    /// It cannot be resumed.
    For(Error),
}

impl Download<'_> {
    /// Fetches the missing bytes.
    fn go_on(
        &mut self,
        sink: &mut Sink<'_>,
        tell: &dyn Fn(LayerStatus),
    ) -> std::result::Result<(), Ended> {
        let (total, digest) = (self.descriptor.size, &self.descriptor.digest);
        if self.have == total && total > 0 {
            return Ok(());
        }
        let path = self.reference.path();
        let url = self.client.at(&format!("/v2/{path}/blobs/{digest}"));
        let mut call = Call::get(url, Scope::pull(path));
        if self.have > 0 {
            call = call.with("range", format!("bytes={}-", self.have));
        }
        // A broken connection is not retried by `send`, but resumed here.
        call.again = Again::WhenBusy;
        let answer = self
            .client
            .send(&call)
            .map_err(|error| match error.kind() {
                ErrorKind::Io => Ended::Broken(error),
                _ => Ended::For(error),
            })?;
        let skip = match answer.status {
            200 => self.have,
            206 if starts_at(&answer, self.have) => 0,
            206 | 416 => {
                let message =
                    format!("the registry does not go on with blob {digest} where it stopped");
                return Err(Ended::For(Error::invalid(message)));
            }
            _ => return Err(Ended::For(answer.problem().pulling(self.reference))),
        };
        let mut body = answer.into_reader();
        let broken = |error: io::Error| {
            let message = format!("the download of blob {digest} broke off");
            Ended::Broken(Error::new(ErrorKind::Io, message).with_source(error))
        };
        // A server without range support sends the blob from the beginning.
        let skipped = io::copy(&mut (&mut body).take(skip), &mut io::sink()).map_err(broken)?;
        if skipped < skip {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            let read = (&mut body).take(CHUNK as u64).read_to_end(&mut chunk);
            let more = chunk.len() as u64;
            if self.have + more > total {
                let message =
                    format!("blob {digest} is longer than the {total} bytes that were announced");
                return Err(Ended::For(Error::invalid(message)));
            }
            if more > 0 {
                self.hash.update(&chunk);
                sink(chunk).map_err(Ended::For)?;
                self.have += more;
                tell(LayerStatus::Downloading {
                    done: self.have,
                    total,
                });
            }
            read.map_err(broken)?;
            if more < CHUNK as u64 {
                return match self.have == total {
                    true => Ok(()),
                    false => Err(broken(io::ErrorKind::UnexpectedEof.into())),
                };
            }
        }
    }
}

/// Whether `Content-Range: bytes 5-9/10` begins at our position.
fn starts_at(answer: &Answer, have: u64) -> bool {
    let range = answer.header("content-range").unwrap_or_default();
    let start = range
        .trim()
        .strip_prefix("bytes ")
        .and_then(|range| range.split('-').next());
    start.and_then(|start| start.trim().parse().ok()) == Some(have)
}
