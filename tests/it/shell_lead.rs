//! The lesson shell leads on: what a page needs, what a slip meant, where a second terminal works, how a lesson ends.

use crate::shell::{sandbox, session};
use crate::shell_pty::on_terminal;
use crate::support::process;
use crate::support::sandbox::Sandbox;
use std::fs::{self, File};
use std::process::Stdio;

/// Two pages, the second of which needs the first, and another lesson.
const PAGES: &str = "---
title: Jobs
goal: Start a job and read what it said.
minutes: 5
---
Start one:

```console
$ docker run --name job busybox echo amber
...
$ docker run --name other busybox false
```

## Its log

```console
$ docker logs job
...
```
";

fn course() -> Sandbox {
    let sandbox = sandbox();
    sandbox.write("course/lessons/content/02-jobs/lesson.md", PAGES);
    sandbox
}

#[test]
fn a_page_names_what_it_needs_and_catchup_makes_it() {
    let output = session(
        &course(),
        &[
            "go 2",
            "next",
            "docker logs job",
            "catchup",
            "yes",
            "docker logs job",
            "goals",
        ],
    )
    .ok()
    .mentions("Run the commands of page 1 again, in this lesson's emptied sandbox?")
    .mentions(
        "$ docker run --name job busybox echo amber\n$ docker run --name other busybox false\n",
    )
    .mentions("Page 1 is done. `goals` shows");
    assert!(output.stdout.contains("\namber\n"), "{output}");
    session(&course(), &["catchup"])
        .ok()
        .mentions("There is no earlier page");
}

#[test]
fn a_page_on_a_terminal_names_what_is_missing_and_an_empty_line_shows_it_again() {
    let sandbox = course();
    let mut session = on_terminal(&sandbox, "xterm", "boxes $ ");
    session.send_line("go 2").expect("a line");
    session
        .exp_string("Lesson 2, page 1 of 2: Jobs")
        .expect("a rule");
    session.exp_string("jobs $ ").expect("the prompt");
    session.send_line("next").expect("a line");
    session
        .exp_string("This page needs `job` from page 1. `catchup` makes it.")
        .expect("what is missing");
    session.send_line("").expect("an empty line");
    session
        .exp_string("Lesson 2, page 2 of 2: Jobs")
        .expect("the page again");
    session.send_line("quit").expect("a line");
    session.exp_eof().expect("the end");
}

#[test]
fn a_paste_runs_line_by_line_with_the_words_of_the_course() {
    let sandbox = course();
    let mut session = on_terminal(&sandbox, "xterm", "boxes $ ");
    // As a terminal without bracketed paste sends it.
    session
        .send("echo first\necho sec''ond\n")
        .expect("a paste");
    session.flush().expect("it is sent");
    session.exp_string("\nfirst\r\n").expect("the first line");
    session.exp_string("\nsecond\r\n").expect("the second line");
    session
        .send("\u{1b}[200~X=one\necho \"it is $X\"\ngo box\u{1b}[201~")
        .expect("a bracketed paste");
    session.send_line("").expect("enter");
    session
        .exp_string("\nit is one\r\n")
        .expect("the paste's command");
    session.exp_string("box 0/2 $ ").expect("the paste's word");
    session.send_line("quit").expect("a line");
    session.exp_eof().expect("the end");
}

#[test]
fn what_was_meant_is_said() {
    session(
        &sandbox(),
        &[
            "go free",
            "$ echo hi",
            "dokcer ps",
            "docker logs <name>",
            "yes",
            "quit",
        ],
    )
    .ok()
    .mentions("`$` is the prompt of the page")
    .mentions("\nhi\n")
    .mentions("Did you mean `docker ps`?")
    .mentions("`<name>` stands for a name of yours")
    .mentions("There is no question to answer.");
}

