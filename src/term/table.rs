//! Tables in Docker's style: no lines, columns at least ten wide, three blanks apart.
//!
//! Docker aligns them with a tab writer, which counts letters. This counts terminal columns, so names in Polish or
//! Japanese stay aligned. The last column is not padded.

use unicode_width::UnicodeWidthStr;

/// Blanks between columns.
const GAP: usize = 3;
/// The narrowest column, the gap included.
const NARROWEST: usize = 10;

/// Aligns `text`: lines whose cells are separated by tabs. Lines without a tab stay as they are.
pub(crate) fn aligned(text: &str) -> String {
    // Only the cells of a line that end in a tab take part in the columns.
    let mut columns = Vec::new();
    for (ended, _) in text.lines().filter_map(|line| line.rsplit_once('\t')) {
        for (index, cell) in ended.split('\t').enumerate() {
            if index == columns.len() {
                columns.push(NARROWEST);
            }
            columns[index] = columns[index].max(width(cell) + GAP);
        }
    }
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let (ended, last) = line.rsplit_once('\t').unzip();
        let ended = ended.into_iter().flat_map(|ended| ended.split('\t'));
        for (cell, column) in ended.zip(&columns) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', column - width(cell)));
        }
        out.push_str(last.unwrap_or(line));
        out.push('\n');
    }
    out
}

/// The terminal columns of `cell`. Most cells are ASCII, where each byte is one.
fn width(cell: &str) -> usize {
    match cell.is_ascii() {
        true => cell.len(),
        false => cell.width(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(aligned(text), expected);
    }

    #[test]
    fn columns_are_ten_wide_or_three_apart() {
        check(
            "NAMES\tIMAGE\tSTATE\nc1\tbusybox\trunning\nsecond_one\tbusybox:1.35\texited\n",
            concat!(
                "NAMES        IMAGE          STATE\n",
                "c1           busybox        running\n",
                "second_one   busybox:1.35   exited\n"
            ),
        );
        check("A\tB\nx\ty\n", "A         B\nx         y\n");
    }

    #[test]
    fn an_empty_last_cell_leaves_the_padding_in_front_of_it() {
        check("SIZE\tCOMMENT\n0B\t\n", "SIZE      COMMENT\n0B        \n");
    }

    #[test]
    fn a_line_without_tabs_is_left_alone() {
        check("NAMES\nc1\n", "NAMES\nc1\n");
        check(
            "A\tB\nlong line without a tab\n",
            "A         B\nlong line without a tab\n",
        );
        check("", "");
    }

    #[test]
    fn wide_letters_count_twice() {
        check(
            "NAMES\tX\n日本語日本\ty\n",
            "NAMES        X\n日本語日本   y\n",
        );
    }
}
