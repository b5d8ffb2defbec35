//! `docklings author check [ID…]`: proves exercises, and reports everything that is wrong with them at once.

use super::execute::prepare_home;
use super::oracle;
use super::preview::find;
use super::{Folder, explain, usage, workers};
use crate::course::look::Look;
use crate::course::workspace::is_free;
use crate::docker::registry::hub::beyond;
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use crate::output::Output;
use checker::author::compare::Unseen;
use checker::author::observe::Observation;
use checker::author::trial::Trial;
use checker::author::values::{self, Variant};
use checker::author::{Surroundings, judge, plan, read};
use checker::problem::Severity;
use checker::{Course, Exercise, Problem, load_all};
use engine::image::starter;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
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
    /// Only read the files, without running anything
    #[arg(long)]
    read_only: bool,
    /// Show every trial of this exercise: its commands, and the verdict of each goal
    #[arg(long, value_name = "ID", conflicts_with_all = ["json", "read_only"])]
    explain: Option<String>,
    /// Where to try: here, or here and on a real Docker Engine, reporting the differences
    #[arg(long, value_enum, default_value_t = On::Docklings, conflicts_with_all = ["explain", "read_only"])]
    engine: On,
    /// How many trials to run at a time; by default four per processor
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// The learner's seed, which determines the params
    #[arg(long, default_value = "author")]
    seed: String,
}

/// Where the trials run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum On {
    /// On our engine, with every rule
    Docklings,
    /// On both, comparing the results of the exercises' own attempts
    Docker,
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
    let chosen: Vec<Exercise> = course
        .exercises
        .iter()
        .filter(|one| is_wanted(one.source.file()))
        .cloned()
        .collect();
    let env = Env::read()?;
    let bundle = match args.read_only {
        true => Vec::new(),
        false => prepare_home(&env)?,
    };
    let mut not_checked = Vec::new();
    let mut tried = Vec::new();
    for exercise in &chosen {
        let lacking = match args.read_only {
            true => Vec::new(),
            false => beyond::lacking(&env, &exercise.image_names())?,
        };
        match lacking.is_empty() {
            true => tried.push(exercise.clone()),
            false => not_checked.push((exercise.id.clone(), lacking)),
        }
    }
    let mut found = match args.engine {
        On::Docklings => here(args, &env, &course, &tried, &bundle)?,
        On::Docker => on_docker(args, &env, &tried, &bundle)?,
    };
    found.not_checked = not_checked;
    let broken = course.problems.into_iter();
    found
        .problems
        .extend(broken.filter(|problem| is_wanted(problem.file())));
    found
        .problems
        .sort_by_key(|problem| (problem.file().to_owned(), problem.line_column()));
    let errors = found
        .problems
        .iter()
        .filter(|one| one.severity() == Severity::Error)
        .count();
    let summary = Summary {
        exercises: chosen.len(),
        errors,
        warnings: found.problems.len() - errors,
        seconds: begin.elapsed().as_secs_f64(),
    };
    match args.json {
        true => print_json(&chosen, &found, &summary)?,
        false => print_text(&found, &summary)?,
    }
    match errors {
        0 => Ok(()),
        _ => Err(Failure::Code(1)),
    }
}

/// The result of the trials.
#[derive(Default)]
struct Found {
    problems: Vec<Problem>,
    trials: usize,
    /// The version of the Docker Engine to compare with.
    docker: Option<String>,
    /// Facts that that engine does not expose: the exercise, the goal or diagnosis, and the reason.
    unseen: Unseen,
    /// Exercises that were not tried, and the images that this machine lacks for them.
    not_checked: Vec<(String, Vec<String>)>,
}

/// Checks every rule, on our engine.
fn here(
    args: &Args,
    env: &Env,
    course: &Course,
    chosen: &[Exercise],
    bundle: &[String],
) -> CommandResult<Found> {
    let mut within_reach = bundle.to_vec();
    // The practice hub has more tags of the starter images than a new sandbox.
    within_reach.extend(
        starter::known(&env.home)
            .into_iter()
            .flat_map(|it| it.images.into_keys()),
    );
    let surroundings = Surroundings {
        exercises: &course.exercises,
        bundle: &within_reach,
        translations: &course.translations,
    };
    let mut found = Found::default();
    found.problems.extend(
        chosen
            .iter()
            .flat_map(|exercise| read(exercise, &surroundings)),
    );
    if args.read_only {
        return Ok(found);
    }
    let mut variants = Vec::new();
    for exercise in chosen {
        let (own, problems) = values::variants(exercise, &is_free);
        found.problems.extend(problems);
        variants.extend(own);
    }
    let (seen, varied) = try_all(args, env, chosen, &variants);
    found.trials = seen.iter().map(Vec::len).sum::<usize>() + varied.len();
    for (variant, seen) in variants.iter().zip(&varied) {
        found.problems.extend(variant.judge(seen));
    }
    for (exercise, seen) in chosen.iter().zip(&seen) {
        found.problems.extend(judge(exercise, seen));
    }
    if args.explain.is_some() {
        let look = Look::of_process(false);
        for (exercise, seen) in chosen.iter().zip(&seen) {
            look.show(&explain::text(exercise, seen))?;
        }
    }
    Ok(found)
}

