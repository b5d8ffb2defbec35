//! Build checks: habits in a Dockerfile that work today and hurt later.
//!
//! **What Docker does.** `docker build --check` reads the Dockerfile and reports each violation of a rule by its name.
//! **What we do.** The same rules under the same names, and a few about the cache and about size. Each has a page in
//! `docs/checks/`. `# check=skip=Rule,Rule` leaves rules out (`skip=all` leaves out all), `# check=error=true` makes
//! findings errors, and `--build-arg BUILDKIT_DOCKERFILE_CHECK=…` is taken instead.
//! Source: Docker manual, "Build checks".

mod from;
mod habits;
mod layers;
mod options;
mod ports;
mod variables;

pub use options::ARGUMENT;

use super::context::Inputs;
use super::ignore::Ignore;
use super::request::BuildRequest;
use super::stages;
use super::stages::Plan;
use super::state::BuildArgs;
use super::syntax::parse::{Dockerfile, Stage};
use super::syntax::source::Span;
use crate::engine::Engine;
use crate::error::Result;
use crate::image::Image;
use options::Options;

/// A rule of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `apt-get update` in a RUN of its own.
    AptGetUpdateAlone,
    /// Keywords in mixed case.
    ConsistentInstructionCasing,
    /// Everything is copied before dependencies are installed.
    CopyBeforeDependencies,
    /// A source that `.dockerignore` leaves out.
    CopyIgnoredFile,
    /// Two stages of one name.
    DuplicateStageName,
    /// EXPOSE with an address or a port of the machine.
    ExposeInvalidFormat,
    /// EXPOSE with a protocol in capitals.
    ExposeProtoCasing,
    /// A file is removed in a later layer than the one that made it.
    FileRemovedInLaterLayer,
    /// `from … AS`, or `FROM … as`.
    FromAsCasing,
    /// FROM with a platform that is written out.
    FromPlatformFlagConstDisallowed,
    /// An image for another machine.
    InvalidBaseImagePlatform,
    /// FROM names nothing unless a `--build-arg` is given.
    InvalidDefaultArgInFrom,
    /// A comment before a stage or an argument that does not begin with its name.
    InvalidDefinitionDescription,
    /// CMD or ENTRYPOINT in shell form.
    JSONArgsRecommended,
    /// `ENV name value`.
    LegacyKeyValueFormat,
    /// MAINTAINER.
    MaintainerDeprecated,
    /// Everything is copied, and nothing says what to leave out.
    MissingDockerignore,
    /// Two CMDs, ENTRYPOINTs or HEALTHCHECKs in a stage: the last one counts.
    MultipleInstructionsDisallowed,
    /// An empty line inside a continued instruction.
    NoEmptyContinuation,
    /// FROM with the platform that is meant anyway.
    RedundantTargetPlatform,
    /// A stage called `scratch` or `context`.
    ReservedStageName,
    /// A password in ARG or ENV.
    SecretsUsedInArgOrEnv,
    /// A stage name with capitals.
    StageNameCasing,
    /// FROM uses an ARG that is not declared before the first FROM.
    UndefinedArgInFrom,
    /// A variable that nothing sets.
    UndefinedVar,
    /// A relative WORKDIR without an absolute one before it.
    WorkdirRelativePath,
}

/// A rule that a Dockerfile breaks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What is the matter, in one sentence.
    pub message: String,
    /// From 1.
    pub line: usize,
    /// The place, the line and a caret, as lines of text.
    pub excerpt: String,
}

/// What the checks found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// By line.
    pub findings: Vec<Finding>,
    /// The Dockerfile asks for findings to be errors.
    pub is_error: bool,
}

/// What the checks know beyond the Dockerfile.
pub struct Around<'a> {
    /// An image, if it is here.
    pub image: &'a dyn Fn(&str) -> Option<BaseImage>,
    /// Whether the context has a `.dockerignore`; `None` if there is no context, or nobody wants to know.
    pub has_dockerignore: Option<bool>,
    /// What the context leaves out.
    pub ignore: Option<&'a Ignore>,
    /// `--build-arg`.
    pub build_args: &'a [(String, String)],
    /// What [`ARGUMENT`] says; it replaces the Dockerfile's own options.
    pub options: Option<&'a str>,
}

