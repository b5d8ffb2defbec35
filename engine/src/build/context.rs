//! The build context: the files that COPY may see, the Dockerfile, and `.dockerignore`.
//!
//! **What Docker does.** The client sends the context to the daemon. **What we do.** The context is read in place. A
//! tar on standard input is unpacked into a folder that is removed after the build.
//!
//! **Lesson.** `files-into-an-image`

use super::ignore::Ignore;
use super::request::{Context, DockerfileAt, LONGEST_DOCKERFILE as LONGEST};
use super::sources::Tree;
use crate::error::{Error, IoContext, Result};
use crate::near::nearest;
use crate::oci::digest::Digest;
use crate::paths::{Home, create_private_dir};
use crate::store::layers::DIFF;
use crate::store::tree::remove_tree;
use crate::tree::compression::decompress;
use crate::tree::tar::Reader;
use crate::tree::unpack::{Frame, Limits, unpack};
use crate::tree::view::{Last, Node, View};
use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Everything that a build reads from outside.
pub(crate) struct Inputs {
    /// The Dockerfile's text.
    pub(crate) dockerfile: Vec<u8>,
    /// Its name, for messages.
    pub(crate) name: String,
    /// The context's files; `None` if there is no context.
    pub(crate) tree: Option<Tree>,
    /// The file with the ignore patterns, if there is one.
    pub(crate) ignore_name: Option<String>,
    /// Identifies the Dockerfile and its context, to find their last build.
    pub(crate) identity: String,
    _temporary: Option<Temporary>,
}

/// A temporary folder, removed on drop.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// Creates a folder on the file system of the home.
    pub(crate) fn new(home: &Home, prefix: &str) -> Result<Self> {
        Self::in_folder(&home.content_tmp(), prefix)
    }

    /// Creates a folder in `parent`, which is created if it is missing.
    pub(crate) fn in_folder(parent: &Path, prefix: &str) -> Result<Self> {
        if !parent.is_dir() {
            create_private_dir(parent)?;
        }
        let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent);
        Ok(Self(folder.on("create a directory in", parent)?.keep()))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A folder that cannot be removed now is swept later.
        let _ = remove_tree(&self.0);
    }
}

impl Inputs {
    /// Reads what `context` and `at` name.
    pub(crate) fn load(home: &Home, context: Context, at: &DockerfileAt) -> Result<Self> {
        let (folder, temporary, lasting) = match context {
            Context::Empty => (None, None, None),
            Context::Folder(path) => {
                let folder = context_folder(&path)?;
                (Some(folder.clone()), None, Some(folder))
            }
            Context::Tar(stream) => {
                let temporary = Temporary::new(home, "context-")?;
                unpack_context(stream, temporary.path())?;
                (Some(temporary.path().join(DIFF)), Some(temporary), None)
            }
        };
        let view = match &folder {
            Some(folder) => Some(View::open(std::slice::from_ref(folder))?),
            None => None,
        };
        let file = dockerfile(view.as_ref(), at, lasting.is_some())?;
        let (mut ignore, ignore_name) = match &view {
            Some(view) => ignore(view, &file)?,
            None => (Ignore::default(), None),
        };
        // `docker build ~` must not copy the layer that it is making.
        if let (Some(context), Ok(home)) = (&lasting, fs::canonicalize(home.root()))
            && let Ok(inside) = home.strip_prefix(context)
            && inside != Path::new("")
        {
            ignore = ignore.without(&inside.to_string_lossy())?;
        }
        let context_name = lasting.as_ref().map(|path| path.display().to_string());
        let identity = format!("{}\0{}", context_name.as_deref().unwrap_or("-"), file.path);
        Ok(Self {
            dockerfile: file.bytes,
            name: file.name,
            tree: view.map(|view| Tree { view, ignore }),
            ignore_name,
            identity: short_digest(&identity),
            _temporary: temporary,
        })
    }
}

fn short_digest(text: &str) -> String {
    Digest::of(text.as_bytes()).hex()[..32].to_owned()
}

