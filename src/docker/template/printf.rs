//! `printf`: Go's verbs and flags, and its way of complaining inside of the text.
//!
//! Source: Go's `fmt` documentation.

use super::print::{exponent, float, inner};
use super::quote::quote;
use crate::docker::value::{Map, Value};
use std::borrow::Cow;

/// The widest field that is padded, so that `%999999999d` does not take all memory.
const WIDEST: usize = 4096;

/// Flags, width and precision of one verb.
#[derive(Debug, Default, Clone, Copy)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    zero: bool,
    blank: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats `arguments` by `format`.
pub(super) fn sprintf(format: &str, arguments: &[Cow<'_, Value>]) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let mut arguments_left = arguments.iter();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(&flag) = chars.peek() {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                '0' => spec.zero = true,
                ' ' => spec.blank = true,
                _ => break,
            }
            chars.next();
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if chars.next_if_eq(&'*').is_some() {
                return match arguments_left.next().map(|value| &**value) {
                    Some(Value::Int(width)) => usize::try_from(*width).unwrap_or(0),
                    _ => 0,
                };
            }
            let mut number = 0usize;
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                number = number.saturating_mul(10).saturating_add(digit as usize);
                chars.next();
            }
            number
        };
        spec.width = number(&mut chars).min(WIDEST);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars).min(WIDEST));
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match arguments_left.next() {
                Some(value) => out.push_str(&formatted(verb, spec, value)),
                None => out.push_str(&format!("%!{verb}(MISSING)")),
            },
        }
    }
    let extra: Vec<String> = arguments_left.map(|value| typed(value)).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

/// `string=hi`, as complaints show a value.
fn typed(value: &Value) -> String {
    let mut shown = String::new();
    inner(&mut shown, value);
    match value {
        Value::NoValue | Value::Nil => "<nil>".to_owned(),
        value => format!("{}={shown}", value.type_name()),
    }
}

fn formatted(verb: char, spec: Spec, value: &Value) -> String {
    let text = match (verb, value) {
        ('T', value) => value.type_name().to_owned(),
        ('v', Value::Text(text)) if spec.sharp => quote(text),
        ('v', Value::Int(_)) => return integer('d', spec, value),
        ('v', _) => {
            let mut shown = String::new();
            inner(&mut shown, value);
            shown
        }
        // A verb goes into lists and maps.
        (_, Value::List(items)) => {
            let items: Vec<_> = items
                .iter()
                .flatten()
                .map(|v| formatted(verb, spec, v))
                .collect();
            return format!("[{}]", items.join(" "));
        }
        (_, Value::Map(map)) => return mapped(verb, spec, map),
        (_, Value::Struct(inner)) => {
            let fields: Vec<_> = inner.values().map(|v| formatted(verb, spec, v)).collect();
            return format!("{{{}}}", fields.join(" "));
        }
        ('s', Value::Text(text)) => cut(text, spec).to_owned(),
        ('q', Value::Text(text)) => quote(cut(text, spec)),
        ('x' | 'X', Value::Text(text)) => text
            .bytes()
            .map(|byte| match verb {
                'x' => format!("{byte:02x}"),
                _ => format!("{byte:02X}"),
            })
            .collect(),
        ('t', Value::Bool(value)) => value.to_string(),
        ('d' | 'b' | 'o' | 'x' | 'X' | 'c' | 'q' | 'U', Value::Int(_)) => {
            return integer(verb, spec, value);
        }
        ('e' | 'E' | 'f' | 'F' | 'g' | 'G', Value::Float(number)) => {
            return signed(&real(verb, spec, *number), spec);
        }
        (_, value) => format!("%!{verb}({})", typed(value)),
    };
    padded(
        &text,
        Spec {
            zero: false,
            ..spec
        },
    )
}

fn mapped(verb: char, spec: Spec, map: &Map) -> String {
    let entries: Vec<_> = map
        .iter()
        .map(|(key, value)| {
            let key = formatted(verb, spec, &Value::Text(key.clone()));
            format!("{key}:{}", formatted(verb, spec, value))
        })
        .collect();
    format!("map[{}]", entries.join(" "))
}

/// A string cut to the precision, in letters.
fn cut(text: &str, spec: Spec) -> &str {
    let end = spec
        .precision
        .and_then(|count| text.char_indices().nth(count));
    end.map_or(text, |(end, _)| &text[..end])
}

fn integer(verb: char, spec: Spec, value: &Value) -> String {
    let Value::Int(number) = *value else {
        return String::new();
    };
    let letter = || {
        u32::try_from(number)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or('\u{fffd}')
    };
    let size = number.unsigned_abs();
    let digits = match verb {
        'b' => format!("{size:b}"),
        'o' => format!("{size:o}"),
        'x' => format!("{size:x}"),
        'X' => format!("{size:X}"),
        'c' => return padded(&letter().to_string(), spec),
        'q' => return padded(&format!("'{}'", letter()), spec),
        'U' => return padded(&format!("U+{size:04X}"), spec),
        _ => size.to_string(),
    };
    let prefix = match (spec.sharp, verb) {
        (true, 'x') => "0x",
        (true, 'X') => "0X",
        (true, 'o') => "0",
        (true, 'b') => "0b",
        _ => "",
    };
    let least = spec.precision.unwrap_or(0);
    let sign = if number < 0 { "-" } else { "" };
    signed(&format!("{sign}{prefix}{digits:0>least$}"), spec)
}

fn real(verb: char, spec: Spec, number: f64) -> String {
    let precision = spec.precision.unwrap_or(6);
    match (verb, spec.precision) {
        ('e', _) => exponent(&format!("{number:.precision$e}")),
        ('E', _) => exponent(&format!("{number:.precision$e}")).to_uppercase(),
        ('f' | 'F', _) => format!("{number:.precision$}"),
        (_, None) => float(number),
        (_, Some(digits)) => significant(number, digits.max(1)),
    }
}

/// `%.3g`: so many significant digits, trailing zeros removed, with an exponent where that is shorter.
pub(crate) fn significant(number: f64, digits: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return float(number);
    }
    let scientific = format!("{number:.*e}", digits - 1);
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if power < -4 || power >= digits as i32 {
        return exponent(&format!("{}e{power}", trimmed(mantissa)));
    }
    let decimals = (digits as i32 - 1 - power).max(0) as usize;
    trimmed(&format!("{number:.decimals$}"))
}

/// A number with its sign, padded with blanks or zeros.
fn signed(text: &str, spec: Spec) -> String {
    let positive = !text.starts_with('-');
    let text = match () {
        () if positive && spec.plus => format!("+{text}"),
        () if positive && spec.blank => format!(" {text}"),
        () => text.to_owned(),
    };
    padded(&text, spec)
}

fn padded(text: &str, spec: Spec) -> String {
    let missing = spec.width.saturating_sub(text.chars().count());
    if spec.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if !spec.zero {
        return format!("{}{text}", " ".repeat(missing));
    }
    let digits = text.trim_start_matches(['-', '+', ' ']);
    let (sign, _) = text.split_at(text.len() - digits.len());
    format!("{sign}{}{digits}", "0".repeat(missing))
}
