//! `docker build`, instruction by instruction: the result of each in the image.

use crate::support::sandbox::Sandbox;

#[test]
fn lower_case_comments_windows_lines_and_another_escape_are_understood() {
    let sandbox = Sandbox::with_image(
        "# escape=`\r\n# a comment\r\nfrom busybox\r\nrun echo one > /a && `\r\n  # between\r\n  echo two >> /a\r\nenv P=C:\\dir\r\ncmd [\"sh\", \"-c\", \"cat /a; echo $P\"]\r\n",
    );
    sandbox
        .docker("run --rm i")
        .ok()
        .says("one\ntwo\nC:\\dir\n");
}

#[test]
fn arguments_have_a_scope_and_a_default() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "ARG BASE=busybox\nARG V=global\nFROM ${BASE}:latest AS one\nRUN echo \"[$V]\" > /v\nARG V\nRUN echo \"[$V]\" >> /v\nARG V=own\nRUN echo \"[$V]\" >> /v\nFROM one\nARG W\nRUN echo \"[$W]\" >> /v\nCMD [\"cat\", \"/v\"]\n",
    );
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i")
        .ok()
        .says("[]\n[global]\n[own]\n[]\n");
    sandbox
        .docker("build -q -t i --build-arg V=given --build-arg W=w .")
        .ok();
    sandbox
        .docker("run --rm i")
        .ok()
        .says("[]\n[given]\n[given]\n[w]\n");
    sandbox
        .docker("build --build-arg NOBODY=1 .")
        .ok()
        .complains("One or more build-args [NOBODY] were not consumed");
}

#[test]
fn only_the_command_sees_the_proxies() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo $HTTP_PROXY > /p\n");
    sandbox
        .docker("build -q -t i --build-arg HTTP_PROXY=http://user:secret@proxy .")
        .ok();
    sandbox
        .docker("run --rm i cat /p")
        .ok()
        .says("http://user:secret@proxy\n");
    sandbox
        .docker("history --no-trunc i")
        .ok()
        .never_mentions("secret");
    sandbox.docker("inspect i").ok().never_mentions("secret");
    // Another proxy does not make the command run again.
    sandbox
        .docker("build --progress plain --build-arg HTTP_PROXY=other .")
        .ok()
        .complains("CACHED");
}

#[test]
fn variables_have_their_forms() {
    let sandbox = Sandbox::with_image(
        "FROM busybox\nENV F=a.tar.gz E=\nENV A=${F%.*} B=${F%%.*} C=${F#*.} D=${F##*.} G=${F/a/b} H=${E:-none} I=${F:+some} J=\\$F K='$F' L=\"${F}\"\n",
    );
    sandbox
        .docker("run --rm i sh -c 'echo $A $B $C $D $G $H $I $J $K $L'")
        .ok()
        .says("a.tar a tar.gz gz b.tar.gz none some $F $F a.tar.gz\n");
}

#[test]
fn a_stage_whose_base_sets_no_path_gets_the_default_one() {
    let default = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let sandbox = Sandbox::new();
    sandbox.docker("create --name base busybox").ok();
    sandbox.docker("export -o root.tar base").ok();
    sandbox.docker("import root.tar bare").ok();
    let env = |dockerfile: &str| {
        sandbox.write("Dockerfile", dockerfile);
        sandbox.docker("build -q -t i .").ok();
        let env = sandbox.docker("inspect -f '{{json .Config.Env}}' i");
        env.ok().text().to_owned()
    };
    for base in ["scratch", "bare"] {
        assert_eq!(env(&format!("FROM {base}")), format!("[\"{default}\"]"));
        assert_eq!(
            env(&format!(
                "FROM {base} AS b\nENV A=1\nFROM b\nENV PATH=$PATH:/x"
            )),
            format!("[\"{default}:/x\",\"A=1\"]")
        );
    }
    // The base's own value is kept, even if it is empty.
    assert_eq!(env("FROM bare\nENV PATH="), "[\"PATH=\"]");
    // The imported base itself has not changed.
    let bare = sandbox.docker("inspect -f '{{json .Config.Env}}' bare");
    bare.ok().says("null\n");
}

