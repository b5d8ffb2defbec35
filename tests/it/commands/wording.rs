//! Messages of Docker's command line for beginners' mistakes, word for word as `docker` 28.2 prints them.

use crate::support::sandbox::Sandbox;

/// Checks each command line's exit code and standard error.
#[track_caller]
fn check(sandbox: &Sandbox, cases: &[(&str, i32, &str)]) {
    for (line, code, warning) in cases {
        let end = sandbox.docker(line).fails(*code);
        assert_eq!(end.stderr, *warning, "docker {line}");
    }
}

#[test]
fn create_prints_the_engines_answer_alone_and_run_adds_help() {
    let sandbox = Sandbox::new();
    check(
        &sandbox,
        &[
            (
                "create --name a busybox",
                1,
                "Error response from daemon: Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed\n",
            ),
            (
                "create Bad",
                1,
                "invalid reference format: repository name (library/Bad) must be lowercase\n",
            ),
            (
                "run --name a busybox",
                125,
                "docker: Error response from daemon: Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed\n\nRun 'docker run --help' for more information\n",
            ),
            (
                "create --env-file nofile busybox",
                125,
                "docker: open nofile: no such file or directory\n\nRun 'docker create --help' for more information\n",
            ),
            (
                "run --restart on-failure:-1 busybox",
                125,
                "docker: Error response from daemon: invalid restart policy: maximum retry count cannot be negative\n\nRun 'docker run --help' for more information\n",
            ),
            (
                "run --health-cmd true --health-interval 1us busybox",
                125,
                "docker: Error response from daemon: Interval in Healthcheck cannot be less than 1ms\n\nRun 'docker run --help' for more information\n",
            ),
            (
                "run --cap-add FOO busybox",
                125,
                "docker: Error response from daemon: invalid CapAdd: unknown capability: \"CAP_FOO\"\n\nRun 'docker run --help' for more information\n",
            ),
            (
                "run --rm -w /etc/passwd busybox pwd",
                125,
                "docker: Error response from daemon: Cannot mkdir: /etc/passwd is not a directory\n\nRun 'docker run --help' for more information\n",
            ),
        ],
    );
}

#[test]
fn verbs_on_containers_have_dockers_words() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok().warns("");
    check(
        &sandbox,
        &[
            (
                "rename nosuch x",
                1,
                "Error response from daemon: No such container: nosuch\nError: failed to rename container named nosuch\n",
            ),
            (
                "port box 80",
                1,
                "Error: No public port '80' published for box\n",
            ),
            (
                "attach box",
                1,
                "You cannot attach to a stopped container, start it first\n",
            ),
            (
                "stop ''",
                1,
                "invalid container name or ID: value is empty\n",
            ),
            (
                "logs --since foo nosuch",
                1,
                "Error response from daemon: No such container: nosuch\n",
            ),
            (
                "commit box Bad",
                1,
                "invalid reference format: repository name (library/Bad) must be lowercase\n",
            ),
            (
                "export -o nodir/x box",
                1,
                "failed to export container: invalid output path: stat nodir: no such file or directory\n",
            ),
            (
                "ps -a --format '{{.Nope}}'",
                1,
                "failed to execute template: template: :1:2: executing \"\" at <.Nope>: can't evaluate field Nope in type *formatter.ContainerContext\n",
            ),
            (
                "images --format '{{'",
                1,
                "template parsing error: template: :1: unclosed action\n",
            ),
        ],
    );
    let stopped = sandbox.docker("stop --time 0 box").ok();
    assert_eq!(
        stopped.stderr,
        "Flag --time has been deprecated, use --timeout instead\n"
    );
    // A container that never started has no exit code and uses nothing.
    sandbox.docker("ps -a -q --filter exited=0").ok().says("");
    sandbox
        .docker("stats -a --no-stream --format '{{.Name}} {{.MemUsage}} {{.CPUPerc}} {{.PIDs}}'")
        .ok()
        .says("box 0B / 0B 0.00% 0\n");
}

#[test]
fn after_kill_the_container_has_ended() {
    let sandbox = Sandbox::new();
    for name in ["one", "two", "three"] {
        sandbox.sleeping(name);
        sandbox.docker(&format!("kill {name}")).ok().warns("");
        sandbox
            .docker(&format!("inspect -f '{{{{.State.Status}}}}' {name}"))
            .ok()
            .says("exited\n");
        sandbox
            .docker(&format!("exec {name} true"))
            .fails(1)
            .complains("is not running");
    }
}
