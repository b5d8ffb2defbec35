//! `docklings progress`: shows the learner's progress, and moves it to another machine.

use super::words::Words;
use crate::course::state;
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::output::Output;
use engine::error::plainly;
use lessons::progress::{Progress, Standing};
use std::fs;
use std::io::{self, Read, Write};

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let names: Vec<&str> = words.names.iter().map(String::as_str).collect();
    match names[..] {
        [] if words.has("--json") => {
            let course = state::open(&env)?;
            let text = serde_json::to_string_pretty(&course.progress).map_err(io::Error::from)?;
            Ok(writeln!(Output::lines(), "{text}")?)
        }
        [] => summary(&env),
        ["export", file] => export(&env, file),
        ["import", file] => import(&env, file),
        _ => Err(Failure::Hinted(
            "unexpected words".to_owned(),
            exit::USAGE,
            "docklings progress --help".to_owned(),
        )),
    }
}

fn summary(env: &Env) -> CommandResult {
    let course = state::open(env)?;
    let mut out = Output::lines();
    let (mut all, mut done) = (0, 0);
    for (_, exercise) in course.catalog.exercises() {
        all += 1;
        let standing = course.progress.standing(&exercise.id, exercise.revision);
        done += usize::from(standing == Standing::Done);
        let Some(record) = course.progress.exercises.get(&exercise.id) else {
            continue;
        };
        let passed = exercise
            .goals
            .iter()
            .filter(|goal| record.passed.contains(&goal.id));
        writeln!(
            out,
            "{:<11} {:<20} {} of {} goals, {} failed checks, {} of {} hints{}",
            standing.word(),
            exercise.id,
            passed.count(),
            exercise.goals.len(),
            record.attempts,
            record.hints.len(),
            exercise.hints.len(),
            if record.solution_seen {
                ", solution seen"
            } else {
                ""
            }
        )?;
    }
    let lessons = &course.catalog.lessons;
    let read = lessons.iter().filter(|lesson| {
        let record = course.progress.lessons.get(&lesson.slug);
        lesson
            .pages
            .iter()
            .all(|page| record.is_some_and(|record| record.read.contains(&page.title)))
    });
    writeln!(
        out,
        "{done} of {all} exercises done, {} of {} lessons read",
        read.count(),
        lessons.len()
    )?;
    Ok(())
}

/// `-` is standard output.
fn export(env: &Env, file: &str) -> CommandResult {
    let progress = state::open(env)?.progress;
    let text = serde_json::to_string_pretty(&progress).map_err(io::Error::from)? + "\n";
    if file == "-" {
        return Ok(Output::lines().write_all(text.as_bytes())?);
    }
    fs::write(file, text)
        .map_err(|error| Failure::message(format!("cannot write `{file}`: {}", plainly(&error))))?;
    Ok(writeln!(
        Output::lines(),
        "written to `{file}`; read it with `docklings progress import`"
    )?)
}

/// Merges what the file adds. Nothing that was done here is lost.
fn import(env: &Env, file: &str) -> CommandResult {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match file {
            "-" => io::stdin().read_to_end(&mut bytes)?,
            _ => fs::File::open(file)?.read_to_end(&mut bytes)?,
        };
        Ok(bytes)
    };
    let theirs = read().and_then(|bytes| Progress::parse(&bytes));
    let theirs = theirs
        .map_err(|error| Failure::message(format!("cannot read `{file}`: {}", plainly(&error))))?;
    let before = done(&state::open(env)?.progress);
    let after = Progress::update(&env.home.progress(), |ours| ours.merge(theirs))?;
    let new = done(&after) - before;
    Ok(writeln!(
        Output::lines(),
        "imported: {new} more {} done",
        if new == 1 { "exercise" } else { "exercises" }
    )?)
}

fn done(progress: &Progress) -> usize {
    progress
        .exercises
        .values()
        .filter(|record| record.done.is_some())
        .count()
}
