//! Makes untrusted text safe for a terminal: from a registry, an image's author, a client, a container.
//!
//! A terminal obeys some characters instead of showing them: they move the cursor, set its title, write into its input
//! (C0 and C1 controls, ECMA-48), or reorder the text around them (bidirectional controls, Unicode UAX #9). Others are
//! invisible, so that two names look alike. Here they become text: `\u001b`, as in JSON, so that JSON keeps its
//! meaning.
//!
//! **What Docker does.** `history`, `diff`, `search` and errors print what they receive.
//! **Try it.** `docker run --rm busybox printf '\033[7m'` is the container's own output, and passes; `docker history`
//! of an image with that in a label does not.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal would obey `c` or show nothing for it. Line feed and tab are left to the caller; joiners are part
/// of words and emoji.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            // Arabic letter mark; zero width space; marks of direction; separators, embeddings and overrides.
            0x61c | 0x180e | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e
            // Word joiner, invisible operators, isolates, and deprecated characters; byte order mark.
            | 0x2060..=0x206f | 0xfeff
            // Interlinear annotations; tags.
            | 0xfff9..=0xfffb | 0xe0000..=0xe007f
        )
}

/// `text` without anything that a terminal would obey, except line feeds and tabs.
pub fn text(text: &str) -> Cow<'_, str> {
    with(text, |c| matches!(c, '\n' | '\t'))
}

/// `text` as one line.
pub fn line(text: &str) -> Cow<'_, str> {
    match text.contains(['\n', '\r', '\t']) {
        true => Cow::Owned(with(&text.replace(['\n', '\r', '\t'], " "), |_| false).into_owned()),
        false => with(text, |_| false),
    }
}

/// `text` as one line of at most `most` characters, with blanks for what must not be shown.
pub fn short_line(text: &str, most: usize) -> String {
    let shown: String = text
        .chars()
        .map(|c| if is_obeyed(c) { ' ' } else { c })
        .take(most)
        .collect();
    shown.trim().to_owned()
}

fn with(text: &str, may_pass: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(|c| is_obeyed(c) && !may_pass(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !is_obeyed(c) || may_pass(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_obeys_becomes_text() {
        let check = |said: &str, expected: &str| assert_eq!(text(said), expected);
        check("plain żółw 日本 👩‍🚀\n\tx", "plain żółw 日本 👩‍🚀\n\tx");
        check("\x1b[2J\x07", "\\u001b[2J\\u0007");
        check("a\rb\x08\x7f", "a\\u000db\\u0008\\u007f");
        check(
            "\u{9b}31m\u{9d}0;PWN\u{9c}",
            "\\u009b31m\\u009d0;PWN\\u009c",
        );
        check("\u{202e}gpj.exe\u{2066}", "\\u202egpj.exe\\u2066");
        check("bus\u{200b}ybox\u{feff}", "bus\\u200bybox\\ufeff");
        check("\u{e0041}", "\\udb40\\udc41");
        assert_eq!(line("a\r\nb\tc\x1b"), "a  b c\\u001b");
        assert_eq!(short_line(" a\x1b[31m\nb\u{202e} ", 20), "a [31m b");
        assert_eq!(short_line("abcdef", 3), "abc");
    }

    #[test]
    fn in_json_it_means_the_same() {
        let said = serde_json::json!({ "a": "\u{9b}31m\u{202e}\u{7f}\u{e0041}\n" });
        let shown = said.to_string();
        let shown = text(&shown);
        assert!(!shown.contains(is_obeyed));
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(read, said);
    }

    proptest! {
        #[test]
        fn nothing_that_is_obeyed_passes(said in any::<Vec<char>>()) {
            let said: String = said.into_iter().collect();
            prop_assert!(!text(&said).contains(|c| is_obeyed(c) && c != '\n' && c != '\t'));
            prop_assert!(!line(&said).contains(is_obeyed));
            prop_assert!(!short_line(&said, 300).contains(is_obeyed));
        }

        #[test]
        fn each_control_is_obeyed(byte in 0_u32..0xa0) {
            let c = char::from_u32(byte).unwrap();
            prop_assert_eq!(is_obeyed(c), c.is_control());
        }
    }
}
