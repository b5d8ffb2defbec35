//! Capabilities: root's rights, one by one.
//!
//! **Kernel feature.** `capabilities(7)`.
//! **What Docker does.** Leaves a container fourteen of about forty, in the bounding, permitted and effective sets; the
//! inheritable and ambient sets are empty (CVE-2022-24769).
//! **Try it.** `docker run --rm busybox grep Cap /proc/self/status`

use super::{check, failed};
use crate::error::{Error, Result};

/// Names by number, without `CAP_`. Source: `linux/capability.h`.
pub(crate) const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A set of capabilities: bit n is capability number n.
pub(crate) type Capabilities = u64;

/// What Docker leaves a container: chown, dac_override, fsetid, fowner, mknod, net_raw, setgid, setuid, setfcap, setpcap,
/// net_bind_service, sys_chroot, kill, audit_write.
pub(crate) const DEFAULT: Capabilities = 0x0000_0000_a804_25fb;

/// Every capability that this process can have: its bounding set. A machine that is itself a sandbox may lack some that
/// its kernel knows, and nothing can restore them.
pub(crate) fn all() -> Capabilities {
    let known = (1u64 << NAMES.len()) - 1;
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let (_, rest) = status.split_once("CapBnd:")?;
            Capabilities::from_str_radix(rest.lines().next()?.trim(), 16).ok()
        })
        .unwrap_or(known)
}

/// `CAP_SYS_ADMIN`, on which a few rules of the seccomp filter depend.
pub(crate) const SYS_ADMIN: Capabilities = 1 << 21;

/// The capabilities that `--cap-add`, `--cap-drop` and `--privileged` leave.
pub(crate) fn chosen(add: &[String], drop: &[String], privileged: bool) -> Result<Capabilities> {
    if privileged {
        return Ok(all());
    }
    let is_all = |name: &String| name.eq_ignore_ascii_case("all");
    let mut set = match (add.iter().any(is_all), drop.iter().any(is_all)) {
        (_, true) => 0,
        (true, false) => all(),
        (false, false) => DEFAULT,
    };
    for name in add.iter().filter(|name| !is_all(name)) {
        set |= bit(name, "CapAdd")?;
    }
    for name in drop.iter().filter(|name| !is_all(name)) {
        set &= !bit(name, "CapDrop")?;
    }
    Ok(set)
}

fn bit(name: &str, field: &str) -> Result<Capabilities> {
    let upper = name.to_ascii_uppercase();
    let plain = upper.strip_prefix("CAP_").unwrap_or(&upper);
    NAMES
        .iter()
        .position(|known| *known == plain)
        .map(|number| 1 << number)
        .ok_or_else(|| {
            Error::invalid(format!(
                "invalid {field}: unknown capability: \"CAP_{plain}\""
            ))
        })
}

/// Drops everything outside `set` from the bounding set, so that no program can regain it.
pub(crate) fn limit_bounding(set: Capabilities) -> Result<()> {
    for number in (0..64u32).filter(|number| set & (1 << number) == 0) {
        // SAFETY: takes only numbers.
        let result =
            unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number as libc::c_ulong, 0, 0, 0) };
        match check(result.into()) {
            // The kernel knows no higher capability.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
            other => other.map_err(|error| failed("prctl", "PR_CAPBSET_DROP", error))?,
        };
    }
    Ok(())
}

/// Keeps the permitted capabilities across the change of user that follows.
pub(crate) fn keep_through_setuid() -> Result<()> {
    nix::sys::prctl::set_keepcaps(true).map_err(|error| failed("prctl", "PR_SET_KEEPCAPS", error))
}

/// Sets the permitted and effective sets, and empties the inheritable and ambient ones. Source: `capset(2)`.
pub(crate) fn set(permitted: Capabilities) -> Result<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: libc::c_int,
    }
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Data {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    /// `_LINUX_CAPABILITY_VERSION_3`: two words of 32 bits each.
    const VERSION: u32 = 0x2008_0522;
    let header = Header {
        version: VERSION,
        pid: 0,
    };
    let word = |bits: u64| Data {
        effective: bits as u32,
        permitted: bits as u32,
        inheritable: 0,
    };
    let data = [word(permitted), word(permitted >> 32)];
    // SAFETY: takes only numbers.
    let cleared = unsafe {
        libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong,
            0,
            0,
            0,
        )
    };
    check(cleared.into()).map_err(|error| failed("prctl", "PR_CAP_AMBIENT", error))?;
    // SAFETY: version 3 reads a header and two data words, which is what the pointers lead to.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) };
    check(result)
        .map(drop)
        .map_err(|error| failed("capset", "the process", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(add: &[&str], drop: &[&str], expected: Capabilities) {
        let own = |list: &[&str]| {
            list.iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            chosen(&own(add), &own(drop), false).unwrap(),
            expected,
            "{add:?} {drop:?}"
        );
    }

    #[test]
    fn the_default_set_is_dockers_fourteen() {
        assert_eq!(DEFAULT.count_ones(), 14);
        let names = NAMES
            .iter()
            .enumerate()
            .filter(|(n, _)| DEFAULT & (1 << n) != 0);
        assert!(names.map(|(_, name)| *name).eq([
            "CHOWN",
            "DAC_OVERRIDE",
            "FOWNER",
            "FSETID",
            "KILL",
            "SETGID",
            "SETUID",
            "SETPCAP",
            "NET_BIND_SERVICE",
            "NET_RAW",
            "SYS_CHROOT",
            "MKNOD",
            "AUDIT_WRITE",
            "SETFCAP",
        ]));
    }

    #[test]
    fn adding_and_dropping_start_from_the_default() {
        check(&[], &[], DEFAULT);
        check(&["SYS_ADMIN"], &[], DEFAULT | SYS_ADMIN);
        check(&["cap_sys_admin"], &["CHOWN"], (DEFAULT | SYS_ADMIN) & !1);
        check(&["CHOWN"], &["ALL"], 1);
        check(&["ALL"], &["CHOWN"], all() & !1);
        assert!(
            chosen(&["NOPE".into()], &[], false)
                .unwrap_err()
                .message()
                .contains("CAP_NOPE")
        );
    }
}
