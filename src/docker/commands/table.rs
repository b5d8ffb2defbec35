//! The table of all docker commands. To add a command, add a file beside this one, and a line here.

use super::Row;
use super::{build, container, image, inspect, network, prune, registry, system, volume};

/// The commands at the top of `docker --help`.
pub(crate) const COMMON: &[&str] = &[
    "run", "exec", "ps", "build", "pull", "push", "images", "login", "logout", "search", "version",
    "info",
];

/// The groups and their descriptions.
pub(crate) const GROUPS: &[(&str, &str)] = &[
    ("builder", "Manage builds"),
    ("container", "Manage containers"),
    ("image", "Manage images"),
    ("network", "Manage networks"),
    ("system", "Manage Docker"),
    ("volume", "Manage volumes"),
];

/// The description of `group`.
pub(crate) fn group_about(group: &str) -> &'static str {
    let found = GROUPS.iter().find(|(name, _)| *name == group);
    found.map_or("Build images", |(_, about)| about)
}

/// All commands.
pub(crate) static TABLE: &[Row] = &[
    Row::of::<container::attach::Args>(&["container attach", "attach"]),
    Row::of::<container::files::Commit>(&["container commit", "commit"]),
    Row::of::<container::cp::Args>(&["container cp", "cp"]),
    Row::of::<container::create::Args>(&["container create", "create"]),
    Row::of::<container::files::Diff>(&["container diff", "diff"]),
    Row::of::<container::exec::Args>(&["container exec", "exec"]),
    Row::of::<container::files::Export>(&["container export", "export"]),
    Row::of::<inspect::Container>(&["container inspect"]),
    Row::of::<container::stop::Kill>(&["container kill", "kill"]),
    Row::of::<container::logs::Args>(&["container logs", "logs"]),
    Row::of::<container::ps::Args>(&["container ls", "container list", "container ps", "ps"]),
    Row::of::<container::stop::Pause>(&["container pause", "pause"]),
    Row::of::<container::port::Args>(&["container port", "port"]),
    Row::of::<prune::Container>(&["container prune"]),
    Row::of::<container::update::Rename>(&["container rename", "rename"]),
    Row::of::<container::stop::Restart>(&["container restart", "restart"]),
    Row::of::<container::stop::Rm>(&["container rm", "container remove", "rm"]),
    Row::of::<container::run::Args>(&["container run", "run"]),
    Row::of::<container::start::Args>(&["container start", "start"]),
    Row::of::<container::stats::Args>(&["container stats", "stats"]),
    Row::of::<container::stop::Stop>(&["container stop", "stop"]),
    Row::of::<container::top::Args>(&["container top", "top"]),
    Row::of::<container::stop::Unpause>(&["container unpause", "unpause"]),
    Row::of::<container::update::Update>(&["container update", "update"]),
    Row::of::<container::stop::Wait>(&["container wait", "wait"]),
    Row::of::<build::command::Args>(&["image build", "build", "builder build", "buildx build"]),
    Row::of::<prune::Builder>(&["builder prune", "buildx prune"]),
    Row::of::<image::history::Args>(&["image history", "history"]),
    Row::of::<image::archive::Import>(&["image import", "import"]),
    Row::of::<inspect::Image>(&["image inspect"]),
    Row::of::<image::archive::Load>(&["image load", "load"]),
    Row::of::<image::ls::Args>(&["image ls", "image list", "images"]),
    Row::of::<prune::Image>(&["image prune"]),
    Row::of::<image::transfer::Pull>(&["image pull", "pull"]),
    Row::of::<image::transfer::Push>(&["image push", "push"]),
    Row::of::<image::names::Rm>(&["image rm", "image remove", "rmi"]),
    Row::of::<image::archive::Save>(&["image save", "save"]),
    Row::of::<image::names::Tag>(&["image tag", "tag"]),
    Row::of::<inspect::Inspect>(&["inspect"]),
    Row::of::<registry::login::Login>(&["login"]),
    Row::of::<registry::login::Logout>(&["logout"]),
    Row::of::<registry::search::Args>(&["search"]),
    Row::of::<system::df::Args>(&["system df"]),
    Row::of::<system::events::Args>(&["system events", "events"]),
    Row::of::<system::info::Args>(&["system info", "info"]),
    Row::of::<prune::System>(&["system prune"]),
    Row::of::<system::version::Args>(&["version"]),
    Row::of::<inspect::Network>(&["network inspect"]),
    Row::of::<network::Ls>(&["network ls", "network list"]),
    Row::of::<volume::Create>(&["volume create"]),
    Row::of::<inspect::Volume>(&["volume inspect"]),
    Row::of::<volume::Ls>(&["volume ls", "volume list"]),
    Row::of::<prune::Volume>(&["volume prune"]),
    Row::of::<volume::Rm>(&["volume rm", "volume remove"]),
];

#[cfg(test)]
mod tests;
