//! `docklings watch`: reports goals as the learner reaches them in another terminal.
//!
//! It polls the length of the engine's journal: watching files fails on network homes and in some virtual machines. It
//! prints plain lines, so it works on any terminal and in a log file.

use super::check::judge_and_record;
use super::environment::place_of_course;
use super::words::Words;
use crate::course::judge::Patience;
use crate::course::look::Look;
use crate::course::state::{self, Course};
use crate::course::view;
use crate::course::workspace::find;
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use checker::{Report, Verdict};
use lessons::progress::Progress;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The interval between two looks at the journal's length.
const LOOK: Duration = Duration::from_millis(50);
/// The interval between two looks at the place of the course.
const PLACE: Duration = Duration::from_millis(200);
/// While the journal does not grow, goals about files are checked this often.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) fn run(words: &Words) -> CommandResult {
    let look = Look::of_process(true);
    let mut watched: Option<Watched> = None;
    loop {
        // Read each time: the learner may have moved to another place.
        let env = Env::read()?;
        let course = state::open(&env)?;
        let id = match words.exercise(&env, &course.progress) {
            Ok(id) => id,
            Err(_) if words.names.is_empty() => {
                let place = place_of_course(&course);
                let text = format!("The course is {place}. Waiting for the next exercise.\n");
                look.show(&text)?;
                wait_for_another_place(&course)?;
                watched = None;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let report = judge_and_record(&env, &course, &id, Patience::None)?.0;
        let before = watched
            .take()
            .filter(|watched| watched.report.exercise == id);
        if before.is_none() {
            begin(&course, &id, &report, look)?;
        }
        let finished = announce(&course, &id, before.as_ref(), &report, look)?;
        if finished && !words.names.is_empty() {
            return Ok(());
        }
        let now = Watched {
            report,
            length: length(&env, &id)?,
        };
        wait(&env, &id, now.length)?;
        watched = Some(now);
    }
}

/// Waits until the course has moved.
fn wait_for_another_place(course: &Course) -> CommandResult {
    while Progress::load(&course.file)?.at == course.progress.at {
        std::thread::sleep(PLACE);
    }
    Ok(())
}

struct Watched {
    report: Box<Report>,
    length: u64,
}

fn length(env: &Env, id: &str) -> CommandResult<u64> {
    let sandbox = lessons::session::exercise_sandbox(id);
    let journal = env.home.sandbox(&sandbox)?.journal();
    Ok(std::fs::metadata(journal).map_or(0, |data| data.len()))
}

fn wait(env: &Env, id: &str, before: u64) -> CommandResult {
    let begin = Instant::now();
    while begin.elapsed() < AGAIN && length(env, id)? == before {
        std::thread::sleep(LOOK);
    }
    Ok(())
}

fn reached(report: &Report) -> BTreeSet<String> {
    let goals = report.goals.iter();
    let passed = goals.filter(|goal| goal.verdict == Verdict::Pass);
    passed.map(|goal| goal.id.clone()).collect()
}

fn begin(course: &Course, id: &str, report: &Report, look: Look) -> CommandResult {
    let exercise = find(&course.catalog, id)?;
    let mut text = view::exercise(exercise, &reached(report), look);
    text.push_str("Watching. Ctrl-C ends it. For your other terminal: eval \"$(docklings env)\"\n");
    Ok(look.show(&text)?)
}

/// Reports what changed; returns whether the exercise has just been finished.
fn announce(
    course: &Course,
    id: &str,
    before: Option<&Watched>,
    report: &Report,
    look: Look,
) -> CommandResult<bool> {
    let Some(before) = before else {
        return Ok(false);
    };
    let exercise = find(&course.catalog, id)?;
    let (old, new) = (reached(&before.report), reached(report));
    let newly: Vec<String> = new.difference(&old).cloned().collect();
    let lost: Vec<String> = old.difference(&new).cloned().collect();
    look.show(&view::passed(exercise, &newly, report.done, look))?;
    look.show(&view::lost(exercise, &lost, look))?;
    let blind = report
        .goals
        .iter()
        .find(|goal| goal.verdict == Verdict::CantCheck);
    if let Some(because) = blind.and_then(|goal| goal.because.as_ref()) {
        return Err(Failure::message(format!("can't check: {because}")));
    }
    let finished = report.is_pass() && !before.report.is_pass();
    if finished {
        look.show(&view::done(exercise, look))?;
    }
    Ok(finished)
}
