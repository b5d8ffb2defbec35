//! Which module may import which: the layers inside the engine, and the crates.

use super::source::{Source, code_only, is_word, line_of};

/// The engine's modules in reading order; each may import those before it.
const ORDER: [&str; 22] = [
    "error", "visible", "clock", "go", "near", "id", "paths", "events", "oci", "sys", "store",
    "cgroup", "tree", "engine", "testing", "image", "network", "volume", "runtime", "build",
    "look", "repair",
];

/// Plain data that describes requests to the runtime; lower modules may import it.
const PLAIN_DATA: [&str; 2] = ["runtime::spec", "runtime::protocol"];

/// The targets of re-exports in the engine's root.
const RE_EXPORTS: [(&str, &str); 5] = [
    ("Error", "error"),
    ("ErrorKind", "error"),
    ("Result", "error"),
    ("Engine", "engine"),
    ("Settings", "engine"),
];

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == module)
}

/// Imports in the engine that go upwards.
pub(super) fn engine_layers(file: &Source) -> Vec<String> {
    let Some(inside) = file.path.strip_prefix("engine/src/") else {
        return Vec::new();
    };
    let own = inside.split(['/', '.']).next().unwrap_or(inside);
    if own == "lib" {
        return Vec::new();
    }
    let Some(own_rank) = rank(own) else {
        return vec![format!(
            "{}: `{own}` has no place in the order of layers (tests/it/tidy/layers.rs)",
            file.path
        )];
    };
    let code = code_only(&file.text);
    imports(&code)
        .into_iter()
        .filter_map(|(at, path)| {
            let module = path.split("::").next().unwrap_or(&path);
            let module = RE_EXPORTS
                .iter()
                .find(|(name, _)| *name == module)
                .map_or(module, |(_, module)| module);
            let fits = module == own
                || PLAIN_DATA.iter().any(|data| path.starts_with(data))
                || rank(module).is_some_and(|rank| rank < own_rank);
            (!fits).then(|| {
                let line = line_of(&code, at);
                format!("{}:{line}: `{own}` must not import `{path}`", file.path)
            })
        })
        .collect()
}

/// The path after each `crate::`, at most two names long, with its place; a group gives one entry per member.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        for path in expand(rest, 2) {
            found.push((at, path));
        }
    }
    found
}

/// The paths at the start of `text`, at most `depth` names long: `a::{b, c::d}` is `a::b` and `a::c`.
pub(super) fn expand(text: &str, depth: usize) -> Vec<String> {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        return members(group)
            .into_iter()
            .flat_map(|member| expand(member, depth))
            .collect();
    }
    let name: String = text.chars().take_while(|c| is_word(*c)).collect();
    if name.is_empty() {
        return Vec::new();
    }
    let rest = text[name.len()..].trim_start();
    match rest.strip_prefix("::") {
        Some(rest) if depth > 1 => {
            let tails = expand(rest, depth - 1);
            if tails.is_empty() {
                return vec![name];
            }
            tails.iter().map(|tail| format!("{name}::{tail}")).collect()
        }
        _ => vec![name],
    }
}

/// The members of a `{…}` group; `group` starts after the brace.
fn members(group: &str) -> Vec<&str> {
    let mut members = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&group[start..at]);
                return members;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    members
}

/// `(files below this, must not name this crate, unless in these files)`. The checker's root passes `engine::near` on.
const CRATES: [(&str, &str, &[&str]); 11] = [
    ("engine/src/", "checker", &[]),
    ("engine/src/", "lessons", &[]),
    ("checker/src/", "lessons", &[]),
    (
        "checker/src/",
        "engine",
        &["checker/src/world/engine", "checker/src/lib.rs"],
    ),
    ("lessons/src/", "engine", &[]),
    ("engine/src/", "docklings", &[]),
    ("checker/src/", "docklings", &[]),
    ("lessons/src/", "docklings", &[]),
    ("registry/src/", "checker", &[]),
    ("registry/src/", "lessons", &[]),
    ("registry/src/", "docklings", &[]),
];

/// The engine's modules that the registry may import: it plays another machine, and shares only the vocabulary.
const REGISTRYS: [&str; 2] = ["oci", "error"];

/// Forbidden imports of crates.
pub(super) fn crate_imports(file: &Source) -> Vec<String> {
    let code = code_only(&file.text);
    CRATES
        .iter()
        .filter(|(below, _, unless)| {
            file.path.starts_with(below)
                && !unless
                    .iter()
                    .any(|file_or_folder| file.path.starts_with(file_or_folder))
        })
        .flat_map(|(_, name, _)| {
            uses_of_crate(&code, name)
                .into_iter()
                .map(move |at| (at, name))
        })
        .map(|(at, name)| {
            let line = line_of(&code, at);
            format!("{}:{line}: must not import the crate `{name}`", file.path)
        })
        .collect()
}

