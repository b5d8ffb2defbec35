//! Random worlds and random goals, of every noun and field of the check language: a report contains what was evaluated,
//! the same world gives the same verdict, and an unobservable fact is never a mistake.

use super::*;
use crate::checks::field::{Kind, Shape};
use crate::checks::outcome::{Outcome, Truth};
use crate::checks::{Arg, Check, Condition, Given, NounKind};
use crate::matcher::Matcher;
use crate::problem::{Place, Source};
use crate::world::fake::{Fake, text_file};
use crate::world::{
    Build, BuildStep, ChangeFacts, Dockerfile, HttpFacts, Instruction, LogFacts, Mount, Port,
    Repository, Stage, Volume,
};
use proptest::prelude::*;

/// Names that worlds and goals share, and one that no world has.
const NAMES: [&str; 6] = ["web", "web2", "box", "busybox", "app:v1", "nobody"];
/// Texts that they share.
const TEXTS: [&str; 5] = ["", "hi\n", "RUN", "sh", "latest"];

/// Any world of up to four containers with files and logs, images, volumes, builds and events.
fn worlds() -> impl Strategy<Value = Fake> {
    let name = prop::sample::select(vec!["web", "web2", "box", "db"]);
    let image = prop::sample::select(vec!["busybox", "app", "app:v1"]);
    let status = prop::sample::select(vec!["created", "running", "exited"]);
    let text = prop::sample::select(TEXTS.to_vec());
    let one = (name, image, status, text, 0u32..3, -1i32..4, any::<bool>());
    let all = prop::collection::vec(one, 0..4);
    (all, any::<bool>()).prop_map(|(all, set_up)| {
        let mut world = Fake::default()
            .image("busybox", |image| image.layers = vec!["1".to_owned()])
            .image("app", |image| {
                image.layers = vec!["1".to_owned(), "2".to_owned()];
                image.cmd = vec!["sh".to_owned()];
            });
        if set_up {
            world = world.set_up();
        }
        for (name, image, status, text, number, code, flag) in all {
            if world.containers.iter().any(|one| one.name == name) {
                continue;
            }
            world = filled(world, (name, image, status), text, number, code, flag);
        }
        world
    })
}

/// Adds a container, with its events and output.
fn filled(
    mut world: Fake,
    (name, image, status): (&str, &str, &str),
    text: &str,
    number: u32,
    code: i32,
    flag: bool,
) -> Fake {
    world = world.container(name, image, |one| {
        one.status = status.to_owned();
        one.start_count = number;
        one.exit_code = (status == "exited").then_some(code);
        one.tty = flag;
        one.cmd = vec!["sh".to_owned(), number.to_string()];
        one.env.insert("A".to_owned(), text.to_owned());
        one.memory = flag.then_some(64 << 20);
        one.ports = vec![Port {
            host: 8080,
            container: 80,
            ..Port::default()
        }];
        one.mounts = vec![Mount {
            volume: flag.then(|| "web".to_owned()),
            ..Mount::default()
        }];
    });
    world = world.event("create", "run", name, image).fact("tty", flag);
    for _ in 0..number {
        world = world.event("start", "start", name, image);
    }
    let (id, file) = (format!("{name}-id"), text_file(text));
    world.logs.insert(
        id.clone(),
        LogFacts {
            both: text.into(),
            stdout: text.into(),
            ..LogFacts::default()
        },
    );
    world.changes.insert(
        id.clone(),
        ChangeFacts {
            added: vec![text.into()],
            ..ChangeFacts::default()
        },
    );
    world
        .container_files
        .insert((id, "web".into()), file.clone());
    world
        .volume_files
        .insert(("web".into(), "web".into()), file);
    world.volumes = vec![Volume {
        name: "web".into(),
        ..Volume::default()
    }];
    surrounded(world, image, text, flag)
}

