//! `docker pull` and `docker push` with foreign registries and engines, over TLS, and with kills.

use crate::support::distribution::{Distribution, PROGRAM};
use crate::support::output::Output;
use crate::support::peers::{DockerEngine, podman};
use crate::support::registry::Served;
use crate::support::requires::{own_address, requires};
use crate::support::sandbox::Sandbox;
use std::fs;

/// A local image with two layers of its own.
fn build(sandbox: &Sandbox, name: &str) {
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN seq 100000 > /numbers\nRUN echo amber-otter > /note\nCMD [\"cat\", \"/note\"]\n",
    );
    sandbox.docker(&format!("build -q -t {name} .")).ok();
}

fn id(sandbox: &Sandbox, name: &str) -> String {
    let said = sandbox.docker(&format!("image inspect -f '{{{{.Id}}}}' {name}"));
    said.ok().text().to_owned()
}

fn skopeo(sandbox: &Sandbox, words: &str) -> Output {
    sandbox.shell(&format!("skopeo --insecure-policy {words}"))
}

/// The digest of the registry's manifest for `name`, from Skopeo.
fn digest(sandbox: &Sandbox, name: &str) -> String {
    let words = format!("inspect --tls-verify=false -f '{{{{.Digest}}}}' docker://{name}");
    skopeo(sandbox, &words).ok().text().to_owned()
}

#[test]
fn other_engines_pull_what_we_push_as_the_same_image() {
    requires!(Tool("skopeo"));
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/me/note:1", served.host());
    build(&sandbox, &name);
    let ours = id(&sandbox, &name);
    sandbox.docker(&format!("push -q {name}")).ok();
    let config = format!("inspect --tls-verify=false --config --raw docker://{name}");
    sandbox
        .shell(&format!("skopeo --insecure-policy {config} | sha256sum"))
        .ok()
        .mentions(ours.trim_start_matches("sha256:"));
    skopeo(
        &sandbox,
        &format!("copy -q --src-tls-verify=false docker://{name} docker-archive:theirs.tar:x:1"),
    )
    .ok();
    let there = Sandbox::empty();
    let archive = sandbox.work().join("theirs.tar");
    there
        .docker(&format!("load -q -i {}", archive.display()))
        .ok();
    there
        .docker(&format!("run --rm {ours}"))
        .ok()
        .says("amber-otter\n");
    if let Some(engine) = DockerEngine::find(&sandbox) {
        let docker = |words: &str| engine.docker(words);
        docker(&format!("pull -q {name}")).ok();
        let found = docker(&format!("image inspect -f '{{{{.Id}}}}' {name}")).ok();
        docker(&format!("rmi {name}")).ok();
        assert_eq!(found.text(), ours);
    }
}

#[test]
fn podman_runs_what_we_pushed() {
    requires!(Root, Tool("podman"), Tool("runc"));
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/me/note:1", served.host());
    build(&sandbox, &name);
    sandbox.docker(&format!("push -q {name}")).ok();
    podman(&sandbox, &format!("pull -q --tls-verify=false {name}")).ok();
    let found = podman(&sandbox, &format!("inspect -f '{{{{.Id}}}}' {name}")).ok();
    assert_eq!(format!("sha256:{}", found.text()), id(&sandbox, &name));
}

#[test]
fn images_of_other_engines_are_pulled_in_any_form_and_pushed_byte_for_byte() {
    requires!(Tool("skopeo"));
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let host = served.host();
    build(&sandbox, "note");
    let ours = id(&sandbox, "note");
    sandbox.docker("save -o ours.tar note").ok();
    for (form, flags) in [
        ("oci", "-f oci"),
        ("zstd", "-f oci --dest-compress-format zstd"),
        ("schema2", "-f v2s2"),
    ] {
        let (there, here) = (format!("{host}/{form}:1"), Sandbox::empty());
        let copy = format!(
            "copy -q {flags} --dest-tls-verify=false docker-archive:ours.tar docker://{there}"
        );
        skopeo(&sandbox, &copy).ok();
        let manifest = digest(&sandbox, &there);
        here.docker(&format!("pull {there}"))
            .ok()
            .mentions(&format!("Digest: {manifest}"))
            .mentions("Pull complete");
        // Skopeo rewrites the configuration for OCI, which makes a different image.
        let raw = skopeo(
            &sandbox,
            &format!("inspect --tls-verify=false --raw docker://{there}"),
        )
        .ok();
        let raw: serde_json::Value = serde_json::from_str(&raw.stdout).expect("it is a manifest");
        let expected = raw["config"]["digest"]
            .as_str()
            .expect("it has a configuration");
        assert_eq!(id(&here, &there), expected, "{form}");
        assert_eq!(expected == ours, form == "schema2");
        here.docker(&format!("run --rm {host}/{form}@{manifest}"))
            .ok()
            .says("amber-otter\n");
        // Into another repository, and with the manifest unchanged.
        let other = format!("{host}/again/{form}:2");
        here.docker(&format!("tag {there} {other}")).ok();
        here.docker(&format!("push {other}"))
            .ok()
            .mentions(&format!("Mounted from {form}"))
            .mentions(&format!("2: digest: {manifest} size:"));
        assert_eq!(digest(&sandbox, &other), manifest, "{form}");
    }
}

