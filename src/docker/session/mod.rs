//! The attached session: the terminal on one side, the container on the other, and frames between them.
//!
//! One thread and one `poll(2)`: a stalled side (a pager that is not scrolled, a container that does not read) must not
//! block the other, nor the signals. `Exit` ends the session, not the end of any stream.

mod detach;
mod signals;

use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::network::dead_end;
use engine::runtime::protocol::Frame;
use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::collections::VecDeque;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

pub(crate) use detach::DetachKeys;
pub(crate) use signals::Signals;

/// The maximum number of buffered bytes for a side that does not read; then the other side is not read either.
const FULL: usize = 256 * 1024;
/// How many of the last output bytes are examined when the process has failed.
const LAST: usize = 4096;
/// A ready pipe accepts this many bytes without blocking (`PIPE_BUF`).
const PIECE: usize = 4096;

/// The options of a session.
pub(crate) struct Options {
    /// The container has a terminal.
    pub(crate) tty: bool,
    /// Forward the input.
    pub(crate) stdin: bool,
    /// Only the input matters: the session ends when it has been forwarded.
    pub(crate) input_only: bool,
    /// Forward signals.
    pub(crate) forward_signals: bool,
    /// The detach keys; empty for the default.
    pub(crate) detach_keys: String,
}

/// How a session ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The process ended with this code.
    Exit(i32),
    /// It ended with this nonzero code, and its last output looks like a failed network access.
    Complained(i32),
    /// It could not be started: exit code and sentence.
    Failed(i32, String),
    /// The student typed the detach keys.
    Detached,
    /// The connection ended without a result.
    Lost,
}

/// A session that is about to start: signals are already caught, so that none is lost between start and attach.
pub(crate) struct Session {
    options: Options,
    raw: bool,
    signals: Option<Signals>,
}

impl Session {
    /// Catches the signals. The terminal is unchanged so far.
    pub(crate) fn prepare(options: Options) -> CommandResult<Self> {
        let raw = options.tty && options.stdin && io::stdin().is_terminal();
        let needs_signals = options.forward_signals || options.tty;
        let signals = needs_signals
            .then(|| Signals::catch(options.forward_signals))
            .transpose()?;
        Ok(Self {
            options,
            raw,
            signals,
        })
    }

    /// Runs the session over `stream` until it ends.
    pub(crate) fn run(self, stream: UnixStream) -> CommandResult<Ended> {
        stream.set_nonblocking(true)?;
        let keys = (self.options.tty && self.options.stdin).then(|| {
            let (keys, understood) = DetachKeys::new(&self.options.detach_keys);
            if !understood {
                // As in Docker: a warning, and the default keys.
                let _ = writeln!(
                    io::stderr(),
                    "invalid detach escape keys, using default: {}",
                    self.options.detach_keys
                );
            }
            keys
        });
        let raw = if self.raw { RawTerminal::enter() } else { None };
        let mut pump = Pump {
            stream,
            tty: self.options.tty,
            input_only: self.options.input_only,
            stdin_open: self.options.stdin,
            forward_signals: self.options.forward_signals,
            keys,
            received: Vec::new(),
            to_send: Vec::new(),
            to_print: VecDeque::new(),
            waiting: 0,
            last: Vec::new(),
            urges: 0,
            ended: None,
            hint: None,
        };
        let ended = pump.run(self.signals.as_ref());
        drop(raw);
        tell_hint(pump.hint.as_deref());
        ended
    }
}

