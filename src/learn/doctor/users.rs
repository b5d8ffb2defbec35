//! User namespaces, and the ids in them.

use super::probe::try_out;
use super::{Finding, install};
use crate::env::Env;
use engine::sys::namespace::{IdMap, find_tool, id_map};
use std::fs;

/// As many ids as images take for granted.
const ENOUGH: u32 = 65_536;

pub(super) fn namespaces(env: &Env) -> Finding {
    let what = "user namespaces";
    if id_map() == IdMap::Machine {
        return Finding::pass(what, "not needed: you are root");
    }
    match try_out("namespace", env.home.root()) {
        Ok(()) => Finding::pass(what, "an ordinary user can make and use them"),
        Err(error) => {
            let (cause, fix) = obstacle(&|path| fs::read_to_string(path).unwrap_or_default());
            Finding::fail(what, format!("{error}{cause}"), fix)
        }
    }
}

/// What forbids user namespaces, and the way around. `read` gives the text of a file in /proc.
fn obstacle(read: &dyn Fn(&str) -> String) -> (&'static str, &'static str) {
    let is = |path: &str, value: &str| read(path).trim() == value;
    if is(
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
    ) {
        (
            "; AppArmor restricts them (as on Ubuntu from 23.10 on)",
            "echo 'kernel.apparmor_restrict_unprivileged_userns = 0' | sudo tee /etc/sysctl.d/60-docklings.conf && sudo sysctl --system",
        )
    } else if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        (
            "; a setting forbids them",
            "echo 'kernel.unprivileged_userns_clone = 1' | sudo tee /etc/sysctl.d/60-docklings.conf && sudo sysctl --system",
        )
    } else if is("/proc/sys/user/max_user_namespaces", "0") {
        (
            "; a setting allows none",
            "echo 'user.max_user_namespaces = 15000' | sudo tee /etc/sysctl.d/60-docklings.conf && sudo sysctl --system",
        )
    } else if !is("/proc/self/setgroups", "allow") && !read("/proc/self/setgroups").is_empty() {
        (
            "; this is a user namespace already",
            "run docklings outside of it",
        )
    } else if read("/proc/1/environ").contains("container=")
        || !read("/run/.containerenv").is_empty()
    {
        (
            "; this is a container, whose engine forbids them",
            "start the outer container with `--privileged`, or with `--security-opt seccomp=unconfined`",
        )
    } else {
        (
            "",
            "ask who runs this machine to allow unprivileged user namespaces, or run docklings as root",
        )
    }
}

pub(super) fn subordinate_ids() -> Finding {
    let what = "subordinate ids";
    let user = std::env::var("USER").unwrap_or_else(|_| "$(id -un)".to_owned());
    let ranges =
        format!("sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}");
    let limit =
        "only one user exists in a container: `USER`, `chown` and some packages do not work";
    match id_map() {
        IdMap::Machine => Finding::pass(what, "not needed: you are root"),
        IdMap::Subordinate { uids, gids } if uids.1 >= ENOUGH && gids.1 >= ENOUGH => Finding::pass(
            what,
            format!("{} users and {} groups in a container", uids.1, gids.1),
        ),
        IdMap::Subordinate { uids, gids } => Finding::warn(
            what,
            format!(
                "only {} users and {} groups in a container; images expect {ENOUGH}",
                uids.1, gids.1
            ),
            ranges,
        ),
        IdMap::Single
            if ["newuidmap", "newgidmap"]
                .iter()
                .any(|tool| find_tool(tool).is_none()) =>
        {
            Finding::warn(
                what,
                format!("`newuidmap` and `newgidmap` are not installed; {limit}"),
                install("uidmap", "shadow-utils", "shadow", "shadow-uidmap"),
            )
        }
        IdMap::Single => Finding::warn(
            what,
            format!("/etc/subuid or /etc/subgid has no line for you; {limit}"),
            ranges,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forbids_user_namespaces_is_named() {
        for (path, value, part) in [
            (
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
                "1\n",
                "apparmor_restrict",
            ),
            (
                "/proc/sys/kernel/unprivileged_userns_clone",
                "0\n",
                "unprivileged_userns_clone",
            ),
            (
                "/proc/sys/user/max_user_namespaces",
                "0\n",
                "max_user_namespaces",
            ),
            ("/nothing", "", "ask who runs this machine"),
        ] {
            let read = |asked: &str| match asked == path {
                true => value.to_owned(),
                false => String::new(),
            };
            assert!(obstacle(&read).1.contains(part), "{path}");
        }
    }
}
