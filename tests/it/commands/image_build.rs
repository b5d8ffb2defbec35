//! `docker build`: from a Dockerfile to an image, with the cache and the reasons for misses.

use crate::support::sandbox::Sandbox;

#[test]
fn an_image_is_built_and_runs() {
    let sandbox = Sandbox::new();
    sandbox.write("app/greeting", "hello from the context\n");
    sandbox.write(
        "app/Dockerfile",
        "FROM busybox\nWORKDIR /srv\nENV WHO=me\nCOPY greeting .\nRUN cat greeting > copy && echo $WHO >> copy\nEXPOSE 80\nCMD [\"cat\", \"copy\"]\n",
    );
    sandbox
        .docker("build -t app app")
        .ok()
        .complains("naming to docker.io/library/app");
    sandbox
        .docker("run --rm app")
        .ok()
        .says("hello from the context\nme\n");
    sandbox
        .docker("inspect -f '{{.Config.WorkingDir}} {{json .Config.Cmd}} {{json .Config.ExposedPorts}}' app")
        .ok()
        .says("/srv [\"cat\",\"copy\"] {\"80/tcp\":{}}\n");
}

#[test]
fn a_second_build_is_cached_and_a_miss_names_its_reason() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "1\n");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN echo first\nCOPY a /a\nRUN cat /a\n",
    );
    sandbox
        .docker("build --progress=plain -t app .")
        .ok()
        .complains("RUN cat /a");
    let id = sandbox.docker("images -q app").ok().text().to_owned();
    let again = sandbox.docker("build --progress=plain -t app .").ok();
    let cached = again.stderr.matches("CACHED").count();
    assert!(cached >= 3, "{again}");
    sandbox
        .docker("images -q app")
        .ok()
        .says(&format!("{id}\n"));

    sandbox.write("a", "2\n");
    let changed = sandbox.docker("build --progress=plain -t app .").ok();
    assert_eq!(
        changed.stderr.matches("CACHED").count(),
        cached - 2,
        "{changed}"
    );
    assert!(
        changed.stderr.contains("`a`") || changed.stderr.contains(" a differs"),
        "{changed}"
    );
}

#[test]
fn a_touched_file_does_not_count_as_a_change_and_a_changed_mode_does() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "1\n");
    sandbox.write("Dockerfile", "FROM busybox\nCOPY a /a\n");
    sandbox.docker("build -q -t app .").ok().mentions("sha256:");
    let id = sandbox.docker("images -q app").ok().text().to_owned();
    sandbox.shell("touch -d 2001-01-01 a").ok().says("");
    sandbox.docker("build -q -t app .").ok().mentions(&id);
    sandbox.shell("chmod 755 a").ok().says("");
    sandbox.docker("build -q -t app .").ok().never_mentions(&id);
}

#[test]
fn a_mistake_is_shown_where_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nRUNN echo hi\n");
    sandbox
        .docker("build -t app .")
        .fails(1)
        .complains("Dockerfile:2")
        .complains("unknown instruction: RUNN")
        .complains("RUNN echo hi");
    sandbox.write("Dockerfile", "FROM busybox\nCOPY nosuch /x\n");
    sandbox
        .docker("build -t app .")
        .fails(1)
        .complains("nosuch");
    sandbox.write("Dockerfile", "FROM busybox\nRUN exit 3\n");
    sandbox
        .docker("build -t app .")
        .fails(1)
        .complains("exit code: 3");
    sandbox.docker("images -q app").ok().says("");
}

#[test]
fn nothing_outside_the_context_is_copied() {
    let sandbox = Sandbox::new();
    sandbox.write("secret", "not yours\n");
    sandbox.write("app/Dockerfile", "FROM busybox\nCOPY ../secret /x\n");
    sandbox
        .docker("build -t app app")
        .fails(1)
        .complains("secret");
    sandbox.shell("ln -s ../secret app/link").ok().says("");
    sandbox.write("app/Dockerfile", "FROM busybox\nCOPY link /x\n");
    sandbox
        .docker("build -t app app")
        .fails(1)
        .complains("link");
}

#[test]
fn ignored_files_stay_outside() {
    let sandbox = Sandbox::new();
    sandbox.write("keep", "");
    sandbox.write("notes.md", "");
    sandbox.write(".dockerignore", "*.md\n");
    sandbox.write("Dockerfile", "FROM busybox\nCOPY . /ctx\nCMD ls -A /ctx\n");
    sandbox.docker("build -q -t app .").ok().mentions("sha256:");
    sandbox
        .docker("run --rm app")
        .ok()
        .says(".dockerignore\nDockerfile\nkeep\n");
}

#[test]
fn stages_are_built_and_only_copied_files_arrive() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "FROM busybox AS make\nRUN echo made > /made && echo rest > /rest\nFROM busybox\nCOPY --from=make /made /made\nCMD cat /made; ls /rest\n",
    );
    sandbox.docker("build -q -t app .").ok().mentions("sha256:");
    sandbox
        .docker("run --rm app")
        .fails(1)
        .says("made\n")
        .complains("/rest: No such file or directory");
}

#[test]
fn a_stage_is_chosen_by_its_name_only_and_a_network_must_be_one_that_builds_have() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nFROM busybox AS two\n");
    sandbox.docker("build -q --target TWO .").ok();
    sandbox
        .docker("build --target 0 .")
        .fails(1)
        .complains("target stage \"0\" could not be found")
        .complains("hint: a stage is chosen by its name");
    sandbox
        .docker("build --network net .")
        .fails(1)
        .complains("network mode \"net\" not supported by buildkit")
        .complains("hint: `--network` takes `default`, `none` or `host`");
}
