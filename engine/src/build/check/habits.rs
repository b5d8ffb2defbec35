//! Rules about how instructions are written.

use super::{Around, Found, Rule};
use crate::build::instruction::Instruction;
use crate::build::instruction::add::is_url;
use crate::build::instruction::command_line::CommandLine;
use crate::build::instruction::one_word::Workdir;
use crate::build::syntax::parse::{Stage, StepText};
use crate::build::syntax::source::Word;
use crate::go::within_root;

pub(super) fn check(found: &mut Found<'_>, around: &Around<'_>) {
    let file = found.file;
    keywords(found);
    let mut names: Vec<String> = Vec::new();
    let mut ends: Vec<End> = Vec::new();
    for stage in &file.stages {
        stage_name(found, stage, &mut names);
        let image = around.base(file, stage);
        let mut end = match file.stage_named(&image, stage.index) {
            Some(base) => ends.get(base.index).copied().unwrap_or_default(),
            None => End {
                has_workdir: false,
                has_shell: (around.image)(&image).is_some_and(|image| image.has_shell),
            },
        };
        repeated(found, stage);
        for step in &stage.steps {
            match &step.instruction {
                Instruction::Shell(_) => end.has_shell = true,
                Instruction::Workdir(workdir) => {
                    relative_workdir(found, workdir, end.has_workdir);
                    end.has_workdir = true;
                }
                // An explicit SHELL means that the shell form is intended.
                Instruction::Cmd(_) | Instruction::Entrypoint(_) if end.has_shell => {}
                Instruction::Cmd(cmd) => shell_form(found, "CMD", &cmd.command),
                Instruction::Entrypoint(entrypoint) => {
                    shell_form(found, "ENTRYPOINT", &entrypoint.command);
                }
                Instruction::Maintainer(_) => found.add(
                    Rule::MaintainerDeprecated,
                    step.written.keyword.span,
                    "Maintainer instruction is deprecated in favor of using label",
                ),
                Instruction::Env(env) => old_form(
                    found,
                    "ENV",
                    env.pairs.first().map(|p| (&p.key, p.old_form)),
                ),
                Instruction::Label(label) => {
                    old_form(
                        found,
                        "LABEL",
                        label.pairs.first().map(|p| (&p.key, p.old_form)),
                    );
                }
                Instruction::Expose(expose) => ports(found, &expose.ports),
                Instruction::Copy(copy) if copy.from.is_none() => {
                    ignored_sources(found, "Copy", &copy.transfer.sources, around);
                }
                Instruction::Add(add) => {
                    ignored_sources(found, "Add", &add.transfer.sources, around);
                }
                _ => {}
            }
        }
        ends.push(end);
    }
}

/// EXPOSE takes the ports of the container, with a protocol in lower case.
fn ports(found: &mut Found<'_>, ports: &[Word]) {
    for word in ports {
        let text = word.text.trim_matches(['"', '\'']);
        let protocol = text.split_once('/').map(|(_, protocol)| protocol);
        if protocol.is_some_and(|name| !name.contains('$') && name.to_lowercase() != name) {
            found.add(
                Rule::ExposeProtoCasing,
                word.span,
                format!("Defined protocol '{text}' in EXPOSE instruction should be lowercase"),
            );
        }
        // `${PORT:-80}` also has a colon.
        if !text.contains('$') && text.contains(':') {
            found.add(
                Rule::ExposeInvalidFormat,
                word.span,
                format!(
                    "EXPOSE instruction should not define an IP address or host-port mapping, found '{text}'"
                ),
            );
        }
    }
}

/// A source that `.dockerignore` excludes.
fn ignored_sources(found: &mut Found<'_>, verb: &str, sources: &[Word], around: &Around<'_>) {
    // With exceptions, the source may be a file in an excluded folder.
    let Some(ignore) = around.ignore.filter(|ignore| !ignore.has_exceptions()) else {
        return;
    };
    for source in sources {
        let path = &within_root(&source.text);
        let known = !source.text.contains('$') && !is_url(&source.text) && !path.is_empty();
        if known && ignore.excludes_path(path) {
            found.add(
                Rule::CopyIgnoredFile,
                source.span,
                format!("Attempting to {verb} file \"{path}\" that is excluded by .dockerignore"),
            );
        }
    }
}

/// What a stage passes on to stages that start from it.
#[derive(Clone, Copy, Default)]
struct End {
    has_workdir: bool,
    has_shell: bool,
}

fn all_steps<'a>(found: &Found<'a>) -> Vec<&'a StepText> {
    let stages = found.file.stages.iter().flat_map(|stage| {
        std::iter::once(&stage.from_step).chain(stage.steps.iter().map(|step| &step.written))
    });
    found.file.global_arg_steps.iter().chain(stages).collect()
}

