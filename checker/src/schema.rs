//! The JSON Schema (draft 7, which the YAML language server expects) of exercise files, generated from the tables that
//! decoding uses.

use crate::checks::NounKind;
use crate::checks::field::{Kind, Noun, Shape};
use crate::load::attempt::{ATTEMPT, STEP, WRONG};
use crate::load::exercise::EXERCISE;
use crate::load::goal::{DIAGNOSIS, GOAL, HINT};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

/// The schema of an exercise file.
pub fn exercise() -> Value {
    let mut definitions = Map::new();
    for (name, schema) in [
        ("text", text_condition()),
        ("number", number_condition()),
        ("list", list_condition()),
        ("condition", condition()),
        ("conditions", one_or_many("condition")),
        ("step", step()),
        ("goal", goal()),
        ("diagnosis", diagnosis()),
        ("hint", hint()),
        ("attempt", object(ATTEMPT, &attempt_fields(), &[])),
        ("wrong", object(WRONG, &wrong_fields(), &["expect"])),
    ] {
        definitions.insert(name.to_owned(), schema);
    }
    for kind in NounKind::ALL {
        let noun = kind.noun();
        definitions.insert(format!("noun_{}", noun.name), noun_schema(noun));
    }
    let root = object(
        EXERCISE,
        &exercise_fields(),
        &["format", "id", "title", "goals", "solutions"],
    );
    let Value::Object(root) = root else {
        return Value::Null;
    };
    let mut schema: Schema = json_schema!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "docklings exercise, format 1",
        "definitions": definitions,
    });
    for (key, value) in root {
        schema.insert(key, value);
    }
    schema.to_value()
}

/// A key's schema, and the text that the editor shows for it.
type Described = (&'static str, Value, &'static str);

fn object(known: &[&str], fields: &[Described], required: &[&str]) -> Value {
    let mut properties = Map::new();
    for (name, schema, doc) in fields {
        debug_assert!(known.contains(name), "{name} is decoded");
        let mut schema = schema.clone();
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), json!(doc));
        }
        properties.insert((*name).to_owned(), schema);
    }
    debug_assert!(
        known.iter().all(|name| properties.contains_key(*name)),
        "{known:?} are described"
    );
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}
fn reference(name: &str) -> Value {
    // Keys beside `$ref` are ignored in draft 7.
    json!({ "allOf": [{ "$ref": format!("#/definitions/{name}") }] })
}
fn list_of(name: &str) -> Value {
    json!({ "type": ["array", "null"], "items": { "$ref": format!("#/definitions/{name}") } })
}
fn texts() -> Value {
    json!({ "anyOf": [text(), { "type": "array", "items": text() }] })
}
fn one_or_many(name: &str) -> Value {
    let one = json!({ "$ref": format!("#/definitions/{name}") });
    json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
}
fn map_of(value: Value) -> Value {
    json!({ "type": "object", "additionalProperties": value })
}
fn duration() -> Value {
    json!({ "type": "string", "pattern": "^[0-9.]+(ms|s)$" })
}

