//! Trials on a handmade world: enough of `docker` to try small exercises without an engine.

use super::observe::{Done, Failure, Observation, hurried, look};
use super::plan;
use super::trial::Trial;
use super::words::{docker, image_of_run};
use crate::evaluate::{Attempt, evaluate};
use crate::exercise::{Action, Exercise, Step};
use crate::world::fake::Fake;
use std::time::Duration;

/// Runs all trials that the rules need.
pub(crate) fn try_all(exercise: &Exercise) -> Vec<Observation> {
    plan(exercise)
        .into_iter()
        .map(|trial| observe(exercise, trial))
        .collect()
}

fn observe(exercise: &Exercise, trial: Trial) -> Observation {
    let mut world = Fake::default().image("busybox", |_| {});
    let mut seen = Observation {
        trial: trial.clone(),
        done: Vec::new(),
        looks: Vec::new(),
        rebuilt: None,
        failure: None,
    };
    for (index, step) in exercise.setup.iter().enumerate() {
        let (next, code) = act(world, step);
        world = next;
        if code != 0 {
            seen.failure = Some(Failure::Setup(
                index,
                code,
                "no such container\n".to_owned(),
            ));
            return seen;
        }
    }
    world = world.set_up();
    let exercise = hurried(exercise, Duration::ZERO);
    let see = |world: &Fake, after: usize| {
        let attempt = Attempt {
            number: 1,
            answers: trial.answers.clone(),
        };
        let report = evaluate(&exercise, world, &attempt);
        look(&exercise, world, &trial, after, report, true)
    };
    for (index, step) in trial.steps.iter().enumerate() {
        if trial.look_between {
            seen.looks.push(see(&world, index));
        }
        let (next, code) = act(world, step);
        world = next;
        seen.done.push(Done {
            command: step.action.describe(),
            code,
            output: String::new(),
        });
    }
    seen.looks.push(see(&world, trial.steps.len()));
    seen
}

/// `run -d --name N IMAGE`, `create`, `start`, `stop`, `rm`, `logs`; and files that are written.
fn act(mut world: Fake, step: &Step) -> (Fake, i32) {
    let line = match &step.action {
        Action::Run(line) => line.clone(),
        Action::Write { path, text } => return (world.file(path, text), 0),
        Action::Terminal { command, .. } => command.clone(),
    };
    for words in docker(&line) {
        let verb = words[0].clone();
        if matches!(verb.as_str(), "run" | "create") {
            let image = image_of_run(&words).unwrap_or("busybox").to_owned();
            let number = world.events.len();
            let name = words.iter().position(|word| word == "--name");
            let name = name.map_or_else(|| format!("random{number}"), |at| words[at + 1].clone());
            world = world.container(&name, &image, |one| {
                one.id = format!("{name}-id");
                one.created_via.clone_from(&verb);
                if verb == "run" {
                    one.status = "running".to_owned();
                    one.start_count = 1;
                }
            });
            if let Some(one) = world.containers.last_mut() {
                one.id = format!("{name}-{number}-id");
            }
            world = world.event("create", &verb, &name, &image);
            continue;
        }
        let Some(name) = words.last().cloned() else {
            continue;
        };
        let Some(at) = world.containers.iter().position(|one| one.name == name) else {
            return (world, 1);
        };
        let one = &mut world.containers[at];
        match verb.as_str() {
            "start" => {
                one.status = "running".to_owned();
                one.start_count += 1;
            }
            "stop" => {
                one.status = "exited".to_owned();
                one.exit_code = Some(0);
            }
            "rm" => {
                world.containers.remove(at);
            }
            // Not a docker command: from now on the container runs only at every second look.
            "flicker" => {
                one.status = "running".to_owned();
                world.flickers = Some(Default::default());
            }
            _ => {}
        }
        world = world.event(&verb, &verb, &name, "busybox");
    }
    (world, 0)
}
