//! The lesson shell and the course's verbs: sessions with text input and output, on a small course made by the test.

use crate::support::output::Output;
use crate::support::process;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use serde_json::Value;
use std::fs;

/// Two pages, an exercise with a setup and a question, and a page.
const LESSON: &str = "---
title: Boxes
goal: Run a box.
minutes: 5
needs: []
reads: []
exercises: [box, plain]
---
Welcome to boxes.

```console
$ docker ps
...
```

## Do it

Now [make a box](exercise:box).

## After

All boxed.
";

const EXERCISE: &str = "format: 1
id: box
revision: 1
title: Wake the box
setup:
  - docker run --name box busybox sh -c 'echo amber > /note'
story: A container called `box` has stopped.
goals:
  - id: again
    say: The box was started again.
    check:
      - container: { name: box, same_as: setup, started: 2 }
    why: A stopped container keeps its writable layer and can be started again.
    look: docker ps -a
    else:
      - id: new-one
        when: { happened: { event: create, via: run } }
        say: A new container was made.
  - id: word
    say: Tell what the note says.
    ask: What does it say?
    answer: amber
hints:
  - { for: new-one, say: One command creates and another starts. }
  - say: Look at the list of commands.
solutions:
  - do: [docker start -a box]
    answers: { word: amber }
debrief: You woke the box.
";

/// A sandbox whose course is the one above.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("course/lessons/content/01-boxes/lesson.md", LESSON);
    sandbox.write("course/exercises/01-boxes/box.yaml", EXERCISE);
    let plain = EXERCISE
        .replace("id: box\n", "id: plain\n")
        .replace("Wake the box", "Once more");
    sandbox.write("course/exercises/01-boxes/plain.yaml", plain);
    sandbox.write("course/exercises/01-boxes/box/files/hello.txt", "hello\n");
    let course = sandbox.work().join("course").display().to_string();
    sandbox.with("DOCKLINGS_CONTENT", &course)
}

/// Feeds `lines` to the shell, and returns its output.
pub(crate) fn session(sandbox: &Sandbox, lines: &[&str]) -> Output {
    let input = lines.join("\n") + "\n";
    process::run(&mut sandbox.command("docklings"), input.as_bytes())
}

#[test]
fn a_student_sees_why_it_is_wrong_and_then_passes() {
    let sandbox = sandbox();
    session(
        &sandbox,
        &["next", "next", "docker run busybox true", "check", "quit"],
    )
    .ok()
    .mentions("Welcome to boxes.")
    .mentions("A container called `box` has stopped.")
    .mentions("NOT YET     1. The box was started again.\n    A new container was made.\n")
    .mentions("Expected")
    .mentions("Why       A stopped container keeps its writable layer")
    .mentions("Look      docker ps -a")
    .never_mentions("PASS");
    session(
        &sandbox,
        &["docker start -a box", "answer amber", "next", "quit"],
    )
    .ok()
    .mentions("Welcome back.")
    .mentions("PASS  The box was started again. (1 of 2)")
    .mentions("PASS  Tell what the note says. (2 of 2)")
    .mentions("Done: Wake the box")
    .mentions("You woke the box.")
    .mentions("All boxed.");
    session(&sandbox, &["list"])
        .ok()
        .mentions("done        box: Wake the box");
}

#[test]
fn from_a_pipe_there_is_no_prompt_and_no_escape() {
    let output = session(
        &sandbox(),
        &["ls", "help", "list", "go box", "hint", "quit"],
    )
    .ok();
    assert!(!output.stdout.contains('\u{1b}'), "{output}");
    assert!(!output.stdout.contains("boxes $ "), "{output}");
    assert_eq!(output.stderr, "");
}

#[test]
fn a_line_passes_its_state_to_the_next() {
    let output = session(
        &sandbox(),
        &[
            "go free",
            "mkdir -p deep && cd deep",
            "export GREETING='good day'; WORD=amber",
            "sh -c 'echo \"[$GREETING]\"'; echo \"[$WORD]\"; basename \"$PWD\"",
            "cat > note <<END",
            "two",
            "lines",
            "END",
            "wc -l < note",
            "false",
            "echo code $?",
            "which docker",
        ],
    )
    .ok();
    for expected in [
        "[good day]\n[amber]\ndeep\n",
        "\n2\n",
        "\ncode 1\n",
        "/home/bin/docker\n",
    ] {
        assert!(
            output.stdout.contains(expected),
            "no {expected:?} in {output}"
        );
    }
}

#[test]
fn each_exercise_has_its_own_sandbox_and_files() {
    let sandbox = sandbox();
    session(
        &sandbox,
        &[
            "docker run --name mine busybox true",
            "go box",
            "docker ps -a --format '<{{.Names}}>'",
            "cat files/hello.txt",
        ],
    )
    .ok()
    .mentions("Now in the sandbox `ex-box`")
    .mentions("<box>\nhello\n")
    .never_mentions("<mine>");
    sandbox.docker("ps -aq").ok().says("");
}

