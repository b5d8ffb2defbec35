//! `docker stats`.

use crate::cli::Words;
use crate::commands::{Command, FORMAT_HELP};
use crate::ctx::Ctx;
use crate::failure::{CommandResult, Failure};
use crate::render::human;
use crate::render::listing::Columns;
use crate::render::value::{Struct, Value};
use engine::runtime::spec::{Container, Usage};
use engine::{Engine, ErrorKind};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks of the live table; Docker's daemon looks as often.
const PAUSE: Duration = Duration::from_secs(1);
/// Between the two looks of `--no-stream`: long enough for a share of the processor that means something.
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

const COLUMNS: Columns = Columns {
    headers: &[
        ("BlockIO", "BLOCK I/O"),
        ("CPUPerc", "CPU %"),
        ("Container", "CONTAINER"),
        ("ID", "CONTAINER ID"),
        ("MemPerc", "MEM %"),
        ("MemUsage", "MEM USAGE / LIMIT"),
        ("Name", "NAME"),
        ("NetIO", "NET I/O"),
        ("PIDs", "PIDS"),
    ],
    table: "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
    quiet: "{{.ID}}",
    raw: None,
};

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
            let text = COLUMNS
                .render(self.format.as_deref(), false, &rows)
                .map_err(Failure::message)?;
            // The table is drawn over the last one; what is no terminal gets one after the other.
            if !self.no_stream && ctx.out_is_terminal() {
                write!(ctx.out, "\x1b[H\x1b[J")?;
            }
            write!(ctx.out, "{text}")?;
            ctx.flush()?;
            if self.no_stream {
                return Ok(());
            }
        }
    }
}

/// What was seen last of each container: how much processor time it had, and when that was.
#[derive(Default)]
struct Looks(BTreeMap<String, (Duration, Instant)>);

impl Args {
    fn look(&self, engine: &Engine, looks: &mut Looks) -> CommandResult<Vec<Value>> {
        let mut rows = Vec::new();
        for (asked, container) in self.chosen(engine)? {
            let usage = if container.status.is_alive() {
                match engine.usage(container.config.id.as_str()) {
                    // It ended between the two questions.
                    Err(error)
                        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) =>
                    {
                        None
                    }
                    other => Some(other?),
                }
            } else {
                None
            };
            let share = usage
                .as_ref()
                .and_then(|usage| looks.share(container.config.id.as_str(), usage));
            rows.push(self.row(&asked, &container, usage.unwrap_or_default(), share));
        }
        Ok(rows)
    }

    /// The containers that were named, or all; each as it was asked for.
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

    fn row(&self, asked: &str, container: &Container, usage: Usage, share: Option<f64>) -> Value {
        let id = &container.config.id;
        let none = || "--".to_owned();
        let percent = |value: f64| format!("{value:.2}%");
        let limit = usage.memory_limit.unwrap_or(0);
        let memory_share = usage
            .memory
            .filter(|_| limit > 0)
            .map(|memory| memory as f64 / limit as f64 * 100.0);
        let is_idle = !container.status.is_alive();
        let zero = || if is_idle { percent(0.0) } else { none() };
        let used = match usage.memory {
            Some(memory) => format!(
                "{} / {}",
                human::binary_size(memory),
                human::binary_size(limit)
            ),
            None if is_idle => "0B / 0B".to_owned(),
            None => "-- / --".to_owned(),
        };
        let pids = usage.pids.or(is_idle.then_some(0));
        let two = |(a, b): (u64, u64)| format!("{} / {}", human::size(a), human::size(b));
        Struct::row("*container.statsContext")
            .with("BlockIO", two(usage.block))
            .with("CPUPerc", share.map_or_else(zero, percent))
            .with("Container", asked)
            .with(
                "ID",
                if self.no_trunc {
                    id.as_str()
                } else {
                    id.short()
                },
            )
            .with("MemPerc", memory_share.map_or_else(zero, percent))
            .with("MemUsage", used)
            .with("Name", container.config.name.as_str())
            .with("NetIO", two(usage.network))
            .with("PIDs", pids.map_or_else(none, |pids| pids.to_string()))
            .into()
    }
}

impl Looks {
    /// The share of one processor, in percent, since the last look.
    fn share(&mut self, id: &str, usage: &Usage) -> Option<f64> {
        let (cpu, now) = (usage.cpu?, Instant::now());
        let (last, then) = self.0.insert(id.to_owned(), (cpu, now))?;
        let passed = now.duration_since(then).as_secs_f64();
        (passed > 0.0).then(|| cpu.saturating_sub(last).as_secs_f64() / passed * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_needs_two_looks() {
        let mut looks = Looks::default();
        let usage = |milliseconds| Usage {
            cpu: Some(Duration::from_millis(milliseconds)),
            ..Usage::default()
        };
        assert_eq!(looks.share("a", &usage(100)), None);
        assert!(
            looks
                .share("a", &usage(100))
                .is_some_and(|share| share == 0.0)
        );
        assert_eq!(looks.share("b", &Usage::default()), None);
    }
}
