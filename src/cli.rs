//! Arguments: makes clap accept what Docker's command line accepts, and refuse it in the same words.
//!
//! A command uses plain `clap` derive. [`parser`] then gives its flags Docker's habits: `--flag=false` for every
//! switch, values that may start with a hyphen, and the last of repeated flags wins. [`parse`] turns clap's errors into
//! Docker's. Words that are not flags go into one `Vec<String>` called [`WORDS`], so that Docker's message, not clap's,
//! reports a wrong number of them.

use crate::exit;
use crate::failure::Failure;
use clap::builder::ValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches};
use std::any::TypeId;
use std::error::Error as _;

/// The name of the field for the words that are not flags.
pub(crate) const WORDS: &str = "words";

/// How many words a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// None at all.
    None,
    /// Exactly this many.
    Exactly(usize),
    /// This many or more.
    AtLeast(usize),
    /// At most this many.
    AtMost(usize),
    /// From the first number to the second.
    Between(usize, usize),
}

/// What the parser needs to know about a command.
pub(crate) struct Grammar<'a> {
    /// The command as the user called it, without `docker`: `container rm`.
    pub(crate) path: &'a str,
    /// What follows the path in the usage line.
    pub(crate) usage: &'a str,
    /// How many words.
    pub(crate) words: Words,
}

/// The result of a parse.
pub(crate) enum Parsed {
    /// The arguments.
    Matches(ArgMatches),
    /// `--help` was asked for.
    Help,
}

/// Gives the flags of `command` Docker's habits.
pub(crate) fn parser(command: clap::Command) -> clap::Command {
    let command = command
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true)
        .mut_args(|arg| {
            if arg.is_positional() {
                arg
            } else if is_switch(&arg) {
                switch(arg)
            } else {
                arg.allow_hyphen_values(true)
            }
        });
    let has_h = command
        .get_arguments()
        .any(|arg| arg.get_short() == Some('h'));
    let help = Arg::new("help")
        .long("help")
        .action(ArgAction::Help)
        .help("Print usage");
    command.arg(if has_h {
        help
    } else {
        help.short('h').hide(true)
    })
}

/// Whether `arg` is a switch: on or off, and needing no value.
pub(crate) fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
        || (matches!(arg.get_action(), ArgAction::Set)
            && arg.get_value_parser().type_id() == TypeId::of::<bool>())
}

fn switch(arg: Arg) -> Arg {
    let default = match arg.get_default_values().first() {
        Some(value) if value == "true" => "true",
        _ => "false",
    };
    // `Option<bool>` hides its default value, since it needs to know whether the flag was given.
    let arg = match arg.is_hide_default_value_set() {
        true => arg,
        false => arg.default_value(default),
    };
    arg.action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(ValueParser::new(go_bool))
}

/// What Go's `strconv.ParseBool` accepts.
fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!(
            "strconv.ParseBool: parsing \"{text}\": invalid syntax"
        )),
    }
}

/// Parses `words` with `command` (from [`parser`]). Error: Docker's message, with its exit code.
pub(crate) fn parse(
    mut command: clap::Command,
    grammar: &Grammar<'_>,
    words: &[String],
) -> Result<Parsed, Failure> {
    let error = match command.try_get_matches_from_mut(words) {
        Ok(matches) => {
            let count = matches
                .try_get_many::<String>(WORDS)
                .ok()
                .flatten()
                .map_or(0, Iterator::count);
            return match wrong_count(grammar, count) {
                None => Ok(Parsed::Matches(matches)),
                Some(text) => Err(Failure::Message(text, exit::FAILURE)),
            };
        }
        Err(error) => error,
    };
    if error.kind() == ErrorKind::DisplayHelp {
        return Ok(Parsed::Help);
    }
    if let (ErrorKind::UnknownArgument, Some(flag)) =
        (error.kind(), context(&error, ContextKind::InvalidArg))
    {
        if is_word_too_many(&flag) {
            let text = wrong_count(grammar, usize::MAX).unwrap_or_default();
            return Err(Failure::Message(text, exit::FAILURE));
        }
        if crate::docker::commands::limits::is_dockers(grammar.path, &flag) {
            return Err(Failure::refused(&flag, exit::ENGINE));
        }
    }
    let said = docker_words(&command, &error, words);
    Err(flag_error(&said, grammar))
}

