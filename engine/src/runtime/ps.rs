//! `docker top`: the processes of a container, in the words of `ps(1)`.
//!
//! **Kernel feature.** A container's processes are processes of the machine: `/proc` and `ps` show them as any others.
//! **What Docker does.** Runs the machine's `ps` with the options given, and keeps the lines of the container's
//! processes; so it needs a PID column.
//! **What we do.** The same. Where no `ps` is installed, the user, the pid and the command come from `/proc`.
//! **Try it.** `docker top NAME -o pid,stat,args`
//! **Lesson.** `inspect-and-exec`

use super::{inside, observe};
use crate::engine::Engine;
use crate::error::{Error, IoContext, Result};
use crate::events::{Action, ObjectKind};
use crate::runtime::spec::Processes;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output, Stdio};

impl Engine {
    /// The processes of a running container, in the columns that `options` of `ps` choose.
    pub fn top(&self, name: &str, options: &[String]) -> Result<Processes> {
        let container = observe::running(self, name)?;
        let event = self.event(
            ObjectKind::Container,
            Action::Top,
            container.config.id.as_str(),
        );
        self.record(&event.with("name", container.config.name.as_str()));
        let pids = inside::pids(container.state.pid);
        let usual = ["-ef".to_owned()];
        let words = if options.is_empty() { &usual } else { options };
        // Only these processes, if the options and this `ps` allow it: it is faster.
        let list: Vec<String> = pids.iter().map(i32::to_string).collect();
        let chosen = format!("-q{}", list.join(","));
        let output = match run(std::iter::once(&chosen).chain(words)) {
            Ok(output) if output.status.success() => output,
            Ok(_) => run(words.iter()).on("run", "ps")?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && options.is_empty() => {
                return Ok(without_ps(&pids));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let missing = "`ps` is not installed, so `docker top` has no options";
                return Err(Error::unsupported(missing).with_hint(format!("docker top {name}")));
            }
            Err(error) => return Err(error).on("run", "ps"),
        };
        let said = String::from_utf8_lossy(&output.stderr);
        match said.lines().next().filter(|_| !output.status.success()) {
            Some(complaint) => Err(Error::invalid(format!("ps: {complaint}"))),
            None => chosen_rows(&String::from_utf8_lossy(&output.stdout), &pids),
        }
    }
}

fn run<'a>(words: impl Iterator<Item = &'a String>) -> io::Result<Output> {
    let mut ps = Command::new("ps");
    ps.args(words).stdin(Stdio::null()).output()
}

/// The lines of `ps` that are about `pids`, as cells. Blanks divide cells, and the last one takes the rest.
fn chosen_rows(output: &str, pids: &[i32]) -> Result<Processes> {
    let cells = |line: &str| -> Vec<String> {
        let words = line.split_ascii_whitespace();
        words.map(str::to_owned).collect()
    };
    let mut lines = output.lines();
    let titles = cells(lines.next().unwrap_or_default());
    let Some(column) = titles.iter().position(|title| title == "PID") else {
        return Err(Error::invalid("Couldn't find PID field in ps output"));
    };
    let is_ours = |row: &Vec<String>| {
        let pid = row.get(column).and_then(|cell| cell.parse().ok());
        pid.is_some_and(|pid: i32| pids.contains(&pid))
    };
    let rows = lines.map(cells).filter(is_ours).map(|mut row| {
        if row.len() > titles.len() {
            let last = row.split_off(titles.len() - 1).join(" ");
            row.push(last);
        }
        row
    });
    let rows = rows.collect();
    Ok(Processes { titles, rows })
}

/// What `/proc` shows of `pids`, where there is no `ps`.
fn without_ps(pids: &[i32]) -> Processes {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let row = |pid: &i32| {
        let uid = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
        let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        Some(vec![
            name_of(&users, uid),
            pid.to_string(),
            words.trim_end().to_owned(),
        ])
    };
    Processes {
        titles: ["UID", "PID", "CMD"].map(str::to_owned).to_vec(),
        // One that has ended meanwhile has no row.
        rows: pids.iter().filter_map(row).collect(),
    }
}

/// The name that has `id` in a file of the form of `passwd(5)`; the number if there is none.
fn name_of(file: &str, id: u32) -> String {
    let name = file.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number) = (parts.next()?, parts.nth(1)?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_processes_are_left_out() {
        let output = "  PID STAT COMMAND\n    1 Ss   init\n   42 S    sh -c  sleep 9\n";
        let found = chosen_rows(output, &[42]).unwrap();
        assert_eq!(found.titles, ["PID", "STAT", "COMMAND"]);
        assert_eq!(found.rows, [["42", "S", "sh -c sleep 9"]]);
        let error = chosen_rows("COMMAND\nsh\n", &[42]).unwrap_err();
        assert_eq!(error.message(), "Couldn't find PID field in ps output");
    }

    #[test]
    fn without_ps_a_process_has_its_user_pid_and_command() {
        let me = i32::try_from(std::process::id()).unwrap();
        let found = without_ps(&[me]);
        assert_eq!(found.rows[0].len(), found.titles.len());
        assert_eq!(found.rows[0][1], me.to_string());
        assert!(!found.rows[0][2].is_empty());
        let users = "root:x:0:0::/root:/bin/sh\nbroken\napp:x:7:7::/:/bin/sh\n";
        assert_eq!((&*name_of(users, 7), &*name_of(users, 8)), ("app", "8"));
    }
}
