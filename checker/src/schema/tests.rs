//! The schema accepts what the loader accepts, and rejects its most common mistakes.

use super::*;
use std::path::Path;

/// Enough of draft 7 for this schema: `type enum const properties required additionalProperties items anyOf oneOf allOf
/// $ref`.
pub(crate) fn fits(schema: &Value, value: &Value, root: &Value) -> bool {
    if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(path.trim_start_matches('#'));
        return target.is_some_and(|target| fits(target, value, root));
    }
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let type_fits = match schema.get("type") {
        None => true,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind || (one == "integer" && kind == "number"),
    };
    type_fits
        && list("enum").is_none_or(|all| all.contains(value))
        && schema.get("const").is_none_or(|one| one == value)
        && list("anyOf").is_none_or(|any| any.iter().any(|one| fits(one, value, root)))
        && list("oneOf").is_none_or(|one| one.iter().filter(|o| fits(o, value, root)).count() == 1)
        && list("allOf").is_none_or(|all| all.iter().all(|one| fits(one, value, root)))
        && match value {
            Value::Array(items) => schema
                .get("items")
                .is_none_or(|one| items.iter().all(|item| fits(one, item, root))),
            Value::Object(entries) => object_fits(schema, entries, root),
            _ => true,
        }
}

fn object_fits(schema: &Value, entries: &Map<String, Value>, root: &Value) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    let there = |key: &Value| key.as_str().is_some_and(|key| entries.contains_key(key));
    required.is_none_or(|all| all.iter().all(there))
        && entries.iter().all(|(key, value)| {
            match schema.get("properties").and_then(|all| all.get(key)) {
                Some(own) => fits(own, value, root),
                None => match schema.get("additionalProperties") {
                    None | Some(Value::Bool(true)) => true,
                    Some(Value::Bool(false)) => false,
                    Some(other) => fits(other, value, root),
                },
            }
        })
}

fn parse(text: &str) -> Value {
    serde_yaml::from_str(text).expect("it is YAML")
}

#[test]
fn every_exercise_of_the_course_fits() {
    let schema = exercise();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises");
    for path in crate::course::exercise_files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(fits(&schema, &parse(&text), &schema), "{}", path.display());
    }
}

#[test]
fn slips_do_not_fit() {
    let schema = exercise();
    let good = "format: 1\nid: e\ntitle: T\ngoals:\n  - id: g\n    say: S\n    \
        check: { container: { name: box, status: running, started: { min: 2 } } }\n\
        solutions:\n  - do: [docker start box]\n";
    assert!(fits(&schema, &parse(good), &schema));
    for (from, to) in [
        ("title: T", "titel: T"),
        ("format: 1", "format: 2"),
        ("name: box", "nmae: box"),
        ("status: running", "status: runing"),
        ("{ min: 2 }", "{ mni: 2 }"),
        ("container:", "contaner:"),
        ("say: S", "says: S"),
        ("solutions:\n  - do: [docker start box]\n", ""),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(good, bad, "{from}");
        assert!(!fits(&schema, &parse(&bad), &schema), "{to}");
    }
}

#[test]
fn every_noun_and_field_is_described() {
    let schema = exercise();
    for kind in NounKind::ALL {
        let noun = kind.noun();
        let described = &schema["definitions"][format!("noun_{}", noun.name)];
        assert_eq!(described["description"], noun.doc);
        for field in noun.fields {
            assert!(!field.doc.is_empty(), "{}: {}", noun.name, field.name);
            assert_eq!(
                described["properties"][field.name]["description"],
                field.doc
            );
        }
    }
}
