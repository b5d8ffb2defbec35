//! Parsing and display of references.

use super::*;
use proptest::prelude::*;

fn check(text: &str, full: &str, familiar: &str) {
    let reference = Reference::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(reference.to_string(), full, "{text}");
    assert_eq!(reference.familiar(), familiar, "{text}");
}

fn refused(text: &str, message: &str) {
    assert_eq!(
        Reference::parse(text).unwrap_err().to_string(),
        message,
        "{text}"
    );
}

#[test]
fn names_get_dockers_defaults() {
    let digest = Digest::of(b"x");
    check("busybox", "docker.io/library/busybox", "busybox");
    check(
        "busybox:1.35",
        "docker.io/library/busybox:1.35",
        "busybox:1.35",
    );
    check(
        "alice/hello:v1",
        "docker.io/alice/hello:v1",
        "alice/hello:v1",
    );
    check("docker.io/busybox", "docker.io/library/busybox", "busybox");
    check("index.docker.io/a/b", "docker.io/a/b", "a/b");
    check("localhost/x", "localhost/x", "localhost/x");
    check(
        "localhost:5000/x:y",
        "localhost:5000/x:y",
        "localhost:5000/x:y",
    );
    check("ghcr.io/a/b/c", "ghcr.io/a/b/c", "ghcr.io/a/b/c");
    check("HOST/x", "HOST/x", "HOST/x");
    check("[::1]:5000/x", "[::1]:5000/x", "[::1]:5000/x");
    check("a__b/c---d.e", "docker.io/a__b/c---d.e", "a__b/c---d.e");
    check(
        &format!("busybox@{digest}"),
        &format!("docker.io/library/busybox@{digest}"),
        &format!("busybox@{digest}"),
    );
    check(
        &format!("x:y@{digest}"),
        &format!("docker.io/library/x:y@{digest}"),
        &format!("x:y@{digest}"),
    );
}

#[test]
fn only_a_name_without_tag_and_digest_gets_latest() {
    let digest = Digest::of(b"x");
    for (text, familiar) in [
        ("busybox", "busybox:latest".to_owned()),
        ("busybox:1", "busybox:1".to_owned()),
        (&format!("busybox@{digest}"), format!("busybox@{digest}")),
    ] {
        assert_eq!(
            Reference::parse(text).unwrap().or_latest().familiar(),
            familiar
        );
    }
}

#[test]
fn bad_names_are_refused_in_dockers_words() {
    let format = "invalid reference format";
    for text in [
        "",
        ":",
        "a:",
        ":a",
        "a/",
        "/a",
        "a//b",
        "-a",
        "a-",
        "a..b",
        "a___b",
        "a b",
        "a:b:c",
        "a@b",
        "a@sha256:12",
        "żaba",
        "a:-x",
        "host:x/y",
        "a._b",
        "localhost:/x",
    ] {
        refused(text, format);
    }
    refused(&format!("a:{}", "x".repeat(129)), format);
    refused(
        "Busybox",
        "invalid reference format: repository name (library/Busybox) must be lowercase",
    );
    refused(
        "a/B:X",
        "invalid reference format: repository name (a/B) must be lowercase",
    );
    refused(
        &"x".repeat(256),
        "repository name must not be more than 255 characters",
    );
    refused(
        &format!("a@md5:{}", "0".repeat(32)),
        "unsupported digest algorithm",
    );
    refused(
        &format!("a@sha256:{}", "0".repeat(63)),
        "invalid checksum digest length",
    );
    let hex = "0".repeat(64);
    refused(
        &hex,
        &format!("invalid repository name ({hex}), cannot specify 64-byte hexadecimal strings"),
    );
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,80}") {
        let _ = Reference::parse(&text);
    }

    #[test]
    fn a_displayed_reference_parses_to_the_same(
        text in "(([a-zA-Z0-9.-]{1,8}(:[0-9]{1,4})?|localhost)/)?[a-z0-9._-]{1,8}(/[a-z0-9._-]{1,8}){0,2}(:[A-Za-z0-9_.-]{1,8})?"
    ) {
        if let Ok(reference) = Reference::parse(&text) {
            prop_assert_eq!(&Reference::parse(&reference.to_string()).unwrap(), &reference);
            prop_assert_eq!(&Reference::parse(&reference.familiar()).unwrap(), &reference);
        }
    }
}
