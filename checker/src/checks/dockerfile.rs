//! A Dockerfile of the workspace, parsed.
//!
//! ## Passes when
//! the file is a valid Dockerfile and every field given fits it. `has`, `lacks` and `order` look at its instructions
//! in all stages; variables are not filled in.
//!
//! ## Example
//! ```yaml
//! - dockerfile:
//!     from: busybox
//!     order: [{ instruction: COPY, contains: requirements.txt }, { instruction: RUN }, { instruction: COPY }]
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  `Dockerfile`: `COPY` containing `requirements.txt` before `RUN`
//! Found     `Dockerfile`: `RUN pip install` is on line 3, before it
//! ```

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, field};
use crate::matcher::{Matcher, quote};
use crate::world::{Dockerfile, Instruction, World};
use serde_json::{Map, Value, json};

/// What an instruction can be asked.
const INSTRUCTION: &[Field] = &[
    field(
        "instruction",
        "instruction",
        Kind::Text,
        "Its keyword, such as `COPY`.",
    ),
    field(
        "contains",
        "text",
        Kind::Contains,
        "Text that occurs in its arguments.",
    ),
    field(
        "matches",
        "text",
        Kind::Matches,
        "A regular expression that matches in its arguments.",
    ),
    field(
        "form",
        "form",
        Kind::OneOf(&["exec", "shell"]),
        "`exec` for the JSON form.",
    ),
    field(
        "stage",
        "stage",
        Kind::Text,
        "The name or number (from 0) of its stage; `global` before the first FROM.",
    ),
];

/// The noun.
pub static NOUN: Noun = Noun {
    name: "dockerfile",
    doc: "A Dockerfile of the workspace, parsed.",
    fields: &[
        field(
            "path",
            "path",
            Kind::Name,
            "Relative to the workspace; `Dockerfile` if not given.",
        ),
        field(
            "exists",
            "exists",
            Kind::Bool,
            "Whether it exists; true if not given.",
        ),
        field(
            "from",
            "base",
            Kind::Text,
            "The image of the last stage's FROM.",
        ),
        field("stages", "stages", Kind::Number, "How many stages it has."),
        field(
            "count",
            "instructions",
            Kind::Number,
            "How many instructions it has.",
        ),
        field(
            "has",
            "an instruction",
            Kind::Records(INSTRUCTION),
            "Patterns, each of which some instruction must fit.",
        ),
        field(
            "lacks",
            "no instruction",
            Kind::Records(INSTRUCTION),
            "Patterns that no instruction may fit.",
        ),
        field(
            "order",
            "order",
            Kind::Records(INSTRUCTION),
            "Patterns that different instructions must fit in this order.",
        ),
    ],
    needs: &[],
};

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let path = check.name("path").unwrap_or("Dockerfile");
    let subject = format!("file {}", quote(path));
    let wanted = !matches!(check.arg("exists"), Some(Arg::Match(Matcher::Bool(false))));
    let expected = if wanted {
        format!("a Dockerfile {}", quote(path))
    } else {
        format!("no file {}", quote(path))
    };
    let parsed = match world.dockerfile(path) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => {
            let claim = Claim::new(
                Truth::of(!wanted),
                expected,
                format!("no file {}", quote(path)),
            );
            return Outcome::all(
                vec![claim],
                Map::from_iter([("exists".to_owned(), json!(false))]),
            );
        }
        Err(blind) => return Outcome::blind(expected, blind),
    };
    let dockerfile = match parsed {
        Ok(dockerfile) => dockerfile,
        Err(message) => {
            let claim = Claim::new(Truth::No, expected, format!("{subject}: {message}"));
            return Outcome::all(
                vec![claim],
                Map::from_iter([("error".to_owned(), json!(message))]),
            );
        }
    };
    let mut claims = vec![Claim::new(
        Truth::of(wanted),
        expected,
        format!("{subject} is one"),
    )];
    let all = instructions(&dockerfile);
    for given in &check.given {
        match (given.field.name, &given.arg) {
            ("path" | "exists", _) => {}
            ("has", Arg::Records(patterns)) => claims.extend(patterns.iter().map(|pattern| {
                let fits = all.iter().any(|(one, _)| judge::fits(pattern, one));
                Claim::new(
                    Truth::of(fits),
                    format!(
                        "{subject}: an instruction with {}",
                        judge::describe_all(pattern)
                    ),
                    format!("{subject}: {}", listing(&all)),
                )
            })),
            ("lacks", Arg::Records(patterns)) => claims.extend(patterns.iter().map(|pattern| {
                let found = all.iter().find(|(one, _)| judge::fits(pattern, one));
                Claim::new(
                    Truth::of(found.is_none()),
                    format!(
                        "{subject}: no instruction with {}",
                        judge::describe_all(pattern)
                    ),
                    match found {
                        Some((_, shown)) => format!("{subject}: {shown}"),
                        None => format!("{subject}: {}", listing(&all)),
                    },
                )
            })),
            ("order", Arg::Records(patterns)) => claims.push(order(&subject, patterns, &all)),
            (name, Arg::Match(matcher)) => {
                let found = value(&dockerfile, name);
                claims.push(judge::value(&subject, given.field, matcher, Ok(found)));
            }
            _ => {}
        }
    }
    let facts = ["from", "stages", "count"];
    let facts = facts
        .iter()
        .map(|name| ((*name).to_owned(), value(&dockerfile, name)));
    Outcome::all(claims, facts.collect())
}

