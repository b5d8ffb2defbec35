//! The course and the learner's progress, opened together.

use crate::env::{self, Env};
use crate::failure::{CommandResult, Failure};
use engine::clock::Entropy;
use engine::error::plainly;
use lessons::catalog::Catalog;
use lessons::progress::{Change, Progress};
use lessons::source::{Source, changeable_by_others};
use std::io::{self, Write};
use std::path::PathBuf;

/// The course, the learner's progress, and the file that holds it.
pub(crate) struct Course {
    /// Lessons and exercises.
    pub(crate) catalog: Catalog,
    /// What the learner has done.
    pub(crate) progress: Progress,
    /// The progress file.
    pub(crate) file: PathBuf,
}

/// Opens the course that the environment names. Error: the progress file is damaged, or `DOCKLINGS_CONTENT` holds no
/// course.
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
    refuse_changeable(&source)?;
    let catalog = Catalog::load(&source, &progress.seed).map_err(|error| {
        Failure::message(format!(
            "cannot read the course from {source:?}: {}",
            plainly(&error)
        ))
    })?;
    for (id, record) in &progress.exercises {
        catalog.draw(id, record.draw);
    }
    Ok(Course {
        catalog,
        progress,
        file,
    })
}

/// An exercise is a program that runs as the user who opens it, so only its author may have write access to it.
fn refuse_changeable(source: &Source) -> CommandResult {
    let Source::Folder(top) = source else {
        return Ok(());
    };
    let Some(path) = changeable_by_others(top) else {
        return Ok(());
    };
    let (top, path) = (top.display(), path.display());
    Err(Failure::Hinted(
        format!("other users may write to `{path}`, and exercises are programs that run as you"),
        crate::exit::FAILURE,
        format!("chmod -R go-w {top}, or make your own copy: cp -r {top} DIR"),
    ))
}

/// Where the course's files come from.
pub(crate) fn source() -> Source {
    match std::env::var_os(env::CONTENT).filter(|folder| !folder.is_empty()) {
        Some(folder) => Source::Folder(PathBuf::from(folder)),
        None => Source::Embedded,
    }
}

/// Records a change in the progress file at `file`, with the current time. Error: the file cannot be written.
pub(crate) fn record(file: &std::path::Path, change: &Change) -> CommandResult<Progress> {
    let now = jiff::Timestamp::now().to_string();
    Progress::update(file, |progress| progress.apply(change, &now))
        .map_err(|error| unreadable(file, &error))
}

/// As [`record`], but on a full or read-only disk it warns that the change is lost and continues: the learner has still
/// seen the page.
pub(crate) fn record_if_possible(file: &std::path::Path, change: &Change) -> CommandResult {
    match record(file, change) {
        Err(Failure::Engine(error)) => {
            let mut err = io::stderr();
            writeln!(err, "WARNING: this was not saved in your progress: {error}")?;
            match error.hint() {
                Some(hint) => Ok(writeln!(err, "hint: {hint}")?),
                None => Ok(()),
            }
        }
        other => other.map(drop),
    }
}

fn unreadable(file: &std::path::Path, error: &std::io::Error) -> Failure {
    let what = format!("cannot use the progress file `{}`", file.display());
    // An error that is not the file's fault has its own hint.
    let cause = || io::Error::new(error.kind(), plainly(error));
    let closed = env::explained(engine::Error::io("use", file, cause()));
    if closed.kind() == engine::ErrorKind::Machine {
        return closed.into();
    }
    let unwritable = engine::Error::machine(what.clone()).with_source(cause());
    if unwritable.is_lack_of_room() || error.kind() == io::ErrorKind::ReadOnlyFilesystem {
        return unwritable.into();
    }
    Failure::Hinted(
        format!("{what}: {}", plainly(error)),
        crate::exit::FAILURE,
        "move it away to start again, or restore one with `docklings progress import FILE`"
            .to_owned(),
    )
}

/// Eight random bytes, as text: the seed for this learner's values in exercises.
fn new_seed() -> String {
    let mut bytes = [0; 8];
    engine::clock::System.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
