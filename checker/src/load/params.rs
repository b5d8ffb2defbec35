//! The learner's values: chosen from a seed, and filled in for `{name}` everywhere in the exercise.
//!
//! The same seed and exercise give the same values on every machine; two learners get different ones, so that a copied
//! answer does not work.

use super::decode::Decoder;
use super::node::{Node, Value};
use crate::problem::Source;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Words for `words: N`: plain, short, and not terms of the course.
const ADJECTIVES: [&str; 32] = [
    "amber", "azure", "bold", "brave", "bright", "calm", "clever", "coral", "crisp", "dusty",
    "eager", "early", "fancy", "gentle", "golden", "happy", "hidden", "ivory", "jolly", "kind",
    "lucky", "mellow", "misty", "noble", "olive", "quiet", "rapid", "silver", "sunny", "tidy",
    "violet", "warm",
];
const NOUNS: [&str; 32] = [
    "badger", "beaver", "cedar", "clover", "comet", "cricket", "dolphin", "falcon", "fern",
    "finch", "fox", "gecko", "heron", "ibis", "lark", "lemur", "lynx", "maple", "marmot", "meadow",
    "otter", "owl", "panda", "pebble", "pine", "raven", "robin", "salmon", "sparrow", "tulip",
    "walrus", "willow",
];

/// Chooses the values of the document's `params` for `seed`.
pub(crate) fn choose(
    decoder: &mut Decoder<'_>,
    document: &Node,
    exercise: &str,
    seed: &str,
) -> BTreeMap<String, String> {
    let mut chosen = BTreeMap::new();
    let Some(node) = document.get("params") else {
        return chosen;
    };
    let Some(map) = decoder.any_map(node, "`params`") else {
        return chosen;
    };
    for (key, value) in map.entries() {
        let name = &key.text;
        if !is_name(name) || RESERVED.contains(&name.as_str()) {
            decoder.note(
                key.span.clone(),
                format!("`{name}` cannot be the name of a param"),
                "expected lower-case letters, digits and `_`, and neither `found` nor `when`",
            );
            continue;
        }
        let mut dice = Dice::new(seed, exercise, name);
        if let Some(text) = one(decoder, value, name, &mut dice) {
            chosen.insert(name.clone(), text);
        }
    }
    chosen
}

/// The values of the document's params that are ports.
pub(crate) fn ports(document: &Node, values: &BTreeMap<String, String>) -> Vec<u16> {
    let Some(Value::Map(params)) = document.get("params").map(|node| &node.value) else {
        return Vec::new();
    };
    params
        .iter()
        .filter(|(_, kind)| kind.get("port").is_some())
        .filter_map(|(name, _)| values.get(&name.text)?.parse().ok())
        .collect()
}

/// The values of each param that has a list or a range: each choice, and the two ends.
pub(crate) fn values(
    document: &Node,
    is_free: &dyn Fn(u16) -> bool,
) -> BTreeMap<String, Vec<String>> {
    let mut values = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let Some(Value::Map(params)) = document.get("params").map(|node| &node.value) else {
        return values;
    };
    for (name, kind) in params {
        let found = if let Some(choices) = kind.get("choose") {
            match &choices.value {
                Value::List(all) => all
                    .iter()
                    .filter_map(Node::text)
                    .map(str::to_owned)
                    .collect(),
                _ => Vec::new(),
            }
        } else if let Some(range) = kind.get("number") {
            let (low, high) = ends(range);
            vec![low.to_string(), high.to_string()]
        } else if let Some(range) = kind.get("port") {
            let (low, high) = ends(range);
            let mut usable = |port: &u32| {
                u16::try_from(*port).is_ok_and(|port| is_free(port) && taken.insert(port))
            };
            let lowest = (low..=high).find(&mut usable);
            let highest = (low..=high).rev().find(&mut usable);
            [lowest, highest]
                .into_iter()
                .flatten()
                .map(|port| port.to_string())
                .collect()
        } else {
            Vec::new()
        };
        if !found.is_empty() {
            values.insert(name.text.clone(), found);
        }
    }
    values
}

