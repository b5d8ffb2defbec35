//! Advice after a line that the shell could not run: one row for each classic slip.

use super::words;
use engine::near::nearest;

/// A line that failed.
struct Failed<'a> {
    line: &'a str,
    first: &'a str,
    code: i32,
}

/// The rows; the first that recognises the line gives the advice.
const ROWS: [fn(&Failed<'_>) -> Option<String>; 5] = [
    placeholder,
    docker_misspelt,
    word_of_the_course,
    lesson_by_number,
    no_such_editor,
];

/// The shell's exit code for a program that it cannot find.
const NOT_FOUND: i32 = 127;

/// Editors that course notes name.
const EDITORS: [&str; 8] = [
    "nano", "vim", "vi", "emacs", "code", "gedit", "micro", "notepad",
];

/// What to say about `line`, which ended with `code`.
pub(super) fn advice(line: &str, code: i32) -> Option<String> {
    let line = line.trim();
    let first = line.split_whitespace().next().unwrap_or_default();
    let failed = Failed { line, first, code };
    ROWS.iter()
        .filter(|_| code != 0)
        .find_map(|row| row(&failed))
}

/// `docker logs <container>`: the shell reads `<` as a redirection.
fn placeholder(failed: &Failed<'_>) -> Option<String> {
    let (_, rest) = failed.line.split_once('<')?;
    let (name, _) = rest.split_once('>')?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    (failed.first == "docker"
        && !name.is_empty()
        && name.trim() == name
        && name.chars().all(is_name))
    .then(|| {
        format!("`<{name}>` stands for a name of yours: write that name, without `<` and `>`.")
    })
}

fn docker_misspelt(failed: &Failed<'_>) -> Option<String> {
    let is_it = failed.code == NOT_FOUND
        && failed.first != "docker"
        && failed.first.starts_with(['d', 'D'])
        && nearest(failed.first, ["docker"]).is_some();
    is_it.then(|| {
        let rest = &failed.line[failed.first.len()..];
        format!("Did you mean `docker{rest}`?")
    })
}

fn word_of_the_course(failed: &Failed<'_>) -> Option<String> {
    let word = words::near(failed.first).filter(|_| failed.code == NOT_FOUND)?;
    Some(format!("Did you mean `{word}`?"))
}

fn lesson_by_number(failed: &Failed<'_>) -> Option<String> {
    let rest = failed.line.strip_prefix(failed.first)?.trim();
    let is_it = matches!(failed.first, "lesson" | "exercise" | "goto" | "open");
    (is_it && failed.code == NOT_FOUND && !rest.is_empty())
        .then(|| format!("Did you mean `go {rest}`?"))
}

fn no_such_editor(failed: &Failed<'_>) -> Option<String> {
    let is_it = failed.code == NOT_FOUND && EDITORS.contains(&failed.first);
    is_it.then(|| {
        let file = failed.line[failed.first.len()..].trim();
        let file = if file.is_empty() { "FILE" } else { file };
        format!(
            "`{}` is not on this machine. `edit {file}` opens an editor that is.",
            failed.first
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slip_gets_its_advice() {
        for (line, code, expected) in [
            (
                "docker logs <container>",
                2,
                Some(
                    "`<container>` stands for a name of yours: write that name, without `<` and `>`.",
                ),
            ),
            ("sort < in > out", 1, None),
            ("docker exec -i x sh < in > out", 1, None),
            ("dokcer ps -a", 127, Some("Did you mean `docker ps -a`?")),
            ("Docker ps", 127, Some("Did you mean `docker ps`?")),
            ("docekr ps", 127, Some("Did you mean `docker ps`?")),
            ("locker ps", 127, None),
            ("docker run busybox -d", 127, None),
            ("hnit", 127, Some("Did you mean `hint`?")),
            ("hnit", 1, None),
            ("lesson 8", 127, Some("Did you mean `go 8`?")),
            (
                "nano Dockerfile",
                127,
                Some("`nano` is not on this machine. `edit Dockerfile` opens an editor that is."),
            ),
            ("frobnicate", 127, None),
            ("dokcer ps", 0, None),
        ] {
            assert_eq!(advice(line, code).as_deref(), expected, "{line}");
        }
    }
}