/// Keywords must be all upper case or all lower case; no empty lines in continuations.
fn keywords(found: &mut Found<'_>) {
    let steps = all_steps(found);
    let is_upper = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
    let is_lower = |word: &str| word.chars().all(|c| c.is_ascii_lowercase());
    let lower = steps
        .iter()
        .filter(|step| is_lower(&step.keyword.text))
        .count();
    let mostly_lower = lower * 2 > steps.len();
    for step in steps {
        let word = &step.keyword;
        let right = match mostly_lower {
            true => is_lower(&word.text),
            false => is_upper(&word.text),
        };
        if !right {
            let case = if mostly_lower {
                "lowercase"
            } else {
                "uppercase"
            };
            found.add(
                Rule::ConsistentInstructionCasing,
                word.span,
                format!(
                    "Command '{}' should match the case of the command majority ({case})",
                    word.text
                ),
            );
        }
        if step.empty_continuation {
            found.add(
                Rule::NoEmptyContinuation,
                word.span,
                "Empty continuation line: it will be an error in a later version of Docker",
            );
        }
    }
}

fn stage_name(found: &mut Found<'_>, stage: &Stage, names: &mut Vec<String>) {
    let (Some(name), Some(word)) = (&stage.from.name, &stage.from.as_word) else {
        return;
    };
    let lower = name.text.to_ascii_lowercase();
    if name.text != lower {
        found.add(
            Rule::StageNameCasing,
            name.span,
            format!("Stage name '{}' should be lowercase", name.text),
        );
    }
    if ["scratch", "context"].contains(&lower.as_str()) {
        found.add(
            Rule::ReservedStageName,
            name.span,
            format!("Stage name should not use the same name as reserved stage \"{lower}\""),
        );
    }
    if names.contains(&lower) {
        found.add(
            Rule::DuplicateStageName,
            name.span,
            format!(
                "Duplicate stage name \"{}\", stage names should be unique",
                name.text
            ),
        );
    }
    names.push(lower);
    let from = &stage.from_step.keyword.text;
    let is_upper = |text: &str| text.chars().all(|c| c.is_ascii_uppercase());
    if is_upper(from) != is_upper(&word.text) {
        found.add(
            Rule::FromAsCasing,
            word.span,
            format!("'{}' and '{from}' keywords' casing do not match", word.text),
        );
    }
}

/// The first WORKDIR of a stage is relative to the WORKDIR of its base image, which may change.
fn relative_workdir(found: &mut Found<'_>, workdir: &Workdir, has_workdir: bool) {
    let text = workdir.path.text.trim_start_matches(['"', '\'']);
    if !has_workdir && !text.starts_with(['/', '$']) {
        found.add(
            Rule::WorkdirRelativePath,
            workdir.path.span,
            format!(
                "Relative workdir \"{}\" can have unexpected results if the base image changes",
                workdir.path.text
            ),
        );
    }
}

/// Only the last CMD, ENTRYPOINT and HEALTHCHECK of a stage count.
fn repeated(found: &mut Found<'_>, stage: &Stage) {
    for keyword in ["CMD", "ENTRYPOINT", "HEALTHCHECK"] {
        let same: Vec<_> = stage
            .steps
            .iter()
            .filter(|step| step.instruction.keyword() == keyword)
            .collect();
        if let [before @ .., _last] = same.as_slice() {
            for step in before {
                found.add(
                    Rule::MultipleInstructionsDisallowed,
                    step.written.keyword.span,
                    format!(
                        "Multiple {keyword} instructions should not be used in the same stage because only the last one will be used"
                    ),
                );
            }
        }
    }
}

fn shell_form(found: &mut Found<'_>, keyword: &str, command: &CommandLine) {
    let CommandLine::Shell(text) = command else {
        return;
    };
    let message = match text.text.starts_with('[') {
        true => format!(
            "{keyword} looks like JSON and is not, so the shell gets it as it stands: JSON needs double quotes"
        ),
        false => format!(
            "JSON arguments recommended for {keyword} to prevent unintended behavior related to OS signals"
        ),
    };
    found.add(Rule::JSONArgsRecommended, text.span, message);
}

fn old_form(found: &mut Found<'_>, keyword: &str, first: Option<(&Word, bool)>) {
    if let Some((key, true)) = first {
        found.add(
            Rule::LegacyKeyValueFormat,
            key.span,
            format!(
                "\"{keyword} key=value\" should be used instead of legacy \"{keyword} key value\" format"
            ),
        );
    }
}
