//! Subordinate ids: the users that exist in a container beside root.

use super::probe::Namespace;
use super::{Finding, install};
use engine::sys::namespace::{IdMap, find_tool, id_map, user_name};
use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Images assume this many ids.
const ENOUGH: u32 = 65_536;
/// Where `useradd` looks for a free range: `SUB_UID_MIN` to `SUB_UID_MAX` of `login.defs(5)`.
const LENT: Range<u32> = 100_000..600_100_001;
const TOOLS: [&str; 2] = ["newuidmap", "newgidmap"];
const LIMIT: &str =
    "only one user exists in a container: `USER`, `chown` and some packages do not work";

/// `tried`: the result for a user namespace, if one was made.
pub(super) fn subordinate_ids(tried: Option<&Namespace>) -> Finding {
    let what = "subordinate ids";
    let map = id_map();
    let lent = Lent::read();
    match map {
        IdMap::Machine => Finding::pass(what, "not needed: you are root"),
        IdMap::Subordinate { .. } if tried.is_some_and(|tried| tried.single) => refused(what),
        IdMap::Subordinate { uids, gids } => match lent.others_with(uids, gids) {
            Some(other) => Finding::warn(
                what,
                format!(
                    "yours start at {} and also belong to `{other}`: each of you can kill the other's processes",
                    uids.0
                ),
                lent.instead_of(uids, gids),
            ),
            None => Finding::pass(
                what,
                format!("{} users and {} groups in a container", uids.1, gids.1),
            ),
        },
        IdMap::Single if TOOLS.iter().any(|tool| find_tool(tool).is_none()) => Finding::warn(
            what,
            format!("`newuidmap` and `newgidmap` are not installed; {LIMIT}"),
            install("uidmap", "shadow-utils", "shadow", "shadow-uidmap"),
        ),
        IdMap::Single => Finding::warn(
            what,
            format!("/etc/subuid or /etc/subgid has no line for you with {ENOUGH} ids; {LIMIT}"),
            lent.new_range(),
        ),
    }
}

/// The tools and the ranges exist, but a namespace had only one id.
fn refused(what: &'static str) -> Finding {
    let tools: Vec<PathBuf> = TOOLS.iter().filter_map(|tool| find_tool(tool)).collect();
    let weak: Vec<String> = tools
        .iter()
        .filter(|tool| !has_rights(tool))
        .map(|tool| tool.display().to_string())
        .collect();
    if !weak.is_empty() {
        return Finding::warn(
            what,
            format!("`{}` has no setuid bit; {LIMIT}", weak.join("` and `")),
            format!("sudo chmod u+s {}", weak.join(" ")),
        );
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if status.lines().any(|line| line == "NoNewPrivs:\t1") {
        return Finding::warn(
            what,
            format!(
                "`newuidmap` gets no rights here, since this session was started with no_new_privs; {LIMIT}"
            ),
            "start docklings in another session: over ssh, or in another terminal",
        );
    }
    Finding::warn(
        what,
        format!(
            "`newuidmap` or `newgidmap` refuses the ranges of /etc/subuid and /etc/subgid; {LIMIT}"
        ),
        "check that both files have the ranges, and that the tools are not on a file system mounted `nosuid`",
    )
}

/// Whether `tool` may write a map: distributions give it the setuid bit or file capabilities.
fn has_rights(tool: &Path) -> bool {
    let setuid = fs::metadata(tool).is_ok_and(|data| data.permissions().mode() & 0o4000 != 0);
    setuid || rustix::fs::getxattr(tool, "security.capability", &mut [0_u8; 64]).is_ok()
}

/// The ids that users already have.
struct Lent {
    user: String,
    uid: u32,
    subuid: String,
    subgid: String,
    passwd: String,
}

impl Lent {
    fn read() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let uid = rustix::process::geteuid().as_raw();
        Self {
            user: user_name(uid).unwrap_or_else(|| uid.to_string()),
            uid,
            subuid: read("/etc/subuid"),
            subgid: read("/etc/subgid"),
            passwd: read("/etc/passwd"),
        }
    }

    fn new_range(&self) -> String {
        let range = self.free();
        format!(
            "sudo usermod --add-subuids {range} --add-subgids {range} {}",
            self.user
        )
    }

    fn instead_of(&self, uids: (u32, u32), gids: (u32, u32)) -> String {
        let text = |(first, count): (u32, u32)| format!("{first}-{}", first + (count - 1));
        format!(
            "sudo usermod --del-subuids {} --del-subgids {} {} && {}",
            text(uids),
            text(gids),
            self.user,
            self.new_range()
        )
    }

    /// The first range that no user has, as user ids or group ids: `useradd` chooses the same.
    fn free(&self) -> String {
        let mut taken: Vec<Range<u64>> = ranges(&self.subuid)
            .chain(ranges(&self.subgid))
            .map(|(_, range)| range)
            .collect();
        // Real users with high ids, as university directories assign them.
        let real = self
            .passwd
            .lines()
            .filter_map(|line| line.split(':').nth(2)?.parse().ok());
        taken.extend(real.chain([self.uid]).map(|id: u32| {
            let id = u64::from(id);
            id..id + 1
        }));
        taken.sort_by_key(|range| range.start);
        let mut low = u64::from(LENT.start);
        for range in taken {
            if range.start >= low + u64::from(ENOUGH) {
                break;
            }
            low = low.max(range.end);
        }
        format!("{low}-{}", low + u64::from(ENOUGH) - 1)
    }

    /// Another user who has some of these ids.
    fn others_with(&self, uids: (u32, u32), gids: (u32, u32)) -> Option<String> {
        let other = |text: &str, (first, count): (u32, u32)| {
            let end = u64::from(first) + u64::from(count);
            ranges(text)
                .filter(|(owner, _)| *owner != self.user && owner.parse() != Ok(self.uid))
                .find(|(_, range)| range.start < end && u64::from(first) < range.end)
                .map(|(owner, _)| owner.to_owned())
        };
        other(&self.subuid, uids).or_else(|| other(&self.subgid, gids))
    }
}

