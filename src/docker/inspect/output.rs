//! The output forms of `inspect`: indented JSON, one line of JSON, or a template's text.
//!
//! Source: docker/cli `cli/command/inspect/inspector.go`.

use crate::docker::template::Template;
use crate::docker::value::Value;
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{PrettyFormatter, Serializer};

/// Docker's exit code for an invalid `-f`.
const BAD_FORMAT: u8 = 64;

/// The output form: `-f`.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    /// No `-f`: an indented list.
    Indented,
    /// `-f json`: a list on one line.
    Json,
    /// A template.
    Template(Template),
}

/// Why `inspect` fails, and its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The text for standard error: `template parsing error: …`.
    pub(crate) message: String,
    /// 64 for an invalid format, 1 otherwise.
    pub(crate) code: u8,
}

impl Format {
    /// Parses `-f`.
    ///
    /// # Errors
    /// Docker's words and exit code 64.
    pub(crate) fn parse(format: &str) -> Result<Self, Failure> {
        match format {
            "" => Ok(Self::Indented),
            "json" => Ok(Self::Json),
            source => Template::parse(source)
                .map(Self::Template)
                .map_err(|error| Failure {
                    message: format!("template parsing error: {error}"),
                    code: BAD_FORMAT,
                }),
        }
    }

    /// Renders the objects. The messages are about elements over which the template failed; they are printed after the
    /// text, and make the exit code 1. Without objects it still prints `[]` or an empty line.
    pub(crate) fn render(&self, elements: &[Value]) -> (String, Vec<String>) {
        let list = || Json::Array(elements.iter().map(Value::to_json).collect());
        let template = match self {
            Self::Indented => return (indented(&list()) + "\n", Vec::new()),
            Self::Json => return (format!("{}\n", list()), Vec::new()),
            Self::Template(template) => template,
        };
        let (mut text, mut complaints) = (String::new(), Vec::new());
        for element in elements {
            match template.execute_inspecting(element) {
                Ok(line) => {
                    text.push_str(&line);
                    text.push('\n');
                }
                Err(error) => complaints.push(format!("template parsing error: {error}")),
            }
        }
        if text.is_empty() {
            text.push('\n');
        }
        (text, complaints)
    }
}

/// JSON indented by four blanks.
pub(crate) fn indented(json: &Json) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    // Writing plain JSON to memory cannot fail; if it did, the result would be an empty text.
    match json.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::value::Struct;

    fn elements() -> Vec<Value> {
        vec![
            Struct::new("T")
                .with_renamed("ID", "Id", "a")
                .with("Args", Value::List(None))
                .into(),
            Struct::new("T")
                .with_renamed("ID", "Id", "b")
                .with("Args", Value::list(["x"]))
                .into(),
        ]
    }

    #[track_caller]
    fn check(format: &str, expected: &str, complaints: &[&str]) {
        let (text, found) = Format::parse(format).unwrap().render(&elements());
        assert_eq!(
            (
                text.as_str(),
                found.iter().map(String::as_str).collect::<Vec<_>>()
            ),
            (expected, complaints.to_vec())
        );
    }

    #[test]
    fn json_is_indented_by_four_or_on_one_line() {
        check(
            "",
            "[\n    {\n        \"Id\": \"a\",\n        \"Args\": null\n    },\n    {\n        \"Id\": \"b\",\n        \"Args\": [\n            \"x\"\n        ]\n    }\n]\n",
            &[],
        );
        check(
            "json",
            "[{\"Id\":\"a\",\"Args\":null},{\"Id\":\"b\",\"Args\":[\"x\"]}]\n",
            &[],
        );
        assert_eq!(Format::Indented.render(&[]).0, "[]\n");
    }

    #[test]
    fn a_template_gives_a_line_each() {
        check(
            "{{.Id}} {{len .Args}}",
            "b 1\n",
            &[
                "template parsing error: template: :1:10: executing \"\" at <len .Args>: error calling len: len of nil pointer",
            ],
        );
        check("{{.ID}}", "a\nb\n", &[]);
    }

    #[test]
    fn a_template_that_fails_everywhere_leaves_an_empty_line() {
        let complaint = "template parsing error: template: :1:2: executing \"\" at <.Nope>: map has no entry for key \"Nope\"";
        check("{{.Nope}}", "\n", &[complaint, complaint]);
        let failure = Format::parse("{{.Nope").unwrap_err();
        assert_eq!(failure.code, 64);
        assert_eq!(
            failure.message,
            "template parsing error: template: :1: unclosed action"
        );
    }
}