#[test]
fn reset_brings_the_exercise_back_to_its_beginning() {
    session(
        &sandbox(),
        &[
            "go box",
            "docker rm box; touch extra; docker run --name other busybox true",
            "reset",
            "no",
            "docker ps -a --format '<{{.Names}}>'",
            "reset",
            "yes",
            "docker ps -a --format '({{.Names}})'; ls",
        ],
    )
    .ok()
    .mentions("Nothing has changed.\n<other>\n")
    .mentions("(box)\nfiles\n");
}

#[test]
fn the_solution_is_played_without_touching_the_learners_own() {
    let sandbox = sandbox();
    session(
        &sandbox,
        &[
            "go box",
            "docker rm box",
            "solution",
            "yes",
            "solution --play",
            "docker ps -aq | wc -l",
        ],
    )
    .ok()
    .mentions("The exercise is not done. Show its solution anyway?")
    .mentions("$ docker start -a box")
    .mentions("In a scratch sandbox:")
    .mentions("Yours is as it was.\n\n0\n");
    let sandboxes = fs::read_dir(sandbox.home().join("sandboxes")).unwrap();
    let names = sandboxes.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let scratch: Vec<String> = names.filter(|name| name.starts_with("scratch")).collect();
    assert_eq!(scratch, Vec::<String>::new());
}

#[test]
fn hints_follow_the_mistake_and_are_remembered() {
    let sandbox = sandbox();
    session(&sandbox, &["go box", "docker run busybox true", "hint"])
        .ok()
        .mentions("Hint  One command creates and another starts.\nOne more: `hint`.");
    sandbox
        .docklings("hint box")
        .ok()
        .mentions("Hint  Look at the list of commands.");
    sandbox
        .docklings("hint box")
        .ok()
        .mentions("There are no more hints");
}

#[test]
fn check_reports_to_scripts_by_exit_code_and_json() {
    let sandbox = sandbox();
    let parse = |output: &Output| -> Value { serde_json::from_str(&output.stdout).unwrap() };
    let report = parse(&sandbox.docklings("check box --json").fails(1));
    assert_eq!(report["verdict"], "not_yet");
    assert_eq!(report["goals"][0]["id"], "again");
    let started = sandbox
        .command("docker")
        .env("DOCKLINGS_SANDBOX", "ex-box")
        .args(["start", "-a", "box"])
        .status();
    assert!(started.unwrap().success());
    let report = parse(&sandbox.docklings("check box --json --answer amber").ok());
    assert_eq!(
        (&report["verdict"], &report["done"]),
        (&"pass".into(), &2.into())
    );
    let list = parse(&sandbox.docklings("list --json").ok());
    assert_eq!(list["lessons"][0]["exercises"][0]["standing"], "done");
    sandbox
        .docklings("check nothing")
        .fails(1)
        .complains("there is no exercise `nothing`");
    sandbox
        .docklings("check --jsn")
        .fails(2)
        .complains("unknown flag `--jsn`");
}

#[test]
fn progress_is_taken_to_another_machine() {
    let (here, there) = (sandbox(), sandbox());
    session(&here, &["go box", "docker start -a box", "answer amber"])
        .ok()
        .mentions("Done:");
    let file = here.work().join("progress.json").display().to_string();
    here.docklings(&format!("progress export {file}"))
        .ok()
        .mentions("written to");
    there
        .docklings(&format!("progress import {file}"))
        .ok()
        .says("imported: 1 more exercise done\n");
    there
        .docklings("progress")
        .ok()
        .mentions("1 of 2 exercises done");
    there.write("bad.json", "{}");
    there
        .docklings("progress import bad.json")
        .fails(1)
        .complains("not a progress file");
}

#[test]
fn a_broken_exercise_is_reported_and_the_course_continues() {
    let sandbox = sandbox();
    sandbox.write(
        "course/exercises/01-boxes/box.yaml",
        EXERCISE.replace("goals:", "gaols:"),
    );
    sandbox.docklings("check box").fails(1).complains("gaols");
    session(&sandbox, &["list", "go plain", "docker start -a box"])
        .ok()
        .mentions("broken      box")
        .mentions("PASS  The box was started again. (1 of 2)");
}

#[test]
fn reset_all_starts_the_course_over_and_leaves_the_playground() {
    let sandbox = sandbox();
    sandbox.docker("run --name mine busybox true").ok();
    session(&sandbox, &["go box", "docker start -a box", "answer amber"])
        .ok()
        .mentions("Done:");
    sandbox
        .docklings("reset --all")
        .fails(2)
        .complains("whole course");
    sandbox.docklings("reset --all --yes").ok();
    sandbox
        .docklings("progress")
        .ok()
        .mentions("0 of 2 exercises done");
    sandbox
        .docker("ps -a --format {{.Names}}")
        .ok()
        .says("mine\n");
}

