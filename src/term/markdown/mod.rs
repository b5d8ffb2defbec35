//! A lesson's Markdown as text for the terminal.
//!
//! Prose wraps at the width; code never does. Colour and bold are part of the text, as escape sequences: strip them
//! before printing where they are not wanted. Colour never carries meaning alone: inline code keeps its backticks, and
//! links show their target.
//!
//! The plain form is for screen readers and simple terminals: it has no escapes and no box-drawing characters, and a
//! table becomes one sentence per cell.

mod inline;
mod table;

#[cfg(test)]
mod tests;

use engine::visible;
use inline::{Inline, Style};
use pulldown_cmark::{
    Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd,
};
use std::borrow::Cow;

/// The layout of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// The plain form.
    pub(crate) plain: bool,
}

/// The narrowest layout; a narrower terminal breaks the lines itself.
const NARROWEST: usize = 20;
/// From this width on, code is indented by four columns instead of two.
const ROOMY: usize = 60;

/// Renders `source`. The text ends with a newline, unless it is empty; no line ends with a blank.
pub(crate) fn render(source: &str, layout: Layout) -> String {
    let layout = Layout {
        width: layout.width.max(NARROWEST),
        ..layout
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut renderer = Renderer::new(layout);
    for event in Parser::new_ext(source, options) {
        renderer.take(clean(event));
    }
    renderer.out
}

/// Removes terminal control sequences: the author of a course may be anyone.
fn clean(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Text(text) => Event::Text(shown(text)),
        Event::Code(text) => Event::Code(shown(text)),
        Event::Html(text) | Event::InlineHtml(text) => Event::InlineHtml(shown(text)),
        Event::InlineMath(text) | Event::DisplayMath(text) => Event::InlineMath(shown(text)),
        Event::FootnoteReference(name) => Event::FootnoteReference(shown(name)),
        event => event,
    }
}

