//! The process inside the container's root.

use super::extract::{self, Owner};
use super::{About, Answer, Operation, pack};
use crate::error::{Error, Result};
use crate::runtime::user;
use crate::sys::capability::{self, Capabilities};
use crate::sys::clone::{Forked, fork};
use crate::sys::rootdir::RootDir;
use crate::sys::{namespace, process};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Forks a process that joins the mounts of the container behind `init` and serves one operation over `stream`. `begun`
/// is the data already read from the stream. The caller does not wait for the process, and reaps it when it can.
pub(in crate::runtime) fn serve_in(
    init: BorrowedFd<'_>,
    operation: &Operation,
    begun: &[u8],
    stream: &UnixStream,
) {
    match fork() {
        Ok(Forked::Child) => {
            // The container and its monitor may end meanwhile: this process keeps the mounts, and the copy continues
            // until the other side is done or gone.
            let rights = capability::DEFAULT & capability::all();
            let joined = process::set_dumpable(false)
                .and_then(|()| namespace::join(init, libc::CLONE_NEWNS as u64));
            match joined {
                Ok(()) => match give_up(stream, rights) {
                    Ok(()) => serve(operation, begun, stream),
                    Err(error) => fail(stream, &error),
                },
                // It has just ended: without an answer the other side retries, as for a stopped container.
                Err(_) if process::ends_within(init, 1) => {}
                Err(error) => fail(stream, &error),
            }
            process::exit(0)
        }
        Ok(Forked::Parent { .. }) => {}
        Err(error) => fail(stream, &error),
    }
}

/// Drops everything except what a copy needs: the stream, and root's `rights` on files. The container can see its files
/// change, but not this process; even if it reached the process, there would be nothing to gain.
fn give_up(stream: &UnixStream, rights: Capabilities) -> Result<()> {
    process::close_all_but(stream.as_fd());
    capability::limit_bounding(rights)?;
    capability::set(rights)
}

/// Serves one operation; the calling process is inside the container's root. `begun` is the data already read from the
/// stream.
pub(super) fn serve(operation: &Operation, begun: &[u8], stream: &UnixStream) {
    if let Err(error) = answer(operation, begun, stream) {
        fail(stream, &error);
    }
}

pub(super) fn fail(stream: &UnixStream, error: &Error) {
    let not_found = error.kind() == crate::ErrorKind::NotFound;
    say(
        stream,
        &Answer::Failed {
            not_found,
            message: error.to_string(),
        },
    );
}

/// If the other side is gone, nothing is sent.
fn say(mut stream: &UnixStream, answer: &Answer) {
    if let Ok(mut line) = serde_json::to_vec(answer) {
        line.push(b'\n');
        let _ = stream.write_all(&line);
    }
}

fn answer(operation: &Operation, begun: &[u8], stream: &UnixStream) -> Result<()> {
    match operation {
        Operation::Stat { path } => say(stream, &Answer::About(about(path))),
        Operation::Read {
            path,
            follow,
            export,
            hidden,
        } => {
            let found = about(path);
            let exists = if *follow {
                found.exists
            } else {
                fs::symlink_metadata(path).is_ok()
            };
            if let Err(error) = fs::symlink_metadata(path)
                && error.kind() == io::ErrorKind::NotADirectory
            {
                return Err(Error::invalid(format!("lstat {path}: not a directory")));
            }
            if !exists || is_within(&place_of(path, *follow), hidden) {
                return Err(Error::not_found(found.target));
            }
            let is_dir = match fs::symlink_metadata(path) {
                Ok(it) if it.is_symlink() && !follow && !path.ends_with('/') => false,
                _ => found.is_dir,
            };
            say(stream, &Answer::About(About { is_dir, ..found }));
            // Once the tar has begun, a failure can only truncate it, and the other side detects that.
            let _ = pack::pack(Path::new(path), *follow, *export, hidden, stream);
        }
        Operation::Write {
            folder,
            rebase,
            user,
        } => {
            let writable =
                fs::metadata(folder).map_err(|error| Error::io("open", folder, error))?;
            if !writable.is_dir() {
                return Err(Error::invalid("extraction point is not a directory"));
            }
            let owner = match user {
                Some(user) => {
                    let user = user::resolve(&RootDir::open(Path::new("/"))?, user)?;
                    Owner::User(user.uid, user.gid)
                }
                None => Owner::Tar,
            };
            say(stream, &Answer::Ready);
            let tar = begun.chain(stream);
            let direct = begun.is_empty().then_some(stream);
            let result = extract::extract(tar, direct, Path::new(folder), rebase, owner);
            if result.is_err() {
                // The other side is still sending; it reads our answer afterwards.
                let _ = io::copy(&mut &*stream, &mut io::sink());
            }
            result.map_err(|error| read_only(error, folder))?;
            say(stream, &Answer::Done);
        }
    }
    Ok(())
}

/// Docker's message for a read-only root.
fn read_only(error: Error, folder: &str) -> Error {
    if !error.to_string().ends_with("read-only file system") {
        return error;
    }
    let device = |path: &str| fs::metadata(path).map(|about| about.dev()).ok();
    Error::invalid(if device(folder) == device("/") {
        "container rootfs is marked read-only"
    } else {
        "mounted volume is marked read-only"
    })
}

fn about(path: &str) -> About {
    let target = target_of(Path::new(path));
    let found = fs::metadata(&target);
    About {
        exists: found.is_ok(),
        is_dir: found.is_ok_and(|found| found.is_dir()),
        has_parent: target.parent().is_none_or(Path::is_dir),
        target: target.to_string_lossy().into_owned(),
    }
}

/// The real path of `path`; a link at its end that is not followed stays in its folder.
fn place_of(path: &str, follow: bool) -> PathBuf {
    let path = Path::new(path);
    let is_link = || fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink());
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !follow && is_link() => {
            fs::canonicalize(parent).unwrap_or_default().join(name)
        }
        _ => fs::canonicalize(path).unwrap_or_default(),
    }
}

/// Whether `place` is below one of `folders`; the folder itself does not count, as it also belongs to the container.
fn is_within(place: &Path, folders: &[String]) -> bool {
    folders
        .iter()
        .any(|folder| place.starts_with(folder) && place != Path::new(folder))
}

/// The target of the links at the end of `path`. A broken link has a target too: a file can be made there.
fn target_of(path: &Path) -> PathBuf {
    if let Ok(full) = fs::canonicalize(path) {
        return full;
    }
    let mut path = path.components().collect::<PathBuf>();
    for _ in 0..40 {
        let Ok(link) = fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("/")).join(link);
    }
    path
}

/// Reads one line, byte by byte: the data after it is for another reader.
pub(super) fn read_line(mut stream: &UnixStream) -> io::Result<Vec<u8>> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while line.len() < 64 << 10 {
        if stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if byte[0] == b'\n' {
            return Ok(line);
        }
        line.push(byte[0]);
    }
    Err(io::ErrorKind::InvalidData.into())
}
