//! Text within a paragraph: its styles and its line breaks.

use owo_colors::{OwoColorize, Style as Paint};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The style of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    bold: bool,
    italic: bool,
    struck: bool,
    underlined: bool,
    code: bool,
}

impl Style {
    const PLAIN: Self = Self {
        bold: false,
        italic: false,
        struck: false,
        underlined: false,
        code: false,
    };
    pub(super) const HEADING: Self = Self {
        bold: true,
        ..Self::PLAIN
    };
    pub(super) const STRONG: Self = Self {
        bold: true,
        ..Self::PLAIN
    };
    pub(super) const EMPHASIS: Self = Self {
        italic: true,
        ..Self::PLAIN
    };
    pub(super) const STRUCK: Self = Self {
        struck: true,
        ..Self::PLAIN
    };
    pub(super) const LINK: Self = Self {
        underlined: true,
        ..Self::PLAIN
    };
    const CODE: Self = Self {
        code: true,
        ..Self::PLAIN
    };

    fn and(self, other: Self) -> Self {
        Self {
            bold: self.bold || other.bold,
            italic: self.italic || other.italic,
            struck: self.struck || other.struck,
            underlined: self.underlined || other.underlined,
            code: self.code || other.code,
        }
    }

    fn paint(self, text: &str) -> String {
        if self == Self::PLAIN {
            return text.to_owned();
        }
        let mut paint = Paint::new();
        if self.bold {
            paint = paint.bold();
        }
        if self.italic {
            paint = paint.italic();
        }
        if self.struck {
            paint = paint.strikethrough();
        }
        if self.underlined {
            paint = paint.underline();
        }
        if self.code {
            paint = paint.cyan();
        }
        text.style(paint).to_string()
    }
}

/// A piece of text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    text: String,
    style: Style,
}

/// The text of a paragraph that has been read so far.
#[derive(Debug, Default)]
pub(super) struct Inline {
    spans: Vec<Span>,
    styles: Vec<Style>,
}

/// A line break that the author wrote.
const BREAK: char = '\n';
/// A non-breaking blank; it is written as a plain one.
const TIE: char = '\u{a0}';
/// The most columns of code that stays on one line.
const UNBROKEN: usize = 24;

impl Inline {
    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(super) fn enter(&mut self, style: Style) {
        let outer = self.styles.last().copied().unwrap_or_default();
        self.styles.push(outer.and(style));
    }

    pub(super) fn leave(&mut self) {
        self.styles.pop();
    }

    fn push(&mut self, text: String, style: Style) {
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(&text),
            _ => self.spans.push(Span { text, style }),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        let style = self.styles.last().copied().unwrap_or_default();
        self.push(text.replace(BREAK, " "), style);
    }

    /// Code, which keeps its backticks: without colour, they are its only mark.
    pub(super) fn code(&mut self, code: &str) {
        let style = self.styles.last().copied().unwrap_or_default();
        // A short command stays on one line, since it is there to be typed.
        let code = match width(code) <= UNBROKEN {
            true => code.replace(' ', &TIE.to_string()),
            false => code.to_owned(),
        };
        self.push(format!("`{code}`"), style.and(Style::CODE));
    }

    pub(super) fn line_break(&mut self) {
        self.push(BREAK.to_string(), Style::PLAIN);
    }

    pub(super) fn ends_with(&self, text: &str) -> bool {
        self.spans
            .last()
            .is_some_and(|span| span.text.ends_with(text))
    }

    /// The columns of the whole text on one line.
    pub(super) fn width(&self) -> usize {
        self.spans.iter().map(|span| width(&span.text)).sum()
    }

    /// Returns the text without styles, and clears it.
    pub(super) fn take_plain(&mut self) -> String {
        let spans = std::mem::take(&mut self.spans);
        spans
            .into_iter()
            .map(|span| span.text.replace(TIE, " "))
            .collect()
    }

