//! The documentation's own rules: every dependency has a reason, every page is reachable, every link has a target.

use super::source::Source;
use std::collections::BTreeSet;

/// Dependencies of the workspace without a line in the page, and lines without a dependency.
pub(super) fn dependencies(manifest: &Source, page: &Source) -> Vec<String> {
    let used = workspace_dependencies(&manifest.text);
    let explained: BTreeSet<&str> = page
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let mut violations = Vec::new();
    for name in used.difference(&explained) {
        violations.push(format!("{}: no line says why `{name}` is here", page.path));
    }
    for name in explained.difference(&used) {
        violations.push(format!("{}: `{name}` is no dependency any more", page.path));
    }
    violations
}

/// The keys of `[workspace.dependencies]`, without our own crates.
fn workspace_dependencies(manifest: &str) -> BTreeSet<&str> {
    manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with("docklings-"))
        .collect()
}

/// Dependencies in `manifest` that no Rust file beside or below it names, as `cargo machete` finds them.
pub(super) fn unused(manifest: &Source, files: &[Source]) -> Vec<String> {
    let folder = manifest.path.trim_end_matches("Cargo.toml");
    let mut is_dependency = false;
    let mut violations = Vec::new();
    for line in manifest.text.lines() {
        if line.starts_with('[') {
            is_dependency = matches!(line, "[dependencies]" | "[dev-dependencies]");
        }
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if !is_dependency || name.is_empty() || line.starts_with(['[', '#']) {
            continue;
        }
        let start = format!(
            "{}::",
            name.trim_start_matches("docklings-").replace('-', "_")
        );
        let is_used = |file: &Source| file.path.starts_with(folder) && file.text.contains(&start);
        if !files.iter().any(is_used) {
            violations.push(format!("{}: no file uses `{name}`", manifest.path));
        }
    }
    violations
}

/// Links that lead nowhere, and pages under `docs/` that no other page leads to.
pub(super) fn links(files: &[Source], exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut violations = Vec::new();
    let mut reached = BTreeSet::new();
    for file in files {
        for (line, target) in targets(&file.text) {
            let path = resolve(&file.path, &target);
            if !exists(&path) {
                violations.push(format!("{}:{line}: `{target}` does not exist", file.path));
            }
            if path != file.path {
                reached.insert(path);
            }
        }
    }
    for file in files.iter().filter(|file| file.path.starts_with("docs/")) {
        if !reached.contains(&file.path) {
            violations.push(format!("{}: no other page links to it", file.path));
        }
    }
    violations
}

/// Relative targets of `[text](target)` outside code, with their lines and without `#fragment`.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for part in without_code_spans(line).split("](").skip(1) {
            let target = part.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') {
                found.push((index + 1, target.to_owned()));
            }
        }
    }
    found
}

fn without_code_spans(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// `target`, as a link in the page at `from`, relative to the repository.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_and_its_line_belong_together() {
        let manifest = "[workspace.dependencies]\ndocklings-engine = { path = \"e\" }\n# why\ntar = \"1\"\nnix = \"1\"\n[x]\na = 1\n";
        let found = dependencies(
            &Source::planted("Cargo.toml", manifest),
            &Source::planted(
                "docs/dependencies.md",
                "| crate | why |\n| `tar` | x |\n| `zip` | y |\n",
            ),
        );
        assert_eq!(
            found,
            [
                "docs/dependencies.md: no line says why `nix` is here",
                "docs/dependencies.md: `zip` is no dependency any more",
            ]
        );
    }

    #[test]
    fn a_dependency_that_no_file_names_is_found() {
        let manifest = Source::planted(
            "engine/Cargo.toml",
            "[package]\nname = \"x\"\n[dependencies]\ntar.workspace = true\nlzma-rust2 = { workspace = true }\nnix = \"1\"\n",
        );
        let files = [
            Source::planted("engine/src/a.rs", "use lzma_rust2::X; nix::y();"),
            Source::planted("src/b.rs", "use tar::Archive;"),
        ];
        let found = unused(&manifest, &files);
        assert_eq!(found, ["engine/Cargo.toml: no file uses `tar`"]);
    }

    #[test]
    fn a_page_is_linked_and_a_link_leads_somewhere() {
        let files = [
            Source::planted(
                "README.md",
                "[a](docs/a.md#x) [w](https://x.y/z) `[c](no.md)`\n```\n[d](no.md)\n```\n[gone](docs/gone.md)\n",
            ),
            Source::planted("docs/a.md", "[self](a.md) [up](../README.md)\n"),
            Source::planted("docs/b.md", ""),
        ];
        let exists = |path: &str| path != "docs/gone.md";
        assert_eq!(
            links(&files, &exists),
            [
                "README.md:5: `docs/gone.md` does not exist",
                "docs/b.md: no other page links to it",
            ]
        );
    }
}
