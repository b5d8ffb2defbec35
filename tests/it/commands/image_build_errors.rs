//! `docker build` that fails: what is wrong, where, and what helps.

use crate::support::sandbox::Sandbox;

/// What is wrong, where the caret stands, and the line that helps: also in a log.
#[test]
fn what_is_wrong_is_marked_and_what_may_have_been_meant_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "x\n");
    for (lines, place, hint) in [
        ("FROM bussybox", "1:6", "did you mean `busybox`?"),
        (
            "apt-get update",
            "1:1",
            "a command stands behind RUN (`RUN apt-get …`)",
        ),
        (
            "FROM busybox\nCOPY ap.py /",
            "2:6",
            "did you mean `app.py`?",
        ),
        ("FROM busybox\nCOPY --chmod=9 app.py /", "2:14", ""),
        (
            "FROM busybox\nCOPY --chown=nobdy app.py /",
            "2:1",
            "did you mean `nobody`?",
        ),
        ("FROM busybox\nCOPY [ab /x", "2:6", ""),
        (
            "FROM busybox\nADD --checksum=md5:1 http://127.0.0.1:1/x /x",
            "2:16",
            "",
        ),
        (
            "FROM busybox\nSTOPSIGNAL SIGTEM",
            "2:12",
            "did you mean `SIGTERM`?",
        ),
        ("FROM busybox\nEXPOSE http", "2:8", "a port is a number"),
        ("FROM busybox\nRUN eco hi", "2:1", "exit code 127"),
    ] {
        sandbox.write("Dockerfile", format!("{lines}\n"));
        let built = sandbox.docker("build .").fails(1);
        let built = built.complains(&format!("--> Dockerfile:{place}\n"));
        if !hint.is_empty() {
            built.complains(&format!("\nhint: {hint}"));
        }
    }
}
