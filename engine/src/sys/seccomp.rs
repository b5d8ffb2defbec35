//! The system call filter: the calls that a container may make.
//!
//! **Kernel feature.** `seccomp(2)` with a BPF program over `struct seccomp_data`.
//! **What Docker does.** An allow list; other calls fail with EPERM, and `clone3` with ENOSYS so that C libraries fall
//! back to `clone`, whose flags the filter can read. Sockets of AF_ALG and AF_VSOCK are refused.
//! **What we do.** The same list, turned into BPF when docklings is compiled. Added capabilities allow the calls that
//! need them; the filter is then built at start by the same function.
//! **What we leave out.** 32-bit programs: all their calls fail.
//! **Try it.** `docker run --rm busybox unshare -U true`

use super::capability::{self, Capabilities};
use super::{check, failed};
use crate::error::Result;
use libc::{sock_filter, sock_fprog};

/// `AUDIT_ARCH_X86_64` of `linux/audit.h`.
const ARCH: u32 = 0xc000_003e;
/// Calls of the x32 interface have this bit set.
const X32: u32 = 0x4000_0000;
const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
/// `CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET`.
const NEW_NAMESPACES: u32 = 0x7e02_0000;
/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENT_0: u32 = 16;

macro_rules! calls {
    ($($name:ident)*) => {{
        use libc::*;
        [$(paste($name)),*]
    }};
}

const fn paste(number: libc::c_long) -> u16 {
    number as u16
}

