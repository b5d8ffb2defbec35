//! `docker images --filter`, `-a`, and the name after it.
//!
//! Source: moby `daemon/images/images.go`.

use super::Filters;
use crate::docker::timestamps;
use engine::image::{Image, Listed};
use engine::oci::reference::Reference;
use engine::{Error, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex::Regex;
use std::collections::BTreeMap;

/// The filters that `docker images` knows.
const KNOWN: [&str; 7] = [
    "dangling",
    "label",
    "label!",
    "before",
    "since",
    "reference",
    "until",
];

/// The user's request to `docker images`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    /// `-a`: also unnamed parents of other images.
    pub(crate) all: bool,
    /// `-f`; the name after `docker images` is a `reference` filter.
    pub(crate) filters: Filters,
}

/// The images of `images` (newest first) that match `query`, each with its matching names. `find` resolves the image of
/// a `before` or `since` filter, and an id.
///
/// # Errors
/// In Docker's words: an unknown filter or value, or a missing image to compare with.
pub(crate) fn select(
    images: Vec<Listed>,
    query: &Query,
    now: Timestamp,
    zone: &TimeZone,
    find: &dyn Fn(&str) -> Result<Image>,
) -> Result<Vec<Listed>> {
    let filters = &query.filters;
    filters.check(&KNOWN)?;
    let dangling = filters.boolean("dangling")?;
    let created = |name: &str| -> Result<Option<Timestamp>> {
        let found = filters.values(name).last().map(find).transpose()?;
        Ok(found.and_then(|image| image.created))
    };
    let (before, since) = (created("before")?, created("since")?);
    let until = filters
        .values("until")
        .last()
        .map(|text| timestamps::parse(text, now, zone).map_err(Error::invalid))
        .transpose()?;
    let patterns: Vec<Regex> = filters
        .values("reference")
        .map(glob)
        .collect::<Result<_>>()?;
    let parents: Vec<_> = images
        .iter()
        .filter_map(|image| image.parent.clone())
        .collect();
    let earlier = |image: &Listed, limit: Option<Timestamp>| {
        limit.is_none_or(|limit| image.created.is_none_or(|created| created < limit))
    };
    let later = |image: &Listed| {
        since.is_none_or(|since| image.created.is_some_and(|created| created > since))
    };
    Ok(images
        .into_iter()
        .filter(|image| {
            let nameless = !image.has_tag();
            let in_between = nameless && parents.contains(&image.id);
            dangling.is_none_or(|wanted| wanted == nameless) && (query.all || !in_between)
        })
        .filter(|image| earlier(image, before) && earlier(image, until) && later(image))
        .filter(|image| labels_fit(filters, image, find))
        .filter_map(|image| with_fitting_names(image, &patterns))
        .collect())
}

/// Labels are in the image's configuration, which is read only for these filters. An unreadable one has none.
fn labels_fit(filters: &Filters, image: &Listed, find: &dyn Fn(&str) -> Result<Image>) -> bool {
    let mut wanted = filters.values("label").chain(filters.values("label!"));
    if wanted.next().is_none() {
        return true;
    }
    let found = find(image.id.as_str()).ok();
    let none = BTreeMap::new();
    let labels = found
        .as_ref()
        .and_then(|image| image.config.config.labels.as_ref());
    let labels = labels.unwrap_or(&none);
    filters.labels_match("label", labels)
        && !filters
            .values("label!")
            .any(|label| super::label_matches(label, labels))
}

/// The image with only the names that match one of `patterns`; `None` if none does.
fn with_fitting_names(mut image: Listed, patterns: &[Regex]) -> Option<Listed> {
    if patterns.is_empty() {
        return Some(image);
    }
    let fits = |name: &Reference| {
        patterns.iter().any(|pattern| {
            pattern.is_match(&name.familiar()) || pattern.is_match(&name.familiar_name())
        })
    };
    image.references.retain(fits);
    (!image.references.is_empty()).then_some(image)
}

/// Go's `path.Match`: `*` and `?` do not cross a slash, `[a-z]` and `[^a-z]` are classes, a backslash escapes the next
/// character.
fn glob(pattern: &str) -> Result<Regex> {
    let bad = || Error::invalid("syntax error in pattern");
    let mut regex = String::from("^");
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '[' => {
                regex.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    regex.push('^');
                }
                loop {
                    match chars.next().ok_or_else(bad)? {
                        ']' => break,
                        '-' => regex.push('-'),
                        '\\' => class_member(&mut regex, chars.next().ok_or_else(bad)?),
                        member => class_member(&mut regex, member),
                    }
                }
                regex.push(']');
            }
            '\\' => regex.push_str(&regex::escape(&chars.next().ok_or_else(bad)?.to_string())),
            plain => regex.push_str(&regex::escape(&plain.to_string())),
        }
    }
    regex.push('$');
    Regex::new(&regex).map_err(|_| bad())
}

