//! A test's requirements on the machine. A missing requirement skips the test with a note, and fails it in CI.
//!
//! ```ignore
//! requires!(Root, MemoryLimit);
//! ```

use std::io::Write;
use std::path::Path;

/// Something that the machine or the user may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// The user is root.
    Root,
    /// The user is not root.
    OrdinaryUser,
    /// Memory and process limits can be set: a writable cgroup.
    Limits,
    /// Containers have egress, and the machine has an address that they can reach.
    Outbound,
    /// Subordinate ids exist, so a container has more than one user.
    SubordinateIds,
    /// `rustc` can build the static probe.
    Rustc,
    /// The named tool is installed.
    Tool(&'static str),
}

/// Whether a test can run here.
pub(crate) enum Met {
    Yes,
    /// The test runs in the other of CI's two runs.
    OtherUser(String),
    /// The machine lacks it.
    No(String),
}

impl Requirement {
    /// Checks the requirement.
    pub(crate) fn met(self) -> Met {
        let root = rustix::process::geteuid().is_root();
        match self {
            Self::Root if root => Met::Yes,
            Self::Root => Met::OtherUser("needs root".into()),
            Self::OrdinaryUser if root => Met::OtherUser("needs an ordinary user".into()),
            Self::OrdinaryUser => Met::Yes,
            Self::Limits if root || delegated_cgroup() => Met::Yes,
            Self::Limits => Met::OtherUser("needs a cgroup that this user can write".into()),
            Self::Outbound => outbound(),
            Self::SubordinateIds if root || subordinate_ids() => Met::Yes,
            Self::SubordinateIds => Met::No("no subordinate ids in /etc/subuid".into()),
            Self::Rustc => Self::Tool("rustc").met(),
            Self::Tool(name) if on_path(name) => Met::Yes,
            Self::Tool(name) => Met::No(format!("`{name}` is not installed")),
        }
    }
}

/// Whether all `requirements` are met. If not, prints a note that the test harness does not hide, and fails in CI
/// unless the other user's run meets them.
#[track_caller]
pub(crate) fn all_met(requirements: &[Requirement]) -> bool {
    let strict = std::env::var_os("DOCKLINGS_REQUIRE_ALL").is_some_and(|value| value == "1");
    for requirement in requirements {
        let (reason, excused) = match requirement.met() {
            Met::Yes => continue,
            Met::OtherUser(reason) => (reason, true),
            Met::No(reason) => (reason, false),
        };
        assert!(
            excused || !strict,
            "{reason}, and DOCKLINGS_REQUIRE_ALL=1 allows no skips"
        );
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        // Not `eprintln!`: the harness captures that, and shows it only if a test fails.
        drop(writeln!(std::io::stderr(), "SKIPPED {name}: {reason}"));
        return false;
    }
    true
}

/// Returns from the test unless the machine meets the requirements.
macro_rules! requires {
    ($($name:ident $(($tool:expr))?),+ $(,)?) => {
        if !$crate::support::requires::all_met(
            &[$($crate::support::requires::Requirement::$name $(($tool))?),+],
        ) {
            return;
        }
    };
}
pub(crate) use requires;

/// Whether the user's own cgroup (v2) is writable.
fn delegated_cgroup() -> bool {
    let Ok(own) = std::fs::read_to_string("/proc/self/cgroup") else {
        return false;
    };
    own.lines()
        .find_map(|line| line.strip_prefix("0::"))
        .map(|path| Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/')))
        .is_some_and(|path| {
            rustix::fs::access(
                path.join("cgroup.subtree_control"),
                rustix::fs::Access::WRITE_OK,
            )
            .is_ok()
        })
}

fn outbound() -> Met {
    let program = ["passt", "pasta", "slirp4netns"]
        .iter()
        .any(|name| on_path(name));
    let device = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/net/tun");
    match (program, device, own_address()) {
        (true, Ok(_), Some(_)) => Met::Yes,
        (_, Err(error), _) => Met::OtherUser(format!("cannot open /dev/net/tun: {error}")),
        (false, ..) => Met::No("neither passt nor slirp4netns is installed".into()),
        (.., None) => Met::No("this machine has no address but loopback".into()),
    }
}

/// The machine's own address that is not loopback. Finding it sends nothing.
pub(crate) fn own_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn subordinate_ids() -> bool {
    let user = std::process::Command::new("id").arg("-un").output();
    let Ok(user) = user else { return false };
    let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
    std::fs::read_to_string("/etc/subuid").is_ok_and(|text| {
        text.lines()
            .any(|line| line.split(':').next() == Some(&*user))
    }) && on_path("newuidmap")
}

fn on_path(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(name).is_file()))
}
