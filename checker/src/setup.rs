//! What puts the world into the state that an exercise begins with.
//!
//! A plan only: this crate runs nothing. The caller makes a fresh sandbox and an empty workspace, does what the plan
//! says in order, and keeps a [`crate::world::snapshot`] of the result.

use crate::exercise::{Exercise, Step};
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
