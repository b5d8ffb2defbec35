//! Executing a build: stage after stage, step after step.
//!
//! ```text
//! for each stage that the target needs:
//!     start from an image, a stage, or nothing
//!     for each instruction:
//!         apply it to the configuration            instruction/*.rs, pure
//!         compute its key                          parent ‖ text ‖ what it runs with ‖ content
//!         a record with that key, its layer there? → CACHED
//!         else do it, publish the layer, write the record, and say why
//! record the image
//! ```
//!
//! Records are written step by step, so a failed build keeps the steps that it finished.

mod base;
mod copy;
mod fetch;
mod look;
mod mounts;
mod progress;
mod run;
mod stage;
mod step;

use super::cache::compare::Before;
use super::cache::explain::Reason;
use super::check::{Finding, check_file};
use super::context::Inputs;
use super::observe::{BuildObserver, BuildOutcome, StepReport};
use super::request::BuildRequest;
use super::stages::Plan;
use super::state::{ArgValue, BuildArgs};
use super::syntax::parse::Dockerfile;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::image::record::{NewImage, record};
use crate::image::remote::Pulled;
use crate::oci::config::{ImageConfig, PATH, is_machine_platform, machine_platform};
use crate::oci::digest::{Digest, ImageId};
use crate::oci::reference::Reference;
use crate::store::build_cache::{BuildCache, LastBuild};
use crate::store::containers::NetworkMode;
use base::Bases;
use progress::{Teller, size};
use std::collections::BTreeMap;

/// The comment of the history entries that BuildKit writes.
const COMMENT: &str = "buildkit.dockerfile.v0";

/// What a build did, whether it succeeded or not.
pub(crate) struct Done {
    pub(crate) steps: Vec<StepReport>,
    /// Images pulled from registries.
    pub(crate) pulled: Vec<Pulled>,
    /// The digest of the Dockerfile's text, if it could be read.
    pub(crate) dockerfile: Option<Digest>,
    pub(crate) result: Result<BuildOutcome>,
}

/// What a build has done so far.
#[derive(Default)]
struct Trace {
    steps: Vec<StepReport>,
    pulled: Vec<Pulled>,
    dockerfile: Option<Digest>,
}

/// A build in progress.
struct Builder<'a> {
    engine: &'a Engine,
    file: &'a Dockerfile,
    plan: &'a Plan,
    inputs: &'a Inputs,
    build_args: &'a BuildArgs,
    no_cache: bool,
    network: NetworkMode,
    extra_hosts: Vec<String>,
    secrets: BTreeMap<String, Vec<u8>>,
    cache: BuildCache,
    teller: Teller<'a>,
    /// The context has been read, and its vertex reported.
    context_told: bool,
    /// The bases of the stages that start from an image.
    begins: BTreeMap<usize, Built>,
    built: BTreeMap<usize, Built>,
    last: LastBuild,
    steps: Vec<StepReport>,
    warnings: Vec<String>,
    bases: Bases,
}

/// A finished stage.
#[derive(Debug, Clone, Default)]
struct Built {
    config: ImageConfig,
    /// Its layers, by chain id, lowest first.
    chain: Vec<String>,
    /// The key of its last step.
    key: String,
    /// The ARGs that it declared: a stage built on it sees them.
    args: Vec<ArgValue>,
    /// The image that the stage is identical to, if nothing was added.
    unchanged: Option<ImageId>,
    /// FROM as the cache sees it.
    base: String,
}

/// A stage whose steps are being executed.
struct Going {
    built: Built,
    before: Before,
    /// The first step that missed: its title and reason.
    missed: Option<(String, Reason)>,
    keys: Vec<String>,
    /// The steps as they are written.
    written: Vec<String>,
}

impl Built {
    /// Adds the default `PATH` where the base sets none, so that every stage has one. Source: BuildKit,
    /// `dockerfile2llb`, `dispatchStages`.
    fn with_path(mut self) -> Self {
        let env = self.config.config.env.get_or_insert_default();
        if !env.iter().any(|variable| variable.starts_with("PATH=")) {
            env.push(PATH.to_owned());
            // The configuration now differs from the base's.
            self.unchanged = None;
        }
        self
    }
}

/// Builds an image. The caller is root (possibly of a user namespace) and single-threaded.
pub(crate) fn build(
    engine: &Engine,
    mut request: BuildRequest,
    observer: &mut dyn BuildObserver,
) -> Done {
    let mut trace = Trace::default();
    let result = prepare(engine, &mut request, observer, &mut trace);
    Done {
        steps: trace.steps,
        pulled: trace.pulled,
        dockerfile: trace.dockerfile,
        result,
    }
}

