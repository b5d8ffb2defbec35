//! Control groups: `--memory`, `--cpus`, `--pids-limit`, `stats`, `pause`.

use super::Finding;
use engine::cgroup;

pub(super) fn cgroups() -> Finding {
    let what = "cgroups";
    let version = cgroup::version();
    let lost = "`--memory`, `--cpus`, `--pids-limit`, `pause` and parts of `stats` do not work";
    match (version, cgroup::obstacle()) {
        (0, _) => Finding::warn(
            what,
            format!("none are mounted; {lost}"),
            "sudo mount -t cgroup2 none /sys/fs/cgroup",
        ),
        (_, None) => Finding::pass(what, format!("version {version}; limits work")),
        (2, Some(error)) => Finding::warn(
            what,
            format!("version 2, {error}; {lost}"),
            "systemd-run --user --scope -p Delegate=yes docklings",
        ),
        (_, Some(error)) => Finding::warn(
            what,
            format!("version {version}, {error}; {lost}"),
            "run docklings as root, or boot with systemd.unified_cgroup_hierarchy=1",
        ),
    }
}
