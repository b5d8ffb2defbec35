//! Here-documents: small files inside a Dockerfile.
//!
//! ```text
//! RUN <<EOF
//! echo one
//! EOF
//! COPY <<a.txt <<-"b.txt" /dir/
//! ```
//!
//! Source: Dockerfile reference, "Here-documents".

use super::source::Span;
use super::words::{self, Expander, Rules};

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The word after `<<`, without quotes; for COPY and ADD also the file's name.
    pub name: String,
    /// Whether variables in it are expanded: the word was not quoted.
    pub expand: bool,
    /// `<<-`: tabs at the start of lines are removed.
    pub chomp: bool,
    /// The lines, as written.
    pub content: String,
    /// The position of the mark `<<NAME`.
    pub span: Span,
}

impl Heredoc {
    /// The content, without leading tabs if `<<-` asks for it.
    pub fn text(&self) -> String {
        match self.chomp {
            false => self.content.clone(),
            true => self
                .content
                .split_inclusive('\n')
                .map(|line| line.trim_start_matches('\t'))
                .collect(),
        }
    }
}

/// Whether here-documents can follow the logical line `text`.
pub(crate) fn may_follow(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let mut keyword = words.next().unwrap_or_default();
    let mut rest = text[keyword.len()..].trim_start();
    if keyword.eq_ignore_ascii_case("ONBUILD") {
        keyword = words.next().unwrap_or_default();
        rest = rest.get(keyword.len()..).unwrap_or_default().trim_start();
    }
    ["RUN", "COPY", "ADD"]
        .iter()
        .any(|with| keyword.eq_ignore_ascii_case(with))
        && text.contains("<<")
        && serde_json::from_str::<Vec<String>>(rest).is_err()
}

/// The here-documents that the logical line `text` declares, still empty; spans are offsets in `text`.
pub(crate) fn announced(text: &str) -> Vec<Heredoc> {
    words::split(text, '\\')
        .into_iter()
        .filter_map(|range| {
            let mut heredoc = mark(&text[range.clone()])?;
            heredoc.span = range.into();
            Some(heredoc)
        })
        .collect()
}

/// Reads `word` as `<<NAME`, `<<-NAME`, `<<"NAME"` or `3<<NAME`.
pub(crate) fn mark(word: &str) -> Option<Heredoc> {
    let rest = word
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .strip_prefix("<<")?;
    let (chomp, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let keep = Rules {
        keep_unset: true,
        ..Rules::default()
    };
    let name = Expander::new('\\', &|_| None, keep).expand(rest).ok()?.text;
    let single = !name.is_empty() && words::split(rest, '\\').len() == 1;
    single.then(|| Heredoc {
        expand: name == rest,
        name,
        chomp,
        content: String::new(),
        span: Span::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_tell_name_quoting_and_tabs() {
        for (word, expected) in [
            ("<<EOF", Some(("EOF", true, false))),
            ("<<-EOF", Some(("EOF", true, true))),
            ("<<'EOF'", Some(("EOF", false, false))),
            ("<<\"a b\"", Some(("a b", false, false))),
            ("<<E\"O\"F", Some(("EOF", false, false))),
            ("3<<EOF", Some(("EOF", true, false))),
            ("<<", None),
            ("<<<word", None),
            ("x<<EOF", None),
            ("<<'EOF", None),
        ] {
            let found = mark(word);
            let found = found.as_ref().map(|h| (h.name.as_str(), h.expand, h.chomp));
            assert_eq!(found, expected, "{word}");
        }
    }

    #[test]
    fn only_run_copy_and_add_take_them() {
        for (text, expected) in [
            ("RUN <<EOF", true),
            ("copy <<a /b", true),
            ("ONBUILD RUN <<EOF", true),
            ("CMD <<EOF", false),
            ("RUN [\"a\", \"<<EOF\"]", false),
            ("RUN echo", false),
        ] {
            assert_eq!(may_follow(text), expected, "{text}");
        }
    }

    #[test]
    fn a_quoted_mark_inside_a_string_is_none() {
        assert!(announced("RUN echo 'a <<EOF b'").is_empty());
        assert_eq!(announced("RUN cat <<A <<B > /x").len(), 2);
    }
}
