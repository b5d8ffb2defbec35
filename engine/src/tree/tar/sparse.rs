//! Files with holes, as GNU tar writes them with `-S`: the header, and blocks after it, list the stored parts of the
//! file.
//!
//! Source: GNU tar manual, § "Storing Sparse Files", old GNU format.

use super::{BLOCK, invalid};
use std::collections::VecDeque;
use std::io;
use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};

/// The most blocks that may list parts: as many bytes as an entry's other extensions may take.
const MOST_BLOCKS: usize = (1 << 20) / BLOCK;

/// A hole, and the bytes after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) hole: u64,
    pub(super) bytes: u64,
}

/// The parts and the full size of the file that `header` begins; `stored` bytes follow. `next` reads one more block.
pub(super) fn parts(
    header: &Header,
    stored: u64,
    mut next: impl FnMut(&mut [u8; BLOCK]) -> io::Result<()>,
) -> io::Result<(VecDeque<Part>, u64)> {
    let header = header.as_gnu().ok_or_else(invalid)?;
    let mut map = Map {
        parts: VecDeque::new(),
        end: 0,
        rest: stored,
    };
    map.add(&header.sparse)?;
    let mut goes_on = header.is_extended();
    for block in 0.. {
        if !goes_on {
            break;
        }
        if block == MOST_BLOCKS {
            return Err(invalid());
        }
        let mut more = GnuExtSparseHeader::new();
        next(more.as_mut_bytes())?;
        map.add(more.sparse())?;
        goes_on = more.is_extended();
    }
    // A hole at the end is listed too, with no bytes after it.
    let size = header.real_size().map_err(|_| invalid())?;
    match map.rest == 0 && map.end == size {
        true => Ok((map.parts, size)),
        false => Err(invalid()),
    }
}

struct Map {
    parts: VecDeque<Part>,
    /// Where the last part ends in the file.
    end: u64,
    /// Bytes in the tar that are not assigned to a part yet.
    rest: u64,
}

impl Map {
    fn add(&mut self, listed: &[GnuSparseHeader]) -> io::Result<()> {
        for part in listed.iter().filter(|part| !part.is_empty()) {
            let offset = part.offset().map_err(|_| invalid())?;
            let bytes = part.length().map_err(|_| invalid())?;
            let hole = offset.checked_sub(self.end).ok_or_else(invalid)?;
            self.end = offset.checked_add(bytes).ok_or_else(invalid)?;
            self.rest = self.rest.checked_sub(bytes).ok_or_else(invalid)?;
            self.parts.push_back(Part { hole, bytes });
        }
        Ok(())
    }
}
