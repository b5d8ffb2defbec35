//! Console blocks as lessons contain them.

use super::*;

fn check(body: &str, expected: &[(&str, &[&str])]) {
    let parsed = Transcript::parse("console", body, 10).unwrap();
    let seen: Vec<(&str, Vec<&str>)> = parsed
        .steps
        .iter()
        .map(|step| {
            let output = step.output.iter().map(String::as_str).collect();
            (&*step.command, output)
        })
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(c, o)| (*c, o.to_vec())).collect();
    assert_eq!(seen, expected, "{body}");
}

#[test]
fn commands_are_separated_from_their_output() {
    check("$ a\n", &[("a", &[])]);
    check("$ a\nx\ny\n$ b\n", &[("a", &["x", "y"]), ("b", &[])]);
    check("$ a \\\n  --b\nx", &[("a \\\n  --b", &["x"])]);
    check(
        "$ cat > f <<E\n> one\n> E\n$ cat f\none",
        &[("cat > f <<E\none\nE", &[]), ("cat f", &["one"])],
    );
    check("$ a\nout\n> not typed", &[("a", &["out", "> not typed"])]);
}

#[test]
fn the_info_string_says_whether_it_runs() {
    let parse = |info: &str| Transcript::parse(info, "$ a", 1).unwrap();
    assert!(parse("console").runs);
    assert!(!parse("console norun").runs);
    assert!(parse("console fails").fails);
    assert!(Transcript::parse("console nurn", "$ a", 5).is_err());
}

#[test]
fn a_block_that_begins_with_output_is_an_error_with_its_line() {
    let (line, message) = Transcript::parse("console", "hello", 10).unwrap_err();
    assert_eq!(line, 10);
    assert!(message.contains("`$ `"), "{message}");
}

#[test]
fn the_line_of_each_command_is_known() {
    let parsed = Transcript::parse("console", "$ a\nx\n$ b", 10).unwrap();
    assert_eq!([parsed.steps[0].line, parsed.steps[1].line], [10, 12]);
}

#[test]
fn what_differs_from_run_to_run_is_removed() {
    for (line, expected) in [
        ("a1b2c3d4e5f6   busybox  \"sh\"", "<id> busybox \"sh\""),
        ("Up 3 seconds", "Up <age>"),
        ("Exited (0) About a minute ago", "Exited (0) <age>"),
        ("Up Less than a second", "Up <age>"),
        ("amazing_turing", "<name>"),
        (
            "latest: digest: sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "latest: digest: <id>",
        ),
        ("4.26MB", "<size>"),
        ("\u{1b}[1mDONE\u{1b}[0m 0.3s", "DONE <duration>"),
        ("\"2026-11-21T10:00:00.5Z\",", "\"<time>\","),
        ("hello, world", "hello, world"),
        ("10 files", "10 files"),
    ] {
        assert_eq!(steady(line), expected);
    }
}

#[test]
fn output_is_compared_with_dots_for_anything() {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    for (expected, found, same) in [
        ("hello", "hello\n", true),
        ("hello", "Hello\n", false),
        ("a\n...\nz", "a\nb\nc\nz\n", true),
        ("a\n...\nz", "a\nz\n", true),
        ("a\n...\nz", "a\nb\n", false),
        ("one ... three", "one two three", true),
        ("one ... three", "one two four", false),
        ("", "surprise", false),
        ("...", "anything\nat all", true),
        (
            "ID NAME\n0123456789ab x",
            "ID   NAME\nffffffffffff   x",
            true,
        ),
    ] {
        assert_eq!(
            matches(&lines(expected), found),
            same,
            "{expected:?} {found:?}"
        );
    }
}
