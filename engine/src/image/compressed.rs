//! A layer in its transfer form: packed and compressed once, and kept.
//!
//! **What Docker does.** Its classic store compresses a layer again for each push that has to send it.
//! **What we do.** Building never compresses. The first push does, on all processors (see
//! [`crate::tree::compression::gzip`]), and keeps the blob beside its layer, so that the next push sends the same
//! bytes.
//! **Try it.** `docker push` twice, to two registries: the second push packs nothing.

use super::layer;
use crate::error::{Error, Result};
use crate::oci::digest::Digest;
use crate::paths::Home;
use crate::store::blobs::Draft;
use crate::store::distribution::{self, Form};
use crate::store::layers::Layer;
use crate::tree::compression::gzip::Gzip;
use crate::tree::digesting::Digesting;
use std::io::{self, Write};

/// Packs `layer` as gzip, keeps the blob, and records it. The caller holds [`crate::store::lock::keep_content`]. `tell`
/// is called with the number of tar bytes done so far.
pub fn pack_gzip(home: &Home, layer: &Layer, media_type: &str, tell: &dyn Fn(u64)) -> Result<Form> {
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

/// Compresses what `produce` writes into `sink`; returns the digest and length of the result.
fn compress(
    produce: &mut dyn FnMut(&mut dyn Write) -> Result<()>,
    sink: &mut dyn Write,
    tell: &dyn Fn(u64),
) -> Result<(Digest, u64)> {
    let on = |error| Error::io("write", "a blob", error);
    let mut told = Told {
        gzip: Gzip::new(Digesting::new(sink)).map_err(on)?,
        done: 0,
        tell,
        failed: None,
    };
    let produced = produce(&mut told);
    // The producer cannot distinguish a failure of the sink from its own.
    if let Some(error) = told.failed {
        return Err(on(error));
    }
    produced?;
    Ok(told.gzip.finish().map_err(on)?.finish())
}

/// Reports how many bytes went in.
struct Told<'a, W: Write> {
    gzip: Gzip<W>,
    done: u64,
    tell: &'a dyn Fn(u64),
    failed: Option<io::Error>,
}

impl<W: Write> Write for Told<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.gzip.write(bytes) {
            Ok(count) => {
                self.done += count as u64;
                (self.tell)(self.done);
                Ok(count)
            }
            Err(error) => {
                let again = io::Error::from(error.kind());
                self.failed = Some(error);
                Err(again)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::IoContext;
    use crate::tree::compression::decompress;
    use std::io::Read;
    use std::sync::Mutex;

    const MEMBER: usize = 1 << 20;

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
