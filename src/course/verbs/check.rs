//! `docklings check`: judges an exercise, for people and for scripts.

use super::words::Words;
use crate::course::judge::{Patience, judge, last_failed_build};
use crate::course::look::Look;
use crate::course::state::{self, Course, record, record_if_possible};
use crate::course::view;
use crate::course::workspace::{Workbench, find};
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use crate::output::Output;
use checker::{Report, Verdict};
use lessons::progress::{Change, Standing};

pub(super) fn run(words: &Words) -> CommandResult {
    let env = Env::read()?;
    let course = state::open(&env)?;
    let id = words.exercise(&env, &course.progress)?;
    for answer in words.values("--answer") {
        note_answer(&course, &id, answer)?;
    }
    let (report, standing) = judge_and_record(&env, &course, &id, Patience::AsWritten)?;
    if words.has("--json") {
        writeln!(Output::lines(), "{:#}", report.to_json())?;
    } else {
        let look = Look::of_process(false);
        let build = last_failed_build(&env, &id)?;
        let mut text = view::report(&report, build.as_deref(), words.has("--verbose"), look);
        if report.is_pass() && standing != Standing::Done {
            text.push_str(&view::done(find(&course.catalog, &id)?, look));
        }
        look.show(&text)?;
    }
    match report.exit_code() {
        0 => Ok(()),
        code => Err(Failure::Code(code)),
    }
}

/// `GOAL=TEXT`, where GOAL is a goal's id or number, or only the text if just one goal asks.
fn note_answer(course: &Course, id: &str, answer: &str) -> CommandResult {
    let exercise = find(&course.catalog, id)?;
    let numbered = (1..).zip(&exercise.goals);
    let numbered = numbered.filter(|(_, goal)| goal.question.is_some());
    let (numbers, asking): (Vec<String>, Vec<&str>) = numbered
        .map(|(number, goal)| (number.to_string(), &*goal.id))
        .unzip();
    let named = answer.split_once('=').and_then(|(name, text)| {
        let is_it = |at: &usize| name == asking[*at] || name == numbers[*at];
        let at = (0..asking.len()).find(is_it)?;
        Some((asking[at], text))
    });
    let (goal, text) = match (named, &asking[..]) {
        (Some(named), _) => named,
        (None, [goal]) => (*goal, answer),
        (None, []) => {
            return Err(Failure::Message(
                "this exercise asks no question".to_owned(),
                exit::USAGE,
            ));
        }
        (None, _) => {
            let text = format!(
                "which goal? `--answer GOAL=TEXT`, where GOAL is one of {}",
                asking.join(", ")
            );
            return Err(Failure::Message(text, exit::USAGE));
        }
    };
    record(
        &course.file,
        &Change::Answered {
            exercise: id.to_owned(),
            goal: goal.to_owned(),
            answer: text.to_owned(),
        },
    )?;
    Ok(())
}

/// Judges the exercise `id`, after setting it up if necessary, and records the result. Returns the report and the
/// exercise's previous state.
pub(super) fn judge_and_record(
    env: &Env,
    course: &Course,
    id: &str,
    patience: Patience,
) -> CommandResult<(Box<Report>, Standing)> {
    let exercise = find(&course.catalog, id)?;
    Workbench::new(env, &course.catalog, id)?.prepare()?;
    // Read again, since an answer may just have been recorded.
    let progress = lessons::progress::Progress::load(&course.file)?;
    let standing = progress.standing(id, exercise.revision);
    let report = judge(
        env,
        &course.catalog,
        id,
        progress.exercises.get(id),
        patience,
    )?;
    let passed: Vec<String> = report
        .goals
        .iter()
        .filter(|goal| goal.verdict == Verdict::Pass)
        .map(|goal| goal.id.clone())
        .collect();
    let exercise = id.to_owned();
    if !passed.is_empty() {
        let goals = passed;
        record_if_possible(
            &course.file,
            &Change::Passed {
                exercise: exercise.clone(),
                goals,
            },
        )?;
    }
    match report.verdict {
        Verdict::Pass => {
            let finished = Change::Finished {
                edition: course.catalog.edition(id),
                exercise,
                revision: report.revision,
            };
            record_if_possible(&course.file, &finished)?;
        }
        Verdict::NotYet if patience == Patience::AsWritten => {
            record_if_possible(&course.file, &Change::Attempted(exercise))?;
        }
        _ => {}
    }
    Ok((report, standing))
}
