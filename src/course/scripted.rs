//! Runs the commands that an exercise's author wrote, without a person at the terminal. Returns their output and their
//! exit code.
//!
//! A command may leave a process running in the background (a container's monitor, a server), and the caller must not
//! wait for it. So commands write to a file: a pipe would stay open as long as any process holds it.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How many bytes of output are kept: the last ones, because errors are at the end.
const MOST_OUTPUT: u64 = 1 << 20;
/// How long a program on a terminal may take to become ready. After that it gets its input anyway, since some programs
/// print nothing first.
const READY: Duration = Duration::from_secs(15);
/// How often a silent terminal is polled.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The exit code, or 128 plus the signal's number if a signal ended the command.
    pub(crate) code: i32,
    /// Standard output and standard error, as on a terminal.
    pub(crate) output: String,
}

impl Ended {
    fn new(status: ExitStatus, output: &[u8]) -> Self {
        let code = status.code();
        Self {
            code: code.unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            output: String::from_utf8_lossy(output).into_owned(),
        }
    }
}

/// Runs `command` with an empty standard input. With a `limit`, it runs in its own process group, which is killed when
/// the time is over; the result is then `None`.
pub(crate) fn run(mut command: Command, limit: Option<Duration>) -> io::Result<Option<Ended>> {
    let mut output = tempfile::tempfile()?;
    let mut child = limited(&mut command, limit)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()?;
    let status = match limit {
        None => child.wait()?,
        Some(limit) => match wait_for(&mut child, limit)? {
            Some(status) => status,
            None => return Ok(None),
        },
    };
    let length = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(length.saturating_sub(MOST_OUTPUT)))?;
    let mut bytes = Vec::new();
    // A background process may still be writing.
    output.take(MOST_OUTPUT).read_to_end(&mut bytes)?;
    Ok(Some(Ended::new(status, &bytes)))
}

/// As [`run`], on a terminal. `input` is typed once the program is ready: it has printed something or changed the
/// terminal's mode. Anything typed before that can be lost.
pub(crate) fn run_typing(
    mut command: Command,
    input: &str,
    limit: Option<Duration>,
) -> io::Result<Option<Ended>> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    unlockpt(&master)?;
    let slave = ioctl_tiocgptpeer(&master, flags)?;
    let mut child = limited(&mut command, limit)
        .stdin(slave.try_clone()?)
        .stdout(slave.try_clone()?)
        .stderr(slave)
        .spawn()?;
    // `command` holds the other end, too.
    drop(command);
    let mut terminal = File::from(master);
    let (begin, mut typed, mut output) = (Instant::now(), false, Vec::new());
    loop {
        let mut ready = [PollFd::new(&terminal, PollFlags::IN)];
        let has_said = poll(&mut ready, Some(&TICK))? > 0;
        if has_said && !read_some(&mut terminal, &mut output)? {
            break;
        }
        if !typed && (has_said || is_raw(&terminal) || begin.elapsed() > READY) {
            terminal.write_all(input.as_bytes())?;
            typed = true;
        }
        if limit.is_some_and(|limit| begin.elapsed() > limit) {
            kill(&mut child)?;
            return Ok(None);
        }
    }
    let status = child.wait()?;
    Ok(Some(Ended::new(status, &output)))
}

/// Reads what the program printed; false at the end.
fn read_some(terminal: &mut File, output: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    match terminal.read(&mut buffer) {
        Ok(0) => Ok(false),
        Ok(count) => {
            output.extend_from_slice(&buffer[..count]);
            let most = usize::try_from(MOST_OUTPUT).unwrap_or(usize::MAX);
            if output.len() > 2 * most {
                output.drain(..output.len() - most);
            }
            Ok(true)
        }
        // The kernel reports this when no process has the other end open any more.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
            Ok(false)
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether a program reads key by key. The terminal's mode can be read at either end.
fn is_raw(terminal: &File) -> bool {
    tcgetattr(terminal).is_ok_and(|modes| !modes.local_modes.contains(LocalModes::ICANON))
}

fn limited(command: &mut Command, limit: Option<Duration>) -> &mut Command {
    match limit {
        // Background processes of the line end with it.
        Some(_) => command.process_group(0),
        None => command,
    }
}

/// Waits for `child` to end; kills it and returns `None` if that takes too long.
fn wait_for(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    // Short naps at first: most commands take a few milliseconds.
    let mut nap = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begin.elapsed() > limit {
            kill(child)?;
            return Ok(None);
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}

/// Kills `child`, which leads a process group, and the whole group.
fn kill(child: &mut Child) -> io::Result<()> {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn both_streams_and_the_code_are_reported_without_waiting_for_background_processes() {
        let ended = run(shell("sleep 600 & echo $!; echo b >&2; exit 3"), None);
        let ended = ended.unwrap().unwrap();
        let (pid, rest) = ended.output.split_once('\n').unwrap();
        assert_eq!((ended.code, rest), (3, "b\n"));
        let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::KILL).unwrap();
        let ended = run(shell("kill -9 $$"), None).unwrap().unwrap();
        assert_eq!(ended.code, 137);
    }

    #[test]
    fn the_end_of_long_output_is_kept() {
        let ended = run(shell("yes | head -c 3000000; echo end"), None);
        let ended = ended.unwrap().unwrap();
        assert!(ended.output.len() as u64 == MOST_OUTPUT && ended.output.ends_with("end\n"));
    }

    #[test]
    fn a_command_over_its_limit_is_killed_with_its_children() {
        let limit = Some(Duration::from_millis(50));
        assert_eq!(run(shell("sleep 600 & wait"), limit).unwrap(), None);
        assert_eq!(run_typing(shell("sleep 600"), "x\n", limit).unwrap(), None);
    }

    #[test]
    fn a_program_on_a_terminal_gets_its_input_when_it_is_ready() {
        let line = "stty -echo; echo ready; read word; echo \"got $word\"; tty -s; exit $?";
        let ended = run_typing(shell(line), "amber\n", None).unwrap().unwrap();
        assert_eq!(
            (ended.code, ended.output.as_str()),
            (0, "ready\r\ngot amber\r\n")
        );
        // It prints nothing before it has read a key.
        let line = "stty raw -echo; head -c 1; stty cooked; exit 4";
        let ended = run_typing(shell(line), "k", None).unwrap().unwrap();
        assert_eq!((ended.code, ended.output.as_str()), (4, "k"));
    }
}
