//! Completion in the user's own shell, and manual pages.

use crate::support::sandbox::Sandbox;
use std::fs;

/// What bash offers for the words of `line`, each in brackets.
fn offered(sandbox: &Sandbox, program: &str, line: &str, words: &str) -> String {
    sandbox.write(
        "complete.sh",
        format!(
            "eval \"$({program} completion bash)\"\n\
             COMP_LINE='{line}' COMP_POINT=${{#COMP_LINE}}\n\
             COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _{program}_complete\n\
             printf '[%s]' \"${{COMPREPLY[@]}}\"\n"
        ),
    );
    sandbox.shell("bash complete.sh").ok().text().to_owned()
}

#[test]
fn bash_offers_commands_flags_and_live_names() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name web busybox true").ok();
    sandbox.docker("tag busybox reg:5000/team/app:v1").ok();
    sandbox.write("wish.txt", "");
    for (program, line, words, expected) in [
        ("docker", "docker stop w", "docker stop w", "[web ]"),
        ("docker", "docker rm ", "docker rm ''", "[web ]"),
        // bash splits words at colons.
        (
            "docker",
            "docker run reg:5000/t",
            "docker run reg : 5000/t",
            "[5000/team/app:v1 ]",
        ),
        (
            "docker",
            "docker run --volumes",
            "docker run --volumes",
            "[--volumes-from ]",
        ),
        (
            "docker",
            "docker load -i w",
            "docker load -i w",
            "[wish.txt ]",
        ),
        ("docker", "docker stop nothing", "docker stop nothing", "[]"),
        (
            "docklings",
            "docklings check first-i",
            "docklings check first-i",
            "[first-image ]",
        ),
    ] {
        assert_eq!(offered(&sandbox, program, line, words), expected, "{line}");
    }
}

#[test]
fn an_empty_home_stays_empty() {
    let sandbox = Sandbox::empty();
    sandbox
        .docker("__complete 'docker stop w'")
        .ok()
        .says("w\n");
    sandbox
        .docklings("__complete 'docklings check first-i'")
        .ok()
        .says("first-i\nfirst-image \n");
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 0);
}

#[test]
fn a_shell_without_a_script_is_refused() {
    let sandbox = Sandbox::new();
    let failed = sandbox.docker("completion tcsh").fails(1);
    failed.warns("`docker completion` takes one of bash, zsh and fish\n");
}

#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    sandbox.docklings("man pages").ok().says("");
    let page = fs::read_to_string(sandbox.work().join("pages/docker-run.1")).unwrap();
    assert!(page.contains("docker\\-run \\- Create and run a new container from an image"));
    assert!(page.contains("\\-p, \\-\\-publish list"), "{page}");
}
