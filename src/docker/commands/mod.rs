//! The docker commands: one file each, and the one table that names them.
//!
//! A command is a struct of arguments (`clap` derive) with a [`Command`]: its help text, its number of words, and its
//! action. Only the parser of the called command is built: `docker run` has a budget of twelve milliseconds.

mod build {
    mod check;
    pub(super) mod command;
    mod context;
    mod destination;
    mod secret;
    mod shown;
}
mod container {
    pub(super) mod attach;
    pub(super) mod cp;
    pub(super) mod create;
    pub(super) mod exec;
    pub(super) mod files;
    mod flags;
    pub(super) mod logs;
    pub(super) mod port;
    pub(super) mod ps;
    mod request;
    mod resources;
    pub(super) mod run;
    pub(super) mod start;
    pub(super) mod stats;
    pub(super) mod stop;
    pub(super) mod top;
    pub(super) mod update;
}
pub(crate) mod help;
pub(crate) mod image {
    pub(super) mod archive;
    pub(super) mod history;
    pub(crate) mod ls;
    pub(super) mod names;
    pub(super) mod transfer;
}
mod inspect;
pub(crate) mod limits;
mod network;
mod output;
mod prune;
mod registry {
    pub(super) mod login;
    pub(super) mod search;
}
mod system {
    pub(super) mod df;
    pub(super) mod events;
    pub(super) mod info;
    pub(super) mod version;
}
mod table;
mod volume;

// Re-exported, because every command needs it with the trait.
pub(crate) use crate::cli::Words;
pub(crate) use crate::ctx::Ctx;
pub(crate) use crate::failure::{CommandResult, Failure};
pub(crate) use table::{GROUPS, TABLE};

use crate::cli::{self, Grammar, Parsed};
use crate::exit;
use clap::{Arg, ArgAction, ArgMatches};
use engine::near::nearest;
use std::io::Write;

/// The Docker version whose command line this is.
pub(crate) const DOCKER: &str = "28.2.2";

/// The help of `--format` for lists.
pub(crate) const FORMAT_HELP: &str = "Format output using a custom template:
'table':            Print output in table format with column headers (default)
'table TEMPLATE':   Print output in table format using the given Go template
'json':             Print in JSON format
'TEMPLATE':         Print output using the given Go template.
Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates";

/// A docker command: its arguments are the type's fields.
pub(crate) trait Command: clap::Args {
    /// Its description in the help.
    const ABOUT: &'static str;
    /// The rest of the usage line, after the name.
    const USAGE: &'static str;
    /// The number of words that are not flags.
    const WORDS: Words;
    /// Executes it.
    fn run(self, ctx: &mut Ctx) -> CommandResult;
}

/// One line of the table.
pub(crate) struct Row {
    /// All names, without `docker`, in the order of the help page's `Aliases`.
    pub(crate) names: &'static [&'static str],
    /// See [`Command::ABOUT`].
    pub(crate) about: &'static str,
    /// See [`Command::USAGE`].
    pub(crate) usage: &'static str,
    /// See [`Command::WORDS`].
    pub(crate) words: Words,
    /// Builds the command's parser.
    pub(crate) parser: fn() -> clap::Command,
    run: fn(&mut Ctx, &ArgMatches) -> CommandResult,
}

impl Row {
    /// The line of the command `C`, called `names`.
    const fn of<C: Command>(names: &'static [&'static str]) -> Self {
        Self {
            names,
            about: C::ABOUT,
            usage: C::USAGE,
            words: C::WORDS,
            parser: || cli::parser(C::augment_args(clap::Command::new("docker"))),
            run: |ctx, matches| {
                let args = C::from_arg_matches(matches)
                    .map_err(|error| Failure::message(error.to_string()))?;
                args.run(ctx)
            },
        }
    }

    /// Its description in lists of commands: the first line, without a full stop.
    pub(crate) fn summary(&self) -> &'static str {
        let first = self.about.lines().next().unwrap_or_default();
        first.trim_end_matches('.')
    }

    /// The command's name in the journal: its shortest name.
    pub(crate) fn via(&self) -> &'static str {
        let short = self.names.iter().find(|name| !name.contains(' '));
        short.or(self.names.first()).copied().unwrap_or_default()
    }

    /// The name in messages when it was called as `name`: an alias inside a group is replaced by the group's name for
    /// it.
    fn path(&self, name: &str) -> &'static str {
        let group = name.split_once(' ').map(|(group, _)| group);
        let same_group = |candidate: &&&str| candidate.split_once(' ').map(|(g, _)| g) == group;
        self.names
            .iter()
            .find(same_group)
            .copied()
            .unwrap_or_default()
    }
}

