//! Trials in scratch sandboxes, with the real binary and the real engine. They do not touch a learner's state.

use crate::course::steps::Steps;
use crate::course::workspace::{drop_sandbox, remove};
use crate::docker::registry::hub::beyond;
use crate::docker::registry::hub::look;
use crate::env::{self, Env};
use crate::failure::{CommandResult, Failure as Failed};
use checker::author::observe::{self, Failure, Look, Observation};
use checker::author::trial::Trial;
use checker::digest::StateDigest;
use checker::exercise::Exercise;
use checker::wait::{self, Source as _};
use checker::world::engine::{EngineSource, EngineWorld};
use checker::world::{Snapshot, World};
use checker::{Attempt, Report, evaluate};
use std::time::{Duration, Instant};

/// How long a passing state must keep passing, in addition to `stable`.
const SLOW: Duration = Duration::from_millis(120);
/// How long a failing state must go on failing, where something runs that could change it.
const LATER: Duration = Duration::from_millis(200);

/// The longest wait for processes that go on working, and how often to look.
const REST: Duration = Duration::from_secs(1);
const REST_STEP: Duration = Duration::from_millis(20);

/// How long a file that changed during a check may take to change again by itself: on a busy machine a container can
/// wait for seconds. Only a check that does change something waits this long.
const CONTROL: Duration = Duration::from_secs(20);
const CONTROL_STEP: Duration = Duration::from_millis(20);

/// Makes what all trials share: the links to our binary, and the starter images. Returns the images' references.
pub(super) fn prepare_home(env: &Env) -> CommandResult<Vec<String>> {
    let bench = Bench::new(env, usize::MAX)?;
    let engine = env.engine(&bench.sandbox, "author")?;
    engine.ensure_starter_images()?;
    let images = engine.images()?;
    bench.discard()?;
    let references = images.iter().flat_map(|image| &image.references);
    Ok(references.map(|reference| reference.familiar()).collect())
}

/// A scratch sandbox and workspace.
pub(super) struct Bench<'e> {
    env: &'e Env,
    sandbox: String,
    /// What works there.
    pub(super) steps: Steps,
}

impl<'e> Bench<'e> {
    /// The one with this number.
    pub(super) fn new(env: &'e Env, number: usize) -> CommandResult<Self> {
        let sandbox = format!("{}{}-{number}", env::TRIAL, std::process::id());
        let workspace = env.home.workspace(&sandbox);
        Ok(Self {
            env,
            steps: Steps::new(env, &sandbox, &workspace)?,
            sandbox,
        })
    }

    /// The name of its sandbox.
    pub(super) fn sandbox(&self) -> &str {
        &self.sandbox
    }

    /// Ids of the images that its sandbox starts with, by reference.
    pub(super) fn image_ids(&self) -> CommandResult<std::collections::BTreeMap<String, String>> {
        let engine = self.env.engine(&self.sandbox, "author")?;
        engine.ensure_starter_images()?;
        let mut ids = std::collections::BTreeMap::new();
        for image in engine.images()? {
            for reference in &image.references {
                ids.insert(reference.familiar(), image.id.as_str().to_owned());
            }
        }
        Ok(ids)
    }

    /// Runs the exercise's setup; an inner `Err` is a setup that failed.
    pub(super) fn set_up(&self, exercise: &Exercise) -> CommandResult<Result<Snapshot, Failure>> {
        let engine = self.env.engine(&self.sandbox, "setup")?;
        engine.ensure_starter_images()?;
        beyond::declare(self.env, &self.sandbox, &exercise.image_names())?;
        if let Some(failure) = self.steps.set_up(&checker::setup(exercise))? {
            return Ok(Err(failure));
        }
        let world = EngineWorld::new(engine, &self.steps.workspace, Snapshot::default());
        Ok(world
            .snapshot()
            .map_err(|blind| Failure::Machine(blind.because)))
    }

    /// The world for the checker.
    pub(super) fn world(&self, setup: Snapshot) -> CommandResult<EngineWorld> {
        let engine = self.env.engine(&self.sandbox, "check")?;
        let world = EngineWorld::new(engine, &self.steps.workspace, setup);
        Ok(world.with_hub(look::hub(self.env, &self.sandbox)))
    }

    /// Removes the sandbox and the workspace.
    pub(super) fn discard(&self) -> CommandResult {
        drop_sandbox(self.env, &self.sandbox)?;
        remove(&self.steps.workspace)
    }

    fn digest(&self) -> CommandResult<StateDigest> {
        let sandbox = self.env.home.sandbox(&self.sandbox)?;
        Ok(StateDigest::of(&[sandbox.root(), &self.steps.workspace])?)
    }