#[test]
fn a_build_that_failed_is_named_with_its_line() {
    let lines = [
        "go box",
        "printf 'FROM busybox\\nCOPY gone /x\\n' > Dockerfile",
        "docker build -q .",
        "why",
        "check",
        "docker build -q - < Dockerfile; printf 'FROM busybox\\n' | docker build -q -",
        "check",
    ];
    let said = "The last build failed at line 2, `COPY gone /x`: ";
    let output = session(&sandbox(), &lines).ok();
    let count = output.stdout.replace('\n', " ").matches(said).count();
    assert_eq!(count, 2, "by `why`, and by the first `check`: {output}");
}

#[test]
fn the_end_of_a_lesson_says_what_was_learned() {
    let output = session(
        &course(),
        &[
            "go box",
            "docker run busybox true",
            "check",
            "go 2",
            "next",
            "next",
            "next",
        ],
    )
    .ok()
    .mentions("End of lesson 2: Jobs\nYou can now start a job and read what it said.\n")
    .mentions("Its commands: `docker run`, `docker logs`.")
    .mentions("[--------------------] 0 of 2 exercises of the course")
    .mentions("This is the end of the course.");
    assert!(
        output.stdout.contains("`next` leads to the end"),
        "{output}"
    );
}

#[test]
fn a_second_terminal_works_where_the_course_is() {
    let sandbox = course();
    let there = |line: &str| {
        let line = format!("eval \"$(docklings env)\"; {line}");
        sandbox.shell(&line).ok().text().to_owned()
    };
    for (place, lines) in [
        ("lesson-jobs", &["go 2"][..]),
        ("ex-box", &["go box"]),
        ("lesson-boxes", &["back"]),
        ("free", &["go free"]),
    ] {
        session(&sandbox, lines).ok();
        let home = there("docklings where");
        assert!(
            home.contains(&format!("sandbox {place} ")),
            "{place}: {home}"
        );
    }
    let script = "eval \"$(docklings env)\"; echo 'go box' | docklings >/dev/null; docker ps -a --format '<{{.Names}}>'";
    sandbox.shell(script).ok().says("<box>\n");
}

#[test]
fn a_build_in_another_folder_is_led_back() {
    let lines = [
        "go box",
        "echo FROM busybox > Dockerfile",
        "cd ..",
        "docker build -q .",
    ];
    session(&sandbox(), &lines)
        .ok()
        .mentions("You are in another folder. A Dockerfile of yours is here: `cd");
}

#[test]
fn edit_opens_the_learners_editor() {
    let sandbox = sandbox();
    let mut session = on_terminal(&sandbox, "xterm", "boxes $ ");
    session
        .send_line("export EDITOR='cp /proc/version'")
        .expect("a line");
    session.exp_string("boxes $ ").expect("the prompt");
    session.send_line("edit a note").expect("a line");
    session.exp_string("boxes $ ").expect("the prompt");
    session.send_line("ls").expect("a line");
    session.exp_string("a note").expect("the file");
    session.send_line("quit").expect("a line");
    session.exp_eof().expect("the end");
}

#[test]
fn watch_waits_on_a_page_and_goes_on_with_the_next_exercise() {
    let course = course();
    session(&course, &["go 2"]).ok();
    let seen = course.write("seen", "");
    let mut watch = course.command("docklings");
    watch
        .arg("watch")
        .stdin(Stdio::null())
        .stdout(File::create(&seen).expect("a file can be made"));
    let mut watch = watch.spawn().expect("docklings starts");
    let said = |text: &str| fs::read_to_string(&seen).is_ok_and(|seen| seen.contains(text));
    process::eventually("it waits", || {
        said("The course is in lesson 2, page 1. Waiting for the next exercise.")
    });
    session(&course, &["go box"]).ok();
    process::eventually("it shows the exercise", || said("Wake the box"));
    session(&course, &["docker start -a box"]).ok();
    process::eventually("a goal is reached", || {
        said("PASS  The box was started again. (1 of 2)")
    });
    drop(watch.kill());
    drop(watch.wait());
}
