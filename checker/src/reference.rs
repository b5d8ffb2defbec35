//! The reference of the check language as Markdown, generated from the decoding tables, so that it is never out of
//! date.

use crate::checks::NounKind;
use crate::checks::field::{Kind, Shape};
use std::fmt::Write as _;

/// The page of all nouns, or the section of one.
pub fn page(noun: Option<&str>) -> String {
    let mut page = String::new();
    if noun.is_none() {
        page.push_str(HEAD);
    }
    for kind in NounKind::ALL {
        let table = kind.noun();
        if noun.is_none_or(|wanted| wanted == table.name) {
            let _ = write!(page, "## {}\n\n{}\n\n", table.name, table.doc);
            fields(&mut page, "", table.fields);
            page.push('\n');
        }
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// The names of all nouns.
pub fn nouns() -> Vec<&'static str> {
    NounKind::ALL.iter().map(|kind| kind.noun().name).collect()
}

const HEAD: &str = "# What a check can ask

The nouns of the check language and their fields. This page is what `docklings author nouns` prints; `docklings author nouns
container` prints one of them. [authoring.md](authoring.md) shows how they are used.

What may stand after a field:

| kind | what |
|---|---|
| name | a literal name; never a pattern, and `web` is not `web2` |
| yes or no | `true` or `false` |
| text | the whole text, or `{ contains: … }`, `{ starts_with: … }`, `{ ends_with: … }`, `{ matches: REGEX }`, `{ lines: NUMBER }` |
| number | a number, or `{ min: …, max: … }` |
| bytes | a number, with a unit if you like: `64MB`, `1GiB` |
| words | a command line, as a list or as a shell would split it |
| set | texts in any order: one, a list, `{ contains: … }` or `{ count: NUMBER }` |
| keys | texts by their keys: `{ COLOUR: red }` |
| fields | the indented fields below it |
| list of patterns | each with the indented fields; something must fit each pattern |
| paths | a path, and after it the indented fields: `{ /etc/passwd: { contains: root } }` |

Instead of a text or a number there may also be `{ not: … }`, `{ any: […] }`, `{ all: […] }` or `{ exists: false }`.

";

fn fields(page: &mut String, indent: &str, all: &[Shape]) {
    for field in all {
        let _ = writeln!(
            page,
            "{indent}- `{}` ({}): {}",
            field.name,
            words(field.kind),
            field.doc
        );
        if let Kind::Group(inner) | Kind::Records(inner) | Kind::Paths(inner) = field.kind {
            fields(page, &format!("{indent}  "), inner);
        }
    }
}

fn words(kind: Kind) -> String {
    match kind {
        Kind::Name => "name",
        Kind::Bool => "yes or no",
        Kind::Text | Kind::Contains | Kind::Matches => "text",
        Kind::Number => "number",
        Kind::Size => "bytes",
        Kind::Words => "words",
        Kind::Set => "set",
        Kind::Map => "keys",
        Kind::OneOf(values) => return format!("`{}`", values.join("`, `")),
        Kind::Group(_) => "fields",
        Kind::Records(_) => "list of patterns",
        Kind::Paths(_) => "paths",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_the_one_that_the_tables_make() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/nouns.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == page(None),
            "docklings author nouns > docs/nouns.md"
        );
    }

    #[test]
    fn one_noun_is_a_part_of_the_page() {
        for noun in nouns() {
            let part = page(Some(noun));
            assert!(part.starts_with(&format!("## {noun}\n")));
            assert!(page(None).contains(part.trim_end()));
        }
        assert_eq!(page(Some("nothing")), "\n");
    }
}
