//! Which libraries a program needs.
//!
//! **Kernel feature.** A dynamic program names an interpreter (`ld.so`) in PT_INTERP; the kernel starts that, and it
//! maps the libraries that DT_NEEDED lists, and theirs. A program without PT_INTERP is self-contained.
//! **What we leave out.** 32-bit and big-endian files: they count as unknown.
//! Sources: elf(5); ld.so(8) § the order in which libraries are searched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// The requirements of an ELF file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The interpreter; `None` for a static program, or a library.
    pub(super) interpreter: Option<String>,
    /// Names of libraries.
    pub(super) libraries: Vec<String>,
    /// Folders to search first.
    pub(super) paths: Vec<String>,
}

/// The interpreter that a program names; its first 64 KiB are enough.
pub(crate) fn interpreter(bytes: &[u8]) -> Option<String> {
    let mut found = headers(bytes)?.map_while(|segment| segment);
    let (_, _, offset, _) = found.find(|(kind, ..)| *kind == PT_INTERP)?;
    text_at(bytes, offset)
}

/// Kind, address, offset and length of each segment; `None` for a truncated one.
type Headers<'a> = Box<dyn Iterator<Item = Option<(u32, u64, usize, usize)>> + 'a>;

fn headers(bytes: &[u8]) -> Option<Headers<'_>> {
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let (table, size, count) = (u64_at(bytes, 32)?, u16_at(bytes, 54)?, u16_at(bytes, 56)?);
    let table = usize::try_from(table).ok()?;
    Some(Box::new((0..usize::from(count)).map(move |index| {
        let at = table.checked_add(index * usize::from(size))?;
        let offset = usize::try_from(u64_at(bytes, at.saturating_add(8))?).ok()?;
        let length = usize::try_from(u64_at(bytes, at.saturating_add(32))?).ok()?;
        let address = u64_at(bytes, at.saturating_add(16))?;
        Some((u32_at(bytes, at)?, address, offset, length))
    })))
}

/// Reads a 64-bit little-endian ELF file; `None` if it is something else, or damaged.
pub(super) fn needs(bytes: &[u8]) -> Option<Needs> {
    let mut needs = Needs {
        interpreter: interpreter(bytes),
        ..Needs::default()
    };
    let mut segments = Vec::new();
    let mut dynamic = None;
    for segment in headers(bytes)? {
        let (kind, address, offset, length) = segment?;
        match kind {
            PT_LOAD => segments.push((address, offset, length)),
            PT_DYNAMIC => dynamic = Some((offset, length)),
            _ => {}
        }
    }
    let Some((offset, length)) = dynamic else {
        return Some(needs);
    };
    let entries: Vec<(u64, u64)> = (0..length / 16)
        .map_while(|index| {
            let at = offset.checked_add(index * 16)?;
            let tag = u64_at(bytes, at)?;
            (tag != 0).then_some((tag, u64_at(bytes, at.saturating_add(8))?))
        })
        .collect();
    let address = entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?.1;
    let strings = segments.iter().find_map(|(start, offset, length)| {
        let inside = usize::try_from(address.checked_sub(*start)?).ok()?;
        (inside < *length).then_some(offset.checked_add(inside)?)
    })?;
    for (tag, value) in entries {
        let text = || text_at(bytes, strings.checked_add(usize::try_from(value).ok()?)?);
        match tag {
            DT_NEEDED => needs.libraries.push(text()?),
            DT_RPATH | DT_RUNPATH => needs.paths.extend(text()?.split(':').map(str::to_owned)),
            _ => {}
        }
    }
    Some(needs)
}

/// Finds libraries, and the libraries that they need.
pub(super) struct Closure {
    folders: Vec<PathBuf>,
    /// The path of each file in the image, and on this machine.
    pub(super) files: BTreeMap<String, PathBuf>,
    names: BTreeMap<String, ()>,
}