fn class_member(regex: &mut String, member: char) {
    if !member.is_alphanumeric() {
        regex.push('\\');
    }
    regex.push(member);
}

#[cfg(test)]
mod tests {
    use super::super::filters;
    use super::*;
    use crate::docker::inspect::samples;
    use engine::oci::digest::Digest;

    /// Newest first: `app:1` and `team/app:2`, an unnamed parent of it, `busybox:latest`.
    fn three() -> Vec<Image> {
        let mut parent = samples::image();
        parent.id = Digest::of(b"parent");
        parent.references.clear();
        parent.created = Some(samples::moment("2026-11-21T10:00:00Z"));
        parent.config.config.labels = None;
        let mut app = samples::image();
        app.id = Digest::of(b"app");
        app.references = ["app:1", "team/app:2"]
            .map(|name| Reference::parse(name).unwrap())
            .into();
        app.created = Some(samples::moment("2026-11-21T11:00:00Z"));
        app.parent = Some(parent.id.clone());
        vec![app, parent, samples::image()]
    }

    fn listed() -> Vec<Listed> {
        three().into_iter().map(|image| image.listed).collect()
    }

    fn run(all: bool, words: &[&str]) -> Result<String> {
        let query = Query {
            all,
            filters: filters(words),
        };
        let find = |name: &str| match name {
            "busybox" => Ok(samples::image()),
            id if id.starts_with("sha256:") => {
                let found = three().into_iter().find(|image| image.id.as_str() == id);
                found.ok_or_else(|| Error::internal("not one of the three"))
            }
            _ => Err(Error::not_found(format!("No such image: {name}:latest"))),
        };
        let now = samples::moment("2026-11-21T12:00:00Z");
        let images = select(listed(), &query, now, &TimeZone::UTC, &find)?;
        let names = images.iter().map(|image| match &image.references[..] {
            [] => "<none>".to_owned(),
            names => names
                .iter()
                .map(Reference::familiar)
                .collect::<Vec<_>>()
                .join(","),
        });
        Ok(names.collect::<Vec<_>>().join(" "))
    }

    #[track_caller]
    fn check(words: &[&str], expected: &str) {
        assert_eq!(run(false, words).unwrap(), expected, "{words:?}");
    }

    #[test]
    fn parents_without_a_name_are_shown_only_with_a() {
        check(&[], "app:1,team/app:2 busybox:latest");
        assert_eq!(
            run(true, &[]).unwrap(),
            "app:1,team/app:2 <none> busybox:latest"
        );
        assert_eq!(run(true, &["dangling=true"]).unwrap(), "<none>");
        check(&["dangling=false"], "app:1,team/app:2 busybox:latest");
    }

    #[test]
    fn references_are_shell_patterns() {
        check(&["reference=busybox"], "busybox:latest");
        check(&["reference=busybox:latest"], "busybox:latest");
        check(&["reference=busybox:1"], "");
        check(&["reference=app"], "app:1");
        check(&["reference=*app"], "app:1");
        check(&["reference=*/*"], "team/app:2");
        check(&["reference=[a-b]*"], "app:1 busybox:latest");
        check(
            &["reference=[^a]*", "reference=app:?"],
            "app:1 busybox:latest",
        );
        check(&[r"reference=a\pp"], "app:1");
    }

    #[test]
    fn moments_compare_with_images_or_times() {
        check(&["before=busybox"], "");
        check(&["since=busybox"], "app:1,team/app:2");
        check(&["until=150m"], "busybox:latest");
        check(&["until=2026-11-21T10:30:00"], "busybox:latest");
    }

    #[test]
    fn labels_must_be_there_or_must_not() {
        check(&["label=tier=db"], "app:1,team/app:2 busybox:latest");
        check(&["label=nothing"], "");
        assert_eq!(run(true, &["label!=tier"]).unwrap(), "<none>");
    }

    #[test]
    fn bad_filters_are_told_in_dockers_words() {
        for (word, message) in [
            ("color=red", "invalid filter 'color'"),
            ("dangling=maybe", "invalid filter 'dangling=[maybe]'"),
            ("since=gone", "No such image: gone:latest"),
            ("reference=[a", "syntax error in pattern"),
            (
                "until=soon",
                "failed to parse value as time or duration: \"soon\"",
            ),
        ] {
            assert_eq!(run(false, &[word]).unwrap_err().to_string(), message);
        }
    }
}
