//! Translations: `<id>.<language>.yaml` beside `<id>.yaml`, with the same structure and only texts in it.
//!
//! Goals, diagnoses and hints have the same order and the same ids; conditions are never translated. A missing text is
//! shown in the original language.
//!
//! ```yaml
//! format: 1
//! id: tiny
//! revision: 1            # of the exercise when it was translated
//! title: Zrób pudełko
//! goals:
//!   - { id: made, say: Istnieje kontener `box`. }
//! ```

use super::decode::Decoder;
use super::node::{Node, Value};
use super::yaml;
use crate::exercise::Exercise;
use crate::near::nearest;
use crate::problem::{Problem, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

/// Translatable texts of the exercise itself; the tables below are for goals, diagnoses and hints.
const WHOLE: &[&str] = &["title", "story", "debrief", "differs_from_docker"];
const GOAL: &[&str] = &["say", "why", "ask"];
const DIAGNOSIS: &[&str] = &["say"];
const HINT: &[&str] = &["say"];

/// Language and exercise id of a file name such as `tiny.pl.yaml`.
pub fn language_of(path: &Path) -> Option<(String, String)> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".yaml")?;
    let (id, language) = stem.rsplit_once('.')?;
    Some((language.to_owned(), id.to_owned()))
}

/// As [`super::bytes`], with the texts of `translation`. A broken translation is reported; an exercise is never shown
/// partly translated.
pub fn translated(
    exercise: &Source,
    translation: &Source,
    seed: &str,
) -> Result<Exercise, Vec<Problem>> {
    let tree =
        |source: &Source| yaml::parse(source).map_err(|problem| vec![problem.of_rule("E20")]);
    let (mut document, other) = (tree(exercise)?, tree(translation)?);
    let texts: BTreeMap<String, String> = texts(&other)
        .into_iter()
        .map(|text| (text.path, text.text))
        .collect();
    visit(&mut document, &mut |path, node| {
        if let Some(text) = texts.get(path) {
            node.value = Value::Text(text.clone());
        }
    });
    super::exercise::exercise(exercise, document, seed, &BTreeMap::new())
}

