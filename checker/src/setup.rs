//! What puts the world into the state that an exercise begins with.
//!
//! A plan only: this crate runs nothing. The caller makes a fresh sandbox and an empty workspace, does what the plan
//! says in order, and keeps a [`crate::world::snapshot`] of the result.

use crate::exercise::{Exercise, Step};
use crate::world::hex;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// What to do, in order.
#[derive(Debug, Clone)]
pub struct SetupPlan<'e> {
    /// First, copy the contents of this folder into the workspace.
    pub folder: Option<PathBuf>,
    /// Then write these files, by path relative to the workspace.
    pub files: Vec<(&'e str, &'e str)>,
    /// Then do these steps in the workspace, `docker` being ours. One that fails is a fault of the exercise or the
    /// machine.
    pub steps: &'e [Step],
}

/// What tells two beginnings of an exercise apart: a digest of its setup and of `files`, the path and the contents of each
/// file that the workspace begins with.
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