impl Around<'_> {
    /// What a stage starts from, variables expanded.
    fn base(&self, file: &Dockerfile, stage: &Stage) -> String {
        let word = &stage.from.image;
        stages::expanded(file, word, self.build_args).unwrap_or_else(|| word.text.clone())
    }
}

/// What counts of an image that a stage starts from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaseImage {
    /// Its variables.
    pub env: Vec<String>,
    /// As Go names it; empty where the image does not say.
    pub architecture: String,
    /// It has a SHELL of its own.
    pub has_shell: bool,
}

impl From<Image> for BaseImage {
    fn from(image: Image) -> Self {
        let config = image.config.config;
        Self {
            env: config.env.unwrap_or_default(),
            architecture: image.config.architecture,
            has_shell: config.shell.is_some_and(|shell| !shell.is_empty()),
        }
    }
}

impl Rule {
    /// All rules, sorted.
    pub const ALL: [Self; 26] = [
        Self::AptGetUpdateAlone,
        Self::ConsistentInstructionCasing,
        Self::CopyBeforeDependencies,
        Self::CopyIgnoredFile,
        Self::DuplicateStageName,
        Self::ExposeInvalidFormat,
        Self::ExposeProtoCasing,
        Self::FileRemovedInLaterLayer,
        Self::FromAsCasing,
        Self::FromPlatformFlagConstDisallowed,
        Self::InvalidBaseImagePlatform,
        Self::InvalidDefaultArgInFrom,
        Self::InvalidDefinitionDescription,
        Self::JSONArgsRecommended,
        Self::LegacyKeyValueFormat,
        Self::MaintainerDeprecated,
        Self::MissingDockerignore,
        Self::MultipleInstructionsDisallowed,
        Self::NoEmptyContinuation,
        Self::RedundantTargetPlatform,
        Self::ReservedStageName,
        Self::SecretsUsedInArgOrEnv,
        Self::StageNameCasing,
        Self::UndefinedArgInFrom,
        Self::UndefinedVar,
        Self::WorkdirRelativePath,
    ];

    /// Its name; Docker's where Docker has the rule.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Whether Docker has it, too; then each build tells its findings. The others are told by `--check` only.
    pub fn is_dockers(self) -> bool {
        !matches!(
            self,
            Self::AptGetUpdateAlone
                | Self::CopyBeforeDependencies
                | Self::FileRemovedInLaterLayer
                | Self::MissingDockerignore
        )
    }

    /// Whether it is told only when it is asked for: `# check=experimental=…`.
    pub fn is_experimental(self) -> bool {
        self == Self::InvalidDefinitionDescription
    }

    /// Its page in the repository.
    pub fn page(self) -> String {
        format!("docs/checks/{self:?}.md")
    }
}

impl Engine {
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
        let report = check(&file, &around)?;
        // What a build would refuse before its first step is an error here, too.
        let build_args = BuildArgs::new(request.build_args.clone());
        Plan::new(&file, request.target.as_deref(), &build_args)?;
        Ok(report)
    }
}

/// Checks `file` against all rules that it does not skip. Error: the options say what does not exist.
pub fn check(file: &Dockerfile, around: &Around<'_>) -> Result<Report> {
    let mut found = Found {
        file,
        findings: Vec::new(),
    };
    let own = file.directives.check.as_deref();
    let options = Options::parse(around.options.or(own).unwrap_or_default())?;
    from::check(&mut found, around);
    habits::check(&mut found, around);
    ports::check(&mut found);
    variables::check(&mut found, around);
    layers::check(&mut found, around);
    let mut findings = found.findings;
    findings.retain(|finding| options.tells(finding.rule));
    findings.sort_by_key(|finding| (finding.line, finding.rule));
    Ok(Report {
        is_error: options.is_error && !findings.is_empty(),
        findings,
    })
}

/// Collects findings.
struct Found<'a> {
    file: &'a Dockerfile,
    findings: Vec<Finding>,
}

impl Found<'_> {
    fn add(&mut self, rule: Rule, span: Span, message: impl Into<String>) {
        let place = self.file.source.error(span, "");
        self.findings.push(Finding {
            rule,
            message: message.into(),
            line: place.line,
            excerpt: place.excerpt(),
        });
    }
}

#[cfg(test)]
mod tests;