/// Adds everything else: builds, a Dockerfile, a repository, an answer, a file.
fn surrounded(mut world: Fake, image: &str, text: &str, flag: bool) -> Fake {
    let line = format!("{text} x");
    world.builds.push(Build {
        tags: vec!["app:v1".into()],
        result: if flag { "ok" } else { "failed" }.into(),
        steps: vec![BuildStep {
            number: 1,
            instruction: "RUN".into(),
            line,
            cached: flag,
            ..BuildStep::default()
        }],
        ..Build::default()
    });
    let step = Instruction {
        keyword: "RUN".into(),
        arguments: text.into(),
        exec_form: flag,
    };
    let stage = Stage {
        from: image.into(),
        instructions: vec![step],
        name: None,
    };
    let parsed = Dockerfile {
        stages: vec![stage],
        ..Dockerfile::default()
    };
    world.dockerfiles.insert(
        "Dockerfile".into(),
        if flag {
            Ok(parsed)
        } else {
            Err("line 1".into())
        },
    );
    world.repositories.insert(
        "web".into(),
        Repository {
            name: "web".into(),
            tags: [(
                "v1".into(),
                crate::world::Tagged {
                    digest: "sha256:m".into(),
                    image: "sha256:app:latest".into(),
                },
            )]
            .into(),
        },
    );
    world.http.insert(
        "web".into(),
        HttpFacts {
            body: text.into(),
            ..HttpFacts::default()
        },
    );
    world.file("web", text)
}

/// Combines matchers as an exercise may.
fn combined(leaf: BoxedStrategy<Matcher>) -> BoxedStrategy<Matcher> {
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| Matcher::Not(Box::new(one))),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Matcher::Any),
            prop::collection::vec(inner, 1..3).prop_map(Matcher::All),
        ]
    })
    .boxed()
}

fn numbers() -> BoxedStrategy<Matcher> {
    let number = (-1i32..4).prop_map(|number| Matcher::Number(number.into()));
    let range = (prop::option::of(0i32..3), prop::option::of(0i32..3))
        .prop_map(|(min, max)| Matcher::Range(min.map(f64::from), max.map(f64::from)));
    combined(prop_oneof![number, range].boxed())
}

fn texts() -> BoxedStrategy<Matcher> {
    let text = || prop::sample::select(TEXTS.to_vec()).prop_map(str::to_owned);
    combined(
        prop_oneof![
            text().prop_map(Matcher::Text),
            text().prop_map(Matcher::Contains),
            text().prop_map(Matcher::StartsWith),
            text().prop_map(Matcher::EndsWith),
            any::<bool>().prop_map(Matcher::Exists),
            numbers().prop_map(|count| Matcher::Lines(Box::new(count))),
            Just(Matcher::Matches(regex::Regex::new("^h").unwrap())),
        ]
        .boxed(),
    )
}

fn words() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
    prop::collection::vec(word, 0..3)
}

/// Any argument for a key of this kind.
fn arg(kind: Kind) -> BoxedStrategy<Arg> {
    let name = || prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
    match kind {
        Kind::Name => name().prop_map(Arg::Name).boxed(),
        Kind::Bool => any::<bool>()
            .prop_map(|yes| Arg::Match(Matcher::Bool(yes)))
            .boxed(),
        Kind::Text | Kind::Contains | Kind::Matches => texts().prop_map(Arg::Match).boxed(),
        Kind::Number | Kind::Size => numbers().prop_map(Arg::Match).boxed(),
        Kind::Words => words()
            .prop_map(|words| Arg::Match(Matcher::Sequence(words)))
            .boxed(),
        Kind::Set => words()
            .prop_map(|words| Arg::Match(Matcher::Set(words)))
            .boxed(),
        Kind::Map => texts()
            .prop_map(|text| Arg::Match(Matcher::Keys(vec![("A".to_owned(), text)])))
            .boxed(),
        Kind::OneOf(values) => prop::sample::select(values)
            .prop_map(|value| Arg::Match(Matcher::Text((*value).to_owned())))
            .boxed(),
        Kind::Group(fields) => given(fields, &[]).prop_map(Arg::Group).boxed(),
        Kind::Records(fields) => prop::collection::vec(given(fields, &[]), 1..3)
            .prop_map(Arg::Records)
            .boxed(),
        Kind::Paths(fields) => (name(), given(fields, &[]))
            .prop_map(|path| Arg::Paths(vec![path]))
            .boxed(),
    }
}

