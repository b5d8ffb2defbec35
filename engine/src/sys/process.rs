//! Processes: waiting, signalling, `prctl(2)`, `execve(2)`.

use super::{check, failed};
use crate::error::{Error, Result};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How a process ended, as Docker reports it: its exit code, or 128 + n after signal n.
pub type ExitCode = i32;

/// Waits for the child behind `pidfd` and reaps it.
pub fn wait(pidfd: impl AsFd) -> Result<ExitCode> {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    loop {
        // __WALL: a child created with CLONE_PARENT may not send SIGCHLD, and would be missed without it.
        match waitid(
            Id::PIDFd(pidfd.as_fd()),
            WaitPidFlag::WEXITED | WaitPidFlag::__WALL,
        ) {
            Ok(WaitStatus::Exited(_, code)) => return Ok(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(128 + signal as i32),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(failed("waitid", "a child", error)),
        }
    }
}

/// Reaps ended children that are not `known`: their work is done.
pub fn reap_unknown(known: &[i32]) {
    use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Ok(status) = waitid(Id::All, look) {
        let Some(pid) = status.pid().filter(|pid| !known.contains(&pid.as_raw())) else {
            return;
        };
        let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
    }
}

/// Opens a pidfd for a process; the pid of an unreaped child cannot have been reused.
pub fn pidfd_open(pid: i32) -> Result<OwnedFd> {
    let id = rustix::process::Pid::from_raw(pid)
        .ok_or_else(|| failed("pidfd_open", pid, io::Error::from_raw_os_error(libc::ESRCH)))?;
    rustix::process::pidfd_open(id, rustix::process::PidfdFlags::empty())
        .map_err(|error| failed("pidfd_open", pid, error))
}

/// Whether the process `pidfd` ends within `seconds`. A process that is exiting has already lost its namespaces but
/// cannot be reaped yet.
pub fn ends_within(pidfd: BorrowedFd<'_>, seconds: i64) -> bool {
    let mut fds = [rustix::event::PollFd::from_borrowed_fd(
        pidfd,
        rustix::event::PollFlags::IN,
    )];
    let limit = rustix::event::Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    rustix::event::poll(&mut fds, Some(&limit)).is_ok_and(|ready| ready > 0)
}

/// Sends signal number `signal` to the process `pidfd`. An ended process is not an error.
pub fn send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> Result<()> {
    let fd = pidfd.as_raw_fd();
    // SAFETY: a descriptor, a number and two nulls; the kernel checks them all.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, 0usize, 0u32) };
    match check(result) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other
            .map(drop)
            .map_err(|error| failed("pidfd_send_signal", signal, error)),
    }
}

/// Requests SIGKILL when our parent ends.
pub fn die_with_parent() -> Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
        .map_err(|error| failed("prctl", "PR_SET_PDEATHSIG", error))
}

/// Makes orphans below us our children instead of those of the machine's init.
pub fn become_subreaper() -> Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
        .map_err(|error| failed("prctl", "PR_SET_CHILD_SUBREAPER", error))
}

/// Sets whether our user's other processes may inspect this one (`/proc/<pid>/exe`, ptrace).
pub fn set_dumpable(dumpable: bool) -> Result<()> {
    nix::sys::prctl::set_dumpable(dumpable)
        .map_err(|error| failed("prctl", "PR_SET_DUMPABLE", error))
}

/// Prevents programs that we execute from gaining privileges from their files.
pub fn no_new_privileges() -> Result<()> {
    nix::sys::prctl::set_no_new_privs()
        .map_err(|error| failed("prctl", "PR_SET_NO_NEW_PRIVS", error))
}

/// Sets the name in `ps -o comm` and `/proc/<pid>/comm`, at most 15 bytes.
pub fn set_name(name: &str) -> Result<()> {
    let word =
        CString::new(name).map_err(|error| failed("prctl", name, io::Error::other(error)))?;
    nix::sys::prctl::set_name(&word).map_err(|error| failed("prctl", "PR_SET_NAME", error))
}

