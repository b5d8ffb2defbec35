//! Rules about variables: undefined ones, and secrets.

use super::{Around, Found, Rule};
use crate::build::instruction::Instruction;
use crate::build::stages::PLATFORM_ARGS;
use crate::build::state::PREDEFINED;
use crate::build::syntax::parse::Stage;
use crate::build::syntax::source::Word;
use crate::build::syntax::words::{Expander, Rules};
use crate::near::nearest;
use std::collections::{BTreeMap, BTreeSet};

/// Parts of a name that suggest a secret, and parts that rule one out. Source: BuildKit,
/// `frontend/dockerfile/dockerfile2llb`, secret patterns.
const SECRET: [&str; 8] = [
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "password",
    "pword",
    "passwd",
];
const ALSO_SECRET: [&str; 2] = ["secret", "token"];
const NOT_SECRET: [&str; 1] = ["public"];

/// The variables at the end of a stage; `None` if its image is not local, so they are unknown.
type Known = Option<BTreeSet<String>>;

pub(super) fn check(found: &mut Found<'_>, around: &Around<'_>) {
    let file = found.file;
    let mut globals: BTreeSet<String> = PLATFORM_ARGS
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    for declared in file.global_args.iter().flat_map(|arg| &arg.declared) {
        secret(found, "ARG", &declared.name);
        globals.insert(declared.name.text.clone());
    }
    let mut ends: BTreeMap<usize, Known> = BTreeMap::new();
    for stage in &file.stages {
        let words = [Some(&stage.from.image), stage.from.platform.as_ref()];
        let words = words.into_iter().flatten();
        let undeclared: Vec<_> = words
            .flat_map(|word| {
                unset(found, word, &globals)
                    .into_iter()
                    .map(move |name| (word, name))
            })
            .collect();
        for (word, name) in undeclared {
            found.add(
                Rule::UndefinedArgInFrom,
                word.span,
                format!(
                    "FROM argument '{name}' is not declared{}",
                    meant(&name, &globals)
                ),
            );
        }
        let image = around.base(file, stage);
        let known = match file.stage_named(&image, stage.index) {
            Some(base) => ends.get(&base.index).cloned().flatten(),
            None if image == "scratch" => Some(BTreeSet::new()),
            None => (around.image)(&image).map(|image| names_of(&image.env)),
        };
        let known = stage_variables(found, stage, known);
        ends.insert(stage.index, known);
    }
}

fn names_of(env: &[String]) -> BTreeSet<String> {
    let names = env.iter().filter_map(|pair| pair.split('=').next());
    names.map(str::to_owned).collect()
}

/// Checks the words of a stage, and returns the variables at its end.
fn stage_variables(found: &mut Found<'_>, stage: &Stage, known: Known) -> Known {
    let mut known = known.map(|mut names| {
        names.extend(PREDEFINED.iter().map(|name| (*name).to_owned()));
        names.insert("PATH".to_owned());
        names
    });
    for step in &stage.steps {
        if let Some(names) = &known {
            let texts = texts(&step.instruction);
            let texts = texts.iter().map(|word| (word, true));
            let words = words(&step.instruction).into_iter();
            for (word, whole_text) in words.map(|word| (word, false)).chain(texts) {
                for name in unset_in(found, word, names, whole_text) {
                    found.add(
                        Rule::UndefinedVar,
                        word.span,
                        format!(
                            "Usage of undefined variable '${name}'{}",
                            meant(&name, names)
                        ),
                    );
                }
            }
        }
        let mut set = |name: &Word| {
            if let Some(known) = &mut known {
                known.insert(name.text.clone());
            }
        };
        match &step.instruction {
            Instruction::Env(env) => {
                for pair in &env.pairs {
                    set(&pair.key);
                    secret(found, "ENV", &pair.key);
                }
            }
            Instruction::Arg(arg) => {
                for declared in &arg.declared {
                    set(&declared.name);
                    secret(found, "ARG", &declared.name);
                }
            }
            _ => {}
        }
    }
    known
}

/// The words of an instruction in which variables are expanded.
fn words(instruction: &Instruction) -> Vec<&Word> {
    match instruction {
        Instruction::Env(env) => env.pairs.iter().map(|pair| &pair.value).collect(),
        Instruction::Label(label) => label.pairs.iter().map(|pair| &pair.value).collect(),
        Instruction::Arg(arg) => {
            let defaults = arg.declared.iter().filter_map(|one| one.default.as_ref());
            defaults.collect()
        }
        Instruction::Workdir(workdir) => vec![&workdir.path],
        Instruction::User(user) => vec![&user.user],
        Instruction::Stopsignal(stopsignal) => vec![&stopsignal.signal],
        Instruction::Expose(expose) => expose.ports.iter().collect(),
        Instruction::Volume(volume) => volume.paths.iter().collect(),
        Instruction::Copy(copy) => copy.transfer.words(),
        Instruction::Add(add) => add.transfer.words(),
        Instruction::Run(run) => run.mounts.iter().map(|mount| &mount.word).collect(),
        _ => Vec::new(),
    }
}

/// The texts of files in an instruction in which variables are expanded.
fn texts(instruction: &Instruction) -> Vec<Word> {
    let transfer = match instruction {
        Instruction::Copy(copy) => &copy.transfer,
        Instruction::Add(add) => &add.transfer,
        _ => return Vec::new(),
    };
    let expanded = transfer.heredocs.iter().filter(|heredoc| heredoc.expand);
    let texts = expanded.map(|heredoc| Word {
        text: heredoc.text(),
        span: heredoc.span,
    });
    texts.collect()
}

/// Names that `word` uses without a default and that are not in `known`.
fn unset(found: &Found<'_>, word: &Word, known: &BTreeSet<String>) -> Vec<String> {
    unset_in(found, word, known, false)
}

fn unset_in(
    found: &Found<'_>,
    word: &Word,
    known: &BTreeSet<String>,
    whole_text: bool,
) -> Vec<String> {
    let lookup = |name: &str| known.contains(name).then(|| "x".to_owned());
    let rules = Rules {
        syntax_only: true,
        whole_text,
        ..Rules::default()
    };
    let escape = match whole_text {
        true => '\\',
        false => found.file.directives.escape,
    };
    let expander = Expander::new(escape, &lookup, rules);
    let mut names = match expander.expand(&word.text) {
        Ok(expanded) => expanded.unset,
        Err(_) => Vec::new(),
    };
    names.sort();
    names.dedup();
    names
}

fn meant(name: &str, known: &BTreeSet<String>) -> String {
    match nearest(name, known.iter().map(String::as_str)) {
        Some(like) => format!(" (did you mean ${like}?)"),
        None => String::new(),
    }
}

fn secret(found: &mut Found<'_>, keyword: &str, name: &Word) {
    let lower = name.text.to_ascii_lowercase();
    let has = |parts: &[&str]| lower.split(['_', '-']).any(|part| parts.contains(&part));
    if (has(&SECRET) || has(&ALSO_SECRET)) && !has(&NOT_SECRET) {
        found.add(
            Rule::SecretsUsedInArgOrEnv,
            name.span,
            format!(
                "Do not use ARG or ENV instructions for sensitive data ({keyword} \"{}\")",
                name.text
            ),
        );
    }
}
