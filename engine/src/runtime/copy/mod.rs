//! `docker cp`: files between a container and the machine.
//!
//! ```text
//! docker cp ──request──► a process inside the container's root
//!            ◄── tar ──►
//! ```
//!
//! **What Docker does.** The daemon forks a child that enters the container's root and packs or unpacks a tar there;
//! the command line handles the machine's side.
//! **What we do.** The same: the monitor forks for a running container, the command for a stopped one. A path inside is
//! resolved by a process that has no other root, so no link, and no race, leads out (CVE-2018-15664). No program or
//! library of the container is loaded (CVE-2019-14271).
//! **What we leave out.** Extended attributes.
//! **Try it.** `docker cp web:/etc/hostname .`

mod extract;
mod pack;
mod place;
mod serve;
mod session;

use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::events::{Action, ObjectKind};
use crate::store::containers::{ContainerConfig, MountSource};
use crate::tree::compression;
use extract::Owner;
use serde::{Deserialize, Serialize};
use session::Session;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

pub use place::tidy;
pub(super) use serve::serve_in;

/// The request to the process inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Operation {
    /// Metadata of a path; the reply is one answer.
    Stat {
        /// The path.
        path: String,
    },
    /// A tar of a path: an answer with its metadata, then the tar.
    Read {
        /// The path.
        path: String,
        /// Whether to follow a link at its end.
        follow: bool,
        /// Everything on the root's own file system, without a leading folder.
        export: bool,
        /// Folders of kernel file systems and tmpfs, whose contents are not files of the container.
        hidden: Vec<String>,
    },
    /// Unpacks the tar that follows the answer into a folder, then sends another answer.
    Write {
        /// The folder.
        folder: String,
        /// How the first part of each name changes.
        rebase: Rebase,
        /// The container's user, if it owns the copied files.
        #[serde(default)]
        user: Option<String>,
    },
}

/// How the first part of each name in a tar changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rebase {
    /// It is kept.
    Keep,
    /// It is replaced.
    To(String),
    /// It is removed: only the contents of the folder are copied.
    Drop,
}

/// A file or folder, as the process inside sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    /// It exists.
    pub(super) exists: bool,
    /// It is a folder, links followed.
    pub(super) is_dir: bool,
    /// The target of links at its end; the path itself if it is not a link.
    pub(super) target: String,
    /// Whether its parent folder exists.
    pub(super) has_parent: bool,
}

/// The answer of the process inside.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    About(About),
    /// The process is ready for the tar.
    Ready,
    Done,
    Failed {
        not_found: bool,
        message: String,
    },
}

/// Options for copying into a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyInOptions {
    /// `-L`: a link at the end of the source is followed.
    pub follow: bool,
    /// `-a`: the files belong to the container's configured user, if it has one.
    pub archive: bool,
}

/// The result of a copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyReport {
    /// Bytes of the tar stream, the size that Docker prints.
    pub transferred: u64,
}

