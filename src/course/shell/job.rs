//! Runs one of the learner's lines at the terminal: its programs get the terminal and give it back.
//!
//! It works like an interactive shell (POSIX, "job control"): the line's programs form a process group, which becomes
//! the terminal's foreground group, so keys such as Ctrl-C reach them and not us. When they end, or Ctrl-Z stops them,
//! we take the terminal back and restore its modes, whatever a program did to them.

use nix::sys::signal::{SigSet, Signal};
use rustix::process::{Pid, Signal as ProcessSignal, WaitOptions};
use rustix::termios::{LocalModes, OptionalActions, Termios};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With this exit code.
    Exited(i32),
    /// Killed by this signal.
    Killed(i32),
    /// It was stopped (Ctrl-Z) and can continue.
    Stopped(Pid),
}

impl End {
    /// The shell's `$?`.
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::Killed(signal) => 128 + signal,
            Self::Stopped(_) => 148,
        }
    }
}

/// The terminal, if the shell has one.
pub(crate) struct Terminal {
    ours: Option<Ours>,
}

/// The state of the terminal when the shell started.
struct Ours {
    group: Pid,
    modes: Termios,
}

impl Terminal {
    /// The terminal on standard input. Without one, programs run with empty input.
    ///
    /// From here on, the keyboard sends no signals unless a line runs: between two lines there is only the shell itself
    /// to interrupt. Blocking the signals instead would block them in every program that we start.
    pub(crate) fn of_process() -> Self {
        let stdin = io::stdin();
        let modes = rustix::termios::tcgetattr(stdin.as_fd());
        let foreground = rustix::termios::tcgetpgrp(stdin.as_fd());
        let ours = match (modes, foreground) {
            (Ok(modes), Ok(group)) if group == rustix::process::getpgrp() => {
                Some(Ours { group, modes })
            }
            _ => None,
        };
        let terminal = Self { ours };
        terminal.take_back();
        terminal
    }

    /// Runs `command` with the terminal, until it ends or is stopped. Error: it cannot be started.
    pub(crate) fn run(&self, mut command: Command) -> io::Result<End> {
        if self.ours.is_none() {
            let mut child = command.stdin(Stdio::null()).spawn()?;
            let status = child.wait()?;
            return Ok(end_of(status));
        }
        let child = command.process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        self.give_to(pid);
        self.wait(pid)
    }

    /// Continues a stopped line.
    pub(crate) fn resume(&self, pid: Pid) -> io::Result<End> {
        self.give_to(pid);
        rustix::process::kill_process_group(pid, ProcessSignal::CONT)?;
        self.wait(pid)
    }

    /// Kills a stopped line.
    pub(crate) fn hang_up(&self, pid: Pid) {
        for signal in [ProcessSignal::HUP, ProcessSignal::CONT] {
            // It may have ended already.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }

    /// Gives the terminal to the process group `group`, in the modes that it had before the shell started.
    fn give_to(&self, group: Pid) {
        self.set(group, |modes| modes);
    }

    /// Puts us in the foreground again, and turns the keyboard's signals off.
    fn take_back(&self) {
        if let Some(ours) = &self.ours {
            self.set(ours.group, |mut modes| {
                modes.local_modes.remove(LocalModes::ISIG);
                modes
            });
        }
    }

    fn set(&self, group: Pid, change: impl FnOnce(Termios) -> Termios) {
        let Some(ours) = &self.ours else {
            return;
        };
        let modes = change(ours.modes.clone());
        let stdin = io::stdin();
        // SIGTTOU stops a background process that changes the terminal, unless the process blocks it.
        let stop: SigSet = [Signal::SIGTTOU].into_iter().collect();
        let _ = stop.thread_block();
        // These fail only if the group has ended already or the terminal is gone. Then there is nothing left to set,
        // and the next read reports it.
        let _ = rustix::termios::tcsetattr(stdin.as_fd(), OptionalActions::Drain, &modes);
        let _ = rustix::termios::tcsetpgrp(stdin.as_fd(), group);
        let _ = stop.thread_unblock();
    }

    /// Waits for the first process of the group `pid`, then takes the terminal back.
    fn wait(&self, pid: Pid) -> io::Result<End> {
        let end = loop {
            let Some((_, status)) =
                retry(|| rustix::process::waitpid(Some(pid), WaitOptions::UNTRACED))?
            else {
                continue;
            };
            // It used the terminal before we had handed it over, and the kernel stopped it. The kernel never does this
            // to the foreground group.
            let asked = [ProcessSignal::TTIN, ProcessSignal::TTOU].map(ProcessSignal::as_raw);
            if status
                .stopping_signal()
                .is_some_and(|signal| asked.contains(&signal))
            {
                self.give_to(pid);
                rustix::process::kill_process_group(pid, ProcessSignal::CONT)?;
                continue;
            }
            if let Some(code) = status.exit_status() {
                break End::Exited(code);
            }
            if let Some(signal) = status.terminating_signal() {
                break End::Killed(signal);
            }
            if status.stopped() {
                break End::Stopped(pid);
            }
        };
        self.take_back();
        Ok(end)
    }
}

/// The process that started us gets the terminal back as it was.
impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(ours) = &self.ours {
            self.give_to(ours.group);
        }
    }
}

fn end_of(status: std::process::ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt;
    match status.code() {
        Some(code) => End::Exited(code),
        None => End::Killed(status.signal().unwrap_or(0)),
    }
}

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_a_program_runs_with_empty_input() {
        let terminal = Terminal { ours: None };
        let run = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            terminal.run(command).unwrap()
        };
        assert_eq!(run("exit 3"), End::Exited(3));
        assert_eq!(run("cat; exit 0"), End::Exited(0));
        assert_eq!(run("kill -9 $$").code(), 137);
    }
}
