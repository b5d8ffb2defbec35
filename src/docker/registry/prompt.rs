//! Asking a person for a name or a password.
//!
//! **What Docker does.** The question is on standard output, and the answer comes from the terminal, which does not
//! echo a password.
//! **What we do.** The same. A signal that would end the program ends the question instead, so that the terminal is
//! never left without echo.

use crate::ctx::Ctx;
use crate::docker::session::Signals;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::AsFd;

/// The line that is typed after `question`, without surrounding blanks; empty at the end of input. Standard input is a
/// terminal.
pub(crate) fn ask(ctx: &mut Ctx, question: &str) -> CommandResult<String> {
    let signals = Signals::catch(false)?;
    write!(ctx.out, "{question}")?;
    ctx.flush()?;
    let (line, ended) = line(&signals)?;
    if !ended {
        writeln!(ctx.out)?;
    }
    Ok(line.trim().to_owned())
}

/// As [`ask`], without echo. The echo is off before the question appears, so that an answer to it is never shown.
pub(crate) fn ask_secret(ctx: &mut Ctx, question: &str) -> CommandResult<String> {
    let signals = Signals::catch(false)?;
    let mute = Mute::enter()?;
    write!(ctx.out, "{question}")?;
    ctx.flush()?;
    let line = line(&signals);
    drop(mute);
    writeln!(ctx.out)?;
    ctx.flush()?;
    line.map(|(line, _)| line.trim().to_owned())
}

/// Reads a line, byte by byte: the input after it belongs to another reader. Returns whether it ended with Enter, not
/// with the end of input.
fn line(signals: &Signals) -> CommandResult<(String, bool)> {
    let stdin = io::stdin();
    let (mut line, mut byte) = (Vec::new(), [0]);
    let ended = loop {
        let mut fds = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        while let Some(signal) = signals.next() {
            if signal != Signal::SIGWINCH {
                return Err(Failure::Code(exit::of_signal(signal as i32)));
            }
        }
        if fds[0].revents().is_empty() {
            continue;
        }
        match rustix::io::read(&stdin, &mut byte) {
            Ok(1) if byte[0] != b'\n' => line.push(byte[0]),
            Ok(read) => break read == 1,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
    };
    Ok((String::from_utf8_lossy(&line).into_owned(), ended))
}

/// Turns off the terminal's echo until this is dropped.
struct Mute {
    before: Termios,
}

impl Mute {
    fn enter() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut mute = before.clone();
        mute.local_modes.remove(LocalModes::ECHO);
        // What is typed ahead is kept, as with Docker: a name and a password may be pasted together.
        tcsetattr(io::stdin(), OptionalActions::Now, &mute)?;
        Ok(Self { before })
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
