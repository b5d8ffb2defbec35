//! Judging fields of any table: one function for all nouns, so that all of them read and err alike.

use super::outcome::{Claim, Truth};
use super::{Arg, Given};
use crate::field::{Field, Kind};
use crate::matcher::{Matcher, describe_found, join, quote};
use crate::world::{FileFacts, Observed};
use serde_json::{Map, Value, json};

/// The name in the setup that `same_as: origin` means: `setup` is `own`, `setup.NAME` is NAME. `None`: it names something
/// of now.
pub(crate) fn name_in_setup<'a>(origin: &'a str, own: &'a str) -> Option<&'a str> {
    if origin == "setup" {
        return Some(own);
    }
    origin.strip_prefix("setup.")
}

/// The claim that what the setup made under `name`, which is `kind`, is gone: `there` is it, if it is still there, and
/// `was` says whether the setup made one at all.
pub(crate) fn gone(kind: &str, name: &str, was: bool, there: Option<String>) -> Claim {
    let subject = format!("the {kind} {} of the start", quote(name));
    let found = match &there {
        _ if !was => format!("at the start there was no {kind} {}", quote(name)),
        Some(there) => format!("{subject} is there: {there}"),
        None => format!("{subject} is gone"),
    };
    Claim::new(
        Truth::of(was && there.is_none()),
        format!("{subject} is gone"),
        found,
    )
}

/// Claims for the fields of `given` that hold a condition on a value; `read` finds the value of a field.
pub(crate) fn values(
    subject: &str,
    given: &[Given],
    read: &dyn Fn(&'static Field) -> Observed<Value>,
) -> Vec<Claim> {
    given
        .iter()
        .filter_map(|given| match &given.arg {
            Arg::Match(matcher) => Some(value(subject, given.field, matcher, read(given.field))),
            _ => None,
        })
        .collect()
}

/// The claim that the value of `field` fits `matcher`.
pub(crate) fn value(
    subject: &str,
    field: &Field,
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

/// The claims that some item of `found` fits each pattern. Each item is a mapping with the names of `given`.
pub(crate) fn records(
    subject: &str,
    field: &Field,
    patterns: &[Vec<Given>],
    found: &[Value],
) -> Vec<Claim> {
    patterns
        .iter()
        .map(|pattern| {
            let fits = found.iter().any(|item| fits(pattern, item));
            Claim::new(
                Truth::of(fits),
                format!("{subject}: {} with {}", field.label, describe_all(pattern)),
                format!("{subject}: {} {}", field.label, describe_items(found)),
            )
        })
        .collect()
}

/// Whether `item` fits every field of `pattern`.
pub(crate) fn fits(pattern: &[Given], item: &Value) -> bool {
    pattern.iter().all(|given| match &given.arg {
        Arg::Match(matcher) => matcher.accepts(item.get(given.field.name).unwrap_or(&Value::Null)),
        Arg::Name(name) => item.get(given.field.name).and_then(Value::as_str) == Some(name),
        _ => false,
    })
}

/// Claims about files at paths; `read` finds one.
pub(crate) fn paths(
    subject: &str,
    wanted: &[(String, Vec<Given>)],
    read: &dyn Fn(&str) -> Observed<Option<FileFacts>>,
) -> Vec<Claim> {
    wanted
        .iter()
        .flat_map(|(path, given)| {
            let subject = format!("{subject}: {}", quote(path));
            match read(path) {
                Ok(file) => self::file(&subject, given, file.as_ref()),
                Err(blind) => vec![Claim::blind(format!("{subject}: exists"), blind)],
            }
        })
        .collect()
}

/// Claims about one file.
pub(crate) fn file(subject: &str, given: &[Given], file: Option<&FileFacts>) -> Vec<Claim> {
    let wanted = !matches!(
        super::arg(given, "exists"),
        Some(Arg::Match(Matcher::Bool(false)))
    );
    let exists = Claim::new(
        Truth::of(file.is_some() == wanted),
        format!(
            "{subject} {}",
            if wanted { "exists" } else { "does not exist" }
        ),
        match file {
            Some(file) => format!("{subject} exists, a {} of {} bytes", file.kind, file.size),
            None => format!("{subject} does not exist"),
        },
    );
    let Some(file) = file else {
        return vec![exists];
    };
    let rest: Vec<Given> = given
        .iter()
        .filter(|given| given.field.name != "exists")
        .cloned()
        .collect();
    let mut claims = values(subject, &rest, &|field| Ok(file_value(file, field.name)));
    claims.insert(0, exists);
    claims
}

fn file_value(file: &FileFacts, field: &str) -> Value {
    match field {
        "type" => json!(file.kind),
        "text" | "contains" | "matches" => json!(file.text),
        "lines" => json!(file.text.as_ref().map(|text| text.lines().count())),
        "size" => json!(file.size),
        "mode" => json!(file.mode),
        "owner" => json!(file.owner),
        _ => Value::Null,
    }
}

/// The facts of a file for `{found.…}`.
pub(crate) fn file_facts(file: Option<&FileFacts>) -> Map<String, Value> {
    let names = ["type", "text", "lines", "size", "mode", "owner"];
    let mut facts: Map<String, Value> = file.map_or_else(Map::new, |file| {
        names
            .iter()
            .map(|name| ((*name).to_owned(), file_value(file, name)))
            .collect()
    });
    facts.insert("exists".to_owned(), file.is_some().into());
    facts
}

/// Fields and what is asked of them: `status running and image busybox`.
pub(crate) fn describe_all(given: &[Given]) -> String {
    join(given.iter().map(describe), "and")
}

fn describe(given: &Given) -> String {
    match &given.arg {
        Arg::Name(name) => format!("{} {}", given.field.label, quote(name)),
        Arg::Match(matcher) => describe_match(given.field, matcher),
        Arg::Group(group) => format!("{} {}", given.field.label, describe_all(group)),
        Arg::Records(patterns) => format!(
            "{} with {}",
            given.field.label,
            join(
                patterns.iter().map(|pattern| describe_all(pattern)),
                "and with"
            )
        ),
        Arg::Paths(paths) => join(
            paths.iter().map(|(path, fields)| match fields.as_slice() {
                [] => format!("{} {}", given.field.label, quote(path)),
                _ => format!(
                    "{} {} with {}",
                    given.field.label,
                    quote(path),
                    describe_all(fields)
                ),
            }),
            "and",
        ),
    }
}

fn describe_match(field: &Field, matcher: &Matcher) -> String {
    let words = matcher.describe();
    let words = match field.kind {
        Kind::OneOf(_) => words.replace('`', ""),
        Kind::Contains => words,
        _ => words,
    };
    format!("{} {words}", field.label)
}

fn describe_value(field: &Field, found: &Value) -> String {
    let words = match (field.kind, found) {
        (Kind::Words, Value::Array(words)) => {
            let words: Vec<String> = words
                .iter()
                .map(|word| word.as_str().unwrap_or_default().to_owned())
                .collect();
            crate::matcher::command_line(&words)
        }
        (Kind::OneOf(_), Value::String(word)) => word.clone(),
        _ => describe_found(found),
    };
    format!("{} {words}", field.label)
}

fn describe_items(found: &[Value]) -> String {
    if found.is_empty() {
        return "none".to_owned();
    }
    join(
        found
            .iter()
            .map(|item| format!("({})", describe_found(item))),
        "and",
    )
}

/// What there is instead of something that is missing: `there are none`, `there is a`, `there are a and b`.
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
