//! Each rule: what breaks it, and what does not.

use super::*;

fn rules(text: &str) -> Vec<String> {
    let file = Dockerfile::parse("Dockerfile", text.as_bytes()).unwrap();
    let ignore = Ignore::parse(".dockerignore", "secret\n*.log\n").unwrap();
    let around = Around {
        image: &image,
        ignore: Some(&ignore),
        build_args: &[],
        options: None,
    };
    let report = check(&file, &around).unwrap();
    report
        .findings
        .iter()
        .map(|finding| format!("{}:{:?}", finding.line, finding.rule))
        .collect()
}

fn image(name: &str) -> Option<BaseImage> {
    let architecture = match name {
        "x" => "",
        "x:far" => "m68k",
        _ => return None,
    };
    Some(BaseImage {
        env: vec!["HOME=/root".to_owned()],
        architecture: architecture.to_owned(),
        has_shell: false,
    })
}

/// Checks the findings in `lines` after `FROM x`.
fn check_lines(lines: &str, expected: &[&str]) {
    assert_eq!(rules(&format!("FROM x\n{lines}\n")), expected, "{lines}");
}

#[test]
fn habits_of_writing() {
    check_lines("CMD [\"a\"]", &[]);
    check_lines("CMD a", &["2:JSONArgsRecommended"]);
    check_lines("ENTRYPOINT ['a']", &["2:JSONArgsRecommended"]);
    check_lines("run a\nRUN b", &["2:ConsistentInstructionCasing"]);
    check_lines("MAINTAINER me", &["2:MaintainerDeprecated"]);
    check_lines("ENV A b", &["2:LegacyKeyValueFormat"]);
    check_lines("RUN a \\\n\n b", &["2:NoEmptyContinuation"]);
    check_lines("WORKDIR a", &["2:WorkdirRelativePath"]);
    check_lines("WORKDIR /a\nWORKDIR b", &[]);
    check_lines(
        "CMD [\"a\"]\nCMD [\"b\"]",
        &["2:MultipleInstructionsDisallowed"],
    );
}

#[test]
fn names_of_stages() {
    let check = |text: &str, expected: &[&str]| assert_eq!(rules(text), expected, "{text}");
    check("FROM x AS one\nFROM x AS two", &[]);
    check("FROM x AS One", &["1:StageNameCasing"]);
    check("FROM x as one", &["1:FromAsCasing"]);
    check("FROM x AS one\nFROM x AS one", &["2:DuplicateStageName"]);
    check("FROM x AS scratch", &["1:ReservedStageName"]);
    check(
        "FROM x:$V",
        &["1:InvalidDefaultArgInFrom", "1:UndefinedArgInFrom"],
    );
    check("ARG V=1\nFROM x:$V", &[]);
    check("FROM x-$TARGETARCH", &[]);
}

#[test]
fn images_and_platforms() {
    let check = |text: &str, expected: &[&str]| assert_eq!(rules(text), expected, "{text}");
    check("ARG V\nFROM x:$V", &["2:InvalidDefaultArgInFrom"]);
    check("ARG V\nFROM x:${V:-1}", &[]);
    check("ARG I\nFROM $I", &["2:InvalidDefaultArgInFrom"]);
    check(
        "FROM --platform=$TARGETPLATFORM x",
        &["1:RedundantTargetPlatform"],
    );
    check(
        "FROM --platform=${TARGETPLATFORM} x",
        &["1:RedundantTargetPlatform"],
    );
    check("FROM --platform=$BUILDPLATFORM x", &[]);
    check(
        "FROM --platform=$BULIDPLATFORM x",
        &["1:UndefinedArgInFrom"],
    );
    check(
        "FROM --platform=linux/amd64 x",
        &["1:FromPlatformFlagConstDisallowed"],
    );
    check("FROM --platform=linux/amd64 x AS build_amd64", &[]);
    check("FROM x:far", &["1:InvalidBaseImagePlatform"]);
}

