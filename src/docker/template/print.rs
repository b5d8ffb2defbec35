//! Printing values as Go's `fmt` does with `%v`.

use crate::docker::value::{Struct, Value};
use engine::go;
use std::borrow::Cow;
use std::fmt::Write;

/// Prints the result of an action: like `%v`, but a nil interface is `<no value>`.
pub(super) fn print(out: &mut String, value: &Value) {
    match value {
        Value::Absent => out.push_str("<no value>"),
        value => inner(out, value),
    }
}

/// Prints a value inside another.
pub(super) fn inner(out: &mut String, value: &Value) {
    match value {
        Value::Absent | Value::Nil => out.push_str("<nil>"),
        Value::Bool(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Duration(nanoseconds) => out.push_str(&go::duration(*nanoseconds)),
        Value::Float(number) => out.push_str(&go::float(*number)),
        Value::Text(text) => out.push_str(text),
        Value::List(items) => {
            out.push('[');
            separated(out, items.iter().flatten());
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, value)) in map.iter().enumerate() {
                let blank = if index > 0 { " " } else { "" };
                let _ = write!(out, "{blank}{key}:");
                inner(out, value);
            }
            out.push(']');
        }
        Value::Struct(Struct {
            shown: Some(text), ..
        }) => out.push_str(text),
        Value::Struct(value) => {
            out.push('{');
            separated(out, value.values());
            out.push('}');
        }
        Value::Lookup(_) => out.push_str("<function>"),
    }
}

fn separated<'a>(out: &mut String, values: impl Iterator<Item = &'a Value>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(' ');
        }
        inner(out, value);
    }
}

/// `fmt.Sprintln`.
pub(super) fn sprintln(values: &[Cow<'_, Value>]) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        inner(&mut out, value);
    }
    out.push('\n');
    out
}
