//! Inside the new namespaces: the init executes its plan, step by step, and then the command.
//!
//! ```text
//!  monitor                              init
//!     │ ◄──────────── Ready (terminal) ── │   root folder, mounts, terminal
//!     │ ── go ──────────────────────────► │   user, capabilities, filter, execve
//!     │ ◄──────────── Failed, or the end ─│   the end of the stream: the command runs
//! ```
//!
//! The init is a fork of the monitor, so the plan is already in its memory. It is the first process of the pid
//! namespace: every process in the container dies with it.
//!
//! **Lesson.** `what-a-container-is`

mod command;
mod devices;
mod join;
mod reaper;
pub(in crate::runtime) mod rootfs;

use super::control::{Channel, Message};
use super::plan::{InitPlan, PlannedProcess};
use crate::error::{Error, Result};
use crate::network::dead_end;
use crate::network::outbound::INTERFACE;
use crate::sys::{failed, namespace, network, process, tap};
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

pub use command::Failure;
pub(super) use join::join;
pub(super) use rootfs::assemble_files;

/// The three standard streams of a new process; with a terminal, they are replaced by it.
pub(super) struct Stdio {
    /// Read by the process.
    pub(super) stdin: OwnedFd,
    /// Written by the process.
    pub(super) stdout: OwnedFd,
    /// Written by the process.
    pub(super) stderr: OwnedFd,
}

/// Runs a container's init, from its first instruction. Never returns.
pub(super) fn run(plan: &InitPlan, stdio: Stdio, channel: &Channel) -> ! {
    let failure = match start(plan, stdio, channel) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    give_up(failure, channel)
}

/// Reports to the monitor why the command will not run. As with runc, an error of the program itself becomes its output
/// and ends the container.
fn give_up(failure: Failure, channel: &Channel) -> ! {
    if failure.code != Failure::REFUSED {
        channel.send(&Message::Failed(failure.code, failure.text));
        process::exit(failure.code)
    }
    let line = format!("{}\n", failure.sentence());
    let _ = rustix::io::write(rustix::stdio::stderr(), line.as_bytes());
    if let Some(hint) = failure.hint() {
        channel.send(&Message::Hint(hint.to_owned()));
    }
    process::exit(failure.code)
}

fn start(plan: &InitPlan, stdio: Stdio, channel: &Channel) -> Result<command::Never, Failure> {
    process::die_with_parent()?;
    // Until the command runs, this process is visible in the container as /proc/1; it must not be inspected there.
    process::set_dumpable(false)?;
    // The machine's device, before the container's /dev hides it.
    let device = plan.address.as_ref().map(|_| tap::open());
    rootfs::assemble(plan)?;
    if !plan.hostname.is_empty() {
        nix::unistd::sethostname(&plan.hostname)
            .map_err(|error| failed("sethostname", &plan.hostname, error))?;
    }
    if !plan.host_network {
        network::bring_up_loopback()?;
        configure_network();
    }
    let has_interface = match (&plan.address, device) {
        (Some(address), Some(device)) => plug_in(device, address, channel),
        _ => false,
    };
    if let Some(own) = plan.own
        && !has_interface
    {
        do_without_interface(own, channel)?;
    }
    rootfs::finish(plan)?;
    enter(&plan.process, stdio, channel)
}

/// Does everything between a finished root folder and the command.
fn enter(
    planned: &PlannedProcess,
    mut stdio: Stdio,
    channel: &Channel,
) -> Result<command::Never, Failure> {
    let mut terminal = None;
    if planned.tty {
        let (master, slave) = crate::sys::terminal::open_pair("/dev/pts/ptmx")?;
        rootfs::bind_console(&master)?;
        stdio = terminal_stdio(&slave)?;
        terminal = Some(slave);
        channel.send_terminal(master);
    } else {
        channel.send(&Message::Ready);
    }
    if !channel.wait_for_go() {
        return Err(Error::internal("the monitor went away").into());
    }
    let prepared = command::prepare(planned, stdio, terminal.as_ref(), true)?;
    command::execute(planned, &prepared, true)
}

fn terminal_stdio(slave: &OwnedFd) -> Result<Stdio> {
    let copy = || {
        slave
            .try_clone()
            .map_err(|error| crate::sys::failed("dup", "the terminal", error))
    };
    Ok(Stdio {
        stdin: copy()?,
        stdout: copy()?,
        stderr: copy()?,
    })
}

/// Creates the container's interface; returns whether that succeeded. Failure does not stop the container: the monitor
/// is notified and reports it.
fn plug_in(device: Result<OwnedFd>, address: &tap::Address, channel: &Channel) -> bool {
    let made = device.and_then(|tap| tap::create(&tap, INTERFACE, address).map(|()| tap));
    let has_interface = made.is_ok();
    match made {
        Ok(tap) => channel.send_interface(tap),
        Err(error) => channel.send(&Message::NoInterface(error.to_string())),
    }
    has_interface
}

/// Adds the container's address to its loopback interface; the monitor answers DNS queries.
fn do_without_interface(own: Ipv4Addr, channel: &Channel) -> Result<()> {
    network::add_to_loopback(own)?;
    // Without it, lookups also fail, but later.
    if let Ok(socket) = dead_end::listen() {
        channel.send_names(&socket);
    }
    Ok(())
}

/// Sets what Docker sets in a private network namespace: any user may listen on low ports and ping. A file that an
/// older kernel lacks is ignored. Source: moby `daemon/oci_linux.go`.
fn configure_network() {
    let _ = std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    if !namespace::in_user_namespace() {
        let _ = std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
    }
}
