//! Tests of the argument grammar on a small made-up command.

use super::*;
use clap::Args as _;
use clap::FromArgMatches as _;

/// A command with a flag of each kind.
#[derive(Debug, Default, PartialEq, clap::Args)]
struct Sample {
    /// On or off
    #[arg(short, long)]
    detach: bool,
    /// On unless switched off
    #[arg(long, default_value = "true", action = ArgAction::Set)]
    sig_proxy: bool,
    /// Bytes
    #[arg(short, long, value_name = "bytes", value_parser = number)]
    memory: Option<i64>,
    /// Repeated
    #[arg(short, long)]
    env: Vec<String>,
    /// Single
    #[arg(long)]
    name: Option<String>,
    #[arg(trailing_var_arg = true)]
    words: Vec<String>,
}

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("invalid size: '{text}'"))
}

fn parsed(line: &str) -> Result<Sample, Failure> {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let grammar = Grammar {
        path: "run",
        usage: "[OPTIONS] IMAGE",
        words: Words::AtLeast(1),
    };
    let command = parser(Sample::augment_args(clap::Command::new("run")));
    match parse(command, &grammar, &words)? {
        Parsed::Matches(matches) => Ok(Sample::from_arg_matches(&matches).unwrap()),
        Parsed::Help => Err(Failure::message("help")),
    }
}

fn check(line: &str, change: impl FnOnce(&mut Sample)) {
    let mut want = Sample {
        sig_proxy: true,
        ..Sample::default()
    };
    change(&mut want);
    assert_eq!(parsed(line).unwrap(), want, "{line}");
}

fn refused(line: &str, said: &str, code: u8) {
    let failure = parsed(line).unwrap_err();
    let text = failure.text().unwrap();
    assert_eq!(text.lines().next().unwrap(), said, "{line}");
    assert_eq!(failure.code(), code, "{line}");
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn switches_take_a_value_behind_an_equals_sign_only() {
    check("-d x", |want| {
        want.detach = true;
        want.words = words("x");
    });
    check("-d=false x", |want| want.words = words("x"));
    check("--detach=true --sig-proxy=0 x", |want| {
        want.detach = true;
        want.sig_proxy = false;
        want.words = words("x");
    });
}

#[test]
fn letters_can_be_joined_and_the_last_of_repeated_flags_wins() {
    check("-dm5 -eA=1 -e B=2 --name a --name=b x", |want| {
        want.detach = true;
        want.memory = Some(5);
        want.env = words("A=1 B=2");
        want.name = Some("b".to_owned());
        want.words = words("x");
    });
}

#[test]
fn everything_after_the_image_belongs_to_the_command() {
    check("x -it --help -- --name", |want| {
        want.words = words("x -it --help -- --name");
    });
}

#[test]
fn a_value_may_begin_with_a_hyphen() {
    check("--memory -1 --name -x y", |want| {
        want.memory = Some(-1);
        want.name = Some("-x".to_owned());
        want.words = words("y");
    });
}

#[test]
fn errors_are_in_dockers_words() {
    refused("--nope x", "unknown flag: --nope", 125);
    refused("--nope=3 x", "unknown flag: --nope", 125);
    refused("-dz9 x", "unknown shorthand flag: 'z' in -z9", 125);
    refused("--name", "flag needs an argument: --name", 125);
    refused("-d -e", "flag needs an argument: 'e' in -e", 125);
    refused(
        "--memory lots x",
        "invalid argument \"lots\" for \"-m, --memory\" flag: invalid size: 'lots'",
        125,
    );
    refused(
        "-d=maybe x",
        "invalid argument \"maybe\" for \"-d, --detach\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
        125,
    );
    refused("-d", "docker: 'docker run' requires at least 1 argument", 1);
    refused("--help", "help", 1);
}

#[test]
fn an_error_ends_with_the_usage_and_where_help_is() {
    assert_eq!(
        parsed("--nope").unwrap_err().text().unwrap(),
        "unknown flag: --nope\n\nUsage:  docker run [OPTIONS] IMAGE\n\nRun 'docker run --help' for more information"
    );
}
