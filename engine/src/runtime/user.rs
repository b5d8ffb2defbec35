//! The user in a container: `USER`, `-u`, resolved against the image's own `/etc/passwd` and `/etc/group`.
//!
//! **What Docker does.** The same, in runc (`libcontainer/user`): names and numbers, `user:group`, and, for a user
//! without a group, all groups that `/etc/group` lists for the name.
//! **What we leave out.** The machine's name services: asking them could load code from the image (CVE-2019-14271).
//! **Lesson.** `settings-of-an-image`

use crate::error::{Error, Result};
use crate::sys::rootdir::RootDir;
use std::path::Path;

/// A user, as the kernel sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Home folder.
    pub home: String,
}

/// The longest `/etc/passwd` that is read, in bytes.
const LIMIT: usize = 4 << 20;

/// Resolves `text` (`user`, `user:group`, names or numbers; empty is root) in the root folder `root`.
pub(crate) fn resolve(root: &RootDir, text: &str) -> Result<User> {
    resolve_in(
        &read(root, "/etc/passwd")?,
        &read(root, "/etc/group")?,
        text,
    )
}

fn read(root: &RootDir, path: &str) -> Result<String> {
    let bytes = root.read(Path::new(path), LIMIT)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Resolves `text` against the contents of `/etc/passwd` and `/etc/group`.
pub(crate) fn resolve_in(passwd: &str, group: &str, text: &str) -> Result<User> {
    let (name, wanted_group) = match text.split_once(':') {
        Some((name, group)) => (name, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    };
    let name = if name.is_empty() { "0" } else { name };
    let number = number(name).transpose()?;
    let entry = passwd
        .lines()
        .filter_map(Entry::parse)
        .find(|entry| entry.name == name || (number.is_some() && number == Some(entry.uid)));
    let mut user = match (&entry, number) {
        (Some(entry), _) => User {
            uid: entry.uid,
            gid: entry.gid,
            groups: Vec::new(),
            home: entry.home.to_owned(),
        },
        (None, Some(uid)) => User {
            uid,
            gid: 0,
            groups: Vec::new(),
            home: "/".to_owned(),
        },
        (None, None) => {
            return Err(Error::invalid(format!(
                "unable to find user {name}: no matching entries in passwd file"
            )));
        }
    };
    match (wanted_group, &entry) {
        (Some(wanted), _) => user.gid = group_id(group, wanted)?,
        (None, Some(entry)) => user.groups = groups_of(group, entry.name),
        (None, None) => {}
    }
    // A process whose list lacks its own group could pass a rule that denies the group (CVE-2022-36109).
    user.groups.retain(|id| *id != user.gid);
    user.groups.insert(0, user.gid);
    Ok(user)
}

/// The id of a group given by name or number.
pub(crate) fn group_id(group: &str, wanted: &str) -> Result<u32> {
    let found = group.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?.parse().ok()?);
        (name == wanted).then_some(id)
    });
    match (found, number(wanted)) {
        (Some(id), _) => Ok(id),
        (None, Some(number)) => number,
        (None, None) => Err(Error::invalid(format!(
            "unable to find group {wanted}: no matching entries in group file"
        ))),
    }
}

/// `text` as an id, if it is a number. Error: it is too large for an id. Source: moby `sys/user`, `GetExecUser`.
fn number(text: &str) -> Option<Result<u32>> {
    let number: i64 = text.parse().ok()?;
    let id = u32::try_from(number)
        .ok()
        .filter(|id| *id <= i32::MAX as u32);
    Some(id.ok_or_else(|| Error::invalid(format!("uids and gids must be in range 0-{}", i32::MAX))))
}

fn groups_of(group: &str, name: &str) -> Vec<u32> {
    group
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [_, _, id, members] = fields[..] else {
                return None;
            };
            members
                .split(',')
                .any(|member| member == name)
                .then(|| id.parse().ok())?
        })
        .collect()
}

struct Entry<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        Some(Self {
            name: fields.first().filter(|name| !name.is_empty())?,
            uid: fields.get(2)?.parse().ok()?,
            gid: fields.get(3)?.parse().ok()?,
            home: fields
                .get(5)
                .filter(|home| !home.is_empty())
                .unwrap_or(&"/"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nbroken\napp:x:1000:1001:app:/home/app:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nvideo:x:44:app,bob\napp:x:1001:\ndisk:x:6:root\n";

    fn check(text: &str, uid: u32, gid: u32, groups: &[u32], home: &str) {
        let expected = User {
            uid,
            gid,
            groups: groups.to_vec(),
            home: home.into(),
        };
        assert_eq!(
            resolve_in(PASSWD, GROUP, text).unwrap(),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn users_are_found_by_name_and_number() {
        check("", 0, 0, &[0, 6], "/root");
        check("app", 1000, 1001, &[1001, 44], "/home/app");
        check("1000", 1000, 1001, &[1001, 44], "/home/app");
        check("app:video", 1000, 44, &[44], "/home/app");
        check("app:7", 1000, 7, &[7], "/home/app");
        check("1234", 1234, 0, &[0], "/");
        check("1234:app", 1234, 1001, &[1001], "/");
        check(":app", 0, 1001, &[1001], "/root");
    }

    #[test]
    fn unknown_names_are_docker_errors() {
        let message = |text| resolve_in(PASSWD, GROUP, text).unwrap_err().to_string();
        assert_eq!(
            message("bob"),
            "unable to find user bob: no matching entries in passwd file"
        );
        assert_eq!(
            message("app:no"),
            "unable to find group no: no matching entries in group file"
        );
        for text in ["2147483648", "-1", "0:4294967296"] {
            assert_eq!(message(text), "uids and gids must be in range 0-2147483647");
        }
    }
}
