//! A lesson's text, parsed: pages, console blocks, links to exercises.

use crate::problem::Problem;
use crate::transcript::Transcript;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// One screen of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The heading, as plain text.
    pub title: String,
    /// The text below the heading, in Markdown.
    pub body: String,
    /// The line of the file where the page begins, from 1.
    pub line: usize,
    /// Its console blocks, in order.
    pub console: Vec<Transcript>,
    /// The exercises that it links to with `[…](exercise:ID)`, in order.
    pub exercises: Vec<String>,
}

impl Page {
    /// Every command of the page, in order; the shell offers them as ghost text.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        self.steps().map(|(command, _)| command)
    }

    /// Every command of the page, in order, and whether it should fail.
    pub fn steps(&self) -> impl Iterator<Item = (&str, bool)> {
        let blocks = self.console.iter();
        blocks.flat_map(|block| {
            let steps = block.steps.iter().enumerate();
            steps.map(|(index, step)| {
                let is_last = index + 1 == block.steps.len();
                (&*step.command, block.fails && is_last)
            })
        })
    }
}

/// The Markdown of lessons: tables and strikethrough besides the core.
pub fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// Splits `text` at its second-level headings. Text before the first one becomes a page called `title`, unless it is
/// blank. `first_line` is the line of the file `path` where `text` begins, for problem positions.
pub fn pages(
    path: &str,
    text: &str,
    first_line: usize,
    title: &str,
    problems: &mut Vec<Problem>,
) -> Vec<Page> {
    let line_at = |offset: usize| first_line + text[..offset].matches('\n').count();
    let mut pages = vec![Page {
        title: title.to_owned(),
        body: String::new(),
        line: first_line,
        console: Vec::new(),
        exercises: Vec::new(),
    }];
    let mut begins = 0;
    let mut heading: Option<(Range<usize>, String)> = None;
    let mut code: Option<(String, usize, String)> = None;
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        let page = pages.last_mut().expect("there is always a page");
        match event {
            Event::Start(Tag::Heading {
                level: HeadingLevel::H2,
                ..
            }) => heading = Some((range, String::new())),
            Event::End(TagEnd::Heading(HeadingLevel::H2)) => {
                if let Some((place, title)) = heading.take() {
                    page.body = text[begins..place.start].trim().to_owned();
                    begins = place.end;
                    pages.push(Page {
                        title,
                        body: String::new(),
                        line: line_at(place.start),
                        console: Vec::new(),
                        exercises: Vec::new(),
                    });
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let first = text[range.start..]
                    .find('\n')
                    .map_or(range.end, |at| range.start + at + 1);
                code = Some((info.to_string(), line_at(first), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                let Some((info, line, body)) = code.take() else {
                    continue;
                };
                if info.split_whitespace().next() == Some("console") {
                    match Transcript::parse(&info, &body, line) {
                        Ok(transcript) => page.console.push(transcript),
                        Err((line, message)) => problems.push(Problem::new(path, line, message)),
                    }
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                if let Some(id) = dest_url.strip_prefix("exercise:") {
                    page.exercises.push(id.to_owned());
                }
            }
            Event::Text(piece) | Event::Code(piece) => {
                if let Some((_, _, body)) = &mut code {
                    body.push_str(&piece);
                } else if let Some((_, title)) = &mut heading {
                    title.push_str(&piece);
                }
            }
            _ => {}
        }
    }
    let last = pages.last_mut().expect("there is always a page");
    last.body = text[begins..].trim().to_owned();
    if pages.len() > 1 && pages[0].body.is_empty() {
        pages.remove(0);
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<Page> {
        let mut problems = Vec::new();
        let pages = pages("l.md", text, 5, "Intro", &mut problems);
        assert_eq!(problems, []);
        pages
    }

    fn check(text: &str, expected: &[(&str, &str, usize)]) {
        let pages = split(text);
        let seen: Vec<_> = pages
            .iter()
            .map(|p| (&*p.title, &*p.body, p.line))
            .collect();
        assert_eq!(seen, expected, "{text:?}");
    }

    #[test]
    fn a_lesson_is_split_at_headings_of_the_second_level() {
        check("one", &[("Intro", "one", 5)]);
        check("## A\na\n\n## B\nb", &[("A", "a", 5), ("B", "b", 8)]);
        check(
            "one\n\n## A `ls`\n### x\na",
            &[("Intro", "one", 5), ("A ls", "### x\na", 7)],
        );
        check(
            "```\n## not a page\n```",
            &[("Intro", "```\n## not a page\n```", 5)],
        );
        check("## A", &[("A", "", 5)]);
        check("", &[("Intro", "", 5)]);
    }

    #[test]
    fn console_blocks_belong_to_their_page() {
        let pages = split(
            "## A\n```console\n$ one\n$ two\n```\n```sh\n$ no\n```\n## B\n```console\n$ three\n```",
        );
        let commands: Vec<Vec<&str>> = pages.iter().map(|p| p.commands().collect()).collect();
        assert_eq!(commands, [vec!["one", "two"], vec!["three"]]);
        assert_eq!(pages[0].console[0].line, 7);
    }

    #[test]
    fn links_to_exercises_are_found() {
        let pages = split("## A\nNow [do it](exercise:first-run), or [read](https://x.org).");
        assert_eq!(pages[0].exercises, ["first-run"]);
    }

    #[test]
    fn a_broken_console_block_is_reported_with_its_line() {
        let mut problems = Vec::new();
        pages(
            "l.md",
            "a\n\n```console\noops\n```",
            5,
            "Intro",
            &mut problems,
        );
        assert_eq!(problems[0].line, 8);
    }
}
