//! The course's verbs outside the shell: `docklings list`, `check`, `hint`, … They are for scripts, and for people who
//! use their own terminal and editor.

mod check;
mod config;
pub(super) mod doctor;
mod draw;
mod environment;
mod hint;
mod images;
pub(crate) mod list;
mod progress;
mod registry;
mod reset;
pub(crate) mod stop;
mod uninstall;
mod watch;
mod whereabouts;
pub(crate) mod words;

use crate::docker::commands;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::near::nearest;
use std::io::Write;

/// A verb, with its help.
pub(crate) struct Verb {
    /// Its name.
    pub(crate) name: &'static str,
    /// The words after it.
    pub(crate) usage: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// The flags that it accepts; a flag that ends in `=` takes a value.
    pub(crate) flags: &'static [&'static str],
    run: fn(&words::Words) -> CommandResult,
}

/// The table of verbs.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "list",
        usage: "[--json]",
        about: "list all lessons and exercises with their status",
        flags: &["--json"],
        run: list::run,
    },
    Verb {
        name: "check",
        usage: "[EXERCISE] [--json] [--verbose] [--answer GOAL=TEXT]",
        about: "judge an exercise: 0 all goals reached, 1 not yet, 3 can't check",
        flags: &["--json", "--verbose", "--answer="],
        run: check::run,
    },
    Verb {
        name: "hint",
        usage: "[EXERCISE]",
        about: "show the next hint",
        flags: &[],
        run: hint::hint,
    },
    Verb {
        name: "solution",
        usage: "[EXERCISE] [--play] [--yes]",
        about: "show the solution; --play runs it in a scratch sandbox",
        flags: &["--play", "--yes"],
        run: hint::solution,
    },
    Verb {
        name: "reset",
        usage: "[EXERCISE | --all] [--yes]",
        about: "start an exercise over, or with --all the whole course",
        flags: &["--all", "--yes"],
        run: reset::run,
    },
    Verb {
        name: "progress",
        usage: "[--json | export FILE | import FILE]",
        about: "show your progress, or move it to another machine (it is no proof of anything)",
        flags: &["--json"],
        run: progress::run,
    },
    Verb {
        name: "show",
        usage: "[EXERCISE | free | image NAME… | container NAME… | layers IMAGE… | layer ID]",
        about: "draw images, layers and containers; the files of one layer or container",
        flags: &[],
        run: draw::run,
    },
    Verb {
        name: "watch",
        usage: "[EXERCISE]",
        about: "report goals as you reach them in another terminal",
        flags: &[],
        run: watch::run,
    },
    Verb {
        name: "env",
        usage: "[EXERCISE | free]",
        about: "print shell lines that put our docker first, where the course is: eval \"$(docklings env)\"",
        flags: &[],
        run: environment::run,
    },
    Verb {
        name: "where",
        usage: "[EXERCISE]",
        about: "show where everything is on disk",
        flags: &[],
        run: whereabouts::run,
    },
    Verb {
        name: "registry",
        usage: registry::USAGE,
        about: "a registry of your own, in the foreground: see each request of a push",
        flags: registry::FLAGS,
        run: registry::run,
    },
    Verb {
        name: "images",
        usage: images::USAGE,
        about: "images from a file, for all sandboxes and exercises",
        flags: images::FLAGS,
        run: images::run,
    },
    Verb {
        name: "config",
        usage: config::USAGE,
        about: "choose the registry for names such as `busybox`",
        flags: config::FLAGS,
        run: config::run,
    },
    Verb {
        name: "stop",
        usage: "[EXERCISE | free | --all]",
        about: "stop the containers of a sandbox, or with --all of all sandboxes",
        flags: &["--all"],
        run: stop::run,
    },
    Verb {
        name: "doctor",
        usage: "[--json | --repair]",
        about: "check this machine and show fixes; --repair moves damaged files aside",
        flags: &["--json", "--repair"],
        run: doctor::run,
    },
    Verb {
        name: "uninstall",
        usage: "[--yes]",
        about: "stop all containers and remove everything that docklings keeps",
        flags: &["--yes"],
        run: uninstall::run,
    },
];

/// Runs the verb `verb` of [`VERBS`].
pub(super) fn run(verb: &str, words: &[String]) -> CommandResult {
    let Some(found) = VERBS.iter().find(|known| known.name == verb) else {
        return Err(unknown(verb));
    };
    match words::Words::parse(found, words)? {
        Some(words) => (found.run)(&words),
        None => show(&help_of(found)),
    }
}

fn unknown(verb: &str) -> Failure {
    let names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
    let is_docker = commands::find(&[verb.to_owned()]).is_some();
    let hint = match nearest(verb, names) {
        _ if is_docker => format!("docklings docker {verb}"),
        Some(near) => format!("did you mean `docklings {near}`?"),
        None => "docklings --help".to_owned(),
    };
    Failure::Hinted(
        format!("unknown command: `docklings {verb}`"),
        exit::USAGE,
        hint,
    )
}

/// Prints `text`.
pub(super) fn show(text: &str) -> CommandResult {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

pub(super) fn help() -> String {
    let mut text = String::from(
        "Learn Docker by doing it, on a real container engine that needs no Docker, no root and no network.\n\n\
         Usage:  docklings [--plain]            start or resume the course\n        \
         docklings docker COMMAND ...   the engine's command line\n        \
         docklings COMMAND ...\n\nCommands:\n",
    );
    for verb in VERBS {
        text.push_str(&format!("  {:<10} {}\n", verb.name, verb.about));
    }
    text.push_str(&format!(
        "  {:<10} {}\n",
        "explain", "explain a docker command line, word by word"
    ));
    text.push_str(&format!(
        "  {:<10} {}\n",
        "completion", "print a script for bash, zsh or fish: what Tab offers there"
    ));
    text.push_str(&format!(
        "  {:<10} {}\n",
        "author", "tools for writing exercises: docklings author --help"
    ));
    text.push_str("\nIn the course, `help` lists its words: next, check, hint, answer, go, …\n");
    text.push_str("Run 'docklings COMMAND --help' for more information on a command.\n");
    text
}

fn help_of(verb: &Verb) -> String {
    let usage = format!("docklings {} {}", verb.name, verb.usage);
    format!("Usage:  {}\n\n{}\n", usage.trim_end(), verb.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_a_verb_is_in_its_usage() {
        for verb in VERBS {
            for flag in verb.flags {
                assert!(
                    verb.usage.contains(flag.trim_end_matches('=')),
                    "{} {flag}",
                    verb.name
                );
            }
        }
    }

    #[test]
    fn a_mistyped_verb_gets_a_suggestion() {
        for (verb, expected) in [
            ("chekc", "did you mean `docklings check`?"),
            ("inspect", "docklings docker inspect"),
            ("frobnicate", "docklings --help"),
        ] {
            assert_eq!(unknown(verb).hint(), Some(expected), "{verb}");
        }
    }
}
