//! Named things: containers, images and volumes. One judge for a single thing, and one for all of a kind.

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::checks::field::{Asked, Field, Kind, Shape, aside, claims, value};
use crate::matcher::{Matcher, join, quote};
use crate::world::{Observed, Snapshot, World};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A container, an image or a volume.
pub(crate) trait Thing: Sized + 'static {
    /// The name of its kind: `container`.
    const KIND: &'static str;
    /// The same with its article.
    const ONE: &'static str;
    /// The fields of a single thing, found by name.
    const FIELDS: &'static [Field<Self>];
    /// The fields of all things, together and each.
    const EACH: &'static [Field<Self>];

    /// All existing things.
    fn all(world: &dyn World) -> Observed<Vec<Self>>;
    /// All things that existed after the setup.
    fn of_setup(setup: &Snapshot) -> &[Self];
    /// Its names.
    fn names(&self) -> Vec<String>;
    /// What distinguishes it from another thing with the same name.
    fn identity(&self) -> String;
    /// Its state, in a few words.
    fn state(&self) -> String;
    /// What has changed since it was `before`.
    fn change(&self, before: &Self, world: &dyn World) -> Observed<Option<String>>;
    /// The facts for `{found.…}` beside the values of its fields.
    fn facts(&self, world: &dyn World) -> Map<String, Value>;

    /// The one called `name`.
    fn find<'t>(all: &'t [Self], name: &str) -> Option<&'t Self> {
        all.iter()
            .find(|one| one.names().iter().any(|own| own == name))
    }

    /// Its place, if it should be gone.
    fn whereabouts(&self) -> String {
        quote(&self.name())
    }

    /// Its name in messages.
    fn name(&self) -> String {
        self.names()
            .into_iter()
            .next()
            .unwrap_or_else(|| self.state())
    }
}

/// The words of a process: what a container runs, or what an image would run.
pub(crate) struct Process<'a> {
    pub(crate) entrypoint: &'a [String],
    pub(crate) cmd: &'a [String],
    pub(crate) env: &'a BTreeMap<String, String>,
    pub(crate) workdir: &'a str,
    pub(crate) user: &'a str,
    pub(crate) labels: &'a BTreeMap<String, String>,
}

/// A thing that describes a process.
pub(crate) trait HasProcess {
    /// The process.
    fn process(&self) -> Process<'_>;
}

/// The rows about a process.
pub(super) const fn process<T: HasProcess>() -> [Field<T>; 7] {
    [
        value("command", Kind::Words, |one: &T| {
            json!([one.process().entrypoint, one.process().cmd].concat())
        })
        .doc("Entrypoint and command together."),
        value("entrypoint", Kind::Words, |one: &T| {
            json!(one.process().entrypoint)
        })
        .doc("The entrypoint."),
        value("cmd", Kind::Words, |one: &T| json!(one.process().cmd))
            .doc("The command without the entrypoint."),
        value("env", Kind::Map, |one: &T| json!(one.process().env))
            .called("environment")
            .doc("Environment variables."),
        value("workdir", Kind::Text, |one: &T| {
            json!(one.process().workdir)
        })
        .called("working directory")
        .doc("Where its process starts."),
        value("user", Kind::Text, |one: &T| json!(one.process().user))
            .doc("Its user, as asked for."),
        value("labels", Kind::Map, |one: &T| json!(one.process().labels)).doc("Labels."),
    ]
}

/// The row `name` of one thing.
pub(super) const fn name<T>() -> Field<T> {
    aside("name", Kind::Name)
}

/// The row `exists`.
pub(super) const fn exists<T>() -> Field<T> {
    aside("exists", Kind::Bool).doc("Whether it exists; true if not given.")
}

