//! `docklings uninstall`: removes everything that docklings keeps, including files that containers wrote as other
//! users.

use super::words::Words;
use crate::course::workspace::{drop_sandbox, remove};
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use engine::paths::Home;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where dpkg keeps the list of the files of our Debian package.
const FILES_OF_PACKAGE: &str = "/var/lib/dpkg/info/docklings.list";

pub(super) fn run(words: &Words) -> CommandResult {
    words.no_names()?;
    let env = Env::read()?;
    let root = env.home.root();
    if !root.exists() {
        return Ok(writeln!(
            io::stdout(),
            "there is nothing in `{}`",
            root.display()
        )?);
    }
    let question = format!(
        "Remove `{}`? All containers are stopped; images, containers, volumes, exercises, their files and your progress are removed.",
        root.display()
    );
    if !words.agreed(&question)? {
        return Ok(());
    }
    for name in names(&env.home.sandboxes())? {
        // An entry that is not a sandbox goes with the folder.
        if env.home.sandbox(&name).is_ok() {
            drop_sandbox(&env, &name)?;
        }
    }
    remove(env.home.runtime())?;
    for path in ours(&env.home)? {
        remove(&path)?;
    }
    let mut out = io::stdout();
    match fs::remove_dir(root) {
        Ok(()) => writeln!(out, "`{}` is gone", root.display())?,
        Err(_) => {
            let left = names(root)?.join(", ");
            writeln!(
                out,
                "`{}` stays, because it also holds files that are not docklings': {left}",
                root.display()
            )?;
        }
    }
    let program = std::env::current_exe()?;
    let files = fs::read_to_string(FILES_OF_PACKAGE).unwrap_or_default();
    Ok(writeln!(
        out,
        "the program itself remains: {}",
        removal(&program, &files)
    )?)
}

/// The command that removes `program`; `files` are the paths of the installed Debian package, one per line.
fn removal(program: &Path, files: &str) -> String {
    match files.lines().any(|line| Path::new(line) == program) {
        true => "sudo apt remove docklings".to_owned(),
        false => format!("rm {}", program.display()),
    }
}

/// What docklings keeps in its home. The home may be a folder that also holds other things.
fn ours(home: &Home) -> CommandResult<Vec<PathBuf>> {
    let folders = [
        home.content(),
        home.distribution(),
        home.sandboxes(),
        home.hub(),
        home.root().join("workspaces"),
    ];
    let mut found = folders.to_vec();
    for name in names(home.root())? {
        let is_ours = [home.config(), home.progress()].iter().any(|file| {
            let of = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            name == of || name.starts_with(&format!("{of}."))
        });
        if is_ours || OTHERS.contains(&name.as_str()) || name.starts_with(DRAFT) {
            found.push(home.root().join(name));
        }
    }
    Ok(found)
}

/// Entries of the lesson shell, exercises, `registry serve`, logins without a `HOME`, and sockets that have no other
/// place.
const OTHERS: [&str; 7] = [
    "history",
    "setup.lock",
    "bin",
    "registry",
    ".docker",
    "tmp",
    "progress.lock",
];
/// The prefix of unfinished files.
const DRAFT: &str = engine::store::atomic::UNFINISHED;

/// The names in a folder; empty if it is missing.
fn names(folder: &Path) -> CommandResult<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(
            entry
                .map_err(Failure::from)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_package_is_removed_by_its_manager() {
        let files = "/.\n/usr\n/usr/bin\n/usr/bin/docklings\n";
        for (program, files, expected) in [
            ("/usr/bin/docklings", files, "sudo apt remove docklings"),
            ("/usr/bin/docklings", "", "rm /usr/bin/docklings"),
            ("/home/a/docklings", files, "rm /home/a/docklings"),
        ] {
            assert_eq!(removal(Path::new(program), files), expected);
        }
    }
}