/// Shows `words` as our command line in `/proc/<pid>/cmdline`, as far as they fit in place of the old ones. Our own
/// arguments must not be read afterwards. Source: `proc_pid_stat(5)`, fields 48 and 49.
pub fn set_words(words: &[String]) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = match stat.rsplit_once(')') {
        Some((_, rest)) => rest.split_ascii_whitespace().collect(),
        None => return,
    };
    let address = |number: usize| -> Option<usize> { fields.get(number - 3)?.parse().ok() };
    let (Some(start), Some(end)) = (address(48), address(49)) else {
        return;
    };
    if start == 0 || end <= start {
        return;
    }
    let mut text: Vec<u8> = words.join("\0").into_bytes();
    text.truncate(end - start - 1);
    let shown = start + text.len() + 1;
    text.resize(end - start, 0);
    // SAFETY: according to the kernel our argument strings are between the two addresses, at the end of our own stack,
    // which is writable; we have one thread, and the caller promises not to read the arguments any more.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), start as *mut u8, text.len()) };
    // SAFETY: numbers only; the kernel checks that the address is ours. Without permission, zero bytes follow the
    // words.
    unsafe { libc::prctl(libc::PR_SET_MM, libc::PR_SET_MM_ARG_END, shown, 0, 0) };
}

/// Marks every descriptor from `first` up close-on-exec: a forgotten one cannot leak into a container.
pub fn close_on_exec_from(first: u32) -> Result<()> {
    let flags = libc::CLOSE_RANGE_CLOEXEC;
    // SAFETY: CLOSE_RANGE_CLOEXEC closes nothing now; it only sets a flag on descriptors.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, flags) };
    check(result)
        .map(drop)
        .map_err(|error| failed("close_range", first, error))
}

/// A copy of `fd` above the numbers that [`arrange`] assigns.
pub fn raise(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    rustix::io::fcntl_dupfd_cloexec(fd, 32).map_err(|error| match error {
        rustix::io::Errno::INVAL | rustix::io::Errno::MFILE => {
            Error::machine("the limit on open files is too low: at least 64 are needed")
                .with_hint("ulimit -n 1024")
        }
        error => failed("fcntl", "F_DUPFD_CLOEXEC", error),
    })
}

