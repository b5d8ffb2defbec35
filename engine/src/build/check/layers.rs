//! Rules about layers and the cache: habits that make builds slow and images large.

use super::{Around, Found, Rule};
use crate::build::advice;
use crate::build::ignore::Ignore;
use crate::build::instruction::Instruction;
use crate::build::instruction::add::is_url;
use crate::build::instruction::copy::Copy;
use crate::build::syntax::parse::{Stage, Step};
use crate::tree::clean::within_root;

pub(super) fn check(found: &mut Found<'_>, around: &Around<'_>) {
    let file = found.file;
    for stage in &file.stages {
        update_alone(found, stage);
        removed_later(found, stage);
        copy_first(found, stage);
    }
    if let Some(ignore) = around.ignore {
        ignored_sources(found, ignore);
    }
    let everything = file.stages.iter().flat_map(|stage| &stage.steps).find(
        |step| matches!(&step.instruction, Instruction::Copy(copy) if copies_everything(copy)),
    );
    if let (Some(step), Some(false)) = (everything, around.has_dockerignore) {
        found.add(
            Rule::MissingDockerignore,
            step.written.keyword.span,
            "The whole context is copied, and no .dockerignore says what to leave out",
        );
    }
}

/// A source that `.dockerignore` excludes.
fn ignored_sources(found: &mut Found<'_>, ignore: &Ignore) {
    let file = found.file;
    for step in file.stages.iter().flat_map(|stage| &stage.steps) {
        let (keyword, sources) = match &step.instruction {
            Instruction::Copy(copy) if copy.from.is_none() => ("Copy", &copy.transfer.sources),
            Instruction::Add(add) => ("Add", &add.transfer.sources),
            _ => continue,
        };
        for source in sources {
            let path = &within_root(&source.text);
            let known = !source.text.contains('$') && !is_url(&source.text) && !path.is_empty();
            // With exceptions, the source may be a file in an excluded folder.
            if known && !ignore.has_exceptions() && ignore.excludes_path(path) {
                found.add(
                    Rule::CopyIgnoredFile,
                    source.span,
                    format!(
                        "Attempting to {keyword} file \"{path}\" that is excluded by .dockerignore"
                    ),
                );
            }
        }
    }
}

fn copies_everything(copy: &Copy) -> bool {
    let sources = &copy.transfer.sources;
    copy.from.is_none()
        && sources
            .iter()
            .any(|source| [".", "./", "/", "*", "./*"].contains(&source.text.as_str()))
}

/// The text of a RUN, its heredocs included.
fn command(step: &Step) -> Option<String> {
    match &step.instruction {
        Instruction::Run(run) => Some(run.argv(&[]).join(" ")),
        _ => None,
    }
}

/// A RUN that only updates the package lists stays cached, and the following installation gets old packages.
fn update_alone(found: &mut Found<'_>, stage: &Stage) {
    for step in &stage.steps {
        let Some(text) = command(step) else {
            continue;
        };
        let updates = ["apt-get update", "apt update"]
            .iter()
            .any(|part| text.contains(part));
        let installs = ["install", "upgrade"]
            .iter()
            .any(|part| text.contains(part));
        if updates && !installs {
            found.add(
                Rule::AptGetUpdateAlone,
                step.written.keyword.span,
                "The package lists are cached in a layer of their own and grow old: update and install in one RUN",
            );
        }
    }
}

/// `rm` hides a file of an earlier layer, but it is still in the image.
fn removed_later(found: &mut Found<'_>, stage: &Stage) {
    let mut made: Vec<String> = Vec::new();
    for step in &stage.steps {
        match &step.instruction {
            Instruction::Copy(copy) => made.extend(targets(
                &copy.transfer.destination.text,
                &copy.transfer.sources,
            )),
            Instruction::Add(add) => made.extend(targets(
                &add.transfer.destination.text,
                &add.transfer.sources,
            )),
            _ => {}
        }
        let Some(text) = command(step) else {
            continue;
        };
        for path in removed(&text) {
            let earlier = made.iter().any(|made| made == path);
            if earlier {
                found.add(
                    Rule::FileRemovedInLaterLayer,
                    step.written.keyword.span,
                    format!("{path} stays in the layer that made it: removing it here makes the image no smaller"),
                );
            }
        }
        made.extend(written(&text));
    }
}

/// The targets of the sources.
fn targets(destination: &str, sources: &[crate::build::syntax::source::Word]) -> Vec<String> {
    let folder = destination.trim_end_matches('/');
    let mut targets = vec![destination.to_owned()];
    targets.extend(sources.iter().filter_map(|source| {
        let name = source.text.trim_end_matches('/').rsplit('/').next()?;
        Some(format!("{folder}/{name}"))
    }));
    targets
}

/// The commands of a shell text.
fn commands(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.split(['&', ';', '|', '\n'])
        .map(|command| command.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
}

/// Paths that `rm` removes.
fn removed(text: &str) -> Vec<&str> {
    let mut paths = Vec::new();
    for words in commands(text) {
        if words[0] == "rm" {
            let operands = words[1..].iter().filter(|word| !word.starts_with('-'));
            paths.extend(operands.copied().filter(|path| path.starts_with('/')));
        }
    }
    paths
}

/// Paths that a command writes with `>`, `-o` or `-O`, and does not remove itself.
fn written(text: &str) -> Vec<String> {
    let gone = removed(text);
    let mut paths = Vec::new();
    for words in commands(text) {
        for pair in words.windows(2) {
            if [">", ">>", "-o", "-O", "--output"].contains(&pair[0]) && pair[1].starts_with('/') {
                paths.push(pair[1]);
            }
        }
    }
    paths.retain(|path| !gone.contains(path));
    paths.into_iter().map(str::to_owned).collect()
}

/// `COPY . .` before dependencies are installed from a list: a change of any file installs them again.
fn copy_first(found: &mut Found<'_>, stage: &Stage) {
    let mut all = None;
    for step in &stage.steps {
        if let Instruction::Copy(copy) = &step.instruction
            && copies_everything(copy)
        {
            all = all.or(Some(step.written.keyword.span));
        }
        if let (Some(span), Some(lists)) =
            (all, command(step).and_then(|text| advice::lists(&text)))
            && !lists.is_empty()
        {
            found.add(
                Rule::CopyBeforeDependencies,
                span,
                format!(
                    "Any change in the context installs the dependencies again: COPY {} alone first, and the rest after installing",
                    lists.join(" and ")
                ),
            );
            return;
        }
    }
}
