//! Why a step missed the cache, in one line.
//!
//! **What Docker does.** It prints `CACHED`, or nothing.
//! **What we do.** Each record keeps the inputs of its key. A step that missed is compared with the step in its place
//! in the last build of the same Dockerfile, and the first difference is the reason.
//! **Try it.** `docker build --explain .`
//! **Lesson.** `build-cache`

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a step ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No build of this Dockerfile is recorded.
    FirstTime,
    /// `--no-cache`.
    NoCache,
    /// The last build had no such instruction.
    NewInstruction,
    /// The instruction has changed.
    Text {
        /// The old text.
        was: String,
    },
    /// The copied files differ.
    Files {
        /// All of them.
        changes: Vec<FileChange>,
    },
    /// A build argument has another value.
    Arg {
        /// Its name.
        name: String,
        /// The value in the last build.
        was: Option<String>,
        /// The value now.
        now: Option<String>,
    },
    /// Another setting of the step differs: `USER`, `WORKDIR`, `SHELL`, `--network`, a variable.
    Setting {
        /// Its name.
        name: String,
        /// Its value in the last build.
        was: String,
        /// Its current value.
        now: String,
    },
    /// The stage starts from a different image.
    Base {
        /// The image as named in FROM.
        image: String,
    },
    /// An earlier step ran.
    Step {
        /// Its title, such as `step 2`, or its instruction if it has no number.
        step: String,
        /// Why that step ran.
        because: Box<Reason>,
    },
    /// An instruction before it was removed.
    Dropped {
        /// The removed instruction.
        was: String,
    },
    /// The instructions before it are in another order.
    Order,
    /// Its record exists, but its layer was removed.
    LayerGone,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Its path, relative to the context or the other stage's root.
    pub path: String,
    /// How it differs.
    pub what: Difference,
}

/// How a file differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// Its content, or the target of a symbolic link.
    Content,
    /// Its permissions.
    Mode {
        /// In the last build.
        was: u32,
        /// Now.
        now: u32,
    },
    /// Its owner, for a file from another stage or image.
    Owner,
    /// Its kind.
    Kind,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It was renamed.
    Renamed {
        /// Its old name.
        from: String,
    },
}

/// How many files are listed.
const NAMED: usize = 3;
/// How many characters of an old instruction or value are shown.
const SHOWN: usize = 60;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstTime => f.write_str("first time"),
            Self::NoCache => f.write_str("--no-cache"),
            Self::NewInstruction => f.write_str("new instruction"),
            Self::Text { was } => write!(f, "instruction changed, was: {}", short(was)),
            Self::Files { changes } => files(changes, f),
            Self::Arg { name, was, now } => {
                let (was, now) = (value(was), value(now));
                write!(f, "build argument {name} changed: {was} -> {now}")
            }
            Self::Setting { name, was, now } => {
                write!(f, "{name} changed: {} -> {}", short(was), short(now))
            }
            Self::Base { image } => write!(f, "base image {image} changed"),
            Self::Step { step, because } => match **because {
                Self::FirstTime | Self::NoCache | Self::LayerGone => {
                    write!(f, "{step} ran: {because}")
                }
                Self::Text { ref was } => write!(f, "{step} changed, was: {}", short(was)),
                Self::NewInstruction => write!(f, "{step} is new"),
                _ => write!(f, "{step} changed: {because}"),
            },
            Self::Dropped { was } => write!(f, "an instruction before it is gone: {}", short(was)),
            Self::Order => f.write_str("the order of instructions changed"),
            Self::LayerGone => f.write_str("its layer was removed"),
        }
    }
}

impl Reason {
    /// The reason at the root of a chain of steps.
    pub fn root(&self) -> &Self {
        match self {
            Self::Step { because, .. } => because.root(),
            other => other,
        }
    }
}

fn files(changes: &[FileChange], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, change) in changes.iter().take(NAMED).enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{change}")?;
    }
    match changes.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

impl fmt::Display for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.what {
            Difference::Content => write!(f, "{path} differs"),
            Difference::Mode { was, now } => write!(f, "{path} mode {was:04o} -> {now:04o}"),
            Difference::Owner => write!(f, "{path} has another owner"),
            Difference::Kind => write!(f, "{path} is another kind of file"),
            Difference::Added => write!(f, "{path} is new"),
            Difference::Removed => write!(f, "{path} is gone"),
            Difference::Renamed { from } => write!(f, "{from} was renamed to {path}"),
        }
    }
}

fn value(value: &Option<String>) -> String {
    match value {
        None => "unset".to_owned(),
        Some(value) => format!("{:?}", short(value)),
    }
}

/// One line of at most [`SHOWN`] characters.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None if line.len() < text.len() => format!("{line}…"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_one_line_each() {
        let changes = |names: &[&str]| Reason::Files {
            changes: names
                .iter()
                .map(|name| FileChange {
                    path: (*name).to_owned(),
                    what: Difference::Content,
                })
                .collect(),
        };
        for (reason, expected) in [
            (changes(&["app.py"]), "app.py differs"),
            (
                changes(&["a", "b", "c", "d", "e"]),
                "a differs, b differs, c differs and 2 more",
            ),
            (
                Reason::Step {
                    step: "step 2".to_owned(),
                    because: Box::new(changes(&["app.py"])),
                },
                "step 2 changed: app.py differs",
            ),
            (
                Reason::Step {
                    step: "step 1".to_owned(),
                    because: Box::new(Reason::NoCache),
                },
                "step 1 ran: --no-cache",
            ),
            (
                Reason::Arg {
                    name: "V".to_owned(),
                    was: None,
                    now: Some("2".to_owned()),
                },
                "build argument V changed: unset -> \"2\"",
            ),
            (
                Reason::Text {
                    was: "RUN a\nb".to_owned(),
                },
                "instruction changed, was: RUN a…",
            ),
        ] {
            assert_eq!(reason.to_string(), expected);
        }
    }
}
