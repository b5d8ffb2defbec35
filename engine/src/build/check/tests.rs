//! Each rule: what breaks it, and what does not.

use super::*;

fn rules(text: &str, has_dockerignore: Option<bool>) -> Vec<String> {
    let file = Dockerfile::parse("Dockerfile", text.as_bytes()).unwrap();
    let env = |image: &str| (image == "x").then(|| vec!["HOME=/root".to_owned()]);
    let around = Around {
        image_env: &env,
        has_dockerignore,
    };
    let report = check(&file, &around);
    report
        .findings
        .iter()
        .map(|finding| format!("{}:{:?}", finding.line, finding.rule))
        .collect()
}

/// Checks what is found in `lines` after `FROM x`.
fn check_lines(lines: &str, expected: &[&str]) {
    assert_eq!(
        rules(&format!("FROM x\n{lines}\n"), Some(true)),
        expected,
        "{lines}"
    );
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
    let check = |text: &str, expected: &[&str]| assert_eq!(rules(text, None), expected, "{text}");
    check("FROM x AS one\nFROM x AS two", &[]);
    check("FROM x AS One", &["1:StageNameCasing"]);
    check("FROM x as one", &["1:FromAsCasing"]);
    check("FROM x AS one\nFROM x AS one", &["2:DuplicateStageName"]);
    check("FROM x AS scratch", &["1:ReservedStageName"]);
    check("FROM x:$V", &["1:UndefinedArgInFrom"]);
    check("ARG V=1\nFROM x:$V", &[]);
    check("FROM x-$TARGETARCH", &[]);
}

#[test]
fn variables_that_nothing_sets() {
    check_lines("ENV A=$HOME B=${NO:-d}\nWORKDIR /$A", &[]);
    check_lines("WORKDIR /$NOPE", &["2:UndefinedVar"]);
    check_lines("ARG V\nCOPY $V /a/", &[]);
    check_lines("COPY $V /a/\nARG V", &["2:UndefinedVar"]);
    // Nothing is known of an image that is not here.
    assert!(rules("FROM elsewhere\nWORKDIR /$NOPE", None).is_empty());
    assert_eq!(
        rules("FROM x AS a\nENV A=1\nFROM a\nWORKDIR /$A$B", None),
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
fn layers_and_the_cache() {
    check_lines("RUN apt-get update", &["2:AptGetUpdateAlone"]);
    check_lines("RUN apt-get update && apt-get install -y a", &[]);
    check_lines(
        "COPY a.tgz /tmp/\nRUN tar xf /tmp/a.tgz && rm /tmp/a.tgz",
        &["3:FileRemovedInLaterLayer"],
    );
    check_lines(
        "RUN wget -O /big http://h/b\nRUN rm -f /big",
        &["3:FileRemovedInLaterLayer"],
    );
    check_lines("RUN wget -O /big http://h/b && rm /big", &[]);
    check_lines("COPY . .\nRUN npm ci", &["2:CopyBeforeDependencies"]);
    check_lines("COPY package.json .\nRUN npm ci\nCOPY . .", &[]);
    assert_eq!(
        rules("FROM x\nCOPY . /a", Some(false)),
        ["2:MissingDockerignore"]
    );
}

#[test]
fn rules_can_be_skipped_and_made_errors() {
    let skip = |directive: &str| rules(&format!("# check={directive}\nFROM x as One\n"), None);
    assert_eq!(skip("skip=FromAsCasing"), ["2:StageNameCasing"]);
    assert!(skip("skip=all").is_empty());
    let file = Dockerfile::parse("d", b"# check=error=true\nFROM x as one\n").unwrap();
    let around = Around {
        image_env: &|_| None,
        has_dockerignore: None,
    };
    assert!(check(&file, &around).is_error);
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