/// The row `same_as` of one thing.
pub(super) const fn same_as<T: Thing>(kind: Kind) -> Field<T> {
    claims("same_as", kind, |asked: &Asked<'_, T>| vec![is_same(asked)]).called("identity")
}

/// The row `unchanged` of one thing.
pub(super) const fn unchanged<T: Thing>() -> Field<T> {
    claims("unchanged", Kind::Bool, |asked| vec![as_before(asked)])
}

/// The row `count` of all things of a kind.
pub(super) const fn count<T>() -> Field<T> {
    aside("count", Kind::Number).doc("How many fit; at least one if not given.")
}

/// The row `all`: the fields that each matching thing must satisfy.
pub(super) const fn each<T>(fields: &'static [Shape]) -> Field<T> {
    aside("all", Kind::Group(fields))
        .called("each")
        .doc("What each of those must be.")
}

/// Judges one thing: whether it exists, and if so, every field.
pub(super) fn evaluate_one<T: Thing>(check: &Check, world: &dyn World) -> Outcome {
    let name = check.name("name").unwrap_or_default();
    let subject = format!("{} {}", T::KIND, quote(name));
    let all = match T::all(world) {
        Ok(all) => all,
        Err(blind) => return Outcome::blind(subject, blind),
    };
    let wanted = check.wants("exists");
    if !wanted && let Some(origin) = check.name("same_as") {
        return gone(origin, name, &all, world);
    }
    let one = T::find(&all, name);
    let article = if wanted {
        T::ONE.to_owned()
    } else {
        format!("no {}", T::KIND)
    };
    let found = match one {
        Some(one) => format!("{subject}: {}", one.state()),
        None => {
            let others = judge::there_are(all.iter().flat_map(T::names));
            format!("no {} of that name; {others}", T::KIND)
        }
    };
    let mut claims = match one {
        Some(one) if wanted => judge::fields(&subject, T::FIELDS, &check.given, one, world),
        _ => Vec::new(),
    };
    // Its other claims imply that it exists.
    if claims.is_empty() {
        let truth = Truth::of(one.is_some() == wanted);
        claims.push(Claim::new(
            truth,
            format!("{article} named {}", quote(name)),
            found,
        ));
    }
    Outcome::all(claims, facts_of(one, world))
}

/// The facts of a thing for `{found.…}`.
fn facts_of<T: Thing>(one: Option<&T>, world: &dyn World) -> Map<String, Value> {
    let mut facts = Map::from_iter([("count".to_owned(), json!(usize::from(one.is_some())))]);
    if let Some(one) = one {
        facts.insert("name".to_owned(), json!(one.names().first()));
        facts.extend(judge::facts(T::FIELDS, one));
        facts.extend(one.facts(world));
    }
    facts
}

/// The thing that `same_as: origin` means for the thing called `own`, and its name: `setup` is `own` as it was after
/// the setup, `setup.NAME` is NAME at that time, and everything else is current.
pub(super) fn origin<'a, T: Thing>(
    origin: &'a str,
    own: &'a str,
    now: &'a [T],
    setup: &'a Snapshot,
) -> (&'a str, bool, Option<&'a T>) {
    let then = match origin {
        "setup" => Some(own),
        _ => origin.strip_prefix("setup."),
    };
    match then {
        Some(name) => (name, true, T::find(T::of_setup(setup), name)),
        None => (origin, false, T::find(now, origin)),
    }
}

/// With `exists: false` and `same_as`: the thing itself must be gone, not only its name.
fn gone<T: Thing>(same_as: &str, name: &str, now: &[T], world: &dyn World) -> Outcome {
    let (name, _, before) = origin(same_as, name, now, world.setup());
    let same = before.and_then(|before| now.iter().find(|one| one.identity() == before.identity()));
    let subject = format!("the {} {} of the start", T::KIND, quote(name));
    let found = match (before, same) {
        (None, _) => format!("at the start there was no {} {}", T::KIND, quote(name)),
        (_, Some(one)) => format!("{subject} is there: {}", one.whereabouts()),
        (_, None) => format!("{subject} is gone"),
    };
    let claim = Claim::new(
        Truth::of(before.is_some() && same.is_none()),
        format!("{subject} is gone"),
        found,
    );
    Outcome::all(vec![claim], facts_of(same, world))
}

/// The claim of `same_as`.
fn is_same<T: Thing>(asked: &Asked<'_, T>) -> Claim {
    let (subject, kind) = (asked.subject, T::KIND);
    let own = super::word(asked.given, "name").unwrap_or_default();
    let now = match T::all(asked.world) {
        Ok(now) => now,
        Err(blind) => return Claim::blind(format!("{subject}: identity"), blind),
    };
    let (name, then, other) = origin(asked.word(), own, &now, asked.world.setup());
    let like = match (then, name == own) {
        (true, true) => "at the start".to_owned(),
        (true, false) => format!("{} at the start", quote(name)),
        (false, _) => quote(name),
    };
    let same = format!("the same {kind} as {like}");
    let holds = other.is_some_and(|other| other.identity() == asked.it.identity());
    let found = match other {
        None if then => format!("at the start there was no {kind} {}", quote(name)),
        None => format!("no {kind} {}", quote(name)),
        Some(_) if holds => same.clone(),
        Some(_) => format!("another {kind} than {like}"),
    };
    Claim::new(
        Truth::of(holds),
        format!("{subject}: {same}"),
        format!("{subject}: {found}"),
    )
}

/// The claim of `unchanged`.
fn as_before<T: Thing>(asked: &Asked<'_, T>) -> Claim {
    let wanted = *asked.arg == Arg::Match(Matcher::Bool(true));
    let own = super::word(asked.given, "name").unwrap_or_default();
    let before = T::find(T::of_setup(asked.world.setup()), own);
    let expected = match wanted {
        true => "as it was at the start",
        false => "changed since the start",
    };
    let expected = format!("{}: {expected}", asked.subject);
    let change = match before {
        None => Ok(Some("not there at the start".to_owned())),
        Some(before) => since(before, asked.it, asked.world),
    };
    match change {
        Err(blind) => Claim::blind(expected, blind),
        Ok(change) => {
            let truth = Truth::of(change.is_none() == wanted);
            let found = change.unwrap_or_else(|| "as it was at the start".to_owned());
            Claim::new(truth, expected, format!("{}: {found}", asked.subject))
        }
    }
}

