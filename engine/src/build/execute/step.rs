//! One step: looked up by its key, or executed; reported either way.

use super::look::Prepared;
use super::progress::{Vertex, first_line};
use super::{Builder, COMMENT, Going};
use crate::build::cache::compare::Missed;
use crate::build::cache::content::Content;
use crate::build::cache::explain::Reason;
use crate::build::observe::{StepLayer, StepReport};
use crate::build::state::{Place, State};
use crate::build::syntax::parse::{Step, StepText};
use crate::build::work::{CopyWork, Effect, MountWork, Work};
use crate::error::{Error, Result};
use crate::oci::config::History;
use crate::oci::digest::Digest;
use crate::store::build_cache::{Inputs, StepRecord};
use crate::store::layers;

/// A step with the file that contains it: the Dockerfile, or a trigger of the base image.
pub(super) struct Job<'a> {
    pub(super) step: &'a Step,
    pub(super) place: Place<'a>,
}

/// What is known of a step before its lookup.
pub(super) struct Current<'a> {
    pub(super) written: &'a StepText,
    /// Which step of the stage it is; FROM is 0.
    pub(super) position: usize,
    pub(super) number: usize,
    pub(super) total: usize,
    pub(super) stage_name: Option<String>,
    pub(super) stage: usize,
    pub(super) line: usize,
}

impl Builder<'_> {
    pub(super) fn step(
        &mut self,
        job: &Job<'_>,
        state: &mut State<'_>,
        going: &mut Going,
        current: &Current<'_>,
    ) -> Result<()> {
        let effect = job.step.instruction.apply(state, job.place)?;
        let files: Vec<&CopyWork> = match &effect.work {
            Work::Copy(copy) => vec![copy],
            Work::Run(run) => run.mounts.iter().filter_map(MountWork::files).collect(),
            _ => Vec::new(),
        };
        let prepared: Result<Vec<_>> = files
            .into_iter()
            .map(|copy| self.prepare_copy(copy, job.place, current.stage))
            .collect();
        let report = current.report(String::new(), false, None);
        let vertex = (current.number > 0).then(|| self.teller.start(&report.title()));
        let result = prepared
            .map_err(|error| located(job, error))
            .and_then(|prepared| {
                self.look_up_or_do(job, &effect, &prepared, going, current, vertex)
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
        prepared: &[Prepared<'_>],
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
            Work::Copy(_) => {}
        }
        let content = Content::of(prepared.iter().map(|prepared| &prepared.content));
        let content = content.as_ref();
        inputs.content = content.map(Content::digest);
        let parent = going.built.key.clone();
        let key = key(&parent, &inputs);
        let record = self.usable(&key, going)?;
        let (cached, reason, created, own_layer) = match record {
            Some(record) => {
                going.built.chain.clone_from(&record.chain);
                // Only later reports about the cache depend on it.
                let _ = self.cache.touch(&key, self.engine.now());
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
                let record = StepRecord {
                    written: current.written.text.clone(),
                    own_layer,
                    reason: Some(reason.to_string()),
                    ..self.record_of(&key, &parent, inputs, going)
                };
                self.cache.put_step(&record, content)?;
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

    /// The record of `key`, if it may be used and its layer exists on top of the layers that we have.
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
            .all(|chain| layers::exists(&self.engine.home, chain));
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

    pub(super) fn told(&self, reason: Reason) -> Reason {
        match self.no_cache {
            true => Reason::NoCache,
            false => reason,
        }
    }

    /// Executes the remaining work. Returns whether it made a layer.
    fn perform(
        &mut self,
        effect: &Effect,
        prepared: &[Prepared<'_>],
        going: &mut Going,
        current: &Current<'_>,
        vertex: Option<Vertex>,
    ) -> Result<bool> {
        match (&effect.work, prepared, vertex) {
            (Work::Directory { path, user }, _, _) => self.make_directory(path, user, going),
            (Work::Copy(copy), [prepared], _) => {
                self.do_copy(copy, prepared, going)?;
                Ok(true)
            }
            (Work::Run(run), binds, Some(vertex)) => {
                let title = current.report(String::new(), false, None).title();
                self.do_run(run, going, vertex, &title, binds)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The record of a step that made no layer, without its text.
    pub(super) fn record_of(
        &self,
        key: &str,
        parent: &str,
        inputs: Inputs,
        going: &Going,
    ) -> StepRecord {
        StepRecord {
            key: key.to_owned(),
            parent: parent.to_owned(),
            written: String::new(),
            inputs,
            created: self.engine.now(),
            chain: going.built.chain.clone(),
            own_layer: false,
            reason: None,
        }
    }

    /// Adds the topmost layer to the configuration, if this step made it.
    fn note_layer(&self, going: &mut Going, own_layer: bool) -> Result<Option<StepLayer>> {
        let Some(top) = going.built.chain.last().filter(|_| own_layer) else {
            return Ok(None);
        };
        let layer = layers::read(&self.engine.home, top)?;
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
    pub(super) fn title(&self) -> String {
        match (self.number, &self.stage_name) {
            (0, _) => self.written.text.clone(),
            (number, None) => format!("step {number}"),
            (number, Some(stage)) => format!("step {stage} {number}"),
        }
    }

    pub(super) fn report(&self, key: String, cached: bool, reason: Option<Reason>) -> StepReport {
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

/// Adds the step's place to an error that has none yet.
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

/// The key of a step.
pub(super) fn key(parent: &str, inputs: &Inputs) -> String {
    let text = serde_json::to_string(inputs).unwrap_or_default();
    // The number grows when the same inputs give other digests.
    Digest::of(format!("2\n{parent}\n{text}").as_bytes())
        .hex()
        .to_owned()
}
