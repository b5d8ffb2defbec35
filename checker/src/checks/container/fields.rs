//! What a container can be asked, and what its ports, mounts, files and changes can.

use crate::field::{Field, Kind, concat, field};

/// The states of a container, in Docker's words.
pub(crate) const STATUS: &[&str] = &[
    "created",
    "running",
    "paused",
    "restarting",
    "exited",
    "dead",
];

/// What a published port can be asked.
pub(crate) const PORT: &[Field] = &[
    field(
        "host",
        "host port",
        Kind::Number,
        "The host's port, as bound.",
    ),
    field(
        "container",
        "container port",
        Kind::Number,
        "The container's port.",
    ),
    field(
        "protocol",
        "protocol",
        Kind::OneOf(&["tcp", "udp"]),
        "`tcp` or `udp`.",
    ),
    field(
        "host_ip",
        "host address",
        Kind::Text,
        "The host's address asked for; empty means all.",
    ),
];

/// What a mount can be asked.
pub(crate) const MOUNT: &[Field] = &[
    field(
        "type",
        "type",
        Kind::OneOf(&["bind", "volume", "tmpfs"]),
        "`bind`, `volume` or `tmpfs`.",
    ),
    field("volume", "volume", Kind::Text, "The volume's name."),
    field(
        "source",
        "source",
        Kind::Text,
        "The host path of a bind mount; one in the workspace is relative to it.",
    ),
    field("target", "target", Kind::Text, "The path in the container."),
    field(
        "read_only",
        "read-only",
        Kind::Bool,
        "Whether the container may only read it.",
    ),
    field(
        "live",
        "live",
        Kind::Bool,
        "Of a bind mount of a running container: whether it still sees what is at `source` now.",
    ),
];

/// What a file in a container, an image, a volume or the workspace can be asked.
pub(crate) const FILE: &[Field] = &[
    field("exists", "exists", Kind::Bool, "Whether it exists."),
    field(
        "type",
        "type",
        Kind::OneOf(&["file", "folder", "link"]),
        "`file`, `folder` or `link`.",
    ),
    field(
        "text",
        "text",
        Kind::Text,
        "Its whole text; one newline at the end does not count.",
    ),
    field(
        "contains",
        "text",
        Kind::Contains,
        "Text that must occur in it.",
    ),
    field(
        "matches",
        "text",
        Kind::Matches,
        "A regular expression that must match somewhere in it.",
    ),
    field("lines", "lines", Kind::Number, "How many lines it has."),
    field("size", "size", Kind::Size, "Its bytes."),
    field(
        "mode",
        "mode",
        Kind::Text,
        "Its permissions in octal, such as `755`.",
    ),
    field("owner", "owner", Kind::Text, "Its owner as `uid:gid`."),
];

/// The paths that a container changed.
pub(crate) const CHANGES: &[Field] = &[
    field(
        "added",
        "added",
        Kind::Set,
        "Paths that `docker diff` marks A.",
    ),
    field(
        "changed",
        "changed",
        Kind::Set,
        "Paths that `docker diff` marks C.",
    ),
    field(
        "deleted",
        "deleted",
        Kind::Set,
        "Paths that `docker diff` marks D.",
    ),
];

pub(super) static FIELDS: [Field; SELECT.len() + PICKED.len()] = concat(SELECT, PICKED);

const SELECT: &[Field] = &[
    field("name", "name", Kind::Name, "Its exact name."),
    field(
        "exists",
        "exists",
        Kind::Bool,
        "Whether it exists; true if not given.",
    ),
    field(
        "same_as",
        "identity",
        Kind::Name,
        "`setup`, or `setup.NAME`: the very container that the setup made. With `exists: false`: that container is gone, and was not only given another name.",
    ),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "The same container as after the setup, in the same state and with the same files.",
    ),
];

