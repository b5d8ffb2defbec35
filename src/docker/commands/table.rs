//! The table of all docker commands. A new command is a file beside this one, and a line here.

use super::Row;
use super::{build, builder, container, image, inspect, network, registry, system, volume};

/// What `docker --help` names first.
pub(crate) const COMMON: &[&str] = &[
    "run", "exec", "ps", "build", "pull", "push", "images", "login", "logout", "search", "version",
    "info",
];

/// The groups, and what each is for.
pub(crate) const GROUPS: &[(&str, &str)] = &[
    ("builder", "Manage builds"),
    ("container", "Manage containers"),
    ("image", "Manage images"),
    ("network", "Manage networks"),
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
    Row::of::<container::attach::Args>(&["container attach", "attach"]),
    Row::of::<container::commit::Args>(&["container commit", "commit"]),
    Row::of::<container::cp::Args>(&["container cp", "cp"]),
    Row::of::<container::create::Args>(&["container create", "create"]),
    Row::of::<container::diff::Args>(&["container diff", "diff"]),
    Row::of::<container::exec::Args>(&["container exec", "exec"]),
    Row::of::<container::export::Args>(&["container export", "export"]),
    Row::of::<container::inspect::Args>(&["container inspect"]),
    Row::of::<container::kill::Args>(&["container kill", "kill"]),
    Row::of::<container::logs::Args>(&["container logs", "logs"]),
    Row::of::<container::ps::Args>(&["container ls", "container list", "container ps", "ps"]),
    Row::of::<container::pause::Args>(&["container pause", "pause"]),
    Row::of::<container::port::Args>(&["container port", "port"]),
    Row::of::<container::prune::Args>(&["container prune"]),
    Row::of::<container::rename::Args>(&["container rename", "rename"]),
    Row::of::<container::restart::Args>(&["container restart", "restart"]),
    Row::of::<container::rm::Args>(&["container rm", "container remove", "rm"]),
    Row::of::<container::run::Args>(&["container run", "run"]),
    Row::of::<container::start::Args>(&["container start", "start"]),
    Row::of::<container::stats::Args>(&["container stats", "stats"]),
    Row::of::<container::stop::Args>(&["container stop", "stop"]),
    Row::of::<container::top::Args>(&["container top", "top"]),
    Row::of::<container::unpause::Args>(&["container unpause", "unpause"]),
    Row::of::<container::update::Args>(&["container update", "update"]),
    Row::of::<container::wait::Args>(&["container wait", "wait"]),
    Row::of::<build::Args>(&["image build", "build", "builder build", "buildx build"]),
    Row::of::<builder::prune::Args>(&["builder prune", "buildx prune"]),
    Row::of::<image::history::Args>(&["image history", "history"]),
    Row::of::<image::import::Args>(&["image import", "import"]),
    Row::of::<image::inspect::Args>(&["image inspect"]),
    Row::of::<image::load::Args>(&["image load", "load"]),
    Row::of::<image::ls::Args>(&["image ls", "image list", "images"]),
    Row::of::<image::prune::Args>(&["image prune"]),
    Row::of::<image::pull::Args>(&["image pull", "pull"]),
    Row::of::<image::push::Args>(&["image push", "push"]),
    Row::of::<image::rm::Args>(&["image rm", "image remove", "rmi"]),
    Row::of::<image::save::Args>(&["image save", "save"]),
    Row::of::<image::tag::Args>(&["image tag", "tag"]),
    Row::of::<inspect::Args>(&["inspect"]),
    Row::of::<registry::login::Args>(&["login"]),
    Row::of::<registry::logout::Args>(&["logout"]),
    Row::of::<registry::search::Args>(&["search"]),
    Row::of::<system::df::Args>(&["system df"]),
    Row::of::<system::events::Args>(&["system events", "events"]),
    Row::of::<system::info::Args>(&["system info", "info"]),
    Row::of::<system::prune::Args>(&["system prune"]),
    Row::of::<system::version::Args>(&["version"]),
    Row::of::<network::inspect::Args>(&["network inspect"]),
    Row::of::<network::ls::Args>(&["network ls", "network list"]),
    Row::of::<volume::create::Args>(&["volume create"]),
    Row::of::<volume::inspect::Args>(&["volume inspect"]),
    Row::of::<volume::ls::Args>(&["volume ls", "volume list"]),
    Row::of::<volume::prune::Args>(&["volume prune"]),
    Row::of::<volume::rm::Args>(&["volume rm", "volume remove"]),
];

#[cfg(test)]
mod tests;
