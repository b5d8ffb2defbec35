//! What a command gets: its output, the terminal, and the engine.

use crate::docker::rows::View;
use crate::env::Env;
use crate::failure::CommandResult;
use crate::output::Output;
use engine::Engine;
use engine::runtime::resume::Resumed;
use jiff::tz::TimeZone;
use std::io::{self, IsTerminal};

/// The context of one command.
pub(crate) struct Ctx {
    /// Standard output. It is buffered: call [`Ctx::flush`] before another program gets the terminal.
    pub(crate) out: Output,
    /// Standard error.
    pub(crate) err: Output,
    /// The environment's settings.
    pub(crate) env: Env,
    /// The docker command that is being run, for the journal.
    pub(crate) via: String,
    engine: Option<Engine>,
}

impl Ctx {
    /// The context of this process.
    pub(crate) fn of_process(via: &str) -> CommandResult<Self> {
        Ok(Self {
            out: Output::out(),
            err: Output::err(),
            env: Env::read()?,
            via: via.to_owned(),
            engine: None,
        })
    }

    /// The engine on the sandbox in use. The first call opens it; copies share it.
    pub(crate) fn engine(&mut self) -> CommandResult<Engine> {
        if let Some(engine) = &self.engine {
            return Ok(engine.clone());
        }
        let engine = self.env.engine(&self.env.sandbox, &self.via)?;
        engine.ensure_starter_images()?;
        self.resume(&engine)?;
        Ok(self.engine.insert(engine).clone())
    }

    /// Starts containers with a restart policy and reports them. Docker's daemon does that when the machine boots; here
    /// the next command does. An error here does not fail the command.
    fn resume(&mut self, engine: &Engine) -> io::Result<()> {
        let Ok(Some(found)) = engine.resume() else {
            return Ok(());
        };
        for line in resumed(&found) {
            writeln!(self.err, "{line}")?;
        }
        Ok(())
    }

    /// How to show rows; `truncate` unless `--no-trunc`.
    pub(crate) fn view(&mut self, truncate: bool) -> CommandResult<View> {
        Ok(View {
            now: self.engine()?.now(),
            zone: TimeZone::system(),
            truncate,
        })
    }

    /// Warns if something that the command did is missing in the journal, by which exercises are judged.
    pub(crate) fn warn_unrecorded(&mut self) -> io::Result<()> {
        let Some(error) = self.engine.as_ref().and_then(|engine| engine.unrecorded()) else {
            return Ok(());
        };
        writeln!(
            self.err,
            "WARNING: this is not on record, so a check may miss it: {error}"
        )?;
        match error.hint() {
            Some(hint) => writeln!(self.err, "hint: {hint}"),
            None => Ok(()),
        }
    }

    /// Flushes the output.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }

    /// Warns about records that the command skipped because they cannot be read.
    pub(crate) fn warn_left_out(&mut self) -> io::Result<()> {
        let left_out = self.engine.as_ref().map(|engine| engine.left_out());
        let left_out = left_out.unwrap_or_default();
        for (what, why) in &left_out {
            writeln!(self.err, "WARNING: {what} is left out: {why}")?;
        }
        if !left_out.is_empty() {
            writeln!(
                self.err,
                "hint: docklings doctor --repair moves damaged files aside"
            )?;
        }
        Ok(())
    }

    /// Whether standard output is a terminal.
    pub(crate) fn out_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether standard error is a terminal.
    pub(crate) fn err_is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }
}

/// What was found, for people, one per line.
fn resumed(found: &Resumed) -> Vec<String> {
    let named = |names: &[String]| {
        let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    let mut lines = Vec::new();
    for (names, how) in [
        (&found.ended_with_machine, "when the machine restarted"),
        (
            &found.ended_with_session,
            "with the session that it belonged to, or its monitor was killed",
        ),
    ] {
        if !names.is_empty() {
            lines.push(format!("note: {} ended {how}", named(names)));
            lines.push(format!("hint: docker start {}", names.join(" ")));
        }
    }
    for (name, policy) in &found.started {
        lines.push(format!(
            "note: `{name}` was started again, since its restart policy is `{policy}`"
        ));
    }
    for (name, error) in &found.failed {
        lines.push(format!(
            "note: `{name}` could not be started again: {error}"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_and_restarted_containers_are_reported_separately() {
        let found = Resumed {
            started: vec![("web".to_owned(), "always")],
            ended_with_machine: vec!["a".to_owned(), "b".to_owned()],
            ..Resumed::default()
        };
        assert_eq!(
            resumed(&found),
            [
                "note: `a`, `b` ended when the machine restarted",
                "hint: docker start a b",
                "note: `web` was started again, since its restart policy is `always`",
            ]
        );
        assert!(resumed(&Resumed::default()).is_empty());
    }
}
