//! Certificate files: the trusted authorities, and our client certificates.
//!
//! **What Docker does.** Authorities are the system's, and for one registry those of
//! `/etc/docker/certs.d/<host>/*.crt`; the client certificate for it is `*.cert` with `*.key`.
//! **What we do.** The same. An unreadable file is an error, as in the daemon: skipping it would cause errors such as
//! "unknown authority", which name another cause.
//! Source: docker docs, "Verify repository client with certificates"; moby `registry/registry.go`,
//! `ReadCertsDirectory`.

use crate::error::{Error, IoContext, Result};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, parse_pem};

/// The system's list of authorities on Debian and Arch, Fedora, openSUSE, and Alpine.
const AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// The largest file of certificates, in bytes.
const LARGEST_CERTIFICATES: u64 = 4 << 20;

/// The system's authorities; none on a machine without a list of them.
pub(super) fn system() -> Result<Vec<Certificate<'static>>> {
    let mut lists = AUTHORITIES.iter().map(Path::new);
    match lists.find(|path| path.is_file()) {
        Some(list) => read(list),
        None => Ok(Vec::new()),
    }
}

/// The authorities (`*.crt`) in `folder`, which need not exist.
pub(super) fn authorities(folder: &Path) -> Result<Vec<Certificate<'static>>> {
    let mut all = Vec::new();
    for path in with_ending(folder, "crt")? {
        all.extend(read(&path)?);
    }
    Ok(all)
}

/// The files in `folder` that end with `.ending`, sorted; none if there is no such folder.
fn with_ending(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.on("read", folder)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.on("read", folder)?.path();
        if path.extension().is_some_and(|found| found == ending) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The certificates and keys in a file. Anything else is skipped, as in Go.
fn pem_items(path: &Path) -> Result<Vec<PemItem<'static>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST_CERTIFICATES).read_to_end(&mut bytes))
        .on("read", path)?;
    Ok(parse_pem(&bytes).flatten().collect())
}

fn read(path: &Path) -> Result<Vec<Certificate<'static>>> {
    let items = pem_items(path)?.into_iter();
    Ok(items
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect())
}

/// The client certificate for the registry of `folder`: `name.cert` with `name.key`, of the first name that has a
/// certificate. Error: a file cannot be read, or the key is missing; without it the registry would refuse us, and the
/// user would not know why.
pub(super) fn client(folder: &Path) -> Result<Option<ClientCert>> {
    for path in with_ending(folder, "cert")? {
        let certificates = read(&path)?;
        let key_path = path.with_extension("key");
        let key: Option<PrivateKey<'static>> =
            pem_items(&key_path)?
                .into_iter()
                .find_map(|item| match item {
                    PemItem::PrivateKey(key) => Some(key),
                    _ => None,
                });
        let key = key.ok_or_else(|| {
            Error::invalid(format!("`{}` holds no private key", key_path.display()))
        })?;
        if !certificates.is_empty() {
            return Ok(Some(ClientCert::new_with_certs(&certificates, key)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_cannot_be_used_is_told_and_a_missing_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let check = |expected: &str| {
            let error = client(folder.path()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        assert!(client(folder.path()).unwrap().is_none());
        assert!(client(&folder.path().join("none")).unwrap().is_none());
        fs::write(folder.path().join("me.cert"), "").unwrap();
        check("me.key`: no such file or directory");
        fs::write(folder.path().join("me.key"), "nothing").unwrap();
        check("me.key` holds no private key");
        fs::create_dir(folder.path().join("ca.crt")).unwrap();
        assert!(authorities(folder.path()).is_err());
    }
}
