//! Unix sockets with long paths.
//!
//! **Kernel feature.** The address of a Unix socket holds 108 bytes (unix(7)), and the path of a home may be longer.
//! But `/proc/self/fd/N` leads to an open folder, however long its path.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A short path to the socket at `path`, through a descriptor of its folder, which must stay open meanwhile.
pub fn short_path(path: &Path) -> io::Result<(OwnedFd, PathBuf)> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Mode::empty())?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    Ok((folder, short))
}

/// Connects to the socket at `path`.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    let (_folder, short) = short_path(path)?;
    UnixStream::connect(short)
}

/// Listens at `path`, replacing an existing file.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (_folder, short) = short_path(path)?;
    UnixListener::bind(short)
}

/// Listens at `elsewhere` and makes `path` a link to it: for a file system without sockets.
pub fn listen_behind_link(path: &Path, elsewhere: &Path) -> io::Result<UnixListener> {
    let listener = listen(elsewhere)?;
    match std::os::unix::fs::symlink(elsewhere, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(listener),
    }
}

/// Whether the stream becomes readable within `patience`, even if only at its end.
pub fn is_readable_within(stream: &UnixStream, patience: Duration) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN)];
    let limit = Timespec::try_from(patience).ok();
    poll(&mut fds, limit.as_ref()).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_to_a_socket_works() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(200));
        std::fs::create_dir(&deep).unwrap();
        let path = deep.join("socket");
        assert!(connect(&path).is_err());
        let (_folder, short) = short_path(&path).unwrap();
        let _listener = UnixListener::bind(short).unwrap();
        assert!(connect(&path).is_ok());
    }

    #[test]
    fn a_link_leads_to_a_socket_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (folder.path().join("link"), folder.path().join("socket"));
        let listener = listen_behind_link(&path, &elsewhere).unwrap();
        let client = connect(&path).unwrap();
        assert!(!is_readable_within(&client, Duration::from_millis(1)));
        drop(listener);
        assert!(is_readable_within(&client, Duration::ZERO));
        // What a killed listener left is replaced.
        let _listener = listen_behind_link(&path, &elsewhere).unwrap();
        assert!(connect(&path).is_ok());
    }
}
