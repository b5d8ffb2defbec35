//! How `--format` shows rows: as a table, as JSON lines, or with the student's template.
//!
//! **What Docker does.** `table TEMPLATE` prints a header made by the same template from the columns' names, and
//! aligns; `json` is `{{json .}}`; anything else is a template per row. `\t` and `\n` may be written as two characters.

use super::template::{Functions, Template, TemplateError};
use super::value::{Map, Value};
use crate::term::table::aligned;
use std::borrow::Borrow;
use std::fmt;

/// The message of `docker ps` when `-q` meets `--format`; the other lists use the format.
pub(crate) const QUIET_WINS: &str =
    "WARNING: Ignoring custom format, because both --format and --quiet are set.";

/// The columns of one command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    /// Each field and its header.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The template of the default table, without the word `table`.
    pub(crate) table: &'static str,
    /// The template for `-q`.
    pub(crate) quiet: &'static str,
    /// The template for `--format raw`, where Docker has it.
    pub(crate) raw: Option<&'static str>,
}

impl Columns {
    /// Renders `rows`. `format` is the student's; none, empty and `table` mean Docker's default table, or with `quiet`
    /// only the ids. A row is dropped as soon as it is rendered, so hundreds of them need the memory of one.
    ///
    /// # Errors
    /// The student's template is invalid, or does not match the rows.
    pub(crate) fn render(
        &self,
        format: Option<&str>,
        quiet: bool,
        rows: impl IntoIterator<Item = impl Borrow<Value>>,
    ) -> Result<String, BadFormat> {
        let own = format!("table {}", self.table);
        let format = match format {
            None | Some("" | "table" | "raw") if quiet => self.quiet,
            None | Some("" | "table") => &own,
            Some("raw") => self.raw.unwrap_or("raw"),
            Some(format) => format,
        };
        render(format, self.headers, rows)
    }
}

/// Why a list could not be rendered. Its text is the message of all lists but `ps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadFormat {
    /// The template is invalid.
    Syntax(TemplateError),
    /// The template uses a field that the rows do not have.
    Data(TemplateError),
}

impl fmt::Display for BadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Syntax(error) | Self::Data(error)) = self;
        write!(f, "template parsing error: {error}")
    }
}

impl std::error::Error for BadFormat {}

/// Renders `rows` with `format`.
///
/// # Errors
/// As [`Columns::render`].
pub(crate) fn render(
    format: &str,
    headers: &[(&'static str, &'static str)],
    rows: impl IntoIterator<Item = impl Borrow<Value>>,
) -> Result<String, BadFormat> {
    let body = format.strip_prefix("table");
    let source = match (body, format) {
        (Some(body), _) => body,
        (None, "json") => "{{json .}}",
        (None, format) => format,
    };
    let source = source
        .trim_matches(' ')
        .replace("\\t", "\t")
        .replace("\\n", "\n");
    let template = Template::parse(&source).map_err(BadFormat::Syntax)?;
    let mut out = String::new();
    if body.is_some() {
        let headers = Value::Map(Map::of_texts(headers.iter().copied()));
        // Docker shows the part of the header before an error, and no error.
        out.push_str(
            &template
                .execute(&headers, Functions::Header)
                .unwrap_or_default(),
        );
        out.push('\n');
    }
    for row in rows {
        let line = template
            .execute(row.borrow(), Functions::Normal)
            .map_err(BadFormat::Data)?;
        out.push_str(&line);
        out.push('\n');
    }
    Ok(if body.is_some() { aligned(&out) } else { out })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::value::Struct;

    const COLUMNS: Columns = Columns {
        headers: &[
            ("ID", "CONTAINER ID"),
            ("Names", "NAMES"),
            ("State", "STATE"),
        ],
        table: "{{.ID}}\t{{.Names}}",
        quiet: "{{.ID}}",
        raw: None,
    };

    #[track_caller]
    fn check(format: Option<&str>, quiet: bool, expected: &str) {
        let row = |id: &str, name: &str| {
            Value::from(
                Struct::row("*formatter.ContainerContext")
                    .with("ID", id)
                    .with("Names", name)
                    .with("State", "<up>"),
            )
        };
        let rows = [row("0123", "c1"), row("4567", "second_one")];
        let found = COLUMNS.render(format, quiet, &rows);
        let found = found.unwrap_or_else(|error| error.to_string());
        assert_eq!(found, expected, "{format:?}");
    }

    #[test]
    fn the_table_has_headers_of_its_fields() {
        check(
            None,
            false,
            "CONTAINER ID   NAMES\n0123           c1\n4567           second_one\n",
        );
        check(
            Some(r"table {{.Names}}\t{{upper .State}}"),
            false,
            "NAMES        STATE\nc1           <UP>\nsecond_one   <UP>\n",
        );
    }

    #[test]
    fn other_formats_have_no_header() {
        check(Some("{{.Names}}"), false, "c1\nsecond_one\n");
        check(Some(r"{{.Names}}\n-"), false, "c1\n-\nsecond_one\n-\n");
        check(None, true, "0123\n4567\n");
        check(
            Some("json"),
            false,
            concat!(
                r#"{"ID":"0123","Names":"c1","State":"\u003cup\u003e"}"#,
                "\n",
                r#"{"ID":"4567","Names":"second_one","State":"\u003cup\u003e"}"#,
                "\n",
            ),
        );
        check(
            Some("tableau {{.ID}}"),
            false,
            "au CONTAINER ID\nau 0123\nau 4567\n",
        );
    }

    #[test]
    fn a_bad_format_is_told_in_dockers_words() {
        check(
            Some("{{.Nope"),
            false,
            "template parsing error: template: :1: unclosed action",
        );
        check(
            Some("{{.Nope}}"),
            false,
            "template parsing error: template: :1:2: executing \"\" at <.Nope>: can't evaluate field Nope in type *formatter.ContainerContext",
        );
    }

    #[test]
    fn no_rows_still_have_a_header() {
        let none = std::iter::empty::<Value>;
        assert_eq!(
            COLUMNS.render(None, false, none()).unwrap(),
            "CONTAINER ID   NAMES\n"
        );
        assert_eq!(COLUMNS.render(Some("{{.ID}}"), false, none()).unwrap(), "");
    }
}
