//! From words to requests, as the parser of `docker create` reads them.

use super::*;
use crate::cli::{self, Grammar, Parsed, Words};
use clap::{Args as _, FromArgMatches as _};
use engine::clock::Counter;
use engine::store::containers::MountSource;

fn asked(line: &[&str]) -> CommandResult<CreateRequest> {
    let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
    let grammar = Grammar {
        path: "create",
        usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
        words: Words::AtLeast(1),
    };
    let parser = cli::parser(CreateFlags::augment_args(clap::Command::new("create")));
    let Parsed::Matches(matches) = cli::parse(parser, &grammar, &words)? else {
        return Err(Failure::message("help"));
    };
    let flags = CreateFlags::from_arg_matches(&matches).unwrap();
    let own = |name: &str| (name == "OWN").then(|| "mine".to_owned());
    request(
        flags,
        &Surroundings {
            cwd: Path::new("/cwd"),
            own: &own,
            entropy: &Counter::default(),
        },
    )
}

fn check(line: &[&str], holds: impl Fn(&CreateRequest) -> bool) {
    let request = asked(line).unwrap();
    assert!(holds(&request), "{line:?}: {request:#?}");
}

fn refused(line: &[&str], said: &str) {
    let text = asked(line).unwrap_err().text().unwrap();
    assert_eq!(text.lines().next().unwrap(), said, "{line:?}");
}

#[test]
fn flags_end_at_the_image() {
    check(&["-it", "busybox", "sh", "-c", "x", "--rm"], |r| {
        r.image == "busybox"
            && r.process.cmd == ["sh", "-c", "x", "--rm"]
            && r.process.tty
            && r.process.open_stdin
            && !r.host.auto_remove
    });
}

#[test]
fn outputs_are_attached_unless_streams_are_named() {
    let streams = |stdin, stdout, stderr| Streams {
        stdin,
        stdout,
        stderr,
    };
    check(&["x"], |r| r.process.attach == streams(false, true, true));
    check(&["-i", "x"], |r| {
        r.process.attach == streams(true, true, true)
    });
    check(&["-aSTDERR", "x"], |r| {
        r.process.attach == streams(false, false, true)
    });
    check(&["-a", "stdin", "x"], |r| {
        r.process.attach == streams(true, false, false)
    });
}

#[test]
fn an_empty_entrypoint_clears_the_images() {
    check(&["x"], |r| r.process.entrypoint.is_none());
    check(&["--entrypoint", "", "x"], |r| {
        r.process.entrypoint == Some(Vec::new())
    });
    check(&["--entrypoint=sh", "x"], |r| {
        r.process.entrypoint == Some(vec!["sh".to_owned()])
    });
}

#[test]
fn variables_without_a_value_are_the_callers_or_are_taken_away() {
    check(&["-e", "OWN", "-e", "NONE", "-eA=1", "x"], |r| {
        r.process.env == ["OWN=mine", "NONE", "A=1"]
    });
}

#[test]
fn mounts_come_from_three_flags() {
    check(
        &[
            "-v",
            "data:/d",
            "--tmpfs",
            "/t:size=1m",
            "--mount",
            "type=bind,src=/tmp,dst=/b",
            "x",
        ],
        |r| {
            let sources: Vec<_> = r
                .host
                .mounts
                .iter()
                .map(|m| (&m.source, m.target.as_str()))
                .collect();
            matches!(
                sources.as_slice(),
                [
                    (MountSource::Volume { .. }, "/d"),
                    (MountSource::Bind { create: false, .. }, "/b"),
                    (MountSource::Tmpfs { .. }, "/t"),
                ]
            )
        },
    );
    refused(
        &["-v", "a1:/d", "-v", "b1:/d/", "x"],
        "Error response from daemon: Duplicate mount point: /d",
    );
}

#[test]
fn limits_are_read_in_dockers_units() {
    check(
        &[
            "-m64m",
            "--memory-swap=-1",
            "--cpus=.5",
            "--pids-limit",
            "-1",
            "x",
        ],
        |r| {
            r.host.memory == 64 << 20
                && r.host.memory_swap == -1
                && r.host.nano_cpus == 500_000_000
                && r.host.pids_limit == 0
        },
    );
    check(&["-c", "512", "--cpuset-cpus", "0-1", "x"], |r| {
        r.host.cpu_shares == 512 && r.host.cpuset_cpus == "0-1"
    });
}

#[test]
fn health_flags_make_a_check() {
    check(
        &["--health-cmd", "true", "--health-interval=5s", "x"],
        |r| {
            r.healthcheck
                .as_ref()
                .is_some_and(|h| h.test == ["CMD-SHELL", "true"] && h.interval == 5_000_000_000)
        },
    );
    check(&["--no-healthcheck", "x"], |r| {
        r.healthcheck.as_ref().is_some_and(|h| h.test == ["NONE"])
    });
    refused(
        &["--health-retries", "-1", "x"],
        "--health-retries cannot be negative",
    );
    refused(
        &["--no-healthcheck", "--health-cmd=true", "x"],
        "--no-healthcheck conflicts with --health-* options",
    );
}

#[test]
fn what_docklings_lacks_is_refused_by_name() {
    refused(
        &["--gpus", "all", "x"],
        "`--gpus` is not part of docklings; see docs/limits.md",
    );
    refused(
        &["--network", "mine", "x"],
        "`--network mine` is not part of docklings; see docs/limits.md",
    );
    refused(
        &["--security-opt", "apparmor=x", "x"],
        "`--security-opt apparmor=x` is not part of docklings; see docs/limits.md",
    );
    refused(
        &["--security-opt", "foo", "x"],
        "Invalid --security-opt: \"foo\"",
    );
}

#[test]
fn a_restart_policy_and_rm_exclude_each_other() {
    refused(
        &["--rm", "--restart=always", "x"],
        "conflicting options: cannot specify both --restart and --rm",
    );
    refused(
        &["--restart", "on-failure:x", "x"],
        "invalid restart policy format: maximum retry count must be an integer",
    );
}
