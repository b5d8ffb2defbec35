//! Console blocks: what to type and what is printed.
//!
//! ````text
//! ```console
//! $ docker run --rm busybox echo hello
//! hello
//! $ cat > Dockerfile <<'EOF'
//! > FROM busybox
//! > EOF
//! ```
//! ````
//!
//! A line that begins with `$ ` is typed. It continues on the next line after a final `\`, and on lines that begin with
//! `> `. What follows, up to the next `$ `, is the output. A line `...` stands for any lines. `console` may be followed
//! by `norun` (shown and offered, but not run by the tests, such as a session with `-it`) and `fails` (the last command
//! ends with an exit code other than 0).
//!
//! Output changes from run to run: ids, ages, sizes, generated names. [`matches`] compares without them.

use std::borrow::Cow;

/// A console block of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The commands, in order.
    pub steps: Vec<Step>,
    /// Tests run it.
    pub runs: bool,
    /// Its last command fails.
    pub fails: bool,
    /// The line of the block's first line in the file, from 1.
    pub line: usize,
}

/// One command and its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The command, for `sh -c`; may have several lines.
    pub command: String,
    /// The expected output, a string per line.
    pub output: Vec<String>,
    /// The line of the file, from 1.
    pub line: usize,
}

impl Transcript {
    /// Parses the block `body` with the info string `info` (`console norun`), which begins on line `line` of its file.
    /// Error: the line of the file, and what is wrong there.
    pub fn parse(info: &str, body: &str, line: usize) -> Result<Self, (usize, String)> {
        let (mut runs, mut fails) = (true, false);
        for word in info.split_whitespace().skip(1) {
            match word {
                "norun" => runs = false,
                "fails" => fails = true,
                other => {
                    let message = format!("`{other}` after `console`: expected `norun` or `fails`");
                    return Err((line.saturating_sub(1), message));
                }
            }
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut continues = false;
        for (text, number) in body.lines().zip(line..) {
            let current = steps.last_mut();
            match (text.strip_prefix("$ "), current) {
                (Some(command), _) if !continues => {
                    steps.push(Step {
                        command: command.to_owned(),
                        output: Vec::new(),
                        line: number,
                    });
                    continues = command.ends_with('\\');
                }
                (_, None) => {
                    let message = "a console block begins with a line that begins with `$ `";
                    return Err((number, message.to_owned()));
                }
                (_, Some(step)) => {
                    let more = text.strip_prefix("> ").or((text == ">").then_some(""));
                    let typed = step.output.is_empty() && (continues || more.is_some());
                    if typed {
                        let more = more.unwrap_or(text);
                        step.command.push('\n');
                        step.command.push_str(more);
                        continues = more.ends_with('\\');
                    } else {
                        step.output.push(text.to_owned());
                    }
                }
            }
        }
        Ok(Self {
            steps,
            runs,
            fails,
            line,
        })
    }
}

/// Whether `found` matches `expected`, ignoring everything that differs from run to run. A line `...` in `expected`
/// stands for any number of lines, and `...` within a line for any text.
pub fn matches(expected: &[String], found: &str) -> bool {
    let found: Vec<String> = found
        .lines()
        .map(steady)
        .filter(|l| !l.is_empty())
        .collect();
    let expected: Vec<String> = expected
        .iter()
        .map(|line| steady(line))
        .filter(|line| !line.is_empty())
        .collect();
    lines_match(&expected, &found)
}

fn lines_match(expected: &[String], found: &[String]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=found.len()).any(|skipped| lines_match(rest, &found[skipped..]))
        }
        Some((first, rest)) => match found.split_first() {
            Some((line, others)) => text_matches(first, line) && lines_match(rest, others),
            None => false,
        },
    }
}

fn text_matches(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once("...") else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    while let Some((middle, tail)) = rest.split_once("...") {
        let Some(at) = text.find(middle) else {
            return false;
        };
        (text, rest) = (&text[at + middle.len()..], tail);
    }
    text.ends_with(rest)
}

/// A line without what differs from run to run: each such piece becomes a word in angle brackets, and each run of
/// blanks becomes one blank.
pub fn steady(line: &str) -> String {
    let line = ages(&strip_escapes(line));
    let words: Vec<Cow<'_, str>> = line.split_whitespace().map(steady_word).collect();
    words.join(" ")
}

/// Removes terminal escape sequences (`ESC [ … letter`).
fn strip_escapes(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            plain.push(character);
            continue;
        }
        for next in characters.by_ref() {
            if next.is_ascii_alphabetic() {
                break;
            }
        }
    }
    plain
}

/// `3 seconds`, `About a minute`, `Less than a second`, with `ago` where it follows.
fn ages(line: &str) -> String {
    const UNITS: [&str; 7] = ["second", "minute", "hour", "day", "week", "month", "year"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let unit = |word: &str| {
        let bare = word.trim_end_matches(['s', ',', ')']);
        UNITS.contains(&bare)
    };
    let mut out: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let rest = &words[at..];
        let length = match rest {
            ["About" | "about", "a" | "an", u, ..] if unit(u) => 3,
            ["Less" | "less", "than", "a", u, ..] if unit(u) => 4,
            [n, u, ..] if unit(u) && n.bytes().all(|b| b.is_ascii_digit()) => 2,
            _ => 0,
        };
        if length == 0 {
            out.push(words[at]);
            at += 1;
        } else {
            out.push("<age>");
            at += length;
            if words.get(at) == Some(&"ago") {
                at += 1;
            }
        }
    }
    out.join(" ")
}

/// Names that `docker run` generates, ids, digests, times, durations and sizes.
fn steady_word(word: &str) -> Cow<'_, str> {
    let core = word.trim_matches(['"', '\'', ',', '(', ')', ';']);
    if core.is_empty() {
        return Cow::Borrowed(word);
    }
    let bare = core.strip_prefix("sha256:").unwrap_or(core);
    let hex = bare
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let kind = if hex && (bare.len() == 12 || bare.len() == 64) {
        "<id>"
    } else if is_time(core) {
        "<time>"
    } else if number_with(core, &["ms", "s", "µs", "m"]) {
        "<duration>"
    } else if number_with(core, &["B", "kB", "KB", "MB", "GB", "KiB", "MiB", "GiB"]) {
        "<size>"
    } else if is_made_up_name(core) {
        "<name>"
    } else {
        return Cow::Borrowed(word);
    };
    Cow::Owned(word.replace(core, kind))
}

/// A number followed by one of `units`.
fn number_with(word: &str, units: &[&str]) -> bool {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = &word[digits.len()..];
    !digits.is_empty()
        && units.contains(&unit)
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// RFC 3339, as in `2026-11-21T10:00:00.5Z`.
fn is_time(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 19
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[..4].iter().all(u8::is_ascii_digit)
}

/// `adjective_surname`, as `docker run` generates.
fn is_made_up_name(word: &str) -> bool {
    match word.split_once('_') {
        Some((left, right)) => [left, right]
            .iter()
            .all(|part| part.len() > 2 && part.bytes().all(|b| b.is_ascii_lowercase())),
        None => false,
    }
}

#[cfg(test)]
#[path = "transcript/tests.rs"]
mod tests;
