//! `docker exec`: a second process in a running container.

use crate::support::sandbox::Sandbox;

#[test]
fn a_second_process_sees_the_same_files_and_processes() {
    let sandbox = Sandbox::new();
    sandbox
        .docker(
            "run -d --name box -e A=1 -w /tmp busybox sh -c 'echo first > /note; exec sleep 601'",
        )
        .ok()
        .warns("");
    sandbox
        .docker("exec box sh -c 'until [ -e /note ]; do :; done; cat /note'")
        .ok()
        .says("first\n");
    sandbox
        .docker("exec box ps -o args")
        .ok()
        .mentions("sleep 601");
    sandbox
        .docker("exec box sh -c 'echo $A; pwd'")
        .ok()
        .says("1\n/tmp\n");
    sandbox
        .docker("exec -e A=2 -w / box sh -c 'echo $A; pwd'")
        .ok()
        .says("2\n/\n");
}

#[test]
fn its_exit_code_is_passed_on() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    sandbox
        .docker("exec box sh -c 'echo out; echo err >&2; exit 9'")
        .fails(9)
        .says("out\n")
        .warns("err\n");
    sandbox
        .docker("exec box nosuchcommand")
        .fails(127)
        .complains("executable file not found in $PATH");
    sandbox
        .docker("exec box /etc/passwd")
        .fails(126)
        .complains("permission denied");
    sandbox
        .docker_with("exec -i box wc -c", "12345")
        .ok()
        .says("5\n");
    sandbox
        .docker("ps --format '{{.Names}} {{.State}}'")
        .ok()
        .says("box running\n");
}

#[test]
fn without_a_running_container_it_says_so() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("create --name box busybox")
        .ok()
        .text()
        .to_owned();
    sandbox.docker("exec box true").fails(1).warns(&format!(
        "Error response from daemon: container {id} is not running\n"
    ));
    sandbox
        .docker("exec nobody true")
        .fails(1)
        .warns("Error response from daemon: No such container: nobody\n");
}
