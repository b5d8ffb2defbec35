//! What a caller sees of a build, during it and at its end. Plain data.
//!
//! As in BuildKit, progress is a list of *vertices*: units of work with a number, a name, notes, output and an end.

use super::cache::explain::Reason;
use super::check::Finding;
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use std::time::Duration;

/// Follows a build.
pub trait BuildObserver {
    /// Something happened.
    fn progress(&mut self, event: Progress<'_>);
}

/// An observer that ignores everything: `docker build -q`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl BuildObserver for Quiet {
    fn progress(&mut self, _event: Progress<'_>) {}
}

/// One event. Vertices are numbered from 1 in the order in which they start.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// Work on a vertex begins.
    Started {
        /// Its number.
        vertex: usize,
        /// Such as `[internal] load build context`, or `[builder 2/5] RUN make`.
        name: &'a str,
    },
    /// A note about it, such as `transferring context: 1.2kB`.
    Note {
        /// Its number.
        vertex: usize,
        /// The text.
        text: &'a str,
    },
    /// Its command wrote something.
    Output {
        /// Its number.
        vertex: usize,
        /// The bytes, split anywhere.
        bytes: &'a [u8],
    },
    /// Time has passed, and nothing else has happened.
    Tick,
    /// The vertex ended.
    Finished {
        /// Its number.
        vertex: usize,
        /// How long it took.
        duration: Duration,
        /// The step, if the vertex is one of the Dockerfile; says whether it was cached, and why not.
        step: Option<&'a StepReport>,
        /// What went wrong, if something did.
        error: Option<&'a str>,
    },
}

/// The result of one instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Which of the stage's file-changing steps it is, from 1; 0 for an instruction that only sets configuration (ENV,
    /// CMD, …), which has no vertex of its own.
    pub number: usize,
    /// How many such steps the stage has, FROM included.
    pub total: usize,
    /// The stage, from 0.
    pub stage: usize,
    /// The stage's name in brackets; `None` if it is the only stage and has none.
    pub stage_name: Option<String>,
    /// The instruction on one line.
    pub text: String,
    /// Its line in the Dockerfile.
    pub line: usize,
    /// Whether its result was in the cache.
    pub cached: bool,
    /// Why it was not cached.
    pub reason: Option<Reason>,
    /// How long it took.
    pub duration: Duration,
    /// The layer that it made or found, if any.
    pub layer: Option<StepLayer>,
    /// The key of its cache record.
    pub key: String,
}

impl StepReport {
    /// `[builder 2/5] COPY . .`, or the text alone for an instruction without a number.
    pub fn title(&self) -> String {
        let Self {
            number,
            total,
            text,
            ..
        } = self;
        match (&self.stage_name, number) {
            (_, 0) => text.clone(),
            (None, _) => format!("[{number}/{total}] {text}"),
            (Some(stage), _) => format!("[{stage} {number}/{total}] {text}"),
        }
    }
}

/// The layer of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLayer {
    /// Digest of its uncompressed tar.
    pub diff_id: Digest,
    /// Its chain id (hexadecimal digits).
    pub chain: String,
    /// The size of its files in bytes.
    pub size: u64,
}

/// A finished build.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildOutcome {
    /// The image.
    pub id: ImageId,
    /// Its layers, by chain id, lowest first.
    pub chain: Vec<String>,
    /// Its names.
    pub tags: Vec<Reference>,
    /// All instructions that were processed, in order.
    pub steps: Vec<StepReport>,
    /// What would make the next build faster, if the order of instructions made this one slow.
    pub advice: Option<String>,
    /// Notes for the user, one sentence each.
    pub warnings: Vec<String>,
    /// Violations of Docker's checks.
    pub findings: Vec<Finding>,
}
