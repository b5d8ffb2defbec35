//! The columns of `ps`: their names and cells. Source: `ps(1)` of procps, `proc_pid_stat(5)`.

use crate::runtime::inside::{TICKS, field, machine_memory, stat};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fs;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Args,
    Command,
    CpuShare,
    Elapsed,
    ElapsedSeconds,
    Gid,
    Group,
    LongStart,
    MemoryShare,
    Nice,
    OneState,
    Parent,
    Pid,
    ProcessGroup,
    Processor,
    Resident,
    Session,
    Share,
    Start,
    State,
    Terminal,
    Threads,
    Time,
    TimeShort,
    Uid,
    User,
    Virtual,
}

/// What all cells of one output share.
pub(super) struct View {
    users: String,
    groups: String,
    boot: u64,
    memory: u64,
    now: Zoned,
}

impl View {
    /// The machine at `now`.
    pub(super) fn now(now: Timestamp) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            users: read("/etc/passwd"),
            groups: read("/etc/group"),
            boot: boot_time(),
            memory: machine_memory().unwrap_or(1),
            now: now.to_zoned(TimeZone::system()),
        }
    }

    /// When `process` began.
    fn start(&self, process: &Process) -> Zoned {
        let seconds = self.boot + process.number(22) / TICKS;
        let moment = i64::try_from(seconds)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        moment
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(self.now.time_zone().clone())
    }

    /// The seconds since it began.
    fn age(&self, process: &Process) -> u64 {
        let age = self.now.timestamp().as_second() - self.start(process).timestamp().as_second();
        u64::try_from(age).unwrap_or(0)
    }

    /// The share of a processor since it began, in tenths of a percent.
    fn share(&self, process: &Process) -> u64 {
        process.ticks() * 1000 / TICKS / self.age(process).max(1)
    }
}

/// A process, as `/proc` shows it.
pub(super) struct Process {
    pid: i32,
    /// The fields of `/proc/<pid>/stat` from the third on.
    fields: Vec<String>,
    uid: u32,
    gid: u32,
}

impl Process {
    /// Reads the process `pid`; `None` if it has ended.
    pub(super) fn read(pid: i32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        // The second number is the effective one.
        let id = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Some(Self {
            pid,
            fields: stat(pid)?,
            uid: id("Uid:")?,
            gid: id("Gid:")?,
        })
    }

    /// Field `number` of `/proc/<pid>/stat`.
    fn number(&self, number: usize) -> u64 {
        field(&self.fields, number)
    }

    fn ticks(&self) -> u64 {
        self.number(14) + self.number(15)
    }

    fn letter(&self) -> &str {
        self.fields.first().map_or("?", String::as_str)
    }

    fn nice(&self) -> i64 {
        let text = self.fields.get(19 - 3).map_or("0", String::as_str);
        text.parse().unwrap_or(0)
    }

    fn name(&self) -> String {
        let name = fs::read_to_string(format!("/proc/{}/comm", self.pid)).unwrap_or_default();
        name.trim_end().to_owned()
    }

    fn words(&self) -> String {
        let bytes = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
        match text.trim_end() {
            // An ended process or a kernel thread has no command line.
            "" => format!("[{}]", self.name()),
            text => text.to_owned(),
        }
    }

    /// The state letter and the modifiers that `ps` adds.
    fn state(&self) -> String {
        let mut state = self.letter().to_owned();
        match self.nice() {
            ..0 => state.push('<'),
            1.. => state.push('N'),
            0 => {}
        }
        if self.number(6) == u64::from(self.pid.unsigned_abs()) {
            state.push('s');
        }
        if self.number(20) > 1 {
            state.push('l');
        }
        if self.number(5) == self.number(8) {
            state.push('+');
        }
        state
    }
}

impl Column {
    /// All of them.
    #[cfg(test)]
    pub(super) const ALL: [Self; 27] = [
        Self::Args,
        Self::Command,
        Self::CpuShare,
        Self::Elapsed,
        Self::ElapsedSeconds,
        Self::Gid,
        Self::Group,
        Self::LongStart,
        Self::MemoryShare,
        Self::Nice,
        Self::OneState,
        Self::Parent,
        Self::Pid,
        Self::ProcessGroup,
        Self::Processor,
        Self::Resident,
        Self::Session,
        Self::Share,
        Self::Start,
        Self::State,
        Self::Terminal,
        Self::Threads,
        Self::Time,
        Self::TimeShort,
        Self::Uid,
        Self::User,
        Self::Virtual,
    ];

