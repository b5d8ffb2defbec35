//! `printf`: the usual verbs of Go's `fmt` in `--format`, and its errors inside the text.
//!
//! Source: Go's `fmt` documentation.

use super::left_out;
use super::print::inner;
use crate::docker::value::Value;
use engine::go::{float, quote};
use std::borrow::Cow;

/// The maximum padding, so that `%999999999d` does not use all memory.
const WIDEST: usize = 4096;

/// Flags, width and precision of one verb.
#[derive(Debug, Default, Clone, Copy)]
struct Spec {
    minus: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats `arguments` with `format`. Error: it uses an unsupported feature.
pub(super) fn sprintf(format: &str, arguments: &[Cow<'_, Value>]) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let mut left = arguments.iter();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '0')) {
            match flag {
                '-' => spec.minus = true,
                _ => spec.zero = true,
            }
        }
        spec.width = number(&mut chars);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars));
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb @ ('d' | 'f' | 'q' | 's' | 't' | 'v')) => match left.next() {
                Some(value) => out.push_str(&formatted(verb, spec, value)),
                None => out.push_str(&format!("%!{verb}(MISSING)")),
            },
            Some(other) => return Err(left_out(&format!("printf %{other}"))),
        }
    }
    let extra: Vec<String> = left.map(|value| typed(value)).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    Ok(out)
}

fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> usize {
    let mut number = 0_usize;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        number = number.saturating_mul(10).saturating_add(digit as usize);
        chars.next();
    }
    number.min(WIDEST)
}

/// `string=hi`, as error texts show a value.
fn typed(value: &Value) -> String {
    match value {
        Value::Absent | Value::Nil => "<nil>".to_owned(),
        value => format!("{}={}", value.type_name(), shown(value)),
    }
}

fn shown(value: &Value) -> String {
    let mut shown = String::new();
    inner(&mut shown, value);
    shown
}

fn formatted(verb: char, spec: Spec, value: &Value) -> String {
    let text = match (verb, value) {
        ('v' | 'd', Value::Int(_)) => return padded(&shown(value), spec),
        ('f', Value::Float(number)) => {
            let precision = spec.precision.unwrap_or(6);
            return padded(&format!("{number:.precision$}"), spec);
        }
        ('v', Value::Float(number)) => float(*number),
        ('v', _) | ('s', Value::Map(_) | Value::Struct(_)) | ('t', Value::Bool(_)) => shown(value),
        // A verb applies to the elements of a list.
        (_, Value::List(items)) => {
            let items = items.iter().flatten();
            let items: Vec<_> = items.map(|item| formatted(verb, spec, item)).collect();
            return format!("[{}]", items.join(" "));
        }
        ('s', Value::Text(text)) => cut(text, spec).to_owned(),
        ('q', Value::Text(text)) => quote(cut(text, spec)),
        (_, value) => format!("%!{verb}({})", typed(value)),
    };
    let spec = Spec {
        zero: false,
        ..spec
    };
    padded(&text, spec)
}

/// A string cut to the precision, in characters.
fn cut(text: &str, spec: Spec) -> &str {
    let end = spec
        .precision
        .and_then(|count| text.char_indices().nth(count));
    end.map_or(text, |(end, _)| &text[..end])
}

fn padded(text: &str, spec: Spec) -> String {
    let Spec { width, .. } = spec;
    match (spec.minus, spec.zero, text.strip_prefix('-')) {
        (true, ..) => format!("{text:<width$}"),
        (_, true, Some(digits)) => format!("-{digits:0>0$}", width.saturating_sub(1)),
        (_, true, None) => format!("{text:0>width$}"),
        _ => format!("{text:>width$}"),
    }
}
