//! Downloads the layers of an image, three at a time.
//!
//! ```text
//!            network thread                          unpacking thread
//! registry ─► bytes ─► sha256 of the blob ─► channel ─► gunzip ─► sha256 of the tar ─► content/tmp/layer-…/diff
//!                └──► content/tmp/blob-…
//! ```
//!
//! Decompression, the slowest step of a large layer, has a separate thread (see [`layer::stage_beside`]).
//!
//! Both digests must be the announced ones before blob and layer get their names.

use super::{Observer, layer_event, short};
use crate::error::{Error, IoContext, Result};
use crate::image::layer::{self, Origin, Staged};
use crate::image::remote::blob;
use crate::image::remote::event::LayerStatus;
use crate::image::remote::http::Client;
use crate::oci::config::ImageConfig;
use crate::oci::descriptor::Descriptor;
use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use crate::paths::Home;
use crate::store::blobs::Draft;
use crate::store::distribution::{self, Form};
use crate::store::layers::{self, Layer};
use crate::tree::unpack::Limits;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

/// Layers that are downloaded at the same time, as in Docker.
const AT_ONCE: usize = 3;
/// The most chunks that may wait to be unpacked.
const WAITING: usize = 8;

/// Counts of a pull.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) fetched: usize,
    pub(super) existing: usize,
    pub(super) bytes: u64,
}

/// How a layer gets here.
enum Way {
    /// It is already here.
    Here,
    /// Its files are here, on a different parent.
    Copied(Layer),
    /// It is fetched.
    Fetched,
    /// It is the same as a layer that is fetched for a lower position.
    Again,
}

/// A worker's report.
enum News {
    Status(usize, LayerStatus),
    Done(usize, Result<Staged>),
}

/// The state shared by all workers.
struct Work<'a> {
    home: &'a Home,
    client: &'a Client,
    reference: &'a Reference,
    layers: &'a [Descriptor],
    diff_ids: &'a [Digest],
    /// The layers to fetch, lowest first.
    to_fetch: Vec<usize>,
    next: AtomicUsize,
}

/// Makes all layers available here, in their places.
pub(super) fn all(
    home: &Home,
    client: &Client,
    reference: &Reference,
    layers: &[Descriptor],
    config: &ImageConfig,
    observer: &mut Observer<'_>,
) -> Result<Counted> {
    let diff_ids = &config.rootfs.diff_ids;
    let ways = ways(home, diff_ids)?;
    let to_fetch: Vec<usize> = (0..layers.len())
        .filter(|index| matches!(ways[*index], Way::Fetched))
        .collect();
    let mut counted = Counted {
        fetched: to_fetch.len(),
        existing: layers.len() - to_fetch.len(),
        bytes: to_fetch.iter().map(|index| layers[*index].size).sum(),
    };
    counted.existing -= ways.iter().filter(|way| matches!(way, Way::Again)).count();
    for (way, descriptor) in ways.iter().zip(layers) {
        let status = match way {
            Way::Here | Way::Copied(_) => LayerStatus::AlreadyExists,
            Way::Fetched | Way::Again => LayerStatus::PullingFsLayer,
        };
        observer(layer_event(&short(&descriptor.digest), status));
    }
    for index in to_fetch.iter().skip(AT_ONCE) {
        observer(layer_event(
            &short(&layers[*index].digest),
            LayerStatus::Waiting,
        ));
    }
    let work = Work {
        home,
        client,
        reference,
        layers,
        diff_ids,
        to_fetch,
        next: AtomicUsize::new(0),
    };
    let mut stack = Stack {
        work: &work,
        ways,
        staged: HashMap::new(),
        placed: Vec::new(),
    };
    stack.run(observer)?;
    note_all(home, reference, layers, diff_ids)?;
    Ok(counted)
}

/// Records that the repository of `reference` has these blobs for the layers, which saves work at a push.
pub(super) fn note_all(
    home: &Home,
    reference: &Reference,
    layers: &[Descriptor],
    diff_ids: &[Digest],
) -> Result<()> {
    let mut both = layers.iter().zip(diff_ids);
    both.try_for_each(|(descriptor, diff_id)| note(home, reference, descriptor, diff_id))
}

