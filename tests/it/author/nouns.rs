//! Each noun on the real engine: `author check` proves an exercise whose solution makes it true, whose fresh state does
//! not satisfy it, and which rejects near misses.

use super::{checked, rules};
use crate::support::distribution::{Distribution, PROGRAM};
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// Proves an exercise with one condition: `solution` satisfies it after `setup`, and none of `wrong` does. All are
/// YAML.
#[track_caller]
fn proves(setup: &str, condition: &str, solution: &str, wrong: &[&str]) {
    let sandbox = Sandbox::new();
    let mut text = format!(
        "format: 1\nid: noun\ntitle: A noun\nminutes: 1\n\
         params: {{ port: {{ port: {{ min: 18100, max: 18999 }} }}, other: {{ port: {{ min: 19100, max: 19999 }} }} }}\n\
         setup: {setup}\ngoals:\n  - id: reached\n    say: It is so.\n    check:\n      - {condition}\n    within: 3s\n\
         solutions:\n  - do: {solution}\nwrong:\n"
    );
    for (number, attempt) in wrong.iter().enumerate() {
        text.push_str(&format!(
            "  - {{ id: w{number}, do: {attempt}, expect: {{ reached: not-yet }} }}\n"
        ));
    }
    sandbox.write("exercises/noun.yaml", &text);
    let (json, output) = checked(&sandbox, "noun");
    let found: Vec<&str> = rules(&json)
        .into_iter()
        // Only one noun needs the ports.
        .filter(|rule| !["W01", "W03", "E23"].contains(rule))
        .collect();
    assert!(found.is_empty(), "{text}\n{output}");
    assert!(json["trials"].as_u64() >= Some(3), "{output}");
}

#[test]
fn container() {
    proves(
        "[]",
        "container: { name: box, status: exited, exit_code: 3, started: 1, logs: { contains: hi }, files: { /a: { text: hi } }, changes: { added: { contains: /a } } }",
        "[\"docker run --name box busybox sh -c 'echo hi | tee /a; exit 3' || true\"]",
        &[
            "[docker create --name box busybox]",
            "[\"docker run --name box busybox sh -c 'echo hi > /a; exit 3' || true\"]",
        ],
    );
}

#[test]
fn containers() {
    proves(
        "[docker create --name old busybox]",
        "containers: { image: busybox, status: running, count: 2 }",
        "[docker run -d busybox sleep 1000, docker run -d busybox sleep 1000]",
        &[
            "[docker start old]",
            "[docker run -d busybox sleep 1000, docker run -d hello-world]",
        ],
    );
}

#[test]
fn image() {
    proves(
        "[\"printf 'FROM busybox\\\\nRUN echo red > /look\\\\nCMD [\\\"cat\\\", \\\"/look\\\"]\\\\n' > Dockerfile\"]",
        "image: { name: \"paint:v1\", cmd: [cat, /look], files: { /look: { text: red } }, shares_layers_with: { image: busybox } }",
        "[\"docker build -q -t paint:v1 .\"]",
        &[
            "[\"docker build -q -t paint:v2 .\"]",
            "[\"docker tag busybox paint:v1\"]",
        ],
    );
}

#[test]
fn image_layers() {
    proves(
        "[\"echo 0xfeed > key; printf 'FROM busybox\\\\nCOPY key /\\\\nRUN rm /key\\\\n' > Dockerfile\", docker build -q -t app .]",
        "not: { image: { name: app, layers_contain: 0xfeed } }",
        "[docker tag busybox app]",
        &["[docker build -q --no-cache -t app .]"],
    );
}

#[test]
fn images() {
    proves(
        "[\"docker tag busybox a:1\", \"docker tag busybox a:2\"]",
        "images: { repository: a, count: 0 }",
        "[\"docker rmi a:1\", \"docker rmi a:2\"]",
        &["[\"docker rmi a:1\"]", "[\"docker tag busybox b\"]"],
    );
}

#[test]
fn build() {
    proves(
        "[\"printf 'FROM busybox\\\\nRUN true\\\\n' > Dockerfile\", \"docker build -q -t app .\"]",
        "build: { tag: app, result: ok, steps: [{ instruction: RUN, cache: hit }] }",
        "[docker build -t app .]",
        &[
            "[docker build --no-cache -t app .]",
            "[\"echo RUN true >> Dockerfile; docker build -t other .\"]",
        ],
    );
}

#[test]
fn dockerfile() {
    proves(
        "[\"printf 'FROM busybox\\\\nCMD true\\\\n' > Dockerfile\"]",
        "dockerfile: { from: busybox, has: [{ instruction: CMD, form: exec }] }",
        "[\"printf 'FROM busybox\\\\nCMD [\\\"true\\\"]\\\\n' > Dockerfile\"]",
        &[
            "[\"printf 'FROM busybox\\\\nCMD [true]\\\\n' > Dockerfile\"]",
            "[\"rm Dockerfile\"]",
        ],
    );
}

