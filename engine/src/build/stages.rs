//! Which stages a build needs, and in which order.
//!
//! **What Docker does.** BuildKit solves a graph from the target backwards; a stage that nothing needs is not built.
//! **What we do.** The same, stages one after the other in the order of the file.

use super::instruction::Instruction;
use super::state::{ArgValue, BuildArgs};
use super::syntax::error::BuildError;
use super::syntax::parse::{Dockerfile, Stage};
use super::syntax::source::Word;
use super::syntax::statement::place;
use super::syntax::words::{Expander, Rules};
use crate::error::{Error, Result};
use crate::near::nearest;
use crate::oci::config::{is_machine_platform, machine_architecture, machine_platform};
use crate::oci::reference::Reference;
use std::collections::BTreeSet;

/// What a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// Nothing.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// An image.
    Image(String),
}

/// Where `COPY --from` copies from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CopyFrom {
    /// The build context.
    Context,
    /// A stage before this one.
    Stage(usize),
    /// An image.
    Image(String),
}

/// The stages of a build.
pub(crate) struct Plan {
    /// In build order.
    pub(crate) order: Vec<usize>,
    /// The stage that becomes the image.
    pub(crate) target: usize,
    /// ARGs before the first FROM, and the platform arguments.
    pub(crate) globals: Vec<ArgValue>,
    /// What each stage starts from.
    pub(crate) bases: Vec<Base>,
}

/// Arguments that describe the platform, available to FROM without an ARG.
pub(crate) const PLATFORM_ARGS: [&str; 8] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
];

impl Plan {
    /// Plans the build of `target`, or of the last stage.
    pub(crate) fn new(
        file: &Dockerfile,
        target: Option<&str>,
        build_args: &BuildArgs,
    ) -> Result<Self> {
        let globals = globals(file, build_args)?;
        refuse_circles(file)?;
        let mut bases = Vec::with_capacity(file.stages.len());
        for stage in &file.stages {
            bases.push(base(file, stage, &globals)?);
        }
        let target = match target.filter(|target| !target.is_empty()) {
            Some(name) => named(file, name)?,
            None => file.stages.len() - 1,
        };
        let mut needed = BTreeSet::new();
        let mut open = vec![target];
        while let Some(index) = open.pop() {
            if needed.insert(index) {
                open.extend(needs(file, &bases, index)?);
            }
        }
        Ok(Self {
            order: needed.into_iter().collect(),
            target,
            globals,
            bases,
        })
    }
}

/// The stages that stage `index` needs.
fn needs(file: &Dockerfile, bases: &[Base], index: usize) -> Result<Vec<usize>> {
    let mut needed = Vec::new();
    if let Base::Stage(base) = bases[index] {
        needed.push(base);
    }
    for from in sources(&file.stages[index]) {
        if let CopyFrom::Stage(from) = copy_from(file, index, Some(from))? {
            needed.push(from);
        }
    }
    Ok(needed)
}

/// The `from`s of a stage's COPY and `RUN --mount`.
pub(crate) fn sources(stage: &Stage) -> impl Iterator<Item = &Word> {
    stage.steps.iter().flat_map(|step| match &step.instruction {
        Instruction::Copy(copy) => copy.from.iter().collect(),
        Instruction::Run(run) => run.mounts.iter().filter_map(|m| m.from.as_ref()).collect(),
        _ => Vec::new(),
    })
}

/// Refuses stages that copy from each other, even if the target does not need them. Source: BuildKit,
/// `validateCircularDependency`.
fn refuse_circles(file: &Dockerfile) -> Result<(), BuildError> {
    let mut done = BTreeSet::new();
    for stage in &file.stages {
        follow(file, stage, &mut Vec::new(), &mut done)?;
    }
    Ok(())
}

fn follow(
    file: &Dockerfile,
    stage: &Stage,
    path: &mut Vec<usize>,
    done: &mut BTreeSet<usize>,
) -> Result<(), BuildError> {
    if !done.insert(stage.index) {
        return Ok(());
    }
    path.push(stage.index);
    for from in sources(stage) {
        let named = file
            .stage_named(&from.text, stage.index)
            .or_else(|| file.stage_named(&from.text, file.stages.len()));
        let numbered = || file.stages.get(from.text.parse::<usize>().ok()?);
        let Some(next) = named.or_else(numbered) else {
            continue;
        };
        if path.contains(&next.index) {
            let name = file.stages[path[0]].title();
            let message = format!("circular dependency detected on stage: {name}");
            return Err(file.source.error(from.span, message));
        }
        follow(file, next, path, done)?;
    }
    path.pop();
    Ok(())
}

