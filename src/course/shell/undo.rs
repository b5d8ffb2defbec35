//! `undo`: reverts the last line that changed something.
//!
//! Before a line runs, the contents of the sandbox and of the exercise's folder are saved beside the sandbox
//! ([`engine::Engine::keep`]). If the line changes nothing, the same copy serves the next line. Saving and restoring
//! are separate hidden stages: files of a container's users need a user namespace, and a process cannot leave one.

use super::Shell;
use crate::course::view;
use crate::course::workspace::remove;
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use engine::events::read_from;
use engine::runtime::undo::TakenBack;
use lessons::session::{Event, FREE};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The hidden stages.
pub(crate) const KEEP: &str = "__keep";
pub(crate) const TAKE_BACK: &str = "__take-back";

/// The copy for the next line.
const NEXT: &str = "next";
/// The copy from before the last line that changed something.
const LAST: &str = "undo";

/// The files below a folder: the size and time of each.
type Files = BTreeMap<PathBuf, (u64, Option<std::time::SystemTime>)>;

/// What can be reverted.
#[derive(Default)]
pub(super) struct Undo {
    next: Option<Next>,
    last: Option<Last>,
}

/// A copy for a line that has not run yet or that changed nothing.
struct Next {
    sandbox: String,
    /// The journal's length when the line started.
    journal: u64,
    files: Files,
    /// Why it could not be saved.
    kept: Result<(), String>,
}

/// The last line that changed something.
struct Last {
    line: String,
    sandbox: String,
    journal: u64,
    kept: Result<(), String>,
}

impl Shell {
    /// The folder whose files belong to the sandbox; the playground has none.
    fn kept_folder(&self) -> Option<PathBuf> {
        let is_free = self.session.sandbox() == FREE;
        (!is_free).then(|| self.folder_of_place())
    }

    /// Saves the current state before a line changes it. If that fails, only `undo` reports it, and the line still
    /// runs.
    pub(super) fn keep(&mut self) -> CommandResult {
        let sandbox = self.session.sandbox();
        let journal = self.line_began_at.unwrap_or(0);
        let folder = self.kept_folder();
        let files = folder.as_deref().map(files).unwrap_or_default();
        if let Some(next) = &mut self.undo.next
            && next.sandbox == sandbox
            && next.files == files
            && !changed_since(&self.env, &sandbox, next.journal)?
        {
            next.journal = journal;
            return Ok(());
        }
        let target = name(&sandbox, NEXT);
        let output = stage(&self.env, KEEP, &[&sandbox, &target], folder.as_deref())?;
        self.undo.next = Some(Next {
            sandbox,
            journal,
            files,
            kept: match output.status.success() {
                true => Ok(()),
                false => Err(said(&output)),
            },
        });
        Ok(())
    }

    /// After `line`: if it changed something, `undo` reverts it.
    pub(super) fn note_line(&mut self, line: &str) -> CommandResult {
        let sandbox = self.session.sandbox();
        let folder = self.kept_folder();
        let Some(next) = &self.undo.next else {
            return Ok(());
        };
        let files = folder.as_deref().map(files).unwrap_or_default();
        if next.sandbox != sandbox
            || (next.files == files && !changed_since(&self.env, &sandbox, next.journal)?)
        {
            return Ok(());
        }
        let Some(next) = self.undo.next.take() else {
            return Ok(());
        };
        let (from, to) = (
            place(&self.env, &sandbox, NEXT)?,
            place(&self.env, &sandbox, LAST)?,
        );
        remove(&to)?;
        let mut kept = next.kept;
        if kept.is_ok() {
            kept = std::fs::rename(&from, &to).map_err(|error| error.to_string());
        }
        self.undo.last = Some(Last {
            line: line.trim().to_owned(),
            sandbox,
            journal: next.journal,
            kept,
        });
        Ok(())
    }

    /// Drops the copies when the learner leaves the sandbox.
    pub(super) fn forget_kept(&mut self) -> CommandResult {
        let undo = std::mem::take(&mut self.undo);
        let next = undo.next.map(|next| next.sandbox);
        for sandbox in next.into_iter().chain(undo.last.map(|last| last.sandbox)) {
            self.forget_stale(&sandbox)?;
        }
        Ok(())
    }

    /// Removes what a killed shell has saved of `sandbox`.
    pub(super) fn forget_stale(&self, sandbox: &str) -> CommandResult {
        for what in [NEXT, LAST] {
            remove(&place(&self.env, sandbox, what)?)?;
        }
        Ok(())
    }

