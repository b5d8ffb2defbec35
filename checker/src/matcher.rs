//! Conditions on a single value: what an exercise expects, tested against the finding.
//!
//! A [`Matcher`] both decides and describes, so Expected always agrees with the evaluation.

use regex::Regex;
use serde_json::Value;
use std::fmt::Write as _;

/// A condition on one value. A missing value is `Value::Null`.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// Exactly this text; one final newline is ignored, because files and logs end in one, and so are the line ends of
    /// Windows unless the text has them, too.
    Text(String),
    /// Exactly this number.
    Number(f64),
    /// Exactly this boolean.
    Bool(bool),
    /// A number in this range, both ends included.
    Range(Option<f64>, Option<f64>),
    /// A text that contains this, or a list that has this item.
    Contains(String),
    /// A text that begins with this.
    StartsWith(String),
    /// A text that ends with this.
    EndsWith(String),
    /// A text that this matches somewhere; a list counts as its items joined with blanks.
    Matches(Regex),
    /// A text with this number of lines.
    Lines(Box<Matcher>),
    /// A list with this number of items.
    Count(Box<Matcher>),
    /// Exactly these items in this order.
    Sequence(Vec<String>),
    /// Exactly these items in any order.
    Set(Vec<String>),
    /// A mapping whose values at these keys match; other keys are ignored.
    Keys(Vec<(String, Matcher)>),
    /// It exists, or does not.
    Exists(bool),
    /// All of these.
    All(Vec<Matcher>),
    /// At least one of these.
    Any(Vec<Matcher>),
    /// Not this.
    Not(Box<Matcher>),
}

impl Matcher {
    /// Whether `found` matches.
    pub fn accepts(&self, found: &Value) -> bool {
        match self {
            Self::Text(expected) => text(found).is_some_and(|found| same_text(&found, expected)),
            Self::Number(expected) => found.as_f64() == Some(*expected),
            Self::Bool(expected) => found.as_bool() == Some(*expected),
            Self::Range(min, max) => found.as_f64().is_some_and(|found| {
                min.is_none_or(|min| found >= min) && max.is_none_or(|max| found <= max)
            }),
            Self::Contains(part) => match found {
                Value::Array(items) => items.iter().any(|item| text(item).as_ref() == Some(part)),
                _ => text(found).is_some_and(|found| found.contains(part.as_str())),
            },
            Self::StartsWith(part) => text(found).is_some_and(|t| t.starts_with(part.as_str())),
            Self::EndsWith(part) => text(found)
                .is_some_and(|t| t.strip_suffix('\n').unwrap_or(&t).ends_with(part.as_str())),
            Self::Matches(pattern) => text(found)
                .or_else(|| Some(texts(found)?.join(" ")))
                .is_some_and(|found| pattern.is_match(&found)),
            Self::Lines(count) => {
                text(found).is_some_and(|found| count.accepts(&Value::from(found.lines().count())))
            }
            Self::Count(count) => found
                .as_array()
                .is_some_and(|items| count.accepts(&Value::from(items.len()))),
            Self::Sequence(expected) => texts(found).is_some_and(|found| &found == expected),
            Self::Set(expected) => texts(found).is_some_and(|mut found| {
                let mut expected = expected.clone();
                found.sort();
                expected.sort();
                found == expected
            }),
            Self::Keys(keys) => keys
                .iter()
                .all(|(key, matcher)| matcher.accepts(found.get(key).unwrap_or(&Value::Null))),
            Self::Exists(expected) => is_set(found) == *expected,
            Self::All(all) => all.iter().all(|matcher| matcher.accepts(found)),
            Self::Any(any) => any.iter().any(|matcher| matcher.accepts(found)),
            Self::Not(inner) => !inner.accepts(found),
        }
    }

