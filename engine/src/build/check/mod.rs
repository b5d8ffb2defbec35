//! Build checks: habits in a Dockerfile that work today and hurt later.
//!
//! **What Docker does.** `docker build --check` reads the Dockerfile and reports each violation of a rule by its name.
//! **What we do.** The same rules under the same names, and a few about the cache and about size. Each has a page in
//! `docs/checks/`. `# check=skip=Rule,Rule` leaves rules out (`skip=all` leaves out all), `# check=error=true` makes
//! findings errors.
//! **What we leave out.** Rules about several platforms: an image has one here.
//! Source: Docker manual, "Build checks".

mod habits;
mod layers;
mod variables;

use super::syntax::parse::Dockerfile;
use super::syntax::source::Span;

/// A rule of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `apt-get update` in a RUN of its own.
    AptGetUpdateAlone,
    /// Keywords in mixed case.
    ConsistentInstructionCasing,
    /// Everything is copied before dependencies are installed.
    CopyBeforeDependencies,
    /// Two stages of one name.
    DuplicateStageName,
    /// A file is removed in a later layer than the one that made it.
    FileRemovedInLaterLayer,
    /// `from … AS`, or `FROM … as`.
    FromAsCasing,
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
    /// The variables of an image, if it is here.
    pub image_env: &'a dyn Fn(&str) -> Option<Vec<String>>,
    /// Whether the context has a `.dockerignore`; `None` if there is no context.
    pub has_dockerignore: Option<bool>,
}

impl Rule {
    /// All rules, sorted.
    pub const ALL: [Self; 18] = [
        Self::AptGetUpdateAlone,
        Self::ConsistentInstructionCasing,
        Self::CopyBeforeDependencies,
        Self::DuplicateStageName,
        Self::FileRemovedInLaterLayer,
        Self::FromAsCasing,
        Self::JSONArgsRecommended,
        Self::LegacyKeyValueFormat,
        Self::MaintainerDeprecated,
        Self::MissingDockerignore,
        Self::MultipleInstructionsDisallowed,
        Self::NoEmptyContinuation,
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

    /// Its page in the repository.
    pub fn page(self) -> String {
        format!("docs/checks/{self:?}.md")
    }
}

/// Checks `file` against all rules that it does not skip.
pub fn check(file: &Dockerfile, around: &Around<'_>) -> Report {
    let mut found = Found {
        file,
        findings: Vec::new(),
    };
    habits::check(&mut found);
    variables::check(&mut found, around);
    layers::check(&mut found, around);
    let mut findings = found.findings;
    let (skipped, is_error) = directive(file);
    let skips = |rule: Rule| {
        let named = |skip: &String| skip == "all" || skip.eq_ignore_ascii_case(&rule.name());
        skipped.iter().any(named)
    };
    findings.retain(|finding| !skips(finding.rule));
    findings.sort_by_key(|finding| (finding.line, finding.rule));
    Report {
        is_error: is_error && !findings.is_empty(),
        findings,
    }
}

/// `# check=skip=A,B;error=true`.
fn directive(file: &Dockerfile) -> (Vec<String>, bool) {
    let (mut skipped, mut is_error) = (Vec::new(), false);
    for part in file
        .directives
        .check
        .iter()
        .flat_map(|text| text.split(';'))
    {
        match part.trim().split_once('=') {
            Some(("skip", rules)) => {
                skipped.extend(rules.split(',').map(|rule| rule.trim().to_owned()))
            }
            Some(("error", value)) => is_error = value.trim().eq_ignore_ascii_case("true"),
            _ => {}
        }
    }
    (skipped, is_error)
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
