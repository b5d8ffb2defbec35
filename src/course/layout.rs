//! Breaking the course's own sentences into lines. (Lessons are Markdown: [`crate::term::markdown`].)

use super::look::{CODE, Look};

/// A sentence or two, broken into lines; `code` is coloured.
pub(crate) fn fill(text: &str, look: Look) -> String {
    hanging(text, 0, 0, look)
}

/// As [`fill`], with each line indented by `indent` columns. Continued lines align with the text of a list item.
pub(super) fn indented(text: &str, indent: usize, look: Look) -> String {
    let marker = text.find(' ').filter(|at| *at <= 3).map_or(0, |at| at + 1);
    hanging(text, indent, marker, look)
}

/// As [`fill`]: indents the first line by `indent` columns and the others by `more` columns more.
pub(crate) fn hanging(text: &str, indent: usize, more: usize, look: Look) -> String {
    let width = look.prose();
    let mut out = " ".repeat(indent);
    let mut column = indent;
    let begins = |out: &str| out.ends_with(' ') || out.ends_with('\n') || out.is_empty();
    let mut in_code = false;
    for piece in text.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        let plain = anstream::adapter::strip_str(word).to_string();
        let columns = unicode_width::UnicodeWidthStr::width(&*plain);
        if column + columns > width && column > indent + more && begins(&out) {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(indent + more));
            column = indent + more;
        }
        for character in word.chars() {
            if character == '`' {
                in_code = !in_code;
                let style = CODE;
                out.push_str(&if in_code {
                    format!("{style}`")
                } else {
                    format!("`{style:#}")
                });
            } else {
                out.push(character);
            }
        }
        let blanks = piece.len() - word.len();
        out.push_str(&" ".repeat(blanks));
        column += columns + blanks;
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}
