//! Reads lines: with rustyline at a terminal, plainly from a pipe.

use super::complete;
use super::highlight;
use super::lexer::{self, Completeness};
use super::names::Live;
use crate::course::look::Look;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper};
use std::borrow::Cow;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

/// How many lines the history keeps.
const HISTORY: usize = 2000;

/// The result of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A complete line, including here-documents.
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of the pipe.
    End,
}

/// The source of lines.
pub(crate) enum Reader {
    /// A person at a terminal.
    Terminal {
        /// The line editor.
        editor: Box<Editor<Assistant, FileHistory>>,
        /// The history file.
        history: PathBuf,
    },
    /// Anything else.
    Pipe,
}

impl Reader {
    /// A reader on standard input; `history` is the history file.
    pub(crate) fn new(is_terminal: bool, look: Look, history: PathBuf) -> io::Result<Self> {
        if !is_terminal {
            return Ok(Self::Pipe);
        }
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .history_ignore_space(true)
            .max_history_size(HISTORY)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(io::Error::other)?
            .color_mode(if look.colour {
                ColorMode::Enabled
            } else {
                ColorMode::Disabled
            })
            .bracketed_paste(look.drawn)
            .build();
        let mut editor = Editor::with_config(config).map_err(io::Error::other)?;
        editor.set_helper(Some(Assistant::new(look)));
        // The first start has no history, and a damaged one is no reason to stop.
        let _ = editor.load_history(&history);
        Ok(Self::Terminal {
            editor: Box::new(editor),
            history,
        })
    }

    /// The state behind Tab and the ghost text.
    pub(crate) fn assistant(&mut self) -> Option<&mut Assistant> {
        match self {
            Self::Terminal { editor, .. } => editor.helper_mut(),
            Self::Pipe => None,
        }
    }

    /// Reads a line and joins continuation lines. From a pipe, no prompt is shown.
    pub(crate) fn read(&mut self, prompt: &(String, String)) -> io::Result<Input> {
        match self {
            Self::Pipe => read_pipe(),
            Self::Terminal { editor, history } => match editor.readline(prompt) {
                Ok(line) => {
                    if !line.trim().is_empty() {
                        // A history that cannot be saved is no reason to stop.
                        let _ = editor.add_history_entry(&line);
                        let _ = editor.append_history(history);
                    }
                    Ok(Input::Line(line))
                }
                Err(ReadlineError::Interrupted) => Ok(Input::Interrupted),
                Err(ReadlineError::Eof) => Ok(Input::End),
                Err(ReadlineError::Io(error)) => Err(error),
                Err(other) => Err(io::Error::other(other)),
            },
        }
    }
}

fn read_pipe() -> io::Result<Input> {
    let mut line = String::new();
    let mut stdin = io::stdin().lock();
    loop {
        let mut bytes = Vec::new();
        if stdin.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(if line.is_empty() {
                Input::End
            } else {
                Input::Line(line)
            });
        }
        line.push_str(&String::from_utf8_lossy(&bytes));
        if lexer::completeness(line.trim_end_matches('\n')) == Completeness::Complete {
            return Ok(Input::Line(line.trim_end_matches('\n').to_owned()));
        }
    }
}

/// rustyline's helper: completion, ghost text, colour, and whether a line is complete.
pub(crate) struct Assistant {
    /// The next command of the page.
    pub(crate) suggestion: Option<String>,
    /// What names exist.
    pub(crate) names: Live,
    look: Look,
    earlier: HistoryHinter,
}

impl Assistant {
    fn new(look: Look) -> Self {
        Self {
            suggestion: None,
            names: Live::default(),
            look,
            earlier: HistoryHinter::new(),
        }
    }
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(complete::complete(line, at, &self.names))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        // Without colour, it would look like typed text.
        if !self.look.drawn || !self.look.colour || at < line.len() {
            return None;
        }
        let rest = self
            .suggestion
            .as_deref()
            .and_then(|suggestion| suggestion.strip_prefix(line));
        match rest {
            Some(rest) if !rest.is_empty() => Some(rest.to_owned()),
            _ => self.earlier.hint(line, at, context),
        }
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        Cow::Owned(highlight::highlight(line))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m"))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match lexer::completeness(context.input()) {
            Completeness::Complete => ValidationResult::Valid(None),
            Completeness::Continues => ValidationResult::Incomplete,
        })
    }
}

/// The history file.
pub(crate) fn history_file(home: &Path) -> PathBuf {
    home.join("history")
}
