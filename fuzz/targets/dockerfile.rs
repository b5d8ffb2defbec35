//! Any bytes as a Dockerfile: it is parsed or refused at a place, what is displayed parses to the same, and the checks
//! come to an end.

#![no_main]

use engine::build::check::{Around, check};
use engine::build::syntax::parse::Dockerfile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let first = match Dockerfile::parse("Dockerfile", bytes) {
        Ok(first) => first,
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1 && error.length >= 1);
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let shown = first.to_string();
    let second = Dockerfile::parse("Dockerfile", shown.as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{shown}"));
    assert_eq!(second.to_string(), shown);
    assert_eq!(first.stages.len(), second.stages.len());
    let around = Around {
        image: &|_| None,
        ignore: None,
        build_args: &[],
        options: None,
    };
    // The options in the file may be none.
    let Ok(report) = check(&first, &around) else {
        return;
    };
    for finding in report.findings {
        assert!(finding.line >= 1 && !finding.excerpt.is_empty());
    }
});
