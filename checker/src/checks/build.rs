//! A build, as recorded in the journal: which steps ran, which came from the cache, and why not.
//!
//! ## Passes when
//! a build since the exercise began matches every field. `which` picks the `last` (the default), the `first`, or `any`.
//!
//! ## Example
//! ```yaml
//! - build: { tag: app, result: ok, steps: [{ instruction: RUN, contains: pip, cache: hit }] }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  last build: a step with instruction `RUN` and cache hit
//! Found     last build: step 3 `RUN pip install -r requirements.txt` ran: step 2 changed
//! ```

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check};
use crate::checks::field::{Asked, Field, Kind, Noun, aside, claims, shapes, value};
use crate::matcher::{Matcher, quote};
use crate::world::{Build, BuildStep, Image, World, find_image, hex, tagged};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The fields of a step.
const STEP: &[Field<BuildStep>] = &[
    value("number", Kind::Number, |one: &BuildStep| json!(one.number))
        .doc("Its number within its stage, as printed."),
    value("instruction", Kind::Text, |one: &BuildStep| {
        json!(one.instruction)
    })
    .doc("Its keyword, such as `RUN`."),
    value("contains", Kind::Contains, |one: &BuildStep| {
        json!(one.line)
    })
    .called("step")
    .doc("Text that occurs in its line."),
    value("cache", Kind::OneOf(&["hit", "miss"]), |one: &BuildStep| {
        json!(if one.cached { "hit" } else { "miss" })
    })
    .doc("`hit` if it came from the cache."),
    value("reason", Kind::Text, |one: &BuildStep| json!(one.reason)).doc("Why it ran."),
];

/// The noun.
pub static NOUN: Noun = Noun {
    name: "build",
    doc: "A build since the exercise began, as the journal tells it.",
    fields: &shapes::<_, { FIELDS.len() }>(FIELDS),
    needs: &[],
    shows: &["count", "tags", "step", "reason"],
};

const FIELDS: &[Field<Build>] = &[
    aside("which", Kind::OneOf(&["last", "first", "any"]))
        .doc("Which build; the last if not given."),
    aside("tag", Kind::Name)
        .doc("Only builds that were given this tag, or whose image has it now."),
    value("result", Kind::OneOf(&["ok", "failed"]), |one: &Build| {
        json!(one.result)
    })
    .doc("How it ended."),
    aside("count", Kind::Number)
        .called("builds")
        .doc("How many builds there were."),
    value("cached", Kind::Number, |one: &Build| json!(counts(one).0))
        .called("cached steps")
        .doc("How many steps came from the cache."),
    value("ran", Kind::Number, |one: &Build| json!(counts(one).1))
        .called("steps that ran")
        .doc("How many steps ran."),
    claims(
        "steps",
        Kind::Records(&shapes::<_, { STEP.len() }>(STEP)),
        steps,
    )
    .called("step")
    .doc("Steps; each pattern must fit one."),
    value("context", Kind::Size, |one: &Build| json!(one.context))
        .doc("Bytes of the build context."),
    value("args", Kind::Map, |one: &Build| json!(one.args))
        .called("build arguments")
        .doc("What `--build-arg` gave, by name."),
    claims("dockerfile", Kind::Name, used_file)
        .called("Dockerfile")
        .doc("A file of the workspace: the build used it, as it is now."),
    claims("same_dockerfile_as", Kind::Name, same_dockerfile)
        .called("Dockerfile")
        .doc("Another tag: its last build used the same Dockerfile, byte for byte."),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let builds = match world.builds() {
        Ok(builds) => builds,
        Err(blind) => return Outcome::blind("a build", blind),
    };
    let tag = check.name("tag");
    let images = match world.images() {
        Ok(images) => images,
        Err(blind) => return Outcome::blind("a build", blind),
    };
    let fitting: Vec<&Build> = builds
        .iter()
        .filter(|build| tag.is_none_or(|tag| has_tag(build, tag, &images)))
        .collect();
    let of = tag.map_or_else(String::new, |tag| format!(" of {}", quote(tag)));
    let mut claims = Vec::new();
    if let Some(Arg::Match(matcher)) = check.arg("count") {
        let number = json!(fitting.len());
        claims.push(Claim {
            expected: format!("{}{of}", judge::counted(&matcher.describe(), "build")),
            found: judge::counted(&fitting.len().to_string(), "build"),
            truth: Truth::of(matcher.accepts(&number)),
            values: Some((matcher.clone(), number)),
        });
        if fitting.is_empty() && check.given.len() == 1 + usize::from(tag.is_some()) {
            return Outcome::all(claims, Map::new());
        }
    }
    let which = match check.arg("which") {
        Some(Arg::Match(Matcher::Text(which))) => which.as_str(),
        _ => "last",
    };
    let candidates: Vec<&Build> = match which {
        "any" => fitting.clone(),
        "first" => fitting.first().copied().into_iter().collect(),
        _ => fitting.last().copied().into_iter().collect(),
    };
    if candidates.is_empty() {
        let others = judge::there_are(builds.iter().flat_map(|build| build.tags.clone()));
        let found = if builds.is_empty() {
            "no build".to_owned()
        } else {
            format!("none; {others}")
        };
        claims.push(Claim::new(
            Truth::No,
            format!("a build{of} since the start"),
            found,
        ));
        return Outcome::all(claims, Map::from_iter([("count".to_owned(), json!(0))]));
    }
    let subject = if which == "any" {
        "a build".to_owned()
    } else {
        format!("{which} build")
    } + &of;
    // Of several builds, the one with the fewest broken claims is probably the intended one.
    let judged = candidates.iter().map(|build| {
        (
            judge::fields(&subject, FIELDS, &check.given, *build, world),
            *build,
        )
    });
    let nearest = judged.min_by_key(|(claims, _)| {
        claims
            .iter()
            .filter(|claim| claim.truth != Truth::Yes)
            .count()
    });
    let Some((own, build)) = nearest else {
        return Outcome::all(claims, Map::new());
    };
    claims.push(Claim::new(
        Truth::Yes,
        format!("{subject} since the start"),
        format!("{subject}: {}", build.result),
    ));
    claims.extend(own);
    let mut facts = facts(build);
    facts.insert("count".to_owned(), json!(fitting.len()));
    Outcome::all(claims, facts)
}