fn value(dockerfile: &Dockerfile, field: &str) -> Value {
    match field {
        "from" => json!(dockerfile.stages.last().map(|stage| stage.from.as_str())),
        "stages" => json!(dockerfile.stages.len()),
        "count" => {
            let inside: usize = dockerfile
                .stages
                .iter()
                .map(|stage| stage.instructions.len())
                .sum();
            json!(inside + dockerfile.stages.len())
        }
        _ => Value::Null,
    }
}

/// Every instruction, FROM included, as the table's fields and as it is shown.
fn instructions(dockerfile: &Dockerfile) -> Vec<(Value, String)> {
    let mut all: Vec<(Value, String)> = dockerfile
        .global
        .iter()
        .map(|one| shown(one, "global"))
        .collect();
    for (number, stage) in dockerfile.stages.iter().enumerate() {
        let name = stage.name.clone().unwrap_or_else(|| number.to_string());
        let from = Instruction {
            keyword: "FROM".to_owned(),
            arguments: match &stage.name {
                Some(name) => format!("{} AS {name}", stage.from),
                None => stage.from.clone(),
            },
            ..Instruction::default()
        };
        all.push(shown(&from, &name));
        all.extend(stage.instructions.iter().map(|one| shown(one, &name)));
    }
    all
}

fn shown(one: &Instruction, stage: &str) -> (Value, String) {
    let facts = json!({
        "instruction": one.keyword,
        "contains": one.arguments,
        "matches": one.arguments,
        "form": if one.exec_form { "exec" } else { "shell" },
        "stage": stage,
    });
    (facts, quote(&format!("{} {}", one.keyword, one.arguments)))
}

fn listing(all: &[(Value, String)]) -> String {
    let shown: Vec<&str> = all.iter().map(|(_, shown)| shown.as_str()).collect();
    shown.join(", ")
}

/// The claim that different instructions fit the patterns in this order.
fn order(subject: &str, patterns: &[Vec<Given>], all: &[(Value, String)]) -> Claim {
    let mut rest = all.iter();
    let holds = patterns
        .iter()
        .all(|pattern| rest.by_ref().any(|(one, _)| judge::fits(pattern, one)));
    let wanted: Vec<String> = patterns
        .iter()
        .map(|pattern| judge::describe_all(pattern))
        .collect();
    Claim::new(
        Truth::of(holds),
        format!("{subject}: first {}", wanted.join(", then ")),
        format!("{subject}: {}", listing(all)),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;
    use crate::world::{Dockerfile, Instruction, Stage};

    fn world() -> Fake {
        let one = |keyword: &str, arguments: &str| Instruction {
            keyword: keyword.to_owned(),
            arguments: arguments.to_owned(),
            exec_form: arguments.starts_with('['),
        };
        let stage = Stage {
            name: None,
            from: "busybox".to_owned(),
            instructions: vec![
                one("COPY", "needs.txt ."),
                one("RUN", "install needs.txt"),
                one("COPY", ". ."),
                one("CMD", "[\"sh\"]"),
            ],
        };
        let mut world = Fake::default();
        world.dockerfiles.insert(
            "Dockerfile".into(),
            Ok(Dockerfile {
                stages: vec![stage],
                ..Dockerfile::default()
            }),
        );
        world
            .dockerfiles
            .insert("Bad".into(), Err("line 2: unknown instruction: RUM".into()));
        world
    }

    #[test]
    fn instructions_are_had_and_lacked() {
        holds(
            "dockerfile: { from: busybox, stages: 1, count: 5, has: { instruction: CMD, form: exec } }",
            &world(),
        );
        holds(
            "dockerfile: { lacks: [{ instruction: USER }, { instruction: RUN, contains: curl }] }",
            &world(),
        );
        fails(
            "dockerfile: { lacks: { instruction: RUN } }",
            &world(),
            "file `Dockerfile`: no instruction with instruction `RUN`",
            "file `Dockerfile`: `RUN install needs.txt`",
        );
    }

    #[test]
    fn order_asks_for_different_instructions() {
        holds(
            "dockerfile: { order: [{ instruction: COPY, contains: needs }, { instruction: RUN }, { instruction: COPY }] }",
            &world(),
        );
        fails(
            "dockerfile: { order: [{ instruction: RUN }, { instruction: COPY, contains: needs }] }",
            &world(),
            "file `Dockerfile`: first instruction `RUN`, then instruction `COPY` and text containing `needs`",
            "file `Dockerfile`: `FROM busybox`, `COPY needs.txt .`, `RUN install needs.txt`, `COPY . .`, `CMD [\"sh\"]`",
        );
    }

    #[test]
    fn a_missing_file_and_a_broken_one_are_told_apart() {
        fails(
            "dockerfile: { path: Nope }",
            &world(),
            "a Dockerfile `Nope`",
            "no file `Nope`",
        );
        fails(
            "dockerfile: { path: Bad }",
            &world(),
            "a Dockerfile `Bad`",
            "file `Bad`: line 2: unknown instruction: RUM",
        );
        holds("dockerfile: { path: Nope, exists: false }", &world());
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("dockerfile: { from: busybox }");
    }
}
