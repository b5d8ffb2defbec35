//! `docker commit`: the settings of the container, and requested changes, in the new image.

use crate::support::sandbox::Sandbox;

/// A field of the image, by a template.
fn field(sandbox: &Sandbox, image: &str, template: &str) -> String {
    let words = format!("inspect -f '{template}' {image}");
    sandbox.docker(&words).ok().text().to_owned()
}

#[test]
fn an_image_keeps_what_its_container_ran_with() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box -e A=1 -p 80 --expose 90 --label x=y busybox true")
        .ok()
        .warns("");
    sandbox.docker("commit box mine").ok().mentions("sha256:");
    // The user's values come before the image's.
    let env = field(&sandbox, "mine", "{{index .Config.Env 0}}");
    assert_eq!(env, "A=1");
    let ports = field(&sandbox, "mine", "{{json .Config.ExposedPorts}}");
    assert_eq!(ports, r#"{"80/tcp":{},"90/tcp":{}}"#);
}

#[test]
fn changes_are_applied_or_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox sleep 1")
        .ok()
        .warns("");
    let refused = |change: &str, words: &str| {
        sandbox
            .docker(&format!("commit -c '{change}' box"))
            .fails(1)
            .warns(&format!("Error response from daemon: {words}\n"));
    };
    refused("FROM x", "FROM is not a valid change command");
    refused("RUN x", "RUN is not a valid change command");
    refused("WORKDIR", "WORKDIR requires exactly one argument");
    refused("", "file with no instructions");
    sandbox
        .docker("commit -c 'CMD echo $A' -c 'env A=2' box mine")
        .ok()
        .mentions("sha256:");
    let config = field(&sandbox, "mine", "{{json .Config}}");
    assert!(!config.contains("ArgsEscaped"), "{config}");
    sandbox
        .docker("commit -c 'CMD []' box same")
        .ok()
        .mentions("sha256:");
    assert_eq!(field(&sandbox, "same", "{{.Config.Cmd}}"), "[sleep 1]");
}

#[test]
fn a_commit_without_changed_files_leaves_no_layer_behind() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok().warns("");
    let id = sandbox.docker("commit box mine").ok().text().to_owned();
    sandbox
        .docker("rmi mine")
        .ok()
        .says(&format!("Untagged: mine:latest\nDeleted: {id}\n"));
}

#[test]
fn history_names_the_image_that_was_committed_from() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok().warns("");
    sandbox
        .docker("commit -m why box mine")
        .ok()
        .mentions("sha256:");
    let ids = sandbox
        .shell("docker images -q mine; docker images -q busybox:latest")
        .ok()
        .stdout;
    sandbox
        .shell("docker history -q mine | head -2")
        .ok()
        .says(&ids);
}

#[test]
fn a_name_with_a_digest_is_refused_by_the_command_line() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok().warns("");
    let digest = "0".repeat(64);
    sandbox
        .docker(&format!("commit box mine@sha256:{digest}"))
        .fails(1)
        .warns("refusing to create a tag with a digest reference\n");
}

#[test]
fn folders_nested_too_deeply_are_named_and_can_be_removed() {
    let sandbox = Sandbox::new();
    let script = "i=0; while [ $i -lt 1500 ]; do mkdir d && cd d || exit; i=$((i+1)); done";
    sandbox
        .docker(&format!("run --name box busybox sh -c '{script}'"))
        .ok()
        .says("");
    for words in ["diff box", "commit box"] {
        sandbox
            .docker(words)
            .fails(1)
            .complains("more than 500 folders lie in each other");
    }
    sandbox.docker("rm box").ok().says("box\n");
    assert!(sandbox.container_ids().is_empty());
}