/// The owners and ranges of a file in the form of `subuid(5)`.
fn ranges(text: &str) -> impl Iterator<Item = (&str, Range<u64>)> {
    text.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let (owner, first, count) = (fields.next()?, fields.next()?, fields.next()?);
        let (first, count): (u32, u32) = (first.parse().ok()?, count.parse().ok()?);
        let first = u64::from(first);
        Some((owner, first..first + u64::from(count)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lent(subuid: &str, subgid: &str, passwd: &str) -> Lent {
        Lent {
            user: "ann".to_owned(),
            uid: 1000,
            subuid: subuid.to_owned(),
            subgid: subgid.to_owned(),
            passwd: passwd.to_owned(),
        }
    }

    #[test]
    fn the_first_free_range_is_advised() {
        let check = |subuid: &str, subgid: &str, passwd: &str, expected: &str| {
            let found = lent(subuid, subgid, passwd).free();
            assert_eq!(found, expected, "{subuid:?} {subgid:?} {passwd:?}");
        };
        check("", "", "", "100000-165535");
        check("bob:100000:65536\n", "", "", "165536-231071");
        // A range in either file is taken.
        check("", "bob:100000:65536\n", "", "165536-231071");
        // The order does not matter. A gap between two ranges counts only if it is large enough.
        check(
            "eve:300000:65536\nbob:100000:65536\n",
            "",
            "",
            "165536-231071",
        );
        check(
            "bob:100000:65536\neve:200000:65536\n",
            "",
            "",
            "265536-331071",
        );
        check("bob:90000:10001\n", "", "", "100001-165536");
        check("x\nbob:y:65536\n:::\n", "", "", "100000-165535");
        check("", "", "bob:x:120000:100::/:/bin/sh\n", "120001-185536");
    }

    #[test]
    fn two_users_in_turn_get_different_ranges() {
        let first = lent("", "", "").new_range();
        let second = lent("ann:100000:65536", "ann:100000:65536", "").new_range();
        assert_eq!(
            first,
            "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann"
        );
        assert_eq!(
            second,
            "sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 ann"
        );
    }

    #[test]
    fn a_range_that_another_user_has_too_is_found() {
        let ours = (100_000, 65_536);
        let check = |subuid: &str, subgid: &str, expected: Option<&str>| {
            let found = lent(subuid, subgid, "").others_with(ours, ours);
            assert_eq!(found.as_deref(), expected, "{subuid:?} {subgid:?}");
        };
        check("ann:100000:65536\n1000:100000:65536", "", None);
        check("ann:100000:65536\nbob:165536:65536", "", None);
        check("ann:100000:65536\nbob:100000:65536", "", Some("bob"));
        check("bob:165535:1", "", Some("bob"));
        check("", "bob:50000:50001", Some("bob"));
        let fix = lent("ann:100000:65536\nbob:100000:65536", "", "").instead_of(ours, ours);
        assert!(fix.contains("--del-subuids 100000-165535"), "{fix}");
        assert!(fix.ends_with("--add-subuids 165536-231071 --add-subgids 165536-231071 ann"));
    }
}
