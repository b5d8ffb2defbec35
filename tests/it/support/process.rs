//! Runs a command to its end, with a limit, and without polling.

use super::output::Output;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any command of a test takes, even with ten other processes per processor: a whole lesson is one command.
/// A command that hangs fails its test by name.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// Runs `command` with `input`, and waits for its end *and* for the end of its output. So it finds a monitor that keeps
/// the caller's standard output open, which is a bug.
#[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
#[track_caller]
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    let words = describe(command);
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{words}`: {error}"));
    Running::new(words, child, input.to_vec()).finish()
}

/// A command that runs in parallel to the test.
pub(crate) struct Running {
    words: String,
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Running {
    /// Reads the output of `child` in the background, so that `child` never blocks, and writes `input` to it.
    pub(crate) fn new(words: String, mut child: Child, input: Vec<u8>) -> Self {
        let stdin = child.stdin.take();
        thread::spawn(move || {
            if let Some(mut stdin) = stdin {
                // A command that ends without reading does not fail the test.
                drop(stdin.write_all(&input));
            }
        });
        let stdout = read(child.stdout.take());
        let stderr = read(child.stderr.take());
        Self {
            words,
            child,
            stdout,
            stderr,
        }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id fits")
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
    }

    /// Waits for its end.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn finish(mut self) -> Output {
        let deadline = Instant::now() + LIMIT;
        let stdout = self.collect(deadline, false);
        let stderr = self.collect(deadline, true);
        let status = self
            .child
            .wait()
            .unwrap_or_else(|error| panic!("`{}`: {error}", self.words));
        Output {
            command: self.words,
            status,
            stdout,
            stderr,
        }
    }

    #[track_caller]
    fn collect(&mut self, deadline: Instant, errors: bool) -> String {
        let stream = if errors { &self.stderr } else { &self.stdout };
        let left = deadline.saturating_duration_since(Instant::now());
        match stream.recv_timeout(left) {
            Ok(text) => text,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let ended = matches!(self.child.try_wait(), Ok(Some(_)));
                self.kill();
                panic!(
                    "`{}` {} after {LIMIT:?}",
                    self.words,
                    if ended {
                        "has ended, but something still holds its output open"
                    } else {
                        "still runs"
                    }
                );
            }
        }
    }
}

/// Reads `stream` to its end on a separate thread.
fn read(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            drop(stream.read_to_end(&mut bytes));
        }
        drop(sender.send(String::from_utf8_lossy(&bytes).into_owned()));
    });
    receiver
}

/// The words of `command`.
pub(crate) fn describe(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Polls `condition` until it holds. Only for events that no command waits for, such as the end of a process that
/// another process kills.
#[track_caller]
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}
