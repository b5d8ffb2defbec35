//! `docker builder prune`, `docker system prune` and `docker system df`: the size of the build cache, and how it is
//! freed.

use crate::support::sandbox::Sandbox;

/// Two images whose second steps have 1 kB and 2 kB; the second image no longer has a name.
fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, bytes) in [("kept", 1000), ("gone", 2000)] {
        sandbox.write(
            "Dockerfile",
            format!("FROM busybox\nRUN head -c {bytes} /dev/zero > /{name}\n"),
        );
        sandbox.docker(&format!("build -q -t {name} .")).ok();
    }
    sandbox.docker("rmi gone").ok().mentions("Untagged: gone");
    sandbox
}

/// The row of `docker system df` for the build cache.
fn row(sandbox: &Sandbox) -> String {
    let format = "{{.Type}}: {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}";
    let rows = sandbox
        .docker(&format!("system df --format '{format}'"))
        .ok();
    rows.lines()
        .last()
        .expect("there are four rows")
        .to_string()
}

#[test]
fn only_steps_without_an_image_are_removed_unless_all_is_given() {
    let sandbox = built();
    assert_eq!(row(&sandbox), "Build Cache: 3 2 2kB 2kB");
    sandbox
        .docker_with("builder prune", "n\n")
        .ok()
        .says("WARNING! This will remove all dangling build cache.\nAre you sure you want to continue? [y/N] ");
    let pruned = sandbox.docker("builder prune -f").ok();
    let lines = pruned.lines();
    assert_eq!(lines.first(), Some(&"Deleted build cache objects:"));
    assert_eq!(lines.len(), 4, "{pruned}");
    assert_eq!(lines.last(), Some(&"Total reclaimed space: 2kB"));
    assert_eq!(row(&sandbox), "Build Cache: 2 2 0B 0B");
    sandbox
        .docker("builder prune --all --force")
        .ok()
        .mentions("Total reclaimed space: 0B");
    assert_eq!(row(&sandbox), "Build Cache: 0 0 0B 0B");
    sandbox
        .docker("run --rm kept ls /kept")
        .ok()
        .says("/kept\n");
}

#[test]
fn recently_used_steps_stay_with_an_until_filter() {
    let sandbox = built();
    sandbox
        .docker("buildx prune -af --filter until=24h")
        .ok()
        .says("Total reclaimed space: 0B\n");
    sandbox
        .docker("builder prune -f --filter name=x")
        .fails(1)
        .complains("invalid filter 'name'");
}

#[test]
fn pruning_the_system_prunes_the_cache_as_well() {
    let sandbox = built();
    sandbox
        .docker("system prune -f")
        .ok()
        .mentions("Deleted build cache objects:\n")
        .mentions("Total reclaimed space: 2kB");
    sandbox
        .docker("build --progress=plain .")
        .ok()
        .never_complains("CACHED [2/2]");
}

#[test]
fn the_long_form_lists_steps_and_has_a_format() {
    let sandbox = built();
    sandbox
        .docker("system df -v")
        .ok()
        .mentions("Build cache usage: 2kB\n\nCACHE ID ")
        .mentions("RUN head -c 2000 /dev/zero > /gone");
    sandbox
        .docker("system df -v --format '{{range .BuildCache}}{{.Shared}} {{.Size}};{{end}}'")
        .ok()
        .says("true 0B;true 1kB;false 2kB;\n");
}