/// Allowed for everyone. Source: moby `profiles/seccomp/default.json`, x86_64.
#[rustfmt::skip]
const ALWAYS: &[u16] = &calls![
    SYS_accept SYS_accept4 SYS_access SYS_adjtimex SYS_alarm SYS_arch_prctl SYS_bind SYS_brk SYS_capget SYS_capset SYS_chdir
    SYS_chmod SYS_chown SYS_clock_adjtime SYS_clock_getres SYS_clock_gettime SYS_clock_nanosleep SYS_close SYS_close_range
    SYS_connect SYS_copy_file_range SYS_creat SYS_dup SYS_dup2 SYS_dup3 SYS_epoll_create SYS_epoll_create1 SYS_epoll_ctl
    SYS_epoll_ctl_old SYS_epoll_pwait SYS_epoll_pwait2 SYS_epoll_wait SYS_epoll_wait_old SYS_eventfd SYS_eventfd2 SYS_execve
    SYS_execveat SYS_exit SYS_exit_group SYS_faccessat SYS_faccessat2 SYS_fadvise64 SYS_fallocate SYS_fanotify_mark SYS_fchdir
    SYS_fchmod SYS_fchmodat SYS_fchown SYS_fchownat SYS_fcntl SYS_fdatasync SYS_fgetxattr SYS_flistxattr
    SYS_flock SYS_fork SYS_fremovexattr SYS_fsetxattr SYS_fstat SYS_fstatfs SYS_fsync SYS_ftruncate SYS_futex
    SYS_futex_waitv SYS_futimesat SYS_getcpu SYS_getcwd SYS_getdents SYS_getdents64 SYS_getegid
    SYS_geteuid SYS_getgid SYS_getgroups SYS_getitimer SYS_getpeername SYS_getpgid SYS_getpgrp SYS_getpid SYS_getppid
    SYS_getpriority SYS_getrandom SYS_getresgid SYS_getresuid SYS_getrlimit SYS_get_robust_list SYS_getrusage SYS_getsid
    SYS_getsockname SYS_getsockopt SYS_get_thread_area SYS_gettid SYS_gettimeofday SYS_getuid SYS_getxattr
    SYS_inotify_add_watch SYS_inotify_init SYS_inotify_init1 SYS_inotify_rm_watch SYS_io_cancel SYS_ioctl SYS_io_destroy
    SYS_io_getevents SYS_ioprio_get SYS_ioprio_set SYS_io_setup SYS_io_submit SYS_kill SYS_landlock_add_rule
    SYS_landlock_create_ruleset SYS_landlock_restrict_self SYS_lchown SYS_lgetxattr SYS_link SYS_linkat SYS_listen SYS_listxattr
    SYS_llistxattr SYS_lremovexattr SYS_lseek SYS_lsetxattr SYS_lstat SYS_madvise
    SYS_membarrier SYS_memfd_create SYS_memfd_secret SYS_mincore SYS_mkdir SYS_mkdirat SYS_mknod SYS_mknodat SYS_mlock SYS_mlock2
    SYS_mlockall SYS_mmap SYS_modify_ldt SYS_mprotect SYS_mq_getsetattr SYS_mq_notify SYS_mq_open SYS_mq_timedreceive
    SYS_mq_timedsend SYS_mq_unlink SYS_mremap SYS_mseal SYS_msgctl SYS_msgget SYS_msgrcv SYS_msgsnd SYS_msync SYS_munlock
    SYS_munlockall SYS_munmap SYS_name_to_handle_at SYS_nanosleep SYS_newfstatat SYS_open SYS_openat SYS_openat2 SYS_pause
    SYS_pidfd_open SYS_pidfd_send_signal SYS_pipe SYS_pipe2 SYS_pkey_alloc SYS_pkey_free SYS_pkey_mprotect SYS_poll SYS_ppoll
    SYS_prctl SYS_pread64 SYS_preadv SYS_preadv2 SYS_prlimit64 SYS_process_mrelease SYS_process_vm_readv SYS_process_vm_writev
    SYS_pselect6 SYS_ptrace SYS_pwrite64 SYS_pwritev SYS_pwritev2 SYS_read SYS_readahead SYS_readlink SYS_readlinkat SYS_readv
    SYS_recvfrom SYS_recvmmsg SYS_recvmsg SYS_remap_file_pages SYS_removexattr SYS_rename SYS_renameat
    SYS_renameat2 SYS_restart_syscall SYS_rmdir SYS_rseq SYS_rt_sigaction SYS_rt_sigpending SYS_rt_sigprocmask SYS_rt_sigqueueinfo
    SYS_rt_sigreturn SYS_rt_sigsuspend SYS_rt_sigtimedwait SYS_rt_tgsigqueueinfo SYS_sched_getaffinity SYS_sched_getattr
    SYS_sched_getparam SYS_sched_get_priority_max SYS_sched_get_priority_min SYS_sched_getscheduler SYS_sched_rr_get_interval
    SYS_sched_setaffinity SYS_sched_setattr SYS_sched_setparam SYS_sched_setscheduler SYS_sched_yield SYS_seccomp SYS_select
    SYS_semctl SYS_semget SYS_semop SYS_semtimedop SYS_sendfile SYS_sendmmsg SYS_sendmsg SYS_sendto SYS_setfsgid SYS_setfsuid
    SYS_setgid SYS_setgroups SYS_setitimer SYS_setpgid SYS_setpriority SYS_setregid SYS_setresgid SYS_setresuid SYS_setreuid
    SYS_setrlimit SYS_set_robust_list SYS_setsid SYS_setsockopt SYS_set_thread_area SYS_set_tid_address SYS_setuid SYS_setxattr
    SYS_shmat SYS_shmctl SYS_shmdt SYS_shmget SYS_shutdown SYS_sigaltstack SYS_signalfd SYS_signalfd4
    SYS_socketpair SYS_splice SYS_stat SYS_statfs SYS_statx SYS_symlink SYS_symlinkat SYS_sync SYS_sync_file_range SYS_syncfs
    SYS_sysinfo SYS_tee SYS_tgkill SYS_time SYS_timer_create SYS_timer_delete SYS_timer_getoverrun SYS_timer_gettime
    SYS_timer_settime SYS_timerfd_create SYS_timerfd_gettime SYS_timerfd_settime SYS_times SYS_tkill SYS_truncate SYS_umask
    SYS_uname SYS_unlink SYS_unlinkat SYS_utime SYS_utimensat SYS_utimes SYS_vfork SYS_vmsplice SYS_wait4 SYS_waitid SYS_write
    SYS_writev
];