/// How each layer gets here.
fn ways(home: &Home, diff_ids: &[Digest]) -> Result<Vec<Way>> {
    let chain = layers::chain(diff_ids);
    let here = chain
        .iter()
        .take_while(|chain| layers::exists(home, chain))
        .count();
    let mut ways: Vec<Way> = (0..here).map(|_| Way::Here).collect();
    if here == diff_ids.len() {
        return Ok(ways);
    }
    let mut known = layers::by_diff_id(home)?;
    let mut fetched = HashSet::new();
    for (chain, diff_id) in chain.iter().zip(diff_ids).skip(here) {
        ways.push(match known.remove(diff_id) {
            _ if layers::exists(home, chain) => Way::Here,
            Some(layer) => {
                known.insert(diff_id.clone(), layer.clone());
                Way::Copied(layer)
            }
            None if fetched.insert(diff_id) => Way::Fetched,
            None => Way::Again,
        });
    }
    Ok(ways)
}

fn note(
    home: &Home,
    reference: &Reference,
    descriptor: &Descriptor,
    diff_id: &Digest,
) -> Result<()> {
    let form = Form {
        digest: descriptor.digest.clone(),
        size: descriptor.size,
        media_type: descriptor.media_type.clone(),
        sources: vec![reference.name()],
    };
    distribution::note_form(home, diff_id, &form)
}

/// The layers already placed, and those still waiting.
struct Stack<'a> {
    work: &'a Work<'a>,
    ways: Vec<Way>,
    staged: HashMap<usize, Staged>,
    placed: Vec<Layer>,
}

impl Stack<'_> {
    fn run(&mut self, observer: &mut Observer<'_>) -> Result<()> {
        let work = self.work;
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE.min(work.to_fetch.len()))
                .map(|_| {
                    let sender = sender.clone();
                    scope.spawn(move || work.fetch_all(&sender))
                })
                .collect();
            drop(sender);
            let result = self.place_all(&receiver, observer);
            if result.is_err() {
                work.client.wires.give_up();
            }
            // Each is joined explicitly: a thread that is not joined may live a moment longer, and the code that
            // follows may need a single-threaded process.
            let panicked = workers
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .any(|end| end.is_err());
            match panicked {
                true => result.and(Err(Error::internal("fetching a layer failed"))),
                false => result,
            }
        })
    }

    fn place_all(&mut self, receiver: &Receiver<News>, observer: &mut Observer<'_>) -> Result<()> {
        self.place_what_is_there(observer)?;
        while let Some(news) = self.work.client.wires.next(receiver)? {
            match news {
                News::Status(index, status) => {
                    observer(layer_event(&short(&self.work.layers[index].digest), status));
                }
                News::Done(index, staged) => {
                    self.staged.insert(index, staged?);
                    self.place_what_is_there(observer)?;
                }
            }
        }
        match self.placed.len() == self.ways.len() {
            true => Ok(()),
            false => Err(Error::internal("a layer was not fetched")),
        }
    }

    /// Places layers from the bottom up, as far as they have arrived.
    fn place_what_is_there(&mut self, observer: &mut Observer<'_>) -> Result<()> {
        let home = self.work.home;
        while self.placed.len() < self.ways.len() {
            let index = self.placed.len();
            let diff_id = &self.work.diff_ids[index];
            let parent = self.placed.last().map(|layer| layer.chain.clone());
            let chain = layers::chain_id(parent.as_deref(), diff_id);
            let layer = match &self.ways[index] {
                Way::Here => layers::read(home, &chain)?,
                Way::Copied(layer) => layer::copy_layer(home, layer, parent.as_deref())?,
                Way::Again => {
                    let first = self.placed.iter().find(|layer| layer.diff_id == *diff_id);
                    let first =
                        first.ok_or_else(|| Error::internal("a layer is not where it was"))?;
                    layer::copy_layer(home, first, parent.as_deref())?
                }
                Way::Fetched => match self.staged.remove(&index) {
                    Some(staged) => staged.place(home, parent.as_deref())?,
                    None => return Ok(()),
                },
            };
            if matches!(self.ways[index], Way::Fetched) {
                let id = short(&self.work.layers[index].digest);
                observer(layer_event(&id, LayerStatus::PullComplete));
            }
            self.placed.push(layer);
        }
        Ok(())
    }
}