/// Prints a hint at a terminal: a script gets only Docker's text.
pub(crate) fn tell_hint(hint: Option<&str>) {
    if let Some(hint) = hint.filter(|_| io::stderr().is_terminal()) {
        let _ = writeln!(io::stderr(), "hint: {hint}");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Out,
    Err,
}

struct Pump {
    stream: UnixStream,
    tty: bool,
    input_only: bool,
    stdin_open: bool,
    forward_signals: bool,
    keys: Option<DetachKeys>,
    /// Received from the other side, not yet a whole frame.
    received: Vec<u8>,
    /// Pending for the other side.
    to_send: Vec<u8>,
    /// Pending for the terminal, in order of arrival.
    to_print: VecDeque<(Output, Vec<u8>)>,
    /// Bytes in `to_print`.
    waiting: usize,
    /// The last received bytes.
    last: Vec<u8>,
    /// How often the user asked to quit.
    urges: u32,
    ended: Option<Ended>,
    /// Why the kernel refused the program.
    hint: Option<String>,
}

impl Pump {
    fn run(&mut self, signals: Option<&Signals>) -> CommandResult<Ended> {
        loop {
            if self.to_print.is_empty()
                && let Some(ended) = self.ended.take()
            {
                return Ok(ended);
            }
            let ready = self.wait(signals)?;
            if ready.signal
                && let Some(signals) = signals
            {
                while let Some(signal) = signals.next() {
                    self.on_signal(signal)?;
                }
            }
            if ready.output {
                self.print()?;
            }
            if ready.stream {
                self.receive()?;
            }
            if ready.stdin {
                self.read_stdin();
            }
            self.send();
            if self.input_only && !self.stdin_open && self.to_send.is_empty() {
                self.ended = Some(Ended::Detached);
            }
        }
    }

    fn wait(&self, signals: Option<&Signals>) -> io::Result<Ready> {
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let is_over = self.ended.is_some();
        let mut fds: Vec<(Source, BorrowedFd<'_>, PollFlags)> = Vec::with_capacity(4);
        let mut interest = PollFlags::empty();
        interest.set(PollFlags::IN, !is_over && self.waiting < FULL);
        interest.set(PollFlags::OUT, !is_over && !self.to_send.is_empty());
        if !interest.is_empty() {
            fds.push((Source::Stream, self.stream.as_fd(), interest));
        }
        if self.stdin_open && !is_over && self.to_send.len() < FULL {
            fds.push((Source::Stdin, stdin.as_fd(), PollFlags::IN));
        }
        match self.to_print.front() {
            Some((Output::Out, _)) => fds.push((Source::Output, stdout.as_fd(), PollFlags::OUT)),
            Some((Output::Err, _)) => fds.push((Source::Output, stderr.as_fd(), PollFlags::OUT)),
            None => {}
        }
        if let Some(signals) = signals {
            fds.push((Source::Signal, signals.as_fd(), PollFlags::IN));
        }
        let mut polled: Vec<PollFd<'_>> = fds
            .iter()
            .map(|(_, fd, flags)| PollFd::from_borrowed_fd(*fd, *flags))
            .collect();
        match poll(&mut polled, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = Ready::default();
        for ((source, _, _), fd) in fds.iter().zip(&polled) {
            let is_ready = !fd.revents().is_empty();
            match source {
                Source::Stream => ready.stream = is_ready,
                Source::Stdin => ready.stdin = is_ready,
                Source::Output => ready.output = is_ready,
                Source::Signal => ready.signal = is_ready,
            }
        }
        Ok(ready)
    }

    fn on_signal(&mut self, signal: Signal) -> CommandResult {
        match signal {
            Signal::SIGWINCH => {
                if let Some((rows, columns)) = crate::output::terminal_size()
                    && self.tty
                {
                    self.queue(&Frame::Resize(rows, columns));
                }
                Ok(())
            }
            _ if !self.forward_signals => Err(Failure::Code(exit::of_signal(signal as i32))),
            Signal::SIGINT | Signal::SIGTERM if self.urges >= 2 => Err(Failure::message(
                "got 3 SIGTERM/SIGINTs, forcefully exiting",
            )),
            _ => {
                let is_urge = matches!(signal, Signal::SIGINT | Signal::SIGTERM);
                self.urges += u32::from(is_urge);
                if is_urge && self.urges == 2 && io::stderr().is_terminal() {
                    let hint = "\nhint: the program in the container ignores Ctrl-C; once more leaves it running\n";
                    io::stderr().write_all(hint.as_bytes())?;
                }
                self.queue(&Frame::Signal(signal as i32));
                Ok(())
            }
        }
    }

    fn queue(&mut self, frame: &Frame) {
        self.to_send.extend(frame.encode());
    }

    /// Reads the data that the other side sent.
    fn receive(&mut self) -> CommandResult {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.ended = Some(Ended::Lost),
            Ok(length) => self.received.extend_from_slice(&buffer[..length]),
            Err(error) if is_not_now(&error) => {}
            Err(_) => self.ended = Some(Ended::Lost),
        }
        while let Some(frame) = Frame::decode(&mut self.received)? {
            match frame {
                Frame::Stdout(bytes) => self.keep(Output::Out, bytes),
                Frame::Stderr(bytes) => self.keep(Output::Err, bytes),
                Frame::Exit(code) if code != 0 && dead_end::is_complaint(&self.last) => {
                    self.ended = Some(Ended::Complained(code));
                }
                Frame::Exit(code) => self.ended = Some(Ended::Exit(code)),
                Frame::Hint(text) => self.hint = Some(text),
                Frame::Failed(code, text) => self.ended = Some(Ended::Failed(code, text)),
                _ => {}
            }
        }
        Ok(())
    }

    fn keep(&mut self, output: Output, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.last
                .extend_from_slice(&bytes[bytes.len().saturating_sub(LAST)..]);
            self.last.drain(..self.last.len().saturating_sub(LAST));
            self.waiting += bytes.len();
            self.to_print.push_back((output, bytes));
        }
    }

    /// Prints a piece that the terminal, file or pipe accepts without blocking.
    fn print(&mut self) -> io::Result<()> {
        let Some((output, bytes)) = self.to_print.front_mut() else {
            return Ok(());
        };
        let piece = &bytes[..bytes.len().min(PIECE)];
        let written = match output {
            Output::Out => rustix::io::write(io::stdout(), piece),
            Output::Err => rustix::io::write(io::stderr(), piece),
        };
        let written = match written {
            Ok(written) => written,
            Err(Errno::INTR | Errno::AGAIN) => 0,
            Err(error) => return Err(error.into()),
        };
        self.waiting -= written;
        bytes.drain(..written);
        if bytes.is_empty() {
            self.to_print.pop_front();
        }
        Ok(())
    }

    fn read_stdin(&mut self) {
        let mut buffer = [0; 32 * 1024];
        match rustix::io::read(io::stdin(), &mut buffer) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(0) | Err(_) => {
                self.stdin_open = false;
                self.queue(&Frame::StdinEof);
            }
            Ok(length) => {
                let typed = &buffer[..length];
                let (passed, is_over) = match &mut self.keys {
                    Some(keys) => keys.pass(typed),
                    None => (typed.to_vec(), false),
                };
                if !passed.is_empty() {
                    self.queue(&Frame::Stdin(passed));
                }
                if is_over {
                    self.ended = Some(Ended::Detached);
                }
            }
        }
    }

    /// Sends what the other side accepts now. A closed connection is noticed when it is read.
    fn send(&mut self) {
        while !self.to_send.is_empty() {
            match self.stream.write(&self.to_send) {
                Ok(0) => return,
                Ok(written) => {
                    self.to_send.drain(..written);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.to_send.clear(),
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Source {
    Stream,
    Stdin,
    Output,
    Signal,
}

#[derive(Default)]
struct Ready {
    stream: bool,
    stdin: bool,
    output: bool,
    signal: bool,
}

fn is_not_now(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Standard input's terminal in raw mode, until this is dropped.
struct RawTerminal {
    before: Termios,
}

impl RawTerminal {
    /// Switches to raw mode; `None` if standard input is not a terminal.
    fn enter() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw).ok()?;
        Some(Self { before })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