    /// Reverts the last line that changed something, or says why it cannot.
    pub(super) fn take_back(&mut self) -> CommandResult {
        let Some(last) = self.undo.last.take() else {
            return self.say(
                "There is nothing to undo. `undo` reverts the last line that changed something here.",
            );
        };
        if let Err(reason) = &last.kept {
            return self.say(&format!("`{}` cannot be undone: {reason}", last.line));
        }
        let folder = self.kept_folder();
        let target = name(&last.sandbox, LAST);
        let journal = last.journal.to_string();
        let words = [last.sandbox.as_str(), &target, &journal];
        let output = stage(&self.env, TAKE_BACK, &words, folder.as_deref())?;
        if !output.status.success() {
            let text = format!("`{}` cannot be undone: {}", last.line, said(&output));
            self.undo.last = Some(last);
            return self.say(&text);
        }
        self.undo.next = None;
        self.report = None;
        let taken: TakenBack = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::message(format!("undo: {error}")))?;
        let mut text = format!("Undone: `{}`.", last.line);
        for (word, names) in [("Restored", taken.back), ("Removed", taken.gone)] {
            if !names.is_empty() {
                text.push_str(&format!(" {word}: {}.", names.join(", ")));
            }
        }
        if folder.is_none() {
            text.push_str(" Your own files are not touched.");
        }
        self.look
            .show(&format!("{}\n", view::fill(&text, self.look)))?;
        self.handle(Event::Ran {
            line: String::new(),
            ok: true,
        })
    }
}

/// The name of the sandbox beside `sandbox` that holds the copy.
fn name(sandbox: &str, what: &str) -> String {
    format!("{sandbox}.{what}")
}

fn place(env: &Env, sandbox: &str, what: &str) -> CommandResult<PathBuf> {
    Ok(env.home.sandbox(&name(sandbox, what))?.root().to_owned())
}

/// Whether the journal has events other than reads since it was `offset` bytes long.
fn changed_since(env: &Env, sandbox: &str, offset: u64) -> CommandResult<bool> {
    let journal = env.home.sandbox(sandbox)?.journal();
    let (events, _) = read_from(&journal, offset)?;
    Ok(events.iter().any(|event| !event.is_look()))
}

/// The files below `folder`. Unreadable files are skipped; they are not the learner's.
fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(about) = entry.metadata() else {
                continue;
            };
            let path = entry.path();
            if about.is_dir() {
                open.push(path.clone());
                found.insert(path, (0, None));
            } else {
                found.insert(path, (about.len(), about.modified().ok()));
            }
        }
    }
    found
}

/// Runs a hidden stage of this program.
fn stage(env: &Env, stage: &str, words: &[&str], folder: Option<&Path>) -> CommandResult<Output> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(stage)
        .args(words)
        .args(folder)
        .env(crate::env::HOME, env.home.root())
        .stdin(Stdio::null());
    Ok(command.output()?)
}

/// A stage's output, as the end of a sentence.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let mut lines = text.trim().lines();
    let reason = lines.next().unwrap_or("it was not saved");
    let reason = reason.trim_start_matches("Error response from daemon: ");
    match lines.next().and_then(|line| line.strip_prefix("hint: ")) {
        Some(hint) => format!("{reason}. `{hint}` may help."),
        None => format!("{reason}."),
    }
}

/// The stage [`KEEP`]: sandbox, name of the copy, folder.
pub(crate) fn keep(words: &[String]) -> CommandResult {
    let [sandbox, kept, folder @ ..] = words else {
        return Err(Failure::message(
            "usage: __keep SANDBOX KEPT [FOLDER]".to_owned(),
        ));
    };
    let engine = Env::read()?.engine(sandbox, "undo")?;
    Ok(engine.keep(kept, folder.first().map(Path::new))?)
}

/// The stage [`TAKE_BACK`]: sandbox, name of the copy, length of the journal, folder.
pub(crate) fn take_back(words: &[String]) -> CommandResult {
    use std::io::Write;
    let [sandbox, kept, journal, folder @ ..] = words else {
        return Err(Failure::message(
            "usage: __take-back SANDBOX KEPT JOURNAL [FOLDER]".to_owned(),
        ));
    };
    let engine = Env::read()?.engine(sandbox, "undo")?;
    let journal = journal
        .parse()
        .map_err(|_| Failure::message(format!("`{journal}` is not a length")))?;
    let taken = engine.take_back(kept, folder.first().map(Path::new), journal)?;
    let text = serde_json::to_string(&taken)
        .map_err(|error| Failure::message(format!("undo: {error}")))?;
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
