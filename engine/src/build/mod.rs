//! Chapter 8 · From a Dockerfile to an image.
//!
//! **What Docker does.** BuildKit turns a Dockerfile into a graph of operations and solves it, in parallel, in a daemon.
//! **What we do.** The stages that the target needs, one step after the other; each step that changes files is a
//! separate layer, each step has a cache record, and each record can explain why a step did or did not run again.
//! **What we leave out.** Remote frontends and parallel steps; see `docs/limits.md`.
//!
//! Reading order: [`syntax`] (text to instructions) → [`instruction`] (their meanings).

mod advice;
pub mod cache;
pub(crate) mod changes;
pub mod check;
pub mod commit;
pub(crate) mod context;
pub(crate) mod execute;
pub mod export;
mod ignore;
pub mod import;
pub(crate) mod instruction;
pub mod observe;
mod pattern;
mod place;
pub mod request;
mod sources;
pub(crate) mod stages;
pub(crate) mod state;
pub mod syntax;
pub(crate) mod work;

use crate::engine::Engine;
use crate::error::Result;
use crate::events::{Action, Event, ObjectKind};
use crate::sys::namespace::become_root;
use observe::{BuildObserver, BuildOutcome, StepReport};
use request::{BuildRequest, Context};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use syntax::error::BuildError;
use syntax::parse::Dockerfile;

impl Engine {
    /// Builds an image.
    ///
    /// The process must be single-threaded: an ordinary user becomes root of a namespace here, for RUN and for owners.
    ///
    /// # Errors
    /// The message is BuildKit's text after `failed to solve: `, followed by lines with the place in the Dockerfile,
    /// the source line and a caret. Steps before the failed one stay in the cache.
    pub fn build(
        &self,
        request: BuildRequest,
        observer: &mut dyn BuildObserver,
    ) -> Result<BuildOutcome> {
        become_root()?;
        let facts = facts(&request);
        let recorded = !request.unrecorded;
        let done = execute::build(self, request, observer);
        for one in &done.pulled {
            self.record_pull(one);
        }
        for step in &done.steps {
            self.record(&step_event(
                self.event(ObjectKind::Builder, Action::BuildStep, ""),
                step,
            ));
        }
        let event = |id: &str| {
            let event = self.event(ObjectKind::Builder, Action::Build, id);
            let event = facts.iter().fold(event, |event, (name, value)| {
                event.with(name, value.clone())
            });
            let event = match &done.dockerfile {
                Some(digest) => event.with("dockerfile", digest.as_str()),
                None => event,
            };
            let cached = done
                .steps
                .iter()
                .filter(|step| step.number > 0 && step.cached);
            event
                .with(
                    "steps",
                    done.steps.iter().filter(|step| step.number > 0).count(),
                )
                .with("cached", cached.count())
        };
        match done.result {
            Ok(outcome) => {
                let id = outcome.id.as_str();
                self.record(&event(id).with("success", true));
                for tag in outcome.tags.iter().filter(|_| recorded) {
                    let tagged = self.event(ObjectKind::Image, Action::Tag, id);
                    self.record(&tagged.with("name", tag.familiar()));
                }
                Ok(outcome)
            }
            Err(error) => {
                let first = error
                    .message()
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                let place = place_of(error.message());
                let event = event("").with("success", false).with("error", first);
                self.record(
                    &place
                        .into_iter()
                        .fold(event, |event, (name, value)| event.with(name, value)),
                );
                Err(error)
            }
        }
    }

    /// Parses a Dockerfile without building it; `name` is shown in messages.
    pub fn parse_dockerfile(
        &self,
        name: &str,
        text: &[u8],
    ) -> std::result::Result<Dockerfile, BuildError> {
        Dockerfile::parse(name, text)
    }
}

/// The line of the Dockerfile where a build failed, and its text, from the excerpt in the message ([`BuildError`]).
fn place_of(message: &str) -> Vec<(&'static str, Value)> {
    let mut rows = message
        .lines()
        .skip_while(|row| !row.trim_start().starts_with("--> "));
    let found = rows.find_map(|row| {
        let (number, text) = row.split_once(" | ")?;
        Some((number.trim().parse::<usize>().ok()?, text.trim()))
    });
    found.map_or_else(Vec::new, |(line, text)| {
        vec![("line", json!(line)), ("instruction", json!(text))]
    })
}

/// The facts about a build in the journal, beside its outcome.
fn facts(request: &BuildRequest) -> Vec<(&'static str, Value)> {
    // If an argument is given twice, the last value counts.
    let args: BTreeMap<&String, &String> = request
        .build_args
        .iter()
        .map(|(name, value)| (name, value))
        .collect();
    let context = match &request.context {
        Context::Empty => "-".to_owned(),
        Context::Folder(path) => path.display().to_string(),
        Context::Tar(_) => "tar".to_owned(),
    };
    vec![
        ("tags", json!(request.tags)),
        ("context", json!(context)),
        ("no_cache", json!(request.no_cache)),
        ("target", json!(request.target)),
        ("args", json!(args)),
    ]
}

fn step_event(event: Event, step: &StepReport) -> Event {
    let event = event
        .with("index", step.number)
        .with("total", step.total)
        .with("line", step.line)
        .with("instruction", step.text.clone())
        .with("cached", step.cached);
    let event = match &step.stage_name {
        Some(stage) => event.with("stage", stage.clone()),
        None => event,
    };
    match &step.reason {
        Some(reason) => event.with("reason", reason.to_string()),
        None => event,
    }
}
