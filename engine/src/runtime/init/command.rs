//! From root with all privileges to the user's command with Docker's few.
//!
//! All of it happens before another process in the container can see this one: the init is alone there, and an exec'd
//! process is created by a helper that has already dropped everything (see `join`).
//!
//! The order matters: the filter needs `CAP_SYS_ADMIN` unless `no_new_privs` is set, changing the user clears the
//! capabilities and the parent-death signal, and after `execve` our code is gone.
//!
//! **What Docker does.** runc `libcontainer/standard_init_linux.go`, in the same order.

use super::{Stdio, reaper};
use crate::error::{Error, ErrorKind, Result, plainly};
use crate::runtime::plan::{PlannedProcess, set_variable};
use crate::runtime::unrunnable::{self, HEAD};
use crate::runtime::user::{self, User};
use crate::store::containers::Ulimit;
use crate::sys::rootdir::{Make, RootDir};
use crate::sys::{capability, failed, process, seccomp, terminal};
use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use nix::unistd::{Gid, Uid};
use rustix::fs::{Access, AtFlags, CWD};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why a command could not be started.
#[derive(Debug)]
pub struct Failure {
    /// 125, 126 or 127, as Docker exits; or [`Failure::REFUSED`].
    pub code: i32,
    /// The message, with kind and hint after [`SEPARATOR`].
    pub text: String,
}

/// Separates the message, kind and hint; occurs in no message.
const SEPARATOR: char = '\u{1f}';

/// Kind and hint follow the message in the text, because it is passed through two processes.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let machine = if error.kind() == ErrorKind::Machine || error.is_lack_of_room() {
            "machine"
        } else {
            ""
        };
        let hint = error.hint().unwrap_or_default();
        let text = if machine.is_empty() && hint.is_empty() {
            error.to_string()
        } else {
            format!("{error}{SEPARATOR}{machine}{SEPARATOR}{hint}")
        };
        Self { code: 125, text }
    }
}

impl Failure {
    /// The exit code of a program that the kernel refused to execute; runc's.
    pub const REFUSED: i32 = 255;

    /// The hint.
    pub fn hint(&self) -> Option<&str> {
        let hint = self.text.split(SEPARATOR).nth(2);
        hint.filter(|hint| !hint.is_empty())
    }

    /// The message alone.
    pub fn sentence(&self) -> &str {
        self.text.split(SEPARATOR).next().unwrap_or_default()
    }

    /// The exit code recorded for the container. Source: moby `daemon/errors.go`, `setExitCodeFromError`.
    pub fn recorded_code(&self) -> i32 {
        match self.code {
            125 if self.text.contains(": not a directory: ") => 127,
            125 => 128,
            code => code,
        }
    }