#[test]
fn volume() {
    proves(
        "[]",
        "volume: { name: data, used_by: box, files: { note: { text: kept } } }",
        "[\"docker run --name box -v data:/d busybox sh -c 'echo kept > /d/note'\"]",
        &[
            "[docker volume create data]",
            "[\"docker run --name box2 -v data:/d busybox sh -c 'echo kept > /d/note'\"]",
        ],
    );
}

#[test]
fn file() {
    proves(
        "[docker create --name box busybox]",
        "file: { path: passwd, lines: { min: 1 }, contains: root }",
        "[\"docker cp box:/etc/passwd .\"]",
        &["[touch passwd]", "[\"docker cp box:/etc/passwd passwd2\"]"],
    );
}

#[test]
fn http() {
    proves(
        "[\"mkdir site; echo hello > site/index.html\"]",
        "http: { url: \"http://localhost:{port}/\", status: 200, body: { contains: hello } }",
        "[\"docker run -d -p {port}:80 -v ./site:/site busybox httpd -f -p 80 -h /site\"]",
        &[
            "[\"docker run -d -p {other}:80 -v ./site:/site busybox httpd -f -p 80 -h /site\"]",
            "[\"docker run -d -p {port}:80 busybox httpd -f -p 80 -h /etc\"]",
        ],
    );
}

#[test]
fn happened_and_never() {
    proves(
        "[docker create --name box busybox]",
        "all: [{ happened: { event: start, container: box, attached: true } }, { never: { event: create, via: run } }]",
        "[docker start -a box]",
        &[
            "[docker start box]",
            "[docker start -a box, docker run busybox true]",
        ],
    );
}

#[test]
fn registry() {
    requires!(Tool(PROGRAM), Tool("skopeo"));
    let sandbox = crate::shell::sandbox();
    let registry = Distribution::open();
    let repo = format!("{}/alice/hello", registry.host());
    let text = format!(
        "format: 1\nid: box\ntitle: Push it\nsolutions: [{{ do: [docker ps] }}]\n\
         goals: [{{ id: pushed, say: It is there., check: {{ registry: {{ repo: \"{repo}\", tag: v1, tags: {{ count: 1 }}, same_as: busybox }} }} }}]\n"
    );
    sandbox.write("course/exercises/01-boxes/box.yaml", text);
    let push = |image: &str, tag: &str| {
        sandbox
            .shell(&format!(
                "eval \"$(docklings env box)\" && rm -f it.tar && docker save -o it.tar {image} && \
                 skopeo --insecure-policy copy -q --dest-tls-verify=false docker-archive:it.tar docker://{repo}:{tag}"
            ))
            .ok();
    };
    sandbox.docklings("check box").fails(1);
    // Another image under the right name, and the right image under another name.
    push("hello-world", "v1");
    sandbox.docklings("check box").fails(1).mentions("NOT YET");
    push("busybox", "v1");
    sandbox.docklings("check box").ok().mentions("PASS");
    push("busybox", "v2");
    sandbox.docklings("check box").fails(1).mentions("NOT YET");
}

#[test]
fn a_repository_is_looked_for_on_the_exercises_practice_hub() {
    let sandbox = crate::shell::sandbox();
    let text = "format: 1\nid: box\ntitle: Push it\nsolutions: [{ do: [docker ps] }]\n\
        goals:\n\
        - { id: pushed, say: It is there., check: { registry: { repo: alice/hello, tag: v1, same_as: busybox } } }\n\
        - { id: official, say: So is this., check: { registry: { repo: busybox, tags: [latest] } } }\n";
    sandbox.write("course/exercises/01-boxes/box.yaml", text);
    // No hub is running yet.
    sandbox
        .docklings("check box")
        .fails(1)
        .mentions("Expected  registry: `alice/hello` with tag `v1`")
        .mentions("Found     registry: no repository `alice/hello`");
    let sandbox = sandbox.with("DOCKLINGS_SANDBOX", "ex-box");
    sandbox.docker("tag busybox alice/hello:v1").ok();
    sandbox
        .docker_with("login -u alice --password-stdin", "secret")
        .ok();
    sandbox.docker("push -q alice/hello:v1").ok();
    sandbox.docklings("check box").ok();
    sandbox.docker("tag hello-world alice/hello:v1").ok();
    sandbox.docker("push -q alice/hello:v1").ok();
    sandbox
        .docklings("check box")
        .fails(1)
        .mentions("registry: `alice/hello` with tag `v1`: another image");
}

#[test]
fn a_registry_that_is_elsewhere_is_not_looked_into() {
    let sandbox = crate::shell::sandbox();
    let text = "format: 1\nid: box\ntitle: Push it\nsolutions: [{ do: [docker ps] }]\n\
        goals: [{ id: pushed, say: It is there., check: { registry: { repo: example.org/hello, tag: v1 } } }]\n";
    sandbox.write("course/exercises/01-boxes/box.yaml", text);
    let report = sandbox.docklings("check box --json").fails(3);
    let json: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(json["verdict"], "cant_check");
    sandbox
        .docklings("check box")
        .fails(3)
        .mentions("CAN'T CHECK")
        .mentions("Cause     no registry can be looked into: `example.org/hello`")
        .mentions("This is not your mistake.");
}
