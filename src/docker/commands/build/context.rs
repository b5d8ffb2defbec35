//! The source of a build's files and its Dockerfile: a folder, or standard input.

use crate::failure::{CommandResult, Failure};
use engine::build::request::{Context, DockerfileAt, LONGEST_DOCKERFILE};
use engine::error::plainly;
use std::io::{Cursor, Read};
use std::path::Path;

/// The number of bytes that distinguish a tar archive from a Dockerfile.
const LOOK: u64 = 512;

/// A build's input.
pub(super) struct Source {
    pub(super) context: Context,
    pub(super) dockerfile: DockerfileAt,
}

/// Reads the word after `docker build`, and `-f`.
pub(super) fn read(
    word: &str,
    file: Option<&str>,
    stdin: impl Read + Send + 'static,
) -> CommandResult<Source> {
    let file = file.filter(|file| !file.is_empty());
    if word == "-" {
        if file == Some("-") {
            return Err(Failure::message(
                "invalid argument: can't use stdin for both build context and dockerfile",
            ));
        }
        return from_stdin(file, stdin);
    }
    if ["http://", "https://", "git://", "git@", "github.com/"]
        .iter()
        .any(|start| word.starts_with(start))
    {
        return Err(Failure::refused(
            &format!("docker build {word}"),
            crate::exit::FAILURE,
        ));
    }
    let folder = Path::new(word);
    if !folder.is_dir() {
        let why = match folder.exists() {
            true => format!("unable to prepare context: context must be a directory: {word}"),
            false => format!("unable to prepare context: path \"{word}\" not found"),
        };
        return Err(Failure::message(why));
    }
    let dockerfile = match file {
        None => DockerfileAt::Default,
        Some("-") => DockerfileAt::Text(dockerfile(stdin)?),
        Some(path) => DockerfileAt::Path(std::path::absolute(path)?),
    };
    Ok(Source {
        context: Context::Folder(std::path::absolute(folder)?),
        dockerfile,
    })
}

/// Standard input is a tar archive, or the Dockerfile itself.
fn from_stdin(file: Option<&str>, mut stdin: impl Read + Send + 'static) -> CommandResult<Source> {
    let head = all(stdin.by_ref().take(LOOK))?;
    let is_archive = is_archive(&head);
    let stream = Cursor::new(head).chain(stdin);
    if is_archive {
        return Ok(Source {
            // The archive may be larger than memory.
            context: Context::Tar(Box::new(stream)),
            // For an archive, `-f` is a path inside it.
            dockerfile: file.map_or(DockerfileAt::Default, |path| {
                DockerfileAt::Path(path.into())
            }),
        });
    }
    Ok(Source {
        context: Context::Empty,
        dockerfile: DockerfileAt::Text(dockerfile(stream)?),
    })
}

/// Reads at most one byte more than the size limit of a Dockerfile, so that the engine reports the excess.
fn dockerfile(stream: impl Read) -> CommandResult<Vec<u8>> {
    all(stream.take(LONGEST_DOCKERFILE + 1))
}

fn all(mut reader: impl Read) -> CommandResult<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| {
        Failure::message(format!("cannot read standard input: {}", plainly(&error)))
    })?;
    Ok(bytes)
}

/// Whether a file with this beginning is an archive: compressed, or with the magic of a tar.
fn is_archive(head: &[u8]) -> bool {
    let marks: [&[u8]; 4] = [
        &[0x1f, 0x8b],
        b"BZh",
        &[0xfd, b'7', b'z', b'X', b'Z', 0],
        &[0x28, 0xb5, 0x2f, 0xfd],
    ];
    marks.iter().any(|mark| head.starts_with(mark)) || head.get(257..262) == Some(b"ustar")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(word: &str, file: Option<&str>, input: &[u8]) -> CommandResult<Source> {
        read(word, file, Cursor::new(input.to_vec()))
    }

    #[test]
    fn standard_input_is_a_dockerfile_or_an_archive() {
        let source = from("-", None, b"FROM x\n").unwrap();
        assert!(matches!(source.context, Context::Empty));
        assert_eq!(source.dockerfile, DockerfileAt::Text(b"FROM x\n".to_vec()));
        let source = from("-", Some("sub/Dockerfile"), &[0x1f, 0x8b, 8]).unwrap();
        assert!(matches!(source.context, Context::Tar(_)));
        assert_eq!(
            source.dockerfile,
            DockerfileAt::Path("sub/Dockerfile".into())
        );
    }

    #[test]
    fn a_folder_must_be_there() {
        let text = |word, file| from(word, file, b"").err().unwrap().text().unwrap();
        assert_eq!(
            text("nope", None),
            "unable to prepare context: path \"nope\" not found"
        );
        assert_eq!(
            text("-", Some("-")),
            "invalid argument: can't use stdin for both build context and dockerfile"
        );
        assert!(text("https://x/y.git", None).contains("not part of docklings"));
    }

    #[test]
    fn the_dockerfile_of_a_folder_may_come_from_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(
            from(path, None, b"").unwrap().dockerfile,
            DockerfileAt::Default
        );
        assert_eq!(
            from(path, Some("-"), b"FROM y").unwrap().dockerfile,
            DockerfileAt::Text(b"FROM y".to_vec())
        );
        assert_eq!(
            from(path, Some("/d/D"), b"").unwrap().dockerfile,
            DockerfileAt::Path("/d/D".into())
        );
    }
}
