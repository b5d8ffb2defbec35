//! COPY, ADD and WORKDIR: finding their sources, and writing them into a new layer.

use super::fetch::{self, Fetched};
use super::look::{Prepared, Source, several_sources};
use super::{Builder, Going};
use crate::build::context::Temporary;
use crate::build::ignore::Ignore;
use crate::build::place::rights::{self, Mode};
use crate::build::place::{Destination, Placer, Rights};
use crate::build::sources::{Item, Tree};
use crate::build::work::CopyWork;
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::image::layer;
use crate::store::layers::DIFF;
use crate::tree::compression::decompress;
use crate::tree::tar;
use crate::tree::unpack::{Frame, Limits, unpack};
use crate::tree::view::{Last, Node, View};
use std::fs::{self, File};
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

impl Builder<'_> {
    /// Writes the sources into a new layer of the stage.
    pub(super) fn do_copy(
        &self,
        work: &CopyWork,
        prepared: &Prepared<'_>,
        going: &mut Going,
    ) -> Result<()> {
        let home = &self.engine.home;
        let temporary = Temporary::new(home, "copy-")?;
        let upper = new_upper(&temporary)?;
        let lowers = layer::diffs(home, &going.built.chain);
        let rights = rights_of(work, prepared, &lowers)?;
        let mut placer = Placer::new(&upper, &lowers, rights.clone())?;
        let several = prepared.items.len() + prepared.inline.len() + prepared.fetched.len() > 1;
        let to = Destination {
            path: &work.destination,
            is_dir: work.destination.ends_with('/'),
            with_folder: false,
            through_links: false,
        };
        if several && !to.is_dir && !is_folder(&lowers, to.path)? {
            return Err(Error::invalid(several_sources(work.keyword)));
        }
        for item in &prepared.items {
            match self.archive(work, prepared.tree.tree(), item)? {
                Some(unpacked) => {
                    place_archive(&unpacked, to, (&upper, &lowers), work, &rights)?;
                }
                None => placer.item(prepared.tree.tree(), item, &prepared.exclude, to)?,
            }
        }
        for (name, content) in &prepared.inline {
            placer.content(name, content.as_bytes(), 0o644, to)?;
        }
        for fetched in &prepared.fetched {
            self.place_fetched(fetched, work, &mut placer, to, (&upper, &lowers), &rights)?;
        }
        drop(placer);
        publish(self.engine, going, &upper)
    }

    /// Writes the sources of a mount below `folder`, to the destination of `work`.
    pub(super) fn place_files(
        work: &CopyWork,
        prepared: &Prepared<'_>,
        folder: &Path,
    ) -> Result<()> {
        let rights = rights_of(work, prepared, &[])?;
        let mut placer = Placer::new(folder, &[], rights)?;
        let to = Destination {
            path: &work.destination,
            is_dir: false,
            with_folder: true,
            through_links: false,
        };
        for item in &prepared.items {
            placer.item(prepared.tree.tree(), item, &prepared.exclude, to)?;
        }
        Ok(())
    }

    /// The unpacked archive `item`, if it is one and ADD must unpack it.
    fn archive(&self, work: &CopyWork, tree: &Tree, item: &Item) -> Result<Option<Temporary>> {
        if work.keyword != "ADD" || item.is_dir || work.unpack == Some(false) {
            return Ok(None);
        }
        let Some(found) = tree.view.find(&item.path, Last::Keep)? else {
            return Ok(None);
        };
        let Node::File(file) = found.node else {
            return Ok(None);
        };
        if !file.kind().is_file() {
            return Ok(None);
        }
        let fd = file
            .open()
            .map_err(std::io::Error::from)
            .on("read", &item.path)?;
        self.unpack_archive(File::from(fd))
    }

    /// Unpacks `file` if it is an archive.
    fn unpack_archive(&self, mut file: File) -> Result<Option<Temporary>> {
        if !is_archive(&mut file)? {
            return Ok(None);
        }
        let temporary = Temporary::new(&self.engine.home, "add-")?;
        new_folder(&temporary.path().join(DIFF))?;
        let stream = decompress(BufReader::new(file)).on("read", "an archive")?;
        let mut reader = tar::Reader::with_frame(BufReader::new(stream), Frame(None));
        unpack(&mut reader, temporary.path(), &Limits::default())?;
        Ok(Some(temporary))
    }

    fn place_fetched(
        &self,
        fetched: &Fetched,
        work: &CopyWork,
        placer: &mut Placer,
        to: Destination<'_>,
        (upper, lowers): (&Path, &[PathBuf]),
        rights: &Rights,
    ) -> Result<()> {
        let path = fetched.path();
        if work.unpack == Some(true)
            && let Some(unpacked) = self.unpack_archive(File::open(&path).on("read", &path)?)?
        {
            return place_archive(&unpacked, to, (upper, lowers), work, rights);
        }
        if fetched.name.is_empty() && to.is_dir {
            return Err(Error::invalid(format!(
                "cannot determine filename for source {}",
                fetched.url
            )));
        }
        let tree = Tree::open(&[fetched.folder().to_owned()], Ignore::default())?;
        let item = Item {
            path: PathBuf::from(fetch::FILE),
            name: fetched.name.clone().into(),
            is_dir: false,
            only: None,
        };
        placer.item(&tree, &item, &Ignore::default(), to)
    }

    /// Creates the directory of WORKDIR. Returns whether that made a layer.
    pub(super) fn make_directory(
        &mut self,
        path: &str,
        user: &str,
        going: &mut Going,
    ) -> Result<bool> {
        let engine = self.engine;
        let lowers = layer::diffs(&engine.home, &going.built.chain);
        if is_folder(&lowers, path)? {
            return Ok(false);
        }
        let owner = match user {
            "" => (0, 0),
            user => rights::owner(&View::open(&lowers)?, user)?,
        };
        let temporary = Temporary::new(&engine.home, "copy-")?;
        let upper = new_upper(&temporary)?;
        let rights = Rights {
            owner: Some(owner),
            chmod: None,
        };
        Placer::new(&upper, &lowers, rights)?.directory(path)?;
        publish(engine, going, &upper)?;
        Ok(true)
    }
}