    /// The failure as the engine's error.
    pub fn into_error(self) -> Error {
        let mut parts = self.text.split(SEPARATOR);
        let text = parts.next().unwrap_or_default();
        let kind = match (self.code, parts.next()) {
            (126, _) => ErrorKind::CannotExecute,
            (127, _) => ErrorKind::CommandNotFound,
            (_, Some("machine")) => ErrorKind::Machine,
            _ => ErrorKind::Conflict,
        };
        let error = Error::new(kind, text);
        match parts.next().filter(|hint| !hint.is_empty()) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

pub(super) enum Never {}

/// What [`prepare`] determined while it had the privileges.
pub(super) struct Prepared {
    env: Vec<String>,
    /// It is in its working directory. If not, the command's user may be able to enter what root could not.
    placed: bool,
}

/// Does everything that needs privileges, then drops them: only the command's own remain.
pub(super) fn prepare(
    planned: &PlannedProcess,
    stdio: Stdio,
    terminal: Option<&OwnedFd>,
    first: bool,
) -> Result<Prepared> {
    let root = RootDir::open(Path::new("/"))?;
    let user = user::resolve(&root, &planned.user)?;
    let mut env = planned.env.clone();
    if !env.iter().any(|variable| variable.starts_with("HOME=")) {
        set_variable(&mut env, &format!("HOME={}", user.home));
    }
    for ulimit in &planned.ulimits {
        limit(ulimit)?;
    }
    // The working directory is created for the container's first process; for an exec'd one it must exist. A read-only
    // root cannot get a new folder; then the error of entering it is clearer.
    if first && planned.working_dir.starts_with('/') {
        let _ = root.make(Path::new(&planned.working_dir), Make::Dir);
    }
    let placed = enter_working_dir(&planned.working_dir, first).is_ok();
    if let Some(slave) = terminal {
        let _ = nix::unistd::fchown(slave, Some(Uid::from_raw(user.uid)), None);
    }
    place_stdio(stdio)?;
    if planned.init {
        reaper::show_as_docker_init(&planned.argv);
    }
    drop_privileges(planned, &user)?;
    Ok(Prepared { env, placed })
}

/// Becomes the command. Needs no privileges.
pub(super) fn execute(
    planned: &PlannedProcess,
    prepared: &Prepared,
    first: bool,
) -> Result<Never, Failure> {
    if !prepared.placed {
        enter_working_dir(&planned.working_dir, first)?;
    }
    if planned.init {
        reaper::split()?;
    }
    nix::unistd::setsid().map_err(|error| failed("setsid", "the process", error))?;
    if planned.tty {
        terminal::control(rustix::stdio::stdin())?;
    }
    let path = find(&planned.argv[0], &prepared.env)?;
    process::die_with_parent()?;
    process::close_on_exec_from(3)?;
    process::reset_signals()?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let error = process::execve(&path, &planned.argv, &prepared.env);
    Err(not_executed(&planned.argv[0], &path, &error))
}

fn place_stdio(stdio: Stdio) -> Result<()> {
    let place = || {
        rustix::stdio::dup2_stdin(&stdio.stdin)?;
        rustix::stdio::dup2_stdout(&stdio.stdout)?;
        rustix::stdio::dup2_stderr(&stdio.stderr)
    };
    place().map_err(|error| failed("dup2", "the standard streams", error))
}

fn drop_privileges(planned: &PlannedProcess, user: &User) -> Result<()> {
    let filter = || {
        if planned.seccomp {
            seccomp::load(planned.capabilities)
        } else {
            Ok(())
        }
    };
    if planned.no_new_privileges {
        process::no_new_privileges()?;
    } else {
        filter()?;
    }
    capability::limit_bounding(planned.capabilities)?;
    capability::keep_through_setuid()?;
    become_user(user)?;
    // A user other than root starts without capabilities; its programs can gain those in the bounding set.
    capability::set(if user.uid == 0 {
        planned.capabilities
    } else {
        0
    })?;
    if planned.no_new_privileges {
        filter()
    } else {
        Ok(())
    }
}

fn become_user(user: &User) -> Result<()> {
    let lacks = |what: &str, id: u32, error: nix::errno::Errno| match error {
        nix::errno::Errno::EINVAL | nix::errno::Errno::EPERM => Error::machine(format!(
            "{what} {id} does not exist in your user namespace: subordinate ids are missing"
        ))
        .with_hint("docklings doctor"),
        error => failed("change to", format!("{what} {id}"), error),
    };
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    match nix::unistd::setgroups(&groups) {
        // A namespace with one id forbids it; root's supplementary groups do not matter there.
        Err(nix::errno::Errno::EPERM | nix::errno::Errno::EINVAL) if user.uid == 0 => {}
        other => other.map_err(|error| lacks("group", user.gid, error))?,
    }
    nix::unistd::setgid(Gid::from_raw(user.gid))
        .map_err(|error| lacks("group", user.gid, error))?;
    nix::unistd::setuid(Uid::from_raw(user.uid)).map_err(|error| lacks("user", user.uid, error))
}

fn enter_working_dir(path: &str, first: bool) -> Result<()> {
    if !path.starts_with('/') {
        return Err(Error::invalid(format!(
            "the working directory '{path}' is invalid, it needs to be an absolute path"
        )));
    }
    nix::unistd::chdir(path).map_err(|error| match error {
        nix::errno::Errno::ENOTDIR if first => {
            Error::invalid(format!("Cannot mkdir: {path} is not a directory"))
        }
        error => Error::invalid(format!("chdir to cwd ({path:?}) failed"))
            .with_source(io::Error::from(error)),
    })?;
    // A folder outside the root, reached through a leaked descriptor, has no path here (CVE-2024-21626).
    let here = nix::unistd::getcwd().map_err(|error| failed("getcwd", path, error))?;
    if !here.is_absolute() {
        return Err(Error::invalid(
            "the working directory is outside the container",
        ));
    }
    Ok(())
}

fn limit(ulimit: &Ulimit) -> Result<()> {
    let resource = match ulimit.name.as_str() {
        "core" => Resource::RLIMIT_CORE,
        "cpu" => Resource::RLIMIT_CPU,
        "data" => Resource::RLIMIT_DATA,
        "fsize" => Resource::RLIMIT_FSIZE,
        "locks" => Resource::RLIMIT_LOCKS,
        "memlock" => Resource::RLIMIT_MEMLOCK,
        "msgqueue" => Resource::RLIMIT_MSGQUEUE,
        "nice" => Resource::RLIMIT_NICE,
        "nofile" => Resource::RLIMIT_NOFILE,
        "nproc" => Resource::RLIMIT_NPROC,
        "rss" => Resource::RLIMIT_RSS,
        "rtprio" => Resource::RLIMIT_RTPRIO,
        "rttime" => Resource::RLIMIT_RTTIME,
        "sigpending" => Resource::RLIMIT_SIGPENDING,
        "stack" => Resource::RLIMIT_STACK,
        other => return Err(Error::invalid(format!("invalid ulimit type: {other}"))),
    };
    let value = |limit: i64| u64::try_from(limit).unwrap_or(RLIM_INFINITY);
    setrlimit(resource, value(ulimit.soft), value(ulimit.hard))
        .map_err(|error| failed("setrlimit", &ulimit.name, error))
}

/// Finds the program `word` as `execvp(3)` would, with Go's error messages.
fn find(word: &str, env: &[String]) -> Result<PathBuf, Failure> {
    let fail = |code, cause: &str| Failure {
        code,
        text: format!("exec: {word:?}: {cause}"),
    };
    if word.is_empty() {
        return Err(fail(127, "executable file not found in $PATH"));
    }
    if word.contains('/') {
        return match usable(Path::new(word)) {
            Ok(()) => Ok(PathBuf::from(word)),
            Err(io::ErrorKind::IsADirectory) => Err(fail(126, "is a directory")),
            Err(io::ErrorKind::PermissionDenied) => Err(fail(126, "permission denied")),
            Err(_) => Err(fail(
                127,
                &format!("stat {word}: no such file or directory"),
            )),
        };
    }
    let paths = env
        .iter()
        .rev()
        .find_map(|variable| variable.strip_prefix("PATH="))
        .unwrap_or("");
    let mut denied = false;
    for folder in paths.split(':') {
        let candidate = Path::new(if folder.is_empty() { "." } else { folder }).join(word);
        match usable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(io::ErrorKind::PermissionDenied) => denied = true,
            Err(_) => {}
        }
    }
    Err(if denied {
        fail(126, "permission denied")
    } else {
        fail(127, "executable file not found in $PATH")
    })
}

fn usable(path: &Path) -> Result<(), io::ErrorKind> {
    let about = std::fs::metadata(path).map_err(|error| error.kind())?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory);
    }
    let executable = about.permissions().mode() & 0o111 != 0;
    if executable {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied)
    }
}