/// Up to three fields of a table, and the required ones.
fn given(fields: &'static [Shape], needs: &'static [&'static str]) -> BoxedStrategy<Vec<Given>> {
    let any_of =
        prop::sample::subsequence(fields.iter().collect::<Vec<_>>(), 1..=fields.len().min(3));
    any_of
        .prop_flat_map(move |mut chosen| {
            for need in needs {
                if !chosen.iter().any(|field| field.name == *need) {
                    chosen.extend(fields.iter().find(|field| field.name == *need));
                }
            }
            let given =
                |field: &'static Shape| arg(field.kind).prop_map(move |arg| Given { field, arg });
            chosen.into_iter().map(given).collect::<Vec<_>>()
        })
        .boxed()
}

/// Conditions of all nouns, alone and combined.
fn conditions() -> impl Strategy<Value = Condition> {
    let leaf = prop::sample::select(NounKind::ALL.to_vec()).prop_flat_map(|noun| {
        given(noun.noun().fields, noun.noun().needs).prop_map(move |given| {
            let at = Place::new(&Source::new("x", ""), 0..0);
            Condition::Check(Check { noun, given, at })
        })
    });
    leaf.prop_recursive(3, 8, 3, |inner| {
        let list = prop::collection::vec(inner, 1..3);
        prop_oneof![
            list.clone().prop_map(Condition::Not),
            list.clone().prop_map(Condition::All),
            list.prop_map(Condition::Any),
        ]
    })
}

/// What every outcome must satisfy.
fn consistent(outcome: &Outcome) -> Result<(), TestCaseError> {
    prop_assert!(!outcome.claims.is_empty());
    for claim in &outcome.claims {
        prop_assert!(!claim.expected.is_empty() && !claim.found.is_empty());
        if let Some((matcher, found)) = &claim.values {
            // The words were made from the same values.
            prop_assert_eq!(Truth::of(matcher.accepts(found)), claim.truth.clone());
        }
    }
    let broken = outcome.claims.iter().any(|claim| claim.truth == Truth::No);
    prop_assert_eq!(outcome.truth == Truth::No, broken);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn expected_and_found_agree_with_the_verdict(world in worlds(), condition in conditions()) {
        let outcome = evaluate_all(std::slice::from_ref(&condition), &world, None);
        consistent(&outcome)?;
        let opposite = evaluate_all(&[Condition::Not(vec![condition.clone()])], &world, None);
        consistent(&opposite)?;
        prop_assert_eq!(outcome.truth.clone().negated(), opposite.truth);
        // The same world gives the same outcome, and the order of the facts does not matter.
        let mut turned = world.clone();
        turned.containers.reverse();
        turned.images.reverse();
        turned.volumes.reverse();
        let again = evaluate_all(std::slice::from_ref(&condition), &turned, None);
        prop_assert_eq!(outcome.truth.clone(), again.truth);
        let goal = Goal { check: vec![condition], ..super::tests::exercise().goals.swap_remove(1) };
        let report = judge_goal(&goal, &world, None);
        prop_assert_eq!(report.verdict == Verdict::Pass, outcome.truth == Truth::Yes);
        prop_assert_eq!(report.verdict == Verdict::NotYet, report.expected.is_some() && report.found.is_some());
    }

    #[test]
    fn what_cannot_be_seen_is_neither_right_nor_wrong(condition in conditions()) {
        let world = Fake { blind: Some("the disk is gone".to_owned()), ..Fake::default() };
        let outcome = evaluate_all(std::slice::from_ref(&condition), &world, None);
        prop_assert_eq!(outcome.truth, Truth::Blind("the disk is gone".to_owned()));
    }

    #[test]
    fn the_order_of_conditions_does_not_matter(world in worlds(), conditions in prop::collection::vec(conditions(), 2..4)) {
        let mut turned = conditions.clone();
        turned.reverse();
        let (one, other) = (evaluate_all(&conditions, &world, None), evaluate_all(&turned, &world, None));
        prop_assert_eq!(one.truth, other.truth);
    }
}
