//! Builds a container's own root folder.
//!
//! **Kernel feature.** Mount namespaces, overlayfs and `pivot_root(2)`.
//! **What Docker does.** Stacks the image's layers and the container's own, mounts /proc, /sys and /dev on top, masks
//! some of their files, and makes the stack the root.
//! **What we do.** The same, in one process and without a path that an image could redirect: each target is resolved
//! inside the new root, and the mount goes onto the descriptor.
//! **What we leave out.** cgroup v1 folders under /sys/fs/cgroup; see `docs/limits.md`.
//! **Try it.** `docker run --rm busybox mount`
//! **Lesson.** `files-in-and-out`

use super::devices;
use crate::cgroup;
use crate::error::{Error, Result};
use crate::runtime::plan::{InitPlan, PlannedMount, PlannedSource};
use crate::runtime::prefill;
use crate::sys::rootdir::{Make, RootDir};
use crate::sys::{mount, namespace};
use rustix::fs::{FileType, Mode, OFlags, StatVfsMountFlags};
use rustix::mount::MountAttrFlags;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Files that reveal or control the machine. Source: moby `daemon/pkg/oci/defaults.go`.
const MASKED: [&str; 14] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/devices/system/cpu/cpu0/thermal_throttle",
    "/sys/devices/system/cpu/cpu1/thermal_throttle",
];

/// Files that are read-only. Same source.
const PROTECTED: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// Where a container sees its cgroup.
const CGROUP: &str = "/sys/fs/cgroup";

/// Assembles the root and moves into it.
pub(super) fn assemble(plan: &InitPlan) -> Result<()> {
    mount::make_private()?;
    let userxattr = namespace::in_user_namespace();
    mount::Overlay {
        lowers: &plan.lowers,
        upper: Some((&plan.upper, &plan.work)),
        volatile: plan.volatile,
        userxattr,
        bar_devices: !plan.any_device,
    }
    .mount(&plan.rootfs)?;
    let root = RootDir::open(&plan.rootfs)?;
    let proc = mount::new_mount("proc", &[], mount::closed())?;
    root.mount("/proc", &proc, Make::Dir)?;
    devices::populate(&root, !plan.any_device, plan.shm_size)?;
    put_sys(&root, plan.host_network)?;
    for planned in &plan.mounts {
        put_planned(&root, planned, !plan.any_device).map_err(|error| planned.failed(error))?;
    }
    mount::pivot_root(&plan.rootfs)
}

/// Assembles what `docker cp` sees of a stopped container: its files and volumes, without kernel file systems.
pub(in crate::runtime) fn assemble_files(plan: &InitPlan) -> Result<()> {
    // On a read-only disk the container's own layer can be read like the image's.
    let mut lowers = plan.lowers.clone();
    let is_read_only = rustix::fs::statvfs(&plan.upper)
        .is_ok_and(|about| about.f_flag.contains(StatVfsMountFlags::RDONLY));
    if is_read_only {
        lowers.push(plan.upper.clone());
    }
    let overlay = mount::Overlay {
        lowers: &lowers,
        upper: (!is_read_only).then_some((&plan.upper, &plan.work)),
        volatile: plan.volatile,
        userxattr: namespace::in_user_namespace(),
        bar_devices: true,
    };
    overlay.mount(&plan.rootfs)?;
    let root = RootDir::open(&plan.rootfs)?;
    for planned in &plan.mounts {
        let exists = match &planned.source {
            PlannedSource::Bind(path) | PlannedSource::Volume { path, .. } => path.exists(),
            PlannedSource::Tmpfs(_) | PlannedSource::Device(_) => false,
        };
        if exists {
            put_planned(&root, planned, true).map_err(|error| planned.failed(error))?;
        }
    }
    mount::pivot_root(&plan.rootfs)?;
    if plan.read_only {
        mount::make_root_read_only()?;
    }
    Ok(())
}

/// Masks and protects the files that Docker masks and protects, after the network is set up.
pub(super) fn finish(plan: &InitPlan) -> Result<()> {
    if !plan.unmasked {
        mask()?;
        for path in PROTECTED {
            if Path::new(path).exists() {
                mount::protect(path)?;
            }
        }
    }
    if plan.read_only {
        mount::make_root_read_only()?;
    }
    Ok(())
}

