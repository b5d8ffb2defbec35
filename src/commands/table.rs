//! The table of all docker commands. A new command is a file beside this one, and a line here.

use super::Row;
use super::container::{
    attach, create, exec, kill, pause, rename, restart, rm, run, start, stop, unpause, wait,
};

/// What `docker --help` names first.
pub(crate) const COMMON: &[&str] = &["run", "exec", "ps", "build", "images", "version", "info"];

/// The groups, and what each is for.
pub(crate) const GROUPS: &[(&str, &str)] = &[
    ("builder", "Manage builds"),
    ("container", "Manage containers"),
    ("image", "Manage images"),
    ("system", "Manage Docker"),
    ("volume", "Manage volumes"),
];

/// What `group` is for.
pub(crate) fn group_about(group: &str) -> &'static str {
    let found = GROUPS.iter().find(|(name, _)| *name == group);
    found.map_or("Build images", |(_, about)| about)
}

/// All commands.
pub(crate) static TABLE: &[Row] = &[
    Row::of::<attach::Args>(&["container attach", "attach"]),
    Row::of::<create::Args>(&["container create", "create"]),
    Row::of::<exec::Args>(&["container exec", "exec"]),
    Row::of::<kill::Args>(&["container kill", "kill"]),
    Row::of::<pause::Args>(&["container pause", "pause"]),
    Row::of::<rename::Args>(&["container rename", "rename"]),
    Row::of::<restart::Args>(&["container restart", "restart"]),
    Row::of::<rm::Args>(&["container rm", "container remove", "rm"]),
    Row::of::<run::Args>(&["container run", "run"]),
    Row::of::<start::Args>(&["container start", "start"]),
    Row::of::<stop::Args>(&["container stop", "stop"]),
    Row::of::<unpause::Args>(&["container unpause", "unpause"]),
    Row::of::<wait::Args>(&["container wait", "wait"]),
];
