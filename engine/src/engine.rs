//! One sandbox with everything that an operation on it needs: its paths, the time, randomness, and the requesting
//! command.

use crate::clock::{Clock, Entropy};
use crate::error::{Error, Result};
use crate::events::{self, Action, Event, ObjectKind};
use crate::paths::{Home, SandboxPaths, ours, remote};
use crate::store::lock::{self, Lock};
use crate::sys::namespace::become_root;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

/// The egress programs that containers and build steps may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// `passt` if it is installed, else `slirp4netns`.
    #[default]
    Any,
    /// `passt` only.
    Passt,
    /// `slirp4netns` only.
    Slirp,
    /// None.
    None,
}

impl Allowed {
    /// Parses `DOCKLINGS_OUTBOUND`; `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "" => Some(Self::Any),
            "passt" | "pasta" => Some(Self::Passt),
            "slirp4netns" => Some(Self::Slirp),
            "no" => Some(Self::None),
            _ => None,
        }
    }
}

/// How to open a sandbox.
pub struct Settings {
    /// The home.
    pub home: Home,
    /// The sandbox's name.
    pub sandbox: String,
    /// Our own binary, which the engine executes again as the monitor (in a test, `/proc/self/exe` is the test
    /// harness).
    pub binary: PathBuf,
    /// The docker command being run, for the journal.
    pub via: String,
    /// The egress programs that containers may use.
    pub outbound: Allowed,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// The engine, opened on one sandbox: its paths, the time, randomness, and the requesting command.
#[derive(Clone)]
pub struct Engine {
    pub(crate) home: Home,
    pub(crate) sandbox: SandboxPaths,
    pub(crate) sandbox_name: String,
    pub(crate) binary: PathBuf,
    pub(crate) via: String,
    /// The egress programs that containers may use.
    pub outbound: Allowed,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    left_out: Arc<Mutex<BTreeMap<String, String>>>,
    unrecorded: Arc<OnceLock<Error>>,
}

impl Engine {
    /// Opens a sandbox, creating it if missing.
    pub fn open(settings: Settings) -> Result<Self> {
        let sandbox = settings.home.sandbox(&settings.sandbox)?;
        let home = &settings.home;
        for folder in [
            home.root(),
            &home.sandboxes(),
            sandbox.root(),
            &sandbox.containers(),
            &sandbox.names(),
            &sandbox.volumes(),
            &home.content(),
            &home.content_tmp(),
        ] {
            home.claim(folder)?;
        }
        remote::refuse(home.root())?;
        for folder in [
            sandbox.trash(),
            sandbox.build_cache(),
            home.layers(),
            home.blobs(),
            home.workspaces(),
        ] {
            ours::check(&folder, home.root())?;
        }
        Ok(Self {
            home: settings.home,
            sandbox,
            sandbox_name: settings.sandbox,
            binary: settings.binary,
            via: settings.via,
            outbound: settings.outbound,
            clock: settings.clock,
            entropy: settings.entropy,
            left_out: Arc::default(),
            unrecorded: Arc::default(),
        })
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The sandbox's files.
    pub fn sandbox(&self) -> &SandboxPaths {
        &self.sandbox
    }

    /// The sandbox's name.
    pub fn sandbox_name(&self) -> &str {
        &self.sandbox_name
    }

    /// The time.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// An event at the current time, caused by this command. Add attributes with [`Event::with`], then [`Engine::record`]
    /// it.
    pub fn event(&self, kind: ObjectKind, action: Action, id: impl Into<String>) -> Event {
        Event::new(self.now(), kind, action, id, &self.via)
    }

    /// Appends `event` to the journal. If that fails, as on a full disk, the operation still counts as done: see
    /// [`Engine::unrecorded`].
    pub fn record(&self, event: &Event) {
        if let Err(error) = events::append(&self.sandbox.journal(), event) {
            let _ = self.unrecorded.set(error);
        }
    }

    /// Records an event at the current time, with the members of the object `facts` as its facts.
    pub fn note(&self, kind: ObjectKind, action: Action, id: impl Into<String>, facts: Value) {
        let mut event = self.event(kind, action, id);
        if let Value::Object(facts) = facts {
            event.facts = facts;
        }
        self.record(&event);
    }

    /// Locks the content store. Hold the lock while making layers for an object that is not recorded yet.
    pub fn keep_content(&self) -> Result<Lock> {
        lock::keep_content(&self.home)
    }

    /// Call this before making content: an ordinary user becomes root of a user namespace, and [`Engine::keep_content`]
    /// takes the lock. The process must be single-threaded.
    pub(crate) fn begin_content(&self) -> Result<Lock> {
        become_root()?;
        self.keep_content()
    }

    /// Lets an ordinary user read and remove files of subordinate ids. Where no namespace can be made, there are no
    /// such files.
    pub(crate) fn reach_all_files(&self) {
        drop(become_root());
    }

    /// Checks whether a monitor will be able to append its events to the journal; it could not report a failure itself.
    pub(crate) fn expect_record(&self) {
        if let Err(error) = events::prepare(&self.sandbox.journal()) {
            let _ = self.unrecorded.set(error);
        }
    }

    /// Why the journal lacks an event of this command, if it does.
    pub fn unrecorded(&self) -> Option<&Error> {
        self.unrecorded.get()
    }

    /// The result for `what`, such as `container 0123456789ab`. An unreadable one is left out and recorded: one damaged
    /// record stops nothing else.
    pub(crate) fn or_leave_out<T>(&self, what: &str, found: Result<Option<T>>) -> Option<T> {
        found.unwrap_or_else(|error| {
            if let Ok(mut left_out) = self.left_out.lock() {
                left_out.insert(what.to_owned(), error.to_string());
            }
            None
        })
    }

    /// The unreadable records that were left out, and why.
    pub fn left_out(&self) -> BTreeMap<String, String> {
        let left_out = self.left_out.lock();
        left_out
            .map(|left_out| left_out.clone())
            .unwrap_or_default()
    }

    /// The journal, oldest first.
    pub fn journal(&self) -> Result<Vec<Event>> {
        events::read(&self.sandbox.journal())
    }
}
