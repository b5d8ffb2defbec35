//! `docker search --filter`.
//!
//! Source: moby `registry/search.go`.

use super::Filters;
use engine::image::remote::Found;
use engine::{Error, Result};

/// The filters that `docker search` knows.
const KNOWN: [&str; 3] = ["is-automated", "is-official", "stars"];

/// The results of `found` that match `filters`.
///
/// # Errors
/// `invalid filter 'x'`, also for an invalid value.
pub fn select(found: Vec<Found>, filters: &Filters) -> Result<Vec<Found>> {
    filters.check(&KNOWN)?;
    let automated = filters.boolean("is-automated")?;
    let official = filters.boolean("is-official")?;
    let mut stars = 0;
    for value in filters.values("stars") {
        let least: u64 = value
            .parse()
            .map_err(|_| Error::invalid(format!("invalid filter 'stars={value}'")))?;
        stars = stars.max(least);
    }
    Ok(found
        .into_iter()
        // The hub no longer builds images itself, so no result is automated.
        .filter(|_| automated != Some(true))
        .filter(|one| official.is_none_or(|wanted| wanted == one.official))
        .filter(|one| one.stars >= stars)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::filters;
    use super::*;

    fn names(words: &[&str]) -> Result<String> {
        let one = |name: &str, stars, official| Found {
            name: name.to_owned(),
            stars,
            official,
            ..Found::default()
        };
        let found = vec![one("busybox", 30, true), one("alice/hello", 3, false)];
        let left = select(found, &filters(words))?;
        let names: Vec<_> = left.into_iter().map(|one| one.name).collect();
        Ok(names.join(" "))
    }

    #[test]
    fn what_was_found_is_chosen_by_stars_and_origin() {
        for (words, expected) in [
            (&[][..], "busybox alice/hello"),
            (&["is-official=true"], "busybox"),
            (&["is-official=false"], "alice/hello"),
            (&["stars=3"], "busybox alice/hello"),
            (&["stars=4"], "busybox"),
            (&["stars=1", "stars=31"], ""),
            (&["is-automated=true"], ""),
            (&["is-automated=false", "stars=4"], "busybox"),
        ] {
            assert_eq!(names(words).unwrap(), expected, "{words:?}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for (words, expected) in [
            (&["color=red"], "invalid filter 'color'"),
            (&["stars=many"], "invalid filter 'stars=many'"),
            (&["is-official=x"], "invalid filter 'is-official=[x]'"),
        ] {
            assert_eq!(names(words).unwrap_err().to_string(), expected);
        }
    }
}
