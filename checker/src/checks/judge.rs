//! Judging the fields of any table: one function for all nouns, so that all behave alike.

use super::outcome::{Claim, Truth};
use super::{Arg, Given};
use crate::checks::field::{Asked, Field, Kind, Read, Shape};
use crate::matcher::{Matcher, describe_found, join, quote};
use crate::world::{Observed, World};
use serde_json::{Map, Value};

/// Claims for the fields of `given` that are in `table`, about `it`.
pub(crate) fn fields<T>(
    subject: &str,
    table: &[Field<T>],
    given: &[Given],
    it: &T,
    world: &dyn World,
) -> Vec<Claim> {
    let of_one = |one: &Given| {
        let shape = one.field;
        match (read_of(table, shape), &one.arg) {
            (Some(Read::Value(read)), Arg::Match(matcher)) => {
                vec![value(subject, shape, matcher, Ok(read(it)))]
            }
            (Some(Read::Look(read)), Arg::Match(matcher)) => {
                vec![value(subject, shape, matcher, read(it, world))]
            }
            (Some(Read::Claims(judge)), arg) => judge(&Asked {
                subject,
                it,
                shape,
                arg,
                given,
                world,
            }),
            _ => Vec::new(),
        }
    };
    given.iter().flat_map(of_one).collect()
}

/// Whether `it` matches every field of `pattern`. Fields that the noun itself reads are ignored.
pub(crate) fn fits<T>(table: &[Field<T>], pattern: &[Given], it: &T) -> bool {
    pattern
        .iter()
        .all(|given| match (read_of(table, given.field), &given.arg) {
            (Some(Read::Value(read)), Arg::Match(matcher)) => matcher.accepts(&read(it)),
            (Some(Read::Name(is_it)), Arg::Name(name)) => is_it(it, name),
            (Some(Read::Aside), _) => true,
            _ => false,
        })
}

fn read_of<T>(table: &[Field<T>], shape: &Shape) -> Option<Read<T>> {
    let field = table.iter().find(|field| field.shape.name == shape.name);
    field.map(|field| field.read)
}

/// The values of its facts, for `{found.NAME}`.
pub(crate) fn facts<T>(table: &[Field<T>], it: &T) -> Map<String, Value> {
    let shown = |field: &Field<T>| {
        let Read::Value(read) = field.read else {
            return None;
        };
        let value = match (field.shape.kind, read(it)) {
            (Kind::Words, value) => line(&value).map_or(value, Value::from),
            (_, value) => value,
        };
        Some((field.shape.name.to_owned(), value))
    };
    table.iter().filter_map(shown).collect()
}

/// Words as typed on a command line.
fn line(words: &Value) -> Option<String> {
    let words = words.as_array()?.iter().filter_map(Value::as_str);
    Some(shell_words::join(words))
}

/// The claim that the value of `field` matches `matcher`.
pub(crate) fn value(
    subject: &str,
    field: &Shape,
    matcher: &Matcher,
    found: Observed<Value>,
) -> Claim {
    let expected = format!("{subject}: {}", describe_match(field, matcher));
    let found = match found {
        Ok(found) => found,
        Err(blind) => return Claim::blind(expected, blind),
    };
    Claim {
        expected,
        found: format!("{subject}: {}", describe_value(field, &found)),
        truth: Truth::of(matcher.accepts(&found)),
        values: Some((matcher.clone(), found)),
    }
}

/// The claims that some item of `found` that a pattern is about matches it, for each pattern.
pub(crate) fn records<T, R>(
    asked: &Asked<'_, T>,
    table: &[Field<R>],
    found: &[R],
    is_meant: impl Fn(&[Given], &R) -> bool,
) -> Vec<Claim> {
    let item = |one: &R| format!("({})", described(table, one));
    let items = match found {
        [] => "none".to_owned(),
        _ => join(found.iter().map(item), "and"),
    };
    let (subject, label) = (asked.subject, asked.shape.label());
    let claim = |pattern: &Vec<Given>| {
        Claim::new(
            Truth::of(
                found
                    .iter()
                    .any(|one| is_meant(pattern, one) && fits(table, pattern, one)),
            ),
            format!("{subject}: {label} with {}", describe_all(pattern)),
            format!("{subject}: {label} {items}"),
        )
    };
    patterns(asked.arg).iter().map(claim).collect()
}

/// What is known of `one`, in words: its fields that have a value.
fn described<R>(table: &[Field<R>], one: &R) -> String {
    let mut facts = facts(table, one);
    let known = table.iter().filter_map(|field| {
        let value = facts.remove(field.shape.name)?;
        let is_set = !matches!(&value, Value::Null) && value != "";
        is_set.then(|| describe_value(&field.shape, &value))
    });
    join(known, "and")
}

/// The patterns after a field.
pub(crate) fn patterns(arg: &Arg) -> &[Vec<Given>] {
    match arg {
        Arg::Records(patterns) => patterns,
        _ => &[],
    }
}

/// The fields after a field.
pub(crate) fn group(arg: Option<&Arg>) -> &[Given] {
    match arg {
        Some(Arg::Group(group)) => group,
        _ => &[],
    }
}

/// Fields and their conditions: `status running and image busybox`.
pub(crate) fn describe_all(given: &[Given]) -> String {
    join(given.iter().map(describe), "and")
}

fn describe(given: &Given) -> String {
    let label = given.field.label();
    match &given.arg {
        Arg::Name(name) => format!("{label} {}", quote(name)),
        Arg::Match(matcher) => describe_match(given.field, matcher),
        Arg::Group(group) => format!("{label} {}", describe_all(group)),
        Arg::Records(patterns) => {
            let patterns = patterns.iter().map(|pattern| describe_all(pattern));
            format!("{label} with {}", join(patterns, "and with"))
        }
        Arg::Paths(paths) => join(
            paths.iter().map(|(path, fields)| match fields.as_slice() {
                [] => format!("{label} {}", quote(path)),
                _ => format!("{label} {} with {}", quote(path), describe_all(fields)),
            }),
            "and",
        ),
    }
}

fn describe_match(field: &Shape, matcher: &Matcher) -> String {
    let words = matcher.describe();
    let words = match field.kind {
        Kind::OneOf(_) => words.replace('`', ""),
        _ => words,
    };
    format!("{} {words}", field.label())
}

fn describe_value(field: &Shape, found: &Value) -> String {
    let words = match (field.kind, found) {
        (Kind::Words, Value::Array(words)) if words.is_empty() => "none".to_owned(),
        (Kind::Words, words) => {
            line(words).map_or_else(|| describe_found(found), |line| quote(&line))
        }
        (Kind::OneOf(_), Value::String(word)) => word.clone(),
        _ => describe_found(found),
    };
    format!("{} {words}", field.label())
}

/// The existing things instead of a missing one: `there are none`, `there is a`, `there are a and b`.
pub(crate) fn there_are(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| quote(&name)).collect();
    match names.as_slice() {
        [] => "there are none".to_owned(),
        [one] => format!("there is {one}"),
        _ => format!("there are {}", join(names, "and")),
    }
}

/// `1 container`, `at least 1 container`, `2 containers`.
pub(crate) fn counted(count: &str, noun: &str) -> String {
    match count {
        "1" | "at least 1" | "at most 1" => format!("{count} {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