/// sysfs belongs to the network namespace: with the machine's network, a user namespace cannot mount it, so the
/// machine's is shown instead.
fn put_sys(root: &RootDir, host_network: bool) -> Result<()> {
    let read_only = mount::closed() | MountAttrFlags::MOUNT_ATTR_RDONLY;
    match mount::new_mount("sysfs", &[], read_only) {
        Ok(sys) => root.mount("/sys", &sys, Make::Dir)?,
        Err(_) if host_network => {
            let sys = open_host(Path::new("/sys"))?;
            let copy = mount::clone_mount(sys.as_fd(), true)?;
            root.mount("/sys", &copy, Make::Dir)?;
            mount::make_read_only(copy.as_fd(), "/sys")?;
        }
        Err(error) => return Err(error),
    }
    if cgroup::version() == 2
        && let Ok(cgroup) = cgroup_mount()
    {
        root.mount(CGROUP, &cgroup, Make::Dir)?;
    }
    Ok(())
}

/// In our own cgroup namespace this shows the container's part. In the machine's it would be the machine's mount, and
/// mounting it again without options would remove those that systemd has set.
fn cgroup_mount() -> Result<OwnedFd> {
    let read_only = mount::closed() | MountAttrFlags::MOUNT_ATTR_RDONLY;
    mount::new_mount("cgroup2", &[], read_only)
}

/// Shows the calling process's group in place of the one shown before. The process is in a container's mount namespace
/// and in a new cgroup namespace.
///
/// # Errors
/// `Machine` if the kernel refuses the mount or the container no longer has the folder.
pub(in crate::runtime) fn show_cgroup() -> Result<()> {
    let mounted = cgroup_mount()?;
    let target = open_host(Path::new(CGROUP))?;
    mount::attach(mounted.as_fd(), target.as_fd(), CGROUP)
}

fn open_host(path: &Path) -> Result<OwnedFd> {
    rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| crate::sys::failed("open", path.display(), error))
}

/// Opens the folder of a volume's files. Neither it nor the volume's folder may be a symlink, which could lead
/// anywhere.
fn open_volume(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let (above, name) = (path.parent(), path.file_name());
    rustix::fs::open(above.unwrap_or(path), flags, Mode::empty())
        .and_then(|above| rustix::fs::openat(above, name.unwrap_or_default(), flags, Mode::empty()))
        .map_err(|error| crate::sys::failed("open", path.display(), error))
}

fn put_planned(root: &RootDir, planned: &PlannedMount, bar_devices: bool) -> Result<()> {
    let path = Path::new(&planned.target);
    // Refuse it before a volume is filled from there.
    if let Ok(target) = root.resolve(path, OFlags::PATH) {
        refuse_proc(&target, &planned.target)?;
    }
    let (mounted, make) = match &planned.source {
        PlannedSource::Tmpfs(options) => (tmpfs(options)?, Make::Dir),
        PlannedSource::Bind(source) => bind(source, bar_devices)?,
        PlannedSource::Device(source) => (
            mount::clone_mount(open_host(source)?.as_fd(), false)?,
            Make::File,
        ),
        PlannedSource::Volume { path: folder, copy } => {
            let folder = open_volume(folder)?;
            if *copy {
                prefill::fill(root, path, &folder)?;
            }
            let volume = mount::clone_mount(folder.as_fd(), false)?;
            if bar_devices {
                mount::bar_devices(volume.as_fd(), false)?;
            }
            (volume, Make::Dir)
        }
    };
    let target = root.make(path, make)?;
    refuse_proc(&target, &planned.target)?;
    if is_dir(&target, &planned.target)? != is_dir(&mounted, &planned.target)? {
        return Err(crate::sys::failed(
            "mount on",
            &planned.target,
            std::io::Error::from(std::io::ErrorKind::NotADirectory),
        ));
    }
    mount::attach(mounted.as_fd(), target.as_fd(), &planned.target)?;
    if planned.read_only {
        mount::make_read_only(mounted.as_fd(), &planned.target)?;
    }
    Ok(())
}

/// A bind mount of a file or folder of the machine. Devices in a folder, and harmful devices, are barred.
fn bind(source: &Path, bar_devices: bool) -> Result<(OwnedFd, Make)> {
    let file = open_host(source)?;
    let about = rustix::fs::fstat(&file)
        .map_err(|error| crate::sys::failed("fstat", source.display(), error))?;
    let is_dir = FileType::from_raw_mode(about.st_mode).is_dir();
    let mounted = mount::clone_mount(file.as_fd(), true)?;
    if bar_devices && !devices::is_harmless(about.st_mode, about.st_rdev) {
        mount::bar_devices(mounted.as_fd(), true)?;
    }
    Ok((mounted, if is_dir { Make::Dir } else { Make::File }))
}

fn is_dir(file: &OwnedFd, name: &str) -> Result<bool> {
    let about =
        rustix::fs::fstat(file).map_err(|error| crate::sys::failed("fstat", name, error))?;
    Ok(FileType::from_raw_mode(about.st_mode).is_dir())
}