/// Makes `upper` the stage's next layer.
pub(super) fn publish(engine: &Engine, going: &mut Going, upper: &Path) -> Result<()> {
    let layer = layer::adopt(&engine.home, &going.built.chain, upper)?;
    going.built.chain.push(layer.chain);
    Ok(())
}

/// Writes the contents of an archive. Permissions come from the archive, and so do owners without `--chown`; `rights`
/// apply to the target directory, if that is new.
fn place_archive(
    unpacked: &Temporary,
    to: Destination<'_>,
    (upper, lowers): (&Path, &[PathBuf]),
    work: &CopyWork,
    rights: &Rights,
) -> Result<()> {
    Placer::new(upper, lowers, rights.clone())?.directory(to.path)?;
    let tree = Tree::open(&[unpacked.path().join(DIFF)], Ignore::default())?;
    let root = Item {
        path: PathBuf::new(),
        name: std::ffi::OsString::new(),
        is_dir: true,
        only: None,
    };
    let own = Rights {
        owner: rights.owner.filter(|_| work.chown.is_some()),
        chmod: None,
    };
    let to = Destination {
        through_links: true,
        ..to
    };
    Placer::new(upper, lowers, own)?.item(&tree, &root, &Ignore::default(), to)
}

/// A folder for a new layer, accessible to everyone.
pub(super) fn new_upper(temporary: &Temporary) -> Result<PathBuf> {
    let upper = temporary.path().join("upper");
    new_folder(&upper)?;
    Ok(upper)
}

/// Creates a folder that everyone may enter, regardless of the umask.
pub(super) fn new_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir(path).on("create the directory", path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).on("change the mode of", path)
}

fn is_folder(lowers: &[PathBuf], path: &str) -> Result<bool> {
    let found = View::open(lowers)?.find(Path::new(path), Last::Follow);
    // A path through a file is not a folder; copying reports a clearer error.
    Ok(matches!(found, Ok(Some(found)) if matches!(found.node, Node::Folder(_))))
}

/// Owner and permissions of the copies.
fn rights_of(work: &CopyWork, prepared: &Prepared<'_>, lowers: &[PathBuf]) -> Result<Rights> {
    let owner = match (&work.chown, &prepared.tree) {
        (Some(chown), _) => Some(rights::owner(&View::open(lowers)?, chown)?),
        (None, Source::Context(_)) => Some((0, 0)),
        // Files of another stage keep their owner.
        (None, Source::Layers(_)) if work.from.is_some() => None,
        (None, Source::Layers(_)) => Some((0, 0)),
    };
    let chmod = work.chmod.as_deref().map(Mode::parse).transpose()?;
    Ok(Rights { owner, chmod })
}

/// Whether a file is a tar, compressed or not.
fn is_archive(file: &mut File) -> Result<bool> {
    let on = |error| Error::io("read", "an archive", error);
    let mut header = [0; 512];
    let copy = file.try_clone().map_err(on)?;
    let complete =
        decompress(BufReader::new(copy)).and_then(|mut stream| stream.read_exact(&mut header));
    file.rewind().map_err(on)?;
    Ok(complete.is_ok() && &header[257..262] == b"ustar")
}