/// Also always allowed, but newer than the `libc` crate's table: io_pgetevents cachestat fchmodat2 map_shadow_stack
/// futex_wake futex_wait futex_requeue uretprobe setxattrat getxattrat listxattrat removexattrat. Source: Linux
/// `syscall_64.tbl`.
const NEWER: &[u16] = &[333, 451, 452, 453, 454, 455, 456, 335, 463, 464, 465, 466];

/// Allowed with a capability, by its number.
#[rustfmt::skip]
const WITH_CAPABILITY: &[(u32, &[u16])] = &[
    (2, &calls![SYS_open_by_handle_at]),
    (16, &calls![SYS_delete_module SYS_init_module SYS_finit_module]),
    (17, &calls![SYS_iopl SYS_ioperm]),
    (18, &calls![SYS_chroot]),
    (19, &calls![SYS_kcmp SYS_pidfd_getfd SYS_process_madvise]),
    (20, &calls![SYS_acct]),
    (21, &calls![SYS_bpf SYS_clone3 SYS_fanotify_init SYS_fsconfig SYS_fsmount SYS_fsopen SYS_fspick SYS_lookup_dcookie
                 SYS_mount SYS_mount_setattr SYS_move_mount SYS_open_tree SYS_perf_event_open SYS_quotactl SYS_quotactl_fd
                 SYS_setdomainname SYS_sethostname SYS_setns SYS_syslog SYS_umount2 SYS_unshare]),
    // statmount, listmount, lsm_get_self_attr, lsm_set_self_attr and lsm_list_modules.
    (21, &[457, 458, 459, 460, 461]),
    (22, &calls![SYS_reboot]),
    (23, &calls![SYS_get_mempolicy SYS_mbind SYS_set_mempolicy SYS_set_mempolicy_home_node]),
    (25, &calls![SYS_settimeofday SYS_clock_settime]),
    (26, &calls![SYS_vhangup]),
    (34, &calls![SYS_syslog]),
    (38, &calls![SYS_perf_event_open]),
    (39, &calls![SYS_bpf]),
];

const HIGHEST: usize = 512;
const SPACE: usize = 400;

/// A BPF filter program.
pub(crate) struct Filter {
    code: [sock_filter; SPACE],
    length: usize,
}

/// The filter of a container with Docker's default capabilities.
static DEFAULT: Filter = Filter::for_capabilities(capability::DEFAULT);

impl Filter {
    /// The filter for a process that keeps `capabilities`.
    pub(crate) const fn for_capabilities(capabilities: Capabilities) -> Self {
        let admin = capabilities & capability::SYS_ADMIN != 0;
        let empty = sock_filter {
            code: 0,
            jt: 0,
            jf: 0,
            k: 0,
        };
        let mut filter = Self {
            code: [empty; SPACE],
            length: 0,
        };
        filter.load(ARCHITECTURE);
        filter.unless_equal(ARCH, EPERM);
        filter.load(NUMBER);
        filter.if_at_least(X32, ENOSYS);
        if !admin {
            filter.if_equal(libc::SYS_clone3 as u32, 1);
            filter.finish(ENOSYS);
            // A clone without new namespaces is a fork or a thread.
            filter.if_equal(libc::SYS_clone as u32, 4);
            filter.load(ARGUMENT_0);
            filter.push(
                libc::BPF_ALU | libc::BPF_AND | libc::BPF_K,
                NEW_NAMESPACES,
                0,
                0,
            );
            filter.unless_equal_skip(0);
            filter.finish(ALLOW);
        }
        filter.family_rules();
        filter.ranges(&allowed(capabilities, admin));
        filter.finish(EPERM);
        filter
    }

