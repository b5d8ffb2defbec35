//! Modules of a crate that import each other in a circle. A module and those inside it are one place: its root may use
//! them, and they may use it. Code of tests does not count.

use super::layers::expand;
use super::source::{Source, code_only, is_word};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The folders of the crates.
const CRATES: [&str; 5] = [
    "engine/src/",
    "registry/src/",
    "checker/src/",
    "lessons/src/",
    "src/",
];

/// By module, the modules that it imports.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The circles in all crates.
pub(super) fn circles(files: &[Source]) -> Vec<String> {
    let of_crate = |folder: &&'static str| {
        let found = in_graph(&graph(files, folder)).into_iter();
        let shown = |circle: Vec<String>| circle.join(" → ");
        let text = |circle| format!("{folder}: modules import each other: {}", shown(circle));
        found.map(text).collect::<Vec<_>>()
    };
    CRATES.iter().flat_map(of_crate).collect()
}

/// One circle per first module.
fn in_graph(graph: &Graph) -> Vec<Vec<String>> {
    let mut circles = Vec::new();
    for (from, imports) in graph {
        let back = imports.iter().filter_map(|to| way(graph, to, from));
        // Each circle is reported where its name comes first.
        let own = back.filter(|way| way.iter().all(|module| from <= module));
        if let Some(way) = own.min_by_key(Vec::len) {
            circles.push([vec![from.clone()], way].concat());
        }
    }
    circles
}

/// The shortest way along imports, ends included.
fn way(graph: &Graph, from: &str, to: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![from.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        if last == to {
            return Some(way);
        }
        for next in graph.get(last).into_iter().flatten() {
            if seen.insert(next) {
                ways.push_back([way.clone(), vec![next.clone()]].concat());
            }
        }
    }
    None
}

fn graph(files: &[Source], folder: &str) -> Graph {
    let mut codes = BTreeMap::new();
    let mut tests = Vec::new();
    for file in files {
        if let Some(path) = file.path.strip_prefix(folder) {
            let module = module(path);
            let (code, own_tests) = without_tests(&code_only(&file.text));
            tests.extend(own_tests.iter().map(|name| join(&module, name)));
            codes.insert(module, code);
        }
    }
    codes.retain(|module, _| !tests.iter().any(|test| is_inside(module, test)));
    let known: BTreeSet<String> = codes.keys().cloned().collect();
    let imports = |(module, code): (&String, &String)| {
        let of = imports(code, module).into_iter();
        let to = of.filter_map(|path| longest(&path, &known));
        let apart = to.filter(|to| !is_inside(to, module) && !is_inside(module, to));
        (module.clone(), apart.collect())
    };
    codes.iter().map(imports).collect()
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; the crate's root is empty.
fn module(path: &str) -> String {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" | "main" => String::new(),
        path => path.replace('/', "::"),
    }
}

fn join(module: &str, name: &str) -> String {
    format!("{module}::{name}").trim_matches(':').to_owned()
}

fn is_inside(module: &str, outer: &str) -> bool {
    let rest = module.strip_prefix(outer);
    outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The longest beginning of `path` that is a module.
fn longest(path: &str, known: &BTreeSet<String>) -> Option<String> {
    let mut path = path;
    while !known.contains(path) {
        path = path.rsplit_once("::")?.0;
    }
    Some(path.to_owned())
}

/// The code without what `#[cfg(test)]` marks, and the names of the test modules in files of their own.
fn without_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let (mut kept, mut names, mut rest) = (String::new(), Vec::new(), code);
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        let item = &rest[at + MARK.len()..];
        let end = item.find(['{', ';']).unwrap_or(item.len());
        let (_, name) = item[..end].rsplit_once("mod ").unwrap_or_default();
        if item[end..].starts_with(';') && !name.is_empty() {
            names.push(name.trim().to_owned());
        }
        rest = match item[end..].strip_prefix('{') {
            Some(body) => after_brace(body),
            None => item.get(end + 1..).unwrap_or_default(),
        };
    }
    (kept + rest, names)
}

/// What follows the brace that closes `body`.
fn after_brace(body: &str) -> &str {
    let mut depth = 1;
    for (at, c) in body.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &body[at + 1..];
        }
    }
    ""
}

/// The paths that `code` names through `crate`, `self` and `super`, from the crate's root.
fn imports(code: &str, module: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "self::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| is_word(c) || c == ':') {
                continue;
            }
            let mut base = match start {
                "crate::" => "",
                _ => module,
            };
            let mut rest = &code[at..];
            while let Some(after) = rest.strip_prefix("super::") {
                base = base.rsplit_once("::").map_or("", |(outer, _)| outer);
                rest = after;
            }
            let rest = rest.strip_prefix(start).unwrap_or(rest);
            found.extend(expand(rest, usize::MAX).iter().map(|path| join(base, path)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles among these files of one crate.
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let files: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::planted(&format!("engine/src/{path}"), text))
            .collect();
        let found = in_graph(&graph(&files, "engine/src/"));
        let found: Vec<String> = found.iter().map(|circle| circle.join(" ")).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_circle_is_found_in_every_form() {
        let back = ("b.rs", "use crate::a::A;");
        for text in [
            "use crate::b::B;",
            "use super::b;",
            "use crate::{c, b::B};",
            "fn f() { crate::b::go() }",
            "use crate::{\n    c,\n    b::{B, D},\n};",
        ] {
            check(&[("a.rs", text), back], &["a b a"]);
        }
        check(
            &[
                ("x/a.rs", "use super::b;"),
                ("x/b.rs", "use super::super::c;"),
                ("c.rs", "use crate::x::a::A;"),
                ("x/mod.rs", "mod a;"),
            ],
            &["c x::a x::b c"],
        );
    }

    #[test]
    fn parents_tests_and_comments_do_not_count() {
        check(
            &[
                ("a/mod.rs", "mod b; use b::B; use self::b::C;"),
                ("a/b.rs", "use super::A; use crate::a::A;"),
            ],
            &[],
        );
        for test in [
            "// use crate::a;",
            "#[cfg(test)]\nmod tests { use crate::a; fn f() {} }",
            "#[cfg(test)]\nuse crate::a;",
            "#[cfg(test)]\npub(crate) mod tests;",
        ] {
            let text = format!("{test}\nuse crate::c;");
            check(
                &[
                    ("a.rs", "use crate::b;"),
                    ("b.rs", &text),
                    ("b/tests.rs", "use crate::a;"),
                    ("c.rs", ""),
                ],
                &[],
            );
        }
    }
}
