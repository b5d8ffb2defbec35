//! Patterns of image names, as `docker images 'team/*:v?'` takes them.

use engine::oci::reference::Reference;

/// Whether `name` fits one of `patterns`: with its tag, or without.
pub(super) fn matches_any(patterns: &[String], name: &Reference) -> bool {
    let (whole, bare) = (name.familiar(), name.familiar_name());
    patterns.iter().any(|pattern| {
        // A name written in full (`docker.io/library/busybox`) means the short one.
        let familiar = Reference::parse(pattern).map(|reference| match reference.tag() {
            Some(_) => reference.familiar(),
            None => reference.familiar_name(),
        });
        let pattern = familiar.as_deref().unwrap_or(pattern);
        fits(pattern.as_bytes(), whole.as_bytes()) || fits(pattern.as_bytes(), bare.as_bytes())
    })
}

/// Go's `path.Match`: `*` and `?` never stand for a slash; `[a-z]` is one of a set.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            fits(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(c, text)| *c != b'/' && fits(pattern, text))
        }
        (Some((b'?', rest)), Some((c, text))) => *c != b'/' && fits(rest, text),
        (Some((b'[', rest)), Some((c, text))) => match rest.iter().position(|b| *b == b']') {
            Some(end) => in_set(&rest[..end], *c) && fits(&rest[end + 1..], text),
            None => false,
        },
        (Some((b'\\', rest)), Some((c, text))) => rest
            .split_first()
            .is_some_and(|(b, rest)| b == c && fits(rest, text)),
        (Some((b, rest)), Some((c, text))) => b == c && fits(rest, text),
        _ => false,
    }
}

fn in_set(set: &[u8], c: u8) -> bool {
    let (negated, set) = match set.split_first() {
        Some((b'^', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == b'-' {
            found |= (set[at]..=set[at + 2]).contains(&c);
            at += 3;
        } else {
            found |= set[at] == c;
            at += 1;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str, want: bool) {
        let name = Reference::parse(name).unwrap().or_latest();
        assert_eq!(matches_any(&[pattern.to_owned()], &name), want, "{pattern}");
    }

    #[test]
    fn a_pattern_fits_a_repository_or_a_whole_name() {
        check("busybox", "busybox:1.35", true);
        check("busybox:1.35", "busybox:1.35", true);
        check("busybox:latest", "busybox:1.35", false);
        check("docker.io/library/busybox", "busybox", true);
        check("busy*", "busybox", true);
        check("*", "team/app", false);
        check("*/*", "team/app", true);
        check("team/a?p:*", "team/app:v1", true);
        check("*:v[0-9]", "app:v1", true);
        check("*:v[^0-9]", "app:v1", false);
        check("nope", "busybox", false);
    }
}
