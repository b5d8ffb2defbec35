//! A layer in the form in which it travels: packed and compressed once, and kept.
//!
//! **What Docker does.** Its classic store compresses a layer at each push that has to send it.
//! **What we do.** Building never compresses. The first push does, with as many threads as there are processors, and keeps the
//! blob beside its layer, so that the next push sends the same bytes. Each MiB becomes a gzip member of its own, which readers
//! of gzip join; the bytes do not depend on how many threads there were.
//! **Try it.** `docker push` twice, to two registries; `docklings where blobs`.
//! Source: RFC 1952, section 2.2.

use super::layer;
use crate::error::{Error, IoContext, Result};
use crate::oci::digest::Digest;
use crate::paths::Home;
use crate::store::blobs::Draft;
use crate::store::distribution::{self, Form};
use crate::store::layers::Layer;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

/// Bytes of a tar that are compressed at once.
const MEMBER: usize = 1 << 20;
/// Threads that compress.
const MOST_THREADS: usize = 8;

/// Packs `layer` as gzip, keeps the blob, and notes that there is it. The caller holds [`super::keep_content`].
/// `tell` hears how many bytes of the tar are done.
pub fn pack_gzip(
    home: &Home,
    layer: &Layer,
    media_type: &str,
    tell: &(dyn Fn(u64) + Sync),
) -> Result<Form> {
    let draft = Draft::new(home)?;
    let (digest, size) = compress(
        &mut |sink| layer::write_tar(home, layer, sink),
        &mut draft.file(),
        tell,
    )?;
    let form = Form {
        digest,
        size,
        media_type: media_type.to_owned(),
        sources: Vec::new(),
    };
    distribution::note_form(home, &layer.diff_id, &form)?;
    draft.publish(home, &form.digest)?;
    Ok(form)
}

/// Compresses what `produce` writes into `sink`; returns digest and length of that.
fn compress(
    produce: &mut (dyn FnMut(&mut dyn Write) -> Result<()> + Send),
    sink: &mut (dyn Write + Send),
    tell: &(dyn Fn(u64) + Sync),
) -> Result<(Digest, u64)> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS));
    let (work_sender, work) = mpsc::sync_channel::<Member>(threads);
    let (order_sender, order) = mpsc::sync_channel(2 * threads);
    let work = Mutex::new(work);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| compress_members(&work)))
            .collect();
        let writer = scope.spawn(move || write_members(&order, sink, tell));
        let mut cut = Cut {
            buffer: Vec::with_capacity(MEMBER),
            any: false,
            work: work_sender,
            order: order_sender,
        };
        let produced = produce(&mut cut).and_then(|()| cut.finish().on("pack", "a layer"));
        drop(cut);
        let panicked = workers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .any(|end| end.is_err());
        let written = writer.join();
        match (written, produced) {
            _ if panicked => Err(Error::internal("compressing a layer failed")),
            (Err(_), _) => Err(Error::internal("compressing a layer failed")),
            // A writer that failed stopped the producer, so its own error is the cause.
            (Ok(Err(error)), _) => Err(error).on("write", "a blob"),
            (Ok(Ok(_)), Err(error)) => Err(error),
            (Ok(Ok(done)), Ok(())) => Ok(done),
        }
    })
}

/// A piece of a tar, and where its compressed form is waited for.
struct Member {
    bytes: Vec<u8>,
    done: SyncSender<io::Result<(Vec<u8>, usize)>>,
}

/// Cuts what is written into members.
struct Cut {
    buffer: Vec<u8>,
    any: bool,
    work: SyncSender<Member>,
    order: SyncSender<Receiver<io::Result<(Vec<u8>, usize)>>>,
}

impl Cut {
    fn pass_on(&mut self) -> io::Result<()> {
        let bytes = std::mem::replace(&mut self.buffer, Vec::with_capacity(MEMBER));
        let (done, result) = mpsc::sync_channel(1);
        self.any = true;
        // The one place in the order is taken before the work begins.
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.order.send(result).map_err(|_| gone())?;
        self.work.send(Member { bytes, done }).map_err(|_| gone())
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.buffer.is_empty() && self.any {
            true => Ok(()),
            false => self.pass_on(),
        }
    }
}

impl Write for Cut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(MEMBER - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..count]);
        if self.buffer.len() == MEMBER {
            self.pass_on()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn compress_members(work: &Mutex<Receiver<Member>>) {
    loop {
        let next = match work.lock() {
            Ok(work) => work.recv(),
            Err(_) => return,
        };
        let Ok(Member { bytes, done }) = next else {
            return;
        };
        let room = Vec::with_capacity(bytes.len() / 2);
        let mut encoder = GzEncoder::new(room, Compression::fast());
        let compressed = encoder.write_all(&bytes).and_then(|()| encoder.finish());
        // Nobody waits any more: the writer failed, and said so.
        let _ = done.send(compressed.map(|compressed| (compressed, bytes.len())));
    }
}

fn write_members(
    order: &Receiver<Receiver<io::Result<(Vec<u8>, usize)>>>,
    sink: &mut (dyn Write + Send),
    tell: &(dyn Fn(u64) + Sync),
) -> io::Result<(Digest, u64)> {
    let (mut hash, mut length, mut done) = (Sha256::new(), 0, 0);
    for result in order {
        let (member, plain) = result
            .recv()
            .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))?;
        hash.update(&member);
        sink.write_all(&member)?;
        length += member.len() as u64;
        done += plain as u64;
        tell(done);
    }
    Ok((Digest::from_hash(&hash.finalize()), length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::compression::decompress;
    use std::io::Read;

    fn check(plain: &[u8]) {
        let mut blob = Vec::new();
        let mut produce = |sink: &mut dyn Write| sink.write_all(plain).on("write", "a test");
        let told = Mutex::new(0);
        let tell = |done| *told.lock().unwrap() = done;
        let (digest, size) = compress(&mut produce, &mut blob, &tell).unwrap();
        assert_eq!((digest, size), (Digest::of(&blob), blob.len() as u64));
        assert_eq!(*told.lock().unwrap(), plain.len() as u64);
        let mut back = Vec::new();
        decompress(&blob[..])
            .unwrap()
            .read_to_end(&mut back)
            .unwrap();
        assert_eq!(back, plain);
        let mut again = Vec::new();
        compress(&mut produce, &mut again, &|_| {}).unwrap();
        assert!(again == blob, "the same bytes each time");
    }

    #[test]
    fn what_is_compressed_comes_back_and_always_gives_the_same_bytes() {
        check(b"");
        check(b"short");
        check(&vec![7; MEMBER]);
        let long: Vec<u8> = (0..5 * MEMBER + 17).map(|i| (i * i / 7) as u8).collect();
        check(&long);
    }

    #[test]
    fn a_producer_or_a_sink_that_fails_is_the_error() {
        let mut failing = |sink: &mut dyn Write| {
            sink.write_all(&vec![1; 3 * MEMBER]).on("write", "a test")?;
            Err(Error::invalid("no more"))
        };
        let error = compress(&mut failing, &mut Vec::new(), &|_| {}).unwrap_err();
        assert_eq!(error.message(), "no more");
        let mut full = &mut [0_u8; 10][..];
        let mut long =
            |sink: &mut dyn Write| sink.write_all(&vec![1; 9 * MEMBER]).on("write", "a test");
        let error = compress(&mut long, &mut full, &|_| {}).unwrap_err();
        assert_eq!(error.message(), "cannot write `a blob`");
    }
}