/// Makes `files` the descriptors 0, 1, 2, … that the next program inherits; all others close when it starts.
pub fn arrange(files: &[BorrowedFd<'_>]) -> Result<()> {
    // Copy them first: one of the numbers may belong to a descriptor that is still needed.
    let copies = files
        .iter()
        .map(|fd| raise(*fd))
        .collect::<Result<Vec<_>>>()?;
    close_on_exec_from(0)?;
    for (number, copy) in copies.iter().enumerate() {
        // SAFETY: dup2 takes two numbers; this process is about to become another program, so the owner of a replaced
        // descriptor does not use it again.
        let result = unsafe { libc::dup2(copy.as_raw_fd(), number as libc::c_int) };
        check(result.into()).map_err(|error| failed("dup2", number, error))?;
    }
    Ok(())
}

/// Takes ownership of an inherited descriptor.
pub fn inherited(number: i32) -> Result<OwnedFd> {
    use std::os::fd::FromRawFd;
    // SAFETY: F_SETFD changes a flag of the descriptor, if it is open.
    let result = unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    check(result.into()).map_err(|error| failed("take over descriptor", number, error))?;
    // SAFETY: it is open, and the calling stage is its only owner: nothing else has been started yet.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Closes every descriptor from `first` up. For a process that only waits from now on: values that own one of them must
/// not be dropped afterwards.
pub fn close_from(first: u32) {
    // SAFETY: the caller never returns to code that uses them; a failure only leaks them.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
}

/// Closes every descriptor except the standard streams and `kept`. For a process that ends or becomes another program:
/// values that own one of the others must not be dropped afterwards.
pub fn close_all_but(kept: BorrowedFd<'_>) {
    let number = kept.as_raw_fd() as u32;
    if number > 3 {
        // SAFETY: as in `close_from`.
        let _ = unsafe { libc::syscall(libc::SYS_close_range, 3, number - 1, 0) };
    }
    close_from(number + 1);
}

/// Rust ignores SIGPIPE and a parent may have blocked signals; a new program expects neither.
pub fn reset_signals() -> Result<()> {
    use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
    for number in Signal::iterator() {
        if matches!(number, Signal::SIGKILL | Signal::SIGSTOP) {
            continue;
        }
        // SAFETY: the default action runs no code of ours.
        unsafe { signal(number, SigHandler::SigDfl) }
            .map_err(|error| failed("signal", number, error))?;
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .map_err(|error| failed("sigprocmask", "none", error))
}

/// Ignores a signal, such as the hang-up of a terminal that we no longer have.
pub fn ignore_signal(number: nix::sys::signal::Signal) -> Result<()> {
    use nix::sys::signal::{SigHandler, signal};
    // SAFETY: ignoring runs no code of ours.
    unsafe { signal(number, SigHandler::SigIgn) }
        .map(drop)
        .map_err(|error| failed("signal", number, error))
}

fn c_strings(words: &[String]) -> io::Result<Vec<CString>> {
    let invalid = |_| io::Error::from_raw_os_error(libc::EINVAL);
    words
        .iter()
        .map(|word| CString::new(word.as_str()).map_err(invalid))
        .collect()
}

/// Replaces the running program by the one at `path`. Returns only with the error.
pub fn execve(path: &Path, argv: &[String], env: &[String]) -> io::Error {
    let invalid = |_| io::Error::from_raw_os_error(libc::EINVAL);
    let path = CString::new(path.as_os_str().as_bytes()).map_err(invalid);
    match (path, c_strings(argv), c_strings(env)) {
        (Ok(path), Ok(argv), Ok(env)) => match nix::unistd::execve(&path, &argv, &env) {
            Err(error) => error.into(),
        },
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => error,
    }
}

/// Replaces the running program by the one open at `fd`. Returns only with the error.
pub fn fexecve(fd: BorrowedFd<'_>, argv: &[String], env: &[String]) -> io::Error {
    match (c_strings(argv), c_strings(env)) {
        (Ok(argv), Ok(env)) => {
            let flags = nix::fcntl::AtFlags::AT_EMPTY_PATH;
            match nix::unistd::execveat(fd, c"", &argv, &env, flags) {
                Err(error) => error.into(),
            }
        }
        (Err(error), _) | (_, Err(error)) => error,
    }
}

/// Ends the process at once, without running destructors or flushing the parent's buffers a second time.
pub fn exit(code: i32) -> ! {
    // SAFETY: ends the process; nothing runs afterwards.
    unsafe { libc::_exit(code) }
}

/// Releases the memory of start-up code in a long-lived process that does little. The pages stay in the page cache and
/// are mapped again when needed.
pub fn forget_start_up_code() {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else {
        return;
    };
    for (start, end) in maps.lines().filter_map(code_of_file) {
        // SAFETY: a mapping that is executable and not writable holds a file's bytes unchanged, so dropping its pages loses
        // nothing: the kernel reads them again from the file, also those that run now.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED) };
    }
}

/// Start and end of a mapping, if it is the non-writable code of a file. Source: `proc_pid_maps(5)`.
fn code_of_file(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (range, rights) = (fields.next()?, fields.next()?);
    let file = fields.nth(3)?;
    let (start, end) = range.split_once('-')?;
    let number = |text| usize::from_str_radix(text, 16).ok();
    (rights == "r-xp" && file.starts_with('/')).then_some((number(start)?, number(end)?))
}

/// Field 22 of `/proc/<pid>/stat`, the time the process started in clock ticks since boot; with the pid it identifies a
/// process within a boot. `None` if the process does not exist or is a zombie. Source: `proc_pid_stat(5)`.
pub fn start_time(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name is in parentheses and may itself contain parentheses and blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    if fields.first() == Some(&"Z") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

/// Identifies the machine's current boot.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unchanged_code_of_files_is_released() {
        let code = "7f0000001000-7f0000003000 r-xp 00001000 fd:00 17 /lib/libc.so.6";
        assert_eq!(
            code_of_file(code),
            Some((0x7f00_0000_1000, 0x7f00_0000_3000))
        );
        for other in [
            "7f00-7f01 r--p 00001000 fd:00 17 /lib/libc.so.6",
            "7f00-7f01 rw-p 00001000 fd:00 17 /lib/libc.so.6",
            "7f00-7f01 r-xp 00000000 00:00 0 [vdso]",
            "7f00-7f01 r-xp 00000000 00:00 0",
            "",
        ] {
            assert_eq!(code_of_file(other), None, "{other}");
        }
        forget_start_up_code();
    }

    #[test]
    fn our_own_start_time_is_known_and_that_of_no_process_is_not() {
        assert!(start_time(std::process::id() as i32).is_some());
        assert_eq!(start_time(i32::MAX), None);
        assert_eq!(boot_id().len(), 36);
    }
}