/// What `--from` means in stage `index`: the name of an earlier stage, its number, or an image.
pub(crate) fn copy_from(
    file: &Dockerfile,
    index: usize,
    from: Option<&Word>,
) -> Result<CopyFrom, BuildError> {
    let Some(from) = from else {
        return Ok(CopyFrom::Context);
    };
    if let Some(stage) = file.stage_named(&from.text, index) {
        return Ok(CopyFrom::Stage(stage.index));
    }
    if let Ok(number) = from.text.parse::<usize>() {
        return match number < index {
            true => Ok(CopyFrom::Stage(number)),
            false => Err(file
                .source
                .error(from.span, format!("invalid stage index {number}"))
                .with_hint(match index {
                    0 => "there is no stage before this one".to_owned(),
                    index => format!("stages before this one: 0 to {}", index - 1),
                })),
        };
    }
    if let Some(stage) = file.stage_named(&from.text, file.stages.len()) {
        let message = format!(
            "cannot copy from stage {:?}, it needs to be defined before current stage {:?}",
            stage.title(),
            file.stages[index].title()
        );
        return Err(file.source.error(from.span, message));
    }
    Ok(CopyFrom::Image(from.text.clone()))
}

/// A stage whose name is similar to `name`.
pub(crate) fn stage_like<'a>(file: &'a Dockerfile, name: &str) -> Option<&'a str> {
    let names = file
        .stages
        .iter()
        .filter_map(|stage| stage.from.name.as_ref())
        .map(|name| name.text.as_str());
    nearest(name, names)
}

fn named(file: &Dockerfile, name: &str) -> Result<usize> {
    if let Some(stage) = file.stage_named(name, file.stages.len()) {
        return Ok(stage.index);
    }
    let error = Error::invalid(format!("target stage \"{name}\" could not be found"));
    let numbered = name
        .parse()
        .ok()
        .and_then(|index: usize| file.stages.get(index));
    Err(match stage_like(file, name) {
        _ if numbered.is_some() => error.with_hint(
            "a stage is chosen by its name (`FROM … AS name`); numbers are for `COPY --from`",
        ),
        Some(like) => error.with_hint(format!("did you mean `{like}`?")),
        None => error,
    })
}

fn base(file: &Dockerfile, stage: &Stage, globals: &[ArgValue]) -> Result<Base> {
    let word = &stage.from.image;
    let text = expand(file, word, globals)?;
    if text.is_empty() {
        let message = format!("base name ({}) should not be blank", word.text);
        return Err(file
            .source
            .error(word.span, message)
            .with_hint("give the ARG above the first FROM a default, or pass `--build-arg`")
            .into());
    }
    if let Some(platform) = &stage.from.platform {
        let wanted = expand(file, platform, globals)?;
        if !is_machine_platform(&wanted) {
            return Err(Error::unsupported(
                file.source
                    .error(
                        platform.span,
                        format!(
                            "platform `{wanted}` is not part of docklings: this machine is {}",
                            machine_platform()
                        ),
                    )
                    .to_string(),
            ));
        }
    }
    if text == "scratch" {
        return Ok(Base::Scratch);
    }
    if let Some(stage) = file.stage_named(&text, stage.index) {
        return Ok(Base::Stage(stage.index));
    }
    Reference::parse(&text).map_err(|error| {
        let message = format!("failed to parse stage name \"{text}\": {error}");
        file.source.error(word.span, message)
    })?;
    Ok(Base::Image(text))
}

/// The values of the ARGs before the first FROM; each sees those before it.
fn globals(file: &Dockerfile, build_args: &BuildArgs) -> Result<Vec<ArgValue>> {
    let mut globals = Vec::new();
    for name in PLATFORM_ARGS {
        let value = match name
            .trim_start_matches("TARGET")
            .trim_start_matches("BUILD")
        {
            "PLATFORM" => machine_platform(),
            "OS" => "linux".to_owned(),
            "ARCH" => machine_architecture().to_owned(),
            _ => String::new(),
        };
        globals.push(ArgValue {
            name: name.to_owned(),
            value: Some(value),
        });
    }
    for arg in &file.global_args {
        for declared in &arg.declared {
            let name = declared.name.text.clone();
            let value = match (build_args.take(&name), &declared.default) {
                (Some(given), _) => Some(given),
                (None, Some(default)) => Some(expand(file, default, &globals)?),
                (None, None) => {
                    let known = globals.iter().find(|known| known.name == name);
                    known.and_then(|known| known.value.clone())
                }
            };
            globals.retain(|known| known.name != name);
            globals.push(ArgValue { name, value });
        }
    }
    Ok(globals)
}

