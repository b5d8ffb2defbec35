//! `docklings man FOLDER`: writes a manual page for each command, for packages.
//!
//! The pages are made from the tables behind `--help`, so they cannot say anything else. Source of the layout:
//! man-pages(7).

use crate::cli;
use crate::course::verbs::VERBS;
use crate::docker::commands::{self, Row, help};
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::error::plainly;
use roff::{Roff, bold, roman};
use std::fs;
use std::path::Path;

/// The word that asks for the pages.
pub(crate) const VERB: &str = "man";

/// Writes all pages into the folder that is the only word.
pub(crate) fn run(words: &[String]) -> CommandResult {
    let [folder] = words else {
        return Err(Failure::message(format!(
            "`docklings {VERB}` takes a folder"
        )));
    };
    let folder = Path::new(folder);
    let written = fs::create_dir_all(folder).and_then(|()| {
        for (name, page) in pages() {
            fs::write(folder.join(format!("{name}.1")), page.render())?;
        }
        Ok(())
    });
    written.map_err(|error| {
        let text = format!("cannot write to {}: {}", folder.display(), plainly(&error));
        Failure::Message(text, exit::FAILURE)
    })
}

/// All pages, by name.
fn pages() -> Vec<(String, Roff)> {
    let mut pages = vec![
        ("docker".to_owned(), docker()),
        ("docklings".to_owned(), docklings()),
    ];
    for row in commands::TABLE {
        let name = format!("docker-{}", row.via().replace(' ', "-"));
        pages.push((name, of_command(row)));
    }
    pages
}

/// A page with its title, name and synopsis.
fn begun(name: &str, about: &str, synopsis: &str) -> Roff {
    let title = name.replace(' ', "-").to_uppercase();
    let mut page = Roff::new();
    page.control("TH", [title.as_str(), "1", "", "docklings", "docklings"]);
    page.control("SH", ["NAME"]);
    page.text([roman(format!("{} - {about}", name.replace(' ', "-")))]);
    page.control("SH", ["SYNOPSIS"]);
    page.text([bold(name), roman(format!(" {synopsis}"))]);
    page
}

fn of_command(row: &Row) -> Roff {
    let mut page = begun(&format!("docker {}", row.via()), row.summary(), row.usage);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(row.about)]);
    options(&mut page, &(row.parser)());
    if row.names.len() > 1 {
        page.control("SH", ["ALIASES"]);
        let names: Vec<String> = row
            .names
            .iter()
            .map(|name| format!("docker {name}"))
            .collect();
        page.text([roman(names.join(", "))]);
    }
    see_also(&mut page, "docker(1), docklings(1)");
    page
}

fn docker() -> Roff {
    let about = "the docklings container engine, with the command line of Docker";
    let mut page = begun("docker", about, "[OPTIONS] COMMAND");
    page.control("SH", ["COMMANDS"]);
    for row in commands::TABLE {
        entry(&mut page, row.via(), row.summary());
    }
    options(&mut page, &cli::parser(commands::global_flags()));
    see_also(&mut page, "docklings(1)");
    page
}

fn docklings() -> Roff {
    let about = "learn Docker by doing it, on a container engine that needs no Docker";
    let mut page = begun("docklings", about, "[COMMAND]");
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman("Without a command, the course begins or goes on.")]);
    page.control("SH", ["COMMANDS"]);
    for verb in VERBS {
        entry(
            &mut page,
            &format!("{} {}", verb.name, verb.usage),
            verb.about,
        );
    }
    see_also(&mut page, "docker(1)");
    page
}

fn options(page: &mut Roff, command: &clap::Command) {
    page.control("SH", ["OPTIONS"]);
    for arg in help::shown(command) {
        entry(page, help::head(arg).trim(), &help::text(arg));
    }
}

fn entry(page: &mut Roff, head: &str, text: &str) {
    page.control("TP", []);
    page.text([bold(head)]);
    page.text([roman(text)]);
}

fn see_also(page: &mut Roff, pages: &str) {
    page.control("SH", ["SEE ALSO"]);
    page.text([roman(pages)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_every_flag_of_its_command_and_nothing_that_roff_would_run() {
        for row in commands::TABLE {
            let page = of_command(row).render();
            for arg in help::shown(&(row.parser)()) {
                let flag = arg.get_long().unwrap().replace('-', "\\-");
                assert!(
                    page.contains(&format!("\\-\\-{flag}")),
                    "{} {flag}",
                    row.via()
                );
            }
            let known = [".TH", ".SH", ".TP", ".ie", ".el", ".br"];
            for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
                assert!(known.iter().any(|one| line.starts_with(one)), "{line}");
            }
        }
    }

    #[test]
    fn each_name_has_one_page() {
        let mut names: Vec<String> = pages().into_iter().map(|(name, _)| name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        for name in ["docker", "docklings", "docker-run", "docker-volume-prune"] {
            assert!(names.iter().any(|one| one == name), "{name}");
        }
    }
}
