//! User namespaces: whether an ordinary user can make one and has root's capabilities in it.

use super::Finding;
use super::probe::{self, Namespace};
use engine::sys::namespace::{IdMap, id_map};
use std::fs;
use std::path::Path;

/// Ubuntu's switch. If it is 1, a program without its own AppArmor profile has no capabilities in its user namespaces.
const RESTRICTED: &str = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

/// Also returns the namespace's result, for the findings that depend on it.
pub(super) fn namespaces() -> (Finding, Option<Namespace>) {
    let what = "user namespaces";
    if id_map() == IdMap::Machine {
        return (Finding::pass(what, "not needed: you are root"), None);
    }
    let tried = probe::namespace();
    let finding = match &tried.error {
        None => Finding::pass(what, "an ordinary user can make and use them"),
        Some(error) => {
            let program = std::env::current_exe().unwrap_or_default();
            let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
            let (cause, fix) = obstacle(&read, &tried.confined, &program);
            Finding::fail(what, format!("{error}{cause}"), fix)
        }
    };
    (finding, Some(tried))
}

/// What forbids user namespaces or capabilities in them, and the fix. `read` returns the text of a file in /proc;
/// `confined` is AppArmor's label of a process that has just made a namespace, such as `unprivileged_userns (enforce)`.
fn obstacle(read: &dyn Fn(&str) -> String, confined: &str, program: &Path) -> (String, String) {
    let is = |path: &str, value: &str| read(path).trim() == value;
    let said = |cause: &str, fix: &str| (cause.to_owned(), fix.to_owned());
    let setting = |line: &str| {
        format!("echo '{line}' | sudo tee /etc/sysctl.d/60-docklings.conf && sudo sysctl --system")
    };
    let container =
        read("/proc/1/environ").contains("container=") || !read("/run/.containerenv").is_empty();
    if is(RESTRICTED, "1") {
        (
            "; AppArmor restricts them (as on Ubuntu from 23.10 on)".to_owned(),
            format!(
                "{}\nor, for all programs: {}",
                profile(program),
                setting("kernel.apparmor_restrict_unprivileged_userns = 0")
            ),
        )
    } else if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        (
            "; a setting forbids them".to_owned(),
            setting("kernel.unprivileged_userns_clone = 1"),
        )
    } else if is("/proc/sys/user/max_user_namespaces", "0") {
        (
            "; a setting allows none".to_owned(),
            setting("user.max_user_namespaces = 15000"),
        )
    } else if !is("/proc/self/setgroups", "allow") && !read("/proc/self/setgroups").is_empty() {
        said(
            "; this is a user namespace already",
            "run docklings outside of it",
        )
    } else if container {
        said(
            "; this is a container, whose engine forbids them",
            "start the outer container with `--privileged`, or with `--security-opt seccomp=unconfined`",
        )
    } else if let Some(name) = confined.trim().strip_suffix(" (enforce)") {
        (
            format!("; the AppArmor profile `{name}` forbids it"),
            profile(program),
        )
    } else {
        said(
            "",
            "ask the administrator to allow unprivileged user namespaces, or run docklings as root",
        )
    }
}

/// The command that installs a profile for `program`. The profile allows user namespaces and leaves the program
/// otherwise unconfined, as Ubuntu's own profiles for browsers and container engines do.
fn profile(program: &Path) -> String {
    let program = program.display().to_string();
    let text = r#"'abi <abi/4.0>,\nprofile docklings "%s" flags=(unconfined) {\n  userns,\n}\n'"#;
    let file = "/etc/apparmor.d/docklings";
    format!(
        "printf {text} {} | sudo tee {file} && sudo apparmor_parser -r {file}",
        shell_words::quote(&program)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The advice for a machine where `path` contains `value` and AppArmor's label is `confined`.
    fn advice(path: &str, value: &str, confined: &str) -> (String, String) {
        let read = |asked: &str| match asked == path {
            true => value.to_owned(),
            false => String::new(),
        };
        obstacle(&read, confined, Path::new("/home/ann/docklings"))
    }

    #[test]
    fn what_forbids_user_namespaces_is_named() {
        for (path, value, part) in [
            (RESTRICTED, "1\n", "apparmor_restrict"),
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
            ("/nothing", "", "ask the administrator"),
        ] {
            assert!(advice(path, value, "").1.contains(part), "{path}");
        }
    }

    #[test]
    fn with_apparmor_a_profile_is_advised_before_the_switch_for_all_programs() {
        let (cause, fix) = advice(RESTRICTED, "1\n", "unprivileged_userns (enforce)");
        assert!(cause.contains("AppArmor"), "{cause}");
        let (first, second) = fix.split_once('\n').unwrap();
        assert!(first.contains("userns,"), "{first}");
        assert!(first.contains(" /home/ann/docklings "), "{first}");
        assert!(first.contains("/etc/apparmor.d/docklings"), "{first}");
        assert!(second.contains("restrict_unprivileged_userns = 0"));
    }

    #[test]
    fn a_restricting_profile_is_named_and_an_unconfined_one_is_not() {
        let (cause, fix) = advice("", "", "strict (enforce)\n");
        assert!(cause.contains("`strict`"), "{cause}");
        assert!(fix.contains("/etc/apparmor.d/docklings"), "{fix}");
        for harmless in ["", "unconfined\n", "docklings (unconfined)\n"] {
            assert_eq!(advice("", "", harmless).0, "", "{harmless}");
        }
    }

    #[test]
    fn the_command_writes_a_profile_for_any_path() {
        let command = profile(Path::new("/a b/it's"));
        let writes = command.split(" | sudo").next().unwrap();
        let output = std::process::Command::new("sh")
            .args(["-c", writes])
            .output()
            .unwrap();
        let expected =
            "abi <abi/4.0>,\nprofile docklings \"/a b/it's\" flags=(unconfined) {\n  userns,\n}\n";
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}
