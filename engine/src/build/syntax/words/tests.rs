//! Tests of `words`.

use super::*;

fn lookup(name: &str) -> Option<String> {
    let value = match name {
        "V" => "value",
        "EMPTY" => "",
        "TWO" => "a b",
        "PATH" => "/usr/local/bin/app.tar.gz",
        _ => return None,
    };
    Some(value.to_owned())
}

fn expand(text: &str) -> Result<Expanded, ExpandError> {
    Expander::new('\\', &lookup, Rules::default()).expand(text)
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        match expand(text) {
            Ok(found) => assert_eq!(found.text, *expected, "{text}"),
            Err(error) => assert_eq!(format!("! {}", error.message), *expected, "{text}"),
        }
    }
}

#[test]
fn variables_are_replaced_by_their_values() {
    check(&[
        ("$V", "value"),
        ("${V}s", "values"),
        ("$Vs", ""),
        ("a$V-$NO.", "avalue-."),
        ("$", "$"),
        ("100$ %", "100$ %"),
        ("$1x", "x"),
    ]);
}

#[test]
fn defaults_and_alternatives() {
    check(&[
        ("${NO:-d}", "d"),
        ("${NO-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${V:-d}", "value"),
        ("${V:+alt}", "alt"),
        ("${NO:+alt}", ""),
        ("${EMPTY:+alt}", ""),
        ("${EMPTY+alt}", "alt"),
        ("${NO:-${V}}", "value"),
        ("${NO:-\"a b\"}", "a b"),
        ("${V:?gone}", "value"),
        ("${NO:?gone}", "! NO: gone"),
        ("${NO?}", "! NO: is not allowed to be unset"),
        ("${EMPTY:?}", "! EMPTY: is not allowed to be empty"),
    ]);
}

#[test]
fn patterns_trim_and_replace() {
    check(&[
        ("${PATH#*/}", "usr/local/bin/app.tar.gz"),
        ("${PATH##*/}", "app.tar.gz"),
        ("${PATH%.*}", "/usr/local/bin/app.tar"),
        ("${PATH%%.*}", "/usr/local/bin/app"),
        ("${PATH/local/x}", "/usr/x/bin/app.tar.gz"),
        ("${PATH//a/A}", "/usr/locAl/bin/App.tAr.gz"),
        ("${PATH//\\//-}", "-usr-local-bin-app.tar.gz"),
        ("${V#x}", "value"),
        ("${V%lu?}", "va"),
        ("${NO#x}", ""),
    ]);
}

#[test]
fn quotes_and_escapes() {
    check(&[
        ("'$V'", "$V"),
        ("\"$V x\"", "value x"),
        ("\\$V", "$V"),
        ("\"\\$V\"", "$V"),
        ("\"a\\b\"", "a\\b"),
        ("a\\b", "ab"),
        ("a\\ b", "a b"),
        ("it\\'s", "it's"),
        ("tail\\", "tail"),
        (
            "'open",
            "! unexpected end of statement while looking for matching single-quote",
        ),
        (
            "\"open",
            "! unexpected end of statement while looking for matching double-quote",
        ),
    ]);
}

#[test]
fn malformed_substitutions_are_errors() {
    check(&[
        ("${", "! syntax error: missing '}'"),
        ("${V", "! syntax error: missing '}'"),
        ("${V:-x", "! syntax error: missing '}'"),
        ("${}", "! syntax error: bad substitution"),
        ("${V:x}", "! unsupported modifier (:x) in substitution"),
        ("${V^}", "! unsupported modifier (^) in substitution"),
    ]);
    let deep = format!("{}x{}", "${N:-".repeat(1000), "}".repeat(1000));
    assert!(expand(&deep).is_err());
}

#[test]
fn unquoted_blanks_separate_words() {
    let words = |text| expand(text).unwrap().words();
    assert_eq!(words("80 $TWO"), ["80", "a", "b"]);
    assert_eq!(words("\"$TWO\" c\\ d"), ["a b", "c d"]);
    assert_eq!(words("$NO"), Vec::<String>::new());
}

#[test]
fn variables_that_are_not_set_are_reported() {
    assert_eq!(
        expand("$V $NO ${NO2} ${X:-d}").unwrap().unset,
        ["NO", "NO2"]
    );
}

#[test]
fn text_of_files_keeps_quotes() {
    let rules = Rules {
        whole_text: true,
        ..Rules::default()
    };
    let expander = Expander::new('\\', &lookup, rules);
    let text = expander.expand("say \"$V\" it's \\$V a\\n\n").unwrap().text;
    assert_eq!(text, "say \"value\" it's $V an\n");
}

#[test]
fn splitting_respects_quotes_and_escapes() {
    for (text, expected) in [
        ("a b  c", vec!["a", "b", "c"]),
        (
            "A=\"x y\" B='p q' C=\\ z",
            vec!["A=\"x y\"", "B='p q'", "C=\\ z"],
        ),
        ("\"\"", vec!["\"\""]),
        ("a\\", vec!["a\\"]),
        ("'open b", vec!["'open b"]),
    ] {
        let found: Vec<&str> = split(text, '\\').into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, expected, "{text}");
    }
}
