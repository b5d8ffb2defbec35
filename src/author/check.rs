//! `docklings author check [ID…]`: proves exercises, and tells all that is wrong with them at once.

use super::execute::prepare_home;
use super::preview::find;
use super::{Folder, explain, usage, workers};
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use crate::shell::look::Look;
use checker::author::observe::Observation;
use checker::author::{Surroundings, judge, read, trial};
use checker::problem::Severity;
use checker::{Exercise, Problem, load_all};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only these exercises; all if none is given
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    folder: Folder,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Only read the files, try nothing
    #[arg(long)]
    read_only: bool,
    /// Show every trial of this exercise: its commands, and the verdict of each goal
    #[arg(long, value_name = "ID", conflicts_with_all = ["json", "read_only"])]
    explain: Option<String>,
    /// How many trials at a time; one for each processor if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// The learner's seed, from which params are chosen
    #[arg(long, default_value = "author")]
    seed: String,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let begin = Instant::now();
    let wanted: BTreeSet<String> = args.ids.iter().chain(&args.explain).cloned().collect();
    for id in &wanted {
        find(&args.folder, id)?;
    }
    let course = load_all(&args.folder.dir, &args.seed);
    if course.exercises.is_empty() && course.problems.is_empty() {
        return Err(usage(
            format!("`{}` has no exercises", args.folder.dir.display()),
            "`--dir FOLDER` names the folder that holds them".to_owned(),
        ));
    }
    let is_wanted = |file: &str| {
        let stem = std::path::Path::new(file).file_stem().unwrap_or_default();
        wanted.is_empty() || wanted.contains(stem.to_string_lossy().as_ref())
    };
    let mut problems: Vec<Problem> = course
        .problems
        .into_iter()
        .filter(|problem| is_wanted(problem.file()))
        .collect();
    let chosen: Vec<Exercise> = course
        .exercises
        .iter()
        .filter(|one| is_wanted(one.source.file()))
        .cloned()
        .collect();

    let env = Env::read()?;
    let bundle = if args.read_only {
        Vec::new()
    } else {
        prepare_home(&env)?
    };
    let surroundings = Surroundings {
        exercises: &course.exercises,
        bundle: &bundle,
    };
    problems.extend(
        chosen
            .iter()
            .flat_map(|exercise| read(exercise, &surroundings)),
    );
    let mut tried = 0;
    if !args.read_only {
        let seen = try_all(args, &env, &chosen);
        tried = seen.iter().map(Vec::len).sum();
        for (exercise, seen) in chosen.iter().zip(&seen) {
            problems.extend(judge(exercise, seen));
        }
        if args.explain.is_some() {
            let look = Look::of_process(false);
            for (exercise, seen) in chosen.iter().zip(&seen) {
                look.show(&explain::text(exercise, seen))?;
            }
        }
    }
    problems.sort_by_key(|problem| (problem.file().to_owned(), problem.line_column()));
    let errors = problems
        .iter()
        .filter(|one| one.severity() == Severity::Error)
        .count();
    let summary = Summary {
        exercises: chosen.len(),
        trials: tried,
        errors,
        warnings: problems.len() - errors,
        seconds: begin.elapsed().as_secs_f64(),
    };
    if args.json {
        print_json(&chosen, &problems, &summary)?;
    } else {
        print_text(&problems, &summary)?;
    }
    if errors > 0 {
        Err(Failure::Code(1))
    } else {
        Ok(())
    }
}

/// What was done, in numbers.
struct Summary {
    exercises: usize,
    trials: usize,
    errors: usize,
    warnings: usize,
    seconds: f64,
}

/// Tries every exercise; what was seen, by exercise.
fn try_all(args: &Args, env: &Env, exercises: &[Exercise]) -> Vec<Vec<Observation>> {
    let trials: Vec<(usize, trial::Trial)> = exercises
        .iter()
        .enumerate()
        .flat_map(|(owner, exercise)| {
            trial::plan(exercise)
                .into_iter()
                .map(move |trial| (owner, trial))
        })
        .collect();
    let jobs = args
        .jobs
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
    let bar = if io::stderr().is_terminal() && !args.json {
        ProgressBar::new(trials.len() as u64)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} trials, {eta} left") {
        bar.set_style(style);
    }
    let mut seen: Vec<Vec<Observation>> = exercises.iter().map(|_| Vec::new()).collect();
    for (owner, one) in workers::try_all(env, exercises, trials, jobs, &|| bar.inc(1)) {
        seen[owner].push(one);
    }
    bar.finish_and_clear();
    seen
}

fn print_json(exercises: &[Exercise], problems: &[Problem], summary: &Summary) -> CommandResult {
    let ids: Vec<&str> = exercises.iter().map(|one| one.id.as_str()).collect();
    let problems: Vec<_> = problems.iter().map(Problem::to_json).collect();
    let json = serde_json::json!({
        "format": 1,
        "exercises": ids,
        "trials": summary.trials,
        "errors": summary.errors,
        "warnings": summary.warnings,
        "seconds": (summary.seconds * 1000.0).round() / 1000.0,
        "problems": problems,
    });
    writeln!(io::stdout(), "{json:#}")?;
    Ok(())
}

fn print_text(problems: &[Problem], summary: &Summary) -> CommandResult {
    let look = Look::of_process(false);
    for problem in problems {
        look.show(&format!("{}\n\n", problem.render(look.colour)))?;
    }
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    look.show(&format!(
        "{}, {} in {:.1} s: {}, {}\n",
        count(summary.exercises, "exercise"),
        count(summary.trials, "trial"),
        summary.seconds,
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
    ))?;
    Ok(())
}
