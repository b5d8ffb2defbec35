//! `-o`: a file that is written atomically, or standard output unless that is a terminal.

use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

/// Lets `write` write to the file `path`, or to standard output without one. `verb` is used in messages.
pub(super) fn save(
    ctx: &mut Ctx,
    verb: &str,
    path: Option<&str>,
    write: impl FnOnce(&mut dyn Write) -> CommandResult,
) -> CommandResult {
    let Some(path) = path.filter(|path| !path.is_empty()) else {
        if io::stdout().is_terminal() {
            return Err(Failure::message(
                "cowardly refusing to save to a terminal. Use the -o flag or redirect",
            ));
        }
        return write(ctx.out.raw());
    };
    let path = Path::new(path);
    check(path).map_err(|why| Failure::message(format!("failed to {verb}: {why}")))?;
    if path.exists() && !path.is_file() {
        let mut file = io::BufWriter::new(std::fs::OpenOptions::new().write(true).open(path)?);
        write(&mut file)?;
        return Ok(file.flush()?);
    }
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let file = tempfile::Builder::new()
        .prefix(".docklings-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    let mut writer = BufWriter::with_capacity(1 << 20, file);
    write(&mut writer)?;
    let file = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Why `path` cannot be written, in Docker's words.
fn check(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        return Err("cannot write to a directory".to_owned());
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.exists() => Err(format!(
            "invalid output path: stat {}: no such file or directory",
            parent.display()
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_told_before_anything_is_written() {
        assert_eq!(
            check(Path::new("/nope/x.tar")).unwrap_err(),
            "invalid output path: stat /nope: no such file or directory"
        );
        assert_eq!(
            check(Path::new("/tmp")).unwrap_err(),
            "cannot write to a directory"
        );
        assert_eq!(check(Path::new("x.tar")), Ok(()));
    }
}
