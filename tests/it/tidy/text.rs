//! Rules for every Rust file: its opening, its length, its lint exceptions; and that no test file is forgotten.

use super::source::{Source, code_only, line_of};

/// The longest file. One subject fits; more tests go to `foo/tests.rs`.
const MAX_LINES: usize = 500;

/// The longest function, including its signature and closing brace.
const MAX_FUNCTION_LINES: usize = 100;

/// File names that do not describe the contents.
const EMPTY_NAMES: [&str; 10] = [
    "util", "utils", "helper", "helpers", "common", "manager", "handler", "handlers", "misc",
    "stuff",
];

/// Forbidden code, with the reason.
const FORBIDDEN: [(&str, &str); 8] = [
    ("#[allow(", "say `#[expect(lint, reason = \"…\")]`"),
    ("#![allow(", "say `#![expect(lint, reason = \"…\")]`"),
    ("todo!(", "finish it, or refuse the case by name"),
    ("unimplemented!(", "finish it, or refuse the case by name"),
    ("dbg!(", "it was for you"),
    (
        "#[ignore",
        "a test that does not run proves nothing: use `requires!`",
    ),
    ("thread::sleep(", "wait for the event itself"),
    (
        "#[should_panic",
        "assert on the value that says what went wrong",
    ),
];

/// Words in comments that promise work.
const PROMISES: [&str; 3] = ["TODO", "FIXME", "XXX"];

/// Words that comments avoid: `docs/style.md`, "Plain English".
const CLUMSY: [&str; 6] = ["whoever", "nobody", "told", "gladly", "shall", "whom"];

/// All rules that apply to a single file.
pub(super) fn file_rules(file: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    let path = &file.path;
    if !file.text.starts_with("//!") {
        violations.push(format!("{path}:1: opens without `//!` saying what it is"));
    }
    let lines = file.text.lines().count();
    if lines > MAX_LINES {
        violations.push(format!(
            "{path}: {lines} lines, more than {MAX_LINES}: split by subject"
        ));
    }
    let stem = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .trim_end_matches(".rs");
    if EMPTY_NAMES.contains(&stem) {
        violations.push(format!(
            "{path}: `{stem}` says nothing: name it by what it is"
        ));
    }
    let code = code_only(&file.text);
    violations.extend(forbidden(path, &code));
    violations.extend(words_of_comments(file));
    violations.extend(long_functions(path, &code));
    violations
}

/// Uses of forbidden code.
fn forbidden(path: &str, code: &str) -> Vec<String> {
    FORBIDDEN
        .iter()
        .filter(|(piece, _)| *piece != "thread::sleep(" || may_not_sleep(path))
        .flat_map(|(piece, reason)| {
            code.match_indices(piece).map(move |(at, _)| {
                let line = line_of(code, at);
                format!("{path}:{line}: `{piece}`: {reason}")
            })
        })
        .collect()
}

/// Tests never sleep. The engine may, between two tries of something for which the kernel has no event.
fn may_not_sleep(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs")
}

/// Promises and clumsy words in comments. The lists of this rule do not count.
fn words_of_comments(file: &Source) -> Vec<String> {
    if file.path == "tests/it/tidy/text.rs" {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let Some((_, comment)) = line.split_once("//") else {
            continue;
        };
        let place = format!("{}:{}", file.path, index + 1);
        for word in comment.split(|c: char| !c.is_alphanumeric()) {
            if PROMISES.contains(&word) {
                violations.push(format!("{place}: `{word}`: do it, or open an issue"));
            }
            if CLUMSY.contains(&&*word.to_lowercase()) {
                violations.push(format!(
                    "{place}: `{word}`: see \"Plain English\" in docs/style.md"
                ));
            }
        }
    }
    violations
}

/// Functions that are too long. `code` is formatted, so a function ends at the brace in its own column.
fn long_functions(path: &str, code: &str) -> Vec<String> {
    let lines: Vec<&str> = code.lines().collect();
    let mut violations = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if !is_function(line.trim_start()) {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines[start..]
            .iter()
            .position(|line| {
                line.trim_end() == close
                    || (line.trim_end().ends_with(';')
                        && line.len() - line.trim_start().len() == indent)
            })
            .map_or(1, |end| end + 1);
        if length > MAX_FUNCTION_LINES {
            violations.push(format!(
                "{path}:{}: a function of {length} lines, more than {MAX_FUNCTION_LINES}",
                start + 1
            ));
        }
    }
    violations
}

