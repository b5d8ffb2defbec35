//! The kernel: its version and its build options.

use super::Finding;
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
}