/// The value of `word` in a FROM with these `--build-arg`s; `None` if it is unknown.
pub(crate) fn expanded(
    file: &Dockerfile,
    word: &Word,
    given: &[(String, String)],
) -> Option<String> {
    let globals = globals(file, &BuildArgs::new(given.to_vec())).ok()?;
    expand(file, word, &globals).ok()
}

fn expand(file: &Dockerfile, word: &Word, globals: &[ArgValue]) -> Result<String, BuildError> {
    let lookup = |name: &str| {
        let found = globals.iter().find(|global| global.name == name);
        found.and_then(|global| global.value.clone())
    };
    let expanded = Expander::new(file.directives.escape, &lookup, Rules::default())
        .expand(&word.text)
        .map_err(|error| file.source.error(place(word, &error.at), error.message))?;
    Ok(expanded.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str, target: Option<&str>, given: &[(&str, &str)]) -> Result<Plan> {
        let file = Dockerfile::parse("Dockerfile", text.as_bytes())?;
        let given = given
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Plan::new(&file, target, &BuildArgs::new(given.collect()))
    }

    const FILE: &str = "FROM a AS one\nFROM b AS two\nCOPY --from=one x y\nFROM one AS three\nFROM c\nCOPY --from=2 x y\n";

    #[test]
    fn only_needed_stages_are_built() {
        assert_eq!(plan(FILE, None, &[]).unwrap().order, [0, 2, 3]);
        assert_eq!(plan(FILE, Some("TWO"), &[]).unwrap().order, [0, 1]);
        assert_eq!(plan(FILE, Some("one"), &[]).unwrap().order, [0]);
        let error = plan(FILE, Some("0"), &[]).err().unwrap();
        assert_eq!(error.to_string(), "target stage \"0\" could not be found");
        assert!(error.hint().unwrap().contains("by its name"));
        let error = plan(FILE, Some("thre"), &[]).err().unwrap();
        assert_eq!(error.hint(), Some("did you mean `three`?"));
    }

    #[test]
    fn bases_are_stages_images_or_nothing() {
        let text = "ARG V=1\nARG I=img:$V\nFROM $I AS x\nFROM x\nFROM scratch\nFROM ${NO:-d}-${TARGETARCH}\n";
        let plan = plan(text, None, &[("V", "2")]).unwrap();
        assert_eq!(plan.bases[0], Base::Image("img:2".to_owned()));
        assert_eq!(plan.bases[1], Base::Stage(0));
        assert_eq!(plan.bases[2], Base::Scratch);
        assert_eq!(
            plan.bases[3],
            Base::Image(format!("d-{}", machine_architecture()))
        );
    }

    #[test]
    fn impossible_references_are_errors_at_their_place() {
        for (text, message) in [
            ("FROM $X AS t", "base name ($X) should not be blank"),
            ("FROM a AS t\nCOPY --from=3 x y", "invalid stage index 3"),
            (
                "FROM a AS t\nCOPY --from=t x y",
                "circular dependency detected on stage: t",
            ),
            (
                "FROM a AS t\nCOPY --from=b x y\nFROM c AS b\nCOPY --from=t x y",
                "circular dependency detected on stage: t",
            ),
            (
                "FROM a AS t\nFROM REPLACE-ME",
                "failed to parse stage name \"REPLACE-ME\": invalid reference format: repository name (library/REPLACE-ME) must be lowercase",
            ),
            (
                "FROM a AS t\nCOPY --from=b x y\nFROM c AS b",
                "cannot copy from stage \"b\", it needs to be defined before current stage \"t\"",
            ),
        ] {
            // The last stage must need the one with the error.
            let error = plan(text, Some("t"), &[]).err().unwrap().to_string();
            assert_eq!(error.lines().next(), Some(message), "{text}");
        }
        assert!(plan("FROM --platform=linux/s390x a", None, &[]).is_err());
        assert!(plan("FROM --platform=$BUILDPLATFORM a", None, &[]).is_ok());
    }
}
