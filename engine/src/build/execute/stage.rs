//! One stage: what it starts from, and its steps with their cache keys.

use super::copy::Prepared;
use super::progress::{Vertex, first_line};
use super::{Builder, COMMENT};
use crate::build::cache::compare::{Before, Missed};
use crate::build::cache::content::Content;
use crate::build::cache::explain::Reason;
use crate::build::instruction::Instruction;
use crate::build::observe::{StepLayer, StepReport};
use crate::build::stages::{Base, architecture};
use crate::build::state::{ArgValue, Effect, Place, State, Work};
use crate::build::syntax::parse::{Dockerfile, Stage, Step, StepText};
use crate::error::{Error, Result};
use crate::image::{self, resolve};
use crate::oci::config::{History, ImageConfig};
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use crate::store::build_cache::{Inputs, StepRecord};
use crate::store::layers;
use crate::store::lock::Lock;

/// A finished stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Built {
    pub(super) config: ImageConfig,
    /// Its layers, by chain id, lowest first.
    pub(super) chain: Vec<String>,
    /// The key of its last step.
    pub(super) key: String,
    /// The keys of the steps that made its history, base stages included.
    pub(super) history_keys: Vec<String>,
    /// ARGs that it declared: a stage built on it sees them.
    args: Vec<ArgValue>,
    /// The image that it is, if nothing was added to one.
    pub(super) unchanged: Option<ImageId>,
    /// FROM as the cache sees it.
    base: String,
}

/// A step with the file that it stands in: the Dockerfile, or a trigger of the base image.
struct Job<'a> {
    step: &'a Step,
    place: Place<'a>,
}

/// What is known of a step before it is looked up.
struct Current<'a> {
    written: &'a StepText,
    /// Which step of the stage it is; FROM is 0.
    position: usize,
    number: usize,
    total: usize,
    stage_name: Option<String>,
    stage: usize,
    line: usize,
}

