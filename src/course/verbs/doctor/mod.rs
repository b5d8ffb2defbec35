//! `docklings doctor`: what this machine can do, tried and not guessed; each thing that it cannot, with a fix to copy.
//!
//! PASS: all is well. WARN: the course works, and this part of it is limited as told. FAIL: containers cannot run.

mod disk;
mod hub;
mod ids;
mod kernel;
mod limits;
mod network;
pub(crate) mod probe;
mod records;
mod running;
mod session;
mod starter;
mod trial;
mod users;

use super::words::Words;
use crate::course::look::{self, Look, styled};
use crate::course::view;
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use serde_json::json;
use session::Session;
use std::io::{self, Write};

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All is well.
    Pass,
    /// It works, with a limit.
    Warn,
    /// Containers cannot run.
    Fail,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The thing.
    what: &'static str,
    /// How it stands.
    verdict: Verdict,
    /// What was found, and what it means; a sentence.
    found: String,
    /// A command or a sentence that mends it.
    fix: Option<String>,
}

impl Finding {
    fn pass(what: &'static str, found: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, what, found, None)
    }

    fn warn(what: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, what, found, Some(fix.into()))
    }

    fn fail(what: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, what, found, Some(fix.into()))
    }

    fn new(
        verdict: Verdict,
        what: &'static str,
        found: impl Into<String>,
        fix: Option<String>,
    ) -> Self {
        let found = found.into();
        Self {
            what,
            verdict,
            found,
            fix,
        }
    }
}

pub(super) fn run(words: &Words) -> CommandResult {
    words.no_names()?;
    let env = Env::read_unchecked()?;
    if words.has("--repair") {
        return records::repair(&env);
    }
    let findings = examine(&env);
    if words.has("--json") {
        let all = findings.iter().map(|finding| {
            json!({
                "what": finding.what,
                "verdict": finding.verdict.word(),
                "found": finding.found,
                "fix": finding.fix,
            })
        });
        let all: Vec<_> = all.collect();
        writeln!(
            io::stdout(),
            "{:#}",
            json!({ "format": 1, "findings": all })
        )?;
    } else {
        let look = Look::of_process(false);
        look.show(&text(&findings, look))?;
    }
    match findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Fail)
    {
        true => Err(Failure::Code(exit::FAILURE)),
        false => Ok(()),
    }
}

/// Everything, in the order in which one thing builds on the other.
fn examine(env: &Env) -> Vec<Finding> {
    let mut findings = vec![kernel::version()];
    let home = disk::home(env);
    let is_usable = home.iter().all(|finding| finding.verdict != Verdict::Fail);
    findings.extend(home);
    if !is_usable {
        // Everything else would be tried in a home that cannot be used, and blamed for it.
        return findings;
    }
    let (namespaces, tried) = users::namespaces();
    let usable = namespaces.verdict != Verdict::Fail;
    findings.push(namespaces);
    findings.push(ids::subordinate_ids(tried.as_ref()));
    findings.push(match usable {
        true => disk::overlay(env),
        false => Finding::fail(
            "overlayfs",
            "cannot be tried without a user namespace",
            "see `user namespaces`",
        ),
    });
    findings.push(kernel::seccomp());
    findings.push(network::reach(env));
    findings.push(disk::sockets(env));
    findings.push(starter::images(env));
    findings.push(hub::reach(env));
    let broken = findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Fail);
    if !broken {
        let (trial, session) = (trial::container(env), Session::read());
        findings.push(trial.container);
        findings.push(limits::cgroups(trial.limits, &session));
        findings.extend(session.logout());
    }
    // What is damaged stops nothing else.
    findings.push(records::finding(env));
    findings.push(running::containers(env));
    findings
}

fn text(findings: &[Finding], look: Look) -> String {
    let mut text = String::new();
    for finding in findings {
        let style = match finding.verdict {
            Verdict::Pass => look::PASS,
            Verdict::Warn | Verdict::Fail => look::NOT_YET,
        };
        let word = styled(style, finding.verdict.word());
        let line = format!("{word}  {:<16}  {}", finding.what, finding.found);
        text.push_str(&view::hanging(
            &line,
            0,
            if look.width < 60 { 6 } else { 24 },
            look,
        ));
        text.push('\n');
        if let Some(fix) = &finding.fix {
            // Not broken into lines: it is there to be copied.
            let fix = fix.replace('\n', "\n      ");
            text.push_str(&format!("      fix: {fix}\n"));
        }
    }
    let worst = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    text.push_str(&match (worst(Verdict::Fail), worst(Verdict::Warn)) {
        (0, 0) => "\nThis machine has all that the course needs.\n".to_owned(),
        (0, 1) => "\nThe course works here; one thing is limited.\n".to_owned(),
        (0, warnings) => format!("\nThe course works here; {warnings} things are limited.\n"),
        _ => "\nNot everything works here until what FAILs is put right.\n".to_owned(),
    });
    text
}

/// The command that installs the package called `debian`, or by the other families' names for it.
fn install(debian: &str, fedora: &str, arch: &str, alpine: &str) -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    install_on(&release, [debian, fedora, arch, alpine])
}

fn install_on(release: &str, [debian, fedora, arch, alpine]: [&str; 4]) -> String {
    let ids: Vec<&str> = release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .flat_map(|value| value.trim_matches('"').split_whitespace())
        .collect();
    let is = |names: &[&str]| ids.iter().any(|id| names.contains(id));
    if is(&["debian", "ubuntu"]) {
        format!("sudo apt-get install {debian}")
    } else if is(&["fedora", "rhel", "centos"]) {
        format!("sudo dnf install {fedora}")
    } else if is(&["arch"]) {
        format!("sudo pacman -S {arch}")
    } else if is(&["alpine"]) {
        format!("doas apk add {alpine}")
    } else if is(&["suse", "opensuse"]) {
        format!("sudo zypper install {fedora}")
    } else {
        format!("install the package `{debian}` (its name may differ)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fix_is_a_command_of_this_distribution() {
        let names = ["uidmap", "shadow-utils", "shadow", "shadow-uidmap"];
        for (release, expected) in [
            ("NAME=x\nID=debian\n", "sudo apt-get install uidmap"),
            (
                "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                "sudo apt-get install uidmap",
            ),
            ("ID=fedora\n", "sudo dnf install shadow-utils"),
            ("ID=manjaro\nID_LIKE=arch\n", "sudo pacman -S shadow"),
            ("ID=alpine\n", "doas apk add shadow-uidmap"),
            ("", "install the package `uidmap` (its name may differ)"),
        ] {
            assert_eq!(install_on(release, names), expected);
        }
    }

    #[test]
    fn a_fix_is_never_broken_into_lines() {
        let look = Look {
            colour: false,
            drawn: false,
            width: 40,
        };
        let fix = "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 student";
        let text = text(&[Finding::warn("ids", "none", fix)], look);
        assert!(text.contains(fix), "{text}");
    }
}
