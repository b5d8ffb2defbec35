//! The machine's end of a container's `eth0`, and the start of the process that serves it.

use super::outbound::Way;
use super::uplink;
use crate::error::Result;
use crate::sys::clone::{Forked, fork};
use crate::sys::process;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

/// The machine's end of a container's tap, and the process that serves it.
pub(crate) struct Outbound {
    tap: OwnedFd,
    way: Way,
    folder: PathBuf,
    forward: bool,
    server: Option<OwnedFd>,
}

impl Outbound {
    /// An uplink that nothing serves yet. `folder` is a private folder for a socket and the other program's error
    /// output; `forward` says whether the container resolves names at [`Way::names`].
    pub(crate) fn new(tap: OwnedFd, way: Way, folder: PathBuf, forward: bool) -> Self {
        Self {
            tap,
            way,
            folder,
            forward,
            server: None,
        }
    }

    /// Readable when the container has sent its first packet. `None` once served.
    pub(crate) fn waiting(&self) -> Option<BorrowedFd<'_>> {
        self.server.is_none().then(|| self.tap.as_fd())
    }

    /// Starts the uplink process. The caller must be single-threaded.
    pub(crate) fn serve(&mut self) -> Result<()> {
        match fork()? {
            Forked::Child => {
                let alone = process::die_with_parent()
                    .and_then(|()| process::set_dumpable(false))
                    .and_then(|()| process::set_name("docklings-net"))
                    .and_then(|()| keep_only(&self.tap));
                if alone.is_ok() {
                    uplink::serve(&self.way, &self.folder, self.forward);
                }
                process::exit(1)
            }
            Forked::Parent { pidfd, .. } => {
                self.server = Some(pidfd);
                Ok(())
            }
        }
    }

    /// Ends the uplink process without waiting: the container has ended.
    pub(crate) fn stop(&self) {
        if let Some(server) = &self.server {
            let _ = process::send_signal(server.as_fd(), libc::SIGKILL);
        }
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        self.stop();
        if let Some(server) = &self.server {
            let _ = process::wait(server);
        }
    }
}

/// Makes the tap descriptor 3 and closes all others, so that neither the container's lock nor its clients are kept
/// open.
fn keep_only(tap: &OwnedFd) -> Result<()> {
    let null = uplink::null()?;
    process::arrange(&[null.as_fd(), null.as_fd(), null.as_fd(), tap.as_fd()])?;
    drop(null);
    process::close_from(4);
    Ok(())
}