/// Runs the written attempts on our engine and on a real one.
fn on_docker(
    args: &Args,
    env: &Env,
    chosen: &[Exercise],
    bundle: &[String],
) -> CommandResult<Found> {
    let counter = Counter::new(args, oracle::count(chosen));
    let compared = oracle::compare_all(env, chosen, bundle, &|| counter.count());
    counter.clear();
    let compared = compared?;
    Ok(Found {
        problems: compared.problems,
        trials: compared.trials,
        docker: Some(compared.version),
        unseen: compared.unseen,
        not_checked: Vec::new(),
    })
}

/// Numbers for the last line.
struct Summary {
    exercises: usize,
    errors: usize,
    warnings: usize,
    seconds: f64,
}

/// Tries every exercise and every variant; returns the observations per exercise, and one per variant.
fn try_all(
    args: &Args,
    env: &Env,
    chosen: &[Exercise],
    variants: &[Variant],
) -> (Vec<Vec<Observation>>, Vec<Observation>) {
    let plans = chosen.iter().map(plan);
    let trials: Vec<(usize, Trial)> = plans
        .chain(variants.iter().map(|one| one.trial().into_iter().collect()))
        .enumerate()
        .flat_map(|(owner, plan)| plan.into_iter().map(move |trial| (owner, trial)))
        .collect();
    let others = variants.iter().map(|one| &one.exercise);
    let exercises: Vec<Exercise> = chosen.iter().chain(others).cloned().collect();
    let jobs = args.jobs.unwrap_or_else(workers::default_jobs);
    let counter = Counter::new(args, trials.len());
    let mut seen: Vec<Vec<Observation>> = exercises.iter().map(|_| Vec::new()).collect();
    for (owner, one) in workers::try_all(env, &exercises, trials, jobs, &|| counter.count()) {
        seen[owner].push(one);
    }
    counter.clear();
    let varied = seen.split_off(chosen.len()).into_iter().flatten().collect();
    (seen, varied)
}

/// How many trials are done, on one line of a terminal; nothing elsewhere.
struct Counter {
    is_shown: bool,
    total: usize,
    done: AtomicUsize,
}

impl Counter {
    fn new(args: &Args, total: usize) -> Self {
        Self {
            is_shown: io::stderr().is_terminal() && !args.json,
            total,
            done: AtomicUsize::new(0),
        }
    }

    fn count(&self) {
        let done = 1 + self.done.fetch_add(1, Ordering::Relaxed);
        self.show(&format!("\r{done} of {} trials", self.total));
    }

    /// Takes the line away.
    fn clear(&self) {
        self.show("\r\x1b[K");
    }

    fn show(&self, text: &str) {
        if self.is_shown {
            // Progress that cannot be shown is no reason to stop.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}

fn print_json(exercises: &[Exercise], found: &Found, summary: &Summary) -> CommandResult {
    let ids: Vec<&str> = exercises.iter().map(|one| one.id.as_str()).collect();
    let problems: Vec<_> = found.problems.iter().map(Problem::to_json).collect();
    let unseen = found.unseen.iter().map(|((exercise, what), because)| {
        serde_json::json!({ "exercise": exercise, "what": what, "because": because })
    });
    let mut json = serde_json::json!({
        "format": 1,
        "exercises": ids,
        "trials": found.trials,
        "errors": summary.errors,
        "warnings": summary.warnings,
        "seconds": (summary.seconds * 1000.0).round() / 1000.0,
        "problems": problems,
        "not_checked": found.not_checked.iter().map(|(id, images)| {
            serde_json::json!({ "exercise": id, "images": images })
        }).collect::<Vec<_>>(),
    });
    if let Some(version) = &found.docker {
        json["docker"] = version.as_str().into();
        json["unseen"] = unseen.collect();
    }
    writeln!(Output::lines(), "{json:#}")?;
    Ok(())
}

fn print_text(found: &Found, summary: &Summary) -> CommandResult {
    let look = Look::of_process(false);
    for problem in &found.problems {
        look.show(&format!("{}\n\n", problem.render(look.colour)))?;
    }
    for (id, lacking) in &found.not_checked {
        let (images, ways) = (lacking.join(", "), beyond::ways(lacking));
        look.show(&format!(
            "NOT CHECKED {id}: it needs {images}, which is not on this machine\n  {ways}\n"
        ))?;
    }
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    if let Some(version) = &found.docker {
        for ((exercise, what), because) in &found.unseen {
            look.show(&format!(
                "not seen on Docker: {exercise}, {what}: {because}\n"
            ))?;
        }
        look.show(&format!("compared with Docker Engine {version}\n"))?;
    }
    look.show(&format!(
        "{}, {} in {:.1} s: {}, {}\n",
        count(summary.exercises, "exercise"),
        count(found.trials, "trial"),
        summary.seconds,
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
    ))?;
    Ok(())
}
