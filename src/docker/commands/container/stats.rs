//! `docker stats`.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Words};
use crate::docker::rows::stats::{COLUMNS, Sample, row};
use crate::docker::value::Value;
use engine::runtime::spec::{Container, Usage};
use engine::{Engine, ErrorKind};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

/// The interval of the live table, the same as that of Docker's daemon.
const PAUSE: Duration = Duration::from_secs(1);
/// The interval between the two samples of `--no-stream`: long enough for a meaningful processor share.
const SHORT_PAUSE: Duration = Duration::from_millis(250);

/// Arguments of `docker stats`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show all containers (default shows just running)
    #[arg(short, long)]
    all: bool,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Disable streaming stats and only pull the first result
    #[arg(long)]
    no_stream: bool,
    /// Do not truncate output
    #[arg(long)]
    no_trunc: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Display a live stream of container(s) resource usage statistics";
    const USAGE: &'static str = "[OPTIONS] [CONTAINER...]";
    const WORDS: Words = Words::AtLeast(0);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let mut looks = Looks::default();
        self.look(&engine, &mut looks)?;
        loop {
            thread::sleep(if self.no_stream { SHORT_PAUSE } else { PAUSE });
            let rows = self.look(&engine, &mut looks)?;
            let text = COLUMNS.render(self.format.as_deref(), false, &rows)?;
            // The table overwrites the last one; on anything but a terminal, the tables follow each other.
            if !self.no_stream && ctx.out_is_terminal() {
                write!(ctx.out.raw(), "\x1b[H\x1b[J")?;
            }
            write!(ctx.out, "{text}")?;
            ctx.flush()?;
            if self.no_stream {
                return Ok(());
            }
        }
    }
}

/// The usage of a stopped container.
fn nothing() -> Usage {
    Usage {
        cpu: Some(Duration::ZERO),
        memory: Some(0),
        memory_limit: Some(0),
        pids: Some(0),
        ..Usage::default()
    }
}

/// The last sample of each container, and its time.
#[derive(Default)]
struct Looks(BTreeMap<String, (Usage, Instant)>);

impl Args {
    fn look(&self, engine: &Engine, looks: &mut Looks) -> CommandResult<Vec<Value>> {
        let mut rows = Vec::new();
        for (asked, container) in self.chosen(engine)? {
            let (id, name) = (container.config.id.as_str(), &container.config.name);
            let usage = match engine.usage(id) {
                _ if !container.status.is_alive() => Some(nothing()),
                // It ended between the two calls.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {
                    Some(nothing())
                }
                other => Some(other?),
            };
            let now = Instant::now();
            let before = looks.0.remove(id);
            let sample = usage.as_ref().map(|usage| match &before {
                Some((before, then)) => Sample {
                    before,
                    now: usage,
                    elapsed: now.duration_since(*then),
                },
                None => Sample {
                    before: usage,
                    now: usage,
                    elapsed: Duration::ZERO,
                },
            });
            rows.push(row(&asked, id, name, sample, !self.no_trunc));
            if let Some(usage) = usage {
                looks.0.insert(id.to_owned(), (usage, now));
            }
        }
        Ok(rows)
    }

    /// The named containers, or all; each with its name as given.
    fn chosen(&self, engine: &Engine) -> CommandResult<Vec<(String, Container)>> {
        if !self.words.is_empty() {
            let named = self
                .words
                .iter()
                .map(|name| Ok((name.clone(), engine.container(name)?)));
            return named.collect();
        }
        let all = engine.containers()?.into_iter();
        let shown = all.filter(|container| self.all || container.status.is_alive());
        Ok(shown
            .map(|container| (container.config.id.as_str().to_owned(), container))
            .collect())
    }
}