fn exercise_fields() -> Vec<Described> {
    let id = json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,47}$" });
    let param = json!({
        "type": "object",
        "properties": {
            "words": { "type": "integer", "minimum": 1 },
            "choose": { "type": "array", "minItems": 2 },
            "number": { "type": "object" },
            "port": { "type": ["object", "null"] },
            "hex": { "type": "integer", "minimum": 1 },
        },
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    });
    let file = json!({ "type": ["string", "number", "boolean", "null"] });
    let steps = json!({ "anyOf": [text(), list_of("step")] });
    vec![
        (
            "format",
            json!({ "const": 1 }),
            "The format of this file: 1.",
        ),
        (
            "id",
            id,
            "Its identity, which is the file's name and never changes.",
        ),
        (
            "revision",
            json!({ "type": "integer", "minimum": 1 }),
            "Raise it when a check changes its meaning.",
        ),
        ("title", text(), "One line."),
        ("concepts", texts(), "What it trains."),
        ("needs", texts(), "Ids of exercises to do first."),
        (
            "images",
            texts(),
            "Images that it uses, beside the starter images.",
        ),
        (
            "minutes",
            json!({ "type": "integer", "minimum": 1 }),
            "How long it takes.",
        ),
        (
            "params",
            map_of(param),
            "The learner's own values; `{name}` stands for them everywhere.",
        ),
        (
            "files",
            map_of(file),
            "Files of the workspace at the start: path and text.",
        ),
        (
            "setup",
            steps,
            "Commands that make the state to begin with.",
        ),
        ("story", text(), "The situation, in Markdown."),
        (
            "goals",
            json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/definitions/goal" } }),
            "The to-do list.",
        ),
        (
            "hints",
            list_of("hint"),
            "Help, from a nudge to nearly the answer.",
        ),
        (
            "solutions",
            list_of("attempt"),
            "Ways to do it; the first is the one to show.",
        ),
        ("accept", list_of("attempt"), "Odd ways that are right too."),
        ("wrong", list_of("wrong"), "Mistakes that must be rejected."),
        (
            "clauses",
            texts(),
            "What the story demands, in its own words; a wrong attempt breaks each.",
        ),
        ("debrief", text(), "What to say after success, in Markdown."),
        (
            "differs_from_docker",
            text(),
            "How real Docker differs here.",
        ),
    ]
}

fn goal() -> Value {
    let answer = json!({ "anyOf": [{ "$ref": "#/definitions/text" }, { "type": "array", "items": text() }] });
    let fields = [
        ("id", text(), "Its identity within the exercise."),
        ("say", text(), "What the learner is asked to reach."),
        ("check", reference("conditions"), "All of these must hold."),
        ("ask", text(), "A question to the learner."),
        ("choices", texts(), "The answers to choose from."),
        (
            "answer",
            answer,
            "The right answer, or those that are right.",
        ),
        ("exact", json!({ "type": "boolean" }), "Compare as typed."),
        (
            "why",
            text(),
            "The concept behind it, at most 100 characters.",
        ),
        ("look", text(), "A read-only command that shows the state."),
        (
            "within",
            duration(),
            "How long to wait for it to come true.",
        ),
        ("stable", duration(), "How long it must have been true."),
        (
            "after",
            texts(),
            "Earlier goals that must be reached first.",
        ),
        (
            "else",
            list_of("diagnosis"),
            "Mistakes that are recognised, most particular first.",
        ),
    ];
    object(GOAL, &fields, &["id", "say"])
}

fn diagnosis() -> Value {
    let fields = [
        ("id", text(), "Its identity within the exercise."),
        (
            "when",
            reference("conditions"),
            "It is this mistake if these hold; if not given, whatever else is wrong.",
        ),
        (
            "say",
            text(),
            "What to tell; `{found.count}` and the like are filled in.",
        ),
        ("look", text(), "A read-only command that shows it."),
        (
            "recover",
            text(),
            "What puts the exercise back on its way, such as `reset`.",
        ),
        (
            "fresh",
            json!({ "type": "boolean" }),
            "It also fits the state in which nothing has been done yet.",
        ),
    ];
    object(DIAGNOSIS, &fields, &["id", "say"])
}

fn hint() -> Value {
    let fields = [
        (
            "for",
            texts(),
            "Diagnoses or goals that it is for; any if not given.",
        ),
        (
            "level",
            json!({ "enum": ["nudge", "concept", "near"] }),
            "How much it gives away.",
        ),
        ("say", text(), "The hint."),
    ];
    json!({ "anyOf": [{ "type": "string" }, object(HINT, &fields, &["say"])] })
}

fn step() -> Value {
    let optional = json!({ "type": ["boolean", "string"] });
    let fields = [
        ("run", text(), "A line for `sh -c`, `docker` being ours."),
        (
            "optional",
            optional,
            "An attempt without this step is as good; or, alone, the line itself.",
        ),
        ("write", text(), "A file of the workspace to write."),
        ("text", text(), "What to write."),
        ("terminal", text(), "A line to run on a terminal."),
        ("type", text(), "What to type there."),
    ];
    json!({ "anyOf": [{ "type": "string" }, object(STEP, &fields, &[])] })
}