/// The claims of the step patterns.
fn steps(asked: &Asked<'_, Build>) -> Vec<Claim> {
    let (subject, build) = (asked.subject, asked.it);
    let claim = |pattern: &Vec<_>| {
        let mut steps = build.steps.iter();
        Claim::new(
            Truth::of(steps.any(|step| judge::fits(STEP, pattern, step))),
            format!("{subject}: a step with {}", judge::describe_all(pattern)),
            format!("{subject}: {}", describe_steps(build)),
        )
    };
    judge::patterns(asked.arg).iter().map(claim).collect()
}

/// The claim that the build used a file of the workspace as its Dockerfile.
fn used_file(asked: &Asked<'_, Build>) -> Vec<Claim> {
    let (subject, path, world) = (asked.subject, asked.word(), asked.world);
    let expected = format!("{subject}: the Dockerfile {}, as it is now", quote(path));
    let text = match world.file(path) {
        Ok(file) => file.and_then(|file| file.text),
        Err(blind) => return vec![Claim::blind(expected, blind)],
    };
    let Some(text) = text else {
        let found = format!("no text file {}", quote(path));
        return vec![Claim::new(Truth::No, expected, found)];
    };
    let digest = format!("sha256:{}", hex(&Sha256::digest(text.as_bytes())));
    let holds = asked.it.dockerfile.as_ref() == Some(&digest);
    let found = match holds {
        true => expected.clone(),
        false => format!("{subject}: another Dockerfile"),
    };
    vec![Claim::new(Truth::of(holds), expected, found)]
}

/// The claim that the last build of another tag used the same Dockerfile.
fn same_dockerfile(asked: &Asked<'_, Build>) -> Vec<Claim> {
    let (subject, build, other) = (asked.subject, asked.it, asked.word());
    let with = |word: &str| {
        format!(
            "{subject}: {word} Dockerfile as the last build of {}",
            quote(other)
        )
    };
    let observed = asked.world.builds();
    let observed = observed.and_then(|all| Ok((all, asked.world.images()?)));
    let (all, images) = match observed {
        Ok(observed) => observed,
        Err(blind) => return vec![Claim::blind(with("the same"), blind)],
    };
    let last = all.iter().rev().find(|one| has_tag(one, other, &images));
    let holds =
        last.is_some_and(|last| last.dockerfile.is_some() && last.dockerfile == build.dockerfile);
    let found = match last {
        None => format!("no build of {}", quote(other)),
        Some(_) if holds => with("the same"),
        Some(_) => with("not the same"),
    };
    vec![Claim::new(Truth::of(holds), with("the same"), found)]
}

/// Whether the build was given `tag`, or made the image of `images` that has it: `docker tag` can follow a build.
fn has_tag(build: &Build, tag: &str, images: &[Image]) -> bool {
    let made = || build.image_id.as_ref();
    build.tags.iter().any(|one| tagged(one) == tagged(tag))
        || find_image(images, tag).is_some_and(|image| Some(&image.id) == made())
}

/// How many steps came from the cache, and how many ran: only numbered steps, because only those are printed.
fn counts(build: &Build) -> (usize, usize) {
    let numbered = build.steps.iter().filter(|step| step.number > 0);
    let cached = numbered.clone().filter(|step| step.cached).count();
    (cached, numbered.count() - cached)
}

