//! Tables in Docker's style: no lines, columns at least ten wide, three blanks apart.
//!
//! Docker aligns them with a tab writer, which counts letters. `comfy-table` counts terminal columns, so names in
//! Polish or Japanese stay aligned. The last column is not padded.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use unicode_width::UnicodeWidthStr;

/// Blanks between columns.
const GAP: u16 = 3;
/// The narrowest column, the gap included.
const NARROWEST: u16 = 10;

/// Aligns `text`: lines whose cells are separated by tabs. Lines without a tab stay as they are.
pub fn aligned(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    if columns <= 1 {
        return text.to_owned();
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    for cells in &lines {
        // Only the cells of a line that end in a tab take part in the columns.
        let ended = &cells[..cells.len() - 1];
        table.add_row((0..columns - 1).map(|index| ended.get(index).copied().unwrap_or("")));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(NARROWEST)));
    }
    let starts = starts(&table);
    let mut out = String::with_capacity(text.len() * 2);
    for (cells, padded) in lines.iter().zip(table.lines()) {
        let ended = cells.len() - 1;
        // Usually all columns are present, and nothing has to be measured.
        out.push_str(match ended == columns - 1 {
            true => &padded,
            false => columns_of(&padded, starts.get(ended).copied().unwrap_or(0)),
        });
        out.push_str(cells[ended]);
        out.push('\n');
    }
    out
}

/// Where each column starts, and where the last one ends.
fn starts(table: &Table) -> Vec<usize> {
    let mut at = 0;
    let mut starts = vec![0];
    for content in table.column_max_content_widths() {
        at += usize::from((content + GAP).max(NARROWEST));
        starts.push(at);
    }
    starts
}

/// The first `width` terminal columns of `line`.
fn columns_of(line: &str, width: usize) -> &str {
    let mut end = 0;
    for (start, letter) in line.char_indices() {
        let next = start + letter.len_utf8();
        if line[..next].width() > width {
            break;
        }
        end = next;
    }
    &line[..end]
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