/// What a container can be asked; `containers` asks the same of each.
pub(crate) const PICKED: &[Field] = &[
    field("status", "status", Kind::OneOf(STATUS), "What it does now."),
    field(
        "exit_code",
        "exit code",
        Kind::Number,
        "How its last run ended; nothing while it runs.",
    ),
    field(
        "image",
        "image",
        Kind::Name,
        "A reference to the image that it was made from; a container of an older image with that name does not fit.",
    ),
    field(
        "image_ref",
        "image as typed",
        Kind::Text,
        "The image as it was named when the container was made.",
    ),
    field(
        "command",
        "command",
        Kind::Words,
        "Entrypoint and command together.",
    ),
    field("entrypoint", "entrypoint", Kind::Words, "The entrypoint."),
    field(
        "cmd",
        "cmd",
        Kind::Words,
        "The command without the entrypoint.",
    ),
    field("env", "environment", Kind::Map, "Environment variables."),
    field(
        "workdir",
        "working directory",
        Kind::Text,
        "Where its process starts.",
    ),
    field("user", "user", Kind::Text, "Its user, as asked for."),
    field("hostname", "hostname", Kind::Text, "Its host name."),
    field(
        "tty",
        "tty",
        Kind::Bool,
        "Whether it has a terminal (`-t`).",
    ),
    field(
        "stdin",
        "stdin open",
        Kind::Bool,
        "Whether its standard input was kept open (`-i`).",
    ),
    field(
        "detached",
        "detached",
        Kind::Bool,
        "Whether it was made without attaching its output (`-d`).",
    ),
    field("labels", "labels", Kind::Map, "Labels."),
    field(
        "started",
        "start count",
        Kind::Number,
        "How often it was started, in all.",
    ),
    field(
        "restarts",
        "restart count",
        Kind::Number,
        "How often the restart policy started it again.",
    ),
    field(
        "created_via",
        "created via",
        Kind::OneOf(&["run", "create"]),
        "The command that made it.",
    ),
    field(
        "auto_remove",
        "auto-remove",
        Kind::Bool,
        "Whether it removes itself (`--rm`).",
    ),
    field(
        "ports",
        "published ports",
        Kind::Records(PORT),
        "Published ports; each pattern must fit one.",
    ),
    field(
        "mounts",
        "mounts",
        Kind::Records(MOUNT),
        "Mounts; each pattern must fit one.",
    ),
    field(
        "network",
        "network",
        Kind::OneOf(&["bridge", "host", "none"]),
        "Its network.",
    ),
    field(
        "restart",
        "restart policy",
        Kind::OneOf(&["no", "always", "unless-stopped", "on-failure"]),
        "Its restart policy.",
    ),
    field(
        "restart_max",
        "most restarts",
        Kind::Number,
        "The number of `--restart on-failure:NUMBER`; nothing without one.",
    ),
    field(
        "memory",
        "memory limit",
        Kind::Size,
        "Its memory limit; nothing if it has none.",
    ),
    field(
        "cpus",
        "processor limit",
        Kind::Number,
        "Its processors; nothing if it has no limit.",
    ),
    field(
        "pids_limit",
        "process limit",
        Kind::Number,
        "Its process limit; nothing if it has none.",
    ),
    field(
        "read_only",
        "read-only",
        Kind::Bool,
        "Whether its root file system is read-only.",
    ),
    field(
        "privileged",
        "privileged",
        Kind::Bool,
        "Whether it is privileged.",
    ),
    field(
        "cap_add",
        "added capabilities",
        Kind::Set,
        "Capabilities added, without `CAP_`.",
    ),
    field(
        "cap_drop",
        "dropped capabilities",
        Kind::Set,
        "Capabilities dropped, without `CAP_`.",
    ),
    field(
        "init",
        "init",
        Kind::Bool,
        "Whether an init was asked for (`--init`).",
    ),
    field(
        "health",
        "health",
        Kind::OneOf(&["starting", "healthy", "unhealthy"]),
        "Its health; nothing without a health check.",
    ),
    field(
        "oom_killed",
        "killed for memory",
        Kind::Bool,
        "Whether the kernel killed it for its memory.",
    ),
    field(
        "command_from_image",
        "command from its image",
        Kind::Bool,
        "Whether it runs what its image says, with no other entrypoint or command.",
    ),
    field(
        "stdout_of",
        "standard output",
        Kind::Name,
        "A file of the workspace: what it wrote to standard output is what is in this file now.",
    ),
    field(
        "logs",
        "logs",
        Kind::Text,
        "What it wrote to both of its outputs.",
    ),
    field(
        "stdout",
        "stdout",
        Kind::Text,
        "What it wrote to standard output.",
    ),
    field(
        "stderr",
        "stderr",
        Kind::Text,
        "What it wrote to standard error.",
    ),
    field(
        "files",
        "file",
        Kind::Paths(FILE),
        "Files as the container sees them.",
    ),
    field(
        "changes",
        "changes",
        Kind::Group(CHANGES),
        "Paths that differ from its image.",
    ),
];
