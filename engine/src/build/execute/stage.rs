//! One stage: what it starts from, and its steps with their cache keys.

use super::base::unresolved;
use super::step::{Current, Job, key};
use super::{Builder, Built, Going};
use crate::build::cache::compare::{Before, Missed};
use crate::build::cache::content::Content;
use crate::build::cache::explain::Reason;
use crate::build::observe::StepReport;
use crate::build::stages::{self, Base, CopyFrom, copy_from};
use crate::build::state::{Place, State};
use crate::build::syntax::parse::{Dockerfile, Stage};
use crate::error::Result;
use crate::oci::config::{ImageConfig, machine_architecture};
use crate::oci::reference::Reference;
use crate::store::build_cache::{Inputs, StepRecord};

impl Builder<'_> {
    /// Builds stage `index`.
    pub(super) fn stage(&mut self, index: usize) -> Result<Built> {
        let file = self.file;
        let stage = &file.stages[index];
        let from = self.start_from(stage)?;
        let triggers = triggers(stage, &from.config)?;
        let jobs = jobs(file, stage, &triggers);
        let first = usize::from(self.plan.bases[index] != Base::Scratch);
        let title = stage.title();
        let mut going = Going {
            before: Before::load(&self.cache, &self.inputs.identity, &title, index)?,
            missed: None,
            keys: Vec::new(),
            written: std::iter::once(&stage.from_step)
                .chain(jobs.iter().map(|job| &job.step.written))
                .map(|written| written.text.clone())
                .collect(),
            built: from,
        };
        let current = Current {
            written: &stage.from_step,
            position: 0,
            number: first,
            total: jobs
                .iter()
                .filter(|job| job.step.instruction.changes_files())
                .count()
                + first,
            stage_name: match (file.stages.len(), &stage.from.name) {
                (1, None) => None,
                _ => Some(title.clone()),
            },
            stage: index,
            line: file.source.position(stage.from_step.span.start).0,
        };
        let result = self
            .base_step(stage, &mut going, &current)
            .and_then(|()| self.all_steps(&jobs, &mut going, &current, !triggers.is_empty()));
        self.last.stages.push((title, going.keys.clone()));
        result.map(|()| going.built)
    }

    /// Executes the steps after FROM.
    fn all_steps(
        &mut self,
        jobs: &[Job<'_>],
        going: &mut Going,
        from: &Current<'_>,
        triggered: bool,
    ) -> Result<()> {
        let file = self.file;
        let mut state = State {
            config: std::mem::take(&mut going.built.config.config),
            author: std::mem::take(&mut going.built.config.author),
            args: std::mem::take(&mut going.built.args),
            globals: &self.plan.globals,
            build_args: self.build_args,
            cmd_set: false,
        };
        if triggered {
            state.config.on_build = None;
        }
        let mut last = from.number;
        for (offset, job) in jobs.iter().enumerate() {
            let numbered = job.step.instruction.changes_files();
            last += usize::from(numbered);
            let own = std::ptr::eq(job.place.source, &file.source);
            let current = Current {
                written: &job.step.written,
                position: offset + 1,
                number: if numbered { last } else { 0 },
                stage_name: from.stage_name.clone(),
                // A trigger of the base image has no line in this file.
                line: match own {
                    true => file.source.position(job.step.written.span.start).0,
                    false => from.line,
                },
                ..*from
            };
            self.step(job, &mut state, going, &current)?;
        }
        going.built.config.config = state.config;
        going.built.config.author = state.author;
        going.built.args = state.args;
        Ok(())
    }

    /// What `stage` starts from.
    fn start_from(&mut self, stage: &Stage) -> Result<Built> {
        match self.plan.bases[stage.index].clone() {
            Base::Scratch => Ok(Built {
                config: ImageConfig {
                    architecture: machine_architecture().to_owned(),
                    os: "linux".to_owned(),
                    ..ImageConfig::default()
                },
                base: "scratch".to_owned(),
                ..Built::default()
            }
            .with_path()),
            Base::Stage(index) => {
                self.ensure(index)?;
                let built = self.built.get(&index).cloned().unwrap_or_default();
                Ok(Built {
                    base: format!("stage {}", built.key),
                    ..built
                })
            }
            Base::Image(name) => match self.begins.remove(&stage.index) {
                Some(found) => Ok(found),
                None => self.image(&name, stage),
            },
        }
    }

    /// Looks up all images that the build names before the first step, so that a missing one is not discovered after
    /// minutes of work.
    pub(super) fn look_for_images(&mut self) -> Result<()> {
        let file = self.file;
        for index in self.plan.order.clone() {
            let stage = &file.stages[index];
            if let Base::Image(name) = &self.plan.bases[index] {
                let found = self.image(&name.clone(), stage)?;
                self.begins.insert(index, found);
            }
            for from in stages::sources(stage) {
                if let CopyFrom::Image(name) = copy_from(file, index, Some(from))? {
                    let found = self.find_image(&name);
                    found.map_err(|error| {
                        self.no_such_source(from.span, place(file), &name, error)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn image(&mut self, name: &str, stage: &Stage) -> Result<Built> {
        let reference = Reference::parse(name)
            .map_err(|error| {
                let message = format!("failed to parse stage name \"{name}\": {error}");
                self.file.source.error(stage.from.image.span, message)
            })?
            .or_latest();
        let title = format!("[internal] load metadata for {reference}");
        let found = self.find_image(name);
        let found = self.teller.during(&title, |_, _| {
            found.map_err(|error| {
                let message = unresolved(name, &reference, &error);
                let hint = error.hint().map(str::to_owned);
                let error = self.file.source.error(stage.from.image.span, message);
                match hint {
                    Some(hint) => error.with_hint(hint).into(),
                    None => error.into(),
                }
            })
        })?;
        Ok(Built {
            base: format!("image {}", found.id),
            unchanged: Some(found.listed.id),
            config: found.config,
            chain: found.listed.chain,
            ..Built::default()
        }
        .with_path())
    }

    /// FROM as a step: it has a key and a vertex, and never runs.
    fn base_step(&mut self, stage: &Stage, going: &mut Going, current: &Current<'_>) -> Result<()> {
        let inputs = Inputs {
            text: "FROM".to_owned(),
            base: Some(going.built.base.clone()),
            ..Inputs::default()
        };
        let key = key("", &inputs);
        let text = match &self.plan.bases[stage.index] {
            Base::Scratch => "FROM scratch".to_owned(),
            Base::Stage(index) => format!("FROM {}", self.file.stages[*index].title()),
            Base::Image(name) => {
                let reference = Reference::parse(name).map(Reference::or_latest);
                let reference = reference.map_or_else(|_| name.clone(), |name| name.to_string());
                format!("FROM {reference}")
            }
        };
        let known = self
            .cache
            .step(&key)?
            .is_some_and(|record| record.chain == going.built.chain);
        if known {
            let _ = self.cache.touch(&key, self.engine.now());
        } else {
            // If the base differs from the last build's, that is the reason why all following steps run.
            let missed = Missed {
                position: 0,
                written: &current.written.text,
                inputs: &inputs,
                content: None,
                parent: None,
                now: &going.written,
            };
            let reason = going.before.reason(&self.cache, &missed)?;
            let reason = (!matches!(reason, Reason::LayerGone)).then(|| self.told(reason));
            let record = StepRecord {
                written: current.written.text.clone(),
                reason: reason.as_ref().map(ToString::to_string),
                ..self.record_of(&key, "", inputs, going)
            };
            going.missed = reason.map(|reason| (current.title(), reason));
            self.cache.put_step(&record, None::<&Content>)?;
        }
        going.built.key.clone_from(&key);
        going.keys.push(key.clone());
        let report = StepReport {
            text,
            layer: None,
            ..current.report(key, true, None)
        };
        if current.number > 0 {
            let vertex = self.teller.start(&report.title());
            self.teller.finish(vertex, Some(&report));
        }
        self.steps.push(report);
        Ok(())
    }
}

/// The steps of a stage: the triggers of its base, then its own.
fn jobs<'b>(file: &'b Dockerfile, stage: &'b Stage, triggers: &'b [Dockerfile]) -> Vec<Job<'b>> {
    let triggered = triggers.iter().flat_map(|file| {
        let steps = file.stages.iter().flat_map(|stage| &stage.steps);
        steps.map(|step| Job {
            step,
            place: place(file),
        })
    });
    let own = stage.steps.iter().map(|step| Job {
        step,
        place: place(file),
    });
    triggered.chain(own).collect()
}

fn place(file: &Dockerfile) -> Place<'_> {
    Place {
        source: &file.source,
        escape: file.directives.escape,
    }
}

/// The base image's ONBUILD instructions, each as a small Dockerfile.
fn triggers(stage: &Stage, config: &ImageConfig) -> Result<Vec<Dockerfile>> {
    let mut files = Vec::new();
    for text in config.config.on_build.as_deref().unwrap_or_default() {
        let name = format!("ONBUILD of {}", stage.from.image.text);
        files.push(Dockerfile::parse(
            name,
            format!("FROM scratch\n{text}").as_bytes(),
        )?);
    }
    Ok(files)
}
