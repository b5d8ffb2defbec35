//! What a page needs from the pages before it, and `catchup`, which makes it.

use super::Shell;
use super::complete::Names;
use crate::course::look::{self, styled};
use crate::failure::CommandResult;
use lessons::lesson::Lesson;
use lessons::markdown::Page;
use std::collections::{BTreeMap, BTreeSet};

impl Shell {
    /// Names what the page needs and is not there.
    pub(super) fn name_missing(&mut self, lesson: usize, page: usize) -> CommandResult {
        let needed = needed(&self.session.catalog().lessons[lesson], page);
        if needed.is_empty() {
            return Ok(());
        }
        self.update_assistant();
        let Some(names) = self
            .reader
            .assistant()
            .map(|assistant| &assistant.names)
            .filter(|names| names.engine.is_some())
        else {
            return Ok(());
        };
        let there: BTreeSet<String> = [names.containers(), names.images(), names.volumes()]
            .into_iter()
            .flatten()
            .collect();
        let missing: Vec<String> = needed
            .iter()
            .filter(|(name, _)| !there.contains(*name))
            .map(|(name, page)| format!("`{name}` from page {}", page + 1))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.lacks_pages = true;
        self.say(&format!(
            "This page needs {}. `catchup` makes it.",
            missing.join(", ")
        ))
    }

    /// Runs the commands of the pages before `page`.
    pub(super) fn catch_up(&mut self, lesson: usize, page: usize) -> CommandResult {
        let pages = &self.session.catalog().lessons[lesson].pages[..page];
        let steps = pages.iter().flat_map(runnable);
        let steps: Vec<String> = steps.map(str::to_owned).collect();
        let sandbox = self.session.sandbox();
        for step in steps {
            let shown = step.lines().next().unwrap_or_default();
            self.show(&format!("{}\n", styled(look::ASIDE, &format!("$ {shown}"))))?;
            self.lines.run_quietly(&sandbox, &step)?;
        }
        let done = match page {
            1 => "Page 1 is done.".to_owned(),
            pages => format!("Pages 1 to {pages} are done."),
        };
        self.say(&format!("{done} `goals` shows this page again."))
    }
}

/// The commands of a page that need no person at the terminal.
fn runnable(page: &Page) -> impl Iterator<Item = &str> {
    let blocks = page.console.iter().filter(|block| block.runs);
    blocks.flat_map(|block| block.steps.iter().map(|step| &*step.command))
}

/// The names that the commands of `page` use and earlier pages have made, each with the page that made it.
fn needed(lesson: &Lesson, page: usize) -> BTreeMap<String, usize> {
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    for (index, earlier) in lesson.pages[..page].iter().enumerate() {
        let steps = runnable(earlier);
        for command in steps.map(Command::read) {
            if command.prunes {
                made.clear();
            }
            made.retain(|name, _| !(command.removes && command.words.contains(name)));
            made.extend(command.makes.into_iter().map(|name| (name, index)));
        }
    }
    let mut needed = BTreeMap::new();
    for command in lesson.pages[page].commands().map(Command::read) {
        for name in &command.words {
            if let Some(page) = made.get(name)
                && !command.makes.contains(name)
            {
                needed.insert(name.clone(), *page);
            }
        }
        made.retain(|name, _| !command.makes.contains(name));
    }
    needed
}

/// What a page's command says about names.
#[derive(Default)]
struct Command {
    /// Its words, also the parts before a colon: `box:/file`, `data:/var`.
    words: BTreeSet<String>,
    /// The names that it gives to new things.
    makes: Vec<String>,
    /// It removes what it names.
    removes: bool,
    /// It removes what it does not name.
    prunes: bool,
}

impl Command {
    fn read(line: &str) -> Self {
        let mut read = Self::default();
        for piece in line.split(['|', ';', '&', '\n']) {
            let words: Vec<&str> = piece.split_whitespace().collect();
            if words.first() != Some(&"docker") {
                continue;
            }
            let has = |word: &str| words.contains(&word);
            let verb = words.iter().skip(1).find(|word| {
                !matches!(**word, "container" | "image" | "volume") && !word.starts_with('-')
            });
            let verb = verb.copied().unwrap_or_default();
            for word in &words[1..] {
                let bare = word.trim_matches(['\'', '"']);
                read.words
                    .insert(bare.trim_end_matches(":latest").to_owned());
                read.words
                    .extend(bare.split_once(':').map(|(name, _)| name.to_owned()));
            }
            let flag = |name: &str| {
                let at = words.iter().position(|word| *word == name)?;
                words.get(at + 1).copied()
            };
            let last = words.last().copied();
            let new = match verb {
                "run" | "create" if has("volume") => last,
                "run" | "create" if !has("--rm") => flag("--name"),
                "build" => flag("-t"),
                "tag" | "commit" | "rename" => last,
                _ => None,
            };
            read.makes
                .extend(new.map(|name| name.trim_end_matches(":latest").to_owned()));
            read.removes |= matches!(verb, "rm" | "rmi");
            read.prunes |= verb == "prune" || has("$(docker");
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(earlier: &[&str], page: &[&str], expected: &[(&str, usize)]) {
        let block = |lines: &[&str]| {
            let text = format!("```console\n$ {}\n```\n", lines.join("\n$ "));
            text.replace("console\n$ norun ", "console norun\n$ ")
        };
        let head = "---\ntitle: T\ngoal: G\nminutes: 5\n---\n";
        let mut text = head.to_owned();
        for (line, number) in earlier.iter().zip(1..) {
            text.push_str(&format!("## P{number}\n{}", block(&[line])));
        }
        text.push_str(&format!("## Last\n{}", block(page)));
        let lesson = Lesson::parse("01-x", "x", &text, &mut Vec::new()).unwrap();
        let needed = needed(&lesson, lesson.pages.len() - 1);
        let needed: Vec<_> = needed.iter().map(|(name, page)| (&**name, *page)).collect();
        assert_eq!(needed, expected, "{earlier:?} {page:?}");
    }

    #[test]
    fn a_page_needs_what_earlier_pages_made_and_did_not_remove() {
        let counter = "docker run -d --name counter busybox sleep 9";
        check(&[counter], &["docker logs counter"], &[("counter", 0)]);
        check(
            &["ls", counter],
            &["docker cp counter:/x ."],
            &[("counter", 1)],
        );
        check(&[counter], &["docker ps"], &[]);
        check(
            &[counter, "docker rm -f counter"],
            &["docker logs counter"],
            &[],
        );
        check(&[counter], &[counter, "docker logs counter"], &[]);
        check(
            &[counter],
            &["docker logs counter; docker rm counter", counter],
            &[("counter", 0)],
        );
        check(
            &["docker run --rm --name x busybox true"],
            &["docker logs x"],
            &[],
        );
        check(
            &[counter, "docker rm -f $(docker ps -aq)"],
            &["docker logs counter"],
            &[],
        );
    }

    #[test]
    fn what_only_a_person_can_make_is_not_needed() {
        let session = "norun docker run -it --name desk busybox";
        check(&[session], &["docker start -ai desk"], &[]);
    }

    #[test]
    fn images_and_volumes_are_needed_too() {
        check(
            &["docker build -t shop ."],
            &["docker run --rm shop:latest"],
            &[("shop", 0)],
        );
        check(
            &["docker tag busybox mine:1"],
            &["docker rmi mine:1"],
            &[("mine:1", 0)],
        );
        check(
            &["docker volume create data"],
            &["docker run -v data:/x busybox"],
            &[("data", 0)],
        );
        check(
            &["docker commit box kept"],
            &["docker history kept"],
            &[("kept", 0)],
        );
    }
}
