//! Colour while typing: known words, docker's commands, strings and comments. The text itself does not change.

use super::lexer::{TokenKind, lex};
use super::words;
use crate::docker::commands;
use anstyle::{AnsiColor, Effects, Style};
use std::fmt::Write as _;
use std::ops::Range;

const WORD: Style = AnsiColor::Magenta.on_default().effects(Effects::BOLD);
const COMMAND: Style = AnsiColor::Green.on_default();
const VERB: Style = AnsiColor::Cyan.on_default();
const FLAG: Style = AnsiColor::Blue.on_default();
const STRING: Style = AnsiColor::Yellow.on_default();
const COMMENT: Style = Style::new().effects(Effects::DIMMED);

/// `line`, coloured.
pub(crate) fn highlight(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 32);
    let mut done = 0;
    for (range, style) in spans(line) {
        out.push_str(&line[done..range.start]);
        let text = &line[range.clone()];
        // Writing to a string cannot fail.
        let _ = write!(out, "{style}{text}{style:#}");
        done = range.end;
    }
    out.push_str(&line[done..]);
    out
}

fn spans(line: &str) -> Vec<(Range<usize>, Style)> {
    let tokens = lex(line).tokens;
    let mut spans = Vec::new();
    let mut in_docker: Option<Vec<String>> = None;
    for (index, token) in tokens.iter().enumerate() {
        let text = &line[token.range.clone()];
        let style = match token.kind {
            TokenKind::Comment => Some(COMMENT),
            TokenKind::Operator => {
                in_docker = None;
                None
            }
            TokenKind::Command => {
                in_docker = (token.text == "docker").then(Vec::new);
                let is_ours = index == 0 && words::TABLE.iter().any(|(name, _, _)| *name == text);
                Some(if is_ours { WORD } else { COMMAND })
            }
            TokenKind::Word if text.starts_with(['\'', '"']) => Some(STRING),
            TokenKind::Word if text.starts_with('-') => Some(FLAG),
            TokenKind::Word => in_docker.as_mut().and_then(|path| verb(path, &token.text)),
        };
        if let Some(style) = style {
            spans.push((token.range.clone(), style));
        }
    }
    spans
}

/// The style of the next word after `docker`, if it is part of a command's name.
fn verb(path: &mut Vec<String>, word: &str) -> Option<Style> {
    if commands::find(path).is_some() {
        return None;
    }
    path.push(word.to_owned());
    let is_group = path.len() == 1 && commands::GROUPS.iter().any(|(group, _)| *group == word);
    (is_group || commands::find(path).is_some()).then_some(VERB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_does_not_change_the_text() {
        for line in [
            "docker ps -a",
            "next",
            "echo 'a b' # c",
            "ł | \"",
            "A=1 docker container ls",
        ] {
            let coloured = highlight(line);
            let plain = anstream::adapter::strip_str(&coloured).to_string();
            assert_eq!(plain, line);
        }
    }

    #[test]
    fn a_known_verb_differs_from_an_unknown_one() {
        assert!(highlight("docker stop").contains(&format!("{VERB}stop")));
        assert!(!highlight("docker stopp").contains(&format!("{VERB}")));
    }
}