#[test]
fn descriptions_are_looked_at_when_they_are_asked_for() {
    let check = |text: &str, expected: &[&str]| {
        let text = format!("# check=experimental=all\n{text}");
        assert_eq!(rules(&text), expected, "{text}");
    };
    check("FROM x AS base", &[]);
    check(
        "\n# the base\nFROM x AS base",
        &["4:InvalidDefinitionDescription"],
    );
    check("\n# base is the base\nFROM x AS base", &[]);
    check("\n# a remark\n\nFROM x AS base", &[]);
    check("\n# a remark\n#\nFROM x AS base\n# other\nFROM x", &[]);
    check(
        "\n# v is 1\nARG v=1\n# no\nARG w=2\nFROM x\n# no\nARG a=1 b=2",
        &[
            "6:InvalidDefinitionDescription",
            "9:InvalidDefinitionDescription",
        ],
    );
    assert!(rules("# the base\nFROM x AS base").is_empty());
}

#[test]
fn ports_and_sources() {
    check_lines("EXPOSE 80 53/udp $P", &["2:UndefinedVar"]);
    check_lines("EXPOSE 80/TCP", &["2:ExposeProtoCasing"]);
    check_lines(
        "EXPOSE 127.0.0.1:80:80 8080:80",
        &["2:ExposeInvalidFormat", "2:ExposeInvalidFormat"],
    );
    check_lines(
        "COPY secret ./a.log /d/",
        &["2:CopyIgnoredFile", "2:CopyIgnoredFile"],
    );
    check_lines("COPY --from=x secret /\nADD https://h/secret b /d/", &[]);
    check_lines("SHELL [\"/bin/sh\", \"-c\"]\nCMD a", &[]);
    assert!(rules("FROM x AS a\nWORKDIR /w\nFROM a\nWORKDIR b").is_empty());
}

#[test]
fn variables_that_nothing_sets() {
    check_lines("ENV A=$HOME B=${NO:-d}\nWORKDIR /$A", &[]);
    check_lines("WORKDIR /$NOPE", &["2:UndefinedVar"]);
    check_lines("ARG V\nCOPY $V /a/", &[]);
    check_lines("COPY $V /a/\nARG V", &["2:UndefinedVar"]);
    check_lines(
        "COPY <<EOF /f\n$HOME $NOPE ${D:-d} \\$ESCAPED\nEOF",
        &["2:UndefinedVar"],
    );
    check_lines("COPY <<\"EOF\" /f\n$NOPE\nEOF", &[]);
    check_lines("RUN --mount=target=/$NOPE true", &["2:UndefinedVar"]);
    // A base named by a variable is known as well.
    assert_eq!(rules("ARG I=x\nFROM $I\nENV A=$NOPE"), ["3:UndefinedVar"]);
    // An image that is not local is unknown.
    assert!(rules("FROM elsewhere\nWORKDIR /$NOPE").is_empty());
    assert_eq!(
        rules("FROM x AS a\nENV A=1\nFROM a\nWORKDIR /$A$B"),
        ["4:UndefinedVar"]
    );
}

#[test]
fn secrets_in_names() {
    check_lines("ENV DB_PASSWORD=x", &["2:SecretsUsedInArgOrEnv"]);
    check_lines("ARG API_TOKEN", &["2:SecretsUsedInArgOrEnv"]);
    check_lines("ENV PUBLIC_KEY=x MONKEY=y", &[]);
}

#[test]
fn rules_can_be_skipped_and_made_errors() {
    let skip = |directive: &str| rules(&format!("# check={directive}\nFROM x as One\n"));
    assert_eq!(skip("skip=FromAsCasing"), ["2:StageNameCasing"]);
    assert!(skip("skip=all").is_empty());
    let file = Dockerfile::parse("d", b"# check=error=true\nFROM x as one\n").unwrap();
    let around = Around {
        image: &|_| None,
        ignore: None,
        build_args: &[],
        options: None,
    };
    assert!(check(&file, &around).unwrap().is_error);
    // The command line overrides the directive.
    for (options, count) in [("skip=FromAsCasing", 0), ("", 1)] {
        let around = Around {
            options: Some(options),
            ..around
        };
        let report = check(&file, &around).unwrap();
        assert_eq!((report.findings.len(), report.is_error), (count, false));
    }
    let around = Around {
        options: Some("nope=1"),
        ..around
    };
    assert!(check(&file, &around).is_err());
}

#[test]
fn every_rule_has_a_page_that_bears_its_name() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for rule in Rule::ALL {
        let text = std::fs::read_to_string(root.join(rule.page())).unwrap_or_default();
        assert!(
            text.starts_with(&format!("# {}\n", rule.name())),
            "{}",
            rule.page()
        );
    }
}
