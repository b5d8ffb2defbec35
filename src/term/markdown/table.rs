//! Tables in a lesson.

use super::Layout;
use super::inline::width;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// The cells of a table that have been read so far. The first row is the head.
#[derive(Debug)]
pub(super) struct Rows {
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
    row: Vec<String>,
}

/// The narrowest column in which prose is readable.
const READABLE: usize = 12;
/// Blanks between columns.
const GAP: usize = 2;
/// The character of the line under the head.
const RULE: char = '─';

impl Rows {
    /// `right` marks the columns that are aligned to the right.
    pub(super) fn new(right: Vec<bool>) -> Self {
        Self {
            right,
            rows: Vec::new(),
            row: Vec::new(),
        }
    }

    pub(super) fn cell(&mut self, text: String) {
        self.row.push(text);
    }

    pub(super) fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    /// The table in `room` columns: as a table if it fits, else cell by cell.
    pub(super) fn render(&self, layout: Layout, room: usize) -> String {
        let columns = self.right.len();
        let widths = (0..columns).map(|column| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or(0)
        });
        let needed: usize = widths.map(|wide| wide.min(READABLE) + GAP).sum();
        if layout.plain || needed > room + GAP {
            return self.cell_by_cell(room);
        }
        self.as_table(room)
    }

    fn as_table(&self, room: usize) -> String {
        let mut table = Table::new();
        table
            .load_style(TableStyle::new().header_separator(LineStyle::none().fill(RULE)))
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(room + GAP).unwrap_or(u16::MAX));
        let (head, body) = self.rows.split_at(self.rows.len().min(1));
        if let Some(head) = head.first() {
            table.set_header(head);
        }
        table.add_rows(body);
        for (column, &right) in table.column_iter_mut().zip(&self.right) {
            column.set_padding((0, GAP as u16));
            if right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        // The rule would cover the gap after the last column.
        let is_rule = |line: &str| line.chars().all(|c| c == RULE);
        let lines: Vec<String> = table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        let text_lines = lines.iter().filter(|line| !is_rule(line));
        let widest = text_lines.map(|line| width(line)).max().unwrap_or(0);
        let mut text = String::new();
        for line in &lines {
            match is_rule(line) {
                true => text.extend(std::iter::repeat_n(RULE, widest)),
                false => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }

    /// `name: cell`, row by row.
    fn cell_by_cell(&self, room: usize) -> String {
        let Some((head, body)) = self.rows.split_first() else {
            return String::new();
        };
        let mut text = String::new();
        for row in body {
            for (index, cell) in row.iter().enumerate() {
                let name = head.get(index).map_or("", String::as_str);
                let line = match (name, index) {
                    (_, _) if cell.is_empty() => continue,
                    ("", _) => cell.clone(),
                    (name, _) => format!("{name}: {cell}"),
                };
                let indent = if index == 0 { 0 } else { 2 };
                for (number, line) in wrapped(&line, room.saturating_sub(indent + 2))
                    .iter()
                    .enumerate()
                {
                    let more = if number == 0 { 0 } else { 2 };
                    text.push_str(&" ".repeat(indent + more));
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        text
    }
}

/// `text`, wrapped between words into lines of at most `room` columns.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else {
            continue;
        };
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