fn context_folder(path: &Path) -> Result<PathBuf> {
    match fs::canonicalize(path) {
        Ok(folder) if folder.is_dir() => Ok(folder),
        Ok(_) => Err(Error::invalid(format!(
            "unable to prepare context: path \"{}\" is not a directory",
            path.display()
        ))
        .with_hint("docker build -f FILE FOLDER")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::invalid(format!(
            "unable to prepare context: path \"{}\" not found",
            path.display()
        ))),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

fn unpack_context(stream: Box<dyn Read + Send>, folder: &Path) -> Result<()> {
    let diff = folder.join(DIFF);
    fs::create_dir(&diff).on("create the directory", &diff)?;
    let stream = decompress(stream).on("read", "the build context")?;
    let mut tar = Reader::with_frame(BufReader::new(stream), Frame(None));
    unpack(&mut tar, folder, &Limits::default())?;
    Ok(())
}

/// A Dockerfile that was found.
struct Found {
    bytes: Vec<u8>,
    /// Its name in messages.
    name: String,
    /// Distinguishes it from other Dockerfiles of the same context.
    path: String,
    /// Its folder on this machine, if it was given as a path.
    beside: Option<PathBuf>,
}

fn dockerfile(view: Option<&View>, at: &DockerfileAt, on_machine: bool) -> Result<Found> {
    let named = |bytes: Vec<u8>, path: &str| Found {
        bytes,
        name: path.to_owned(),
        path: path.to_owned(),
        beside: None,
    };
    match (at, view) {
        (DockerfileAt::Text(bytes), _) if bytes.len() as u64 > LONGEST => Err(too_long("-")),
        (DockerfileAt::Text(bytes), _) => Ok(Found {
            bytes: bytes.clone(),
            name: "Dockerfile".to_owned(),
            path: "-".to_owned(),
            beside: None,
        }),
        (DockerfileAt::Path(path), _) if on_machine => {
            let bytes = read_path(path)?;
            let full = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            Ok(Found {
                bytes,
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                path: full.display().to_string(),
                beside: full.parent().map(Path::to_owned),
            })
        }
        (DockerfileAt::Path(path), Some(view)) => {
            let text = path.to_string_lossy().into_owned();
            match read(view, path)? {
                Some(bytes) => Ok(named(bytes, &text)),
                None => Err(not_found(view, &text)),
            }
        }
        (DockerfileAt::Default, Some(view)) => {
            for name in ["Dockerfile", "dockerfile"] {
                if let Some(bytes) = read(view, Path::new(name))? {
                    return Ok(named(bytes, name));
                }
            }
            Err(not_found(view, "Dockerfile"))
        }
        (_, None) => Err(Error::invalid(
            "failed to read dockerfile: there is neither a context nor a Dockerfile",
        )),
    }
}

fn read_path(path: &Path) -> Result<Vec<u8>> {
    let file = fs::File::open(path).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        Error::invalid(format!("failed to read dockerfile: open {name}: {reason}"))
    })?;
    if file.metadata().on("read", path)?.is_dir() {
        return Err(Error::invalid(format!(
            "failed to read dockerfile: read {}: is a directory",
            path.display()
        )));
    }
    read_whole(file, path)
}

/// Reads `file`, which is called `path` in messages. Error: it is longer than [`LONGEST`].
fn read_whole(file: fs::File, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .on("read", path)?;
    match bytes.len() as u64 > LONGEST {
        true => Err(too_long(&path.to_string_lossy())),
        false => Ok(bytes),
    }
}

fn too_long(name: &str) -> Error {
    Error::invalid(format!("`{name}` has more than {LONGEST} bytes"))
}

/// A regular file of the context; `None` if there is none.
fn read(view: &View, path: &Path) -> Result<Option<Vec<u8>>> {
    let Some(found) = view.find(path, Last::Follow)? else {
        return Ok(None);
    };
    let Node::File(file) = found.node else {
        return Ok(None);
    };
    if !file.kind().is_file() {
        return Ok(None);
    }
    let fd = file.open().map_err(std::io::Error::from).on("read", path)?;
    read_whole(fd.into(), path).map(Some)
}

fn not_found(view: &View, name: &str) -> Error {
    let error = Error::invalid(format!(
        "failed to read dockerfile: open {name}: no such file or directory"
    ));
    let names = view.root().names().unwrap_or_default();
    let names: Vec<String> = names
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let like = names
        .iter()
        .find(|other| other.to_ascii_lowercase().starts_with("dockerfile."))
        .map(String::as_str)
        .or_else(|| nearest(name, names.iter().map(String::as_str)));
    match like {
        Some(other) => error.with_hint(format!(
            "there is a `{other}`: rename it, or name it with `-f {other}`"
        )),
        None => error.with_hint(
            "a build reads the file `Dockerfile` of that folder; `-f FILE` names another one",
        ),
    }
}