/// **E20** The problems of `translation` of `exercise`: a text is missing or not in the exercise, placeholders differ,
/// it was made from another revision, or it contains more than texts.
pub fn problems(exercise: &Exercise, translation: &Source) -> Vec<Problem> {
    let parsed = (yaml::parse(&exercise.source), yaml::parse(translation));
    let (original, other) = match parsed {
        (Ok(original), Ok(other)) => (original, other),
        (Err(problem), _) | (_, Err(problem)) => return vec![problem.of_rule("E20")],
    };
    let mut problems = shape(translation, &other);
    problems.extend(stale(exercise, translation, &other));
    let (wanted, given) = (texts(&original), texts(&other));
    let at = |path: &str| given.iter().find(|text| text.path == path);
    for text in &wanted {
        match at(&text.path) {
            None => problems.push(
                Problem::new(
                    translation,
                    0..0,
                    format!("no translation of `{}`", text.path),
                )
                .with_help(format!("it says: {}", text.text.trim())),
            ),
            Some(other) if placeholders(&other.text) != placeholders(&text.text) => {
                let list = |text: &str| match placeholders(text) {
                    names if names.is_empty() => "none".to_owned(),
                    names => names.into_iter().collect::<Vec<_>>().join(" "),
                };
                let message = format!("`{}` has other placeholders than the exercise", text.path);
                problems.push(
                    Problem::new(translation, other.span.clone(), message)
                        .expected(format!("has {}", list(&other.text)))
                        .with_help(format!("the exercise has {}", list(&text.text))),
                );
            }
            Some(_) => {}
        }
    }
    let known = || wanted.iter().map(|text| text.path.as_str());
    for text in &given {
        if known().all(|path| path != text.path) {
            let message = format!("the exercise has no `{}`", text.path);
            let problem = Problem::new(translation, text.span.clone(), message);
            problems.push(match nearest(&text.path, known()) {
                Some(near) => problem.with_help(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
    }
    problems
        .into_iter()
        .map(|problem| problem.of_rule("E20"))
        .collect()
}

/// Fields that are not texts, above all checks: the conditions are the same in every language.
fn shape(source: &Source, document: &Node) -> Vec<Problem> {
    let mut d = Decoder::new(source);
    let fields = |own: &[&'static str], more: &[&'static str]| [own, more].concat();
    d.map(
        document,
        "a translation",
        &fields(WHOLE, &["format", "id", "revision", "goals", "hints"]),
    );
    for goal in items(document, "goals") {
        d.map(goal, "a translated goal", &fields(GOAL, &["id", "else"]));
        for diagnosis in items(goal, "else") {
            d.map(
                diagnosis,
                "a translated diagnosis",
                &fields(DIAGNOSIS, &["id"]),
            );
        }
    }
    for hint in items(document, "hints") {
        if !matches!(hint.value, Value::Text(_)) {
            d.map(hint, "a translated hint", HINT);
        }
    }
    d.finish()
}

fn stale(exercise: &Exercise, source: &Source, document: &Node) -> Option<Problem> {
    let now = exercise.revision.to_string();
    let node = document.get("revision");
    let (span, of) = match node.map(|node| (&node.span, &node.value)) {
        Some((span, Value::Text(of))) => (span.clone(), of.clone()),
        _ => (0..0, "no revision".to_owned()),
    };
    (of != now).then(|| {
        Problem::new(
            source,
            span,
            format!("a translation of revision {of}; the exercise has {now}"),
        )
        .with_help(format!("compare the texts, then write `revision: {now}`"))
    })
}

/// A text, and its path in the structure: `goals.made.say`.
struct Text {
    path: String,
    span: Range<usize>,
    text: String,
}

fn texts(document: &Node) -> Vec<Text> {
    let mut found = Vec::new();
    visit(&mut document.clone(), &mut |path, node| {
        if let Value::Text(text) = &node.value {
            found.push(Text {
                path: path.to_owned(),
                span: node.span.clone(),
                text: text.clone(),
            });
        }
    });
    found
}

/// Calls `see` with every translatable node.
fn visit(document: &mut Node, see: &mut dyn FnMut(&str, &mut Node)) {
    each(document, WHOLE, "", see);
    for (at, goal) in items_mut(document, "goals").iter_mut().enumerate() {
        let path = format!("goals.{}.", id(goal, at));
        each(goal, GOAL, &path, see);
        for (at, diagnosis) in items_mut(goal, "else").iter_mut().enumerate() {
            let path = format!("{path}else.{}.", id(diagnosis, at));
            each(diagnosis, DIAGNOSIS, &path, see);
        }
    }
    for (at, hint) in items_mut(document, "hints").iter_mut().enumerate() {
        let path = format!("hints.{}.", at + 1);
        // A hint may be a plain text.
        if matches!(hint.value, Value::Text(_)) {
            see(&format!("{path}say"), hint);
        }
        each(hint, HINT, &path, see);
    }
}

fn each(node: &mut Node, keys: &[&str], path: &str, see: &mut dyn FnMut(&str, &mut Node)) {
    if let Value::Map(entries) = &mut node.value {
        for (key, value) in entries {
            if keys.contains(&key.text.as_str()) {
                see(&format!("{path}{}", key.text), value);
            }
        }
    }
}

fn id(node: &Node, at: usize) -> String {
    match node.get("id").map(|node| &node.value) {
        Some(Value::Text(id)) => id.clone(),
        _ => (at + 1).to_string(),
    }
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    match node.get(key).map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn items_mut<'n>(node: &'n mut Node, key: &str) -> &'n mut [Node] {
    let Value::Map(entries) = &mut node.value else {
        return &mut [];
    };
    let found = entries.iter_mut().find(|(name, _)| name.text == key);
    match found.map(|(_, node)| &mut node.value) {
        Some(Value::List(items)) => items,
        _ => &mut [],
    }
}

/// The contents of braces, such as `{box}` and `{found.count}`.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    text.match_indices('{')
        .filter_map(|(at, _)| {
            let end = at + text[at..].find('}')? + 1;
            let name = &text[at + 1..end - 1];
            (!name.is_empty() && name.chars().all(is_name)).then_some(&text[at..end])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXERCISE: &str = "format: 1\nid: tiny\nrevision: 2\ntitle: A box\nparams: { box: { choose: [web, api] } }\n\
        goals:\n  - id: made\n    say: Make `{box}`.\n    check: { container: { name: '{box}' } }\n    else:\n      \
        - { id: other, when: { containers: { count: 1 } }, say: 'There are {found.count}.' }\n\
        hints: [Look.]\nsolutions: [{ do: ['docker create --name {box} busybox'] }]\n";
    const POLISH: &str = "format: 1\nid: tiny\nrevision: 2\ntitle: Pudełko\n\
        goals:\n  - id: made\n    say: Zrób `{box}`.\n    else:\n      - { id: other, say: 'Jest ich {found.count}.' }\n\
        hints: [Spójrz.]\n";

    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        assert!(POLISH.contains(from), "{from}");
        let exercise = super::super::text("tiny.yaml", EXERCISE, "").unwrap();
        let translation = Source::new("tiny.pl.yaml", &POLISH.replacen(from, to, 1));
        let found: Vec<String> = problems(&exercise, &translation)
            .iter()
            .map(|problem| {
                assert_eq!(problem.rule(), Some("E20"));
                assert!(problem.to_string().contains("tiny.pl.yaml"));
                problem.message().to_owned()
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn e20_a_translation_with_the_same_texts_is_right_and_each_fault_is_told() {
        check("title", "title", &[]);
        check("title: Pudełko\n", "", &["no translation of `title`"]);
        check(
            "hints: [Spójrz.]\n",
            "",
            &["no translation of `hints.1.say`"],
        );
        check(
            "revision: 2",
            "revision: 1",
            &["a translation of revision 1; the exercise has 2"],
        );
        check(
            "{found.count}",
            "{found.counts}",
            &["`goals.made.else.other.say` has other placeholders than the exercise"],
        );
        check(
            "`{box}`",
            "pudełko",
            &["`goals.made.say` has other placeholders than the exercise"],
        );
        check(
            "id: other",
            "id: othr",
            &[
                "no translation of `goals.made.else.other.say`",
                "the exercise has no `goals.made.else.othr.say`",
            ],
        );
        check(
            "    say: Zrób",
            "    check: { container: { name: x } }\n    say: Zrób",
            &["unknown field `check` of a translated goal"],
        );
    }

    #[test]
    fn the_texts_are_taken_over_and_nothing_else() {
        let (exercise, polish) = (
            Source::new("tiny.yaml", EXERCISE),
            Source::new("tiny.pl.yaml", POLISH),
        );
        let plain = super::super::text("tiny.yaml", EXERCISE, "seed").unwrap();
        let shown = translated(&exercise, &polish, "seed").unwrap();
        let name = &shown.params["box"];
        assert_eq!(shown.goals[0].say, format!("Zrób `{name}`."));
        assert_eq!(shown.hints[0].say, "Spójrz.");
        assert_eq!(shown.goals[0].check, plain.goals[0].check);
        assert_eq!(shown.params, plain.params);
        let half = Source::new(
            "tiny.pl.yaml",
            "format: 1\nid: tiny\nrevision: 2\ntitle: Pudełko\n",
        );
        assert_eq!(
            translated(&exercise, &half, "seed").unwrap().goals[0].say,
            plain.goals[0].say
        );
    }

    #[test]
    fn a_file_name_tells_the_language() {
        let check = |path: &str, expected: Option<(&str, &str)>| {
            let found = language_of(Path::new(path));
            assert_eq!(
                found.as_ref().map(|(l, i)| (l.as_str(), i.as_str())),
                expected,
                "{path}"
            );
        };
        check("a/tiny.pl.yaml", Some(("pl", "tiny")));
        check("a/tiny.yaml", None);
        check("a/tiny.pl.md", None);
    }
}
