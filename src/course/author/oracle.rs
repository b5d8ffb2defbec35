//! `docklings author check --engine docker`: runs the same trials here and on a real Docker Engine, and reports
//! differences.
//!
//! The engine must serve no other purpose: everything on it is removed between two trials. An engine that holds
//! anything but our starter images is refused.

use super::execute::{Bench, try_out};
use crate::course::steps::Steps;
use crate::course::workspace::remove;
use crate::env::Env;
use crate::failure::{CommandResult, Failure as Failed};
use checker::author::compare::{self, Unseen};
use checker::author::observe::{Failure, Look, Observation, paced, undecided};
use checker::author::plan;
use checker::author::trial::{Kind, Trial};
use checker::exercise::Action;
use checker::world::docker::{DockerEngine, DockerSource, DockerWorld};
use checker::world::engine::EngineWorld;
use checker::world::{Blind, Snapshot};
use checker::{Attempt, Exercise, Problem, evaluate, wait};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

/// The engine's address if `DOCKER_HOST` is not set.
const SOCKET: &str = "unix:///var/run/docker.sock";

/// The result of a comparison.
pub(super) struct Compared {
    /// The engine's version.
    pub(super) version: String,
    /// How many trials there were.
    pub(super) trials: usize,
    /// The differences.
    pub(super) problems: Vec<Problem>,
    /// Facts that that engine does not expose.
    pub(super) unseen: Unseen,
}

/// Runs the setups, solutions and other attempts of `exercises` here and on the engine of `DOCKER_HOST`. `bundle` holds
/// the starter images; `done` is called after each trial.
pub(super) fn compare_all(
    env: &Env,
    exercises: &[Exercise],
    bundle: &[String],
    done: &dyn Fn(),
) -> CommandResult<Compared> {
    let oracle = Oracle::open(env, bundle)?;
    let mut compared = Compared {
        version: oracle.engine.version().map_err(unseen)?,
        trials: 0,
        problems: Vec::new(),
        unseen: Unseen::new(),
    };
    for exercise in exercises {
        if asks_a_registry(exercise) {
            let all = (exercise.id.clone(), "all of it".to_owned());
            let because =
                "it uses accounts of the practice hub; this engine would try them at Docker Hub";
            compared.unseen.insert(all, because.to_owned());
            continue;
        }
        for trial in trials(exercise) {
            let ours = try_out(env, exercise, trial.clone(), compared.trials);
            let (theirs, undecided) = oracle.try_out(exercise, trial);
            compared.trials += 1;
            done();
            let unseen = &mut compared.unseen;
            let problems = compare::problems(exercise, &ours, &theirs, &undecided, unseen);
            compared.problems.extend(problems);
        }
    }
    oracle.engine.clear(&[]).map_err(unseen)?;
    Ok(compared)
}

/// How many trials there will be.
pub(super) fn count(exercises: &[Exercise]) -> usize {
    exercises
        .iter()
        .filter(|exercise| !asks_a_registry(exercise))
        .map(|exercise| trials(exercise).len())
        .sum()
}

/// Whether any step of the exercise contacts a registry.
fn asks_a_registry(exercise: &Exercise) -> bool {
    let wrong = exercise.wrong.iter().map(|wrong| &wrong.attempt);
    let attempts = exercise
        .solutions
        .iter()
        .chain(&exercise.accept)
        .chain(wrong);
    exercise
        .setup
        .iter()
        .chain(attempts.flat_map(|attempt| &attempt.steps))
        .any(|step| matches!(&step.action, Action::Run(line) if compare::asks_a_registry(line)))
}

/// The exercise's written trials. Trials that the rules derive from them prove the checks, not the engine.
fn trials(exercise: &Exercise) -> Vec<Trial> {
    let mut trials = plan(exercise);
    trials.retain(|trial| {
        matches!(
            trial.kind,
            Kind::Fresh | Kind::Solution(_) | Kind::Accept(_) | Kind::Wrong(_)
        )
    });
    trials
}

struct Oracle<'e> {
    env: &'e Env,
    engine: Rc<DockerEngine>,
    /// The steps with a real `docker`, which finds the engine in its environment.
    steps: Steps,
    /// A sandbox of ours for looking at the workspace.
    bench: Bench<'e>,
    /// The starter images, as an archive and by reference.
    archive: PathBuf,
    bundle: Vec<String>,
    /// Holds the link to `docker` and the archive.
    _folder: tempfile::TempDir,
}