/// The command that the first words of `words` name, its path for messages, and the remaining words.
pub(crate) fn find(words: &[String]) -> Option<(&'static Row, &'static str, &[String])> {
    let first = words.first()?;
    let (name, rest) = if is_group(first) {
        (format!("{first} {}", words.get(1)?), &words[2..])
    } else {
        (first.clone(), &words[1..])
    };
    let row = TABLE
        .iter()
        .find(|row| row.names.contains(&name.as_str()))?;
    Some((row, row.path(&name), rest))
}

fn is_group(word: &str) -> bool {
    GROUPS.iter().any(|(group, _)| *group == word) || word == "buildx"
}

/// The flags of `docker` itself.
pub(crate) fn global_flags() -> clap::Command {
    let switch = |name: &'static str, letter: char, help: &'static str| {
        Arg::new(name)
            .long(name)
            .short(letter)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    clap::Command::new("docker")
        .arg(switch("debug", 'D', "Enable debug mode"))
        .arg(switch("version", 'v', "Print version information and quit"))
        .arg(
            Arg::new("log-level")
                .long("log-level")
                .short('l')
                .value_name("string")
                .default_value("info")
                .help(
                    "Set the logging level (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")",
                ),
        )
        .arg(
            Arg::new(cli::WORDS)
                .trailing_var_arg(true)
                .num_args(0..)
                .action(ArgAction::Append),
        )
}

/// Runs the docker command line `words`, which come after `docker`.
pub(crate) fn run(words: &[String]) -> CommandResult {
    // The usual case, without a leading global flag, needs only the command's parser.
    if words.first().is_some_and(|word| word.starts_with('-')) {
        return with_global_flags(words);
    }
    let Some(first) = words.first() else {
        return show(&help::of_docker(terminal_width()));
    };
    match find(words) {
        Some((row, path, rest)) => call(row, path, rest),
        None if first == "help" => help_about(&words[1..]),
        None => group_or_unknown(first, words.get(1)),
    }
}

fn call(row: &Row, path: &str, rest: &[String]) -> CommandResult {
    let grammar = Grammar {
        path,
        usage: row.usage,
        words: row.words,
    };
    match cli::parse((row.parser)(), &grammar, rest)? {
        Parsed::Help => show(&help::of_command(row, path, terminal_width())),
        Parsed::Matches(matches) => {
            let mut ctx = Ctx::of_process(row.via()).map_err(|failure| match row.via() {
                "run" => failure.with_help("run", exit::ENGINE),
                _ => failure,
            })?;
            let ended = (row.run)(&mut ctx, &matches);
            // Output from before the failure must appear before the failure.
            let flushed = ctx
                .flush()
                .and_then(|()| ctx.warn_left_out())
                .and_then(|()| ctx.warn_unrecorded());
            ended.and_then(|()| Ok(flushed?))
        }
    }
}

fn with_global_flags(words: &[String]) -> CommandResult {
    let grammar = Grammar {
        path: "",
        usage: "",
        words: Words::AtLeast(0),
    };
    let matches = match cli::parse(cli::parser(global_flags()), &grammar, words) {
        Ok(Parsed::Help) => return show(&help::of_docker(terminal_width())),
        Ok(Parsed::Matches(matches)) => matches,
        Err(failure) => return Err(without_path(failure)),
    };
    if matches.get_flag("version") {
        return show(&format!(
            "Docker version {DOCKER}, build docklings-{}\n",
            env!("CARGO_PKG_VERSION")
        ));
    }
    let rest: Vec<String> = matches
        .get_many(cli::WORDS)
        .map(|words| words.cloned().collect())
        .unwrap_or_default();
    run(&rest)
}