/// The program was found, but the kernel refused it: a script whose interpreter is missing, or a file that is not a
/// program. Docker's client gets only "permission denied"; other errors are the container's output, and it ends.
/// Source: runc `standard_init_linux.go` and `init_linux.go`.
fn not_executed(word: &str, path: &Path, error: &io::Error) -> Failure {
    let may_execute = || {
        let flags = AtFlags::EACCESS;
        rustix::fs::accessat(CWD, path, Access::EXEC_OK, flags).is_ok()
    };
    let cause = match error.raw_os_error() {
        Some(libc::EACCES) if !may_execute() => {
            return Failure {
                code: 126,
                text: format!("exec: {word:?}: permission denied"),
            };
        }
        Some(libc::ENOEXEC) => "exec format error".to_owned(),
        _ => plainly(error).to_string(),
    };
    let mut text = format!("exec {}: {cause}", path.display());
    if let Some(hint) = look(path) {
        text.push_str(&format!("{SEPARATOR}{SEPARATOR}{hint}"));
    }
    Failure {
        code: Failure::REFUSED,
        text,
    }
}

/// Why the file cannot be executed, from its content, if its user may read it.
fn look(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(HEAD as u64).read_to_end(&mut head).ok()?;
    let exists = |path: &str| Path::new(path).exists();
    unrunnable::why(&path.to_string_lossy(), &head, &exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, paths: &str, code: i32, text: &str) {
        let failure = find(word, &[format!("PATH={paths}")]).unwrap_err();
        assert_eq!(
            (failure.code, failure.text.as_str()),
            (code, text),
            "{word}"
        );
    }

    #[test]
    fn a_missing_or_unusable_program_is_reported_as_by_docker() {
        check(
            "nosuch",
            "/bin",
            127,
            "exec: \"nosuch\": executable file not found in $PATH",
        );
        check(
            "/no/such",
            "/bin",
            127,
            "exec: \"/no/such\": stat /no/such: no such file or directory",
        );
        check(
            "/etc/passwd",
            "/bin",
            126,
            "exec: \"/etc/passwd\": permission denied",
        );
        check("/etc", "/bin", 126, "exec: \"/etc\": is a directory");
        check("passwd", "/etc", 126, "exec: \"passwd\": permission denied");
        check(
            "",
            "/bin",
            127,
            "exec: \"\": executable file not found in $PATH",
        );
    }

    #[test]
    fn kind_and_hint_survive_the_channel() {
        let error = Error::machine("no cgroup").with_hint("docklings doctor");
        let back = Failure::from(error).into_error();
        assert_eq!(
            (back.kind(), back.message()),
            (ErrorKind::Machine, "no cgroup")
        );
        assert_eq!(back.hint(), Some("docklings doctor"));
        let plain = Failure::from(Error::conflict("taken")).into_error();
        assert_eq!(
            (plain.kind(), plain.message(), plain.hint()),
            (ErrorKind::Conflict, "taken", None)
        );
    }

    #[test]
    fn a_program_is_found_on_the_containers_path() {
        assert_eq!(
            find("sh", &["PATH=/nowhere:/bin".into()]).unwrap(),
            Path::new("/bin/sh")
        );
        assert_eq!(find("/bin/sh", &[]).unwrap(), Path::new("/bin/sh"));
    }
}
