//! Builds: one short method per verb.

use super::Engine;
use crate::build::check::{self, Around, Report};
use crate::build::context::Inputs;
use crate::build::execute::{self, Site};
use crate::build::export::{self, BuildForm};
use crate::build::observe::{BuildObserver, BuildOutcome, StepReport};
use crate::build::request::{BuildRequest, Context};
use crate::build::stages::Plan;
use crate::build::state::BuildArgs;
use crate::build::syntax::error::BuildError;
use crate::build::syntax::parse::Dockerfile;
use crate::error::Result;
use crate::events::{Event, ObjectKind};
use crate::sys::namespace::become_root;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

impl Engine {
    /// Builds an image.
    ///
    /// The process must have one thread only: an ordinary user becomes root of a namespace here, for RUN and for owners.
    ///
    /// # Errors
    /// The message is what BuildKit says after `failed to solve: `, and where in the Dockerfile, line and caret
    /// included, on the lines after it. Steps before the one that failed stay in the cache.
    pub fn build(
        &self,
        request: BuildRequest,
        observer: &mut dyn BuildObserver,
    ) -> Result<BuildOutcome> {
        become_root()?;
        let site = Site {
            home: &self.home,
            sandbox: &self.sandbox,
            clock: &*self.clock,
            outbound: self.outbound,
        };
        let facts = facts(&request);
        let recorded = !request.unrecorded;
        let done = execute::build(site, request, observer);
        for one in &done.pulled {
            self.record_pull(one);
        }
        for step in &done.steps {
            self.record(&step_event(
                self.event(ObjectKind::Builder, "build_step", ""),
                step,
            ));
        }
        let event = |id: &str| {
            let event = self.event(ObjectKind::Builder, "build", id);
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
                    let tagged = self.event(ObjectKind::Image, "tag", id);
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
                self.record(&event("").with("success", false).with("error", first));
                Err(error)
            }
        }
    }

    /// Writes what was built to `sink`, in the form that `docker build --output` asks for. The caller holds
    /// [`Engine::keep_content`] since before the build.
    pub fn write_build(
        &self,
        built: &BuildOutcome,
        form: BuildForm,
        sink: &mut dyn Write,
    ) -> Result<()> {
        export::write(&self.home, built, form, sink)
    }

    /// Writes the files of what was built into `folder`, which is made if it is missing; they belong to the caller.
    pub fn unpack_build(&self, built: &BuildOutcome, folder: &Path) -> Result<()> {
        export::unpack(&self.home, built, folder)
    }

    /// Checks the Dockerfile of a build without building anything. Only the context, the Dockerfile and the
    /// build arguments of the request count.
    ///
    /// # Errors
    /// As [`Engine::build`], for a Dockerfile that cannot be read or parsed.
    pub fn check_build(&self, mut request: BuildRequest) -> Result<Report> {
        // What is unpacked to be looked at is not swept meanwhile.
        let _kept = self.keep_content()?;
        let context = std::mem::take(&mut request.context);
        let inputs = Inputs::load(&self.home, context, &request.dockerfile)?;
        let file = Dockerfile::parse(inputs.name.clone(), &inputs.dockerfile)?;
        let around = Around {
            image: &|name| self.image(name).ok().map(Into::into),
            has_dockerignore: inputs.tree.is_some().then(|| inputs.ignore_name.is_some()),
            ignore: inputs.tree.as_ref().map(|tree| &tree.ignore),
            build_args: &request.build_args,
            options: request.check_options(),
        };
        let report = check::check(&file, &around)?;
        // What a build would refuse before its first step is an error here, too.
        let build_args = BuildArgs::new(request.build_args.clone());
        Plan::new(&file, request.target.as_deref(), &build_args)?;
        Ok(report)
    }

    /// Parses a Dockerfile without building it; `name` stands in messages.
    pub fn parse_dockerfile(
        &self,
        name: &str,
        text: &[u8],
    ) -> std::result::Result<Dockerfile, BuildError> {
        Dockerfile::parse(name, text)
    }
}

/// What the journal says of a build, beside its outcome.
fn facts(request: &BuildRequest) -> Vec<(&'static str, Value)> {
    // Of an argument that is given twice, the last value counts.
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
