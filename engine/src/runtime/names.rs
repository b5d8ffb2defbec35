//! Names for unnamed containers: a word and an animal of the sea or the shore.
//!
//! **What Docker does.** An adjective and the surname of a scientist. **What we do.** Our own words.

use crate::clock::Entropy;

const LEFT: [&str; 48] = [
    "amber", "agile", "bold", "brave", "bright", "brisk", "calm", "clever", "copper", "crisp",
    "curious", "daring", "deep", "eager", "early", "fair", "fleet", "gentle", "golden", "grand",
    "happy", "honest", "ivory", "jolly", "keen", "kind", "lively", "lucky", "mellow", "merry",
    "mighty", "nimble", "noble", "patient", "plucky", "proud", "quick", "quiet", "rapid", "silver",
    "sleek", "steady", "sunny", "swift", "tidy", "vivid", "warm", "witty",
];

const RIGHT: [&str; 48] = [
    "anchovy",
    "auk",
    "beluga",
    "bream",
    "clam",
    "cod",
    "conch",
    "coral",
    "cormorant",
    "crab",
    "crane",
    "cuttlefish",
    "dolphin",
    "dugong",
    "eel",
    "egret",
    "gannet",
    "gull",
    "halibut",
    "heron",
    "herring",
    "jellyfish",
    "kelp",
    "krill",
    "lobster",
    "mackerel",
    "manatee",
    "marlin",
    "minnow",
    "mussel",
    "narwhal",
    "nautilus",
    "octopus",
    "orca",
    "otter",
    "oyster",
    "pelican",
    "penguin",
    "petrel",
    "puffin",
    "ray",
    "salmon",
    "seal",
    "shrimp",
    "squid",
    "starfish",
    "turtle",
    "walrus",
];

/// A name; after a few collisions (`attempt`) with a digit, as Docker does.
pub(super) fn random(entropy: &dyn Entropy, attempt: usize) -> String {
    let mut bytes = [0; 5];
    entropy.fill(&mut bytes);
    let pick = |list: &[&'static str; 48], high: u8, low: u8| {
        list[(usize::from(high) << 8 | usize::from(low)) % list.len()]
    };
    let name = format!(
        "{}_{}",
        pick(&LEFT, bytes[0], bytes[1]),
        pick(&RIGHT, bytes[2], bytes[3])
    );
    if attempt < 3 {
        name
    } else {
        format!("{name}{}", bytes[4] % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Counter;

    #[test]
    fn random_names_are_allowed_names() {
        let entropy = Counter::default();
        for attempt in 0..20 {
            assert!(crate::id::is_name(&random(&entropy, attempt)));
        }
    }
}
