//! `docker events`: the sandbox's journal, in Docker's form.
//!
//! The journal is a file; following it means watching it grow (`inotify(7)`).

use crate::docker::commands::container::logs::moment;
use crate::docker::commands::inspect::FORMAT_HELP;
use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::rows::event::{format, is_reported, line, message, reported};
use crate::docker::select::{Filters, events};
use crate::docker::template::{Functions, Template};
use crate::docker::values::pairs;
use engine::Engine;
use engine::error::IoContext;
use engine::events::{Event, read_from};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

/// Docker's exit code for an invalid format.
const BAD_FORMAT: u8 = 64;

/// Arguments of `docker events`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Filter output based on conditions provided
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Show all events created since timestamp
    #[arg(long, value_name = "string")]
    since: Option<String>,
    /// Stream events until this timestamp
    #[arg(long, value_name = "string")]
    until: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Get real time events from the server";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let template = match self.format.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(format(text).map_err(|error| {
                Failure::Message(format!("Error parsing format: {error}"), BAD_FORMAT)
            })?),
        };
        let engine = ctx.engine()?;
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        events::check(&filters)?;
        let now = engine.now();
        let since = moment(self.since.as_deref(), now).map_err(Failure::message)?;
        let show = Show {
            template,
            filters,
            since: since.unwrap_or(now),
            until: moment(self.until.as_deref(), now).map_err(Failure::message)?,
            zone: TimeZone::system(),
        };
        show.follow(ctx, &engine)
    }
}

/// The selection and the form of the shown events.
struct Show {
    template: Option<Template>,
    filters: Filters,
    since: Timestamp,
    until: Option<Timestamp>,
    zone: TimeZone,
}

impl Show {
    /// Prints existing events, then new ones, until `until`.
    fn follow(&self, ctx: &mut Ctx, engine: &Engine) -> CommandResult {
        let watch = Watch::begin(engine)?;
        let mut offset = 0;
        loop {
            let (events, end) = read_from(&engine.sandbox().journal(), offset)?;
            offset = end;
            for event in events.iter().map(reported) {
                if self.is_shown(&event) {
                    self.print(ctx, &event)?;
                }
            }
            ctx.flush()?;
            let left = match self.until {
                None => None,
                Some(until) if until <= engine.now() => return Ok(()),
                Some(until) => Some(until.duration_since(engine.now())),
            };
            watch.wait(left.and_then(|left| Timespec::try_from(left.unsigned_abs()).ok()))?;
        }
    }

    fn is_shown(&self, event: &Event) -> bool {
        is_reported(event)
            && event.time >= self.since
            && self.until.is_none_or(|until| event.time <= until)
            && events::matches(&self.filters, event)
    }

    fn print(&self, ctx: &mut Ctx, event: &Event) -> CommandResult {
        let text = match &self.template {
            None => line(event, &self.zone),
            Some(template) => template
                .execute(&message(event), Functions::Normal)
                .map_err(|error| Failure::message(error.to_string()))?,
        };
        Ok(writeln!(ctx.out, "{text}")?)
    }
}

/// Reports growth of the journal.
struct Watch(OwnedFd);

impl Watch {
    fn begin(engine: &Engine) -> CommandResult<Self> {
        let journal = engine.sandbox().journal();
        // Even if it cannot be created, an existing journal can be watched.
        let made = engine::events::open(&journal);
        if !journal.exists() {
            made.on("write", &journal)?;
        }
        let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
        let fd = inotify::init(flags).map_err(std::io::Error::from)?;
        let flags = inotify::WatchFlags::MODIFY | inotify::WatchFlags::DONT_FOLLOW;
        inotify::add_watch(&fd, &journal, flags).map_err(std::io::Error::from)?;
        Ok(Self(fd))
    }

    fn wait(&self, at_most: Option<Timespec>) -> CommandResult {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        match poll(&mut fds, at_most.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        // The kind of event does not matter: the journal has the details.
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.0, &mut buffer);
        while reader.next().is_ok() {}
        Ok(())
    }
}
