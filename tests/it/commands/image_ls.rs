//! `docker images`, `history`: lists images and their steps.

use crate::support::sandbox::Sandbox;

#[test]
fn the_starter_images_are_there_and_the_columns_are_dockers() {
    let sandbox = Sandbox::new();
    let output = sandbox.docker("images").ok();
    let header: Vec<_> = output.lines()[0].split_whitespace().collect();
    assert_eq!(
        header,
        ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    );
    sandbox
        .shell("docker images --format '{{.Repository}}:{{.Tag}}' | sort")
        .ok()
        .says("busybox:latest\nhello-world:latest\nwelcome:latest\n");
    assert_eq!(sandbox.docker("images -q busybox").ok().text().len(), 12);
    sandbox
        .docker("images nosuch")
        .ok()
        .never_mentions("busybox");
}

#[test]
fn history_shows_each_step() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nENV A=1\nRUN echo hi > /note\n");
    sandbox
        .docker("build -q -t step .")
        .ok()
        .mentions("sha256:");
    let output = sandbox
        .docker("history --no-trunc --format '{{.CreatedBy}}' step")
        .ok();
    assert!(output.lines()[0].contains("echo hi > /note"), "{output}");
    assert!(output.lines()[1].contains("ENV A=1"), "{output}");
}

#[test]
fn hello_world_says_hello() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm hello-world")
        .ok()
        .mentions("Hello from docklings!");
}

#[test]
fn welcome_serves_a_page_and_ends_at_once() {
    let sandbox = Sandbox::new();
    let page = |name: &str| {
        let until = format!("until docker exec {name} wget -qO- http://127.0.0.1/; do :; done");
        sandbox.shell(&until).ok()
    };
    sandbox.docker("run -d --name first -p 80 welcome").ok();
    page("first").mentions("<h1>Welcome to your first container</h1>");
    sandbox
        .docker("logs first")
        .ok()
        .mentions("listening on port 80");
    // A program that SIGTERM does not end is killed, with code 137.
    sandbox.docker("stop -t 120 first").ok();
    sandbox
        .docker("ps -a --format '{{.Status}}' -f name=first")
        .ok()
        .mentions("Exited (0)");
    sandbox
        .docker("run -d --name second -e GREETING='Hi there' welcome:1")
        .ok();
    page("second").mentions("<h1>Hi there</h1>");
    sandbox.write("site/index.html", "my own\n");
    let site = sandbox.work().join("site");
    sandbox
        .docker(&format!(
            "run -d --name third -v {}:/www:ro welcome",
            site.display()
        ))
        .ok();
    page("third").says("my own\n");
    sandbox
        .docker("search --format '{{.Name}} {{.IsOfficial}}' welcome")
        .ok()
        .says("welcome [OK]\n");
    sandbox
        .docker("image inspect -f '{{json .Config.ExposedPorts}} {{json .Config.Cmd}}' welcome:1")
        .ok()
        .says("{\"80/tcp\":{}} [\"/start.sh\"]\n");
}

#[test]
fn a_custom_format_is_used_even_with_quiet() {
    let sandbox = Sandbox::new();
    sandbox.docker("tag busybox mine:v1").ok().says("");
    sandbox
        .docker("images -q --format '{{.Tag}}' mine")
        .ok()
        .says("v1\n")
        .warns("");
    sandbox
        .docker("history -q --format '|' mine:v1")
        .ok()
        .mentions("|\n")
        .warns("");
    // Only in `ps` do the ids win, with a warning.
    sandbox.docker("create --name box mine:v1").ok().warns("");
    sandbox
        .docker("ps -aq --format '{{.Names}}'")
        .ok()
        .never_mentions("box")
        .complains("Ignoring custom format");
    let all = sandbox.docker("images -q").ok().stdout;
    sandbox.docker("images -q ''").ok().says(&all);
    sandbox
        .docker("images 'm['")
        .fails(1)
        .warns("Error response from daemon: syntax error in pattern\n");
    sandbox
        .docker("inspect -f '{{index .Config.Labels \"none\"}}|' mine:v1")
        .ok()
        .says("|\n");
}
