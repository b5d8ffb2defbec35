//! Our registry in the foreground, which runs until a test drops it.

use super::process::{LIMIT, eventually};
use super::sandbox::Sandbox;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// `docklings registry serve` on a free port.
pub(crate) struct Served {
    child: Child,
    port: u16,
    said: Arc<Mutex<Vec<String>>>,
}

impl Served {
    /// Starts it with `words`, such as `--read-only`; returns once it listens.
    #[track_caller]
    pub(crate) fn start(sandbox: &Sandbox, words: &str) -> Self {
        let mut command = sandbox.command(sandbox.bin().join("docklings"));
        command.args(["registry", "serve", "--listen", "127.0.0.1:0"]);
        command.args(shell_words::split(words).expect("the words are quoted well"));
        Self::of(command)
    }

    #[track_caller]
    fn of(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the registry starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it has an output"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("it says something");
        let port = first.split("127.0.0.1:").nth(1);
        let port = port.and_then(|rest| rest.split(',').next()?.parse().ok());
        let said = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&said);
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                record.lock().expect("no test panics here").push(line);
            }
        });
        Self {
            child,
            port: port.unwrap_or_else(|| panic!("no port in `{first}`")),
            said,
        }
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The prefix of image names: `localhost:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Whether any of its output lines contains `part`.
    pub(crate) fn has_said(&self, part: &str) -> bool {
        let said = self.said.lock().expect("no test panics here");
        said.iter().any(|line| line.contains(part))
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id fits")
    }

    /// Sends it a signal and waits for its end.
    #[track_caller]
    pub(crate) fn end(&mut self, signal: rustix::process::Signal) -> ExitStatus {
        let pid = rustix::process::Pid::from_raw(self.pid()).expect("it is no zero");
        rustix::process::kill_process(pid, signal).expect("it runs");
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(begun.elapsed() < LIMIT, "the registry does not end");
            thread::yield_now();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A line of a password file.
pub(crate) fn htpasswd(name: &str, password: &str) -> String {
    let hash = bcrypt::hash(password, 4).expect("it can be hashed");
    format!("{name}:{hash}\n")
}

/// Waits until the registry has printed `part`.
#[track_caller]
pub(crate) fn wait_for(served: &Served, part: &str) {
    eventually(&format!("the registry says `{part}`"), || {
        served.has_said(part)
    });
}