/// A flag's error as Docker prints it: with the usage line, and exit code 125.
pub(crate) fn flag_error(said: &str, grammar: &Grammar<'_>) -> Failure {
    let Grammar { path, usage, .. } = grammar;
    let usage = format!("docker {path} {usage}");
    Failure::Message(
        format!(
            "{said}\n\nUsage:  {}\n\nRun 'docker {path} --help' for more information",
            usage.trim_end()
        ),
        exit::ENGINE,
    )
}

fn is_word_too_many(flag: &str) -> bool {
    !flag.starts_with('-') || flag == "-"
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// clap's `error` in the words of Docker's flag parser (spf13/pflag).
fn docker_words(command: &clap::Command, error: &clap::Error, words: &[String]) -> String {
    let arg = context(error, ContextKind::InvalidArg).unwrap_or_default();
    let value = context(error, ContextKind::InvalidValue).unwrap_or_default();
    let flag = command
        .get_arguments()
        .find(|candidate| candidate.to_string() == arg);
    match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with("--") => {
            format!("unknown flag: {}", arg.split('=').next().unwrap_or(&arg))
        }
        ErrorKind::UnknownArgument => {
            let letter = arg.trim_start_matches('-').chars().next().unwrap_or('-');
            format!(
                "unknown shorthand flag: '{letter}' in -{}",
                rest_of_cluster(words, letter)
            )
        }
        ErrorKind::ValueValidation => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            let name = flag.map_or(arg, both_names);
            format!("invalid argument \"{value}\" for \"{name}\" flag: {cause}")
        }
        // A flag that takes a value was the last word.
        ErrorKind::InvalidValue | ErrorKind::WrongNumberOfValues if value.is_empty() => {
            let last = words.last().map(String::as_str).unwrap_or_default();
            match flag.and_then(Arg::get_short) {
                Some(letter) if !last.starts_with("--") => {
                    format!("flag needs an argument: '{letter}' in -{letter}")
                }
                _ => format!("flag needs an argument: {last}"),
            }
        }
        _ => error.to_string().trim().to_owned(),
    }
}

/// `-m, --memory`, or only `--cpus` if there is no letter.
fn both_names(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    match arg.get_short() {
        Some(letter) => format!("-{letter}, --{long}"),
        None => format!("--{long}"),
    }
}

/// The rest of the cluster from `letter` on, in the word that holds the unknown letter.
fn rest_of_cluster(words: &[String], letter: char) -> String {
    words
        .iter()
        .filter(|word| word.starts_with('-') && !word.starts_with("--"))
        .find_map(|word| word.find(letter).map(|at| word[at..].to_owned()))
        .unwrap_or_else(|| letter.to_string())
}

/// Docker's message if `count` words are too few or too many.
fn wrong_count(grammar: &Grammar<'_>, count: usize) -> Option<String> {
    let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
    let (complaint, see) = match grammar.words {
        Words::None if count > 0 => ("accepts no arguments".to_owned(), "Run"),
        Words::Exactly(n) if count != n => (format!("requires {n} {}", plural(n)), "Run"),
        Words::AtLeast(n) if count < n => (format!("requires at least {n} {}", plural(n)), "See"),
        // Docker really prints `SRun`.
        Words::AtMost(n) if count > n => (format!("requires at most {n} {}", plural(n)), "SRun"),
        Words::Between(least, most) if count < least || count > most => (
            format!(
                "requires at least {least} and at most {most} {}",
                plural(most)
            ),
            "Run",
        ),
        _ => return None,
    };
    let Grammar { path, usage, .. } = grammar;
    Some(format!(
        "docker: 'docker {path}' {complaint}\n\nUsage:  {}\n\n{see} 'docker {path} --help' for more information",
        format!("docker {path} {usage}").trim_end()
    ))
}

#[cfg(test)]
mod tests;