#[test]
fn why_explains_what_the_last_line_did_and_show_draws_it() {
    session(
        &sandbox(),
        &[
            "go free",
            "why",
            "docker run --name one busybox sh -c 'echo x > /x'",
            "why",
            "ls",
            "why",
            "show",
            "show container one",
            "show layers busybox",
            "show image busybox hello-world",
            "show layer nothing",
            "explain docker run --rm busybox",
        ],
    )
    .ok()
    .mentions("The container `one` was created from `busybox`")
    .mentions("The first process of `one` ended with exit code 0.")
    .mentions("The last line changed nothing in this sandbox.")
    .mentions("image busybox")
    .mentions("    container one (exited with 0, own layer")
    .mentions("1 added, 0 changed, 0 deleted\nA /x\n")
    .mentions("image hello-world:latest")
    .mentions("a container's own layer is writable, and\n`docker rm` removes it.\n")
    .complains("No such layer: nothing")
    .mentions("--rm");
}

#[test]
fn env_makes_any_shell_use_our_docker() {
    let sandbox = sandbox();
    sandbox.docklings("check box").fails(1).mentions("NOT YET");
    sandbox
        .shell("eval \"$(docklings env box)\"; docker ps -a --format '{{.Names}}'; echo $DOCKLINGS_SANDBOX")
        .ok()
        .says("box\nex-box\n");
}

#[test]
fn a_value_too_long_for_a_line_does_not_end_the_shell() {
    let long = format!("echo {}", "x".repeat(200_000));
    session(
        &sandbox(),
        &[
            "go free",
            "SHORT=kept; LONG=$(head -c 200000 /dev/zero | tr '\\0' a)",
            "echo \"then $SHORT ${#LONG}\"",
            &long,
            "echo and on",
        ],
    )
    .ok()
    .mentions("`LONG` is too long to keep for the next line, so it is dropped.\n")
    .mentions("then kept 0\n")
    .mentions("cannot run the line: argument list too long\n")
    .mentions("and on\n");
}

#[test]
fn an_exercise_that_does_not_exist_has_no_sandbox() {
    let sandbox = sandbox();
    for verb in ["env", "where", "show", "check"] {
        sandbox
            .docklings(&format!("{verb} bxo"))
            .fails(1)
            .says("")
            .warns("there is no exercise `bxo`\nhint: did you mean `box`?\n");
    }
}

#[test]
fn watch_reports_what_is_done_in_another_terminal() {
    let sandbox = sandbox();
    let seen = sandbox.write("seen", "");
    let said = |text: &str| fs::read_to_string(&seen).is_ok_and(|seen| seen.contains(text));
    let mut watch = sandbox.command("docklings");
    watch
        .args(["watch", "box"])
        .stdin(std::process::Stdio::null())
        .stdout(fs::File::create(&seen).expect("a file can be made"));
    let mut watch = watch.spawn().expect("docklings starts");
    process::eventually("it shows the goals", || said("Watching."));
    let there = "eval \"$(docklings env box)\"";
    sandbox
        .shell(&format!("{there} && docker start -a box"))
        .ok();
    process::eventually("a goal is reached", || {
        said("PASS  The box was started again. (1 of 2)")
    });
    // A lost goal is reported, too.
    sandbox
        .shell(&format!("{there} && docker rm box >/dev/null"))
        .ok();
    process::eventually("a goal is lost", || {
        said("no longer true: The box was started")
    });
    drop(watch.kill());
    drop(watch.wait());
}

#[test]
fn nothing_is_wider_than_a_small_terminal() {
    requires!(Tool("script"));
    let sandbox = sandbox();
    session(&sandbox, &["next", "next", "quit"]).ok();
    let lines = "stty cols 40; docklings list; docklings check box; docklings hint box; \
                 printf 'goals\\nlist\\nback\\nquit\\n' | docklings";
    let shown = sandbox
        .shell(&format!("NO_COLOR=1 script -qc \"{lines}\" /dev/null"))
        .ok()
        .mentions("Wake the box")
        .mentions("Your goals:");
    for line in shown.stdout.lines().map(|line| line.trim_end_matches('\r')) {
        assert!(line.chars().count() <= 40, "`{line}` in {shown}");
    }
}

#[test]
fn doctor_passes_on_a_machine_on_which_tests_run() {
    let sandbox = Sandbox::new();
    let output = sandbox.docklings("doctor --json").ok();
    let found: Value = serde_json::from_str(&output.stdout).unwrap();
    let verdicts: Vec<_> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["verdict"])
        .collect();
    assert!(verdicts.len() >= 10, "{output}");
    assert!(
        verdicts.iter().all(|verdict| *verdict != "FAIL"),
        "{output}"
    );
    let text = sandbox.docklings("doctor").ok();
    text.mentions("PASS  overlayfs");
}

#[test]
fn doctor_names_a_folder_that_cannot_be_written_and_a_fix() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("a-file", "");
    let sandbox = sandbox.with("DOCKLINGS_HOME", &file.join("home").display().to_string());
    sandbox
        .docklings("doctor")
        .fails(1)
        .mentions("FAIL  data directory")
        .mentions("fix: export DOCKLINGS_HOME=");
}
