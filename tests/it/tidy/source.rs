//! The repository's files as texts, and Rust code without its comments and strings.

use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// A text file of the repository.
pub(super) struct Source {
    /// Relative to the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// The repository.
    pub(super) fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    /// The file at `path`, which must exist.
    pub(super) fn read(path: &str) -> Self {
        Self::open(path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn open(path: &str) -> std::io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            text: std::fs::read_to_string(Self::root().join(path))?,
        })
    }

    /// All Rust files.
    pub(super) fn rust_files() -> Vec<Self> {
        Self::with_extension("rs")
    }

    /// All Markdown files.
    pub(super) fn markdown_files() -> Vec<Self> {
        Self::with_extension("md")
    }

    /// The lessons.
    pub(super) fn lesson_files() -> Vec<Self> {
        let mut files = Self::markdown_files();
        files.retain(|file| {
            file.path.starts_with("lessons/content/") && file.path.ends_with("/lesson.md")
        });
        files
    }

    fn with_extension(extension: &str) -> Vec<Self> {
        let root = Self::root();
        let mut paths: Vec<PathBuf> = WalkDir::new(&root)
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_foreign(entry))
            .filter_map(Result::ok)
            .map(DirEntry::into_path)
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .collect();
        paths.sort();
        paths
            .iter()
            .filter_map(|path| path.strip_prefix(&root).ok())
            .filter_map(Path::to_str)
            .map(Self::read)
            .collect()
    }

    /// The file of a planted violation.
    #[cfg(test)]
    pub(super) fn planted(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// Folders of Git, Cargo and editors in the repository.
fn is_foreign(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    (name.starts_with('.') && name != ".ci") || name == "target"
}

/// `text` with comments and the contents of string and character literals replaced by spaces. Line numbers stay the
/// same.
pub(super) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment_end(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(
                chars[at..end]
                    .iter()
                    .map(|&c| if c == '\n' { c } else { ' ' }),
            );
            at = end;
        }
    }
    code
}

/// The end of the comment or literal that starts at `at`; `at` itself if none does.
fn literal_or_comment_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match (chars[at], next) {
        ('/', Some('/')) => find(chars, at, |c| c == '\n'),
        ('/', Some('*')) => block_comment_end(chars, at),
        ('"', _) => quoted_end(chars, at + 1, '"'),
        ('r', Some('"' | '#')) if at == 0 || !is_word(chars[at - 1]) || chars[at - 1] == 'b' => {
            raw_string_end(chars, at)
        }
        ('\'', Some('\\')) => quoted_end(chars, at + 1, '\''),
        // A lifetime has no closing quote two characters further on.
        ('\'', Some(_)) if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn find(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    chars[from..]
        .iter()
        .position(|&c| wanted(c))
        .map_or(chars.len(), |found| from + found)
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut at = at;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn raw_string_end(chars: &[char], at: usize) -> usize {
    let open = find(chars, at + 1, |c| c != '#');
    if chars.get(open) != Some(&'"') {
        // A raw identifier, such as `r#type`.
        return at;
    }
    let hashes = open - at - 1;
    let mut end = open + 1;
    while end < chars.len() {
        if chars[end] == '"'
            && chars[end + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes
        {
            return end + 1 + hashes;
        }
        end += 1;
    }
    chars.len()
}

/// Whether `c` can be part of a name.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The number of the line that holds byte `at`, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        for (text, code) in [
            ("a // crate::x\nb", "a b"),
            ("a /* x /* y */ z */ b", "a b"),
            ("f(\"crate::x\\\"\")", "f( )"),
            ("f(r#\"a\"b\"#)", "f( )"),
            ("f(br\"a\\\", b)", "f(b , b)"),
            ("r#type", "r#type"),
            ("x('\"', 'a)", "x( , 'a)"),
            ("x('\\'', y)", "x( , y)"),
            ("&'a str", "&'a str"),
            ("\"open", ""),
        ] {
            let found = code_only(text);
            let words: Vec<&str> = found.split_whitespace().collect();
            assert_eq!(words.join(" "), code, "{text}");
            assert_eq!(found.chars().count(), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_of("a\nb\nc", 0), 1);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
