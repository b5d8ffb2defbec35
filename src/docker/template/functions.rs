//! The functions of templates: Go's own, and those that Docker adds (`json split join title lower upper pad truncate`).
//!
//! Source: Go's `text/template` documentation § Functions; docker/cli `templates/templates.go`.

use super::Functions;
use super::ast::{Operand, OperandKind};
use super::print::{print, sprint};
use super::printf::sprintf;
use crate::docker::value::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

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

/// Name, parameters, whether more may follow.
const TABLE: [(&str, &[Type], bool); 27] = [
    ("and", &[Any], true),
    ("eq", &[Any], true),
    ("ge", &[Any, Any], false),
    ("gt", &[Any, Any], false),
    ("html", &[], true),
    ("index", &[Any], true),
    ("join", &[Texts, Text], false),
    ("js", &[], true),
    ("json", &[Any], false),
    ("le", &[Any, Any], false),
    ("len", &[Any], false),
    ("lower", &[Text], false),
    ("lt", &[Any, Any], false),
    ("ne", &[Any, Any], false),
    ("not", &[Any], false),
    ("or", &[Any], true),
    ("pad", &[Text, Int, Int], false),
    ("print", &[], true),
    ("printf", &[Text], true),
    ("println", &[], true),
    ("slice", &[Any], true),
    ("split", &[Text, Text], false),
    ("title", &[Text], false),
    ("truncate", &[Text, Int], false),
    ("upper", &[Text], false),
    ("urlquery", &[], true),
    ("call", &[Any], true),
];

/// Those that leave a table's header alone.
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
    /// If `count` arguments do not fit, how many would.
    pub(super) fn mismatch(&self, count: usize) -> Option<String> {
        let want = self.parameters.len();
        if self.variadic {
            (count < want).then(|| format!("at least {want}"))
        } else {
            (count != want).then(|| want.to_string())
        }
    }

    /// What is wrong with argument number `index`; `source` is the word that gave it.
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
            (None, Value::NoValue) => format!("invalid value; expected {name}"),
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

/// Calls the function called `name`; its arguments fit its signature. The error is Go's complaint.
pub(super) fn call<'a>(
    name: &str,
    functions: Functions,
    arguments: &[Cow<'a, Value>],
) -> Result<Cow<'a, Value>, String> {
    let first = arguments.first().map_or(&Value::NoValue, |value| &**value);
    let second = arguments.get(1).map_or(&Value::NoValue, |value| &**value);
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
        "slice" => slice(first, &arguments[1..])?,
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
        "lt" => Value::Bool(order(first, second)? == Ordering::Less),
        "le" => Value::Bool(order(first, second)? != Ordering::Greater),
        "gt" => Value::Bool(order(first, second)? == Ordering::Greater),
        "ge" => Value::Bool(order(first, second)? != Ordering::Less),
        "print" => sprint(arguments, false).into(),
        "println" => sprint(arguments, true).into(),
        "printf" => sprintf(text(first), &arguments[1..]).into(),
        "html" => html(&sprint(arguments, false)).into(),
        "js" => js(&sprint(arguments, false)).into(),
        "urlquery" => url_query(&sprint(arguments, false)).into(),
        "call" => {
            let (shown, kind) = (shown(first), first.type_name());
            return Err(format!("non-function {shown} of type {kind}"));
        }
        _ => Value::NoValue,
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

/// Upper-cases the first letter of each word.
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

/// The first `length` bytes; Docker does the same, and never in the middle of a letter here.
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
        Value::NoValue | Value::Nil => return Err("len of nil pointer".to_owned()),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(length as i64)
}

fn position(index: &Value, length: usize) -> Result<usize, String> {
    let Value::Int(number) = index else {
        return Err(format!(
            "cannot index slice/array with type {}",
            index.type_name()
        ));
    };
    match usize::try_from(*number) {
        Ok(position) if position <= length => Ok(position),
        _ => Err(format!("index out of range: {number}")),
    }
}

fn index(whole: &Value, indices: &[Cow<'_, Value>]) -> Result<Value, String> {
    let mut value = whole.clone();
    for index in indices {
        let out_of_range = || format!("index out of range: {}", shown(index));
        value = match value {
            Value::List(items) => {
                let mut items = items.unwrap_or_default();
                match position(index, items.len())? {
                    at if at < items.len() => items.swap_remove(at),
                    _ => return Err(out_of_range()),
                }
            }
            Value::Text(text) => {
                let at = position(index, text.len())?;
                let byte = text.as_bytes().get(at).ok_or_else(out_of_range)?;
                Value::Int(i64::from(*byte))
            }
            Value::Map(map) => {
                let Value::Text(key) = &**index else {
                    return Err(format!(
                        "value has type {}; should be string",
                        index.type_name()
                    ));
                };
                map.get(key).cloned().unwrap_or_else(|| map.zero())
            }
            Value::NoValue | Value::Nil => return Err("index of untyped nil".to_owned()),
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

fn slice(whole: &Value, indices: &[Cow<'_, Value>]) -> Result<Value, String> {
    if indices.len() > 3 {
        return Err(format!("too many slice indexes: {}", indices.len()));
    }
    let bounds = |length: usize| {
        let from = indices
            .first()
            .map_or(Ok(0), |index| position(index, length))?;
        let to = indices
            .get(1)
            .map_or(Ok(length), |index| position(index, length))?;
        match from <= to {
            true => Ok((from, to)),
            false => Err(format!("invalid slice index: {from} > {to}")),
        }
    };
    match whole {
        Value::Text(_) if indices.len() == 3 => Err("cannot 3-index slice a string".to_owned()),
        Value::Text(text) => {
            let (from, to) = bounds(text.len())?;
            let bytes = &text.as_bytes()[from..to];
            Ok(String::from_utf8_lossy(bytes).into_owned().into())
        }
        Value::List(items) => {
            let items = items.as_deref().unwrap_or_default();
            let (from, to) = bounds(items.len())?;
            Ok(Value::List(Some(items[from..to].to_vec())))
        }
        Value::NoValue | Value::Nil => Err("slice of untyped nil".to_owned()),
        other => Err(format!("can't slice item of type {}", other.type_name())),
    }
}

fn equals(a: &Value, b: &Value) -> Result<bool, String> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::NoValue | Value::Nil, Value::NoValue | Value::Nil) => true,
        (Value::NoValue | Value::Nil, _) | (_, Value::NoValue | Value::Nil) => false,
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
            let shown = shown(a);
            return Err(format!("non-comparable type {shown}: {}", a.type_name()));
        }
        _ => return Err("incompatible types for comparison".to_owned()),
    })
}

fn order(a: &Value, b: &Value) -> Result<Ordering, String> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => Ok(a.total_cmp(b)),
        (
            Value::Int(_) | Value::Text(_) | Value::Float(_),
            Value::Int(_) | Value::Text(_) | Value::Float(_),
        ) => Err("incompatible types for comparison".to_owned()),
        _ => Err("invalid type for comparison".to_owned()),
    }
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\0' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn js(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => escaped.extend(['\\', c]),
            '<' | '>' | '&' | '=' => {
                let _ = write!(escaped, "\\u{:04X}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(escaped, "\\u{:04X}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

fn url_query(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push('+'),
            b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}