impl<'e> Oracle<'e> {
    fn open(env: &'e Env, bundle: &[String]) -> CommandResult<Self> {
        let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| SOCKET.to_owned());
        let engine = DockerEngine::connect(&host, &folders()).map_err(|blind| {
            let hint = "`DOCKER_HOST` names the engine, such as `unix:///tmp/oracle/docker.sock`";
            Failed::Hinted(blind.because, crate::exit::FAILURE, hint.to_owned())
        })?;
        let bench = Bench::new(env, usize::MAX - 1)?;
        let ids = bench.image_ids()?;
        if let Err(refused) = refuse_foreign(&engine, &ids) {
            bench.discard()?;
            return Err(refused);
        }
        let folder = tempfile::tempdir_in(env.home.root())?;
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin)?;
        symlink(engine.client(), bin.join("docker"))?;
        let archive = folder.path().join("starter.tar");
        save(&bench, bundle, &archive)?;
        let oracle = Self {
            env,
            engine: Rc::new(engine),
            steps: Steps {
                workspace: env
                    .home
                    .workspace(&format!("oracle-{}", std::process::id())),
                bin,
                variables: vec![("DOCKER_HOST", OsString::from(host))],
            },
            bench,
            archive,
            bundle: bundle.to_vec(),
            _folder: folder,
        };
        oracle.make_fresh()?;
        let theirs = oracle.engine.holdings().map_err(unseen)?.images;
        if let Some((name, _)) = theirs.iter().find(|(name, id)| ids.get(name) != Some(id)) {
            return Err(Failed::message(format!(
                "`{name}` has another id on the Docker Engine"
            )));
        }
        Ok(oracle)
    }

    /// Removes everything that a trial left, and restores starter images that it removed.
    fn make_fresh(&self) -> CommandResult {
        self.engine.clear(&self.bundle).map_err(unseen)?;
        let there = self.engine.holdings().map_err(unseen)?.images;
        if self
            .bundle
            .iter()
            .all(|name| there.iter().any(|(one, _)| one == name))
        {
            return Ok(());
        }
        let docker = self.steps.bin.join("docker");
        let variables = self
            .steps
            .variables
            .iter()
            .map(|(name, value)| (name, value));
        run(Command::new(docker)
            .arg("load")
            .arg("-i")
            .arg(&self.archive)
            .envs(variables))
    }

    /// Runs `trial`; also returns the diagnoses for which the engine exposes too little.
    fn try_out(&self, exercise: &Exercise, trial: Trial) -> (Observation, Unseen) {
        let mut seen = Observation {
            trial,
            done: Vec::new(),
            looks: Vec::new(),
            rebuilt: None,
            failure: None,
        };
        let done = self.carry_out(exercise, &mut seen);
        // At once, since its published ports would block our own next trial.
        let cleared = self
            .make_fresh()
            .and_then(|()| remove(&self.steps.workspace));
        match done.and_then(|done| cleared.map(|()| done)) {
            Ok(Ok(undecided)) => return (seen, undecided),
            Ok(Err(failure)) => seen.failure = Some(failure),
            Err(failed) => {
                let cause = failed.text().unwrap_or_else(|| "unknown".to_owned());
                seen.failure = Some(Failure::Machine(cause));
            }
        }
        (seen, Unseen::new())
    }

    fn carry_out(
        &self,
        exercise: &Exercise,
        seen: &mut Observation,
    ) -> CommandResult<Result<Unseen, Failure>> {
        let begun = Timestamp::now();
        if let Some(failure) = self.steps.set_up(&checker::setup(exercise))? {
            return Ok(Err(failure));
        }
        let setup = self
            .world(Snapshot::default(), begun, begun)?
            .snapshot()
            .map_err(unseen)?;
        let ready = Timestamp::now();
        for (index, step) in seen.trial.steps.clone().iter().enumerate() {
            match self.steps.act(&step.action)? {
                Some(done) => seen.done.push(done),
                None => return Ok(Err(Failure::Stuck(index))),
            }
        }
        let attempt = Attempt {
            number: 1,
            answers: seen.trial.answers.clone(),
        };
        let exercise = paced(exercise, &seen.trial);
        let mut source = DockerSource::new(self.world(setup, begun, ready)?);
        let report = wait::settle(&exercise, &attempt, &mut source);
        let world = source.into_world();
        let again = evaluate(&exercise, &world, &attempt);
        seen.looks.push(Look {
            after: seen.trial.steps.len(),
            repeats: again.verdict == report.verdict,
            untouched: true,
            decisive: BTreeSet::new(),
            too_lenient: BTreeSet::new(),
            report,
        });
        Ok(Ok(undecided(&exercise, &world)))
    }

    fn world(
        &self,
        setup: Snapshot,
        begun: Timestamp,
        ready: Timestamp,
    ) -> CommandResult<DockerWorld> {
        let engine = self.env.engine(self.bench.sandbox(), "check")?;
        let workspace = &self.steps.workspace;
        let files = EngineWorld::new(engine, workspace, Snapshot::default());
        Ok(DockerWorld::new(
            Rc::clone(&self.engine),
            files,
            workspace,
            setup,
            begun,
            ready,
        ))
    }
}

impl Drop for Oracle<'_> {
    fn drop(&mut self) {
        // Leftovers stay in the home folder and do no harm.
        let _ = self.bench.discard();
    }
}

/// Refuses an engine that is in use: a trial would remove everything on it.
fn refuse_foreign(engine: &DockerEngine, ours: &BTreeMap<String, String>) -> CommandResult {
    let holdings = engine.holdings().map_err(unseen)?;
    let foreign: Vec<&str> = holdings
        .images
        .iter()
        .filter(|(name, id)| ours.get(name) != Some(id))
        .map(|(name, _)| name.as_str())
        .chain(holdings.containers.iter().map(String::as_str))
        .chain(holdings.volumes.iter().map(String::as_str))
        .collect();
    match foreign.first() {
        None => Ok(()),
        Some(first) => Err(Failed::Hinted(
            format!("the Docker Engine is in use: it has `{first}`, and everything on it would be removed"),
            crate::exit::FAILURE,
            "start a separate one: dockerd --data-root DIR --exec-root DIR --pidfile FILE -H unix://SOCKET"
                .to_owned(),
        )),
    }
}

/// Folders that may hold the Docker client: PATH, and the usual folders if our own `docker` comes first there.
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).collect()
}

/// Saves our starter images, as a learner would.
fn save(bench: &Bench<'_>, images: &[String], to: &Path) -> CommandResult {
    let variables = bench
        .steps
        .variables
        .iter()
        .map(|(name, value)| (name, value));
    run(Command::new(bench.steps.bin.join("docker"))
        .args(["save", "-o"])
        .arg(to)
        .args(images)
        .envs(variables))
}

fn run(command: &mut Command) -> CommandResult {
    let output = command.stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failed::message(
            String::from_utf8_lossy(&output.stderr).trim_end(),
        )),
    }
}

fn unseen(blind: Blind) -> Failed {
    Failed::message(blind.because)
}