#[test]
fn triggers_run_in_the_next_build_and_not_in_the_one_after_it() {
    let sandbox = Sandbox::new();
    sandbox.write("f", "x\n");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nONBUILD COPY f /f\nONBUILD RUN echo ran >> /f\nonbuild env T=set\n",
    );
    sandbox.docker("build -q -t parent .").ok();
    sandbox
        .docker("inspect -f '{{json .Config.OnBuild}}' parent")
        .ok()
        .says("[\"COPY f /f\",\"RUN echo ran >> /f\",\"env T=set\"]\n");
    sandbox.write("Dockerfile", "FROM parent\nRUN echo own >> /f\n");
    sandbox.docker("build -q -t child .").ok();
    sandbox
        .docker("run --rm child sh -c 'cat /f; echo $T'")
        .ok()
        .says("x\nran\nown\nset\n");
    sandbox.write("Dockerfile", "FROM child\n");
    sandbox.docker("build -q -t grandchild .").ok();
    sandbox
        .docker("inspect -f '{{json .Config.OnBuild}}' grandchild")
        .ok()
        .says("null\n");
    sandbox.write("Dockerfile", "FROM busybox\nONBUILD ONBUILD RUN x\n");
    sandbox.docker("build .").fails(1).complains("ONBUILD");
}

#[test]
fn settings_are_in_the_image() {
    let sandbox = Sandbox::with_image(
        "FROM busybox\nLABEL a=b \"c d\"=e\nEXPOSE 80 90-91/udp\nVOLUME /v [\"/w\"]\nUSER 33:44\nWORKDIR /a\nWORKDIR b\nSTOPSIGNAL SIGINT\nSHELL [\"/bin/sh\", \"-ec\"]\nHEALTHCHECK --interval=5s --retries=2 CMD true\nMAINTAINER me\nENTRYPOINT [\"echo\"]\nCMD [\"hi\"]\n",
    );
    for (field, value) in [
        ("index .Config.Labels \"c d\"", "e"),
        (
            "json .Config.ExposedPorts",
            "{\"80/tcp\":{},\"90/udp\":{},\"91/udp\":{}}",
        ),
        (".Config.User", "33:44"),
        (".Config.WorkingDir", "/a/b"),
        (".Config.StopSignal", "SIGINT"),
        ("json .Config.Shell", "[\"/bin/sh\",\"-ec\"]"),
        (
            "json .Config.Healthcheck",
            "{\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":5000000000,\"Retries\":2}",
        ),
        (".Author", "me"),
        ("json .Config.Entrypoint", "[\"echo\"]"),
        ("json .Config.Cmd", "[\"hi\"]"),
    ] {
        sandbox
            .docker(&format!("inspect -f '{{{{{field}}}}}' i"))
            .ok()
            .says(&format!("{value}\n"));
    }
}

#[test]
fn copying_selects_files_and_sets_owners_and_modes() {
    let sandbox = Sandbox::new();
    for path in [
        "src/a.py",
        "src/b.py",
        "src/c.md",
        "src/sub/d.py",
        "one two",
    ] {
        sandbox.write(path, format!("{path}\n"));
    }
    sandbox.write(
        "Dockerfile",
        "FROM busybox AS base\nCOPY --chmod=u=rwx,go= src/?.py /w/\nCOPY --exclude=*.md --exclude=sub --link src /x\nCOPY [\"one two\", \"/y\"]\nCOPY <<one <<two /z/\nfirst $HOME\none\nsecond\ntwo\nFROM scratch\nCOPY --from=0 /w/a.py /\nFROM base\nCOPY --from=1 / /from1/\nCOPY --from=busybox /bin/busybox /other/true\n",
    );
    sandbox.docker("build -q -t i .").ok();
    sandbox
        .docker("run --rm i sh -c 'cd /; find w x y z from1 -type f | sort; stat -c %a w/a.py; cat y z/two; other/true && echo yes'")
        .ok()
        .says("from1/a.py\nw/a.py\nw/b.py\nx/a.py\nx/b.py\ny\nz/one\nz/two\n700\none two\nsecond\nyes\n");
    sandbox.write("Dockerfile", "FROM busybox\nCOPY src/a.py src/b.py /both\n");
    sandbox
        .docker("build .")
        .fails(1)
        .complains("When using COPY with more than one source file, the destination must be a directory and end with a /");
}

#[test]
fn a_backslash_in_a_heredoc_keeps_the_next_letter() {
    let sandbox = Sandbox::with_image(
        "FROM busybox\nCOPY <<EOF /line\n\\\nEOF\nCOPY <<EOF /two\n\\\\\nEOF\nCOPY <<EOF /dollar\n\\$HOME \"q\" \\n\nEOF\nCOPY <<\"EOF\" /raw\n\\$HOME \\n\nEOF\n",
    );
    sandbox
        .docker("run --rm i cat /line /two /dollar /raw")
        .ok()
        .says("\n\\\n$HOME \"q\" n\n\\$HOME \\n\n");
}
