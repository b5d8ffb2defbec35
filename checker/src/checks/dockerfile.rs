//! A Dockerfile of the workspace, parsed.
//!
//! ## Passes when
//! the file is a valid Dockerfile and every given field matches. `has`, `lacks` and `order` search its instructions in
//! all stages; variables are not expanded.
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

use super::Check;
use super::judge::{self, describe_all, fits, patterns};
use super::outcome::{Claim, Outcome, Truth};
use super::thing::exists;
use crate::checks::field::{Asked, Field, Kind, Noun, aside, claims, shapes, value};
use crate::matcher::quote;
use crate::world::{Dockerfile, Instruction, World};
use serde_json::{Map, json};

/// An instruction and its place.
struct Shown {
    keyword: String,
    arguments: String,
    form: &'static str,
    stage: String,
}

/// The fields of an instruction.
const INSTRUCTION: &[Field<Shown>] = &[
    value("instruction", Kind::Text, |one: &Shown| json!(one.keyword))
        .doc("Its keyword, such as `COPY`."),
    value("contains", Kind::Contains, |one: &Shown| {
        json!(one.arguments)
    })
    .called("text")
    .doc("Text that occurs in its arguments."),
    value("matches", Kind::Matches, |one: &Shown| json!(one.arguments))
        .called("text")
        .doc("A regular expression that matches in its arguments."),
    value("form", Kind::OneOf(&["exec", "shell"]), |one: &Shown| {
        json!(one.form)
    })
    .doc("`exec` for the JSON form."),
    value("stage", Kind::Text, |one: &Shown| json!(one.stage))
        .doc("The name or number (from 0) of its stage; `global` before the first FROM."),
];

/// The noun.
pub static NOUN: Noun = Noun {
    name: "dockerfile",
    doc: "A Dockerfile of the workspace, parsed.",
    fields: &shapes::<_, { FIELDS.len() }>(FIELDS),
    needs: &[],
    shows: &["exists", "error"],
};

const FIELDS: &[Field<Dockerfile>] = &[
    aside("path", Kind::Name).doc("Relative to the workspace; `Dockerfile` if not given."),
    exists(),
    value("from", Kind::Text, |one: &Dockerfile| {
        json!(one.stages.last().map(|stage| stage.from.as_str()))
    })
    .called("base")
    .doc("The image of the last stage's FROM."),
    value("stages", Kind::Number, |one: &Dockerfile| {
        json!(one.stages.len())
    })
    .doc("How many stages it has."),
    value("count", Kind::Number, |one: &Dockerfile| json!(count(one)))
        .called("instructions")
        .doc("How many instructions it has."),
    claims(
        "has",
        Kind::Records(&shapes::<_, { INSTRUCTION.len() }>(INSTRUCTION)),
        has,
    )
    .called("an instruction")
    .doc("Patterns, each of which some instruction must fit."),
    claims(
        "lacks",
        Kind::Records(&shapes::<_, { INSTRUCTION.len() }>(INSTRUCTION)),
        lacks,
    )
    .called("no instruction")
    .doc("Patterns that no instruction may fit."),
    claims(
        "order",
        Kind::Records(&shapes::<_, { INSTRUCTION.len() }>(INSTRUCTION)),
        order,
    )
    .doc("Patterns that different instructions must fit in this order."),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let path = check.name("path").unwrap_or("Dockerfile");
    let subject = format!("file {}", quote(path));
    let wanted = check.wants("exists");
    let none = format!("no file {}", quote(path));
    let expected = match wanted {
        true => format!("a Dockerfile {}", quote(path)),
        false => none.clone(),
    };
    let (truth, found, fact) = match world.dockerfile(path) {
        Err(blind) => return Outcome::blind(expected, blind),
        Ok(Some(Ok(dockerfile))) => {
            let is_one = format!("{subject} is one");
            let mut claims = vec![Claim::new(Truth::of(wanted), expected, is_one)];
            claims.extend(judge::fields(
                &subject,
                FIELDS,
                &check.given,
                &dockerfile,
                world,
            ));
            return Outcome::all(claims, judge::facts(FIELDS, &dockerfile));
        }
        Ok(None) => (Truth::of(!wanted), none, ("exists", json!(false))),
        Ok(Some(Err(message))) => (
            Truth::No,
            format!("{subject}: {message}"),
            ("error", json!(message)),
        ),
    };
    let facts = Map::from_iter([(fact.0.to_owned(), fact.1)]);
    Outcome::all(vec![Claim::new(truth, expected, found)], facts)
}

