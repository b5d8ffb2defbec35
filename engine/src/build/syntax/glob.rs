//! Shell patterns over a variable's value: `*`, `?`, and `\` before a literal character.
//!
//! Each function walks the value once per start position and keeps the set of reached pattern positions, so no pattern
//! is slow.

/// One element of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// This character.
    Is(char),
    /// `?`.
    One,
    /// `*`.
    Any,
}

/// The end of the shortest or longest prefix of `value` that matches `pattern`.
pub(crate) fn prefix(pattern: &str, value: &str, longest: bool) -> Option<usize> {
    let ends = ends(&parts(pattern), value);
    match longest {
        true => ends.last().copied(),
        false => ends.first().copied(),
    }
}

/// The start of the shortest or longest suffix of `value` that matches `pattern`.
pub(crate) fn suffix(pattern: &str, value: &str, longest: bool) -> Option<usize> {
    let mut parts = parts(pattern);
    parts.reverse();
    let reversed: String = value.chars().rev().collect();
    let ends = ends(&parts, &reversed);
    let end = match longest {
        true => ends.last(),
        false => ends.first(),
    };
    end.map(|end| value.len() - end)
}

/// `value` with the first match of `pattern`, or all of them, replaced. An empty pattern matches nothing.
pub(crate) fn replace(pattern: &str, value: &str, replacement: &str, all: bool) -> String {
    let parts = parts(pattern);
    let (mut out, mut at, mut done) = (String::new(), 0, parts.is_empty());
    while let Some(c) = value[at..].chars().next() {
        let found = match done {
            true => None,
            false => ends(&parts, &value[at..]).last().copied(),
        };
        match found.filter(|length| *length > 0) {
            Some(length) => {
                out.push_str(replacement);
                at += length;
                done = !all;
            }
            None => {
                out.push(c);
                at += c.len_utf8();
            }
        }
    }
    out
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '*' if parts.last() == Some(&Part::Any) => continue,
            '*' => Part::Any,
            '?' => Part::One,
            '\\' => Part::Is(chars.next().unwrap_or('\\')),
            c => Part::Is(c),
        });
    }
    parts
}

/// The ends of all matching prefixes of `value`, ascending.
fn ends(parts: &[Part], value: &str) -> Vec<usize> {
    let mut reached = vec![false; parts.len() + 1];
    reached[0] = true;
    skip_stars(parts, &mut reached);
    let mut ends = Vec::new();
    let mut at = 0;
    loop {
        if reached[parts.len()] {
            ends.push(at);
        }
        let Some(c) = value[at..].chars().next() else {
            return ends;
        };
        let mut next = vec![false; parts.len() + 1];
        for (index, part) in parts
            .iter()
            .enumerate()
            .filter(|(index, _)| reached[*index])
        {
            match part {
                Part::Any => next[index] = true,
                Part::One => next[index + 1] = true,
                Part::Is(wanted) if *wanted == c => next[index + 1] = true,
                Part::Is(_) => {}
            }
        }
        if !next.contains(&true) {
            return ends;
        }
        skip_stars(parts, &mut next);
        reached = next;
        at += c.len_utf8();
    }
}

/// A star may match nothing.
fn skip_stars(parts: &[Part], reached: &mut [bool]) {
    for (index, part) in parts.iter().enumerate() {
        if reached[index] && *part == Part::Any {
            reached[index + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_found_for_shortest_and_longest() {
        assert_eq!(prefix("a*", "aab", false), Some(1));
        assert_eq!(prefix("a*", "aab", true), Some(3));
        assert_eq!(prefix("b", "aab", true), None);
        assert_eq!(suffix("*b", "abab", false), Some(3));
        assert_eq!(suffix("?b", "abab", true), Some(2));
        assert_eq!(suffix("ż", "aż", true), Some(1));
    }

    #[test]
    fn replacing_takes_the_longest_match_and_never_an_empty_one() {
        assert_eq!(replace("a*", "xaab", "-", false), "x-");
        assert_eq!(replace("\\*", "a*b*", "+", true), "a+b+");
        assert_eq!(replace("", "abc", "-", true), "abc");
    }
}