/// `docker` itself is no verb in messages.
fn without_path(failure: Failure) -> Failure {
    match failure {
        Failure::Message(text, code) => Failure::Message(
            text.replace("docker  --help", "docker --help").replace(
                "Usage:  docker\n",
                "Usage:  docker [OPTIONS] COMMAND [ARG...]\n",
            ),
            code,
        ),
        other => other,
    }
}

fn help_about(words: &[String]) -> CommandResult {
    let Some(first) = words.first() else {
        return show(&help::of_docker(terminal_width()));
    };
    match find(words) {
        Some((row, path, [])) => show(&help::of_command(row, path, terminal_width())),
        None if words.len() == 1 && is_group(first) => show(&help::of_group(first)),
        _ => Err(Failure::message(format!(
            "unknown help topic: {}",
            words.join(" ")
        ))),
    }
}

fn group_or_unknown(first: &str, second: Option<&String>) -> CommandResult {
    if limits::is_dockers_command(first) {
        return Err(Failure::refused(&format!("docker {first}"), exit::FAILURE));
    }
    if !is_group(first) {
        let text = format!(
            "docker: unknown command: docker {first}\n\nRun 'docker --help' for more information"
        );
        let names = TABLE
            .iter()
            .flat_map(|row| row.names)
            .filter(|name| !name.contains(' '));
        return Err(unknown(text, first, names.copied()));
    }
    let Some(verb) = second.filter(|word| !matches!(word.as_str(), "--help" | "-h")) else {
        return show(&help::of_group(first));
    };
    if limits::is_dockers_command(&format!("{first} {verb}")) {
        return Err(Failure::refused(
            &format!("docker {first} {verb}"),
            exit::FAILURE,
        ));
    }
    let text = format!(
        "docker: unknown command: docker {first} {verb}\n\nUsage:  docker {first}\n\nRun 'docker {first} --help' for more information"
    );
    let names = TABLE.iter().flat_map(|row| row.names);
    let verbs = names.filter_map(|name| name.split_once(' ').filter(|(group, _)| *group == first));
    Err(unknown(text, verb, verbs.map(|(_, verb)| verb)))
}

/// The failure `text`, with the name in `names` that `typed` probably stands for.
fn unknown<'a>(text: String, typed: &str, names: impl Iterator<Item = &'a str>) -> Failure {
    let mut names: Vec<&str> = names.collect();
    // Of two that are as near, the one of the same length: `rum` is `run` rather than `rm`.
    names.sort_by_key(|name| name.len().abs_diff(typed.len()));
    match nearest(typed, names) {
        Some(name) => Failure::Hinted(text, exit::FAILURE, format!("did you mean `{name}`?")),
        None => Failure::Message(text, exit::FAILURE),
    }
}

fn show(page: &str) -> CommandResult {
    Ok(std::io::stdout().write_all(page.as_bytes())?)
}

fn terminal_width() -> usize {
    crate::output::terminal_size().map_or(80, |(_, columns)| usize::from(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, path: &str, rest: &str) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let found = find(&words).map(|(_, path, rest)| (path, rest.join(" ")));
        assert_eq!(found, Some((path, rest.to_owned())), "{line}");
    }

    #[test]
    fn a_command_is_found_by_each_of_its_names() {
        check("rm -f x", "rm", "-f x");
        check("container rm x", "container rm", "x");
        check("container remove x", "container rm", "x");
    }

    #[test]
    fn every_parser_is_one_that_clap_accepts() {
        for row in TABLE {
            (row.parser)().debug_assert();
            assert!(
                !row.summary().is_empty() && !row.summary().ends_with('.'),
                "{}",
                row.names[0]
            );
        }
    }

    #[test]
    fn no_name_is_taken_twice() {
        let mut names: Vec<_> = TABLE.iter().flat_map(|row| row.names).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_slip_is_preferred_to_a_missing_letter() {
        let near = |typed: &str, names: &[&'static str]| {
            let failure = unknown(String::new(), typed, names.iter().copied());
            failure.hint().map(str::to_owned)
        };
        let run = Some("did you mean `run`?".to_owned());
        assert_eq!(near("rum", &["rm", "run"]), run);
        assert_eq!(near("rnu", &["rm", "run", "ps"]), run);
        assert_eq!(near("xyz", &["rm", "run"]), None);
    }
}