/// The registry's imports from the engine beyond its vocabulary.
pub(super) fn registry_imports(file: &Source) -> Vec<String> {
    if !file.path.starts_with("registry/src/") {
        return Vec::new();
    }
    let code = code_only(&file.text);
    uses_of_crate(&code, "engine")
        .into_iter()
        .flat_map(|at| {
            let modules = expand(&code[at + "engine::".len()..], 1);
            modules.into_iter().map(move |module| (at, module))
        })
        .filter(|(_, module)| !REGISTRYS.contains(&module.as_str()))
        .map(|(at, module)| {
            let line = line_of(&code, at);
            format!(
                "{}:{line}: the registry must not import `engine::{module}`",
                file.path
            )
        })
        .collect()
}

/// Places where a path starts with `name::` as a crate: after `use`, or within code but not after `::`.
fn uses_of_crate(code: &str, name: &str) -> Vec<usize> {
    let path = format!("{name}::");
    code.match_indices(&path)
        .filter(|(at, _)| {
            let before = code[..*at].trim_end();
            let glued = code[..*at].chars().next_back().is_some_and(is_word);
            // `crate::engine::` and `{ engine::` inside a `use crate::{…}` are modules.
            !glued && !before.ends_with("::") && !in_crate_group(code, *at)
        })
        .map(|(at, _)| at)
        .collect()
}

/// Whether `at` is inside the braces of a `use crate::{…}` or `use self::{…}`.
fn in_crate_group(code: &str, at: usize) -> bool {
    let statement = code[..at].rfind(';').map_or(0, |found| found + 1);
    let start = code[statement..at].trim_start();
    start.contains("crate::{") || start.contains("super::{") || start.contains("self::{")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Source) -> Vec<String>, path: &str, text: &str, violations: &[&str]) {
        assert_eq!(
            rule(&Source::planted(path, text)),
            violations,
            "{path}: {text}"
        );
    }

    #[test]
    fn an_upward_import_is_found_in_every_form() {
        let path = "engine/src/store/mod.rs";
        for text in [
            "use crate::runtime::init;",
            "use crate::{error::Error, runtime::init};",
            "use crate::{\n    error::Error,\n    runtime::{init, spec},\n};",
            "fn f() { crate::runtime::init::go() }",
        ] {
            let found = engine_layers(&Source::planted(path, text));
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(
                found[0].contains("`store` must not import `runtime::init`"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn leftward_imports_own_parts_and_plain_data_are_right() {
        for (path, text) in [
            (
                "engine/src/store/mod.rs",
                "use crate::{error::Result, oci::digest::ImageId};",
            ),
            ("engine/src/store/mod.rs", "use crate::store::atomic;"),
            (
                "engine/src/store/mod.rs",
                "use crate::runtime::spec::Mounts;",
            ),
            ("engine/src/store/mod.rs", "// use crate::runtime::init;"),
            (
                "engine/src/build/mod.rs",
                "use crate::{Engine, runtime::init};",
            ),
            ("engine/src/id.rs", "use crate::Error;"),
            ("src/main.rs", "use crate::anything::at_all;"),
        ] {
            check(engine_layers, path, text, &[]);
        }
    }

    #[test]
    fn the_handle_and_an_unknown_module_are_checked_too() {
        check(
            engine_layers,
            "engine/src/store/images.rs",
            "\nuse crate::Engine;",
            &["engine/src/store/images.rs:2: `store` must not import `Engine`"],
        );
        check(
            engine_layers,
            "engine/src/misc.rs",
            "",
            &[
                "engine/src/misc.rs: `misc` has no place in the order of layers (tests/it/tidy/layers.rs)",
            ],
        );
    }

    #[test]
    fn the_registry_shares_only_the_vocabulary_of_the_engine() {
        let path = "registry/src/store/mod.rs";
        for text in [
            "use engine::oci::digest::Digest;",
            "use engine::{error::Error, oci::digest::Digest};",
            "fn f() -> engine::error::Result<()> { Ok(()) }",
        ] {
            check(registry_imports, path, text, &[]);
        }
        check(
            registry_imports,
            path,
            "use engine::{error::Error, store::blobs};",
            &["registry/src/store/mod.rs:1: the registry must not import `engine::store`"],
        );
        check(
            registry_imports,
            "src/lib.rs",
            "use engine::store::blobs;",
            &[],
        );
    }

    #[test]
    fn crates_are_imported_only_where_they_may_be() {
        for (path, text, wrong) in [
            ("engine/src/id.rs", "use checker::World;", true),
            ("engine/src/id.rs", "use crate::engine::Engine;", false),
            ("engine/src/id.rs", "use crate::{engine::Engine};", false),
            ("checker/src/evaluate.rs", "use engine::Engine;", true),
            (
                "checker/src/evaluate.rs",
                "fn f(_: &engine::Engine) {}",
                true,
            ),
            ("checker/src/world/engine.rs", "use engine::Engine;", false),
            (
                "checker/src/world/mod.rs",
                "use crate::world::engine::EngineWorld;",
                false,
            ),
            ("lessons/src/session.rs", "use engine::Engine;", true),
            ("lessons/src/session.rs", "use checker::Report;", false),
            ("src/course/shell/mod.rs", "use engine::Engine;", false),
        ] {
            let found = crate_imports(&Source::planted(path, text));
            assert_eq!(!found.is_empty(), wrong, "{path}: {text}: {found:?}");
        }
    }
}
