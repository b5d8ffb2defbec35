//! The functions of templates: Go's own, and those that Docker adds (`json split join title lower upper pad truncate`).
//!
//! Source: Go's `text/template` documentation § Functions; docker/cli `templates/templates.go`.

use super::ast::{Operand, OperandKind};
use super::print::{print, sprintln};
use super::printf::sprintf;
use super::{Functions, left_out};
use crate::docker::value::Value;
use std::borrow::Cow;

/// What a parameter accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Any,
    Text,
    Int,
    Texts,
}

/// The parameters of a function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    parameters: &'static [Type],
    /// Any number of further arguments of any type may follow.
    variadic: bool,
}

use Type::{Any, Int, Text, Texts};

/// Name, parameters, whether it is variadic.
const TABLE: [(&str, &[Type], bool); 17] = [
    ("and", &[Any], true),
    ("eq", &[Any], true),
    ("index", &[Any], true),
    ("join", &[Texts, Text], false),
    ("json", &[Any], false),
    ("len", &[Any], false),
    ("lower", &[Text], false),
    ("ne", &[Any, Any], false),
    ("not", &[Any], false),
    ("or", &[Any], true),
    ("pad", &[Text, Int, Int], false),
    ("printf", &[Text], true),
    ("println", &[], true),
    ("split", &[Text, Text], false),
    ("title", &[Text], false),
    ("truncate", &[Text, Int], false),
    ("upper", &[Text], false),
];

/// Functions that do not change a table's header.
const KEEPS_HEADER: [&str; 7] = [
    "json", "split", "join", "title", "lower", "upper", "truncate",
];

/// Whether there is a function of this name.
pub(super) fn exists(name: &str) -> bool {
    TABLE.iter().any(|(known, ..)| *known == name)
}

/// The parameters of the function called `name`.
pub(super) fn signature(name: &str, functions: Functions) -> Option<Signature> {
    let (_, parameters, variadic) = TABLE.iter().find(|(known, ..)| *known == name)?;
    let parameters: &[Type] = match (functions, name) {
        (Functions::Header, "join") => &[Text, Text],
        (Functions::Header, "json") => &[Text],
        _ => parameters,
    };
    Some(Signature {
        parameters,
        variadic: *variadic,
    })
}

impl Signature {
    /// The expected number of arguments, if `count` is wrong.
    pub(super) fn mismatch(&self, count: usize) -> Option<String> {
        let want = self.parameters.len();
        if self.variadic {
            (count < want).then(|| format!("at least {want}"))
        } else {
            (count != want).then(|| want.to_string())
        }
    }

    /// The error for argument number `index`; `source` is the word that gave it.
    pub(super) fn complaint(
        &self,
        index: usize,
        value: &Value,
        source: Option<&Operand>,
    ) -> Option<String> {
        let wanted = self.parameters.get(index).copied().unwrap_or(Any);
        let (fits, name, kind) = match wanted {
            Any => return None,
            Text => (matches!(value, Value::Text(_)), "string", "string"),
            Int => (matches!(value, Value::Int(_)), "int", "integer"),
            Texts => (texts(value).is_some(), "[]string", "[]string"),
        };
        if fits {
            return None;
        }
        let constant = source.filter(|word| {
            matches!(
                word.kind,
                OperandKind::Int { .. }
                    | OperandKind::Float { .. }
                    | OperandKind::Text { .. }
                    | OperandKind::Bool(_)
            )
        });
        Some(match (constant, value) {
            (Some(word), _) => format!("expected {kind}; found {word}"),
            (None, Value::Absent) => format!("invalid value; expected {name}"),
            (None, value) => format!(
                "wrong type for value; expected {name}; got {}",
                value.type_name()
            ),
        })
    }
}

/// The strings of a list of strings.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let Value::List(items) = value else {
        return None;
    };
    items
        .iter()
        .flatten()
        .map(|item| match item {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        _ => "",
    }
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        _ => 0,
    }
}

