//! The login session: what happens to containers at logout.
//!
//! systemd puts the processes of a session into a scope, and ends it at logout if `logind.conf` says so. Processes of
//! the user's own systemd (the programs of a desktop, `systemd-run --user`, containers with limits) end with that
//! systemd, unless the user lingers.

use super::Finding;
use engine::sys::namespace::user_name;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// What systemd reports about this session.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    /// The user is root.
    pub(super) root: bool,
    /// systemd runs this machine.
    pub(super) systemd: bool,
    /// The user's own systemd can be reached.
    pub(super) bus: bool,
    /// The user's name.
    pub(super) user: String,
    /// The session is part of the user's own systemd, `user@UID.service`.
    pub(super) managed: bool,
    /// The user's own systemd keeps running after logout.
    pub(super) lingers: bool,
    /// The session's processes are killed at logout.
    pub(super) kills: bool,
}

impl Session {
    pub(super) fn read() -> Self {
        let uid = rustix::process::geteuid();
        let user = user_name(uid.as_raw()).unwrap_or_else(|| uid.as_raw().to_string());
        let systemd = Path::new("/run/systemd/system").is_dir();
        let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self {
            root: uid.is_root(),
            systemd,
            bus: fs::metadata(format!("/run/user/{}/bus", uid.as_raw()))
                .is_ok_and(|data| data.file_type().is_socket()),
            managed: is_managed(&cgroup, uid.as_raw()),
            lingers: Path::new("/var/lib/systemd/linger").join(&user).exists(),
            kills: systemd && kills_user_processes(),
            user,
        }
    }

    /// `None` without systemd, and for root, whose containers belong to the machine.
    pub(super) fn logout(&self) -> Option<Finding> {
        let what = "logout";
        if self.root || !self.systemd {
            return None;
        }
        let linger = format!("sudo loginctl enable-linger {}", self.user);
        Some(match self {
            Self {
                managed: true,
                lingers: false,
                ..
            } => Finding::warn(what, "containers are stopped when you log out", linger),
            // Lingering alone does not help: it keeps the user's systemd, but not the session's processes.
            Self {
                managed: false,
                kills: true,
                ..
            } => Finding::warn(
                what,
                "containers are stopped when you log out (KillUserProcesses in logind.conf)",
                format!("{linger}; then start it as: systemd-run --user --scope docklings"),
            ),
            Self { lingers: true, .. } => {
                Finding::pass(what, "containers keep running when you log out")
            }
            _ => Finding::pass(
                what,
                format!(
                    "containers keep running when you log out; those with limits need `{linger}`"
                ),
            ),
        })
    }
}

/// Whether the process of `cgroup` (in the form of `/proc/PID/cgroup`) belongs to the user systemd of `uid`.
fn is_managed(cgroup: &str, uid: u32) -> bool {
    let service = format!("/user@{uid}.service/");
    cgroup
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .any(|path| format!("{path}/").contains(&service))
}

/// Asks logind itself, since its settings come from many files.
fn kills_user_processes() -> bool {
    let manager = "org.freedesktop.login1.Manager";
    Command::new("busctl")
        .args(["--timeout=1", "get-property", "org.freedesktop.login1"])
        .args(["/org/freedesktop/login1", manager, "KillUserProcesses"])
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"b true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::verbs::doctor::Verdict;

    #[test]
    fn the_cgroup_shows_what_belongs_to_the_users_systemd() {
        let check = |cgroup: &str, expected| {
            assert_eq!(is_managed(cgroup, 1000), expected, "{cgroup}");
        };
        check("0::/user.slice/user-1000.slice/session-3.scope\n", false);
        check(
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n",
            true,
        );
        check(
            "1:name=systemd:/user.slice/user-1000.slice/user@1000.service\n",
            true,
        );
        check(
            "0::/user.slice/user-1000.slice/user@10001.service/x\n",
            false,
        );
        check("0::/\n", false);
        check("", false);
    }

    #[test]
    fn lingering_is_advised_where_containers_end_at_logout() {
        let session = |managed, lingers, kills| Session {
            systemd: true,
            user: "ann".to_owned(),
            managed,
            lingers,
            kills,
            ..Session::default()
        };
        let check = |session: &Session, verdict, advised| {
            let found = session.logout().unwrap();
            assert_eq!(found.verdict, verdict, "{session:?}");
            let advice = found
                .fix
                .is_some_and(|fix| fix.contains("enable-linger ann"));
            assert_eq!(advice, advised, "{session:?}");
        };
        check(&session(false, false, false), Verdict::Pass, false);
        check(&session(true, false, false), Verdict::Warn, true);
        check(&session(true, true, false), Verdict::Pass, false);
        check(&session(true, true, true), Verdict::Pass, false);
        check(&session(false, false, true), Verdict::Warn, true);
        check(&session(false, true, true), Verdict::Warn, true);
        assert!(Session::default().logout().is_none());
    }
}
