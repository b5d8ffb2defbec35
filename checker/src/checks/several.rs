//! What `containers` and `images` have in common: pick those that fit, count them, and ask something of each.

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::matcher::{Matcher, join, quote};
use crate::world::World;
use serde_json::{Map, Value, json};

/// A thing of which there are several.
pub(super) trait One {
    /// What to call its kind: `container`.
    const KIND: &'static str;
    /// What to call this one.
    fn name(&self) -> String;
    /// Whether it fits a field that only the noun for several of them has; `None` if this is no such field.
    fn fits(&self, given: &Given) -> Option<Truth>;
    /// Claims for every field that the noun for one of them has too.
    fn judge(&self, subject: &str, given: &[Given], world: &dyn World) -> Vec<Claim>;
    /// What `{found.…}` can show of it.
    fn facts(&self) -> Map<String, Value>;
}

/// Judges how many of `all` fit, and what holds for each of those.
pub(super) fn evaluate<T: One>(check: &Check, all: &[T], world: &dyn World) -> Outcome {
    let picking: Vec<Given> = check
        .given
        .iter()
        .filter(|given| !matches!(given.field.name, "count" | "all"))
        .cloned()
        .collect();
    let (mut picked, mut sure) = (Vec::new(), Truth::Yes);
    for one in all {
        match fits(&picking, one, world) {
            Truth::Yes => picked.push(one),
            Truth::No => {}
            blind => sure = sure.and(blind),
        }
    }
    let mut claims = vec![count(check, &picking, &picked, sure)];
    if let Some(Arg::Group(each)) = check.arg("all") {
        for one in &picked {
            let subject = format!("{} {}", T::KIND, quote(&one.name()));
            claims.extend(one.judge(&subject, each, world));
        }
    }
    let mut facts = match picked.as_slice() {
        [one] => one.facts(),
        _ => Map::new(),
    };
    let names: Vec<Value> = picked.iter().map(|one| json!(one.name())).collect();
    facts.insert("count".to_owned(), json!(picked.len()));
    facts.insert("names".to_owned(), Value::Array(names));
    Outcome::all(claims, facts)
}

fn fits<T: One>(picking: &[Given], one: &T, world: &dyn World) -> Truth {
    let own = picking
        .iter()
        .filter_map(|given| one.fits(given))
        .fold(Truth::Yes, Truth::and);
    if own == Truth::No {
        return own;
    }
    one.judge("", picking, world)
        .into_iter()
        .map(|claim| claim.truth)
        .fold(own, Truth::and)
}

fn count<T: One>(check: &Check, picking: &[Given], picked: &[&T], sure: Truth) -> Claim {
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
        // One that could not be looked into might count.
        truth: if sure == Truth::Yes { holds } else { sure },
        values: Some((matcher.clone(), number)),
    }
}

/// The outcome of `unchanged: wanted`, when `different` says what is not as the setup left it; `count` are there now.
pub(super) fn as_at_start<T: One>(wanted: bool, different: Vec<String>, count: usize) -> Outcome {
    let as_they_were = format!("the {}s as they were", T::KIND);
    let expected = match wanted {
        true => as_they_were.clone(),
        false => format!("other {}s than before", T::KIND),
    };
    let same = different.is_empty();
    let found = match same {
        true => as_they_were,
        false => join(different, "and"),
    };
    let claim = Claim::new(
        Truth::of(same == wanted),
        format!("{expected} at the start"),
        found,
    );
    let facts = Map::from_iter([("count".to_owned(), json!(count))]);
    Outcome::all(vec![claim], facts)
}
