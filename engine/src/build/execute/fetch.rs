//! ADD from the network: `http://` and `https://`.
//!
//! **What Docker does.** BuildKit asks the server whether its copy is still current. **What we do.** The file is
//! fetched in each build and compared by content, as in the classic builder.

use crate::build::context::Temporary;
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::image::remote::{Patience, patiently};
use crate::oci::digest::Digest;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The name of a fetched file in its folder.
pub(super) const FILE: &str = "file";
/// The largest file that is fetched, in bytes.
const LARGEST: u64 = 20 << 30;

/// A fetched file; it is removed on drop.
pub(super) struct Fetched {
    pub(super) url: String,
    /// The last part of the address; empty if it has none.
    pub(super) name: String,
    pub(super) digest: Digest,
    temporary: Temporary,
}

impl Fetched {
    /// The file.
    pub(super) fn path(&self) -> PathBuf {
        self.temporary.path().join(FILE)
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        self.temporary.path()
    }
}

/// Fetches `url`; its content must have the digest `checksum`, if given.
pub(super) fn fetch(engine: &Engine, url: &str, checksum: Option<&str>) -> Result<Fetched> {
    let wanted = checksum.map(Digest::parse).transpose()?;
    let temporary = Temporary::new(&engine.home, "fetch-")?;
    let path = temporary.path().join(FILE);
    let agent: ureq::Agent = patiently(Patience::default()).build().into();
    let response = agent
        .get(url)
        .call()
        .map_err(|error| Error::invalid(format!("failed to load {url}: {error}")))?;
    let modified = response
        .headers()
        .get("last-modified")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| jiff::fmt::rfc2822::parse(text).ok())
        .map(|time| time.timestamp());
    let mut body = response.into_body().into_reader();
    let mut size = 0;
    let mut file = File::create(&path).on("write", &path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = body
            .read(&mut buffer)
            .map_err(|error| Error::invalid(format!("failed to load {url}: {error}")))?;
        if length == 0 {
            break;
        }
        size += length as u64;
        if size > LARGEST {
            return Err(Error::invalid(format!(
                "failed to load {url}: it has more than {LARGEST} bytes"
            )));
        }
        hash.update(&buffer[..length]);
        file.write_all(&buffer[..length]).on("write", &path)?;
    }
    let digest = Digest::from_hash(&hash.finalize());
    if let Some(wanted) = wanted
        && wanted != digest
    {
        return Err(Error::invalid(format!(
            "digest mismatch {digest}: {wanted}"
        )));
    }
    finish(&file, &path, modified)?;
    Ok(Fetched {
        url: url.to_owned(),
        name: name(url),
        digest,
        temporary,
    })
}

/// Sets permissions and time as Docker does.
fn finish(file: &File, path: &Path, modified: Option<jiff::Timestamp>) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).on("change the mode of", path)?;
    if let Some(modified) = modified {
        let time = std::time::SystemTime::from(modified);
        let times = fs::FileTimes::new().set_accessed(time).set_modified(time);
        file.set_times(times).on("change the time of", path)?;
    }
    Ok(())
}

/// The last part of the path of `url`, without query and fragment.
fn name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    match path.split_once('/') {
        Some((_, path)) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_the_end_of_its_address() {
        for (url, expected) in [
            ("http://h/a/b.tar.gz", "b.tar.gz"),
            ("https://h:1/x?y=/z#w", "x"),
            ("http://h/", ""),
            ("http://h", ""),
        ] {
            assert_eq!(name(url), expected, "{url}");
        }
    }
}
