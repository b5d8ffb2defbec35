//! Rules about FROM, the ARGs before it, and the comments that describe them.

use super::{Around, Found, Rule};
use crate::build::instruction::Instruction;
use crate::build::stages;
use crate::build::syntax::parse::{Stage, StepText};
use crate::build::syntax::source::Word;
use crate::oci::config::{machine_architecture, machine_platform};
use crate::oci::reference::Reference;

pub(super) fn check(found: &mut Found<'_>, around: &Around<'_>) {
    let file = found.file;
    for stage in &file.stages {
        default_name(found, stage);
        platform_flag(found, stage);
        base_platform(found, stage, around);
        if let Some(name) = &stage.from.name {
            description(found, "FROM", &stage.from_step, &[name]);
        }
        for step in &stage.steps {
            if let Instruction::Arg(arg) = &step.instruction {
                let names: Vec<_> = arg.declared.iter().map(|one| &one.name).collect();
                description(found, "ARG", &step.written, &names);
            }
        }
    }
    for (arg, written) in file.global_args.iter().zip(&file.global_arg_steps) {
        let names: Vec<_> = arg.declared.iter().map(|one| &one.name).collect();
        description(found, "ARG", written, &names);
    }
}

/// What FROM names without any `--build-arg`.
fn default_name(found: &mut Found<'_>, stage: &Stage) {
    let image = &stage.from.image;
    let Some(name) = stages::expanded(found.file, image, &[]) else {
        return;
    };
    if Reference::parse(&name).is_err() {
        found.add(
            Rule::InvalidDefaultArgInFrom,
            image.span,
            format!(
                "Default value for ARG {} results in empty or invalid base image name",
                image.text
            ),
        );
    }
}

/// `--platform` with the default platform, or with a constant one.
fn platform_flag(found: &mut Found<'_>, stage: &Stage) {
    let Some(word) = &stage.from.platform else {
        return;
    };
    if ["$TARGETPLATFORM", "${TARGETPLATFORM}"].contains(&word.text.as_str()) {
        found.add(
            Rule::RedundantTargetPlatform,
            word.span,
            format!(
                "Setting platform to predefined {} in FROM is redundant as this is the default behavior",
                word.text
            ),
        );
    }
    let named_after_it = stage.from.name.as_ref().is_some_and(|name| {
        let mut parts = word.text.split('/').take(2);
        parts.any(|part| name.text.contains(part))
    });
    if !word.text.contains('$') && !named_after_it {
        found.add(
            Rule::FromPlatformFlagConstDisallowed,
            word.span,
            format!(
                "FROM --platform flag should not use constant value \"{}\"",
                word.text
            ),
        );
    }
}

/// A local image that was built for a different architecture.
fn base_platform(found: &mut Found<'_>, stage: &Stage, around: &Around<'_>) {
    let base = around.base(found.file, stage);
    if base == "scratch" || found.file.stage_named(&base, stage.index).is_some() {
        return;
    }
    let Some(image) = (around.image)(&base) else {
        return;
    };
    if !image.architecture.is_empty() && image.architecture != machine_architecture() {
        found.add(
            Rule::InvalidBaseImagePlatform,
            stage.from.image.span,
            format!(
                "Base image {} was pulled with platform \"linux/{}\", expected \"{}\" for current build",
                base,
                image.architecture,
                machine_platform()
            ),
        );
    }
}

/// A comment directly before a stage or an argument describes it, and must begin with its name.
fn description(found: &mut Found<'_>, keyword: &str, written: &StepText, names: &[&Word]) {
    let source = &found.file.source;
    let (line, _) = source.position(written.span.start);
    let above = line.checked_sub(1).map(|above| source.line(above).trim());
    let Some(comment) = above.and_then(|above| above.strip_prefix('#')) else {
        return;
    };
    // Comments before the first instruction may be directives.
    let comment = comment.trim();
    let directive = comment.split_once('=').is_some_and(|(name, _)| {
        ["syntax", "escape", "check"].contains(&name.trim().to_ascii_lowercase().as_str())
    });
    let first = comment.split(' ').next().unwrap_or_default();
    if comment.is_empty() || directive || names.iter().any(|name| name.text == first) {
        return;
    }
    let shown = match names {
        [name] => name.text.as_str(),
        _ => "<arg_key>",
    };
    found.add(
        Rule::InvalidDefinitionDescription,
        written.keyword.span,
        format!("Comment for {keyword} should follow the format: `# {shown} <description>`"),
    );
}