fn describe_steps(build: &Build) -> String {
    let step = |step: &BuildStep| {
        let how = match (step.cached, step.reason.as_str()) {
            (true, _) => "cached".to_owned(),
            (false, "") => "ran".to_owned(),
            (false, reason) => format!("ran: {reason}"),
        };
        format!("{} {}", quote(&step.line), how)
    };
    match build.steps.as_slice() {
        [] => "no step".to_owned(),
        steps => steps.iter().map(step).collect::<Vec<_>>().join("; "),
    }
}

fn facts(build: &Build) -> Map<String, Value> {
    let first_run = build.steps.iter().find(|step| !step.cached);
    let mut facts = judge::facts(FIELDS, build);
    facts.extend([
        ("tags".to_owned(), json!(build.tags)),
        ("step".to_owned(), json!(first_run.map(|step| &step.line))),
        (
            "reason".to_owned(),
            json!(first_run.map(|step| &step.reason)),
        ),
    ]);
    facts
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;
    use crate::world::{Build, BuildStep, Image};

    fn build(tag: &str, cached: bool) -> Build {
        let step = |number, line: &str, cached, reason: &str| BuildStep {
            number,
            instruction: line.split(' ').next().unwrap_or_default().to_owned(),
            line: line.to_owned(),
            cached,
            reason: reason.to_owned(),
        };
        Build {
            tags: vec![tag.to_owned()],
            result: "ok".to_owned(),
            steps: vec![
                step(1, "FROM busybox", true, ""),
                step(
                    2,
                    "RUN pip install",
                    cached,
                    if cached { "" } else { "app.py differs" },
                ),
            ],
            ..Build::default()
        }
    }

    #[test]
    fn an_image_may_get_its_tag_after_the_build() {
        let mut one = build("draft", false);
        one.image_id = Some("sha256:1".to_owned());
        let image = |reference: &str| Image {
            id: "sha256:1".to_owned(),
            references: vec![reference.to_owned()],
            ..Image::default()
        };
        let world = |reference: &str| Fake {
            builds: vec![one.clone()],
            images: vec![image(reference)],
            ..Fake::default()
        };
        holds("build: { tag: app, result: ok }", &world("app:latest"));
        holds("build: { tag: draft }", &world("app:latest"));
        fails(
            "build: { tag: app }",
            &world("other:latest"),
            "a build of `app` since the start",
            "none; there is `draft`",
        );
    }

    fn world() -> Fake {
        Fake {
            builds: vec![build("app:latest", false), build("app:latest", true)],
            ..Fake::default()
        }
    }

    #[test]
    fn the_last_build_is_meant_unless_said_otherwise() {
        holds(
            "build: { tag: app, result: ok, cached: 2, ran: 0 }",
            &world(),
        );
        holds("build: { which: first, ran: 1 }", &world());
        holds("build: { which: any, ran: 1 }", &world());
        fails(
            "build: { ran: 1 }",
            &world(),
            "last build: steps that ran 1",
            "last build: steps that ran 0",
        );
    }

    #[test]
    fn a_step_is_found_by_its_text_and_told_with_its_reason() {
        holds(
            "build: { steps: [{ instruction: RUN, contains: pip, cache: hit }] }",
            &world(),
        );
        fails(
            "build: { which: first, steps: { contains: pip, cache: hit } }",
            &world(),
            "first build: a step with step containing `pip` and cache hit",
            "first build: `FROM busybox` cached; `RUN pip install` ran: app.py differs",
        );
        holds(
            "build: { which: first, steps: { cache: miss, reason: { contains: app.py } } }",
            &world(),
        );
    }

    #[test]
    fn arguments_and_the_dockerfile_are_compared() {
        let mut world = world();
        world.builds[0].args.insert("COLOUR".into(), "red".into());
        world.builds[0].dockerfile = Some("sha256:one".into());
        world.builds[1].dockerfile = Some("sha256:two".into());
        world.builds[1].tags = vec!["web:latest".into()];
        holds("build: { tag: app, args: { COLOUR: red } }", &world);
        holds(
            "build: { tag: web, args: { COLOUR: { exists: false } } }",
            &world,
        );
        fails(
            "build: { tag: app, same_dockerfile_as: web }",
            &world,
            "last build of `app`: the same Dockerfile as the last build of `web`",
            "last build of `app`: not the same Dockerfile as the last build of `web`",
        );
        fails(
            "build: { tag: app, same_dockerfile_as: shop }",
            &world,
            "last build of `app`: the same Dockerfile as the last build of `shop`",
            "no build of `shop`",
        );
        world.builds[1].dockerfile = Some("sha256:one".into());
        holds("build: { tag: app, same_dockerfile_as: web }", &world);
    }

    #[test]
    fn no_build_of_the_tag_is_told() {
        fails(
            "build: { tag: web }",
            &world(),
            "a build of `web` since the start",
            "none; there are `app:latest` and `app:latest`",
        );
        fails(
            "build: { result: ok }",
            &Fake::default(),
            "a build since the start",
            "no build",
        );
        holds("build: { count: 2 }", &world());
        holds("build: { count: 0 }", &Fake::default());
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("build: { result: ok }");
    }
}