fn prepare(
    engine: &Engine,
    request: &mut BuildRequest,
    observer: &mut dyn BuildObserver,
    trace: &mut Trace,
) -> Result<BuildOutcome> {
    let tags = tags(&request.tags)?;
    // A layer that the last step made, or that FROM found, must still exist when the next step needs it.
    let _kept = engine.keep_content()?;
    if let Some(wanted) = &request.platform
        && !is_machine_platform(wanted)
    {
        return Err(Error::unsupported(format!(
            "`--platform {wanted}` is not part of docklings: this machine is {}",
            machine_platform()
        )));
    }
    let mut teller = Teller::new(observer, &*engine.clock);
    let context = std::mem::take(&mut request.context);
    let inputs = teller.during(
        "[internal] load build definition from Dockerfile",
        |teller, vertex| {
            let inputs = Inputs::load(&engine.home, context, &request.dockerfile)?;
            let length = inputs.dockerfile.len() as u64;
            teller.note(
                vertex,
                &format!("transferring dockerfile: {}", size(length)),
            );
            Ok(inputs)
        },
    )?;
    if let Some(name) = &inputs.ignore_name {
        let vertex = teller.start("[internal] load .dockerignore");
        teller.note(vertex, &format!("reading {name}"));
        teller.finish(vertex, None);
    }
    trace.dockerfile = Some(Digest::of(&inputs.dockerfile));
    let file = Dockerfile::parse(inputs.name.clone(), &inputs.dockerfile)?;
    let findings = checked(engine, &file, &inputs, request)?;
    let build_args = BuildArgs::new(std::mem::take(&mut request.build_args));
    let plan = Plan::new(&file, request.target.as_deref(), &build_args)?;
    let cache = BuildCache::of(&engine.sandbox);
    let mut builder = Builder {
        engine,
        file: &file,
        plan: &plan,
        inputs: &inputs,
        build_args: &build_args,
        no_cache: request.no_cache,
        network: request.network.clone(),
        extra_hosts: std::mem::take(&mut request.extra_hosts),
        secrets: std::mem::take(&mut request.secrets),
        cache,
        teller,
        context_told: false,
        begins: BTreeMap::new(),
        built: BTreeMap::new(),
        last: LastBuild::default(),
        steps: Vec::new(),
        warnings: Vec::new(),
        bases: Bases {
            reach: request.reach.take(),
            always: request.pull,
            ..Bases::default()
        },
    };
    let result = builder.run(request, tags);
    // If this is lost, the next build loses reasons, nothing else.
    let _ = builder.cache.put_last(&inputs.identity, &builder.last);
    trace.steps = std::mem::take(&mut builder.steps);
    trace.pulled = std::mem::take(&mut builder.bases.pulled);
    let mut outcome = result?;
    outcome.steps.clone_from(&trace.steps);
    outcome.findings = findings;
    Ok(outcome)
}

/// The findings of Docker's checks. Error: there are findings, and the Dockerfile turns them into errors.
fn checked(
    engine: &Engine,
    file: &Dockerfile,
    inputs: &Inputs,
    request: &BuildRequest,
) -> Result<Vec<Finding>> {
    let report = check_file(engine, file, inputs, request)?;
    match report.findings.first() {
        Some(first) if report.is_error => {
            let mut rules: Vec<String> = report.findings.iter().map(|f| f.rule.name()).collect();
            rules.dedup();
            Err(Error::invalid(format!(
                "lint violation found for rules: {}\n{}\n{}",
                rules.join(", "),
                first.message,
                first.excerpt
            ))
            .with_hint("docker build --check tells more"))
        }
        _ => Ok(report.findings),
    }
}

fn tags(texts: &[String]) -> Result<Vec<Reference>> {
    let mut tags = Vec::new();
    for text in texts {
        let tag = Reference::parse(text)
            .map_err(|error| Error::invalid(format!("invalid tag \"{text}\": {error}")))?
            .or_latest();
        if tag.digest().is_some() {
            return Err(Error::invalid(format!(
                "invalid tag \"{text}\": refusing to create a tag with a digest reference"
            )));
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

impl Builder<'_> {
    fn run(&mut self, request: &BuildRequest, tags: Vec<Reference>) -> Result<BuildOutcome> {
        self.look_for_images()?;
        for index in self.plan.order.clone() {
            self.ensure(index)?;
        }
        let built = match self.built.get(&self.plan.target) {
            Some(built) => built.clone(),
            None => return Err(Error::internal("the target stage was not built")),
        };
        let unused = self.build_args.unused();
        if !unused.is_empty() {
            self.warnings.push(format!(
                "One or more build-args [{}] were not consumed",
                unused.join(" ")
            ));
        }
        let chain = built.chain.clone();
        let config = match &built.unchanged {
            // Only FROM: the image is its base.
            Some(id) if request.labels.is_empty() => {
                crate::store::blobs::read(&self.engine.home, id)?
            }
            _ => {
                let mut config = built.config.clone();
                if !request.labels.is_empty() {
                    let labels = config.config.labels.get_or_insert_default();
                    labels.extend(request.labels.clone());
                }
                config_bytes(&config)?
            }
        };
        let id = Digest::of(&config);
        if !request.unrecorded {
            self.record(&config, &tags)?;
        }
        let advice = super::advice::advice(self.file, &self.steps);
        Ok(BuildOutcome {
            id,
            chain,
            tags,
            steps: Vec::new(),
            advice,
            findings: Vec::new(),
            warnings: std::mem::take(&mut self.warnings),
        })
    }

    /// Builds stage `index` and its dependencies, unless that is done already.
    fn ensure(&mut self, index: usize) -> Result<()> {
        if self.built.contains_key(&index) {
            return Ok(());
        }
        let built = self.stage(index)?;
        self.built.insert(index, built);
        Ok(())
    }

    /// Records the image.
    fn record(&mut self, config: &[u8], tags: &[Reference]) -> Result<()> {
        let engine = self.engine;
        self.teller.during("exporting to image", |teller, vertex| {
            let new = NewImage {
                config: config.to_vec(),
                parent: None,
                references: tags.to_vec(),
            };
            let recorded = record(&engine.home, &engine.sandbox, engine.now(), &[new])?;
            teller.note(vertex, &format!("writing image {}", recorded[0].id));
            for tag in tags {
                teller.note(vertex, &format!("naming to {tag}"));
            }
            Ok(())
        })
    }
}

fn config_bytes(config: &ImageConfig) -> Result<Vec<u8>> {
    serde_json::to_vec(config).map_err(|error| {
        Error::internal("an image configuration cannot be written").with_source(error)
    })
}

#[cfg(test)]
mod tests;
