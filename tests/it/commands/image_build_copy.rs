//! `docker build`: the result of COPY and ADD. Each case was compared with Docker's two builders.

use crate::support::sandbox::Sandbox;

fn build(sandbox: &Sandbox, lines: &str) {
    sandbox.write("Dockerfile", format!("FROM busybox\n{lines}\n"));
    sandbox.docker("build -q -t i .").ok();
}

fn found(sandbox: &Sandbox, paths: &str, expected: &str) {
    sandbox
        .docker(&format!("run --rm i stat -c '%n %a %u:%g' {paths}"))
        .ok()
        .says(expected);
}

#[test]
fn a_new_directory_has_default_permissions_and_its_contents_keep_their_modes() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("mkdir -p d/in && echo f > d/f && chmod 700 d && chmod 711 d/in && chmod 640 d/f")
        .ok();
    build(
        &sandbox,
        "COPY d /a\nCOPY d/ /b/\nCOPY --chmod=750 --chown=3:4 d /c/c",
    );
    found(
        &sandbox,
        "/a /a/in /a/f /b /b/in",
        "/a 755 0:0\n/a/in 711 0:0\n/a/f 640 0:0\n/b 755 0:0\n/b/in 711 0:0\n",
    );
    sandbox
        .docker("run --rm i stat -c '%n %a' /c /c/c /c/c/in /c/c/f")
        .ok()
        .says("/c 755\n/c/c 755\n/c/c/in 750\n/c/c/f 750\n");
    // An existing directory keeps its mode.
    build(&sandbox, "RUN mkdir -m 1777 /t\nCOPY d /t");
    found(&sandbox, "/t /t/in", "/t 1777 0:0\n/t/in 711 0:0\n");
    // It is the same between stages.
    sandbox.write(
        "Dockerfile",
        "FROM busybox AS one\nRUN mkdir -p /d/in && chmod 700 /d /d/in\nFROM busybox\nCOPY --from=one /d /a\n",
    );
    sandbox.docker("build -q -t i .").ok();
    found(&sandbox, "/a /a/in", "/a 755 0:0\n/a/in 700 0:0\n");
}

#[test]
fn a_link_out_of_the_context_is_named_by_itself_and_in_a_pattern() {
    let sandbox = Sandbox::new();
    sandbox.shell("ln -s /etc/passwd out && echo f > of").ok();
    for source in ["out", "o*", "out/x"] {
        sandbox.write("Dockerfile", format!("FROM busybox\nCOPY {source} /x/\n"));
        sandbox
            .docker("build .")
            .fails(1)
            .complains("\"/out\": not found")
            .complains("--> Dockerfile:2:6")
            .complains(
                "`out` is a link to `/etc/passwd`, and nothing is there in the build context",
            );
    }
}

#[test]
fn files_of_an_archive_keep_their_owner_unless_chown_names_one() {
    let sandbox = Sandbox::new();
    sandbox
        .shell(
            "mkdir d && echo f > d/f && chmod 600 d/f && tar --owner=12 --group=34 -cf a.tar d/f",
        )
        .ok();
    build(
        &sandbox,
        "ADD --chown=5:6 --chmod=777 a.tar /new/\nADD a.tar /tmp",
    );
    // An ordinary user has one id, so all files belong to root.
    let (own, new) = match sandbox
        .docker("run --rm i stat -c %u /new")
        .ok()
        .text()
        .trim()
    {
        "5" => ("12:34", "5:6"),
        _ => ("0:0", "0:0"),
    };
    found(
        &sandbox,
        "/new /new/d/f /tmp /tmp/d/f",
        &format!("/new 755 {new}\n/new/d/f 600 {new}\n/tmp 1777 0:0\n/tmp/d/f 600 {own}\n"),
    );
}

#[test]
fn the_names_of_a_file_stay_one_file_and_a_name_need_not_be_text() {
    let sandbox = Sandbox::new();
    sandbox
        .shell("mkdir d && echo f > d/a && ln d/a d/b && touch \"$(printf 'd/x\\377.txt')\"")
        .ok();
    build(
        &sandbox,
        "RUN mkdir /c && echo old > /c/b\nCOPY d /c\nCOPY d/*.txt /t/",
    );
    sandbox
        .docker("run --rm i sh -c 'stat -c %h /c/a /c/b; cat /c/b; ls /t | wc -l'")
        .ok()
        .says("2\n2\nf\n1\n");
}