fn shown(text: CowStr<'_>) -> CowStr<'_> {
    match visible::text(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text.into(),
    }
}

/// The prefix of the lines of a list item or a quotation.
#[derive(Debug, Clone)]
struct Prefix {
    /// The prefix of the first line, such as `1. `; used once.
    first: Option<String>,
    /// The prefix of the other lines.
    rest: String,
}

/// A list that is open.
#[derive(Debug, Clone, Copy)]
struct List {
    /// The next number of an ordered list.
    number: Option<u64>,
}

struct Renderer {
    layout: Layout,
    out: String,
    prefixes: Vec<Prefix>,
    lists: Vec<List>,
    inline: Inline,
    /// The text of the open code block, and whether it is a transcript.
    code: Option<(String, bool)>,
    table: Option<table::Rows>,
    /// The targets of the open links.
    links: Vec<String>,
    /// A blank line belongs before the next block.
    gap: bool,
}

impl Renderer {
    fn new(layout: Layout) -> Self {
        Self {
            layout,
            out: String::new(),
            prefixes: Vec::new(),
            lists: Vec::new(),
            inline: Inline::default(),
            code: None,
            table: None,
            links: Vec::new(),
            gap: false,
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((code, _)) => code.push_str(&text),
                None => self.inline.text(&text),
            },
            Event::Code(code) => self.inline.code(&code),
            Event::SoftBreak => self.inline.text(" "),
            Event::HardBreak => self.inline.line_break(),
            Event::Rule => {
                let mark = if self.layout.plain { "-" } else { "─" };
                let width = self.room();
                self.begin_block();
                self.line(&mark.repeat(width));
                self.gap = true;
            }
            // Lessons have no HTML; any HTML is shown as text.
            Event::Html(text) | Event::InlineHtml(text) => self.inline.text(&text),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.inline.text(&text),
            Event::FootnoteReference(name) => self.inline.text(&format!("[{name}]")),
            Event::TaskListMarker(done) => self.inline.text(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => self.inline.enter(Style::HEADING),
            Tag::Emphasis => self.inline.enter(Style::EMPHASIS),
            Tag::Strong => self.inline.enter(Style::STRONG),
            Tag::Strikethrough => self.inline.enter(Style::STRUCK),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(visible::line(&dest_url).into_owned());
                self.inline.enter(Style::LINK);
            }
            Tag::BlockQuote(_) => {
                self.flush();
                let mark = if self.layout.plain { "> " } else { "│ " };
                self.prefixes.push(Prefix {
                    first: None,
                    rest: mark.to_owned(),
                });
            }
            Tag::List(number) => {
                self.flush();
                self.lists.push(List { number });
            }
            Tag::Item => self.item(),
            Tag::CodeBlock(kind) => {
                self.flush();
                let is_transcript = matches!(&kind, CodeBlockKind::Fenced(info)
                    if info.split_whitespace().next() == Some("console"));
                self.code = Some((String::new(), is_transcript));
            }
            Tag::Table(alignments) => {
                self.flush();
                let right = |&a: &Alignment| a == Alignment::Right;
                self.table = Some(table::Rows::new(alignments.iter().map(right).collect()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                self.inline.leave();
                self.heading(level);
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.inline.leave(),
            TagEnd::Link | TagEnd::Image => self.link(),
            TagEnd::Paragraph => {
                self.flush();
                self.gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.prefixes.pop();
                self.gap = true;
            }
            TagEnd::Item => {
                self.flush();
                self.prefixes.pop();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = self.lists.is_empty();
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::TableCell => {
                let cell = self.inline.take_plain();
                if let Some(table) = &mut self.table {
                    table.cell(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.end_row();
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let text = table.render(self.layout, self.room());
                    self.begin_block();
                    text.lines().for_each(|line| self.line(line));
                    self.gap = true;
                }
            }
            _ => {}
        }
    }

    /// The columns left beside the prefixes.
    fn room(&self) -> usize {
        let used: usize = self
            .prefixes
            .iter()
            .map(|prefix| inline::width(&prefix.rest))
            .sum();
        self.layout.width.saturating_sub(used).max(NARROWEST / 2)
    }

    fn item(&mut self) {
        self.flush();
        let marker = match self.lists.last_mut() {
            Some(List {
                number: Some(number),
            }) => {
                let marker = format!("{number}. ");
                *number += 1;
                marker
            }
            _ if self.layout.plain => "- ".to_owned(),
            _ => "• ".to_owned(),
        };
        let rest = " ".repeat(inline::width(&marker));
        self.prefixes.push(Prefix {
            first: Some(marker),
            rest,
        });
    }

    /// Shows the target of a link after its text; for an exercise, the word that goes there.
    fn link(&mut self) {
        self.inline.leave();
        let Some(target) = self.links.pop() else {
            return;
        };
        if let Some(exercise) = target.strip_prefix("exercise:") {
            self.inline.text(" (");
            self.inline.code(&format!("go {exercise}"));
            self.inline.text(")");
        } else if !self.inline.ends_with(&target) {
            self.inline.text(&format!(" ({target})"));
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let width = self.inline.width().min(self.room());
        self.flush();
        if level <= HeadingLevel::H2 {
            let mark = if self.layout.plain { "-" } else { "─" };
            self.line(&mark.repeat(width));
        }
        self.gap = true;
    }

    /// Writes the collected text as a wrapped paragraph.
    fn flush(&mut self) {
        if self.inline.is_empty() {
            return;
        }
        let lines = self.inline.take_wrapped(self.room(), self.layout.plain);
        self.begin_block();
        lines.iter().for_each(|line| self.line(line));
    }

    fn code_block(&mut self) {
        let Some((code, is_transcript)) = self.code.take() else {
            return;
        };
        let indent = if self.layout.width >= ROOMY {
            "    "
        } else {
            "  "
        };
        self.begin_block();
        for line in code.lines() {
            let line = match is_transcript && !self.layout.plain {
                true => inline::transcript_line(line),
                false => line.to_owned(),
            };
            self.line(&format!("{indent}{line}"));
        }
        self.gap = true;
    }

    /// Adds a blank line before a block, if one belongs there.
    fn begin_block(&mut self) {
        if std::mem::take(&mut self.gap) && !self.out.is_empty() {
            // The marker of a list item belongs to the line after the blank one.
            let quoted: String = self.prefixes.iter().map(|p| p.rest.as_str()).collect();
            self.out.push_str(quoted.trim_end());
            self.out.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        let mut text = String::new();
        for prefix in &mut self.prefixes {
            text.push_str(&prefix.first.take().unwrap_or_else(|| prefix.rest.clone()));
        }
        text.push_str(line);
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }
}
