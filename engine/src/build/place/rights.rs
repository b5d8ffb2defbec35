//! `--chown` and `--chmod`.
//!
//! Source: Dockerfile reference, "COPY --chown --chmod"; `chmod(1)` for the symbolic form.

use crate::error::{Error, Result};
use crate::near::nearest;
use crate::runtime::user;
use crate::tree::view::{Last, Node, View};
use std::io::Read;
use std::path::Path;

/// The size limit of `/etc/passwd` and `/etc/group`, in bytes.
const LIMIT: u64 = 4 << 20;

/// The owner that `--chown=text` names, in the root that `view` shows. A number without a group is also the group.
pub(crate) fn owner(view: &View, text: &str) -> Result<(u32, u32)> {
    let (name, group) = match text.split_once(':') {
        Some((name, group)) => (name, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    };
    let groups = || read(view, "etc/group");
    if let Ok(uid) = name.parse::<u32>() {
        let gid = match group {
            None => uid,
            Some(group) => user::group_id(&groups()?, group)?,
        };
        return Ok((uid, gid));
    }
    let passwd = read(view, "etc/passwd")?;
    let found = user::resolve_in(&passwd, &groups()?, text).map_err(|error| {
        let names = passwd.lines().filter_map(|line| line.split(':').next());
        match nearest(name, names).filter(|like| *like != name) {
            Some(like) => error.with_hint(format!("did you mean `{like}`?")),
            None => error,
        }
    })?;
    Ok((found.uid, found.gid))
}

/// A regular file of the root; anything else counts as empty, so no fifo or device is ever opened.
fn read(view: &View, path: &str) -> Result<String> {
    let Ok(Some(found)) = view.find(Path::new(path), Last::Follow) else {
        return Ok(String::new());
    };
    let Node::File(file) = found.node else {
        return Ok(String::new());
    };
    if !file.kind().is_file() {
        return Ok(String::new());
    }
    let fd = file
        .open()
        .map_err(|errno| Error::io("read", path, errno.into()))?;
    let mut bytes = Vec::new();
    std::fs::File::from(fd)
        .take(LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io("read", path, error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `--chmod`: permissions, or changes to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Octal.
    Exactly(u32),
    /// Such as `u+x,go=rX`.
    Changes(Vec<Change>),
}

/// One clause of a symbolic mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The permission bits of the user, group and others that the clause names, such as `0o700`.
    who: u32,
    operator: char,
    letters: String,
}

impl Mode {
    /// Reads an octal or symbolic mode.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let octal = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        if octal && text.len() <= 5 {
            let mode = u32::from_str_radix(text, 8).unwrap_or(u32::MAX);
            if mode <= 0o7777 {
                return Ok(Self::Exactly(mode));
            }
        }
        let changes: Option<Vec<Change>> = match octal {
            true => None,
            false => text.split(',').map(Change::parse).collect(),
        };
        changes.map(Self::Changes).ok_or_else(|| {
            Error::invalid(format!(
                "invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777"
            ))
        })
    }

    /// The new permissions of a file that has `mode`.
    pub(crate) fn apply(&self, mode: u32, is_dir: bool) -> u32 {
        match self {
            Self::Exactly(mode) => *mode,
            Self::Changes(changes) => changes
                .iter()
                .fold(mode, |mode, change| change.apply(mode, is_dir)),
        }
    }
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let at = text.find(['+', '-', '='])?;
        let mut who = 0;
        for letter in text[..at].chars() {
            who |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o0007,
                'a' => 0o6777,
                _ => return None,
            };
        }
        let mut rest = text[at..].chars();
        let operator = rest.next()?;
        let letters: String = rest.collect();
        letters
            .chars()
            .all(|letter| "rwxXst".contains(letter))
            .then_some(Self {
                who: if at == 0 { 0o6777 } else { who },
                operator,
                letters,
            })
    }

    fn apply(&self, mode: u32, is_dir: bool) -> u32 {
        let mut bits = 0;
        for letter in self.letters.chars() {
            bits |= match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                'X' if is_dir || mode & 0o111 != 0 => 0o111,
                's' => 0o6000,
                't' => 0o1000,
                _ => 0,
            };
        }
        // The sticky bit does not belong to user, group or others.
        let bits = bits & (self.who | 0o1000);
        match self.operator {
            '+' => mode | bits,
            '-' => mode & !bits,
            _ => mode & !self.who | bits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_or_symbolic() {
        let check = |text: &str, mode: u32, expected: u32| {
            assert_eq!(
                Mode::parse(text).unwrap().apply(mode, false),
                expected,
                "{text}"
            );
        };
        check("755", 0o644, 0o755);
        check("0600", 0o644, 0o600);
        check("4755", 0o644, 0o4755);
        check("u+x", 0o644, 0o744);
        check("+x", 0o644, 0o755);
        check("go-r", 0o644, 0o600);
        check("u=rwX,go=rX", 0o600, 0o644);
        check("a=rX", 0o700, 0o555);
        check("u+s", 0o755, 0o4755);
        assert_eq!(Mode::parse("go=rX").unwrap().apply(0o700, true), 0o755);
        for bad in ["", "8", "999", "77777", "u", "x+u", "u+q", "rw"] {
            assert!(Mode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_looked_up_in_the_image() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        std::fs::write(
            folder.path().join("etc/passwd"),
            "app:x:1000:1001::/:/bin/sh\n",
        )
        .unwrap();
        std::fs::write(folder.path().join("etc/group"), "staff:x:50:\n").unwrap();
        let view = View::open(&[folder.path().to_owned()]).unwrap();
        for (text, expected) in [
            ("app", (1000, 1001)),
            ("app:staff", (1000, 50)),
            ("7", (7, 7)),
            ("7:8", (7, 8)),
            ("7:staff", (7, 50)),
        ] {
            assert_eq!(owner(&view, text).unwrap(), expected, "{text}");
        }
        assert!(owner(&view, "nobody").is_err());
        assert!(owner(&view, "1:nogroup").is_err());
    }
}
