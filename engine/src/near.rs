//! "Did you mean": the known word nearest to a written one.

/// A longer word is not compared: no known word is near it.
const LONGEST: usize = 64;

/// The word of `known` that `written` was probably meant to be: at most a third of its letters, and never more than
/// three, are added, removed, replaced or swapped with their neighbour. Case is ignored.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (written.chars().count() / 3).clamp(1, 3);
    let written = Some(written).filter(|word| word.len() <= LONGEST)?;
    let written = written.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::osa_distance(&written, &word.to_lowercase()), word))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_an_unrelated_word_is_not() {
        let known = [
            "hint",
            "hints",
            "next",
            "solution",
            "container",
            "containers",
            "RUN",
            "WORKDIR",
        ];
        for (written, expected) in [
            ("hnit", Some("hint")),
            ("nxet", Some("next")),
            ("soltuion", Some("solution")),
            ("conatiner", Some("container")),
            ("Next", Some("next")),
            ("RUNN", Some("RUN")),
            ("wrokdir", Some("WORKDIR")),
            ("hello", None),
            ("registry", None),
            ("ls", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), expected, "{written}");
        }
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
    }
}