/// The ends of a range that has been decoded without problems.
fn ends(range: &Node) -> (u32, u32) {
    let end = |key: &str, default: u32| {
        let text = range.get(key).and_then(Node::text);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    (end("min", PORTS.0), end("max", PORTS.1))
}

/// The ports of `port:` without a range: above the well-known ports, below the kernel's ephemeral range.
const PORTS: (u32, u32) = (8000, 9999);

/// `{found.NAME}` is a value of the goal's check, `{when.NAME}` one of the diagnosis's.
const RESERVED: [&str; 2] = ["found", "when"];

fn one(decoder: &mut Decoder<'_>, node: &Node, name: &str, dice: &mut Dice) -> Option<String> {
    let what = format!("the param `{name}`");
    let map = decoder.map(node, &what, &["words", "choose", "number", "port", "hex"])?;
    let [(key, value)] = map.entries() else {
        decoder.note(
            map.head(),
            format!("{what} needs exactly one of `words`, `choose`, `number`, `port`, `hex`"),
            "",
        );
        return None;
    };
    match key.text.as_str() {
        "words" => {
            let count = decoder.whole(value, "`words`", 1)?.min(6);
            let words: Vec<&str> = (0..count)
                .map(|at| {
                    if at + 1 == count {
                        *dice.pick(&NOUNS)
                    } else {
                        *dice.pick(&ADJECTIVES)
                    }
                })
                .collect();
            Some(words.join("-"))
        }
        "choose" => {
            let from = decoder.texts(value, "`choose`");
            if from.len() < 2 {
                decoder.note(
                    value.head(),
                    "`choose` needs two or more to choose from",
                    "",
                );
                return None;
            }
            Some(dice.pick(&from).clone())
        }
        "hex" => {
            let digits = decoder.whole(value, "`hex`", 1)?.min(64) as usize;
            Some(
                (0..digits)
                    .map(|_| char::from(*dice.pick(b"0123456789abcdef")))
                    .collect(),
            )
        }
        "port" if matches!(value.value, Value::Null) => {
            Some(dice.number(PORTS.0, PORTS.1).to_string())
        }
        "number" | "port" => {
            let ends = decoder.map(value, "a range", &["min", "max"])?;
            let low = decoder.require(&ends, "min", "a range")?;
            let low = decoder.whole(low, "`min`", 0)?;
            let high = decoder.require(&ends, "max", "a range")?;
            let high = decoder.whole(high, "`max`", low)?;
            Some(dice.number(low, high).to_string())
        }
        _ => None,
    }
}

/// Whether `text` can be the name of a param.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Fills `{name}` in every text and key below `node`, except in `params` itself.
pub(crate) fn fill(node: &mut Node, params: &BTreeMap<String, String>) {
    if params.is_empty() {
        return;
    }
    match &mut node.value {
        Value::Text(text) => *text = filled(text, params),
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, params)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.text = filled(&key.text, params);
                if key.text != "params" {
                    fill(value, params);
                }
            }
        }
        Value::Null => {}
    }
}

/// `text` with `{name}` replaced; the shell's `${name}` and the template's `{{name}}` are left alone.
pub(crate) fn filled(text: &str, params: &BTreeMap<String, String>) -> String {
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        done.push_str(before);
        let close = after.find('}').unwrap_or(0);
        let name = after.get(1..close).unwrap_or("");
        let quoted = done.ends_with(['$', '{']);
        match params.get(name) {
            Some(value) if !quoted => {
                done.push_str(value);
                rest = &after[close + 1..];
            }
            _ => {
                done.push('{');
                rest = &after[1..];
            }
        }
    }
    done.push_str(rest);
    done
}

/// A reproducible source of choices.
struct Dice {
    state: [u8; 32],
}

impl Dice {
    fn new(seed: &str, exercise: &str, param: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [seed, exercise, param] {
            // The length distinguishes `ab`+`c` from `a`+`bc`.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self {
            state: hash.finalize().into(),
        }
    }

    fn number(&mut self, low: u32, high: u32) -> u32 {
        self.state = Sha256::digest(self.state).into();
        let roll = self
            .state
            .iter()
            .take(8)
            .fold(0u64, |roll, byte| roll << 8 | u64::from(*byte));
        low + (roll % (u64::from(high - low) + 1)) as u32
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.number(0, from.len() as u32 - 1) as usize]
    }
}

/// The document's `{name}`s that look like a param but are not: probably a typing error.
pub(crate) fn note_unknown(
    decoder: &mut Decoder<'_>,
    source: &Source,
    known: &BTreeMap<String, String>,
) {
    if known.is_empty() {
        return;
    }
    let text = source.text();
    for (at, _) in text.match_indices('{') {
        let rest = &text[at + 1..];
        let Some(close) = rest.find('}') else { break };
        let name = &rest[..close];
        let quoted = text[..at].ends_with(['$', '{']);
        let names = known.keys().map(String::as_str);
        if is_name(name)
            && !quoted
            && !RESERVED.contains(&name)
            && !known.contains_key(name)
            && let Some(near) = crate::near::nearest(name, names)
        {
            decoder.note_help(
                at..at + close + 2,
                format!("there is no param `{name}`"),
                "",
                format!("did you mean `{{{near}}}`?"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let params = BTreeMap::from([
            ("box".to_owned(), "web".to_owned()),
            ("n".to_owned(), "2".to_owned()),
        ]);
        assert_eq!(filled(text, &params), expected);
    }

    #[test]
    fn params_are_filled_in_and_nothing_else() {
        check("start {box} {n} times", "start web 2 times");
        check("{box}{box}", "webweb");
        check(
            "${box} {{box}} {other} {found.count}",
            "${box} {{box}} {other} {found.count}",
        );
        check(
            "inspect -f '{{.State}}' {box}",
            "inspect -f '{{.State}}' web",
        );
        check("{ box } { {", "{ box } { {");
        check("łódź {box}", "łódź web");
    }

    #[test]
    fn the_same_seed_gives_the_same_values_and_another_seed_others() {
        let roll = |seed: &str| {
            let mut dice = Dice::new(seed, "e", "p");
            (0..8).map(|_| dice.number(0, 1000)).collect::<Vec<_>>()
        };
        assert_eq!(roll("a"), roll("a"));
        assert_ne!(roll("a"), roll("b"));
        assert!(roll("c").iter().all(|n| *n <= 1000));
    }
}
