//! A program that exists but that the kernel refuses to execute: the container starts, says why, and ends.

use crate::support::process::eventually;
use crate::support::sandbox::Sandbox;
use std::os::unix::fs::PermissionsExt;

/// Scripts that cannot be executed, with the output of their containers and the hint of a build.
const SCRIPTS: [(&str, &str, &str); 3] = [
    (
        "#!/bin/sh\r\necho hi\r\n",
        "exec /e.sh: no such file or directory\n",
        "hint: `/e.sh` has Windows line endings (CRLF)",
    ),
    (
        "#!/bin/bash\necho hi\n",
        "exec /e.sh: no such file or directory\n",
        "hint: `/e.sh` asks for the interpreter `/bin/bash`, which the image does not have",
    ),
    (
        "echo hi\n",
        "exec /e.sh: exec format error\n",
        "hint: `/e.sh` is neither a program nor a script",
    ),
];

fn with(script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let path = sandbox.write("e.sh", script);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .expect("a mode can be set");
    sandbox
}

#[test]
fn the_container_ends_with_255_and_its_log_says_why() {
    for (script, says, _) in SCRIPTS {
        let sandbox = with(script);
        let run = sandbox.docker("run -d --name box -v ./e.sh:/e.sh busybox /e.sh");
        assert_eq!(run.ok().warns("").text().len(), 64);
        sandbox.docker("wait box").ok().says("255\n");
        sandbox.docker("logs box").ok().says("").warns(says);
        sandbox.docker("ps -a").ok().mentions("Exited (255) ");
        sandbox
            .docker("inspect -f '{{.State.ExitCode}} {{.State.Error}}' box")
            .ok()
            .says("255 \n");
        sandbox
            .docker("run --rm -v ./e.sh:/e.sh busybox /e.sh")
            .fails(255)
            .says("")
            .warns(says);
        sandbox.sleeping("other");
        sandbox.docker("cp e.sh other:/e.sh").ok();
        sandbox.docker("exec other /e.sh").fails(255).warns(says);
    }
}

#[test]
fn a_program_that_is_not_found_is_still_the_clients_error() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox nosuch")
        .fails(127)
        .complains("exec: \"nosuch\": executable file not found in $PATH");
    eventually("it was only created", || {
        let state = sandbox.docker("inspect -f '{{.State.Status}} {{.State.ExitCode}}' box");
        state.ok().text() == "created 127"
    });
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo '#!/bin/nosuch' > /e.sh && chmod +x /e.sh\nRUN chmod -x /bin/busybox || true\n");
    sandbox
        .docker("run --rm busybox /etc/passwd")
        .fails(126)
        .complains("permission denied");
}

#[test]
fn a_build_names_the_cause_in_both_forms_of_run() {
    for (script, says, hint) in SCRIPTS {
        let sandbox = with(script);
        sandbox.write(
            "Dockerfile",
            "FROM busybox\nCOPY e.sh /e.sh\nRUN [\"/e.sh\"]\n",
        );
        sandbox
            .docker("build --progress plain .")
            .fails(1)
            .complains("did not complete successfully: exit code: 255")
            .complains(says)
            .complains(hint);
        if script.starts_with("#!") {
            sandbox.write(
                "Dockerfile",
                "FROM busybox\nCOPY e.sh /e.sh\nRUN true && /e.sh\n",
            );
            sandbox
                .docker("build --progress plain .")
                .fails(1)
                .complains("exit code: 127")
                .complains(hint)
                .never_complains("the shell found no command");
        }
    }
}