    /// Only the lower half of an argument is compared: the kernel treats these two as 32-bit numbers.
    const fn family_rules(&mut self) {
        self.if_equal(libc::SYS_socket as u32, 4);
        self.load(ARGUMENT_0);
        self.jump(libc::BPF_JEQ, libc::AF_ALG as u32, 2, 0);
        self.jump(libc::BPF_JEQ, libc::AF_VSOCK as u32, 1, 0);
        self.finish(ALLOW);
        // Reached for a refused family or another call. The number is loaded again; no later rule allows `socket`.
        self.load(NUMBER);
        self.if_equal(libc::SYS_personality as u32, 7);
        self.load(ARGUMENT_0);
        self.jump(libc::BPF_JEQ, 0, 4, 0);
        self.jump(libc::BPF_JEQ, 0x8, 3, 0);
        self.jump(libc::BPF_JEQ, 0x2_0000, 2, 0);
        self.jump(libc::BPF_JEQ, 0x2_0008, 1, 0);
        self.jump(libc::BPF_JEQ, 0xffff_ffff, 0, 1);
        self.finish(ALLOW);
        self.load(NUMBER);
    }

    const fn ranges(&mut self, allowed: &[bool; HIGHEST]) {
        let mut number = 0;
        while number < HIGHEST {
            if !allowed[number] {
                number += 1;
                continue;
            }
            let first = number;
            while number < HIGHEST && allowed[number] {
                number += 1;
            }
            self.jump(libc::BPF_JGE, first as u32, 0, 2);
            self.jump(libc::BPF_JGT, (number - 1) as u32, 1, 0);
            self.finish(ALLOW);
        }
    }

    const fn push(&mut self, code: u32, k: u32, jt: u8, jf: u8) {
        self.code[self.length] = sock_filter {
            code: code as u16,
            jt,
            jf,
            k,
        };
        self.length += 1;
    }

    const fn load(&mut self, offset: u32) {
        self.push(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0);
    }

    const fn jump(&mut self, test: u32, k: u32, jt: u8, jf: u8) {
        self.push(libc::BPF_JMP | test | libc::BPF_K, k, jt, jf);
    }

    const fn finish(&mut self, verdict: u32) {
        self.push(libc::BPF_RET | libc::BPF_K, verdict, 0, 0);
    }

    /// Runs the next `count` instructions only if the loaded word is `k`.
    const fn if_equal(&mut self, k: u32, count: u8) {
        self.jump(libc::BPF_JEQ, k, 0, count);
    }

    const fn unless_equal(&mut self, k: u32, verdict: u32) {
        self.jump(libc::BPF_JEQ, k, 1, 0);
        self.finish(verdict);
    }

    const fn if_at_least(&mut self, k: u32, verdict: u32) {
        self.jump(libc::BPF_JGE, k, 0, 1);
        self.finish(verdict);
    }

    /// Skips the next instruction unless the loaded word is `k`. The number is no longer loaded afterwards, so the
    /// caller's last instruction must end the program or be skipped to a refusal.
    const fn unless_equal_skip(&mut self, k: u32) {
        self.jump(libc::BPF_JEQ, k, 0, 1);
    }
}

const fn allowed(capabilities: Capabilities, admin: bool) -> [bool; HIGHEST] {
    let mut table = [false; HIGHEST];
    mark(&mut table, ALWAYS);
    mark(&mut table, NEWER);
    if admin {
        mark(&mut table, &[libc::SYS_clone as u16]);
    }
    let mut row = 0;
    while row < WITH_CAPABILITY.len() {
        if capabilities & (1 << WITH_CAPABILITY[row].0) != 0 {
            mark(&mut table, WITH_CAPABILITY[row].1);
        }
        row += 1;
    }
    table
}

const fn mark(table: &mut [bool; HIGHEST], numbers: &[u16]) {
    let mut index = 0;
    while index < numbers.len() {
        table[numbers[index] as usize] = true;
        index += 1;
    }
}