/// What has changed between `before`, which had the name earlier, and `now`, which has it now.
fn since<T: Thing>(before: &T, now: &T, world: &dyn World) -> Observed<Option<String>> {
    match before.identity() == now.identity() {
        true => now.change(before, world),
        false => Ok(Some(format!("another {} than at the start", T::KIND))),
    }
}

/// Judges how many things of a kind match, and which claims hold for each of them.
pub(super) fn evaluate_all<T: Thing>(check: &Check, world: &dyn World) -> Outcome {
    let all = match T::all(world) {
        Ok(all) => all,
        Err(blind) => return Outcome::blind(format!("{}s", T::KIND), blind),
    };
    if let Some(Arg::Match(Matcher::Bool(wanted))) = check.arg("unchanged") {
        let outcome = all_as_before(*wanted, &all, world);
        return outcome.unwrap_or_else(|blind| Outcome::blind(format!("{}s", T::KIND), blind));
    }
    let picking: Vec<Given> = check
        .given
        .iter()
        .filter(|given| !matches!(given.field.name, "count" | "all"))
        .cloned()
        .collect();
    let (mut picked, mut sure) = (Vec::new(), Truth::Yes);
    for one in &all {
        let fits = judge::fields("", T::EACH, &picking, one, world)
            .into_iter()
            .map(|claim| claim.truth)
            .fold(Truth::Yes, Truth::and);
        match fits {
            Truth::Yes => picked.push(one),
            Truth::No => {}
            blind => sure = sure.and(blind),
        }
    }
    let mut claims = vec![how_many(check, &picking, &picked, sure)];
    for one in &picked {
        let subject = format!("{} {}", T::KIND, quote(&one.name()));
        let given = judge::group(check.arg("all"));
        claims.extend(judge::fields(&subject, T::EACH, given, *one, world));
    }
    let mut facts = match picked.as_slice() {
        [one] => facts_of(Some(*one), world),
        _ => Map::new(),
    };
    let names: Vec<Value> = picked.iter().map(|one| json!(one.name())).collect();
    facts.insert("count".to_owned(), json!(picked.len()));
    facts.insert("names".to_owned(), Value::Array(names));
    Outcome::all(claims, facts)
}

fn how_many<T: Thing>(check: &Check, picking: &[Given], picked: &[&T], sure: Truth) -> Claim {
    let with = match picking.is_empty() {
        true => String::new(),
        false => format!(" with {}", judge::describe_all(picking)),
    };
    let default = Matcher::Range(Some(1.0), None);
    let matcher = match check.arg("count") {
        Some(Arg::Match(matcher)) => matcher,
        _ => &default,
    };
    let names = join(picked.iter().map(|one| quote(&one.name())), "and");
    let found = match picked.len() {
        0 => "none".to_owned(),
        count => format!("{count}: {names}"),
    };
    let number = json!(picked.len());
    let holds = Truth::of(matcher.accepts(&number));
    Claim {
        expected: format!("{}{with}", judge::counted(&matcher.describe(), T::KIND)),
        found,
        // A thing that cannot be observed might match.
        truth: if sure == Truth::Yes { holds } else { sure },
        values: Some((matcher.clone(), number)),
    }
}

/// Whether the names of a kind refer to the same unchanged things as after the setup.
fn all_as_before<T: Thing>(wanted: bool, now: &[T], world: &dyn World) -> Observed<Outcome> {
    let by_name = |all: &'_ [T]| -> Vec<(String, usize)> {
        let names = |(at, one): (usize, &T)| {
            let names = match one.names() {
                none if none.is_empty() => vec![one.name()],
                names => names,
            };
            names
                .into_iter()
                .map(move |name| (name, at))
                .collect::<Vec<_>>()
        };
        all.iter().enumerate().flat_map(names).collect()
    };
    let before = T::of_setup(world.setup());
    let (then, after) = (by_name(before), by_name(now));
    let mut different = Vec::new();
    for (name, at) in &then {
        match after.iter().find(|(other, _)| other == name) {
            None => different.push(format!("{} is gone", quote(name))),
            Some((_, there)) => {
                let change = since(&before[*at], &now[*there], world)?;
                different.extend(change.map(|change| format!("{}: {change}", quote(name))));
            }
        }
    }
    let is_new = |name: &String| !then.iter().any(|(other, _)| other == name);
    let new = after.iter().filter(|(name, _)| is_new(name));
    different.extend(new.map(|(name, _)| format!("{} is new", quote(name))));
    let as_they_were = format!("the {}s as they were at the start", T::KIND);
    let expected = match wanted {
        true => as_they_were.clone(),
        false => format!("other {}s than at the start", T::KIND),
    };
    let same = different.is_empty();
    let found = match same {
        true => as_they_were,
        false => join(different, "and"),
    };
    let claim = Claim::new(Truth::of(same == wanted), expected, found);
    let facts = Map::from_iter([("count".to_owned(), json!(now.len()))]);
    Ok(Outcome::all(vec![claim], facts))
}
