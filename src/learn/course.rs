//! The course and the learner's progress, opened together.

use crate::env::{self, Env};
use crate::failure::{CommandResult, Failure};
use engine::clock::Entropy;
use engine::error::plainly;
use lessons::catalog::Catalog;
use lessons::progress::{Change, Progress};
use lessons::source::Source;
use std::path::PathBuf;

/// The course, what was done of it, and where that is kept.
pub(crate) struct Course {
    /// Lessons and exercises.
    pub(crate) catalog: Catalog,
    /// What was done.
    pub(crate) progress: Progress,
    /// The progress file.
    pub(crate) file: PathBuf,
}

/// Opens the course of the environment. Error: the progress file is damaged, or there is no course where
/// `DOCKLINGS_CONTENT` says.
pub(crate) fn open(env: &Env) -> CommandResult<Course> {
    let file = env.home.progress();
    let mut progress = Progress::load(&file).map_err(|error| unreadable(&file, &error))?;
    if progress.seed.is_empty() {
        progress = Progress::update(&file, |progress| {
            if progress.seed.is_empty() {
                progress.seed = new_seed();
            }
        })
        .map_err(|error| unreadable(&file, &error))?;
    }
    let source = source();
    let catalog = Catalog::load(&source, &progress.seed).map_err(|error| {
        Failure::message(format!(
            "cannot read the course from {source:?}: {}",
            plainly(&error)
        ))
    })?;
    Ok(Course {
        catalog,
        progress,
        file,
    })
}

/// Where the course's files come from.
pub(crate) fn source() -> Source {
    match std::env::var_os(env::CONTENT).filter(|folder| !folder.is_empty()) {
        Some(folder) => Source::Folder(PathBuf::from(folder)),
        None => Source::Embedded,
    }
}

/// Notes a change in the progress file at `file`, as of now. Error: the file cannot be written.
pub(crate) fn record(file: &std::path::Path, change: &Change) -> CommandResult<Progress> {
    let now = jiff::Timestamp::now().to_string();
    Progress::update(file, |progress| progress.apply(change, &now))
        .map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::Hinted(
        format!(
            "cannot use the progress file `{}`: {}",
            file.display(),
            plainly(error)
        ),
        crate::exit::FAILURE,
        "move it away to begin anew, or bring one back with `docklings progress import FILE`"
            .to_owned(),
    )
}

/// Eight random bytes, as text: what makes this learner's own values in exercises.
fn new_seed() -> String {
    let mut bytes = [0; 8];
    engine::clock::System.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
