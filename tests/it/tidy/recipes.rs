//! The recipes of `docs/adding.md` are true: what a step names exists, and what it names in a file is in that file.

use super::source::Source;

/// Files that a step of `page` names and that do not exist, and types that are in none of the files of their step.
/// `read` gives a file's text; empty for a folder.
pub(super) fn true_steps(page: &Source, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut violations = Vec::new();
    for step in steps(&page.text) {
        let spans: Vec<&str> = step.split('`').skip(1).step_by(2).collect();
        let mut texts = Vec::new();
        for path in spans.iter().filter(|span| is_path(span)) {
            match read(path) {
                Some(text) => texts.push(text),
                None => violations.push(format!("{}: `{path}` does not exist", page.path)),
            }
        }
        for name in spans.iter().filter(|span| is_type(span)) {
            if !texts.is_empty() && !texts.iter().any(|text| text.contains(name)) {
                violations.push(format!(
                    "{}: no file of its step has `{name}`: {}",
                    page.path,
                    step.split_whitespace()
                        .take(8)
                        .collect::<Vec<_>>()
                        .join(" ")
                ));
            }
        }
    }
    violations
}

/// The numbered steps, each with its further lines.
fn steps(page: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let mut is_step = false;
    for line in page.lines() {
        let digits = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let begins = digits.len() < line.len() && digits.starts_with(". ");
        if begins {
            steps.push(String::new());
        }
        is_step = begins || is_step && line.starts_with("   ");
        if let Some(step) = steps.last_mut().filter(|_| is_step) {
            *step += line;
            step.push('\n');
        }
    }
    steps
}

/// A path of this repository; not one with a place to fill in, such as `<name>.rs` or `NN-slug/`.
fn is_path(span: &str) -> bool {
    span.contains('/') && !span.contains(['<', ' ', ':']) && !span.contains("NN-")
}

fn is_type(span: &str) -> bool {
    span.starts_with(|first: char| first.is_ascii_uppercase())
        && span.chars().all(|letter| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_names_what_is_not_there_is_found() {
        let page = Source::planted(
            "docs/adding.md",
            "`src/gone.rs` is not in a step.\n\n\
             1. `src/a.rs`: the type `Here` and\n   the type `Gone`.\n\
             2. `src/gone.rs`, `src/<name>.rs` and `docker run a/b`.\n\
             3. `Nowhere`, without a file.\n",
        );
        let read = |path: &str| (path == "src/a.rs").then(|| "struct Here;".to_owned());
        assert_eq!(
            true_steps(&page, &read),
            [
                "docs/adding.md: no file of its step has `Gone`: 1. `src/a.rs`: the type `Here` and the type",
                "docs/adding.md: `src/gone.rs` does not exist",
            ]
        );
    }
}
