//! "Did you mean": the known word nearest to the one that was written.

/// The word of `known` that `written` was probably meant to be, if one is near enough.
pub(crate) fn nearest<'k>(
    written: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let limit = (written.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|word| (distance(written, word), word))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other, ignoring case
/// (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.to_lowercase().chars().collect();
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<&str>) {
        let known = [
            "hints",
            "goals",
            "story",
            "within",
            "container",
            "containers",
        ];
        assert_eq!(nearest(written, known), expected, "{written}");
    }

    #[test]
    fn a_slip_is_recognised() {
        check("hnits", Some("hints"));
        check("hint", Some("hints"));
        check("Story", Some("story"));
        check("conatiner", Some("container"));
        check("witin", Some("within"));
    }

    #[test]
    fn an_unrelated_word_suggests_nothing() {
        check("registry", None);
        check("", None);
        check("x", None);
    }
}