    /// The expectation, to follow a label: `status running`, `exit code at least 1`.
    pub fn describe(&self) -> String {
        match self {
            Self::Text(expected) => quote(expected),
            Self::Number(expected) => number(*expected),
            Self::Bool(expected) => if *expected { "yes" } else { "no" }.to_owned(),
            Self::Range(Some(min), Some(max)) => format!("{} to {}", number(*min), number(*max)),
            Self::Range(Some(min), None) => format!("at least {}", number(*min)),
            Self::Range(None, Some(max)) => format!("at most {}", number(*max)),
            Self::Range(None, None) => "any number".to_owned(),
            Self::Contains(part) => format!("containing {}", quote(part)),
            Self::StartsWith(part) => format!("starting with {}", quote(part)),
            Self::EndsWith(part) => format!("ending with {}", quote(part)),
            // A regular expression says little to a learner, and the goal says what is asked.
            Self::Matches(_) => "that fits the goal".to_owned(),
            Self::Lines(count) => format!("{} lines", count.describe()),
            Self::Count(count) => format!("{} of them", count.describe()),
            Self::Sequence(words) => command_line(words),
            Self::Set(words) if words.is_empty() => "none".to_owned(),
            Self::Set(words) => join(words.iter().map(|word| quote(word)), "and"),
            Self::Keys(keys) => join(
                keys.iter()
                    .map(|(key, matcher)| format!("{key} {}", matcher.describe())),
                "and",
            ),
            Self::Exists(true) => "set".to_owned(),
            Self::Exists(false) => "not set".to_owned(),
            Self::All(all) => join(all.iter().map(Self::describe), "and"),
            Self::Any(any) => join(any.iter().map(Self::describe), "or"),
            Self::Not(inner) if matches!(**inner, Self::Matches(_)) => "other than this".to_owned(),
            Self::Not(inner) => format!("not {}", inner.describe()),
        }
    }
}

/// Matchers are equal if their descriptions are.
impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

