//! A machine for one test: a thread with its own network and mounts, and with a name server at an address that is not
//! loopback. Only root can make one; commands can run there as an ordinary user too.

use super::output::Output;
use super::process;
use super::sandbox::Sandbox;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The machine's address, which looks remote to a container with its own network. Its name server is there.
pub(crate) const ADDRESS: &str = "10.99.0.1";
/// The only known name; it resolves to [`ADDRESS`], where a server says hello.
pub(crate) const NAME: &str = "host.names.test";
/// A name server on loopback, as systemd has it.
const STUB: &str = "127.0.0.53";

/// The user who runs commands.
#[derive(Debug, Clone)]
pub(crate) enum User {
    Root,
    /// A user with subordinate ids: user and group id.
    Ordinary(u32, u32),
}

impl User {
    /// An ordinary user of this machine with subordinate ids, if there is one.
    pub(crate) fn ordinary() -> Option<Self> {
        let ranges = fs::read_to_string("/etc/subuid").unwrap_or_default();
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let find = |name: &str| {
            let line = users
                .lines()
                .find(|line| line.split(':').next() == Some(name))?;
            let mut ids = line.split(':').skip(2).map(str::parse);
            Some(Self::Ordinary(ids.next()?.ok()?, ids.next()?.ok()?))
        };
        ranges
            .lines()
            .find_map(|line| find(line.split(':').next()?))
    }
}

/// The machine, for `work`.
pub(crate) struct Machine {
    pub(crate) sandbox: Sandbox,
    user: User,
    program: PathBuf,
    asked: Arc<AtomicUsize>,
}

/// Runs `work` on a new machine, where `user` runs the commands.
pub(crate) fn on_own_machine(user: &User, work: impl FnOnce(&Machine) + Send) {
    let sandbox = match user {
        User::Root => Sandbox::new(),
        User::Ordinary(..) => Sandbox::empty(),
    };
    thread::scope(|scope| {
        let made = scope.spawn(|| {
            let machine = Machine::new(sandbox, user.clone());
            work(&machine);
        });
        if let Err(panic) = made.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

impl Machine {
    fn new(sandbox: Sandbox, user: User) -> Self {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("root may");
        bind_all_apart();
        let system = PathBuf::from("/mnt");
        mount(
            Some("none"),
            &system,
            Some("tmpfs"),
            MsFlags::empty(),
            None::<&str>,
        )
        .expect("root may");
        for file in ["resolv.conf", "empty"] {
            fs::write(system.join(file), "").expect("a file can be written");
        }
        // The binary is where an ordinary user may not look.
        let binary = Path::new(env!("CARGO_BIN_EXE_docklings"));
        let (folder, name) = (binary.parent(), binary.file_name());
        let bin = system.join("bin");
        fs::create_dir(&bin).expect("a folder can be made");
        bind(folder.expect("a folder"), &bin);
        symlink(bin.join(name.expect("a name")), system.join("docker"))
            .expect("a link can be made");
        bind(&system.join("resolv.conf"), Path::new("/etc/resolv.conf"));
        let behind = Path::new("/run/systemd/resolve/resolv.conf");
        if behind.exists() {
            bind(&system.join("empty"), behind);
        }
        let tun = system.join("tun");
        shell(&format!(
            "mknod -m 666 {tun} c 10 200 && mount --bind {tun} /dev/net/tun && ip link set lo up && \
             ip tuntap add world mode tap && ip addr add {ADDRESS}/24 dev world && ip link set world up",
            tun = tun.display()
        ));
        if let User::Ordinary(uid, gid) = user {
            let work = sandbox.work();
            let root = work.parent().expect("it is in the sandbox");
            fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("ours");
            for path in [sandbox.home(), sandbox.runtime(), sandbox.work()] {
                chown(path, Some(uid), Some(gid)).expect("root may");
            }
        }
        let asked = Arc::new(AtomicUsize::new(0));
        for address in [ADDRESS, STUB] {
            let socket = UdpSocket::bind((address, 53)).expect("the network is new");
            let asked = asked.clone();
            thread::spawn(move || answer_names(&socket, &asked));
        }
        let listener = TcpListener::bind((ADDRESS, 80)).expect("the network is new");
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                drop(stream.read(&mut [0; 4096]));
                drop(stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"));
            }
        });
        Self {
            program: system.join("docker"),
            sandbox,
            user,
            asked,
        }
    }

    /// Sets the machine's `/etc/resolv.conf`.
    pub(crate) fn resolve_by(&self, text: &str) {
        fs::write("/etc/resolv.conf", text).expect("it is ours");
    }

    /// Changes the machine's default route.
    pub(crate) fn route(&self, words: &str) {
        shell(&format!("ip route {words}"));
    }

    /// Adds a neighbour at `address`, which never answers.
    pub(crate) fn neighbour(&self, address: &str) {
        shell(&format!(
            "ip neigh add {address} lladdr 02:00:00:00:00:01 dev world"
        ));
    }

    /// How often the name servers were asked for the address of [`NAME`] since the last call.
    pub(crate) fn times_asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    /// Runs `docker` with `words` as the user, with the egress program `way`.
    #[must_use = "say what is expected, such as `.ok()` or `.fails(125)`"]
    #[track_caller]
    pub(crate) fn docker(&self, way: &str, words: &str) -> Output {
        let words = shell_words::split(words).expect("the test quotes well");
        let mut command = match self.user {
            User::Root => self.sandbox.command(&self.program),
            User::Ordinary(uid, gid) => {
                let mut command = self.sandbox.command("/usr/bin/setpriv");
                command.args([format!("--reuid={uid}"), format!("--regid={gid}")]);
                command.arg("--clear-groups").arg(&self.program);
                command
            }
        };
        process::run(command.env("DOCKLINGS_OUTBOUND", way).args(words), b"")
    }
}

fn bind_all_apart() {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).expect("root may");
}

fn bind(from: &Path, to: &Path) {
    mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>).expect("root may");
}

fn shell(line: &str) {
    let status = Command::new("/bin/sh").args(["-ec", line]).status();
    assert!(status.expect("a shell").success(), "{line}");
}

/// Answers at `socket` until the test ends. Source: RFC 1035, section 4.
fn answer_names(socket: &UdpSocket, asked: &AtomicUsize) {
    let name: Vec<u8> = NAME
        .split('.')
        .flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat())
        .chain([0])
        .collect();
    let mut packet = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut packet) {
        let (header, question) = packet[..length].split_at(12);
        let is_known = question.starts_with(&name);
        let end = question.iter().position(|byte| *byte == 0).unwrap_or(0) + 5;
        let is_address = question[end - 4..end] == [0, 1, 0, 1];
        let found = is_known && is_address;
        asked.fetch_add(usize::from(found), Ordering::SeqCst);
        let code = if is_known { 0x80 } else { 0x83 };
        let counts = [0, 1, 0, u8::from(found), 0, 0, 0, 0];
        let mut answer = [&header[..2], &[0x81, code], &counts, &question[..end]].concat();
        if found {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 99, 0, 1]);
        }
        drop(socket.send_to(&answer, from));
    }
}