/// The destination of `docker cp` on the machine.
pub enum Target<'a> {
    /// A file or folder.
    Path(&'a Path),
    /// `-`: the tar itself.
    Tar(&'a mut dyn Write),
}

/// The source of `docker cp` on the machine.
pub enum Source<'a> {
    /// A file or folder; a path that ends in `/.` means the folder's contents.
    Path(&'a Path),
    /// `-`: a tar.
    Tar(&'a mut dyn Read),
}

impl Engine {
    /// Copies `path` of a container to the machine. With `follow`, a link at the end of `path` is followed.
    pub fn copy_out(
        &self,
        name: &str,
        path: &str,
        target: Target<'_>,
        follow: bool,
    ) -> Result<CopyReport> {
        check_path(path)?;
        let hidden = hidden(&self.container(name)?.config);
        let operation = Operation::Read {
            path: absolute(path),
            follow,
            export: false,
            hidden,
        };
        let (session, answer) = Session::ask(self, name, &operation)?;
        let about = match answer {
            Answer::About(about) => about,
            // When links are followed, the missing file is their target.
            Answer::Failed {
                not_found: true,
                message,
            } => return Err(missing(if follow { &message } else { path }, name)),
            other => return Err(unexpected(other)),
        };
        record(self, &session, Action::CopyOut, path, &target_name(&target));
        let mut stream = Whole::new(session.stream());
        let report = match target {
            Target::Tar(writer) => {
                let transferred = std::io::copy(&mut stream, writer)
                    .map_err(|error| Error::io("write", "the tar stream", error))?;
                CopyReport { transferred }
            }
            Target::Path(local) => {
                let source = place::Source {
                    is_dir: about.is_dir,
                    name: path.to_owned(),
                };
                let destination = place::local(local)?;
                let spot = place::decide(&source, &destination)?;
                let folder = Path::new(&spot.folder);
                let direct = Some(session.stream());
                let transferred =
                    extract::extract(&mut stream, direct, folder, &spot.rebase, Owner::Caller)?;
                CopyReport { transferred }
            }
        };
        stream.check()?;
        session.finish()?;
        Ok(report)
    }
}

impl Engine {
    /// Copies from the machine to `path` in a container, running or stopped.
    pub fn copy_in(
        &self,
        source: Source<'_>,
        name: &str,
        path: &str,
        options: CopyInOptions,
    ) -> Result<CopyReport> {
        if path.is_empty() {
            return Err(Error::local("no such directory"));
        }
        let path_in = absolute(path);
        let stat = Operation::Stat {
            path: path_in.clone(),
        };
        let (asking, answer) = Session::ask(self, name, &stat).map_err(|error| match source {
            // Docker's command line checks only that it is a folder, not why it is not.
            Source::Tar(_) if error.kind() == ErrorKind::NotFound => no_folder(name, path),
            _ => error,
        })?;
        let about = match answer {
            Answer::About(about) => about,
            other => return Err(unexpected(other)),
        };
        let user = &asking.container.process.user;
        let user = Some(user.clone()).filter(|user| options.archive && !user.is_empty());
        asking.finish()?;
        let destination = place::inside(&path_in, &about);
        let spot = match &source {
            Source::Tar(_) if !about.is_dir => {
                return Err(no_folder(name, path));
            }
            Source::Tar(_) => place::Spot {
                folder: about.target.clone(),
                rebase: Rebase::Keep,
            },
            Source::Path(local) => {
                let found = place::local_source(local, options.follow)?;
                let spot = place::decide(&found, &destination)?;
                if !about.exists && !about.has_parent {
                    // Docker's message names the folder that it unpacks into.
                    let folder = Path::new(&path_in).parent().unwrap_or(Path::new("/"));
                    return Err(missing(&folder.to_string_lossy(), name));
                }
                spot
            }
        };
        let operation = Operation::Write {
            folder: spot.folder,
            rebase: spot.rebase,
            user,
        };
        // Nothing is sent before the other side is ready to read it: a container may end at any moment.
        let (mut session, answer) = Session::ask(self, name, &operation)?;
        if !matches!(answer, Answer::Ready) {
            return Err(unexpected(answer));
        }
        let local = match &source {
            Source::Path(path) => path.display().to_string(),
            Source::Tar(_) => "-".to_owned(),
        };
        record(self, &session, Action::CopyIn, path, &local);
        let sent = match source {
            Source::Path(local) => pack::pack(local, options.follow, false, &[], session.stream()),
            Source::Tar(reader) => compression::decompress(reader)
                .and_then(|mut tar| std::io::copy(&mut tar, &mut session.stream()))
                .map_err(|error| Error::io("read", "the tar stream", error)),
        };
        session.end_of_input();
        // The other side's answer explains better why it stopped reading.
        let answer = session.answer();
        session.finish()?;
        match answer? {
            Answer::Done => Ok(CopyReport { transferred: sent? }),
            other => Err(unexpected(other)),
        }
    }
}

/// Unpacks a tar into `folder` as `docker cp` does: existing files are replaced, and all files belong to the caller.
pub(crate) fn unpack_for_caller(reader: impl Read, folder: &Path) -> Result<u64> {
    extract::extract(reader, None, folder, &Rebase::Keep, Owner::Caller)
}

impl Engine {
    /// Writes all files of a container as a tar, without its mounts.
    pub fn export(&self, name: &str, writer: &mut dyn Write) -> Result<()> {
        let operation = Operation::Read {
            path: "/".to_owned(),
            follow: false,
            export: true,
            hidden: Vec::new(),
        };
        let (session, answer) = Session::ask(self, name, &operation)?;
        match answer {
            Answer::About(_) => {}
            other => return Err(unexpected(other)),
        }
        let mut stream = Whole::new(session.stream());
        std::io::copy(&mut stream, writer)
            .map_err(|error| Error::io("write", "the tar stream", error))?;
        stream.check()?;
        record(self, &session, Action::Export, "/", "");
        session.finish()
    }
}

/// Docker's daemon sees the container's files without kernel file systems and tmpfs.
fn hidden(config: &ContainerConfig) -> Vec<String> {
    let kernel = ["/proc", "/sys", "/dev"].map(str::to_owned).into_iter();
    let memory = config
        .host
        .mounts
        .iter()
        .filter(|mount| matches!(mount.source, MountSource::Tmpfs { .. }))
        .map(|mount| mount.target.clone());
    kernel.chain(memory).collect()
}

/// Docker's exact message.
fn check_path(path: &str) -> Result<()> {
    match path {
        "" => Err(Error::invalid("bad parameter: pathcannot be empty")),
        _ => Ok(()),
    }
}

/// A tar from the other side: a truncated one lacks the zeroes that end every tar.
struct Whole<R> {
    inner: R,
    /// The number of zero bytes at the end of the data so far.
    zeroes: usize,
}

impl<R> Whole<R> {
    fn new(inner: R) -> Self {
        Self { inner, zeroes: 0 }
    }

    /// Fails unless everything was read and the tar is complete.
    fn check(&self) -> Result<()> {
        if self.zeroes >= 1024 {
            return Ok(());
        }
        Err(Error::internal(
            "the copy was cut short: the files in the container changed, or it ended",
        ))
    }
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        // Only the last 1024 bytes matter: a large file may be all zeroes.
        let end = &buffer[length.saturating_sub(1024)..length];
        let zeroes = end.iter().rev().take_while(|byte| **byte == 0).count();
        self.zeroes = match zeroes == length {
            true => self.zeroes + zeroes,
            false => zeroes,
        };
        Ok(length)
    }
}

fn absolute(path: &str) -> String {
    place::tidy(&format!("/{path}"))
}

fn no_folder(name: &str, path: &str) -> Error {
    Error::local(format!("destination \"{name}:{path}\" must be a directory"))
}

fn missing(path: &str, name: &str) -> Error {
    Error::not_found(format!(
        "Could not find the file {path} in container {name}"
    ))
}

fn unexpected(answer: Answer) -> Error {
    match answer {
        Answer::Failed { not_found, message } => {
            let kind = if not_found {
                ErrorKind::NotFound
            } else {
                ErrorKind::Invalid
            };
            Error::new(kind, message)
        }
        _ => Error::internal("the container's side of the copy answered out of turn"),
    }
}

fn target_name(target: &Target<'_>) -> String {
    match target {
        Target::Path(path) => path.display().to_string(),
        Target::Tar(_) => "-".to_owned(),
    }
}

fn record(engine: &Engine, session: &Session, action: Action, path: &str, local: &str) {
    let mut event = engine
        .event(ObjectKind::Container, action, session.container.id.as_str())
        .with("name", session.container.name.as_str())
        .with("path", path);
    if !local.is_empty() {
        let full = if local == "-" {
            PathBuf::from("-")
        } else {
            std::path::absolute(local).unwrap_or_default()
        };
        event = event.with("local", full.display().to_string());
    }
    engine.record(&event);
}
