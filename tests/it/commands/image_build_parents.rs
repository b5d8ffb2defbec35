//! `COPY --parents` and `--exclude`: the examples of the Dockerfile reference, and edge cases.

use crate::support::sandbox::Sandbox;

/// Builds `lines` in a context with some files, and lists the files below `/d`.
#[track_caller]
fn check(lines: &str, expected: &str) {
    let sandbox = context();
    sandbox.write("Dockerfile", lines);
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i sh -c 'cd /d && find . -type f | sort'")
        .ok()
        .says(expected);
}

fn context() -> Sandbox {
    let sandbox = Sandbox::new();
    for file in [
        "a.txt",
        "a.md",
        "x/a.txt",
        "y/a.txt",
        "x/y/a.txt",
        "x/y/b.txt",
        "x/y/b.md",
        "hom.go",
        "home.txt",
    ] {
        sandbox.write(file, file);
    }
    sandbox
}

#[test]
fn the_folders_of_a_source_are_kept() {
    check(
        "FROM busybox\nCOPY --parents ./x/a.txt ./y/a.txt /d/\n",
        "./x/a.txt\n./y/a.txt\n",
    );
    check(
        "FROM busybox\nCOPY --parents ./x/./y/*.txt /d/\n",
        "./y/a.txt\n./y/b.txt\n",
    );
    check(
        "FROM busybox\nCOPY --parents ./x/**/*.txt /d\n",
        "./x/a.txt\n./x/y/a.txt\n./x/y/b.txt\n",
    );
    check(
        "FROM busybox AS one\nRUN mkdir -p /deep/er/still && echo 1 > /deep/er/still/f && chmod 700 /deep/er\nFROM busybox\nCOPY --from=one --parents /deep/./er/still/f /d/\nRUN stat -c %a /d/er > /d/mode && grep -qx 700 /d/mode\n",
        "./er/still/f\n./mode\n",
    );
    check(
        "FROM busybox\nCOPY --parents --exclude=**/*.md --exclude=x/a.txt x /d\n",
        "./x/y/a.txt\n./x/y/b.txt\n",
    );
}

#[test]
fn a_missing_source_is_an_error_unless_it_is_a_pattern() {
    let sandbox = context();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nCOPY --parents ./x/a.text /d/\n",
    );
    sandbox
        .docker("build .")
        .fails(1)
        .complains("\"/x/a.text\": not found");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nCOPY --parents x/*.none a.txt /d/\n",
    );
    sandbox
        .docker("build .")
        .ok()
        .complains("no file fits the pattern `x/*.none`");
    sandbox.write("Dockerfile", "FROM busybox\nCOPY --parents x/y a.txt /d/\n");
    sandbox.write(".dockerignore", "x/y\n");
    sandbox
        .docker("build .")
        .fails(1)
        .complains("\"/x/y\": not found");
    sandbox.write("Dockerfile", "FROM busybox\nADD --parents a.txt /d/\n");
    sandbox
        .docker("build .")
        .fails(1)
        .complains("unknown flag: --parents");
}

#[test]
fn the_cache_depends_only_on_copied_files() {
    let sandbox = context();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nCOPY --parents x/**/*.txt /d/\n",
    );
    sandbox.docker("build -q .").ok();
    sandbox.write("x/y/b.md", "other");
    sandbox
        .docker("build --progress plain .")
        .ok()
        .complains("CACHED");
    sandbox.write("x/y/b.txt", "other");
    sandbox
        .docker("build --progress plain .")
        .ok()
        .complains("(ran: x/y/b.txt differs)");
}

#[test]
fn exclusions_apply_to_files_and_to_the_contents_of_folders() {
    check(
        "FROM busybox\nCOPY --exclude=*.txt hom* /d/\n",
        "./hom.go\n",
    );
    check(
        "FROM busybox\nCOPY --exclude=*.txt --exclude=*.go --exclude=y hom* x /d/\n",
        "",
    );
}
