//! Recipes: how to reproduce, byte for byte, a tar that another program wrote.
//!
//! **Why.** An image names its layers by the digest of their tar. Two programs pack the same files into different tars,
//! so repacking a foreign layer would give a different digest, and its image would not load elsewhere.
//! **What Docker does.** It keeps `tar-split.json.gz` beside the unpacked files.
//! **What we do.** The same idea: beside `diff/` is `recipe`, a gzip of records: raw bytes of the stream (headers,
//! padding), and markers for the content of a file. A file that a later entry of the same layer replaced is kept in
//! `aside/`. Layers that we packed ourselves need no recipe.
//!
//! Record: `0`, length (8 bytes, little endian), that many bytes; or `1`, length of the content (8), length of the path
//! (4), the path in `diff/`. Files are numbered in order; `aside/<number>` holds a file that is no longer at its path.

use super::tar::copy;
use crate::error::{Error, IoContext, Result};
use crate::store::layers::{DIFF, RECIPE};
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rustix::fs::OFlags;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::sys::rootdir::RootDir;

/// The folder of replaced files, within the layer's folder.
pub const ASIDE: &str = "aside";
const RAW: u8 = 0;
const CONTENT: u8 = 1;
/// Raw bytes are written once this many have gathered.
const CHUNK: usize = 64 << 10;

/// Writes a recipe: it is the frame of a [`super::tar::Reader`].
pub struct Recipe {
    out: GzEncoder<BufWriter<File>>,
    raw: Vec<u8>,
    files: u64,
}

impl Recipe {
    /// Begins the recipe of the layer in `folder`.
    pub fn create(folder: &Path) -> Result<Self> {
        let path = folder.join(RECIPE);
        let file = File::create_new(&path).on("create", &path)?;
        Ok(Self {
            out: GzEncoder::new(BufWriter::new(file), flate2::Compression::fast()),
            raw: Vec::new(),
            files: 0,
        })
    }

    /// Records that the content of the file at `path` belongs here; returns the file's number.
    pub fn mark(&mut self, path: &[u8], size: u64) -> io::Result<u64> {
        self.write_raw()?;
        self.out.write_all(&[CONTENT])?;
        self.out.write_all(&size.to_le_bytes())?;
        let length = u32::try_from(path.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(path)?;
        self.files += 1;
        Ok(self.files - 1)
    }

    /// Ends the recipe.
    pub fn finish(mut self) -> io::Result<()> {
        self.write_raw()?;
        self.out.finish()?.flush()
    }

    fn write_raw(&mut self) -> io::Result<()> {
        if self.raw.is_empty() {
            return Ok(());
        }
        self.out.write_all(&[RAW])?;
        self.out.write_all(&(self.raw.len() as u64).to_le_bytes())?;
        self.out.write_all(&self.raw)?;
        self.raw.clear();
        Ok(())
    }
}

impl Write for Recipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.raw.extend_from_slice(bytes);
        if self.raw.len() >= CHUNK {
            self.write_raw()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the original tar of the layer in `folder` to `sink`. False if the layer has no recipe.
pub fn replay(folder: &Path, sink: &mut impl Write) -> Result<bool> {
    let path = folder.join(RECIPE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other.on("read", &path)?,
    };
    let mut records = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    let diff = RootDir::open(&folder.join(DIFF))?;
    let aside = folder.join(ASIDE);
    let aside = aside.is_dir().then_some(aside);
    let mut number = 0_u64;
    let mut kind = [0];
    while records.read(&mut kind).on("read", &path)? == 1 {
        let length = read_u64(&mut records).on("read", &path)?;
        if kind[0] == RAW {
            copy_exactly(&mut records, sink, length).on("read", &path)?;
            continue;
        }
        let mut name = [0; 4];
        records.read_exact(&mut name).on("read", &path)?;
        let mut name = vec![0; u32::from_le_bytes(name) as usize];
        records.read_exact(&mut name).on("read", &path)?;
        let name = Path::new(OsStr::from_bytes(&name));
        let moved = aside
            .as_ref()
            .map(|aside| aside.join(number.to_string()))
            .filter(|moved| moved.exists());
        let mut content = match moved {
            Some(moved) => File::open(&moved).on("read", &moved)?,
            None => diff
                .resolve(name, OFlags::RDONLY | OFlags::NOFOLLOW)
                .map(File::from)
                .map_err(|errno| Error::io("read", name, errno.into()))?,
        };
        copy_exactly(&mut content, sink, length).on("copy", name)?;
        number += 1;
    }
    Ok(true)
}

fn read_u64(records: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    records.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn copy_exactly(from: &mut impl Read, to: &mut impl Write, length: u64) -> io::Result<()> {
    match copy(from, to, length)? == length {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "unexpected EOF",
        )),
    }
}