/// The finding, in words that match [`Matcher::describe`].
pub fn describe_found(found: &Value) -> String {
    match found {
        Value::Null => "not set".to_owned(),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::Number(value) => value.as_f64().map_or_else(|| value.to_string(), number),
        Value::String(value) => quote(value),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => join(items.iter().map(describe_found), "and"),
        Value::Object(entries) if entries.is_empty() => "none".to_owned(),
        Value::Object(entries) => join(
            entries
                .iter()
                .map(|(key, value)| format!("{key} {}", describe_found(value))),
            "and",
        ),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn join(parts: impl IntoIterator<Item = String>, last: &str) -> String {
    let parts: Vec<String> = parts.into_iter().collect();
    match parts.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}

/// A text in backticks; a single plain word of state (`running`) is more readable without.
pub(crate) fn quote(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push('`');
    for c in text.strip_suffix('\n').unwrap_or(text).chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(shown, "\\x{:02x}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown.push('`');
    shown
}

/// Words as typed on a command line.
pub(crate) fn command_line(words: &[String]) -> String {
    if words.is_empty() {
        return "none".to_owned();
    }
    quote(&shell_words::join(words))
}

fn number(value: f64) -> String {
    // Rust prints 2.0 as `2` and 0.5 as `0.5`, as required.
    format!("{value}")
}

fn text(found: &Value) -> Option<String> {
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn texts(found: &Value) -> Option<Vec<String>> {
    found.as_array()?.iter().map(text).collect()
}

/// Whether there is a value; an empty list is none.
fn is_set(found: &Value) -> bool {
    !found.is_null() && found.as_array().is_none_or(|items| !items.is_empty())
}

/// Whether two texts are the same apart from one last newline, and from line ends of Windows in `found`.
fn same_text(found: &str, expected: &str) -> bool {
    let bare = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned();
    bare(found) == bare(expected)
        || !expected.contains('\r') && bare(&found.replace("\r\n", "\n")) == bare(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(matcher: Matcher, yes: &[Value], no: &[Value], described: &str) {
        for found in yes {
            assert!(matcher.accepts(found), "{matcher:?} accepts {found}");
        }
        for found in no {
            assert!(!matcher.accepts(found), "{matcher:?} refuses {found}");
        }
        assert_eq!(matcher.describe(), described);
    }

    #[test]
    fn a_text_is_literal_and_forgives_one_last_newline() {
        check(
            Matcher::Text("web".into()),
            &[json!("web"), json!("web\n"), json!("web\r\n")],
            &[
                json!("web\r"),
                json!("web2"),
                json!("my-web"),
                json!("Web"),
                json!("web\n\n"),
                Value::Null,
            ],
            "`web`",
        );
    }

    #[test]
    fn a_range_includes_its_ends() {
        check(
            Matcher::Range(Some(2.0), Some(3.0)),
            &[json!(2), json!(3)],
            &[json!(1), json!(4), json!("2"), Value::Null],
            "2 to 3",
        );
        check(
            Matcher::Range(None, Some(0.5)),
            &[json!(0.5)],
            &[json!(0.6)],
            "at most 0.5",
        );
    }

    #[test]
    fn contains_looks_for_a_part_of_a_text_and_an_item_of_a_list() {
        check(
            Matcher::Contains("sh".into()),
            &[json!("fresh"), json!(["sh", "-c"])],
            &[
                json!("bash -c".replace("sh", "")),
                json!(["bash"]),
                Value::Null,
            ],
            "containing `sh`",
        );
    }

    #[test]
    fn order_counts_in_a_sequence_and_not_in_a_set() {
        let words = || vec!["a".to_owned(), "b c".to_owned()];
        check(
            Matcher::Sequence(words()),
            &[json!(["a", "b c"])],
            &[json!(["b c", "a"]), json!(["a"])],
            "`a 'b c'`",
        );
        check(
            Matcher::Set(words()),
            &[json!(["b c", "a"])],
            &[json!(["a", "b c", "d"])],
            "`a` and `b c`",
        );
    }

    #[test]
    fn other_keys_of_a_mapping_do_not_count() {
        check(
            Matcher::Keys(vec![
                ("A".into(), Matcher::Text("1".into())),
                ("B".into(), Matcher::Exists(false)),
            ]),
            &[json!({"A": "1", "C": "3"})],
            &[json!({"A": "2"}), json!({"A": "1", "B": ""}), Value::Null],
            "A `1` and B not set",
        );
    }

    #[test]
    fn an_empty_list_does_not_exist() {
        check(
            Matcher::Exists(true),
            &[json!(["CMD", "true"]), json!(""), json!(false)],
            &[json!([]), Value::Null],
            "set",
        );
    }

    #[test]
    fn a_learner_sees_no_regular_expression() {
        let digits = || Matcher::Matches(Regex::new("^[0-9]+$").unwrap());
        check(digits(), &[json!("7")], &[json!("a")], "that fits the goal");
        let not = Matcher::Not(Box::new(digits()));
        check(not, &[json!("a")], &[json!("7")], "other than this");
    }

    #[test]
    fn not_any_and_all_combine() {
        let any = Matcher::Any(vec![Matcher::Text("a".into()), Matcher::Text("b".into())]);
        check(
            Matcher::Not(Box::new(any)),
            &[json!("c"), Value::Null],
            &[json!("a"), json!("b")],
            "not `a` or `b`",
        );
        check(
            Matcher::All(vec![
                Matcher::Contains("a".into()),
                Matcher::Lines(Box::new(Matcher::Number(2.0))),
            ]),
            &[json!("a\nb\n")],
            &[json!("a"), json!("b\nb")],
            "containing `a` and 2 lines",
        );
    }

    #[test]
    fn control_characters_are_shown_and_never_sent_to_the_terminal() {
        assert_eq!(
            describe_found(&json!("a\u{1b}[31m\tb\nc\n")),
            "`a\\x1b[31m\\tb\\nc`"
        );
    }
}
