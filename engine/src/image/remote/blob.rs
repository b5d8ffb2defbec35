//! Downloads a blob: counted and hashed as it passes, and resumed where it broke off.
//!
//! **What Docker does.** An interrupted layer is requested again, from where it stopped (`Range`), five times.
//! **What we do.** The same; a server that sends more bytes than it announced, or different ones, is refused.
//! Source: OCI distribution specification, § Pulling blobs; RFC 7233.

use super::auth::Scope;
use super::event::LayerStatus;
use super::http::{Again, Answer, Call, Client};
use crate::error::{Error, ErrorKind, IoContext, Result};
use crate::oci::descriptor::Descriptor;
use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use crate::tree::hasher::Hasher;
use std::fs::File;
use std::io::{self, Read, Write};

/// The most times that a blob is resumed, even if each attempt makes progress.
const MOST_BREAKS: u32 = 100;
/// Bytes between two reports.
const REPORT: u64 = 256 << 10;

/// The blob that a descriptor names, in the repository of a reference: its bytes as they arrive. They are unverified until
/// [`Blob::finish`].
pub(super) struct Blob<'a> {
    client: &'a Client,
    reference: &'a Reference,
    descriptor: &'a Descriptor,
    tell: &'a dyn Fn(LayerStatus),
    /// Gets a copy of the bytes.
    copy: Option<&'a File>,
    /// The answer that is being read.
    body: Option<Box<dyn Read>>,
    /// Bytes so far.
    have: u64,
    told: u64,
    hash: Hasher,
    /// Attempts that failed since the last byte, and in total.
    failures: u32,
    breaks: u32,
    failed: Option<Error>,
}

enum Ended {
    /// It can be resumed.
    Broken(Error),
    /// It cannot be resumed.
    For(Error),
}

impl<'a> Blob<'a> {
    pub(super) fn new(
        client: &'a Client,
        reference: &'a Reference,
        descriptor: &'a Descriptor,
        tell: &'a dyn Fn(LayerStatus),
        copy: Option<&'a File>,
    ) -> Self {
        Self {
            client,
            reference,
            descriptor,
            tell,
            copy,
            body: None,
            have: 0,
            told: 0,
            hash: Hasher::new(),
            failures: 0,
            breaks: 0,
            failed: None,
        }
    }

    /// `used`, the result of the blob's reader, if all bytes came and are right. A reader that found something wrong in
    /// wrong bytes is not the cause.
    pub(super) fn finish<T>(mut self, used: Result<T>) -> Result<T> {
        let by_machine = matches!(&used, Err(error) if error.kind() == ErrorKind::Io);
        if self.failed.is_none() && !by_machine {
            // A failure is kept.
            let _ = io::copy(&mut self, &mut io::sink());
        }
        if let Some(error) = self.failed {
            return Err(error);
        }
        if by_machine {
            return used;
        }
        (self.tell)(LayerStatus::VerifyingChecksum);
        match Digest::from_hash(&self.hash.finish().0) == self.descriptor.digest {
            true => used,
            false => Err(Error::invalid(format!(
                "filesystem layer verification failed for digest {}",
                self.descriptor.digest
            ))
            .with_hint(
                "the registry, or somebody on the way, sent other bytes; nothing of them was kept",
            )),
        }
    }

    /// Reads some bytes; after a break, from where it broke off.
    fn go_on(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            if self.client.wires.is_given_up() {
                return Err(Error::invalid("another layer failed"));
            }
            let broken = match self.receive(buffer) {
                Ok(count) => return Ok(count),
                Err(Ended::For(error)) => return Err(error),
                Err(Ended::Broken(error)) => error,
            };
            self.body = None;
            self.failures += 1;
            self.breaks += 1;
            if self.failures > self.client.wires.patience().retries || self.breaks > MOST_BREAKS {
                return Err(broken.with_hint(
                    "layers that came whole are kept; docker pull goes on with the others",
                ));
            }
            let delay = self.client.delay(self.failures - 1);
            (self.tell)(LayerStatus::Retrying {
                seconds: delay.as_millis().div_ceil(1000) as u64,
            });
            self.client.wires.pause(delay)?;
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> std::result::Result<usize, Ended> {
        let descriptor = self.descriptor;
        let (total, digest) = (descriptor.size, &descriptor.digest);
        let broken = |error: io::Error| broken(digest, error);
        if self.body.is_none() {
            if self.have == total && total > 0 {
                return Ok(0);
            }
            self.body = Some(self.request()?);
        }
        let count = match self.body.as_mut().map(|body| body.read(buffer)) {
            Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
                return self.receive(buffer);
            }
            Some(read) => read.map_err(broken)?,
            None => 0,
        };
        if count == 0 {
            return match self.have == total {
                true => Ok(0),
                false => Err(broken(io::ErrorKind::UnexpectedEof.into())),
            };
        }
        self.have += count as u64;
        if self.have > total {
            let message =
                format!("blob {digest} is longer than the {total} bytes that were announced");
            return Err(Ended::For(Error::invalid(message)));
        }
        self.failures = 0;
        self.hash.update(&buffer[..count]);
        if let Some(mut file) = self.copy {
            file.write_all(&buffer[..count])
                .on("write", "a blob")
                .map_err(Ended::For)?;
        }
        if self.have - self.told >= REPORT || self.have == total {
            self.told = self.have;
            (self.tell)(LayerStatus::Downloading {
                done: self.have,
                total,
            });
        }
        Ok(count)
    }

    /// Asks for the missing bytes.
    fn request(&self) -> std::result::Result<Box<dyn Read>, Ended> {
        let (path, digest) = (self.reference.path(), &self.descriptor.digest);
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
        // A server without range support sends the blob from the beginning.
        let skipped = io::copy(&mut (&mut body).take(skip), &mut io::sink());
        match skipped.map_err(|error| broken(digest, error))? == skip {
            true => Ok(Box::new(body)),
            false => Err(broken(digest, io::ErrorKind::UnexpectedEof.into())),
        }
    }
}

impl Read for Blob<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed.is_none() && !buffer.is_empty() {
            match self.go_on(buffer) {
                Ok(count) => return Ok(count),
                Err(error) => self.failed = Some(error),
            }
        }
        match self.failed {
            Some(_) => Err(io::Error::other("the download failed")),
            None => Ok(0),
        }
    }
}

fn broken(digest: &Digest, error: io::Error) -> Ended {
    let message = format!("the download of blob {digest} broke off");
    Ended::Broken(Error::new(ErrorKind::Io, message).with_source(error))
}

/// Reads a small blob into memory.
pub(super) fn read(
    client: &Client,
    reference: &Reference,
    descriptor: &Descriptor,
) -> Result<Vec<u8>> {
    let mut blob = Blob::new(client, reference, descriptor, &|_| {}, None);
    let mut bytes = Vec::new();
    let read = blob.read_to_end(&mut bytes).on("read", "a blob");
    blob.finish(read.map(|_| bytes))
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
