//! The table of all docker commands. A new command is a file beside this one, and a line here.

use super::Row;
use super::container::{
    attach, create, diff, exec, kill, logs, pause, port, ps, rename, restart, rm, run, start,
    stats, stop, top, unpause, update, wait,
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
    Row::of::<diff::Args>(&["container diff", "diff"]),
    Row::of::<exec::Args>(&["container exec", "exec"]),
    Row::of::<kill::Args>(&["container kill", "kill"]),
    Row::of::<logs::Args>(&["container logs", "logs"]),
    Row::of::<pause::Args>(&["container pause", "pause"]),
    Row::of::<port::Args>(&["container port", "port"]),
    Row::of::<ps::Args>(&["container ls", "container list", "container ps", "ps"]),
    Row::of::<rename::Args>(&["container rename", "rename"]),
    Row::of::<restart::Args>(&["container restart", "restart"]),
    Row::of::<rm::Args>(&["container rm", "container remove", "rm"]),
    Row::of::<run::Args>(&["container run", "run"]),
    Row::of::<start::Args>(&["container start", "start"]),
    Row::of::<stats::Args>(&["container stats", "stats"]),
    Row::of::<stop::Args>(&["container stop", "stop"]),
    Row::of::<top::Args>(&["container top", "top"]),
    Row::of::<unpause::Args>(&["container unpause", "unpause"]),
    Row::of::<update::Args>(&["container update", "update"]),
    Row::of::<wait::Args>(&["container wait", "wait"]),
];
