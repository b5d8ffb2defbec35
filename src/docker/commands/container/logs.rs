//! `docker logs`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::timestamps;
use engine::runtime::spec::{LogOptions, LogRecord};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io;
use std::ops::ControlFlow;

/// Arguments of `docker logs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Follow log output
    #[arg(short, long)]
    follow: bool,
    /// Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)
    #[arg(long, value_name = "string")]
    since: Option<String>,
    /// Number of lines to show from the end of the logs
    #[arg(short = 'n', long, value_name = "string", default_value = "all")]
    tail: String,
    /// Show timestamps
    #[arg(short, long)]
    timestamps: bool,
    /// Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)
    #[arg(long, value_name = "string")]
    until: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Fetch the logs of a container";
    const USAGE: &'static str = "[OPTIONS] CONTAINER";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        engine.container(&self.words[0])?;
        let now = engine.now();
        let flag = |name: &str, text: Option<&str>| {
            moment(text, now)
                .map_err(|error| Failure::message(format!("invalid value for \"{name}\": {error}")))
        };
        let options = LogOptions {
            follow: self.follow,
            tail: tail(&self.tail),
            since: flag("since", self.since.as_deref())?,
            until: flag("until", self.until.as_deref())?,
        };
        let mut failed = None;
        engine.logs(
            &self.words[0],
            &options,
            &mut |record| match self.print(ctx, &record) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl Args {
    fn print(&self, ctx: &mut Ctx, record: &LogRecord) -> io::Result<()> {
        if record.stderr {
            // Output on one stream must appear before later output on the other stream of the same terminal.
            ctx.out.flush()?;
        }
        let stream = if record.stderr {
            ctx.err.raw()
        } else {
            ctx.out.raw()
        };
        if self.timestamps {
            write!(
                stream,
                "{} ",
                timestamps::rfc3339_fixed(record.time, &TimeZone::UTC)
            )?;
        }
        stream.write_all(&record.bytes)?;
        if self.follow { stream.flush() } else { Ok(()) }
    }
}

/// The number of last lines; a value that is not a number means all, as in the daemon.
fn tail(text: &str) -> Option<usize> {
    text.parse().ok()
}

/// The time that a flag gives; an empty flag gives none.
pub(crate) fn moment(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, String> {
    text.filter(|text| !text.is_empty())
        .map(|text| timestamps::parse(text, now, &TimeZone::system()))
        .transpose()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_lines_means_all() {
        for (text, want) in [
            ("3", Some(3)),
            ("0", Some(0)),
            ("all", None),
            ("-1", None),
            ("x", None),
        ] {
            assert_eq!(tail(text), want, "{text}");
        }
    }
}
