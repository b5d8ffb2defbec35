//! A failing `docker build`: what is wrong, where, and the hint.

use crate::support::sandbox::Sandbox;

/// What is wrong, where the caret is, and the hint. A log shows the same.
#[test]
fn errors_are_marked_and_suggestions_are_made() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "x\n");
    for (lines, place, hint) in [
        ("FROM bussybox", "1:6", "did you mean `busybox`?"),
        ("apt-get update", "1:1", "put a command in `RUN apt-get …`"),
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

/// A missing image of a later step is reported before the first step, not after minutes of work.
#[test]
fn all_images_are_looked_up_before_the_first_step() {
    let sandbox = Sandbox::new();
    for last in [
        "COPY --from=nosuch/img /a /b",
        "RUN --mount=from=nosuch/img,target=/x true",
        "FROM nosuch/img\nCOPY --from=0 /ran /ran",
    ] {
        sandbox.write(
            "Dockerfile",
            format!("FROM busybox\nRUN touch /ran\n{last}\n"),
        );
        sandbox
            .docker("build --progress plain .")
            .fails(1)
            .complains("nosuch/img")
            .never_complains("RUN touch /ran");
    }
}

#[test]
fn a_build_that_fails_leaves_no_id_of_an_earlier_image() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\n");
    sandbox.docker("build -q --iidfile id .").ok();
    assert!(sandbox.work().join("id").is_file());
    sandbox.write("Dockerfile", "FROM busybox\nRUN false\n");
    sandbox.docker("build -q --iidfile id .").fails(1);
    assert!(!sandbox.work().join("id").exists());
}
