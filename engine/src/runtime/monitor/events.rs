//! The poll loop: waits for events and dispatches them.

use super::client::{Client, Role};
use super::{Monitor, client, life};
use crate::network::egress::Outbound;
use rustix::event::{PollFd, PollFlags, poll};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// What a descriptor in the poll set belongs to.
#[derive(Debug, Clone, Copy)]
enum Source {
    Listener,
    Signal,
    Client(usize),
    Exit(u32),
    Output(u32, bool),
    Input(u32),
    Outbound,
    Names,
}

/// Descriptors to wait for, and their owners.
#[derive(Default)]
struct PollSet<'a> {
    fds: Vec<PollFd<'a>>,
    sources: Vec<Source>,
}

impl<'a> PollSet<'a> {
    fn add(&mut self, fd: BorrowedFd<'a>, flags: PollFlags, source: Source) {
        self.fds.push(PollFd::from_borrowed_fd(fd, flags));
        self.sources.push(source);
    }
}

impl Monitor {
    /// Waits for events and handles them once.
    pub(super) fn turn(&mut self) {
        for source in self.wait() {
            match source {
                Source::Listener => self.accept(),
                Source::Signal => self.take_signals(),
                Source::Client(index) => self.clients[index].fill(),
                Source::Exit(key) => {
                    if let Some(process) = self.process_mut(key) {
                        process.reap();
                    }
                }
                Source::Output(key, stderr) => self.pass_output(key, stderr),
                Source::Outbound => self.serve_outbound(),
                Source::Names => self.answer_names(),
                Source::Input(key) => {
                    if let Some(process) = self.process_mut(key) {
                        process.write_input();
                    }
                }
            }
        }
        for client in &mut self.clients {
            client.flush();
        }
        self.serve_clients();
        self.check_deadlines();
        self.end_processes();
        self.drop_clients();
    }

    fn wait(&self) -> Vec<Source> {
        let mut set = PollSet::default();
        set.add(self.signals.as_fd(), PollFlags::IN, Source::Signal);
        if let Some(listener) = &self.listener {
            set.add(listener.as_fd(), PollFlags::IN, Source::Listener);
        }
        for (index, client) in self.clients.iter().enumerate() {
            let mut flags = PollFlags::empty();
            if !self.must_wait(client) {
                flags |= PollFlags::IN;
            }
            if client.wants_write() {
                flags |= PollFlags::OUT;
            }
            set.add(client.stream.as_fd(), flags, Source::Client(index));
        }
        if !self.processes.is_empty()
            && let Some(tap) = self.outbound.as_ref().and_then(Outbound::waiting)
        {
            set.add(tap, PollFlags::IN, Source::Outbound);
        }
        if let Some(socket) = &self.names {
            set.add(socket.as_fd(), PollFlags::IN, Source::Names);
        }
        for process in &self.processes {
            if process.exit.is_none() {
                set.add(
                    process.pidfd.as_fd(),
                    PollFlags::IN,
                    Source::Exit(process.key),
                );
            }
            if !self.is_blocked(process.key) {
                for (stderr, fd) in process.outputs() {
                    set.add(fd, PollFlags::IN, Source::Output(process.key, stderr));
                }
            }
            if let Some(fd) = process.input() {
                set.add(fd, PollFlags::OUT, Source::Input(process.key));
            }
        }
        let timeout = self.timeout().map(|time| rustix::fs::Timespec {
            tv_sec: time.as_secs() as i64,
            tv_nsec: time.subsec_nanos().into(),
        });
        if poll(&mut set.fds, timeout.as_ref()).is_err() {
            return Vec::new();
        }
        set.fds
            .iter()
            .zip(set.sources)
            .filter(|(fd, _)| !fd.revents().is_empty())
            .map(|(_, source)| source)
            .collect()
    }

    /// Whether to stop reading from a client because the process does not take its input.
    fn must_wait(&self, client: &Client) -> bool {
        let Role::Attached { process, .. } = client.role else {
            return false;
        };
        self.processes
            .iter()
            .any(|p| p.key == process && p.stdin_is_full())
            || client.input.len() >= client::FULL
    }

    /// Whether to stop reading from a process because its foreground client does not read.
    fn is_blocked(&self, key: u32) -> bool {
        self.clients.iter().any(|client| {
            matches!(client.role, Role::Attached { process, foreground: true, .. } if process == key)
                && client.is_full()
        })
    }

    fn timeout(&self) -> Option<Duration> {
        let ended = self
            .processes
            .iter()
            .filter_map(|process| process.deadline());
        let leaving = self.clients.iter().filter_map(|client| client.leave_by);
        let health = self.health.as_ref().and_then(|checker| checker.deadline());
        ended
            .chain(leaving)
            .chain(self.kill_at)
            .chain(self.restart_at)
            .chain(self.forget_at)
            .chain(self.keep_at)
            .chain(health)
            .min()
            .map(|at| at.saturating_duration_since(Instant::now()) + Duration::from_millis(1))
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else {
            return;
        };
        while let Ok((stream, _)) = listener.accept() {
            self.clients.extend(Client::new(stream, Role::Greeting));
            self.forget_at = Some(Instant::now() + life::SETTLED);
        }
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                libc::SIGCONT => self.check_socket(),
                _ => self.leave(),
            }
        }
    }

    /// Reads the available output, logs it, and passes it on.
    pub(super) fn pass_output(&mut self, key: u32, stderr: bool) {
        // A larger buffer costs a short run a page fault for each 4 KiB.
        let mut buffer = [0; 16 << 10];
        // Bounded, so that a chatty process does not starve the others.
        for _ in 0..64 {
            if self.is_blocked(key) {
                return;
            }
            let Some(process) = self.process_mut(key) else {
                return;
            };
            let is_init = process.is_init;
            let Some(length) = process.read(stderr, &mut buffer) else {
                return;
            };
            self.deliver(key, is_init, stderr, &buffer[..length]);
        }
    }

    fn deliver(&mut self, key: u32, is_init: bool, stderr: bool, bytes: &[u8]) {
        if let Some(checker) = &mut self.health
            && checker.owns(key)
        {
            checker.collect(bytes);
            return;
        }
        if is_init {
            // The log may fail on a full disk; the clients still get the output.
            let _ = self.log.write(stderr, bytes, self.engine.now());
        }
        for client in &mut self.clients {
            if let Role::Attached {
                process, streams, ..
            } = client.role
                && process == key
                && (if stderr {
                    streams.stderr
                } else {
                    streams.stdout
                })
            {
                client.send_output(stderr, bytes);
            }
        }
    }

    pub(super) fn process_mut(&mut self, key: u32) -> Option<&mut super::Process> {
        self.processes.iter_mut().find(|process| process.key == key)
    }

    fn drop_clients(&mut self) {
        let mut gone = Vec::new();
        self.clients.retain(|client| {
            if client.is_done() && client.hung_up() {
                gone.push(client.role);
            }
            !client.is_done()
        });
        for role in gone {
            self.client_left(role);
        }
    }
}
