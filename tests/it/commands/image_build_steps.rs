//! `docker build` with RUN: what runs, what is cached and why not, and how a failure is shown.

use crate::support::sandbox::Sandbox;

#[test]
fn run_has_a_shell_an_exec_and_a_heredoc_form() {
    let sandbox = Sandbox::with_image(
        "FROM busybox\nRUN echo one > /a && echo two >> /a\nRUN [\"sh\", \"-c\", \"echo three >> /a\"]\nRUN <<EOF\necho four >> /a\necho five >> /a\nEOF\n",
    );
    sandbox
        .docker("run --rm i cat /a")
        .ok()
        .says("one\ntwo\nthree\nfour\nfive\n");
}

#[test]
fn a_script_can_name_its_interpreter_and_leaves_nothing_behind() {
    let sandbox =
        Sandbox::with_image("FROM busybox\nRUN <<EOF\n#!/bin/sh -e\necho $0 > /name\nEOF\n");
    sandbox
        .docker("run --rm i sh -c 'cat /name; ls -a / | grep heredoc'")
        .status_code_is_not(0)
        .says("/.heredoc/EOF\n");
}

#[test]
fn run_sees_variables_arguments_and_the_working_directory() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nARG A=default\nENV E=env\nWORKDIR /w\nRUN echo \"$A $E $(pwd)\" > /out\n",
    );
    sandbox.docker("build -q -t i --build-arg A=given .").ok();
    sandbox
        .docker("run --rm i cat /out")
        .ok()
        .says("given env /w\n");
}

#[test]
fn a_second_build_is_cached_and_a_changed_file_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "1");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nCOPY app.py /app.py\nRUN cat /proc/sys/kernel/random/uuid > /stamp\n",
    );
    sandbox.docker("build -q -t i .").ok();
    let first = sandbox.docker("run --rm i cat /stamp").ok().stdout;
    sandbox
        .docker("build --progress plain -t i .")
        .ok()
        .complains("CACHED");
    sandbox.docker("run --rm i cat /stamp").ok().says(&first);
    sandbox.write("app.py", "2");
    sandbox
        .docker("build --progress plain -t i .")
        .ok()
        .complains("(ran: app.py differs)")
        .complains("(ran: step 2 changed: app.py differs)");
    let second = sandbox.docker("run --rm i cat /stamp").ok().stdout;
    assert_ne!(first, second);
}

#[test]
fn a_changed_argument_reruns_the_steps_that_see_it() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nARG V=1\nRUN echo $V > /v\n");
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("build --progress plain -t i --build-arg V=2 .")
        .ok()
        .complains("(ran: build argument V changed: \"1\" -> \"2\")");
    sandbox.docker("run --rm i cat /v").ok().says("2\n");
}

#[test]
fn a_failing_command_is_shown_with_its_output_and_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN echo kept > /kept\nRUN echo last words; exit 3\n",
    );
    sandbox
        .docker("build -t i .")
        .fails(1)
        .complains("process \"/bin/sh -c echo last words; exit 3\" did not complete successfully: exit code: 3")
        .complains("last words")
        .complains("3 | RUN echo last words; exit 3");
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo kept > /kept\n");
    sandbox
        .docker("build --progress plain .")
        .ok()
        .complains("CACHED");
}

#[test]
fn deleted_files_are_gone_and_stages_stay_apart() {
    let sandbox = Sandbox::with_image(
        "FROM busybox AS builder\nRUN mkdir /out && echo built > /out/app && echo junk > /junk\nFROM busybox\nRUN echo x > /gone\nRUN rm /gone\nCOPY --from=builder /out/app /app\n",
    );
    sandbox
        .docker("run --rm i sh -c 'cat /app; ls /gone /junk 2>/dev/null'")
        .status_code_is_not(0)
        .says("built\n");
}

#[test]
fn an_error_in_the_dockerfile_shows_the_line_and_a_suggestion() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nRUNN echo hi\n");
    sandbox
        .docker("build .")
        .fails(1)
        .complains(
            "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
        )
        .complains("2 | RUNN echo hi")
        .complains("| ^^^^");
}
