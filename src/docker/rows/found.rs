//! `docker search`.
//!
//! Source: docker/cli `cli/command/registry/formatter_search.go`.

use crate::docker::listing::Columns;
use crate::docker::value::{Struct, Value};
use crate::term::text::ellipsis;
use engine::image::remote::Found;
use engine::visible;

/// The columns of `docker search`.
pub const COLUMNS: Columns = Columns {
    headers: &[
        ("Name", "NAME"),
        ("Description", "DESCRIPTION"),
        ("StarCount", "STARS"),
        ("IsOfficial", "OFFICIAL"),
        ("IsAutomated", "AUTOMATED"),
    ],
    table: "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}",
    quiet: "{{.Name}}",
    raw: None,
};

/// How many columns of a description are shown.
const SHOWN: usize = 45;

/// One row. `exact` keeps descriptions whole; `json` writes booleans as words.
pub fn row(found: &Found, exact: bool, json: bool) -> Value {
    let told = |is: bool| match (is, json) {
        (true, false) => "[OK]",
        (false, false) => "",
        (true, true) => "true",
        (false, true) => "false",
    };
    // A registry may send any text; Docker prints it, except for line breaks.
    let description = visible::line(&found.description);
    let description = match exact {
        true => description.into_owned(),
        false => ellipsis(&description, SHOWN),
    };
    Struct::row("*registry.searchContext")
        .with("Description", description)
        .with("IsAutomated", told(false))
        .with("IsOfficial", told(found.official))
        .with("Name", &*visible::line(&found.name))
        .with("StarCount", found.stars.to_string())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            name: "busybox".to_owned(),
            description: "Many small tools\nin one program, for small images".to_owned(),
            stars: 3,
            official: true,
        }
    }

    #[test]
    fn what_was_found_is_listed_with_its_description() {
        let other = Found {
            name: "alice/hello".to_owned(),
            ..Found::default()
        };
        let rows = [row(&found(), false, false), row(&other, false, false)];
        assert_eq!(
            COLUMNS.render(None, false, &rows).unwrap(),
            "NAME          DESCRIPTION                                     STARS     OFFICIAL\n\
             busybox       Many small tools in one program, for small i…   3         [OK]\n\
             alice/hello                                                   0         \n"
        );
        let exact = [row(&found(), true, false)];
        let format = Some("{{.Description}}|{{.IsAutomated}}");
        assert_eq!(
            COLUMNS.render(format, false, &exact).unwrap(),
            "Many small tools in one program, for small images|\n"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_becomes_text() {
        let hostile = Found {
            name: "a\x1b]0;PWN\x07".to_owned(),
            description: "\u{9b}2J\u{202e}x\ty".to_owned(),
            ..Found::default()
        };
        let rows = [row(&hostile, false, false)];
        assert_eq!(
            COLUMNS
                .render(Some("{{.Name}}|{{.Description}}"), false, &rows)
                .unwrap(),
            "a\\u001b]0;PWN\\u0007|\\u009b2J\\u202ex y\n"
        );
    }

    #[test]
    fn in_json_yes_and_no_are_words() {
        let rows = [row(&found(), true, true)];
        assert_eq!(
            COLUMNS.render(Some("json"), false, &rows).unwrap(),
            "{\"Description\":\"Many small tools in one program, for small images\",\"IsAutomated\":\"false\",\
             \"IsOfficial\":\"true\",\"Name\":\"busybox\",\"StarCount\":\"3\"}\n"
        );
    }
}
