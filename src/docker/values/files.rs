//! Files of environment variables (`--env-file`): one pair per line.

use crate::failure::{CommandResult, Failure};
use std::fs::{self, File};
use std::io;

/// All variables: those of `files`, then those of `pairs`, each resolved with `own` if only a name is given. If the
/// caller has no such variable, a name in a file is dropped, and one on the command line stays: it unsets the variable.
pub(crate) fn variables(
    files: &[String],
    pairs: &[String],
    own: &dyn Fn(&str) -> Option<String>,
) -> CommandResult<Vec<String>> {
    let resolved = |pair: &String| match pair.contains('=') {
        true => Some(pair.clone()),
        false => own(pair).map(|value| format!("{pair}={value}")),
    };
    let mut all = Vec::new();
    for file in files {
        all.extend(lines(file)?.iter().filter_map(resolved));
    }
    all.extend(
        pairs
            .iter()
            .map(|pair| resolved(pair).unwrap_or_else(|| pair.clone())),
    );
    Ok(all)
}

/// Opens a file for reading. A folder is refused, in Go's words.
pub(crate) fn open(path: &str) -> CommandResult<File> {
    let file = File::open(path).map_err(|error| Failure::message(open_error(path, &error)))?;
    match file.metadata().is_ok_and(|about| about.is_dir()) {
        true => Err(Failure::message(format!("read {path}: is a directory"))),
        false => Ok(file),
    }
}

/// Go's message for a file that cannot be opened, which Docker prints.
pub(crate) fn open_error(path: &str, error: &io::Error) -> String {
    let cause = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string().to_lowercase(),
    };
    format!("open {path}: {cause}")
}

fn lines(path: &str) -> CommandResult<Vec<String>> {
    let text = fs::read(path).map_err(|error| Failure::message(open_error(path, &error)))?;
    let text = String::from_utf8(text).map_err(|_| {
        Failure::message(format!(
            "invalid env file ({path}): its content is not UTF-8"
        ))
    })?;
    let mut pairs = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let name = line.split('=').next().unwrap_or_default().trim_start();
        let wrong = if name.is_empty() {
            Some(format!("no variable name on line '{line}'"))
        } else if name.contains(char::is_whitespace) && line.contains('=') {
            Some(format!("variable '{name}' contains whitespaces"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(Failure::message(format!(
                "invalid env file ({path}): {wrong}"
            )));
        }
        pairs.push(
            if line.contains('=') {
                line
            } else {
                line.trim()
            }
            .to_owned(),
        );
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        (folder, path)
    }

    #[test]
    fn variables_come_from_the_file_then_from_the_line_then_from_the_caller() {
        let (_folder, path) = file("A=1\n# no\n\n  B=x y\nHOME\nNOT_SET\nQ=\"k\"\n");
        let own = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        let all = variables(&[path], &["A=2".to_owned(), "GONE".to_owned()], &own).unwrap();
        assert_eq!(
            all,
            ["A=1", "B=x y", "HOME=/root", "Q=\"k\"", "A=2", "GONE"]
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        let (_folder, path) = file("bad name=1\n");
        let text = variables(std::slice::from_ref(&path), &[], &|_| None)
            .unwrap_err()
            .text()
            .unwrap();
        assert_eq!(
            text,
            format!("invalid env file ({path}): variable 'bad name' contains whitespaces")
        );
        let text = variables(&["/nope".to_owned()], &[], &|_| None)
            .unwrap_err()
            .text()
            .unwrap();
        assert_eq!(text, "open /nope: no such file or directory");
    }
}