    /// Wraps the text into lines of at most `room` columns, and clears it.
    pub(super) fn take_wrapped(&mut self, room: usize, plain: bool) -> Vec<String> {
        let mut lines = Lines {
            room,
            plain,
            done: Vec::new(),
            line: Vec::new(),
            used: 0,
        };
        for word in words(std::mem::take(&mut self.spans)) {
            lines.add(word);
        }
        lines.end();
        lines.done
    }
}

/// A word and the blanks after it; its parts may differ in style.
#[derive(Debug, Default)]
struct Word {
    spans: Vec<Span>,
    /// A line break follows.
    ends: bool,
}

impl Word {
    fn width(&self) -> usize {
        self.spans.iter().map(|span| width(&span.text)).sum()
    }
}

/// Splits spans at blanks. Several blanks count as one, as in HTML.
fn words(spans: Vec<Span>) -> Vec<Word> {
    let mut words = vec![Word::default()];
    for span in spans {
        for c in span.text.chars() {
            if c.is_whitespace() && c != TIE {
                if let Some(last) = words.last_mut() {
                    last.ends |= c == BREAK;
                }
                if words.last().is_some_and(|word| !word.spans.is_empty()) {
                    words.push(Word::default());
                }
                continue;
            }
            let Some(word) = words.last_mut() else {
                continue;
            };
            match word.spans.last_mut() {
                Some(last) if last.style == span.style => last.text.push(c),
                _ => word.spans.push(Span {
                    text: c.to_string(),
                    style: span.style,
                }),
            }
        }
    }
    words.retain(|word| !word.spans.is_empty() || word.ends);
    words
}

/// Lines that are being filled with words.
struct Lines {
    room: usize,
    plain: bool,
    done: Vec<String>,
    line: Vec<Span>,
    used: usize,
}

impl Lines {
    fn add(&mut self, word: Word) {
        let (wide, ends) = (word.width(), word.ends);
        let blank = usize::from(self.used > 0);
        if self.used + blank + wide > self.room && self.used > 0 {
            self.end();
        }
        if wide > self.room && word.spans.iter().any(|span| has_wide_letters(&span.text)) {
            // Scripts without blanks may break anywhere; a path or an address may not.
            word.spans
                .into_iter()
                .for_each(|span| self.add_letters(&span));
        } else {
            if self.used > 0 {
                self.push_blank(word.spans.first().map_or(Style::PLAIN, |span| span.style));
            }
            self.used += wide;
            self.line.extend(word.spans);
        }
        if ends {
            self.end();
        }
    }

    /// A blank between two words of one style has that style too, so that underlines have no gaps.
    fn push_blank(&mut self, next: Style) {
        let style = match self.line.last() {
            Some(last) if last.style == next => next,
            _ => Style::PLAIN,
        };
        self.line.push(Span {
            text: " ".to_owned(),
            style,
        });
        self.used += 1;
    }

    fn add_letters(&mut self, span: &Span) {
        for c in span.text.chars() {
            let wide = c.width().unwrap_or(0);
            if self.used + wide > self.room {
                self.end();
            }
            self.used += wide;
            self.line.push(Span {
                text: c.to_string(),
                style: span.style,
            });
        }
    }

    fn end(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let mut text = String::new();
        let mut spans = std::mem::take(&mut self.line).into_iter().peekable();
        while let Some(mut span) = spans.next() {
            while let Some(next) = spans.next_if(|next| next.style == span.style) {
                span.text.push_str(&next.text);
            }
            let words = span.text.replace(TIE, " ");
            match self.plain {
                true => text.push_str(&words),
                false => text.push_str(&span.style.paint(&words)),
            }
        }
        self.done.push(text);
        self.used = 0;
    }
}

/// A line of a transcript: the typed command stands out from the output.
pub(super) fn transcript_line(line: &str) -> String {
    let typed = line.strip_prefix("$ ").map(|typed| ("$ ", typed));
    match typed.or_else(|| line.strip_prefix("> ").map(|typed| ("> ", typed))) {
        Some((prompt, typed)) => format!("{}{}", prompt.dimmed(), typed.cyan()),
        None => line.to_owned(),
    }
}

/// The columns of `text`.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

fn has_wide_letters(text: &str) -> bool {
    text.chars().any(|c| c.width() == Some(2))
}
