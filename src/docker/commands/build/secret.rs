//! `docker build --secret`: the secrets for `RUN --mount=type=secret`.

use crate::docker::values::files::open_error;
use crate::failure::{CommandResult, Failure};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

/// The maximum size of a secret in bytes.
const LARGEST: u64 = 500 << 10;

/// Parses each `id=name[,src=file|env=VARIABLE]`. Without a source, the variable with the secret's name is used, or
/// else the file.
pub(super) fn read(texts: &[String]) -> CommandResult<BTreeMap<String, Vec<u8>>> {
    let mut secrets = BTreeMap::new();
    for text in texts {
        let (mut id, mut file, mut variable, mut kind) = (None, None, None, "");
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("src" | "source", value)) => file = Some(value.to_owned()),
                Some(("env", value)) => variable = Some(value.to_owned()),
                Some(("type", value @ ("file" | "env"))) => kind = value,
                Some(("type", value)) => {
                    return Err(wrong(text, &format!("unsupported secret type {value:?}")));
                }
                Some((key, _)) => {
                    return Err(wrong(text, &format!("unexpected key '{key}' in '{part}'")));
                }
                None => {
                    return Err(wrong(
                        text,
                        &format!("invalid field '{part}' must be a key=value pair"),
                    ));
                }
            }
        }
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            return Err(wrong(text, "secret missing an id"));
        };
        if kind == "env" && variable.is_none() {
            variable = file.take();
        }
        let own = |name: &str| std::env::var_os(name).map(std::ffi::OsString::into_encoded_bytes);
        let value = match (&variable, &file) {
            (Some(name), _) => own(name),
            (None, Some(path)) => Some(content(&id, path)?),
            (None, None) => match own(&id) {
                Some(value) if kind != "file" => Some(value),
                _ => Some(content(&id, &id)?),
            },
        };
        let value = value.ok_or_else(|| wrong(text, "the variable is not set"))?;
        secrets.insert(id, value);
    }
    Ok(secrets)
}

/// Reads the secret `id`. Source of the limit: buildkit `session/secrets/secretsprovider/store.go`.
fn content(id: &str, path: &str) -> CommandResult<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::message(open_error(path, &error)))?;
    match bytes.len() as u64 > LARGEST {
        true => Err(Failure::message(format!(
            "ERROR: secret {id} too big. max size 500KB"
        ))),
        false => Ok(bytes),
    }
}

fn wrong(text: &str, why: &str) -> Failure {
    Failure::message(format!("ERROR: invalid secret \"{text}\": {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_file_or_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "word").unwrap();
        let path = path.display();
        let read = |text: String| read(&[text]).unwrap();
        assert_eq!(read(format!("id=a,src={path}"))["a"], b"word");
        assert_eq!(read(format!("type=file,id=b,source={path}"))["b"], b"word");
        let own = std::env::var("PATH").unwrap().into_bytes();
        assert_eq!(read("id=c,env=PATH".to_owned())["c"], own);
        assert_eq!(read("id=PATH".to_owned())["PATH"], own);
    }

    #[test]
    fn a_file_without_an_end_is_no_secret() {
        let error = read(&["id=a,src=/dev/zero".to_owned()]).unwrap_err();
        assert_eq!(
            error.text().unwrap(),
            "ERROR: secret a too big. max size 500KB"
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, said) in [
            ("src=x", "secret missing an id"),
            ("id=a,src=/nope", "open /nope: no such file or directory"),
            ("id=a,env=NOT_SET_ANYWHERE", "the variable is not set"),
            ("id=a,oops", "invalid field 'oops'"),
            ("id=a,type=floppy", "unsupported secret type"),
        ] {
            let error = read(&[text.to_owned()]).unwrap_err().text().unwrap();
            assert!(error.contains(said), "{error}");
        }
    }
}
