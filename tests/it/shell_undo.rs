//! `undo` in the lesson shell: a line is reverted, or the shell says why it cannot be.

use crate::shell::sandbox;
use crate::support::output::Output;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::fs;

/// A session whose messages are not wrapped.
fn session(sandbox: &Sandbox, lines: &[&str]) -> Output {
    let mut output = crate::shell::session(sandbox, lines);
    let broken = std::mem::take(&mut output.stdout);
    for line in broken.lines() {
        output.stdout.push_str(line);
        output.stdout.push(match line.len() > 60 {
            true => ' ',
            false => '\n',
        });
    }
    output
}

#[test]
fn a_new_container_is_removed_again() {
    let sandbox = sandbox();
    session(
        &sandbox,
        &[
            "go free",
            "undo",
            "docker run --name one busybox true",
            "docker ps -a --format 'now {{.Names}}'",
            "undo",
            "docker ps -a --format 'then {{.Names}}'; echo none",
            "undo",
        ],
    )
    .ok()
    .mentions("There is nothing to undo")
    .mentions("now one\n")
    .mentions("Undone: `docker run --name one busybox true`. Removed: container one.")
    .mentions("Your own files are not touched.")
    .never_mentions("then one");
    sandbox.docker("events --since 0 --until 1m").ok().says("");
}

#[test]
fn removals_and_changes_of_stopped_containers_are_reverted() {
    let sandbox = sandbox();
    sandbox
        .docker("run --name one -v data:/data busybox sh -c 'echo first | tee /note /data/note; rm /etc/group'")
        .ok();
    sandbox.docker("tag busybox mine:v1").ok();
    let lines = [
        "go free",
        "docker rm one",
        "undo",
        "docker cp one:/note - | tar -xO; docker logs one; docker diff one | grep group",
        "docker start -a one",
        "undo",
        "docker inspect -f 'started {{.State.StartedAt}}' one | grep -c 0001-01-01",
        "docker rmi mine:v1",
        "undo",
        "docker images -q mine | wc -l",
        "docker rm one && docker volume rm data",
        "undo",
        "docker run --rm -v data:/data busybox cat /data/note",
        "docker inspect -f '{{.Name}} is there' one",
    ];
    session(&sandbox, &lines)
        .ok()
        .mentions("Undone: `docker rm one`. Restored: container one.")
        .mentions("first\nfirst\nD /etc/group\n")
        .mentions("Undone: `docker start -a one`.")
        .mentions("Restored: image mine:v1.")
        .mentions("Restored: container one, volume data.")
        .mentions("/one is there\n");
}

#[test]
fn a_line_that_ended_a_process_cannot_be_undone_and_changes_nothing() {
    let sandbox = sandbox();
    sandbox.docker("run -d --name long busybox sleep 600").ok();
    session(
        &sandbox,
        &[
            "go free",
            "docker run -d --name other busybox sleep 600",
            "undo",
            "docker ps --format 'left {{.Names}}'",
            "docker exec long touch /new",
            "undo",
            "docker stop -t 0 long; docker run --name kept busybox true",
            "undo",
            "docker ps -a --format 'still {{.Names}} {{.State}}'",
        ],
    )
    .ok()
    .mentions("Removed: container other.")
    .mentions("left long\n")
    .never_mentions("left other")
    .mentions("`docker exec long touch /new` cannot be undone: the container `long` is running, and what was changed in it is not kept.")
    .mentions("a process that has ended does not come back. `docker start long` may help.")
    .mentions("still kept exited\n")
    .mentions("still long exited\n");
}

#[test]
fn files_of_a_lesson_are_restored_and_its_goals_are_judged_again() {
    let sandbox = sandbox();
    session(
        &sandbox,
        &[
            "go box",
            "rm files/hello.txt && mkdir -p new/folder",
            "undo",
            "cat files/hello.txt; ls",
            "docker run busybox true",
            "undo",
            "docker start -a box",
            "undo",
            "check",
        ],
    )
    .ok()
    .mentions("Undone: `rm files/hello.txt && mkdir -p new/folder`.")
    .mentions("hello\nfiles\n")
    .mentions("PASS  The box was started again.")
    .mentions("no longer true: The box was started again.")
    .mentions("Undone: `docker start -a box`.")
    .never_mentions("A new container was made.");
}

#[test]
fn a_build_is_undone_with_its_cache() {
    let sandbox = sandbox();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo made > /made\n");
    session(
        &sandbox,
        &[
            "go free",
            "docker build -q -t app .",
            "undo",
            "docker images -q app; docker build --progress plain -t app . 2>&1 | grep -c CACHED",
        ],
    )
    .ok()
    .mentions("Removed: image app:latest.")
    // FROM, and not the step.
    .mentions("\n1\n");
}

#[test]
fn nothing_is_left_beside_the_sandbox() {
    let sandbox = sandbox();
    session(
        &sandbox,
        &[
            "go free",
            "docker tag busybox a:1",
            "docker tag busybox a:2",
            "go box",
            "ls",
        ],
    )
    .ok();
    let mut left: Vec<_> = fs::read_dir(sandbox.home().join("sandboxes"))
        .expect("it is there")
        .map(|entry| entry.expect("it can be read").file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["ex-box", "free", "lesson-boxes"]);
}

#[test]
fn on_a_terminal_it_is_a_word_like_the_others() {
    let sandbox = sandbox();
    let mut session = crate::shell_pty::on_terminal(&sandbox, "dumb", "boxes $ ");
    session
        .send_line("docker create --name it busybox")
        .expect("a line");
    session.exp_string("boxes $ ").expect("the prompt");
    session.send_line("undo").expect("a word");
    session
        .exp_string("Undone: `docker create --name it busybox`. Removed: container it.")
        .expect("what was done");
    session.exp_string("boxes $ ").expect("the prompt");
    session.send_line("quit").expect("a word");
    session.exp_eof().expect("the end");
}

#[test]
fn files_of_other_users_of_a_container_keep_their_owners() {
    requires!(SubordinateIds);
    let sandbox = sandbox();
    sandbox
        .docker("run --name one busybox sh -c 'echo x > /f; chown 77:88 /f; chmod 640 /f'")
        .ok();
    sandbox.docker("commit one before").ok();
    session(
        &sandbox,
        &[
            "go free",
            "docker rm one",
            "undo",
            "docker commit one after",
        ],
    )
    .ok()
    .mentions("Restored: container one.");
    for image in ["before", "after"] {
        sandbox
            .docker(&format!("run --rm {image} stat -c '%u %g %a' /f"))
            .ok()
            .says("77 88 640\n");
    }
}
