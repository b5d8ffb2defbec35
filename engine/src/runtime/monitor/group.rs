//! The container's cgroup while it runs: pause, new limits, and late groups.
//!
//! An ordinary user's container starts without a group if the session provides none (see [`crate::cgroup`]). The first
//! pause or limit moves it into one.

use super::Monitor;
use crate::cgroup::{self, Cgroup, Limits};
use crate::error::{Error, Result};
use crate::events::Action;
use crate::runtime::init::rootfs;
use crate::runtime::{Failure, inside};
use crate::store::containers::Phase;
use crate::store::records;
use crate::sys::clone::{CloneOptions, Forked, clone3};
use crate::sys::{namespace, process};
use std::os::fd::AsFd;

impl Monitor {
    pub(super) fn freeze(&mut self, frozen: bool, via: &str) -> Result<(), Failure> {
        let conflict = |text: String| Err(Error::conflict(text).into());
        let id = &self.config.id;
        match (frozen, self.state.phase) {
            (true, Phase::Paused) => return conflict(format!("Container {id} is already paused")),
            (false, Phase::Running) => return conflict(format!("Container {id} is not paused")),
            _ => {}
        }
        let pids = || inside::pids(self.state.pid);
        match &self.cgroup {
            Some(cgroup) if cgroup.birthplace().is_some() => cgroup.freeze(frozen)?,
            None if cgroup::version() == 2 => self.adopt(&Limits::default())?.freeze(frozen)?,
            _ if frozen => Cgroup::create_freezer(id.as_str(), pids)?.freeze(true)?,
            _ => Cgroup::create_freezer(id.as_str(), Vec::new)?.freeze(false)?,
        }
        self.state.phase = if frozen {
            Phase::Paused
        } else {
            Phase::Running
        };
        self.save();
        self.via(via, |monitor| {
            let action = match frozen {
                true => Action::Pause,
                false => Action::Unpause,
            };
            monitor.journal(action, &[])
        });
        Ok(())
    }

    /// Gives a running container the group that it lacks.
    fn adopt(&mut self, limits: &Limits) -> Result<&Cgroup> {
        let pids = || inside::pids(self.state.pid);
        let group = Cgroup::adopt(self.config.id.as_str(), limits, pids)?;
        self.cgroup = Some(group);
        self.state.cgroup = self.folder_of_group();
        self.save();
        self.show_group();
        Ok(self.cgroup.as_ref().expect("it was put there just now"))
    }

    pub(super) fn reload(&mut self) -> Result<(), Failure> {
        if let Some((config, _)) = records::read(&self.engine.sandbox, &self.config.id)? {
            let limits = Limits::of(&config.host);
            self.config = config;
            match &mut self.cgroup {
                Some(cgroup) => cgroup.update(self.config.id.as_str(), &limits, || {
                    inside::pids(self.state.pid)
                })?,
                None if limits.any() => drop(self.adopt(&limits)?),
                None => {}
            }
        }
        Ok(())
    }

    /// Shows the container the group that it was moved to. Its own mount still shows the group in which it was created,
    /// whose files do not show the current limits. If this fails, the limits still hold.
    fn show_group(&self) {
        let group = self.cgroup.as_ref().and_then(Cgroup::birthplace);
        let init = self.processes.first().filter(|process| process.is_init);
        let (Some(group), Some(init)) = (group, init) else {
            return;
        };
        let options = CloneOptions {
            // The root of the cgroup namespace is the group in which the process is created.
            namespaces: libc::CLONE_NEWCGROUP as u64,
            cgroup: Some(group),
        };
        match clone3(&options) {
            Ok(Forked::Child) => {
                let shown = process::set_dumpable(false)
                    .and_then(|()| namespace::join(init.pidfd.as_fd(), libc::CLONE_NEWNS as u64))
                    .and_then(|()| {
                        // The container's folders may be made to keep this process waiting: it holds nothing of ours.
                        process::close_from(3);
                        rootfs::show_cgroup()
                    });
                process::exit(i32::from(shown.is_err()))
            }
            Ok(Forked::Parent { pidfd, .. }) => {
                let _ = process::wait(&pidfd);
            }
            Err(_) => {}
        }
    }
}
