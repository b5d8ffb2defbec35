//! Ownership checks: in a folder that another user owns or may write, our files can be redirected anywhere.
//!
//! **What Docker does.** `/var/lib/docker` and its parents belong to root. **What we do.** A home can be anywhere, even
//! where others may create folders first, so each of our folders is checked: its owner, its mode (whose group bits
//! include the mask of an access list), and whether it is a symlink.
//! **What we leave out.** The folders above the home: a user who may rename those can remove the home, but cannot
//! create one that belongs to its owner.

use super::create_private_dir;
use super::remote::ELSEWHERE;
use crate::error::{Error, IoContext, Result};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The owner shown in a user namespace for files of users that the namespace does not map.
const UNKNOWN: u32 = 65534;

/// Makes sure that `path`, in the home `home`, is a folder that belongs to this user alone. A missing one is created.
pub fn claim(path: &Path, home: &Path) -> Result<()> {
    if !check(path, home)? {
        create_private_dir(path)?;
        // Another process may have been faster.
        check(path, home)?;
    }
    Ok(())
}

/// Whether `path`, in the home `home`, exists. Error: it is not a folder that belongs to this user alone.
pub fn check(path: &Path, home: &Path) -> Result<bool> {
    // A trailing slash would follow a symlink.
    let path: &Path = &path.components().collect::<std::path::PathBuf>();
    let about = match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        other => other.on("look at", path)?,
    };
    match refusal(path, &about, home) {
        Some(error) => Err(error),
        None => Ok(true),
    }
}

/// Why root may not create the missing home `home`: its parent folder belongs to another user.
pub fn check_missing(home: &Path) -> Result<()> {
    let above = home
        .ancestors()
        .find_map(|above| Some((above, above.metadata().ok()?)));
    match above.filter(|(_, about)| own() == 0 && about.uid() != 0) {
        Some((above, about)) => Err(foreign(above, about.uid(), home)),
        None => Ok(()),
    }
}

/// Why this user may not access the file `path` in the home `home`: it, or a folder that contains it, belongs to
/// another user. `None` if that is not the reason.
pub fn why_closed(path: &Path, home: &Path) -> Option<Error> {
    if !path.starts_with(home) {
        return None;
    }
    // Nothing inside an inaccessible folder can be examined, so examine the folder.
    let (found, about) = path
        .ancestors()
        .find_map(|path| Some((path, path.symlink_metadata().ok()?)))?;
    if about.uid() == own() {
        return None;
    }
    if found != home && home.starts_with(found) {
        let text = format!(
            "cannot create `{}` in `{}`",
            home.display(),
            found.display()
        );
        let hint = "DOCKLINGS_HOME can name another folder, in which you may write";
        return Some(Error::machine(text).with_hint(hint));
    }
    Some(foreign(found, about.uid(), home))
}

fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn refusal(path: &Path, about: &Metadata, home: &Path) -> Option<Error> {
    let shown = path.display();
    if about.uid() != own() {
        return Some(foreign(path, about.uid(), home));
    }
    if about.is_symlink() {
        let error = Error::machine(format!(
            "`{shown}` is a symbolic link, which docklings does not follow to its own files"
        ));
        return Some(match path.canonicalize() {
            Ok(target) if path == home => {
                error.with_hint(format!("export DOCKLINGS_HOME={}", target.display()))
            }
            _ => error.with_hint(format!("put the folder itself there: ls -ld {shown}")),
        });
    }
    if !about.is_dir() {
        return Some(Error::machine(format!("`{shown}` is not a folder")));
    }
    (about.mode() & 0o022 != 0).then(|| {
        Error::machine(format!(
            "other users may write to `{shown}` (mode {:04o}), and what they put there would run as you",
            about.mode() & 0o7777
        ))
        .with_hint(format!("look at what is in it, then: chmod go-w {shown}"))
    })
}

/// The error: `path` belongs to the user with the id `owner`, not to this one.
fn foreign(path: &Path, owner: u32, home: &Path) -> Error {
    let (shown, home) = (path.display(), home.display());
    let give_back = format!("sudo chown -R \"$(id -un):\" {home}");
    match (own(), owner) {
        (0, UNKNOWN) => Error::machine(format!(
            "`{shown}` belongs to another user, such as root after `sudo docker`"
        ))
        .with_hint(give_back),
        (0, owner) => Error::machine(format!(
            "`{shown}` belongs to the user {}, who could no longer change what root writes there",
            name(owner)
        ))
        .with_hint("run it without sudo, or as `sudo -H`, which uses root's own home"),
        (_, 0) => Error::machine(format!("`{shown}` belongs to root, as after `sudo docker`"))
            .with_hint(give_back),
        (_, owner) => Error::machine(format!(
            "`{shown}` belongs to the user {}, not to you",
            name(owner)
        ))
        .with_hint(ELSEWHERE),
    }
}

/// A user's name, or its number if it has none.
fn name(id: u32) -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(id));
    match user.ok().flatten() {
        Some(user) => format!("`{}`", user.name),
        None => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[track_caller]
    fn check_mode(mode: u32, is_fine: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert_eq!(claim(&path, &path).is_ok(), is_fine, "{mode:o}");
    }

    #[test]
    fn no_other_user_may_write() {
        for mode in [0o700, 0o755, 0o711, 0o1755] {
            check_mode(mode, true);
        }
        for mode in [0o777, 0o1777, 0o770, 0o775, 0o722, 0o702] {
            check_mode(mode, false);
        }
    }

    #[test]
    fn a_missing_folder_is_created_private_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        assert!(!check(&path, &path).unwrap());
        claim(&path, &path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert!(check(&path, &path).unwrap());
    }

    #[test]
    fn a_link_is_not_followed_and_its_target_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        for path in [link.clone(), link.join(""), link.join(".")] {
            let error = claim(&path, &link).unwrap_err();
            assert!(error.message().contains("is a symbolic link"), "{error}");
            let real = real.canonicalize().unwrap();
            assert_eq!(
                error.hint().unwrap(),
                format!("export DOCKLINGS_HOME={}", real.display())
            );
        }
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(claim(&folder.path().join("file"), &real).is_err());
    }

    #[test]
    fn each_owner_gets_a_fitting_hint() {
        let (path, home) = (Path::new("/h/x"), Path::new("/h"));
        let hint = |owner| {
            foreign(path, owner, home)
                .hint()
                .unwrap_or_default()
                .to_owned()
        };
        if own() == 0 {
            assert!(hint(1234).contains("without sudo"));
            assert_eq!(hint(UNKNOWN), "sudo chown -R \"$(id -un):\" /h");
        } else {
            assert_eq!(hint(0), "sudo chown -R \"$(id -un):\" /h");
            assert!(hint(own() + 1).contains("mktemp -d"));
        }
        assert!(
            foreign(path, 4_000_000_000, home)
                .message()
                .contains("4000000000")
        );
    }
}
