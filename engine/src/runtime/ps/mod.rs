//! `docker top`: the processes of a container, in the format of `ps(1)`.
//!
//! **Kernel feature.** `/proc/<pid>/stat` and similar files, which are all that `ps` reads.
//! **What Docker does.** Runs the machine's `ps` with the given options and keeps the lines of the container's
//! processes, so it needs a PID column.
//! **What we do.** Reads `/proc`, and supports the options that choose columns: `-ef`, `aux`, `-o pid,comm`.
//! **What we leave out.** Options that choose or sort processes, and rarely used columns: they are refused by name.
//! **Try it.** `docker top NAME -o pid,stat,args`

mod column;

use super::{inside, observe};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::events::{Action, ObjectKind};
use crate::runtime::spec::Processes;
use column::{Column, Process, View};
use serde_json::json;

/// A column and its title.
type Titled = (Column, String);

impl Engine {
    /// The processes of a running container, in the columns that `options` of `ps` choose.
    pub fn top(&self, name: &str, options: &[String]) -> Result<Processes> {
        let columns = columns(options)?;
        let container = observe::running(self, name)?;
        self.note(
            ObjectKind::Container,
            Action::Top,
            container.config.id.as_str(),
            json!({"name": container.config.name.as_str()}),
        );
        let view = View::now(self.now());
        let rows = inside::pids(container.state.pid)
            .into_iter()
            // A process that has already ended has no row.
            .filter_map(Process::read)
            .map(|process| {
                columns
                    .iter()
                    .map(|(column, _)| column.cell(&process, &view))
                    .collect()
            })
            .collect();
        Ok(Processes {
            titles: columns.into_iter().map(|(_, title)| title).collect(),
            rows,
        })
    }
}

/// The default columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `ps -e`
    Plain,
    /// `ps -ef`
    Full,
    /// `ps ax`
    Bsd,
    /// `ps aux`
    User,
}

impl Layout {
    fn columns(self) -> &'static [(Column, &'static str)] {
        use Column as C;
        match self {
            Self::Plain => &[
                (C::Pid, "PID"),
                (C::Terminal, "TTY"),
                (C::Time, "TIME"),
                (C::Command, "CMD"),
            ],
            Self::Full => &[
                (C::User, "UID"),
                (C::Pid, "PID"),
                (C::Parent, "PPID"),
                (C::Share, "C"),
                (C::Start, "STIME"),
                (C::Terminal, "TTY"),
                (C::Time, "TIME"),
                (C::Args, "CMD"),
            ],
            Self::Bsd => &[
                (C::Pid, "PID"),
                (C::Terminal, "TTY"),
                (C::State, "STAT"),
                (C::TimeShort, "TIME"),
                (C::Args, "COMMAND"),
            ],
            Self::User => &[
                (C::User, "USER"),
                (C::Pid, "PID"),
                (C::CpuShare, "%CPU"),
                (C::MemoryShare, "%MEM"),
                (C::Virtual, "VSZ"),
                (C::Resident, "RSS"),
                (C::Terminal, "TTY"),
                (C::State, "STAT"),
                (C::Start, "START"),
                (C::TimeShort, "TIME"),
                (C::Args, "COMMAND"),
            ],
        }
    }
}

/// The columns chosen by the arguments of `ps`. Source: `ps(1)` of procps.
fn columns(words: &[String]) -> Result<Vec<Titled>> {
    let mut chosen = Vec::new();
    let mut layout = if words.is_empty() {
        Layout::Full
    } else {
        Layout::Plain
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let letters = word.strip_prefix('-').unwrap_or(word);
        // `aux` and, since procps accepts it, `-aux`.
        let is_bsd = letters.len() == word.len() || letters.contains('x');
        for (at, letter) in letters.char_indices() {
            match letter {
                'o' => {
                    let rest = &letters[at + 1..];
                    let list = match rest {
                        "" => words.next().map_or("", String::as_str),
                        rest => rest,
                    };
                    chosen.extend(list_of(list)?);
                    break;
                }
                'f' if !is_bsd => layout = Layout::Full,
                'u' if is_bsd => layout = Layout::User,
                'a' | 'x' if is_bsd && layout != Layout::User => layout = Layout::Bsd,
                // The selection and width: always the container's processes, never truncated.
                'a' | 'x' | 'w' => {}
                'e' | 'A' if !is_bsd => {}
                _ => return Err(refused(word)),
            }
        }
    }
    if chosen.is_empty() {
        let fixed = layout.columns().iter();
        chosen.extend(fixed.map(|(column, title)| (*column, (*title).to_owned())));
    }
    if chosen.iter().any(|(column, _)| *column == Column::Pid) {
        Ok(chosen)
    } else {
        Err(Error::invalid("Couldn't find PID field in ps output"))
    }
}

/// The columns of `-o`: names separated by commas or blanks, each perhaps with `=title` or `:width`.
fn list_of(list: &str) -> Result<Vec<Titled>> {
    let mut columns = Vec::new();
    for item in list.split([',', ' ']).filter(|item| !item.is_empty()) {
        let (name, title) = item
            .split_once('=')
            .map_or((item, None), |(a, b)| (a, Some(b)));
        let name = name.split(':').next().unwrap_or(name);
        let (column, usual) = Column::parse(name).ok_or_else(|| {
            Error::unsupported(format!(
                "the column `{name}` of `ps` is not part of docklings; see docs/limits.md"
            ))
        })?;
        columns.push((column, title.unwrap_or(usual).to_owned()));
    }
    if columns.is_empty() {
        return Err(Error::invalid("error: list of columns must follow -o"));
    }
    Ok(columns)
}

fn refused(word: &str) -> Error {
    Error::unsupported(format!(
        "`docker top … {word}` is not part of docklings; see docs/limits.md"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(words: &str) -> Result<String, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let found = columns(&words).map_err(|error| error.message().to_owned())?;
        Ok(found
            .into_iter()
            .map(|(_, title)| title)
            .collect::<Vec<_>>()
            .join(" "))
    }

    fn check(words: &str, expected: &str) {
        assert_eq!(titles(words).as_deref(), Ok(expected), "{words}");
    }

    #[test]
    fn options_choose_the_columns_that_ps_shows() {
        let full = "UID PID PPID C STIME TTY TIME CMD";
        for words in ["", "-ef", "-e -f", "-fe", "-efww"] {
            check(words, full);
        }
        let user = "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND";
        for words in ["aux", "-aux", "u", "auxw"] {
            check(words, user);
        }
        check("ax", "PID TTY STAT TIME COMMAND");
        check("-e", "PID TTY TIME CMD");
        check("-o pid,comm", "PID COMMAND");
        check("-eo pid,user=WHO,cmd", "PID WHO CMD");
        check("axo pid,rss", "PID RSS");
        check("-o pid:10 -o args", "PID COMMAND");
        check("-opid,stat", "PID STAT");
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let message = |words| titles(words).unwrap_err();
        assert_eq!(message("-o comm"), "Couldn't find PID field in ps output");
        assert!(message("-ef --forest").contains("--forest"));
        assert!(message("-o pid,wchan").contains("`wchan`"));
        assert!(message("-o").contains("must follow"));
        assert!(message("-u root").contains("`docker top … -u`"));
    }

    #[test]
    fn we_have_a_cell_in_every_column() {
        let me = Process::read(std::process::id() as i32).unwrap();
        let view = View::now(jiff::Timestamp::now());
        for column in Column::ALL {
            assert!(!column.cell(&me, &view).is_empty(), "{column:?}");
        }
        assert_eq!(Column::Pid.cell(&me, &view), std::process::id().to_string());
    }
}
