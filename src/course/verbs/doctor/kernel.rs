//! The kernel: its version, its build options, and control groups (`--memory`, `--cpus`, `stats`, `pause`).

use super::Finding;
use super::session::Session;
use super::trial::Trouble;
use engine::cgroup;
use std::path::Path;

/// `close_range(2)` with `CLOSE_RANGE_CLOEXEC`, and overlay mounts by ordinary users, came with 5.11.
const OLDEST: (u32, u32) = (5, 11);

pub(super) fn version() -> Finding {
    let release = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    let what = "kernel";
    match parse(&release) {
        Some(version) if version >= OLDEST => Finding::pass(what, format!("Linux {release}")),
        Some(_) => Finding::fail(
            what,
            format!("Linux {release}; containers need 5.11 or later"),
            "upgrade the kernel, or use a newer release of your distribution",
        ),
        None => Finding::warn(
            what,
            format!("cannot read its version `{release}`"),
            "Linux 5.11 or later is needed",
        ),
    }
}

fn parse(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub(super) fn seccomp() -> Finding {
    let what = "seccomp";
    if Path::new("/proc/sys/kernel/seccomp/actions_avail").exists() {
        Finding::pass(what, "system calls that containers do not need are blocked")
    } else {
        Finding::warn(
            what,
            "the kernel has no seccomp filters; containers run without one",
            "use a kernel with CONFIG_SECCOMP_FILTER",
        )
    }
}

/// `tried`: whether a container could be limited; `None` if no container runs.
pub(super) fn cgroups(tried: Option<Result<(), Trouble>>, session: &Session) -> Finding {
    let what = "cgroups";
    let version = cgroup::version();
    let lost = "`--memory`, `--cpus`, `--pids-limit`, `pause` and parts of `stats` do not work";
    match tried {
        None => Finding::warn(
            what,
            "not tried, because no container runs",
            "see `containers`",
        ),
        Some(Ok(())) => Finding::pass(what, format!("version {version}; limits work")),
        Some(Err(_)) if version == 0 => Finding::warn(
            what,
            format!("none are mounted; {lost}"),
            "sudo mount -t cgroup2 none /sys/fs/cgroup",
        ),
        Some(Err(trouble)) => Finding::warn(
            what,
            format!("version {version}, {}; {lost}", trouble.said),
            fix(version, session, trouble.hint),
        ),
    }
}

/// `hint` is the failed command's hint. The session gives better advice where it can.
fn fix(version: u8, session: &Session, hint: Option<String>) -> String {
    if version == 1 {
        return "run docklings as root, or boot with systemd.unified_cgroup_hierarchy=1".to_owned();
    }
    let hint = hint.filter(|hint| !hint.contains("doctor"));
    match session {
        Session { root: true, .. } => hint.unwrap_or_else(|| {
            "mount /sys/fs/cgroup for writing; if this is a container, start it with `--privileged`"
                .to_owned()
        }),
        Session { systemd: false, .. } => hint.unwrap_or_else(|| {
            "ask the administrator for a cgroup of your own, or run docklings as root".to_owned()
        }),
        // After `su` or `sudo -u`, the user's own systemd cannot be reached.
        Session {
            bus: false, user, ..
        } => format!(
            "log in over ssh or at the desktop, not with `su`\nor, for an administrator: sudo loginctl enable-linger {user}"
        ),
        Session { .. } => hint
            .unwrap_or_else(|| "systemd-run --user --scope -p Delegate=yes docklings".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_versions_are_read() {
        for (release, expected) in [
            ("6.18.44-fc-v657", Some((6, 18))),
            ("5.10.0-28-amd64", Some((5, 10))),
            ("6.6-rc1", Some((6, 6))),
            ("5.15.167.4-microsoft-standard-WSL2", Some((5, 15))),
            ("odd", None),
        ] {
            assert_eq!(parse(release), expected, "{release}");
        }
    }

    #[test]
    fn the_fix_depends_on_the_session() {
        let session = |root, systemd, bus| Session {
            root,
            systemd,
            bus,
            user: "ann".to_owned(),
            ..Session::default()
        };
        let check = |version, session: &Session, part: &str| {
            let fix = fix(version, session, Some("docklings doctor".to_owned()));
            assert!(fix.contains(part), "{fix} has no {part}");
        };
        check(1, &session(false, true, true), "run docklings as root");
        check(2, &session(false, true, true), "systemd-run --user --scope");
        check(2, &session(false, true, false), "not with `su`");
        check(2, &session(false, true, false), "enable-linger ann");
        check(2, &session(false, false, false), "ask the administrator");
        check(2, &session(true, true, false), "--privileged");
    }
}
