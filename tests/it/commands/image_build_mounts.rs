//! `RUN --mount`: files that a command sees while it runs, and that are in no image.

use crate::support::sandbox::Sandbox;

fn with(dockerfile: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", dockerfile);
    sandbox.write("ctx/a", "a\n");
    sandbox.write("ctx/sub/b", "b\n");
    sandbox
}

#[test]
fn a_cache_stays_from_one_build_to_the_next_and_is_in_no_image() {
    let sandbox = with(
        "FROM busybox\nRUN --mount=type=cache,target=/cache/deep,mode=0700 echo x >> /cache/deep/log; wc -l < /cache/deep/log > /count; stat -c %a /cache/deep >> /count\n",
    );
    for count in ["1", "2", "3"] {
        sandbox.docker("build -q -t i --no-cache .").ok();
        sandbox
            .docker("run --rm i sh -c 'cat /count; ls -d /cache'")
            .fails(1)
            .says(&format!("{count}\n700\n"));
    }
    sandbox
        .docker("system df -v")
        .ok()
        .mentions("exec.cachemount   6B ")
        .mentions("cache mount /cache/deep");
    sandbox
        .docker("builder prune -f")
        .ok()
        .mentions("Total reclaimed space: ");
    sandbox.docker("build -q -t i --no-cache .").ok();
    sandbox
        .docker("run --rm i cat /count")
        .ok()
        .says("1\n700\n");
}

#[test]
fn bound_files_are_visible_count_for_the_cache_and_cannot_be_changed() {
    let sandbox = with(
        "FROM busybox AS other\nRUN mkdir /out && echo other > /out/f\nFROM busybox\nRUN --mount=target=/ctx --mount=from=other,source=/out,target=/o --mount=type=bind,source=a,target=/etc/one,rw cat /ctx/sub/b /o/f /etc/one > /seen; echo changed > /etc/one; touch /ctx/new 2>/dev/null || echo read-only >> /seen\n",
    );
    sandbox.docker("build -q -t i ctx -f Dockerfile").ok();
    sandbox
        .docker("run --rm i sh -c 'cat /seen; ls -d /ctx /o /etc/one 2>/dev/null'")
        .fails(1)
        .says("b\nother\na\nread-only\n");
    sandbox.shell("cat ctx/a; ls ctx").ok().says("a\na\nsub\n");
    sandbox
        .docker("build --progress plain -f Dockerfile ctx")
        .ok()
        .never_complains("(ran:");
    sandbox.write("ctx/sub/b", "other\n");
    sandbox
        .docker("build --progress plain -f Dockerfile ctx")
        .ok()
        .complains("(ran: sub/b differs)");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN --mount=source=nosuch,target=/x true\n",
    );
    sandbox
        .docker("build -f Dockerfile ctx")
        .fails(1)
        .complains("\"/nosuch\": not found");
}

#[test]
fn a_secret_is_visible_and_leaves_no_trace() {
    let sandbox = with(
        "FROM busybox\nRUN --mount=type=secret,id=key stat -c %a /run/secrets/key > /mode; wc -c < /run/secrets/key >> /mode\nRUN --mount=type=secret,id=key,env=KEY --mount=type=secret,id=key,target=/k,mode=0444 test \"$KEY\" = \"$(cat /k)\"\nRUN --mount=type=secret,id=none ls /run/secrets 2>/dev/null || true\n",
    );
    sandbox.write("key", "hunter2-is-it");
    // Leftovers of a build that was killed.
    let old = sandbox.runtime_of_home().join("secret-old");
    std::fs::create_dir_all(&old).expect("a folder can be made");
    std::fs::write(old.join("secret"), "hunter2-is-it").expect("a file can be written");
    sandbox
        .docker("build -q -t i --secret id=key,src=key .")
        .ok();
    sandbox
        .docker("run --rm i sh -c 'cat /mode; ls -d /k /run/secrets'")
        .fails(1)
        .says("400\n13\n");
    sandbox
        .docker("history --no-trunc i")
        .ok()
        .never_mentions("hunter2");
    sandbox
        .shell("grep -rsl hunter2-is-it \"$DOCKLINGS_HOME\" \"$XDG_RUNTIME_DIR\" || true")
        .ok()
        .says("");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN --mount=type=secret,id=key,required true\n",
    );
    sandbox
        .docker("build .")
        .fails(1)
        .complains("secret key: not found");
}

#[test]
fn memory_is_writable_and_gone_afterwards_and_ssh_is_refused() {
    let sandbox = with(
        "FROM busybox\nRUN --mount=type=tmpfs,target=/t,size=1m mount | grep -c ' /t type tmpfs' > /seen && echo x > /t/x\n",
    );
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i sh -c 'cat /seen; ls -d /t'")
        .fails(1)
        .says("1\n");
    sandbox.write("Dockerfile", "FROM busybox\nRUN --mount=type=ssh true\n");
    sandbox
        .docker("build .")
        .fails(1)
        .complains("`RUN --mount=type=ssh` is not part of docklings");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN --mount=type=cache,targt=/c true\n",
    );
    sandbox
        .docker("build .")
        .fails(1)
        .complains("unexpected key 'targt'");
}

#[test]
fn a_cache_starts_with_its_source() {
    let sandbox = with(
        "FROM busybox AS base\nRUN mkdir -p /seed/in && echo seed > /seed/in/f\nFROM busybox\nRUN --mount=type=cache,from=base,source=/seed,target=/c echo x >> /c/log; cat /c/in/f > /seen; wc -l < /c/log >> /seen\n",
    );
    for count in ["1", "2"] {
        sandbox.docker("build -q -t i --no-cache .").ok();
        sandbox
            .docker("run --rm i cat /seen")
            .ok()
            .says(&format!("seed\n{count}\n"));
    }
    // A different start is a different cache.
    let text = std::fs::read_to_string(sandbox.work().join("Dockerfile")).expect("it is there");
    sandbox.write("Dockerfile", text.replace("echo seed", "echo other"));
    sandbox.docker("build -q -t i --no-cache .").ok();
    sandbox
        .docker("run --rm i cat /seen")
        .ok()
        .says("other\n1\n");
}

#[test]
fn without_a_target_the_workdir_is_the_target() {
    let sandbox = with(
        "FROM busybox AS b\nRUN mkdir /d && echo hi > /d/f\nFROM busybox\nWORKDIR /w\nRUN --mount=from=b,src=/d cat f > /seen\nRUN --mount=from=b,src=/d,target=. cat /w/f >> /seen\nRUN --mount=from=b,src=/d,target=../x/y cat /x/y/f >> /seen\nRUN --mount=type=tmpfs mount | grep -c ' /w type tmpfs' >> /seen\nRUN --mount=type=cache,id=c echo x > kept\nRUN --mount=type=cache,id=c cat /w/kept >> /seen\n",
    );
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i sh -c 'cat /seen; ls /w'")
        .ok()
        .says("hi\nhi\nhi\n1\nx\n");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN --mount=from=busybox true\n",
    );
    sandbox
        .docker("build .")
        .fails(1)
        .complains("invalid mount target \"/\"")
        .complains("hint: add `target=/path`");
}
