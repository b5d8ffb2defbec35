//! `docker top`.

use crate::docker::commands::{Command, CommandResult, Ctx, Words};
use unicode_width::UnicodeWidthStr;

/// The minimum width of a column in Docker.
const NARROWEST: usize = 20;

/// Arguments of `docker top`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Display the running processes of a container";
    const USAGE: &'static str = "CONTAINER [ps OPTIONS]";
    const WORDS: Words = Words::AtLeast(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let found = engine.top(&self.words[0], &self.words[1..])?;
        let mut rows = vec![found.titles];
        rows.extend(found.rows);
        Ok(write!(ctx.out, "{}", table(&rows))?)
    }
}

/// Columns as wide as their widest cell plus three blanks, but not narrower than Docker's.
fn table(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.width() + 3)
            .max()
            .unwrap_or(0)
            .max(NARROWEST)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            text += cell;
            if column + 1 < row.len() {
                text.extend(std::iter::repeat_n(' ', widths[column] - cell.width()));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_at_least_twenty_wide() {
        let rows = [
            vec!["UID".to_owned(), "CMD".to_owned()],
            vec!["x".repeat(19), "y".to_owned()],
        ];
        let text = table(&rows);
        assert_eq!(
            text.lines().next().unwrap(),
            format!("UID{}CMD", " ".repeat(19))
        );
        assert!(text.ends_with("   y\n"));
    }
}
