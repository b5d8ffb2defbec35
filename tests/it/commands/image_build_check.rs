//! `docker build --check`: bad habits, each with its place; and what every build reports about them.

use crate::support::sandbox::Sandbox;

const UNTIDY: &str = "FROM busybox AS Make\nENV API_TOKEN=x\nCOPY . .\nCMD echo hi\n";

#[test]
fn findings_are_listed_with_their_place_and_their_page_and_nothing_is_built() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", UNTIDY);
    let found = sandbox.docker("build --check -t app .").fails(1);
    assert!(
        found
            .stdout
            .starts_with("Check complete, 3 warnings have been found!\n"),
        "{found}"
    );
    for (rule, place) in [
        (
            "StageNameCasing",
            "1 | FROM busybox AS Make\n  |                 ^^^^\n",
        ),
        ("SecretsUsedInArgOrEnv", " --> Dockerfile:2:5\n"),
        ("JSONArgsRecommended", "4 | CMD echo hi\n  |     ^^^^^^^\n"),
    ] {
        let page = format!("docs/checks/{rule}.md");
        assert!(
            found
                .stdout
                .contains(&format!("WARNING: {rule} - {page}\n")),
            "{found}"
        );
        assert!(found.stdout.contains(place), "{place} {found}");
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(root.join(page).is_file(), "{rule} has no page");
    }
    sandbox.docker("images -q app").ok().says("");
}

#[test]
fn a_tidy_file_passes_and_an_invalid_one_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nCMD [\"sh\"]\n");
    sandbox
        .docker("build --check .")
        .ok()
        .says("Check complete, no warnings found.\n");
    sandbox
        .docker("build --call check .")
        .fails(125)
        .complains("`--call` is not part of docklings");
    sandbox.write("Dockerfile", "FROM busybox\nRUNN\n");
    sandbox
        .docker("build --check .")
        .fails(1)
        .complains("unknown instruction: RUNN");
}

#[test]
fn a_build_reports_dockers_findings_and_the_file_may_make_them_errors() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", UNTIDY);
    sandbox
        .docker("build -t app .")
        .ok()
        .complains(" 3 warnings found (docker build --check tells more):\n - StageNameCasing: Stage name 'Make' should be lowercase (line 1)\n");
    sandbox.write("Dockerfile", format!("# check=error=true\n{UNTIDY}"));
    sandbox
        .docker("build -t again .")
        .fails(1)
        .complains("lint violation found for rules: StageNameCasing, SecretsUsedInArgOrEnv, JSONArgsRecommended");
    sandbox.docker("images -q again").ok().says("");
    sandbox.write(
        "Dockerfile",
        format!("# check=skip=all;error=true\n{UNTIDY}"),
    );
    sandbox
        .docker("build -t again .")
        .ok()
        .never_complains("warning");
}

#[test]
fn the_command_line_selects_the_checks_of_one_build() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "# check=skip=StageNameCasing\nFROM --platform=$TARGETPLATFORM busybox AS Make\nEXPOSE 8080:80 53/UDP\n# other words\nARG V=1\n",
    );
    sandbox.write(".dockerignore", "secret\n");
    sandbox.write("secret", "");
    let check = |argument: &str, expected: &[&str]| {
        let words = format!("build --check --build-arg BUILDKIT_DOCKERFILE_CHECK={argument} .");
        let found = sandbox.docker(&words);
        let rules: Vec<_> = found
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("WARNING: ")?.split(' ').next())
            .collect();
        assert_eq!(rules, expected, "{found}");
    };
    check(
        "skip=ExposeInvalidFormat",
        &[
            "RedundantTargetPlatform",
            "StageNameCasing",
            "ExposeProtoCasing",
        ],
    );
    check(
        "'skip=RedundantTargetPlatform,StageNameCasing,ExposeProtoCasing;experimental=all'",
        &["ExposeInvalidFormat", "InvalidDefinitionDescription"],
    );
    sandbox
        .docker("build --build-arg BUILDKIT_DOCKERFILE_CHECK=error=true .")
        .fails(1)
        .complains("lint violation found for rules: ");
    sandbox
        .docker("build --build-arg BUILDKIT_DOCKERFILE_CHECK=strict=true .")
        .fails(1)
        .complains("failed to parse check options: invalid check option \"strict\"");
    sandbox.docker("build -q -t mapped .").ok();
    sandbox
        .docker("image inspect -f '{{json .Config.ExposedPorts}}' mapped")
        .ok()
        .says("{\"53/udp\":{},\"80/tcp\":{}}\n");
    sandbox.write("Dockerfile", "FROM busybox\nCOPY secret /s\n");
    sandbox
        .docker("build --check .")
        .fails(1)
        .mentions("Attempting to Copy file \"secret\" that is excluded by .dockerignore")
        .mentions("2 | COPY secret /s\n  |      ^^^^^^\n");
}

#[test]
fn a_check_refuses_what_a_build_would_refuse_before_its_first_step() {
    let sandbox = Sandbox::new();
    for (dockerfile, said) in [
        (
            "FROM busybox AS a\nCOPY --from=a /x /y\n",
            "circular dependency detected on stage: a",
        ),
        (
            "FROM busybox AS a\nCOPY --from=b /x /y\nFROM busybox AS b\nCOPY --from=a /x /y\nFROM busybox\n",
            "circular dependency detected on stage: a",
        ),
        (
            "FROM busybox AS a\nCOPY --from=b /x /y\nFROM busybox AS b\nFROM a\n",
            "cannot copy from stage \"b\", it needs to be defined before current stage \"a\"",
        ),
        (
            "FROM REPLACE-ME\n",
            "repository name (library/REPLACE-ME) must be lowercase",
        ),
        ("ARG I\nFROM $I\n", "base name ($I) should not be blank"),
    ] {
        sandbox.write("Dockerfile", dockerfile);
        for command in ["build --check .", "build ."] {
            sandbox.docker(command).fails(1).complains(said);
        }
    }
    sandbox.write(
        "Dockerfile",
        "ARG V\nFROM busybox:$V\nENV X=$UNDEFINED\nCOPY <<EOF /f\n$UNDEFINED\nEOF\n",
    );
    let found = sandbox
        .docker("build --check --build-arg V=latest .")
        .fails(1);
    assert_eq!(
        found.stdout.matches("WARNING: UndefinedVar").count(),
        2,
        "{found}"
    );
}