    /// Whether each file that differs between `before` and `after` keeps changing without a check, as the log of a
    /// container that prints does. Such a file does not show who changed it.
    /// If `asked`, that may also be a log: a server logs the request of an `http` condition.
    fn changes_by_itself(
        &self,
        before: &StateDigest,
        after: &StateDigest,
        asked: bool,
    ) -> CommandResult<bool> {
        let mut suspects = before.differences(after);
        suspects.retain(|path| !(asked && path.ends_with("log.json")));
        let deadline = Instant::now() + CONTROL;
        loop {
            let others = after.differences(&self.digest()?);
            suspects.retain(|path| !others.contains(path));
            if suspects.is_empty() {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            std::thread::sleep(CONTROL_STEP);
        }
    }
}

/// Runs `trial` as number `number`. Failures are part of the observation.
pub(super) fn try_out(env: &Env, exercise: &Exercise, trial: Trial, number: usize) -> Observation {
    let mut seen = Observation {
        trial,
        done: Vec::new(),
        looks: Vec::new(),
        rebuilt: None,
        failure: None,
    };
    let machine =
        |failed: Failed| Failure::Machine(failed.text().unwrap_or_else(|| "unknown".to_owned()));
    let tried = Bench::new(env, number).and_then(|bench| {
        let failure = carry_out(&bench, exercise, &mut seen);
        let discarded = bench.discard();
        let failure = failure?;
        // The trial's own failure is more informative than a later one.
        if failure.is_none() {
            discarded?;
        }
        Ok(failure)
    });
    seen.failure = tried.unwrap_or_else(|failed| Some(machine(failed)));
    seen
}

fn carry_out(
    bench: &Bench<'_>,
    exercise: &Exercise,
    seen: &mut Observation,
) -> CommandResult<Option<Failure>> {
    let setup = match bench.set_up(exercise)? {
        Ok(setup) => setup,
        Err(failure) => return Ok(Some(failure)),
    };
    let trial = seen.trial.clone();
    let must_fail = trial.kind.must_fail();
    let exercise = observe::paced(exercise, &trial);
    let attempt = Attempt {
        number: 1,
        answers: trial.answers.clone(),
    };
    for (index, step) in trial.steps.iter().enumerate() {
        if trial.look_between {
            let judged = |world: &EngineWorld| evaluate(&exercise, world, &attempt);
            seen.looks
                .push(look(bench, &exercise, &setup, &trial, index, &judged)?);
        }
        match bench.steps.act(&step.action)? {
            Some(done) => seen.done.push(done),
            None => return Ok(Some(Failure::Stuck(index))),
        }
    }
    let mut source = EngineSource::new(bench.world(setup.clone())?);
    if must_fail {
        source = source.hasty();
        come_to_rest(&mut source);
    }
    let settled = wait::settle(&exercise, &attempt, &mut source);
    let judged = |_: &EngineWorld| settled.clone();
    let mut last = look(bench, &exercise, &setup, &trial, trial.steps.len(), &judged)?;
    let world = bench.world(setup)?;
    let pause = match must_fail {
        false => Some(SLOW),
        // What has been quiet for so long was observed all the time.
        true if source.quiet() >= LATER => None,
        true => is_moving(&world)?.then_some(LATER),
    };
    if let Some(pause) = pause
        && settled.is_pass() != must_fail
    {
        std::thread::sleep(pause);
        let again = evaluate(&exercise, &world, &attempt);
        last.repeats &= again.is_pass() == settled.is_pass();
    }
    seen.looks.push(last);
    if let Some(step) = trial.last_build() {
        bench.steps.act(&step.action)?;
        let world = bench.world(world.setup().clone())?;
        seen.rebuilt = Some(evaluate(&exercise, &world, &attempt));
    }
    Ok(None)
}

/// Waits until the processes of a wrong attempt sleep or have ended, which takes longer on a busy machine: its message is
/// about that state.
fn come_to_rest(source: &mut EngineSource) {
    let begin = Instant::now();
    while source.busy() && begin.elapsed() < REST {
        source.wait(REST_STEP);
    }
}

/// Whether anything runs that could change the state by itself.
fn is_moving(world: &EngineWorld) -> CommandResult<bool> {
    let containers = world
        .containers()
        .map_err(|blind| Failed::message(blind.because))?;
    let moves = |status: &str| matches!(status, "running" | "restarting");
    Ok(containers.iter().any(|one| moves(&one.status)))
}

/// Checks, and compares the state before and after. If a container changed the state meanwhile, it checks once more.
fn look(
    bench: &Bench<'_>,
    exercise: &Exercise,
    setup: &Snapshot,
    trial: &Trial,
    after: usize,
    judged: &dyn Fn(&EngineWorld) -> Report,
) -> CommandResult<Look> {
    let world = bench.world(setup.clone())?;
    let mut tries = 3;
    loop {
        let before = bench.digest()?;
        let report = judged(&world);
        let mut look = observe::look(exercise, &world, trial, after, report, true);
        let afterwards = bench.digest()?;
        tries -= 1;
        if before == afterwards {
            return Ok(look);
        }
        if tries == 0 {
            look.untouched =
                bench.changes_by_itself(&before, &afterwards, trial.takes_ports(exercise))?;
            return Ok(look);
        }
    }
}
