//! The steps that bring the world into the start state of an exercise.
//!
//! Only a plan: this crate runs nothing. The caller creates a fresh sandbox and an empty workspace, executes the plan
//! in order, and keeps a [`crate::world::snapshot`] of the result.

use crate::exercise::{Exercise, Step};
use crate::world::hex;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// The plan, in order.
#[derive(Debug, Clone)]
pub struct SetupPlan<'e> {
    /// First, copy the contents of this folder into the workspace.
    pub folder: Option<PathBuf>,
    /// Then write these files, by path relative to the workspace.
    pub files: Vec<(&'e str, &'e str)>,
    /// Then run these steps in the workspace, with our `docker`. A failed step is a fault of the exercise or the
    /// machine.
    pub steps: &'e [Step],
}

/// Distinguishes start states of an exercise: a digest of its setup and of `files`, the path and the contents of each
/// file in the initial workspace.
pub fn beginning<'f>(
    exercise: &Exercise,
    files: impl Iterator<Item = (&'f str, &'f [u8])>,
) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    for step in &exercise.setup {
        add(format!("{:?}", step.action).as_bytes());
    }
    for (path, bytes) in files {
        add(path.as_bytes());
        add(bytes);
    }
    hex(&hash.finalize())
}

/// The plan of `exercise`.
pub fn setup(exercise: &Exercise) -> SetupPlan<'_> {
    let files = exercise.files.iter();
    SetupPlan {
        folder: exercise.folder.clone(),
        files: files
            .map(|file| (file.path.as_str(), file.text.as_str()))
            .collect(),
        steps: &exercise.setup,
    }
}