/// `<Dockerfile>.dockerignore` beside the Dockerfile, else `.dockerignore` in the context. Error: it exists and cannot
/// be read; without it, excluded files could get into the image.
fn ignore(view: &View, file: &Found) -> Result<(Ignore, Option<String>)> {
    let own = format!("{}.dockerignore", file.name);
    let beside = match &file.beside {
        Some(folder) => {
            let path = folder.join(&own);
            match fs::File::open(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                file => Some(read_whole(file.on("read", &path)?, &path)?),
            }
        }
        None => read(view, Path::new(&own))?,
    };
    let (name, bytes) = match beside {
        Some(bytes) => (own, bytes),
        None => match read(view, Path::new(".dockerignore"))? {
            Some(bytes) => (".dockerignore".to_owned(), bytes),
            None => return Ok((Ignore::default(), None)),
        },
    };
    let rules = Ignore::parse(&name, &String::from_utf8_lossy(&bytes))?;
    Ok((rules, Some(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::sources::Selected;

    fn load(files: &[(&str, &str)], at: &str) -> Result<(Inputs, tempfile::TempDir)> {
        let folder = tempfile::tempdir().unwrap();
        let context = folder.path().join("context");
        fs::create_dir(&context).unwrap();
        for (name, text) in files {
            let path = context.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let home = Home::new(folder.path().join("home"), folder.path().join("run"));
        let at = match at {
            "" => DockerfileAt::Default,
            path => DockerfileAt::Path(context.join(path)),
        };
        Inputs::load(&home, Context::Folder(context), &at).map(|inputs| (inputs, folder))
    }

    #[test]
    fn the_dockerfile_is_found_or_missed_in_dockers_words() {
        let (inputs, _folder) = load(&[("Dockerfile", "FROM x")], "").unwrap();
        assert_eq!(
            (inputs.name.as_str(), inputs.dockerfile.as_slice()),
            ("Dockerfile", &b"FROM x"[..])
        );
        let (inputs, _folder) = load(&[("sub/app.df", "FROM y")], "sub/app.df").unwrap();
        assert_eq!(inputs.name, "app.df");
        let error = load(&[("Dockerfile.txt", "")], "").err().unwrap();
        assert_eq!(
            error.message(),
            "failed to read dockerfile: open Dockerfile: no such file or directory"
        );
        assert!(error.hint().unwrap().contains("`Dockerfile.txt`"));
        let error = load(&[("app.py", "")], "").err().unwrap();
        assert!(error.hint().unwrap().contains("`-f FILE`"));
    }

    #[test]
    fn an_ignore_file_of_its_own_goes_before_the_common_one() {
        let files = [
            ("Dockerfile", "FROM x"),
            ("b.df", "FROM x"),
            ("b.df.dockerignore", "one"),
            (".dockerignore", "two"),
            ("one", ""),
            ("two", ""),
        ];
        for (at, name, ignored) in [
            ("", ".dockerignore", "two"),
            ("b.df", "b.df.dockerignore", "one"),
        ] {
            let (inputs, _folder) = load(&files, at).unwrap();
            assert_eq!(inputs.ignore_name.as_deref(), Some(name));
            assert_eq!(
                inputs.tree.unwrap().select(ignored).unwrap(),
                Selected::Ignored
            );
        }
    }

    #[test]
    fn an_ignore_file_that_cannot_be_read_is_told_and_none_is_cut_off() {
        let is_told = |files: &[(&str, &str)], at: &str| {
            let error = load(files, at).err().unwrap().to_string();
            assert!(error.contains(".dockerignore`"), "{error}");
        };
        is_told(
            &[("a.df", "FROM x"), ("a.df.dockerignore/folder", "")],
            "a.df",
        );
        let long = "#".repeat(LONGEST as usize + 1);
        is_told(&[("Dockerfile", "FROM x"), (".dockerignore", &long)], "");
        let error = load(&[("Dockerfile", &long)], "").err().unwrap();
        assert_eq!(error.message(), "`Dockerfile` has more than 16777216 bytes");
    }

    #[test]
    fn a_tar_can_be_the_context() {
        let mut tar = crate::tree::tar::Writer::new(Vec::new());
        tar.append_bytes("Dockerfile", 0o644, b"FROM x").unwrap();
        tar.append_bytes("f", 0o644, b"text").unwrap();
        let bytes = tar.finish().unwrap();
        let (_folder, home, _) = crate::paths::testing::world();
        let context = Context::Tar(Box::new(std::io::Cursor::new(bytes)));
        let inputs = Inputs::load(&home, context, &DockerfileAt::Default).unwrap();
        assert_eq!(inputs.dockerfile, b"FROM x");
        assert!(matches!(
            inputs.tree.as_ref().unwrap().select("f").unwrap(),
            Selected::Items(_)
        ));
        drop(inputs);
        assert_eq!(fs::read_dir(home.content_tmp()).unwrap().count(), 0);
    }
}
