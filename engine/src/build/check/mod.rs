//! Build checks: habits in a Dockerfile that work today and cause trouble later.
//!
//! **What Docker does.** `docker build --check` reads the Dockerfile and reports each violation of a rule by its name.
//! **What we do.** The same rules under the same names. Each has a page in `docs/checks/`. `# check=skip=Rule,Rule` skips rules (`skip=all` skips all), `# check=error=true` makes findings
//! errors, and `--build-arg BUILDKIT_DOCKERFILE_CHECK=…` replaces the directive.
//! Source: Docker manual, "Build checks".

mod from;
mod habits;
mod options;
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

/// A check rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Keywords in mixed case.
    ConsistentInstructionCasing,
    /// A source that `.dockerignore` leaves out.
    CopyIgnoredFile,
    /// Two stages with the same name.
    DuplicateStageName,
    /// EXPOSE with a host address or host port.
    ExposeInvalidFormat,
    /// EXPOSE with a protocol in upper case.
    ExposeProtoCasing,
    /// `from … AS`, or `FROM … as`.
    FromAsCasing,
    /// FROM with a constant platform.
    FromPlatformFlagConstDisallowed,
    /// An image built for a different platform.
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
    /// Two CMDs, ENTRYPOINTs or HEALTHCHECKs in a stage: the last one counts.
    MultipleInstructionsDisallowed,
    /// An empty line inside a continued instruction.
    NoEmptyContinuation,
    /// FROM with the default platform.
    RedundantTargetPlatform,
    /// A stage called `scratch` or `context`.
    ReservedStageName,
    /// A password in ARG or ENV.
    SecretsUsedInArgOrEnv,
    /// A stage name with upper-case letters.
    StageNameCasing,
    /// FROM uses an ARG that is not declared before the first FROM.
    UndefinedArgInFrom,
    /// A variable that nothing sets.
    UndefinedVar,
    /// A relative WORKDIR without an absolute one before it.
    WorkdirRelativePath,
}

/// A violation of a rule, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The problem, in one sentence.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The place, the line and a caret, as lines of text.
    pub excerpt: String,
}

/// What the checks found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Sorted by line.
    pub findings: Vec<Finding>,
    /// The Dockerfile turns findings into errors.
    pub is_error: bool,
}

/// What the checks know beyond the Dockerfile.
pub struct Around<'a> {
    /// Looks up a local image.
    pub image: &'a dyn Fn(&str) -> Option<BaseImage>,
    /// The files that the context excludes.
    pub ignore: Option<&'a Ignore>,
    /// `--build-arg`.
    pub build_args: &'a [(String, String)],
    /// The value of [`ARGUMENT`]; it replaces the Dockerfile's directive.
    pub options: Option<&'a str>,
}

impl Around<'_> {
    /// What a stage starts from, with variables expanded.
    fn base(&self, file: &Dockerfile, stage: &Stage) -> String {
        let word = &stage.from.image;
        stages::expanded(file, word, self.build_args).unwrap_or_else(|| word.text.clone())
    }
}

/// The properties of a base image that the checks use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaseImage {
    /// Its variables.
    pub env: Vec<String>,
    /// In Go's naming; empty if the image does not name one.
    pub architecture: String,
    /// The image sets its own SHELL.
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
    pub const ALL: [Self; 22] = [
        Self::ConsistentInstructionCasing,
        Self::CopyIgnoredFile,
        Self::DuplicateStageName,
        Self::ExposeInvalidFormat,
        Self::ExposeProtoCasing,
        Self::FromAsCasing,
        Self::FromPlatformFlagConstDisallowed,
        Self::InvalidBaseImagePlatform,
        Self::InvalidDefaultArgInFrom,
        Self::InvalidDefinitionDescription,
        Self::JSONArgsRecommended,
        Self::LegacyKeyValueFormat,
        Self::MaintainerDeprecated,
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

    /// Docker's name of it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Whether it is reported only on request: `# check=experimental=…`.
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
        // Content unpacked for the checks must not be swept meanwhile.
        let _kept = self.keep_content()?;
        let context = std::mem::take(&mut request.context);
        let inputs = Inputs::load(&self.home, context, &request.dockerfile)?;
        let file = Dockerfile::parse(inputs.name.clone(), &inputs.dockerfile)?;
        let report = check_file(self, &file, &inputs, &request)?;
        // An error that a build reports before its first step is an error here too.
        let build_args = BuildArgs::new(request.build_args.clone());
        Plan::new(&file, request.target.as_deref(), &build_args)?;
        Ok(report)
    }
}

/// Checks the Dockerfile of a build.
pub(super) fn check_file(
    engine: &Engine,
    file: &Dockerfile,
    inputs: &Inputs,
    request: &BuildRequest,
) -> Result<Report> {
    let mut given = request.build_args.iter().rev();
    let around = Around {
        image: &|name| engine.image(name).ok().map(Into::into),
        ignore: inputs.tree.as_ref().map(|tree| &tree.ignore),
        build_args: &request.build_args,
        options: given
            .find(|(name, _)| name == ARGUMENT)
            .map(|(_, value)| value.as_str()),
    };
    check(file, &around)
}

/// Checks `file` against all rules that it does not skip. Error: the options name something that does not exist.
pub fn check(file: &Dockerfile, around: &Around<'_>) -> Result<Report> {
    let mut found = Found {
        file,
        findings: Vec::new(),
    };
    let own = file.directives.check.as_deref();
    let options = Options::parse(around.options.or(own).unwrap_or_default())?;
    from::check(&mut found, around);
    habits::check(&mut found, around);
    variables::check(&mut found, around);
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
