//! A command's failure: its message on standard error, and its exit code.

use crate::docker::listing::BadFormat;
use crate::exit;
use crate::output::Output;
use engine::ErrorKind;
use engine::error::plainly;
use std::io::{self, IsTerminal};

/// What every command returns.
pub(crate) type CommandResult<T = ()> = Result<T, Failure>;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The engine's error; printed with Docker's prefix.
    Engine(engine::Error),
    /// The command line's own message, printed verbatim, and the exit code.
    Message(String, u8),
    /// As `Message`, with a hint.
    Hinted(String, u8, String),
    /// Another failure, wrapped in a command's words and exit code.
    Wrapped(String, u8, Box<Failure>),
    /// Everything was printed already; only the exit code is left.
    Code(u8),
    /// As `Code`, with a hint.
    Helped(u8, &'static str),
    /// Each is printed on its own line; the exit code is 1.
    Several(Vec<Failure>),
    /// The output could not be written.
    Output(io::Error),
}

impl Failure {
    /// The command line's own message with exit code 1.
    pub(crate) fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into(), exit::FAILURE)
    }

    /// A refusal by name: Docker has `what`, docklings does not.
    pub(crate) fn refused(what: &str, code: u8) -> Self {
        Self::Message(
            format!("`{what}` is not part of docklings; see docs/limits.md"),
            code,
        )
    }

    /// The text for standard error, without a final newline; `None` if there is nothing to print.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Engine(error) => Some(engine_text(error)),
            Self::Message(text, _) | Self::Hinted(text, _, _) | Self::Wrapped(text, _, _) => {
                Some(text.clone())
            }
            Self::Code(_) | Self::Helped(..) => None,
            Self::Several(failures) => {
                let lines: Vec<_> = failures.iter().filter_map(Self::text).collect();
                (!lines.is_empty()).then(|| lines.join("\n"))
            }
            // The reader of our output is gone.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Self::Output(error) => Some(format!("input or output failed: {}", plainly(error))),
        }
    }

    /// The hint, if there is one.
    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::Engine(error) => error.hint(),
            Self::Hinted(_, _, hint) => Some(hint),
            Self::Wrapped(_, _, inner) => inner.hint(),
            Self::Helped(_, hint) => Some(hint),
            Self::Several(failures) => failures.iter().find_map(Self::hint),
            _ => None,
        }
    }

    /// As an error for the engine, which passes it on as the reason that its own request failed.
    pub(crate) fn into_error(self) -> engine::Error {
        if let Self::Engine(error) = self {
            return error;
        }
        let error = engine::Error::invalid(self.text().unwrap_or_default());
        match self.hint() {
            Some(hint) => error.with_hint(hint.to_owned()),
            None => error,
        }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Message(_, code)
            | Self::Hinted(_, code, _)
            | Self::Wrapped(_, code, _)
            | Self::Code(code)
            | Self::Helped(code, _) => *code,
            // As the shell reports a program that SIGPIPE killed.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => exit::of_signal(13),
            Self::Engine(_) | Self::Several(_) | Self::Output(_) => exit::FAILURE,
        }
    }

    /// In the form of `run`: `docker: ` before the message and a line about help after it; exit code `code`.
    pub(crate) fn with_help(self, command: &str, code: u8) -> Self {
        let Some(text) = self.text() else {
            return self;
        };
        let text = format!("docker: {text}\n\nRun 'docker {command} --help' for more information");
        Self::Wrapped(text, code, Box::new(self))
    }

    /// Whether it is about this machine. Docker has no words for that, so scripts get the hint, too.
    fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Engine(error) => error.kind() == ErrorKind::Machine || error.is_lack_of_room(),
            Self::Wrapped(_, _, inner) => inner.is_of_this_machine(),
            Self::Several(failures) => failures.iter().any(Self::is_of_this_machine),
            _ => false,
        }
    }
}

/// An engine's error as Docker's command line prints it. An error about this machine, or about something that docklings
/// lacks, does not come from a daemon.
fn engine_text(error: &engine::Error) -> String {
    match error.kind() {
        ErrorKind::Unsupported | ErrorKind::Machine | ErrorKind::Local => error.to_string(),
        _ => format!("Error response from daemon: {error}"),
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::Engine(crate::env::explained(error))
    }
}

impl From<BadFormat> for Failure {
    fn from(error: BadFormat) -> Self {
        Self::message(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Prints on standard error why a command failed, and returns its exit code. For `docker`, hints are for people at a
/// terminal: a script gets only Docker's message, except for errors about this machine.
pub(crate) fn report(failure: &Failure, is_docker: bool) -> u8 {
    let mut err = Output::err();
    // If standard error cannot be written either, the message is lost.
    if let Some(text) = failure.text() {
        let _ = writeln!(err, "{text}");
    }
    if let Some(hint) = failure.hint()
        && (!is_docker || io::stderr().is_terminal() || failure.is_of_this_machine())
    {
        let columns = match io::stderr().is_terminal() {
            true => crate::output::terminal_size().map(|(_, columns)| usize::from(columns)),
            false => None,
        };
        let hint = format!("hint: {hint}");
        let _ = writeln!(err, "{}", wrapped(&hint, columns.unwrap_or(usize::MAX)));
    }
    failure.code()
}

/// `text`, broken at blanks into lines of `columns`.
fn wrapped(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split(' ') {
        let width = unicode_width::UnicodeWidthStr::width(word);
        if column > 0 {
            let fits = column + 1 + width <= columns;
            out.push(if fits { ' ' } else { '\n' });
            column = if fits { column + 1 } else { 0 };
        }
        out.push_str(word);
        column += width;
    }
    out
}

/// Runs `action` for each name, continues after a failure, and returns all failures together.
pub(crate) fn for_each(
    names: &[String],
    mut action: impl FnMut(&str) -> CommandResult,
) -> CommandResult {
    let mut failures = Vec::new();
    for name in names {
        match action(name) {
            Ok(()) => {}
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::Several(failures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_errors_have_dockers_prefix_and_machine_errors_do_not() {
        let missing = Failure::from(engine::Error::not_found("No such container: x"));
        assert_eq!(
            missing.text().unwrap(),
            "Error response from daemon: No such container: x"
        );
        let machine = Failure::from(engine::Error::machine("no user namespaces"));
        assert_eq!(machine.text().unwrap(), "no user namespaces");
    }

    #[test]
    fn one_failure_does_not_stop_the_others() {
        let names = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let mut seen = Vec::new();
        let end = for_each(&names, |name| {
            seen.push(name.to_owned());
            if name == "c" {
                Ok(())
            } else {
                Err(Failure::message(name))
            }
        });
        assert_eq!(seen, names);
        assert_eq!(end.unwrap_err().text().unwrap(), "a\nb");
    }

    #[test]
    fn a_hint_is_broken_at_blanks() {
        let check =
            |columns, expected: &str| assert_eq!(wrapped("hint: one two", columns), expected);
        check(usize::MAX, "hint: one two");
        check(13, "hint: one two");
        check(12, "hint: one\ntwo");
        check(3, "hint:\none\ntwo");
        assert_eq!(wrapped("a  b", 80), "a  b");
    }

    #[test]
    fn run_wraps_its_errors_in_docker_and_help() {
        let failure = Failure::message("no").with_help("run", 125);
        assert_eq!(
            failure.text().unwrap(),
            "docker: no\n\nRun 'docker run --help' for more information"
        );
        assert_eq!(failure.code(), 125);
    }
}