fn attempt_fields() -> Vec<Described> {
    vec![
        ("id", text(), "Its identity within the exercise."),
        (
            "do",
            json!({ "anyOf": [text(), list_of("step")] }),
            "What is done, in order.",
        ),
        ("answers", map_of(text()), "Answers by goal."),
    ]
}

fn wrong_fields() -> Vec<Described> {
    let mut fields = attempt_fields();
    fields.push((
        "expect",
        map_of(text()),
        "The goals that must reject it, each with its diagnosis, or `not-yet`.",
    ));
    fields.push(("breaks", text(), "The only clause that it breaks."));
    fields
}

fn condition() -> Value {
    let mut properties = Map::new();
    for kind in NounKind::ALL {
        let noun = kind.noun();
        properties.insert(
            noun.name.to_owned(),
            reference(&format!("noun_{}", noun.name)),
        );
    }
    for word in ["not", "all", "any"] {
        properties.insert(word.to_owned(), reference("conditions"));
    }
    properties.insert("answer".to_owned(), reference("text"));
    json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 })
}

fn noun_schema(noun: &Noun) -> Value {
    let mut schema = fields_schema(noun.fields);
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), json!(noun.doc));
        schema.insert("required".to_owned(), json!(noun.needs));
    }
    schema
}

fn fields_schema(fields: &[Shape]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = kind_schema(field.kind);
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), json!(field.doc));
        }
        properties.insert(field.name.to_owned(), schema);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn kind_schema(kind: Kind) -> Value {
    match kind {
        Kind::Name | Kind::Matches => text(),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Text => reference("text"),
        Kind::Contains => texts(),
        Kind::Number => reference("number"),
        Kind::Size => reference("number"),
        Kind::Words | Kind::Set => reference("list"),
        Kind::Map => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [{ "type": "null" }, { "$ref": "#/definitions/text" }] },
        }),
        Kind::OneOf(words) => json!({ "anyOf": [{ "enum": words }, { "type": "object" }] }),
        Kind::Group(fields) => fields_schema(fields),
        Kind::Records(fields) => {
            let one = fields_schema(fields);
            json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
        }
        Kind::Paths(fields) => map_of(fields_schema(fields)),
    }
}

/// A plain value, or a mapping of conditions with these additional words.
fn condition_on(exact: Value, itself: &str, own: &[(&str, Value)]) -> Value {
    let again = json!({ "$ref": format!("#/definitions/{itself}") });
    let mut properties = Map::new();
    for (name, schema) in own {
        properties.insert((*name).to_owned(), schema.clone());
    }
    properties.insert("is".to_owned(), exact.clone());
    properties.insert("not".to_owned(), again.clone());
    for word in ["any", "all"] {
        properties.insert(
            word.to_owned(),
            json!({ "type": "array", "items": again, "minItems": 1 }),
        );
    }
    properties.insert("exists".to_owned(), json!({ "type": "boolean" }));
    json!({ "anyOf": [
        exact,
        { "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 },
    ] })
}

fn text_condition() -> Value {
    let number = json!({ "$ref": "#/definitions/number" });
    condition_on(
        text(),
        "text",
        &[
            ("contains", texts()),
            ("matches", text()),
            ("starts_with", text()),
            ("ends_with", text()),
            ("lines", number),
        ],
    )
}

fn number_condition() -> Value {
    let number = json!({ "type": ["number", "string"] });
    condition_on(
        number.clone(),
        "number",
        &[("min", number.clone()), ("max", number)],
    )
}

fn list_condition() -> Value {
    let number = json!({ "$ref": "#/definitions/number" });
    let pattern = json!({ "type": "string" });
    let conditions = [
        ("contains", texts()),
        ("matches", pattern),
        ("count", number),
    ];
    condition_on(texts(), "list", &conditions)
}

#[cfg(test)]
pub(crate) mod tests;