/// Refuses mounts inside /proc: the engine itself reads it, so it must be the kernel's (CVE-2019-19921). Source: runc
/// `checkProcMount`, with its list of what may be replaced.
fn refuse_proc(target: &OwnedFd, path: &str) -> Result<()> {
    const REPLACEABLE: [&str; 8] = [
        "cpuinfo",
        "diskstats",
        "loadavg",
        "meminfo",
        "slabinfo",
        "stat",
        "swaps",
        "uptime",
    ];
    let kind =
        rustix::fs::fstatfs(target).map_err(|error| crate::sys::failed("statfs", path, error))?;
    let file = path.strip_prefix("/proc/").unwrap_or_default();
    if kind.f_type == rustix::fs::PROC_SUPER_MAGIC && !REPLACEABLE.contains(&file) {
        return Err(Error::invalid(format!(
            "\"{path}\" cannot be mounted because it is inside /proc"
        )));
    }
    Ok(())
}

/// A tmpfs with the options of `docker run --tmpfs`; Docker's defaults are noexec, nosuid and nodev.
fn tmpfs(options: &str) -> Result<OwnedFd> {
    let mut attributes = mount::closed();
    let mut settings = Vec::new();
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "exec" => attributes &= !MountAttrFlags::MOUNT_ATTR_NOEXEC,
            "suid" => attributes &= !MountAttrFlags::MOUNT_ATTR_NOSUID,
            "dev" => attributes &= !MountAttrFlags::MOUNT_ATTR_NODEV,
            "ro" => attributes |= MountAttrFlags::MOUNT_ATTR_RDONLY,
            "rw" | "noexec" | "nosuid" | "nodev" => {}
            other => match other.split_once('=') {
                Some((name, value)) if is_tmpfs_setting(name, value) => {
                    settings.push((name, value));
                }
                _ => {
                    return Err(Error::invalid(format!("invalid tmpfs option [{other:?}]"))
                        .with_hint(
                            "size=64m, size=50%, mode=1777, uid=1000, gid=1000, nr_inodes=10k",
                        ));
                }
            },
        }
    }
    mount::new_mount("tmpfs", &settings, attributes)
}

/// Whether `name=value` is valid for a tmpfs: a number, for sizes also with a unit or as a share of memory.
fn is_tmpfs_setting(name: &str, value: &str) -> bool {
    let digits = match name {
        "size" => value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G', '%']),
        "nr_inodes" => value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']),
        "mode" => return u32::from_str_radix(value, 8).is_ok_and(|mode| mode <= 0o7777),
        "uid" | "gid" => return value.parse::<u32>().is_ok(),
        _ => return false,
    };
    value.len() - digits.len() <= 1 && digits.parse::<u64>().is_ok()
}

/// Masks files with our own /dev/null, which is verified to be the device and not a symlink (CVE-2025-31133), and
/// folders with one shared empty folder.
fn mask() -> Result<()> {
    let null = devices::null().map_err(|error| {
        Error::invalid("the mount on `/dev` has no device `null`, which a container needs")
            .with_source(error)
            .with_hint("mount it below `/dev`, or use `-v /dev:/dev`")
    })?;
    let mut empty: Option<OwnedFd> = None;
    for path in MASKED {
        let Ok(target) = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        else {
            continue;
        };
        let stat =
            rustix::fs::fstat(&target).map_err(|error| crate::sys::failed("fstat", path, error))?;
        if !FileType::from_raw_mode(stat.st_mode).is_dir() {
            mount::attach(
                mount::clone_mount(null.as_fd(), false)?.as_fd(),
                target.as_fd(),
                path,
            )?;
            continue;
        }
        let mounted = match &empty {
            Some(folder) => mount::clone_mount(folder.as_fd(), false)?,
            None => mount::new_mount(
                "tmpfs",
                &[("size", "0"), ("mode", "555")],
                mount::closed() | MountAttrFlags::MOUNT_ATTR_RDONLY,
            )?,
        };
        mount::attach(mounted.as_fd(), target.as_fd(), path)?;
        empty.get_or_insert(mounted);
    }
    Ok(())
}

/// Shows the container's terminal as /dev/console. The terminal is in our own devpts, and /dev is ours, so plain paths
/// are safe.
pub(super) fn bind_console(master: &OwnedFd) -> Result<()> {
    let name = rustix::pty::ptsname(master, Vec::new())
        .map_err(|error| crate::sys::failed("ptsname", "the terminal", error))?;
    let slave = open_host(Path::new(std::ffi::OsStr::new(&*name.to_string_lossy())))?;
    let root = RootDir::open(Path::new("/"))?;
    root.mount(
        "/dev/console",
        &mount::clone_mount(slave.as_fd(), false)?,
        Make::File,
    )
}
