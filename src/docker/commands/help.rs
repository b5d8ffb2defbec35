//! `--help`, in Docker's layout.

use super::Row;
use super::table::{COMMON, GROUPS, TABLE, group_about};
use crate::cli;
use clap::Arg;

/// The narrowest column for a flag's text; if there is less room, the text gets its own line.
const LEAST: usize = 24;
/// A word may be this much too long for its line (as in spf13/pflag).
const SLOP: usize = 5;

/// The page of one command, called as `path`, for a terminal of `width` columns.
pub(super) fn of_command(row: &Row, path: &str, width: usize) -> String {
    let mut page = format!(
        "Usage:  {}\n",
        format!("docker {path} {}", row.usage).trim_end()
    );
    page += &format!("\n{}\n", row.about);
    if row.names.len() > 1 {
        let names: Vec<_> = row
            .names
            .iter()
            .map(|name| format!("docker {name}"))
            .collect();
        page += &format!("\nAliases:\n  {}\n", names.join(", "));
    }
    let flags = flags(&(row.parser)(), width);
    if !flags.is_empty() {
        page += &format!("\nOptions:\n{flags}");
    }
    page
}

/// The page of a group, such as `docker container`.
pub(super) fn of_group(group: &str) -> String {
    let mut page = format!(
        "Usage:  docker {group} COMMAND\n\n{}\n\nCommands:\n",
        group_about(group)
    );
    let mut rows: Vec<_> = TABLE
        .iter()
        .flat_map(|row| {
            let prefix = format!("{group} ");
            row.names
                .iter()
                .find_map(|name| name.strip_prefix(&prefix).map(|verb| (verb, row)))
        })
        .collect();
    rows.sort_by_key(|(verb, _)| *verb);
    for (verb, row) in rows {
        page += &format!("  {verb:<12}{}\n", row.summary());
    }
    page += &format!("\nRun 'docker {group} COMMAND --help' for more information on a command.\n");
    page
}

/// The page of `docker` itself.
pub(super) fn of_docker(width: usize) -> String {
    let mut page = String::from(
        "Usage:  docker [OPTIONS] COMMAND\n\nThe docklings container engine, with the command line of Docker\n",
    );
    let row_of = |verb: &&str| TABLE.iter().find(|row| row.names.contains(verb));
    page += "\nCommon Commands:\n";
    for row_verb in COMMON {
        if let Some(row) = row_of(row_verb) {
            page += &format!("  {row_verb:<12}{}\n", row.summary());
        }
    }
    page += "\nManagement Commands:\n";
    for (group, about) in GROUPS {
        page += &format!("  {group:<12}{about}\n");
    }
    page += "\nCommands:\n";
    let mut verbs: Vec<_> = TABLE
        .iter()
        .flat_map(|row| row.names.iter().map(move |name| (*name, row)))
        .filter(|(name, _)| !name.contains(' ') && !COMMON.contains(name))
        .collect();
    verbs.sort_by_key(|(verb, _)| *verb);
    for (verb, row) in verbs {
        page += &format!("  {verb:<12}{}\n", row.summary());
    }
    page += &format!(
        "\nGlobal Options:\n{}",
        flags(&super::global_flags(), width)
    );
    page += "\nRun 'docker COMMAND --help' for more information on a command.\n";
    page += "See docs/limits.md for what docklings leaves out of Docker.\n";
    page
}

/// The flags that help shows, in the order of their long names.
pub(crate) fn shown(command: &clap::Command) -> Vec<&Arg> {
    let mut args: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| arg.get_long().is_some() && !arg.is_hide_set())
        .collect();
    args.sort_by_key(|arg| arg.get_long());
    args
}

/// The table of flags, in the order of their long names.
fn flags(command: &clap::Command, width: usize) -> String {
    let args = shown(command);
    let heads: Vec<String> = args.iter().map(|arg| head(arg)).collect();
    let column = heads.iter().map(String::len).max().unwrap_or(0) + 3;
    let mut table = String::new();
    for (arg, head) in args.iter().zip(&heads) {
        let text = text(arg);
        let line = format!("{head:<column$}{}", wrapped(&text, column, width - 1));
        table += line.trim_end();
        table.push('\n');
    }
    table
}

/// A flag with its value, such as `-p, --publish list`, indented.
pub(crate) fn head(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    let mut head = match arg.get_short() {
        Some(letter) => format!("  -{letter}, --{long}"),
        None => format!("      --{long}"),
    };
    if !cli::is_switch(arg)
        && !matches!(arg.get_action(), clap::ArgAction::Help)
        && let Some([name, ..]) = arg.get_value_names()
    {
        head += &format!(" {}", name.as_str().to_lowercase());
    }
    head
}

/// What a flag does, and its default.
pub(crate) fn text(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if arg.is_hide_default_value_set() {
        return text;
    }
    let default = arg
        .get_default_values()
        .first()
        .and_then(|value| value.to_str());
    match default {
        None | Some("false" | "") => {}
        Some(value) if value == "true" || value.parse::<f64>().is_ok() => {
            text += &format!(" (default {value})");
        }
        Some(value) => text += &format!(" (default \"{value}\")"),
    }
    text
}

/// `text` in lines of at most `width` columns, with `indent` on all but the first.
fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let (indent, lead) = if width.saturating_sub(indent) < LEAST {
        (16, format!("\n{}", " ".repeat(16)))
    } else {
        (indent, String::new())
    };
    let pad = format!("\n{}", " ".repeat(indent));
    let room = width.saturating_sub(indent);
    if room < LEAST {
        return lead + &text.replace('\n', &pad);
    }
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut rest = paragraph;
        while rest.len() >= room {
            let at = floor(rest, room - SLOP);
            match rest[..at].rfind([' ', '\t']) {
                Some(blank) if blank > 0 => {
                    lines.push(rest[..blank].to_owned());
                    rest = &rest[blank + 1..];
                }
                _ => break,
            }
        }
        lines.push(rest.to_owned());
    }
    lead + &lines.join(&pad)
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_wrap_between_words_and_are_indented() {
        let text = "Expected to be broken into a few lines of text here";
        assert_eq!(
            wrapped(text, 4, 34),
            "Expected to be broken\n    into a few lines of text here"
        );
        assert_eq!(wrapped("short", 4, 34), "short");
    }

    #[test]
    fn a_narrow_terminal_gets_the_text_on_its_own_line() {
        assert!(wrapped("text", 40, 50).starts_with("\n                text"));
    }
}