impl Closure {
    /// With the folders that this machine's `ld.so` searches.
    pub(super) fn new() -> Self {
        let mut folders = Vec::new();
        read_configuration(Path::new("/etc/ld.so.conf"), &mut folders, 0);
        let arch = std::env::consts::ARCH;
        for folder in [
            format!("/lib/{arch}-linux-gnu"),
            format!("/usr/lib/{arch}-linux-gnu"),
            "/lib64".to_owned(),
            "/usr/lib64".to_owned(),
            "/lib".to_owned(),
            "/usr/lib".to_owned(),
        ] {
            folders.push(PathBuf::from(folder));
        }
        Self {
            folders,
            files: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// Adds the dependencies of the program at `path`. False if we do not understand the program, or a library is
    /// missing.
    pub(super) fn add(&mut self, path: &Path) -> bool {
        let Some(needs) = fs::read(path).ok().and_then(|bytes| needs(&bytes)) else {
            return false;
        };
        if let Some(interpreter) = &needs.interpreter {
            let target = interpreter.trim_start_matches('/').to_owned();
            if !Path::new(interpreter).exists() {
                return false;
            }
            if let Some(name) = Path::new(interpreter).file_name() {
                self.names.insert(name.to_string_lossy().into_owned(), ());
            }
            self.files.insert(target, PathBuf::from(interpreter));
        }
        let origin = path.parent().unwrap_or(Path::new("/"));
        needs
            .libraries
            .iter()
            .all(|name| self.library(name, &needs.paths, origin))
    }

    fn library(&mut self, name: &str, paths: &[String], origin: &Path) -> bool {
        if self.names.contains_key(name) {
            return true;
        }
        let of_the_program = paths
            .iter()
            .map(|path| PathBuf::from(path.replace("$ORIGIN", &origin.to_string_lossy())));
        let found = of_the_program
            .chain(self.folders.clone())
            .map(|folder| folder.join(name))
            .find(|path| path.is_file());
        let Some(found) = found else {
            return false;
        };
        self.names.insert(name.to_owned(), ());
        let target = found.to_string_lossy().trim_start_matches('/').to_owned();
        self.files.insert(target, found.clone());
        self.add(&found)
    }
}

/// Reads `/etc/ld.so.conf`: one folder per line, and `include` with a pattern whose last part may begin with `*`.
fn read_configuration(path: &Path, folders: &mut Vec<PathBuf>, depth: u8) {
    let Ok(text) = fs::read_to_string(path) else {
        return;
    };
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        match line.strip_prefix("include ") {
            Some(pattern) if depth < 4 => {
                let pattern = Path::new(pattern.trim());
                let folder = pattern.parent().unwrap_or(Path::new("/etc"));
                let suffix = pattern.extension().unwrap_or_default();
                let mut files: Vec<_> = fs::read_dir(folder)
                    .into_iter()
                    .flatten()
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .filter(|path| path.extension() == Some(suffix))
                    .collect();
                files.sort();
                for file in files {
                    read_configuration(&file, folders, depth + 1);
                }
            }
            None if line.starts_with('/') => folders.push(PathBuf::from(line)),
            _ => {}
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        bytes.get(at..at.checked_add(8)?)?.try_into().ok()?,
    ))
}

fn text_at(bytes: &[u8], at: usize) -> Option<String> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_test_program_itself_needs_a_c_library() {
        let path = std::env::current_exe().unwrap();
        let needs = needs(&fs::read(&path).unwrap()).unwrap();
        if needs.interpreter.is_some() {
            assert!(needs.libraries.iter().any(|name| name.starts_with("libc.")));
            let mut closure = Closure::new();
            assert!(closure.add(&path));
            assert!(closure.files.len() >= 2);
        }
    }

    #[test]
    fn what_is_no_program_is_none() {
        for bytes in [
            &b""[..],
            b"#!/bin/sh\n",
            b"\x7fELF\x01\x01",
            b"\x7fELF\x02\x01",
        ] {
            assert_eq!(needs(bytes), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]
        #[test]
        fn damaged_programs_never_panic(changes in proptest::collection::vec((0..4096_usize, any::<u8>()), 1..20)) {
            let program = fs::read(std::env::current_exe().unwrap()).unwrap();
            let mut bytes = program[..program.len().min(1 << 16)].to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            let _ = needs(&bytes);
        }
    }
}