/// Installs the filter on the calling process, permanently. Without `no_new_privs` this needs `CAP_SYS_ADMIN`.
pub(crate) fn load(capabilities: Capabilities) -> Result<()> {
    let made;
    let filter = if capabilities == capability::DEFAULT {
        &DEFAULT
    } else {
        made = Filter::for_capabilities(capabilities);
        &made
    };
    let program = sock_fprog {
        len: filter.length as u16,
        filter: filter.code.as_ptr().cast_mut(),
    };
    // SAFETY: the program points to `len` instructions that outlive the call; the kernel copies and verifies them.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0,
            &raw const program,
        )
    };
    check(result)
        .map(drop)
        .map_err(|error| failed("seccomp", "the filter", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a filter as the kernel would: returns the verdict for a call with its first argument.
    fn run(filter: &Filter, arch: u32, number: u32, argument: u32) -> u32 {
        let (mut at, mut word) = (0, 0u32);
        loop {
            let step = filter.code[at];
            let code = u32::from(step.code);
            at += 1;
            let jump = |yes: bool| usize::from(if yes { step.jt } else { step.jf });
            match code & 0x07 {
                libc::BPF_LD => {
                    word = match step.k {
                        NUMBER => number,
                        ARCHITECTURE => arch,
                        ARGUMENT_0 => argument,
                        other => panic!("offset {other}"),
                    }
                }
                libc::BPF_ALU => word &= step.k,
                libc::BPF_RET => return step.k,
                libc::BPF_JMP => {
                    at += match code & 0xf0 {
                        libc::BPF_JEQ => jump(word == step.k),
                        libc::BPF_JGE => jump(word >= step.k),
                        libc::BPF_JGT => jump(word > step.k),
                        other => panic!("jump {other}"),
                    }
                }
                other => panic!("class {other}"),
            }
        }
    }

    fn check(capabilities: Capabilities, number: libc::c_long, argument: i64, expected: u32) {
        let filter = Filter::for_capabilities(capabilities);
        let verdict = run(&filter, ARCH, number as u32, argument as u32);
        assert_eq!(verdict, expected, "call {number} with {argument:#x}");
    }

    #[test]
    fn everyday_calls_pass_and_dangerous_ones_fail() {
        for number in [
            libc::SYS_read,
            libc::SYS_execve,
            libc::SYS_openat,
            libc::SYS_write,
            452,
        ] {
            check(capability::DEFAULT, number, 0, ALLOW);
        }
        for number in [
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_bpf,
            libc::SYS_keyctl,
            libc::SYS_add_key,
            libc::SYS_kexec_load,
            libc::SYS_io_uring_setup,
            libc::SYS_init_module,
            libc::SYS_reboot,
            libc::SYS_userfaultfd,
            511,
            100_000,
        ] {
            check(capability::DEFAULT, number, 0, EPERM);
        }
    }

    #[test]
    fn clone3_is_unknown_and_clone_creates_no_namespaces() {
        check(capability::DEFAULT, libc::SYS_clone3, 0, ENOSYS);
        check(
            capability::DEFAULT,
            libc::SYS_clone,
            libc::SIGCHLD.into(),
            ALLOW,
        );
        check(
            capability::DEFAULT,
            libc::SYS_clone,
            libc::CLONE_NEWUSER.into(),
            EPERM,
        );
        check(
            capability::DEFAULT,
            libc::SYS_clone,
            libc::CLONE_NEWNS.into(),
            EPERM,
        );
        let admin = capability::DEFAULT | capability::SYS_ADMIN;
        check(admin, libc::SYS_clone3, 0, ALLOW);
        check(admin, libc::SYS_clone, libc::CLONE_NEWNS.into(), ALLOW);
        check(admin, libc::SYS_mount, 0, ALLOW);
    }

    #[test]
    fn sockets_of_two_families_and_odd_personalities_are_refused() {
        for (family, expected) in [
            (1, ALLOW),
            (2, ALLOW),
            (38, EPERM),
            (39, ALLOW),
            (40, EPERM),
        ] {
            check(capability::DEFAULT, libc::SYS_socket, family, expected);
        }
        for (personality, expected) in [
            (0, ALLOW),
            (8, ALLOW),
            (0x2_0008, ALLOW),
            (0xffff_ffff, ALLOW),
            (4, EPERM),
        ] {
            check(
                capability::DEFAULT,
                libc::SYS_personality,
                personality,
                expected,
            );
        }
    }

    #[test]
    fn other_architectures_are_refused() {
        assert_eq!(run(&DEFAULT, 0x4000_0003, 4, 0), EPERM);
        assert_eq!(run(&DEFAULT, ARCH, X32 | 1, 0), ENOSYS);
    }
}