/// The stage while its steps are done.
pub(super) struct Going {
    pub(super) built: Built,
    before: Before,
    /// The first step that missed: its title and reason.
    missed: Option<(String, Reason)>,
    keys: Vec<String>,
    /// The steps as they are written.
    written: Vec<String>,
    /// Held from before a layer is published until its record is written.
    pub(super) kept: Option<Lock>,
}

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
            kept: None,
        };
        let current = Current {
            written: &stage.from_step,
            position: 0,
            number: first,
            total: jobs.iter().filter(|job| is_numbered(job.step)).count() + first,
            stage_name: match (file.stages.len(), &stage.from.name) {
                (1, None) => None,
                _ => Some(title.clone()),
            },
            stage: index,
            line: file.source.position(stage.from_step.span.start).0,
        };
        let result = self
            .from_step(stage, &mut going, &current)
            .and_then(|()| self.all_steps(&jobs, &mut going, &current, !triggers.is_empty()));
        self.last.stages.push((title, going.keys.clone()));
        result.map(|()| going.built)
    }

    /// Does the steps after FROM.
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
            let numbered = is_numbered(job.step);
            last += usize::from(numbered);
            let own = std::ptr::eq(job.place.source, &file.source);
            let current = Current {
                written: &job.step.written,
                position: offset + 1,
                number: if numbered { last } else { 0 },
                stage_name: from.stage_name.clone(),
                // A trigger of the base image has no line of its own.
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
                    architecture: architecture().to_owned(),
                    os: "linux".to_owned(),
                    ..ImageConfig::default()
                },
                base: "scratch".to_owned(),
                ..Built::default()
            }),
            Base::Stage(index) => {
                self.ensure(index)?;
                let built = self.built.get(&index).cloned().unwrap_or_default();
                Ok(Built {
                    base: format!("stage {}", built.key),
                    ..built
                })
            }
            Base::Image(name) => self.image(&name, stage),
        }
    }

    fn image(&mut self, name: &str, stage: &Stage) -> Result<Built> {
        let site = self.site;
        let reference = Reference::parse(name)
            .map_err(|error| {
                let message = format!("failed to parse stage name \"{name}\": {error}");
                self.file.source.error(stage.from.image.span, message)
            })?
            .or_latest();
        let title = format!("[internal] load metadata for {reference}");
        let found = self.teller.during(&title, |_, _| {
            resolve::find(site.home, site.sandbox, name).map_err(|error| match error.kind() {
                crate::ErrorKind::NotFound => {
                    let message = format!(
                        "{name}: failed to resolve source metadata for {reference}: not found"
                    );
                    self.file
                        .source
                        .error(stage.from.image.span, message)
                        .with_hint(missing_base_hint(site, name))
                        .into()
                }
                _ => error,
            })
        })?;
        Ok(Built {
            base: format!("image {}", found.id),
            unchanged: Some(found.id),
            config: found.config,
            chain: found.chain,
            ..Built::default()
        })
    }

    /// FROM as a step: it has a key, a vertex, and never runs.
    fn from_step(&mut self, stage: &Stage, going: &mut Going, current: &Current<'_>) -> Result<()> {
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
        if !known {
            // Why: if it is another base than at the last build, all that follows runs for that reason.
            let missed = Missed {
                position: 0,
                written: &current.written.text,
                inputs: &inputs,
                content: None,
                parent: None,
                now: &going.written,
            };
            let reason = going.before.reason(&self.cache, &missed)?;
            if !matches!(reason, Reason::LayerGone) {
                going.missed = Some((current.title(), self.told(reason)));
            }
            let _kept = image::keep_content(self.site.home)?;
            self.put(&key, "", current, &inputs, going, false, None)?;
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

    fn step(
        &mut self,
        job: &Job<'_>,
        state: &mut State<'_>,
        going: &mut Going,
        current: &Current<'_>,
    ) -> Result<()> {
        let effect = job.step.instruction.apply(state, job.place)?;
        let prepared = match &effect.work {
            Work::Copy(copy) => Some(self.prepare_copy(copy, job.place, current.stage)),
            _ => None,
        };
        let report = current.report(String::new(), false, None);
        let vertex = (current.number > 0).then(|| self.teller.start(&report.title()));
        let result = prepared
            .transpose()
            .map_err(|error| located(job, error))
            .and_then(|prepared| {
                self.look_up_or_do(job, &effect, prepared.as_ref(), going, current, vertex)
            });
        match result {
            Ok(report) => {
                if let Some(vertex) = vertex {
                    self.teller.finish(vertex, Some(&report));
                }
                self.steps.push(report);
                Ok(())
            }
            Err(error) => {
                if let Some(vertex) = vertex {
                    self.teller.fail(vertex, first_line(error.message()));
                }
                Err(error)
            }
        }
    }

    fn look_up_or_do(
        &mut self,
        job: &Job<'_>,
        effect: &Effect,
        prepared: Option<&Prepared<'_>>,
        going: &mut Going,
        current: &Current<'_>,
        vertex: Option<Vertex>,
    ) -> Result<StepReport> {
        let mut inputs = Inputs {
            text: effect.key.clone(),
            ..Inputs::default()
        };
        match &effect.work {
            Work::Configured => {}
            Work::Directory { user, .. } => inputs.user.clone_from(user),
            Work::Run(run) => {
                inputs.env.clone_from(&run.env);
                inputs.args.clone_from(&run.args);
                inputs.user.clone_from(&run.user);
                inputs.working_dir.clone_from(&run.working_dir);
            }
            Work::Copy(_) => {
                inputs.content = prepared.map(|prepared| prepared.content.digest());
            }
        }
        let parent = going.built.key.clone();
        let key = key(&parent, &inputs);
        let record = self.usable(&key, going)?;
        let content = prepared.map(|prepared| &prepared.content);
        let (cached, reason, created, own_layer) = match record {
            Some(record) => {
                going.built.chain.clone_from(&record.chain);
                (true, None, record.created, record.own_layer)
            }
            None => {
                let reason = self.reason(going, current, &inputs, content)?;
                let own_layer = self
                    .perform(effect, prepared, going, current, vertex)
                    .map_err(|error| located(job, error))?;
                if going.missed.is_none() {
                    going.missed = Some((current.title(), reason.clone()));
                }
                let record =
                    self.put(&key, &parent, current, &inputs, going, own_layer, content)?;
                going.kept = None;
                (false, Some(reason), record.created, own_layer)
            }
        };
        let layer = self.note_layer(going, own_layer)?;
        if let Some(history) = &effect.history {
            going.built.config.history.push(History {
                created: Some(created.to_string()),
                created_by: history.clone(),
                author: String::new(),
                comment: COMMENT.to_owned(),
                empty_layer: !own_layer,
            });
            going.built.history_keys.push(key.clone());
        }
        going.built.config.created = Some(created.to_string());
        going.built.unchanged = None;
        going.built.key.clone_from(&key);
        going.keys.push(key.clone());
        Ok(StepReport {
            layer,
            duration: vertex
                .map(|vertex| self.teller.elapsed(vertex))
                .unwrap_or_default(),
            ..current.report(key, cached, reason)
        })
    }

    /// The record of `key`, if it may be used and its layer is there and lies on the layers that we have.
    fn usable(&self, key: &str, going: &Going) -> Result<Option<StepRecord>> {
        if self.no_cache {
            return Ok(None);
        }
        let Some(record) = self.cache.step(key)? else {
            return Ok(None);
        };
        let below = record.chain.len() - usize::from(record.own_layer && !record.chain.is_empty());
        let fits = record.chain[..below] == going.built.chain[..];
        let there = record
            .chain
            .iter()
            .all(|chain| layers::exists(self.site.home, chain));
        Ok((fits && there).then_some(record))
    }

    fn reason(
        &self,
        going: &Going,
        current: &Current<'_>,
        inputs: &Inputs,
        content: Option<&Content>,
    ) -> Result<Reason> {
        let missed = Missed {
            position: current.position,
            written: &current.written.text,
            inputs,
            content,
            parent: going
                .missed
                .as_ref()
                .map(|(title, reason)| (title.as_str(), reason)),
            now: &going.written,
        };
        Ok(self.told(going.before.reason(&self.cache, &missed)?))
    }

    fn told(&self, reason: Reason) -> Reason {
        match self.no_cache {
            true => Reason::NoCache,
            false => reason,
        }
    }

    /// Does what is left to do. Returns whether it made a layer.
    fn perform(
        &mut self,
        effect: &Effect,
        prepared: Option<&Prepared<'_>>,
        going: &mut Going,
        current: &Current<'_>,
        vertex: Option<Vertex>,
    ) -> Result<bool> {
        match (&effect.work, prepared, vertex) {
            (Work::Directory { path, user }, _, _) => self.make_directory(path, user, going),
            (Work::Copy(copy), Some(prepared), _) => {
                self.do_copy(copy, prepared, going)?;
                Ok(true)
            }
            (Work::Run(run), _, Some(vertex)) => {
                let title = current.report(String::new(), false, None).title();
                self.do_run(run, going, vertex, &title)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is what a record says")]
    fn put(
        &self,
        key: &str,
        parent: &str,
        current: &Current<'_>,
        inputs: &Inputs,
        going: &Going,
        own_layer: bool,
        content: Option<&Content>,
    ) -> Result<StepRecord> {
        let record = StepRecord {
            key: key.to_owned(),
            parent: parent.to_owned(),
            written: current.written.text.clone(),
            inputs: inputs.clone(),
            created: self.site.clock.now(),
            chain: going.built.chain.clone(),
            own_layer,
        };
        self.cache.put_step(&record, content)?;
        Ok(record)
    }

    /// Adds the topmost layer, if it is the step's own, to the configuration.
    fn note_layer(&self, going: &mut Going, own_layer: bool) -> Result<Option<StepLayer>> {
        let Some(top) = going.built.chain.last().filter(|_| own_layer) else {
            return Ok(None);
        };
        let layer = layers::read(self.site.home, top)?;
        let diff_ids = &mut going.built.config.rootfs.diff_ids;
        diff_ids.push(layer.diff_id.clone());
        Ok(Some(StepLayer {
            diff_id: layer.diff_id,
            chain: layer.chain,
            size: layer.size,
        }))
    }
}

impl Current<'_> {
    /// What the step is called in reasons.
    fn title(&self) -> String {
        match (self.number, &self.stage_name) {
            (0, _) => self.written.text.clone(),
            (number, None) => format!("step {number}"),
            (number, Some(stage)) => format!("step {stage} {number}"),
        }
    }

    fn report(&self, key: String, cached: bool, reason: Option<Reason>) -> StepReport {
        StepReport {
            number: self.number,
            total: self.total,
            stage: self.stage,
            stage_name: self.stage_name.clone(),
            text: self.written.text.clone(),
            line: self.line,
            cached,
            reason,
            duration: std::time::Duration::ZERO,
            layer: None,
            key,
        }
    }
}

/// Puts the step's place under an error that has none yet.
fn located(job: &Job<'_>, error: Error) -> Error {
    if error.message().contains("--> ") {
        return error;
    }
    let place = job.place.source.error(job.step.written.span, "");
    let hint = error.hint().map(str::to_owned);
    let located = Error::new(error.kind(), format!("{error}\n{}", place.excerpt()));
    match hint {
        Some(hint) => located.with_hint(hint),
        None => located,
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

/// Whether a step has a number: it can change files.
fn is_numbered(step: &Step) -> bool {
    matches!(
        step.instruction,
        Instruction::Run(_) | Instruction::Copy(_) | Instruction::Add(_) | Instruction::Workdir(_)
    )
}

fn place(file: &Dockerfile) -> Place<'_> {
    Place {
        source: &file.source,
        escape: file.directives.escape,
    }
}

/// The base image's ONBUILD instructions, a small Dockerfile each.
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

/// The key of a step.
fn key(parent: &str, inputs: &Inputs) -> String {
    let text = serde_json::to_string(inputs).unwrap_or_default();
    Digest::of(format!("1\n{parent}\n{text}").as_bytes())
        .hex()
        .to_owned()
}

fn missing_base_hint(site: super::Site<'_>, name: &str) -> String {
    let images = image::list(site.home, site.sandbox).unwrap_or_default();
    let names: Vec<String> = images
        .iter()
        .flat_map(|image| &image.references)
        .map(Reference::familiar)
        .collect();
    let repositories: Vec<&str> = names
        .iter()
        .filter_map(|name| name.split(':').next())
        .collect();
    match crate::build::syntax::error::closest(name, repositories) {
        Some(like) => format!("did you mean `{like}`? `docker images` shows what is here"),
        None => "`docker images` shows what is here".to_owned(),
    }
}
