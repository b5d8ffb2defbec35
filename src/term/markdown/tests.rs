//! Markdown at fixed widths; without colour, except in the tests about colour.

use super::*;
use anstream::adapter::strip_str;

#[track_caller]
fn check_as(layout: Layout, source: &str, expected: &str) {
    let rendered = render(source, layout);
    let found = strip_str(&rendered).to_string();
    assert_eq!(found, expected, "{source}");
    assert!(found.lines().all(|line| !line.ends_with(' ')), "{found:?}");
}

#[track_caller]
fn check(width: usize, source: &str, expected: &str) {
    check_as(
        Layout {
            width,
            plain: false,
        },
        source,
        expected,
    );
}

#[track_caller]
fn check_plain(width: usize, source: &str, expected: &str) {
    let layout = Layout { width, plain: true };
    check_as(layout, source, expected);
    assert!(!render(source, layout).contains('\u{1b}'));
}

#[test]
fn prose_wraps_between_words() {
    check(20, "one two three four five", "one two three four\nfive\n");
    check(20, "one\ntwo", "one two\n");
    check(20, "one  \ntwo", "one\ntwo\n");
    check(20, "one\n\ntwo", "one\n\ntwo\n");
    check(20, "", "");
    check(
        20,
        "a /very/long/path/which/is/not/broken b",
        "a\n/very/long/path/which/is/not/broken\nb\n",
    );
}

#[test]
fn wide_letters_are_measured_and_may_be_broken() {
    check(
        20,
        "日本語日本語日本語日本語",
        "日本語日本語日本語日\n本語\n",
    );
    check(20, "żółwie łażą powoli", "żółwie łażą powoli\n");
}

#[test]
fn inline_code_keeps_its_backticks() {
    check(30, "Type `docker ps -a` now.", "Type `docker ps -a` now.\n");
    check(
        20,
        "Type `docker ps -a` now.",
        "Type `docker ps -a`\nnow.\n",
    );
    check(30, "An *image* is **not** ~~it~~.", "An image is not it.\n");
}

#[test]
fn styles_are_escapes_and_the_plain_form_has_none() {
    let layout = Layout {
        width: 40,
        plain: false,
    };
    assert_eq!(render("*a b*", layout), "\u{1b}[3ma b\u{1b}[0m\n");
    assert_eq!(render("`a`", layout), "\u{1b}[36m`a`\u{1b}[0m\n");
    check_plain(
        40,
        "**a** `b` [c](https://x.org)",
        "a `b` c (https://x.org)\n",
    );
}

#[test]
fn links_show_their_targets() {
    check(
        60,
        "Now [say hello](exercise:hello).",
        "Now say hello (`go hello`).\n",
    );
    check(60, "<https://x.org>", "https://x.org\n");
    check(60, "[docs](docs/limits.md)", "docs (docs/limits.md)\n");
}

#[test]
fn headings_are_underlined() {
    check(
        40,
        "## What happened\ntext",
        "What happened\n─────────────\n\ntext\n",
    );
    check(40, "text\n\n### More", "text\n\nMore\n");
    check_plain(40, "# A `b`", "A `b`\n-----\n");
}

#[test]
fn lists_hang() {
    check(
        20,
        "- one two three four five\n- six",
        "• one two three four\n  five\n• six\n",
    );
    check(
        20,
        "1. one two three four five\n2. six",
        "1. one two three\n   four five\n2. six\n",
    );
    check_plain(20, "- a\n  - b\n- c", "- a\n  - b\n- c\n");
    check(
        20,
        "text\n\n- a\n\n  b\n- c\n\nend",
        "text\n\n• a\n\n  b\n\n• c\n\nend\n",
    );
    check(30, "9. a\n10. b", "9. a\n10. b\n");
    check(
        40,
        "- a\n\n  ```\n  code\n  ```\n- b",
        "• a\n\n    code\n\n• b\n",
    );
}

#[test]
fn code_never_wraps() {
    let code = "```console\n$ docker run --name a-long-name busybox sh -c 'echo hello'\nhello\n```";
    check(
        30,
        code,
        "  $ docker run --name a-long-name busybox sh -c 'echo hello'\n  hello\n",
    );
    check(80, "a\n\n    b  c\n\nd", "a\n\n    b  c\n\nd\n");
    check(80, "```\n\n  x\n```", "\n      x\n");
}

#[test]
fn typed_commands_stand_out_in_a_transcript() {
    let layout = Layout {
        width: 80,
        plain: false,
    };
    let text = render("```console\n$ docker ps\nNAMES\n```", layout);
    assert_eq!(
        text,
        "    \u{1b}[2m$ \u{1b}[0m\u{1b}[36mdocker ps\u{1b}[39m\n    NAMES\n"
    );
}

#[test]
fn quotations_have_a_bar() {
    check(
        20,
        "> one two three four five\n>\n> six",
        "│ one two three four\n│ five\n│\n│ six\n",
    );
    check_plain(20, "> a", "> a\n");
}

const TABLE: &str = "| instruction | what it does |\n|---|--:|\n| `FROM` | names the image to begin with |\n| `RUN` | runs a command |";

#[test]
fn tables_fit_the_width() {
    check(
        60,
        TABLE,
        concat!(
            "instruction                   what it does\n",
            "──────────────────────────────────────────\n",
            "`FROM`       names the image to begin with\n",
            "`RUN`                       runs a command\n",
        ),
    );
    let left = "| | `run` |\n|---|---|\n| takes | an image and a good deal of other words |";
    check(
        30,
        left,
        concat!(
            "       `run`\n",
            "──────────────────────────\n",
            "takes  an image and a good\n",
            "       deal of other words\n",
        ),
    );
}

#[test]
fn tables_that_do_not_fit_are_shown_cell_by_cell() {
    check_plain(
        40,
        TABLE,
        concat!(
            "instruction: `FROM`\n",
            "  what it does: names the image to\n",
            "    begin with\n",
            "instruction: `RUN`\n",
            "  what it does: runs a command\n",
        ),
    );
    let wide =
        "|a|b|c|d|\n|---|---|---|---|\n|one two three|one two three|one two three|one two three|";
    check(
        40,
        wide,
        "a: one two three\n  b: one two three\n  c: one two three\n  d: one two three\n",
    );
}

#[test]
fn no_control_sequence_comes_out_of_a_lesson() {
    check(40, "a\u{1b}[2Jb &#x9b;31m", "a\\u001b[2Jb \\u009b31m\n");
    check(40, "`c\u{202e}d`", "`c\\u202ed`\n");
    check_plain(40, "a\u{1b}]0;x\u{7}", "a\\u001b]0;x\\u0007\n");
}

#[test]
fn the_whole_course_fits_forty_columns() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/content");
    let mut lessons = 0;
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        if entry.file_name() != "lesson.md" {
            continue;
        }
        lessons += 1;
        let source = std::fs::read_to_string(entry.path()).unwrap();
        for plain in [false, true] {
            let text = render(&source, Layout { width: 40, plain });
            // Code may be of any width; prose and tables may not, except for a long single word.
            for line in strip_str(&text).to_string().lines() {
                let is_code = line.starts_with("  ");
                let fits = inline::width(line) <= 40 || !line.trim().contains(' ');
                assert!(is_code || fits, "{}: {line}", entry.path().display());
            }
        }
    }
    assert!(lessons > 0);
}