impl Work<'_> {
    /// Fetches one layer after the other, until none is left.
    fn fetch_all(&self, news: &Sender<News>) {
        while !self.client.wires.is_given_up() {
            let Some(index) = self.to_fetch.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            let done = self.fetch_one(*index, news);
            let failed = done.is_err();
            if news.send(News::Done(*index, done)).is_err() || failed {
                return;
            }
        }
    }

    fn fetch_one(&self, index: usize, news: &Sender<News>) -> Result<Staged> {
        let descriptor = &self.layers[index];
        let tell = |status| {
            // The receiver is gone if another layer failed.
            let _ = news.send(News::Status(index, status));
        };
        let draft = Draft::new(self.home)?;
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let downloaded = AtomicBool::new(false);
        let staged = thread::scope(|scope| {
            let chunks = Chunks {
                receiver,
                chunk: io::Cursor::new(Vec::new()),
                done: 0,
                total: descriptor.size,
                downloaded: &downloaded,
                tell: &tell,
            };
            let unpacking =
                thread::Builder::new().spawn_scoped(scope, || unpack(self.home, chunks));
            let unpacking = unpacking.on("start", "a thread")?;
            let fetched = self.download(descriptor, &draft, &sender, &tell);
            if fetched.is_ok() {
                tell(LayerStatus::DownloadComplete);
                downloaded.store(true, Ordering::Relaxed);
            } else {
                // The reader must not take the bytes so far for the whole blob.
                let _ = sender.send(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            drop(sender);
            let unpacked = unpacking
                .join()
                .unwrap_or_else(|_| Err(Error::internal("unpacking a layer failed")));
            match (fetched, unpacked) {
                (Err(Stopped::Fetching(error)), _) => Err(error),
                // Unpacking closed the channel, so its own error is the cause.
                (Err(Stopped::Passing), Ok(_)) => {
                    Err(Error::internal("unpacking a layer ended early"))
                }
                (_, unpacked) => unpacked,
            }
        })?;
        let expected = &self.diff_ids[index];
        if staged.diff_id() != expected {
            return Err(Error::invalid(format!(
                "invalid diffID for layer {index}: expected \"{expected}\", got \"{}\"",
                staged.diff_id()
            )));
        }
        note(self.home, self.reference, descriptor, expected)?;
        draft.publish(self.home, &descriptor.digest)?;
        Ok(staged)
    }

    /// Fetches a blob into its file, and passes it on.
    fn download(
        &self,
        descriptor: &Descriptor,
        draft: &Draft,
        sender: &SyncSender<io::Result<Vec<u8>>>,
        tell: &dyn Fn(LayerStatus),
    ) -> std::result::Result<(), Stopped> {
        let mut passing = false;
        let mut sink = |chunk: Vec<u8>| {
            if self.client.wires.is_given_up() {
                return Err(Error::invalid("another layer failed"));
            }
            draft.file().write_all(&chunk).on("write", draft.path())?;
            passing = sender.send(Ok(chunk)).is_err();
            match passing {
                true => Err(Error::internal("unpacking a layer ended early")),
                false => Ok(()),
            }
        };
        let fetched = blob::fetch(self.client, self.reference, descriptor, &mut sink, tell);
        fetched.map_err(|error| match passing {
            true => Stopped::Passing,
            false => Stopped::Fetching(error),
        })
    }
}

enum Stopped {
    /// By the network, or by wrong bytes.
    Fetching(Error),
    /// By the receiver of the bytes.
    Passing,
}

fn unpack(home: &Home, mut chunks: Chunks<'_>) -> Result<Staged> {
    let staged = layer::stage_beside(home, &mut chunks, Origin::Foreign, &Limits::default())?;
    // A decompressor may leave the last bytes unread, but they are part of the blob.
    io::copy(&mut chunks, &mut io::sink())
        .map_err(|error| Error::invalid("a layer broke off").with_source(error))?;
    Ok(staged)
}

/// The bytes of a blob as they arrive.
struct Chunks<'a> {
    receiver: Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
    done: u64,
    total: u64,
    /// All bytes have arrived: only unpacking is left.
    downloaded: &'a AtomicBool,
    tell: &'a (dyn Fn(LayerStatus) + Sync),
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.chunk.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.receiver.recv() {
                Ok(chunk) => {
                    let chunk = chunk?;
                    self.done += chunk.len() as u64;
                    if self.downloaded.load(Ordering::Relaxed) {
                        (self.tell)(LayerStatus::Extracting {
                            done: self.done,
                            total: self.total,
                        });
                    }
                    self.chunk = io::Cursor::new(chunk);
                }
                // The sender is gone; it has already sent any error.
                Err(_) => return Ok(0),
            }
        }
    }
}
