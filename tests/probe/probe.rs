//! Tries what a program inside a container can do. Takes one word per try; prints `allowed`, or the error's name.
//!
//! `tests/it/support/probe.rs` compiles it with `rustc` alone and links it statically, so it runs in any image. It
//! belongs to no crate, and is the only place outside the engine that makes system calls by itself: its calls have no
//! safe wrappers, and are meant to fail.

use std::ffi::{CString, c_char, c_int, c_long};
use std::io::Error;
use std::process::ExitCode;

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn getauxval(kind: u64) -> u64;
    fn prctl(option: c_int, ...) -> c_int;
}

/// x86_64 numbers, from `asm/unistd_64.h`.
mod number {
    pub const PTRACE: i64 = 101;
    pub const SYSLOG: i64 = 103;
    pub const PERSONALITY: i64 = 135;
    pub const MOUNT: i64 = 165;
    pub const SETHOSTNAME: i64 = 170;
    pub const REBOOT: i64 = 169;
    pub const SWAPON: i64 = 167;
    pub const INIT_MODULE: i64 = 175;
    pub const SOCKET: i64 = 41;
    pub const CLOCK_SETTIME: i64 = 227;
    pub const KEYCTL: i64 = 250;
    pub const ADD_KEY: i64 = 248;
    pub const UNSHARE: i64 = 272;
    pub const OPEN_BY_HANDLE_AT: i64 = 304;
    pub const SETNS: i64 = 308;
    pub const KEXEC_LOAD: i64 = 246;
    pub const BPF: i64 = 321;
    pub const USERFAULTFD: i64 = 323;
    pub const PERF_EVENT_OPEN: i64 = 298;
    pub const IO_URING_SETUP: i64 = 425;
    pub const CLONE3: i64 = 435;
    pub const CHROOT: i64 = 161;
    pub const MKNODAT: i64 = 259;
    pub const CLONE: i64 = 56;
    pub const GETPID: i64 = 39;
    /// Calls of the x32 interface have this bit set.
    pub const X32: i64 = 0x4000_0000;
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(word) = words.next() else {
        eprintln!("probe: say what to try");
        return ExitCode::from(2);
    };
    match word.as_str() {
        "fds" => fds(),
        "echo" => echo(&words.next().unwrap_or_default()),
        "dumpable" => {
            // SAFETY: PR_GET_DUMPABLE takes no pointer.
            println!("{}", unsafe { prctl(3) });
        }
        "secure" => {
            // SAFETY: AT_SECURE is a number in the auxiliary vector.
            println!("{}", unsafe { getauxval(23) });
        }
        "i386" => {
            // getpid of the 32-bit interface, with its number from `asm/unistd_32.h`.
            let result: i32;
            // SAFETY: the call takes no argument and writes no memory; the 32-bit entry keeps all registers but this one.
            unsafe { std::arch::asm!("int 0x80", inlateout("eax") 20 => result, options(nostack)) };
            println!("getpid {result}");
        }
        "calls" => {
            for name in words {
                println!("{name} {}", attempt(&name));
            }
        }
        "watch" => watch(),
        _ => {
            eprintln!("probe: `{word}` is unknown");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Sends back each datagram that comes to `address`.
fn echo(address: &str) {
    let socket = std::net::UdpSocket::bind(address).expect("the address is free");
    let mut buffer = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        drop(socket.send_to(&buffer[..length], from));
    }
}

fn fds() {
    let Ok(list) = std::fs::read_dir("/proc/self/fd") else {
        println!("unreadable");
        return;
    };
    for entry in list.flatten() {
        let target = std::fs::read_link(entry.path()).unwrap_or_default();
        if !target.to_string_lossy().ends_with("/fd") {
            println!("{} {}", entry.file_name().to_string_lossy(), target.display());
        }
    }
}

/// Inspects every process that appears, until it is killed. Prints `seen` for one of the engine's processes that is not
/// the command yet, and `hit` for a process that has more than the container.
fn watch() {
    let me = std::process::id();
    let own = Seen::of(me).expect("our own status can be read");
    let (mut newest, mut said) = (me, std::collections::BTreeSet::new());
    loop {
        for pid in (1..=newest + 40).filter(|pid| *pid != me) {
            let Some(seen) = Seen::of(pid) else { continue };
            newest = newest.max(pid);
            let mut more = seen.more_than(&own);
            let mut lines = Vec::new();
            if seen.name.starts_with("docklings") || seen.name == "docker-init" {
                more.extend(held(pid));
                lines.push(format!("seen {pid} {}", seen.name));
            }
            lines.extend(more.iter().map(|what| format!("hit {pid} {}: {what}", seen.name)));
            for line in lines.into_iter().filter(|line| said.insert(line.clone())) {
                println!("{line}");
            }
        }
    }
}

/// A process's rights in `/proc/<pid>/status`.
struct Seen {
    name: String,
    capabilities: u64,
    filter: String,
}

impl Seen {
    fn of(pid: u32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field = |name: &str| Some(status.lines().find_map(|line| line.strip_prefix(name))?.trim().to_owned());
        let capabilities = ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"]
            .iter()
            .filter_map(|name| u64::from_str_radix(&field(name)?, 16).ok())
            .fold(0, |all, one| all | one);
        Some(Self { name: field("Name:")?, capabilities, filter: field("Seccomp:")? })
    }

    fn more_than(&self, own: &Self) -> Vec<String> {
        let mut more = Vec::new();
        if self.capabilities & !own.capabilities != 0 {
            more.push(format!("capabilities {:x}", self.capabilities));
        }
        if self.filter != own.filter {
            more.push(format!("filter {}", self.filter));
        }
        more
    }
}

/// The descriptors of one of the engine's processes other than its streams and its one socket to the monitor. A process
/// that sees them can open their targets.
fn held(pid: u32) -> Vec<String> {
    let list = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let targets = list.into_iter().flatten().flatten();
    let mut targets: Vec<_> = targets
        .filter_map(|entry| Some(std::fs::read_link(entry.path()).ok()?.display().to_string()))
        .collect();
    if let Some(channel) = targets.iter().position(|target| target.starts_with("socket:")) {
        targets.remove(channel);
    }
    targets.retain(|target| !(target == "/null" || target.starts_with("/dev/") || target.starts_with("pipe:")));
    targets
}

/// Calls `clone` with `flags`; a child, if there is one, ends at once. It is not reaped before the container ends.
///
/// # Safety
/// The caller must have one thread.
unsafe fn clone(flags: c_long) -> c_long {
    const SIGCHLD: c_long = 17;
    let zero: c_long = 0;
    // SAFETY: without CLONE_VM and with no stack given, this is a fork, which one thread may do.
    let result = unsafe { syscall(number::CLONE, flags | SIGCHLD, zero, zero, zero, zero) };
    if result == 0 {
        std::process::exit(0);
    }
    result
}

/// Makes the call `name` with arguments that do no harm if it is allowed.
fn attempt(name: &str) -> String {
    let text = |text: &str| CString::new(text).expect("no zero byte");
    let (none, tmpfs, target) = (text("none"), text("tmpfs"), text("/tmp"));
    let pointer = |text: &CString| text.as_ptr() as *const c_char;
    let zero: c_long = 0;
    // SAFETY: every pointer is null or one of the strings above, which live until the end of this function; none of
    // these calls writes to the memory that it is given.
    let result = unsafe {
        match name {
            "mount" => syscall(number::MOUNT, pointer(&none), pointer(&target), pointer(&tmpfs), zero, zero),
            "unshare-user" => syscall(number::UNSHARE, 0x1000_0000 as c_long),
            "unshare-net" => syscall(number::UNSHARE, 0x4000_0000 as c_long),
            "setns" => syscall(number::SETNS, 0 as c_long, zero),
            "clone-newuser" => clone(0x1000_0000),
            "clone-newns" => clone(0x0002_0000),
            "clone-newnet" => clone(0x4000_0000),
            "clone-newcgroup" => clone(0x0200_0000),
            "clone-plain" => clone(0),
            "x32-getpid" => syscall(number::X32 | number::GETPID),
            "personality-query" => syscall(number::PERSONALITY, 0xffff_ffffu32 as c_long),
            "personality-linux32" => syscall(number::PERSONALITY, 8 as c_long),
            "clone3" => syscall(number::CLONE3, zero, zero),
            "ptrace-attach-1" => syscall(number::PTRACE, 16 as c_long, 1 as c_long, zero, zero),
            "syslog" => syscall(number::SYSLOG, 10 as c_long, zero, zero),
            "personality" => syscall(number::PERSONALITY, 0x0040_0000 as c_long),
            "sethostname" => syscall(number::SETHOSTNAME, pointer(&none), 4 as c_long),
            "reboot" => syscall(number::REBOOT, 0xfee1_deadu32 as c_long, 672_274_793 as c_long, 0x89ab_cdefu32 as c_long, zero),
            "swapon" => syscall(number::SWAPON, pointer(&none), zero),
            "init_module" => syscall(number::INIT_MODULE, zero, zero, zero),
            "socket-alg" => syscall(number::SOCKET, 38 as c_long, 5 as c_long, zero),
            "socket-vsock" => syscall(number::SOCKET, 40 as c_long, 1 as c_long, zero),
            "socket-inet" => syscall(number::SOCKET, 2 as c_long, 1 as c_long, zero),
            "clock_settime" => syscall(number::CLOCK_SETTIME, zero, zero),
            "keyctl" => syscall(number::KEYCTL, zero, zero, zero, zero, zero),
            "add_key" => syscall(number::ADD_KEY, zero, zero, zero, zero, zero),
            "open_by_handle_at" => syscall(number::OPEN_BY_HANDLE_AT, zero, zero, zero),
            "kexec_load" => syscall(number::KEXEC_LOAD, zero, zero, zero, zero),
            "bpf" => syscall(number::BPF, zero, zero, zero),
            "userfaultfd" => syscall(number::USERFAULTFD, 1 as c_long),
            "perf_event_open" => syscall(number::PERF_EVENT_OPEN, zero, zero, zero, zero, zero),
            "io_uring_setup" => syscall(number::IO_URING_SETUP, zero, zero),
            "chroot" => syscall(number::CHROOT, pointer(&target)),
            "mknod-disk" => {
                let path = text("/tmp/disk");
                // A block device with the numbers of a disk; making it is allowed, opening it is not.
                syscall(number::MKNODAT, -100 as c_long, pointer(&path), 0o060_600 as c_long, 0xfe00 as c_long);
                drop(std::fs::File::open("/tmp/disk").map_err(|error| println!("open {error}")));
                0
            }
            _ => return "unknown".to_owned(),
        }
    };
    if result >= 0 {
        return "allowed".to_owned();
    }
    match Error::last_os_error().raw_os_error() {
        Some(1) => "EPERM".to_owned(),
        Some(38) => "ENOSYS".to_owned(),
        Some(22) => "EINVAL".to_owned(),
        Some(14) => "EFAULT".to_owned(),
        Some(13) => "EACCES".to_owned(),
        Some(97) => "EAFNOSUPPORT".to_owned(),
        Some(other) => format!("errno {other}"),
        None => "unknown error".to_owned(),
    }
}
