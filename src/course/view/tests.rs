//! Tests of `view`.

use super::*;
use crate::course::shell::words::TABLE;

fn look(width: usize) -> Look {
    Look {
        colour: false,
        drawn: false,
        width,
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn prose_wraps_between_words() {
    let text = fill("one `two three` four five", look(20));
    assert_eq!(plain(&text), "one `two three` four\nfive");
    assert_eq!(
        plain(&hanging("1. one two three four", 2, 3, look(20))),
        "  1. one two three\n     four"
    );
    assert_eq!(
        plain(&fill("averyverylongwordthatdoesnotfit x", look(20))),
        "averyverylongwordthatdoesnotfit\nx"
    );
}

#[test]
fn nothing_is_wider_than_forty_columns() {
    for text in [help(&TABLE, look(40))] {
        for row in plain(&text).lines() {
            assert!(row.chars().count() <= 40, "{row}");
        }
    }
}
