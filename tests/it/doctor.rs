//! `docklings doctor` on a machine with a fault, or with an apparent one: each is a small change to the test machine.

use crate::support::registry::Served;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use walkdir::WalkDir;

/// Every path below `folder`.
fn paths(folder: &Path) -> Vec<String> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    let path = |entry: walkdir::DirEntry| entry.path().display().to_string();
    entries.filter_map(Result::ok).map(path).collect()
}

#[test]
fn doctor_runs_a_container_and_leaves_nothing_of_it() {
    let sandbox = Sandbox::new();
    // The first run makes the shared files: images, the hub.
    sandbox.docklings("doctor").ok();
    let before = paths(&sandbox.home());
    sandbox
        .docklings("doctor")
        .ok()
        .mentions("PASS  containers");
    assert_eq!(paths(&sandbox.home()), before);
    sandbox.docker("ps -aq").ok().says("");
}

#[test]
fn a_machine_on_which_no_container_runs_fails() {
    requires!(OrdinaryUser);
    let sandbox = Sandbox::new();
    sandbox.docker("images -q").ok();
    // Each individual trial still passes, but no container of another sandbox can be created.
    let sandboxes = sandbox.home().join("sandboxes");
    let mode = |mode| fs::set_permissions(&sandboxes, fs::Permissions::from_mode(mode));
    mode(0o500).expect("ours");
    let said = sandbox.docklings("doctor");
    mode(0o700).expect("ours");
    said.fails(1)
        .mentions("FAIL  containers")
        .mentions("`docker run` fails")
        .mentions("Not everything works here");
}

#[test]
fn a_tool_without_its_setuid_bit_is_found_by_the_trial() {
    requires!(OrdinaryUser, SubordinateIds);
    let sandbox = Sandbox::new();
    let mut copies = String::new();
    // First one of them lacks it, then both.
    for tool in ["newuidmap", "newgidmap"] {
        let copy = sandbox.bin().join(tool);
        fs::copy(format!("/usr/bin/{tool}"), &copy).expect("can be copied");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("ours");
        copies.push_str(&format!(" {}", copy.display()));
        sandbox
            .docklings("doctor")
            .ok()
            .mentions("WARN  subordinate ids")
            .mentions("has no setuid bit")
            .mentions(&format!("fix: sudo chmod u+s{copies}\n"));
        sandbox
            .docker("run --rm busybox echo runs")
            .ok()
            .says("runs\n");
    }
}

#[test]
fn doctor_says_whether_the_upstream_answers_and_what_that_means() {
    let check = |upstream: &str, expected: &str| {
        let sandbox = Sandbox::new().with("DOCKLINGS_UPSTREAM", upstream);
        sandbox.docklings("doctor").ok().mentions(expected);
    };
    check(
        "none",
        "PASS  upstream          none: only images of this machine are used",
    );
    let class = Sandbox::new();
    let served = Served::start(&class, "");
    check(
        &served.host(),
        &format!(
            "PASS  upstream          {} accepts connections",
            served.host()
        ),
    );
    // Nothing listens on port 1.
    check(
        "http://localhost:1",
        "WARN  upstream          localhost:1 does not answer: dial tcp",
    );
}
