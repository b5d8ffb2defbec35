//! Large data is streamed: a memory limit far below the size of the data does not matter.

use crate::support::registry::Served;
use crate::support::sandbox::Sandbox;
use std::fs::File;

/// The size of the file in the image, in bytes.
const SIZE: u64 = 96 << 20;
/// The memory limit of a process, in KiB: its heap, its other private memory, and the stacks of its threads.
const MOST: u64 = 40 << 10;

/// Runs a shell line whose processes all have little memory.
fn limited(sandbox: &Sandbox, line: &str) {
    sandbox.shell(&format!("ulimit -d {MOST} && {line}")).ok();
}

#[test]
fn a_large_image_is_built_saved_loaded_and_committed_in_little_memory() {
    let (here, there) = (Sandbox::new(), Sandbox::new());
    here.write("Dockerfile", "FROM busybox\nCOPY large /\n");
    let large = File::create(here.work().join("large")).unwrap();
    large.set_len(SIZE).unwrap();
    limited(&here, "docker build -q -t large .");
    limited(&here, "docker save -o large.tar large");
    limited(&here, "gzip -1 < large.tar > large.tar.gz");
    let archive = here.work().join("large.tar");
    assert!(archive.metadata().unwrap().len() > SIZE);
    let archive = archive.display();
    limited(&there, &format!("docker load < {archive}.gz"));
    limited(&there, "docker rmi large");
    limited(&there, &format!("docker load -i {archive}"));
    limited(&there, "docker create --name box large true");
    limited(&there, &format!("docker cp {archive} box:/more"));
    limited(&there, "docker commit box larger");
    limited(&there, "docker export -o export.tar box");
    limited(&there, "docker import export.tar flat");
    there.docker("rm box").ok();
    let sizes = there.docker("image inspect -f {{.Size}} larger flat").ok();
    for size in sizes.lines() {
        assert!(size.parse::<u64>().unwrap() > 2 * SIZE, "{size}");
    }
}

#[test]
fn a_large_image_is_pushed_and_pulled_in_little_memory() {
    let (here, there) = (Sandbox::new(), Sandbox::new());
    let served = Served::start(&here, "");
    let name = format!("{}/large", served.host());
    here.write("Dockerfile", "FROM busybox\nCOPY large /\n");
    // A gzip of zeros is small, so half of the file is incompressible.
    here.shell(&format!(
        "head -c {0} /dev/urandom > large && truncate -s {SIZE} large",
        SIZE / 2
    ))
    .ok();
    here.docker(&format!("build -q -t {name} .")).ok();
    limited(&here, &format!("docker push -q {name}"));
    limited(&there, &format!("docker pull -q {name}"));
    let size = there
        .docker(&format!("image inspect -f {{{{.Size}}}} {name}"))
        .ok();
    assert!(size.text().trim().parse::<u64>().unwrap() > SIZE);
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    assert!(peak.unwrap() << 10 < SIZE, "the registry: {peak:?} KiB");
}
