//! `docklings doctor`: tries out what this machine can do, and gives a fix to copy for everything that it cannot.
//!
//! PASS: it works. WARN: the course works, but this part is limited as described. FAIL: containers cannot run.

mod disk;
mod ids;
mod kernel;
mod network;
pub(crate) mod probe;
mod records;
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

/// The result for one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It works.
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

/// The result for one thing, with its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The name of the thing.
    what: &'static str,
    /// Its result.
    verdict: Verdict,
    /// What was found and what it means; a sentence.
    found: String,
    /// A command or a sentence that fixes it.
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

/// Every finding, ordered so that each thing comes after those it depends on.
fn examine(env: &Env) -> Vec<Finding> {
    let mut findings = vec![kernel::version()];
    let home = disk::home(env);
    let is_usable = home.iter().all(|finding| finding.verdict != Verdict::Fail);
    findings.extend(home);
    if !is_usable {
        // The other trials would run in an unusable home and be blamed for its fault.
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
            "cannot be tested without a user namespace",
            "see `user namespaces`",
        ),
    });
    findings.push(kernel::seccomp());
    findings.push(network::egress(env));
    findings.push(disk::sockets(env));
    findings.push(starter::images(env));
    findings.push(network::hub(env));
    findings.extend(network::upstream(env));
    let broken = findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Fail);
    if !broken {
        let (trial, session) = (trial::container(env), Session::read());
        findings.push(trial.container);
        findings.push(kernel::cgroups(trial.limits, &session));
        findings.extend(session.logout());
    }
    // Damaged records do not stop the other parts.
    findings.push(records::finding(env));
    findings.push(trial::running_containers(env));
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
            // Not wrapped, so that it can be copied.
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
        (0, 0) => "\nThis machine has everything the course needs.\n".to_owned(),
        (0, 1) => "\nThe course works here; one thing is limited.\n".to_owned(),
        (0, warnings) => format!("\nThe course works here; {warnings} things are limited.\n"),
        _ => "\nNot everything works here until every FAIL above is fixed.\n".to_owned(),
    });
    text
}

/// The command that installs the package `debian`, under its name in the distribution of this machine.
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
    fn a_fix_is_never_wrapped() {
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