/// Calls the function called `name`; its arguments match its signature. The error is Go's.
pub(super) fn call<'a>(
    name: &str,
    functions: Functions,
    arguments: &[Cow<'a, Value>],
) -> Result<Cow<'a, Value>, String> {
    let first = arguments.first().map_or(&Value::Absent, |value| &**value);
    let second = arguments.get(1).map_or(&Value::Absent, |value| &**value);
    if functions == Functions::Header && KEEPS_HEADER.contains(&name) {
        return Ok(Cow::Owned(first.clone()));
    }
    let result: Value = match name {
        "json" => json(first).into(),
        "split" => Value::list(split(text(first), text(second))),
        "join" => texts(first).unwrap_or_default().join(text(second)).into(),
        "title" => title(text(first)).into(),
        "lower" => text(first).to_lowercase().into(),
        "upper" => text(first).to_uppercase().into(),
        "pad" => {
            let after = arguments.get(2).map_or(0, |value| int(value));
            pad(text(first), int(second), after)?.into()
        }
        "truncate" => truncate(text(first), int(second))?.into(),
        "len" => Value::Int(length(first)?),
        "index" => index(first, &arguments[1..])?,
        "not" => Value::Bool(!first.is_true()),
        "eq" => {
            if arguments.len() < 2 {
                return Err("missing argument for comparison".to_owned());
            }
            let mut equal = false;
            for other in &arguments[1..] {
                equal = equal || equals(first, other)?;
            }
            Value::Bool(equal)
        }
        "ne" => Value::Bool(!equals(first, second)?),
        "println" => sprintln(arguments).into(),
        "printf" => sprintf(text(first), &arguments[1..])?.into(),
        _ => Value::Absent,
    };
    Ok(Cow::Owned(result))
}

fn json(value: &Value) -> String {
    let json = value.to_json().to_string();
    if matches!(value, Value::Struct(row) if row.is_row) {
        return json
            .replace('&', "\\u0026")
            .replace('<', "\\u003c")
            .replace('>', "\\u003e");
    }
    json
}

fn shown(value: &Value) -> String {
    let mut shown = String::new();
    print(&mut shown, value);
    shown
}

fn split(text: &str, separator: &str) -> Vec<String> {
    if separator.is_empty() {
        return text.chars().map(String::from).collect();
    }
    text.split(separator).map(str::to_owned).collect()
}

/// Capitalises the first letter of each word.
fn title(text: &str) -> String {
    let mut previous = ' ';
    let mut titled = String::with_capacity(text.len());
    for c in text.chars() {
        if previous.is_alphanumeric() || previous == '_' {
            titled.push(c);
        } else {
            titled.extend(c.to_uppercase());
        }
        previous = c;
    }
    titled
}

/// Blanks around `text`, if it is not empty.
fn pad(text: &str, before: i64, after: i64) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let blanks = |count: i64| match usize::try_from(count) {
        Ok(count) if count <= 1 << 16 => Ok(" ".repeat(count)),
        Ok(_) => Err("too many blanks".to_owned()),
        Err(_) => Err("strings: negative Repeat count".to_owned()),
    };
    Ok(format!("{}{text}{}", blanks(before)?, blanks(after)?))
}

/// The first `length` bytes, as in Docker, but never in the middle of a character.
fn truncate(text: &str, length: i64) -> Result<String, String> {
    let length = usize::try_from(length)
        .map_err(|_| format!("runtime error: slice bounds out of range [:{length}]"))?;
    if text.len() <= length {
        return Ok(text.to_owned());
    }
    let whole = |&end: &usize| text.is_char_boundary(end);
    let end = (0..=length).rev().find(whole).unwrap_or(0);
    Ok(text[..end].to_owned())
}

fn length(value: &Value) -> Result<i64, String> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.as_ref().map_or(0, Vec::len),
        Value::Map(map) => map.len(),
        Value::Absent | Value::Nil => return Err("len of nil pointer".to_owned()),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(length as i64)
}

fn index(whole: &Value, indices: &[Cow<'_, Value>]) -> Result<Value, String> {
    let mut value = whole.clone();
    for index in indices {
        let kind = index.type_name();
        value = match (value, &**index) {
            (Value::List(items), Value::Int(number)) => {
                let item = usize::try_from(*number).ok();
                let item = item.and_then(|at| items.unwrap_or_default().get(at).cloned());
                item.ok_or_else(|| format!("index out of range: {number}"))?
            }
            (Value::List(_), _) => {
                return Err(format!("cannot index slice/array with type {kind}"));
            }
            (Value::Map(map), Value::Text(key)) => {
                map.get(key).cloned().unwrap_or_else(|| map.zero())
            }
            (Value::Map(_), _) => return Err(format!("value has type {kind}; should be string")),
            (Value::Text(_), _) => return Err(left_out("index of a string")),
            (Value::Absent | Value::Nil, _) => return Err("index of untyped nil".to_owned()),
            (other, _) => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

fn equals(a: &Value, b: &Value) -> Result<bool, String> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Absent | Value::Nil, Value::Absent | Value::Nil) => true,
        (Value::Absent | Value::Nil, _) | (_, Value::Absent | Value::Nil) => false,
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
            let shown = shown(a);
            return Err(format!("non-comparable type {shown}: {}", a.type_name()));
        }
        _ => return Err("incompatible types for comparison".to_owned()),
    })
}