    /// The column that `-o` calls `name`, and its usual title.
    pub(super) fn parse(name: &str) -> Option<(Self, &'static str)> {
        Some(match name {
            "args" | "command" => (Self::Args, "COMMAND"),
            "cmd" => (Self::Args, "CMD"),
            "comm" => (Self::Command, "COMMAND"),
            "ucmd" | "ucomm" => (Self::Command, "CMD"),
            "pcpu" | "%cpu" => (Self::CpuShare, "%CPU"),
            "etime" => (Self::Elapsed, "ELAPSED"),
            "etimes" => (Self::ElapsedSeconds, "ELAPSED"),
            "gid" | "egid" => (Self::Gid, "GID"),
            "group" | "egroup" => (Self::Group, "GROUP"),
            "lstart" => (Self::LongStart, "STARTED"),
            "pmem" | "%mem" => (Self::MemoryShare, "%MEM"),
            "ni" | "nice" => (Self::Nice, "NI"),
            "s" | "state" => (Self::OneState, "S"),
            "ppid" => (Self::Parent, "PPID"),
            "pid" => (Self::Pid, "PID"),
            "pgid" | "pgrp" => (Self::ProcessGroup, "PGID"),
            "psr" => (Self::Processor, "PSR"),
            "rss" | "rssize" | "rsz" => (Self::Resident, "RSS"),
            "sid" | "sess" | "session" => (Self::Session, "SID"),
            "c" => (Self::Share, "C"),
            "stime" => (Self::Start, "STIME"),
            "start_time" | "bsdstart" => (Self::Start, "START"),
            "stat" => (Self::State, "STAT"),
            "tty" | "tt" => (Self::Terminal, "TT"),
            "tname" => (Self::Terminal, "TTY"),
            "nlwp" | "thcount" => (Self::Threads, "NLWP"),
            "time" | "cputime" => (Self::Time, "TIME"),
            "bsdtime" => (Self::TimeShort, "TIME"),
            "uid" | "euid" => (Self::Uid, "UID"),
            "user" | "euser" | "uname" => (Self::User, "USER"),
            "vsz" | "vsize" => (Self::Virtual, "VSZ"),
            _ => return None,
        })
    }

    /// What `ps` prints for `process` in this column.
    pub(super) fn cell(self, process: &Process, view: &View) -> String {
        let tenths = |number: u64| format!("{}.{}", number / 10, number % 10);
        let pages = |number: u64| number * rustix::param::page_size() as u64;
        let seconds = process.ticks() / TICKS;
        match self {
            Self::Args => process.words(),
            Self::Command => process.name(),
            Self::CpuShare => tenths(view.share(process)),
            Self::Elapsed => elapsed(view.age(process)),
            Self::ElapsedSeconds => view.age(process).to_string(),
            Self::Gid => process.gid.to_string(),
            Self::Group => name_of(&view.groups, process.gid),
            Self::LongStart => view
                .start(process)
                .strftime("%a %b %e %H:%M:%S %Y")
                .to_string(),
            Self::MemoryShare => tenths(pages(process.number(24)) * 1000 / view.memory),
            Self::Nice => process.nice().to_string(),
            Self::OneState => process.letter().to_owned(),
            Self::Parent => process.number(4).to_string(),
            Self::Pid => process.pid.to_string(),
            Self::ProcessGroup => process.number(5).to_string(),
            Self::Processor => process.number(39).to_string(),
            Self::Resident => (pages(process.number(24)) / 1024).to_string(),
            Self::Session => process.number(6).to_string(),
            Self::Share => (view.share(process) / 10).min(99).to_string(),
            Self::Start => {
                let start = view.start(process);
                let today = start.date() == view.now.date();
                start
                    .strftime(if today { "%H:%M" } else { "%b%d" })
                    .to_string()
            }
            Self::State => process.state(),
            Self::Terminal => terminal(process.number(7)),
            Self::Threads => process.number(20).to_string(),
            Self::Time => {
                let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
            }
            Self::TimeShort => format!("{}:{:02}", seconds / 60, seconds % 60),
            Self::Uid => process.uid.to_string(),
            Self::User => name_of(&view.users, process.uid),
            Self::Virtual => (process.number(23) / 1024).to_string(),
        }
    }
}

/// The name of `id` in a file of the format of `passwd(5)` or `group(5)`; the number if there is none.
fn name_of(file: &str, id: u32) -> String {
    let name = file.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number) = (parts.next()?, parts.nth(1)?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| id.to_string())
}

/// `[[days-]hours:]minutes:seconds`.
fn elapsed(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let rest = format!("{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => rest,
        (0, hours) => format!("{hours:02}:{rest}"),
        (days, hours) => format!("{days}-{hours:02}:{rest}"),
    }
}

/// A terminal's device number as `ps` writes it.
fn terminal(device: u64) -> String {
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00);
    if (136..144).contains(&major) {
        format!("pts/{minor}")
    } else {
        "?".to_owned()
    }
}

fn boot_time() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("btime ")?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_and_times_are_written_as_ps_writes_them() {
        assert_eq!((&*terminal(0), &*terminal(136 << 8 | 3)), ("?", "pts/3"));
        for (seconds, text) in [(5, "00:05"), (3700, "01:01:40"), (90_061, "1-01:01:01")] {
            assert_eq!(elapsed(seconds), text);
        }
    }

    #[test]
    fn ids_are_named_where_the_machine_has_a_name() {
        let users = "root:x:0:0::/root:/bin/sh\nbroken\napp:x:7:7::/:/bin/sh\n";
        assert_eq!(
            (name_of(users, 7), name_of(users, 8)),
            ("app".to_owned(), "8".to_owned())
        );
    }
}
