//! Printing values as Go's `fmt` does with `%v`.

use crate::docker::value::{Struct, Value};
use crate::term::human::duration_text;
use std::borrow::Cow;
use std::fmt::Write;

/// Prints what an action gives: like `%v`, but a nil interface is `<no value>`.
pub(super) fn print(out: &mut String, value: &Value) {
    match value {
        Value::NoValue => out.push_str("<no value>"),
        value => inner(out, value),
    }
}

/// Prints a value inside of another.
pub(super) fn inner(out: &mut String, value: &Value) {
    match value {
        Value::NoValue | Value::Nil => out.push_str("<nil>"),
        Value::Bool(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Duration(nanoseconds) => out.push_str(&duration_text(*nanoseconds)),
        Value::Float(number) => out.push_str(&float(*number)),
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

/// The shortest digits, with an exponent below 1e-4 and from 1e21.
pub(super) fn float(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        return match number {
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            _ => "NaN".to_owned(),
        };
    }
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        return exponent(&format!("{number:e}"));
    }
    number.to_string()
}

/// Rust writes `1e-7`, Go `1e-07`.
pub(super) fn exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('e') else {
        return text.to_owned();
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// `fmt.Sprint`: a blank between two values that are both no strings; `line` is `fmt.Sprintln`.
pub(super) fn sprint(values: &[Cow<'_, Value>], line: bool) -> String {
    let mut out = String::new();
    let is_text = |value: &Value| matches!(value, Value::Text(_));
    for (index, value) in values.iter().enumerate() {
        let apart = line || !(is_text(value) || index > 0 && is_text(&values[index - 1]));
        if index > 0 && apart {
            out.push(' ');
        }
        inner(&mut out, value);
    }
    if line {
        out.push('\n');
    }
    out
}