fn is_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.by_ref().find(|word| {
        !matches!(*word, "pub" | "const" | "async" | "unsafe" | "extern")
            && !word.starts_with("pub(")
    }) == Some("fn")
}

/// Files under `tests/it/` that no `mod` line reaches, so that Cargo never runs them.
pub(super) fn forgotten_test_files(files: &[Source]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.path.starts_with("tests/it/") && file.path != "tests/it/main.rs")
        .filter(|file| !is_declared(file, files))
        .map(|file| format!("{}: no `mod` line names it, so it never runs", file.path))
        .collect()
}

fn is_declared(file: &Source, files: &[Source]) -> bool {
    let path = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
    let Some((folder, name)) = path.rsplit_once('/') else {
        return false;
    };
    let parents = if folder == "tests/it" {
        vec!["tests/it/main.rs".to_owned()]
    } else {
        vec![format!("{folder}.rs"), format!("{folder}/mod.rs")]
    };
    files
        .iter()
        .filter(|parent| parents.contains(&parent.path))
        .any(|parent| {
            code_only(&parent.text)
                .lines()
                .any(|line| line.trim().trim_start_matches("pub(crate) ") == format!("mod {name};"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, violations: &[&str]) {
        assert_eq!(
            file_rules(&Source::planted(path, text)),
            violations,
            "{path}"
        );
    }

    #[test]
    fn a_good_file_has_no_violations() {
        check(
            "src/a.rs",
            "//! A.\n\n/// Says `todo!()` in a comment.\nfn f() {}\n",
            &[],
        );
    }

    #[test]
    fn each_rule_finds_its_planted_violation() {
        check(
            "src/a.rs",
            "fn f() {}\n",
            &["src/a.rs:1: opens without `//!` saying what it is"],
        );
        check(
            "src/util.rs",
            "//! A.\n",
            &["src/util.rs: `util` says nothing: name it by what it is"],
        );
        check(
            "src/a.rs",
            &format!("//! A.\n{}", "\n".repeat(500)),
            &["src/a.rs: 501 lines, more than 500: split by subject"],
        );
        check(
            "src/a.rs",
            "//! A.\n#[allow(dead_code)]\nfn f() { todo!() }\n",
            &[
                "src/a.rs:2: `#[allow(`: say `#[expect(lint, reason = \"…\")]`",
                "src/a.rs:3: `todo!(`: finish it, or refuse the case by name",
            ],
        );
        check(
            "src/a.rs",
            &format!("//! A.\n// {}: later\n", "TODO"),
            &["src/a.rs:2: `TODO`: do it, or open an issue"],
        );
        check(
            "src/a.rs",
            "//! A.\n/// Nobody waits.\nfn f() {}\n",
            &["src/a.rs:2: `Nobody`: see \"Plain English\" in docs/style.md"],
        );
        check(
            "tests/it/a.rs",
            "//! A.\nfn f() { std::thread::sleep(x) }\n",
            &["tests/it/a.rs:2: `thread::sleep(`: wait for the event itself"],
        );
    }

    #[test]
    fn a_long_function_is_found_and_a_long_impl_is_allowed() {
        let body = "        x();\n".repeat(120);
        check(
            "src/a.rs",
            &format!(
                "//! A.\nimpl A {{\n    pub(crate) fn f() {{\n{body}    }}\n    fn g() {{}}\n}}\n"
            ),
            &["src/a.rs:3: a function of 122 lines, more than 100"],
        );
    }

    #[test]
    fn a_test_file_without_a_mod_line_is_forgotten() {
        let main = Source::planted("tests/it/main.rs", "mod a;\n// mod b;\nmod c;\n");
        let files = [
            main,
            Source::planted("tests/it/a.rs", ""),
            Source::planted("tests/it/b.rs", ""),
            Source::planted("tests/it/c.rs", "mod d;"),
            Source::planted("tests/it/c/d.rs", ""),
            Source::planted("tests/it/c/e.rs", ""),
        ];
        assert_eq!(
            forgotten_test_files(&files),
            [
                "tests/it/b.rs: no `mod` line names it, so it never runs",
                "tests/it/c/e.rs: no `mod` line names it, so it never runs",
            ]
        );
    }
}
