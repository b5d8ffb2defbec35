//! Arguments of commands about images, and of `system`: the meaning of each line, and the errors of invalid ones.

use crate::cli::{self, Grammar, Parsed};
use crate::docker::commands::{Command, container, image, inspect, prune, system};
use std::fmt::Debug;

fn parsed<C: Command + Debug>(line: &str) -> Result<C, String> {
    let words = shell_words::split(line).unwrap();
    let parser = cli::parser(C::augment_args(clap::Command::new("docker")));
    let grammar = Grammar {
        path: "x",
        usage: C::USAGE,
        words: C::WORDS,
    };
    match cli::parse(parser, &grammar, &words) {
        Ok(Parsed::Matches(matches)) => Ok(C::from_arg_matches(&matches).unwrap()),
        Ok(Parsed::Help) => Err("help".to_owned()),
        Err(failure) => Err(failure.text().unwrap()),
    }
}

/// `line` parses, and its fields include `expected`.
#[track_caller]
fn check<C: Command + Debug>(line: &str, expected: &[&str]) {
    let args = parsed::<C>(line).unwrap_or_else(|said| panic!("{line}: {said}"));
    let shown = format!("{args:?}");
    for field in expected {
        assert!(shown.contains(field), "no `{field}` in {shown}");
    }
}

/// `line` is refused, and the first line says `expected`.
#[track_caller]
fn refused<C: Command + Debug>(line: &str, expected: &str) {
    let said = parsed::<C>(line).unwrap_err();
    assert_eq!(said.lines().next(), Some(expected), "{line}");
}

#[test]
fn commit_takes_changes_an_author_and_may_leave_the_container_running() {
    check::<container::files::Commit>(
        "-a me -m why -c 'CMD x' --change 'ENV a=b' box new:1",
        &[
            "author: Some(\"me\")",
            "message: Some(\"why\")",
            "change: [\"CMD x\", \"ENV a=b\"]",
            "pause: true",
            "words: [\"box\", \"new:1\"]",
        ],
    );
    check::<container::files::Commit>("-p=false box", &["pause: false"]);
    refused::<container::files::Commit>(
        "",
        "docker: 'docker x' requires at least 1 and at most 2 arguments",
    );
}

#[test]
fn save_and_load_name_a_file_or_none() {
    check::<image::archive::Save>(
        "-oa.tar x y",
        &["output: Some(\"a.tar\")", "[\"x\", \"y\"]"],
    );
    check::<image::archive::Save>("x", &["output: None"]);
    refused::<image::archive::Save>("", "docker: 'docker x' requires at least 1 argument");
    refused::<image::archive::Save>("-o", "flag needs an argument: 'o' in -o");
    check::<image::archive::Load>(
        "-q --input=a.tar",
        &["input: Some(\"a.tar\")", "quiet: true"],
    );
    refused::<image::archive::Load>("a.tar", "docker: 'docker x' accepts no arguments");
    check::<container::files::Export>("-o a box", &["output: Some(\"a\")"]);
    refused::<container::files::Export>("a b", "docker: 'docker x' requires 1 argument");
}

#[test]
fn import_takes_a_source_and_perhaps_a_name() {
    check::<image::archive::Import>(
        "-c 'CMD x' -m why - flat:1",
        &[
            "change: [\"CMD x\"]",
            "message: Some(\"why\")",
            "[\"-\", \"flat:1\"]",
        ],
    );
    refused::<image::archive::Import>("", "docker: 'docker x' requires at least 1 argument");
    refused::<image::archive::Import>("--nope -", "unknown flag: --nope");
}

#[test]
fn lists_of_images_are_filtered_and_shown_in_many_ways() {
    check::<image::ls::Args>(
        "-aqf dangling=true --filter label=x --digests --no-trunc app",
        &[
            "all: true",
            "quiet: true",
            "filter: [\"dangling=true\", \"label=x\"]",
            "digests: true",
        ],
    );
    refused::<image::ls::Args>(
        "-f dangling",
        "invalid argument \"dangling\" for \"-f, --filter\" flag: bad format of filter (expected name=value)",
    );
    refused::<image::ls::Args>("a b", "docker: 'docker x' requires at most 1 argument");
    check::<image::names::Rm>("-f --no-prune a b", &["force: true", "no_prune: true"]);
    refused::<image::names::Rm>("-x a", "unknown shorthand flag: 'x' in -x");
    check::<prune::Image>("-af --filter until=24h", &["all: true", "force: true"]);
    check::<image::history::Args>(
        "--human=false --no-trunc -q a",
        &["human: false", "no_trunc: true", "quiet: true"],
    );
    check::<image::history::Args>("-H a", &["human: true"]);
    refused::<image::history::Args>("", "docker: 'docker x' requires 1 argument");
    refused::<image::names::Tag>("a", "docker: 'docker x' requires 2 arguments");
    check::<inspect::Image>("-f {{.Id}} a b", &["format: Some(\"{{.Id}}\")"]);
}

#[test]
fn the_system_is_looked_at_and_tidied() {
    check::<system::df::Args>("-v --format json", &["verbose: true", "Some(\"json\")"]);
    refused::<system::df::Args>("x", "docker: 'docker x' accepts no arguments");
    check::<prune::System>(
        "-af --volumes --filter until=1h",
        &["all: true", "force: true", "volumes: true"],
    );
    check::<prune::Builder>("-a --force=false", &["all: true", "force: false"]);
    check::<system::events::Args>(
        "--since 1 --until=2 -f type=image --format json",
        &[
            "since: Some(\"1\")",
            "until: Some(\"2\")",
            "filter: [\"type=image\"]",
        ],
    );
    refused::<system::events::Args>("--since", "flag needs an argument: --since");
    check::<system::info::Args>("-f json", &["format: Some(\"json\")"]);
    check::<system::version::Args>("--format json", &["format: Some(\"json\")"]);
}