#[test]
fn an_image_for_a_platform_other_than_the_requested_one_is_refused() {
    requires!(Tool("skopeo"));
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, "");
    let name = format!("{}/many:1", served.host());
    sandbox.docker(&format!("tag busybox {name}")).ok();
    sandbox.docker(&format!("push -q {name}")).ok();
    sandbox
        .docker(&format!("pull --platform linux/s390x {name}"))
        .fails(1)
        .complains("does not match the specified platform: wanted linux/s390x, actual: linux/");
}

/// A registry with TLS on the address by which others reach the machine. Its certificate authority is `ca.crt`.
fn with_tls(sandbox: &Sandbox) -> Distribution {
    let address = own_address().expect("was required");
    sandbox
        .shell(&format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
             -keyout ca.key -out ca.crt -subj /CN=class && \
             openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
             -keyout tls.key -out tls.csr -subj /CN=registry && \
             printf 'subjectAltName=IP:{address}' > san && \
             openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
             -extfile san -out tls.crt"
        ))
        .ok();
    let place = |name: &str| sandbox.work().join(name);
    Distribution::with_certificate(address, &place("tls.crt"), &place("tls.key"))
}

#[test]
fn a_registry_with_its_own_certificate_authority_is_trusted_once_that_is_installed() {
    requires!(Outbound, Tool(PROGRAM), Tool("openssl"));
    let sandbox = Sandbox::new();
    let tls = with_tls(&sandbox);
    let host = tls.host();
    let name = format!("{host}/note:1");
    sandbox.docker(&format!("tag busybox {name}")).ok();
    sandbox
        .docker(&format!("push {name}"))
        .fails(1)
        .complains(&format!(
            "Get \"https://{host}/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority"
        ));
    let folder = "\"${XDG_CONFIG_HOME:-$HOME/.config}/docker\"";
    sandbox
        .shell(&format!(
            "mkdir -p {folder}/certs.d/{host} && cp ca.crt {folder}/certs.d/{host}/"
        ))
        .ok();
    sandbox.docker(&format!("push -q {name}")).ok();
    let there = Sandbox::empty();
    there
        .docker(&format!("pull -q {name}"))
        .fails(1)
        .complains("https://");
    // With a registry that is listed as insecure, any certificate works.
    there
        .shell(&format!(
            "mkdir -p {folder} && printf '{{\"insecure-registries\":[\"{host}\"]}}' > {folder}/daemon.json"
        ))
        .ok();
    there.docker(&format!("pull -q {name}")).ok();
    assert_eq!(id(&there, &name), id(&sandbox, "busybox"));
}

/// The blobs of a home, and the unfinished ones.
fn content(sandbox: &Sandbox) -> (Vec<String>, Vec<String>) {
    let names = |folder: &str| {
        let entries = fs::read_dir(sandbox.home().join("content").join(folder));
        let mut names: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    (names("blobs/sha256"), names("tmp"))
}

#[test]
fn a_killed_pull_leaves_the_old_image_or_the_new_one_and_nothing_else() {
    requires!(Tool("strace"));
    let maker = Sandbox::new();
    let served = Served::start(&maker, "");
    let name = format!("{}/note:1", served.host());
    build(&maker, &name);
    maker.docker(&format!("push -q {name}")).ok();
    let new = id(&maker, &name);
    let changes = "mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,linkat,symlinkat,flock,write,sendto,connect";
    let mut killed = 0;
    for step in 1.. {
        let sandbox = Sandbox::new();
        sandbox.docker(&format!("tag busybox {name}")).ok();
        let (before, old) = (content(&sandbox).0, id(&sandbox, &name));
        let ended = sandbox.shell(&format!(
            "strace --follow-forks --quiet=all --output=/dev/null --trace={changes} \
             --inject={changes}:signal=KILL:when={step} docker pull -q {name}"
        ));
        let is_through = ended.code() == 0;
        drop(ended.status_code_is_not(1));
        let found = id(&sandbox, &name);
        match found == new {
            true => sandbox
                .docker(&format!("run --rm {name}"))
                .ok()
                .says("amber-otter\n"),
            false => sandbox
                .docker(&format!("run --rm {name} echo old"))
                .ok()
                .says("old\n"),
        };
        assert!(found == old || found == new, "{found}");
        // Data that nothing needs is removed by the next deletion.
        sandbox.docker(&format!("rmi -f {name}")).ok();
        sandbox.docker("image prune -f").ok();
        assert_eq!(
            content(&sandbox),
            (before, Vec::new()),
            "killed at step {step}"
        );
        if is_through {
            break;
        }
        killed += 1;
        assert!(step < 300, "it never completes");
    }
    assert!(killed > 5, "it was killed {killed} times only");
}

#[test]
fn settings_of_registries_are_read_when_one_is_needed() {
    let sandbox = Sandbox::new().with("DOCKLINGS_HUB", "a b");
    sandbox.write("Dockerfile", "FROM busybox\nRUN true\n");
    let served = Served::start(&sandbox, "");
    let name = format!("{}/app", served.host());
    sandbox.docker(&format!("build -q -t {name} .")).ok();
    sandbox.docker("run --rm busybox true").ok();
    sandbox.docker(&format!("push -q {name}")).ok();
    sandbox.docker(&format!("pull -q {name}")).ok();
    for (needing, code) in [
        ("build -q -", 1),
        ("pull nginx", 2),
        ("login -u alice -p secret", 2),
    ] {
        sandbox
            .docker_with(needing, "FROM nginx\n")
            .fails(code)
            .complains("`a b` is no hub");
    }
}
