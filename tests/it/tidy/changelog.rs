//! The changelog's newest version is the one that is built.

use super::source::Source;

/// Compares the first released heading, `## 1.2.3 - date`, with `version` in the workspace's manifest.
pub(super) fn newest_is_current(changelog: &Source, manifest: &Source) -> Vec<String> {
    let newest = changelog
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| {
            heading
                .trim_start_matches('[')
                .split([']', ' '])
                .next()
                .unwrap_or(heading)
        })
        .find(|version| *version != "Unreleased");
    let current = manifest
        .text
        .lines()
        .find_map(|line| line.strip_prefix("version = "))
        .map(|version| version.trim_matches('"'));
    if newest == current && newest.is_some() {
        return Vec::new();
    }
    vec![format!(
        "{}: newest version is {newest:?}, and {} says {current:?}",
        changelog.path, manifest.path
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(changelog: &str, manifest: &str, right: bool) {
        let found = newest_is_current(
            &Source::planted("CHANGELOG.md", changelog),
            &Source::planted("Cargo.toml", manifest),
        );
        assert_eq!(found.is_empty(), right, "{changelog}: {found:?}");
    }

    #[test]
    fn only_the_same_version_is_right() {
        let manifest = "[workspace.package]\nversion = \"0.2.0\"\n";
        check(
            "# Changes\n\n## Unreleased\n\n## 0.2.0 - 2026-11-21\n\n## 0.1.0\n",
            manifest,
            true,
        );
        check("## [0.2.0] - 2026-11-21\n", manifest, true);
        check("## 0.1.0\n", manifest, false);
        check("", manifest, false);
        check("", "", false);
    }
}