/// The number of instructions, including each FROM.
fn count(dockerfile: &Dockerfile) -> usize {
    let stages = &dockerfile.stages;
    let inside: usize = stages.iter().map(|stage| stage.instructions.len()).sum();
    inside + stages.len()
}

/// Every instruction, including FROM.
fn instructions(dockerfile: &Dockerfile) -> Vec<Shown> {
    let in_stage = |one: &Instruction, stage: &str| Shown {
        keyword: one.keyword.clone(),
        arguments: one.arguments.clone(),
        form: if one.exec_form { "exec" } else { "shell" },
        stage: stage.to_owned(),
    };
    let global = dockerfile.global.iter();
    let mut all: Vec<Shown> = global.map(|one| in_stage(one, "global")).collect();
    for (number, stage) in dockerfile.stages.iter().enumerate() {
        let name = stage.name.clone().unwrap_or_else(|| number.to_string());
        all.push(Shown {
            keyword: "FROM".to_owned(),
            arguments: match &stage.name {
                Some(name) => format!("{} AS {name}", stage.from),
                None => stage.from.clone(),
            },
            form: "shell",
            stage: name.clone(),
        });
        all.extend(stage.instructions.iter().map(|one| in_stage(one, &name)));
    }
    all
}

impl Shown {
    fn text(&self) -> String {
        quote(&format!("{} {}", self.keyword, self.arguments))
    }
}

fn listing(all: &[Shown]) -> String {
    let shown: Vec<String> = all.iter().map(Shown::text).collect();
    shown.join(", ")
}

/// The claims that some instruction matches each pattern.
fn has(asked: &Asked<'_, Dockerfile>) -> Vec<Claim> {
    let (subject, all) = (asked.subject, instructions(asked.it));
    let claim = |pattern: &Vec<_>| {
        Claim::new(
            Truth::of(all.iter().any(|one| fits(INSTRUCTION, pattern, one))),
            format!("{subject}: an instruction with {}", describe_all(pattern)),
            format!("{subject}: {}", listing(&all)),
        )
    };
    patterns(asked.arg).iter().map(claim).collect()
}

/// The claims that no instruction matches a pattern.
fn lacks(asked: &Asked<'_, Dockerfile>) -> Vec<Claim> {
    let (subject, all) = (asked.subject, instructions(asked.it));
    let claim = |pattern: &Vec<_>| {
        let found = all.iter().find(|one| fits(INSTRUCTION, pattern, one));
        Claim::new(
            Truth::of(found.is_none()),
            format!("{subject}: no instruction with {}", describe_all(pattern)),
            format!(
                "{subject}: {}",
                found.map_or_else(|| listing(&all), Shown::text)
            ),
        )
    };
    patterns(asked.arg).iter().map(claim).collect()
}

/// The claim that different instructions match the patterns in this order.
fn order(asked: &Asked<'_, Dockerfile>) -> Vec<Claim> {
    let (subject, all) = (asked.subject, instructions(asked.it));
    let mut rest = all.iter();
    let mut in_order = patterns(asked.arg).iter();
    let holds = in_order.all(|pattern| rest.any(|one| fits(INSTRUCTION, pattern, one)));
    let wanted: Vec<String> = patterns(asked.arg)
        .iter()
        .map(|pattern| describe_all(pattern))
        .collect();
    vec![Claim::new(
        Truth::of(holds),
        format!("{subject}: first {}", wanted.join(", then ")),
        format!("{subject}: {}", listing(&all)),
    )]
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
