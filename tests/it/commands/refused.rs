//! Requests that are refused before anything happens: unknown commands and flags, and features that docklings leaves
//! out.

use crate::support::sandbox::Sandbox;

#[test]
fn an_unknown_command_or_flag_has_dockers_words_and_code() {
    let sandbox = Sandbox::new();
    sandbox.docker("nosuch").fails(1).says("").warns(
        "docker: unknown command: docker nosuch\n\nRun 'docker --help' for more information\n",
    );
    sandbox.docker("run --nosuch busybox").fails(125).says("").warns(
        "unknown flag: --nosuch\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'docker run --help' for more information\n",
    );
    sandbox
        .docker("ps -Z")
        .fails(125)
        .complains("unknown shorthand flag: 'Z' in -Z");
    sandbox
        .docker("rename a")
        .fails(1)
        .complains("'docker rename' requires 2 arguments");
    sandbox
        .docker("run")
        .fails(1)
        .complains("'docker run' requires at least 1 argument");
}

#[test]
fn left_out_features_are_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --gpus all busybox")
        .fails(125)
        .complains("`--gpus` is not part of docklings; see docs/limits.md");
    for (command, name) in [
        ("swarm init", "swarm"),
        ("compose up", "compose"),
        ("buildx ls", "buildx ls"),
    ] {
        sandbox.docker(command).fails(1).warns(&format!(
            "`docker {name}` is not part of docklings; see docs/limits.md\n"
        ));
    }
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

#[test]
fn help_is_not_an_error() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("--help")
        .ok()
        .mentions("Usage:  docker [OPTIONS] COMMAND");
    sandbox
        .docker("run --help")
        .ok()
        .mentions("Usage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]");
    sandbox
        .docker("container ls --help")
        .ok()
        .mentions("Usage:  docker container ls [OPTIONS]");
    sandbox
        .docker("--version")
        .ok()
        .mentions("Docker version 28");
}
