//! `docker rm`, `rename`, `container prune`: what they remove, and what they refuse.

use crate::support::process::eventually;
use crate::support::sandbox::Sandbox;
use std::path::Path;

#[test]
fn a_running_container_is_removed_only_by_force() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    let id = sandbox.docker("ps -q").ok().text().trim().to_owned();
    for reference in ["box", &id] {
        sandbox
            .docker(&format!("rm {reference}"))
            .fails(1)
            .says("")
            .complains("cannot remove container \"/box\": container is running: stop the container before removing");
    }
    sandbox.docker("rm -f box").ok().says("box\n");
    sandbox.docker("ps -aq").ok().says("");
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

#[test]
fn each_name_is_tried_and_each_failure_reported() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name one busybox").ok().warns("");
    sandbox.docker("create --name two busybox").ok().warns("");
    sandbox
        .docker("rm one nobody two")
        .fails(1)
        .says("one\ntwo\n")
        .warns("Error response from daemon: No such container: nobody\n");
}

#[test]
fn an_id_may_be_shortened_as_far_as_it_fits_one() {
    let sandbox = Sandbox::new();
    let id = sandbox.docker("create busybox").ok().text().to_owned();
    let short = &id[..5];
    sandbox
        .docker(&format!("rm {short}"))
        .ok()
        .says(&format!("{short}\n"));
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

#[test]
fn the_students_line_removes_all() {
    let sandbox = Sandbox::new();
    for _ in 0..3 {
        sandbox.docker("create busybox").ok().warns("");
    }
    assert_eq!(
        sandbox
            .shell("docker rm $(docker ps -aq)")
            .ok()
            .lines()
            .len(),
        3
    );
    sandbox.docker("ps -aq").ok().says("");
}

#[test]
fn a_renamed_container_frees_its_name() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name one busybox").ok().warns("");
    sandbox.docker("rename one two").ok().says("");
    sandbox.docker("create --name one busybox").ok().warns("");
    sandbox
        .docker("rename one two")
        .fails(1)
        .complains("Conflict. The container name \"/two\" is already in use");
    sandbox
        .shell("docker ps -a --format '{{.Names}}' | sort")
        .ok()
        .says("one\ntwo\n");
}

#[test]
fn prune_removes_ended_containers() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name ended busybox true")
        .ok()
        .says("");
    sandbox.sleeping("runs");
    sandbox
        .docker("container prune -f")
        .ok()
        .mentions("Deleted Containers:\n")
        .mentions("Total reclaimed space: ");
    sandbox
        .docker("ps -a --format '{{.Names}}'")
        .ok()
        .says("runs\n");
}

/// The names in a folder, sorted; empty if the folder does not exist.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_container_has_few_files_and_one_that_removes_itself_leaves_none() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox true")
        .ok()
        .warns("");
    let place = sandbox.home().join("sandboxes/free");
    let ids = names(&place.join("containers"));
    assert_eq!(ids.len(), 1);
    // Each additional file costs a creation and a removal in every run.
    let files = names(&place.join("containers").join(&ids[0]));
    assert_eq!(files, ["config.json", "upper", "work"]);
    sandbox.docker("run --rm busybox true").ok().says("");
    assert_eq!(names(&place.join("containers")), ids);
    assert_eq!(names(&place.join("names")), [".lock", "box"]);
    // They are unlinked after the answer.
    eventually("the trash is empty", || {
        names(&place.join("trash")).is_empty()
    });
}
