//! The fields of a container, and of its ports, mounts and changes.

use super::{changes, command_from_image, created_via, from_image, prints_file, status};
use crate::checks::field::{Asked, Field, Kind, aside, claims, concat, look, shapes, value};
use crate::checks::file::FILE_SHAPES;
use crate::checks::thing::{count, each, exists, name, process, same_as, unchanged};
use crate::checks::{Given, file, judge};
use crate::world::{ChangeFacts, Container, Mount, Port};
use serde_json::json;

/// The states of a container, in Docker's words.
pub(crate) const STATUS: &[&str] = &[
    "created",
    "running",
    "paused",
    "restarting",
    "exited",
    "dead",
];

/// The fields of a published port.
const PORT: &[Field<Port>] = &[
    value("host", Kind::Number, |one: &Port| json!(one.host))
        .called("host port")
        .doc("The host's port, as bound."),
    value("container", Kind::Number, |one: &Port| json!(one.container))
        .called("container port")
        .doc("The container's port."),
    value("protocol", Kind::OneOf(&["tcp", "udp"]), |one: &Port| {
        json!(one.protocol)
    })
    .doc("`tcp` or `udp`."),
    value("host_ip", Kind::Text, |one: &Port| json!(one.host_ip))
        .called("host address")
        .doc("The host's address asked for; empty means all."),
];

/// Whether a pattern is about ports of this protocol.
fn is_meant(pattern: &[Given], port: &Port) -> bool {
    port.protocol == "tcp" || pattern.iter().any(|given| given.field.name == "protocol")
}

/// The fields of a mount.
const MOUNT: &[Field<Mount>] = &[
    value(
        "type",
        Kind::OneOf(&["bind", "volume", "tmpfs"]),
        |one: &Mount| json!(one.kind),
    )
    .doc("`bind`, `volume` or `tmpfs`."),
    value("volume", Kind::Text, |one: &Mount| json!(one.volume)).doc("The volume's name."),
    value("source", Kind::Text, |one: &Mount| json!(one.source))
        .doc("The host path of a bind mount; one in the workspace is relative to it."),
    value("target", Kind::Text, |one: &Mount| json!(one.target)).doc("The path in the container."),
    value("read_only", Kind::Bool, |one: &Mount| json!(one.read_only))
        .called("read-only")
        .doc("Whether the container may only read it."),
    value("live", Kind::Bool, |one: &Mount| json!(one.live)).doc(
        "Of a bind mount of a running container: whether it still sees what is at \
         `source` now.",
    ),
];

/// The paths that a container changed.
pub(super) const CHANGES: &[Field<ChangeFacts>] = &[
    value("added", Kind::Set, |one: &ChangeFacts| json!(one.added))
        .doc("Paths that `docker diff` marks A."),
    value("changed", Kind::Set, |one: &ChangeFacts| json!(one.changed))
        .doc("Paths that `docker diff` marks C."),
    value("deleted", Kind::Set, |one: &ChangeFacts| json!(one.deleted))
        .doc("Paths that `docker diff` marks D."),
];

/// The fields of one container, found by name.
pub(crate) const ONE: &[Field<Container>] =
    &concat::<_, { SELECT.len() + PICKED.len() }>(SELECT, PICKED);

/// The fields of all containers.
pub(crate) const ALL: &[Field<Container>] =
    &concat::<_, { TOGETHER.len() + PICKED.len() }>(TOGETHER, PICKED);

const SELECT: &[Field<Container>] = &[
    name().doc("Its exact name."),
    exists(),
    same_as(Kind::Name).doc(
        "`setup`, or `setup.NAME`: the very container that the setup made. With \
         `exists: false`: that container is gone, and was not only given another \
         name.",
    ),
    unchanged().doc(
        "The same container as after the setup, in the same state and with the same \
         files.",
    ),
];

const TOGETHER: &[Field<Container>] = &[
    value("name", Kind::Text, |one: &Container| json!(one.name))
        .doc("A condition on the name, such as `{ matches: ^web }`."),
    count(),
    each(&shapes::<_, { PICKED.len() }>(PICKED)),
    aside("unchanged", Kind::Bool)
        .doc("Exactly the containers of the setup, each in the same state."),
];

const PICKED: &[Field<Container>] = &concat::<_, { PROCESS.len() + OWN.len() }>(OWN, &PROCESS);

const PROCESS: [Field<Container>; 7] = process();

const OWN: &[Field<Container>] = &[
    claims("status", Kind::OneOf(STATUS), status).doc("What it does now."),
    value("exit_code", Kind::Number, |one: &Container| {
        json!(one.exit_code)
    })
    .doc("How its last run ended; nothing while it runs."),
    claims("image", Kind::Name, from_image).doc(
        "A reference to the image that it was made from; a container of an older \
         image with that name does not fit.",
    ),
    value("image_ref", Kind::Text, |one: &Container| {
        json!(one.image_ref)
    })
    .called("image as typed")
    .doc("The image as it was named when the container was made."),
    value("hostname", Kind::Text, |one: &Container| {
        json!(one.hostname)
    })
    .doc("Its host name."),
    value("tty", Kind::Bool, |one: &Container| json!(one.tty))
        .doc("Whether it has a terminal (`-t`)."),
    value("stdin", Kind::Bool, |one: &Container| json!(one.stdin))
        .called("stdin open")
        .doc("Whether its standard input was kept open (`-i`)."),
    value("detached", Kind::Bool, |one: &Container| {
        json!(one.detached)
    })
    .doc("Whether it was made without attaching its output (`-d`)."),
    value("started", Kind::Number, |one: &Container| {
        json!(one.start_count)
    })
    .called("start count")
    .doc("How often it was started, in all."),
    value("restarts", Kind::Number, |one: &Container| {
        json!(one.restart_count)
    })
    .called("restart count")
    .doc("How often the restart policy started it again."),
    look("created_via", Kind::OneOf(&["run", "create"]), created_via)
        .doc("The command that made it."),
    value("auto_remove", Kind::Bool, |one: &Container| {
        json!(one.auto_remove)
    })
    .called("auto-remove")
    .doc("Whether it removes itself (`--rm`)."),
    claims(
        "ports",
        Kind::Records(&shapes::<_, { PORT.len() }>(PORT)),
        |asked: &Asked<'_, Container>| judge::records(asked, PORT, &asked.it.ports, is_meant),
    )
    .called("published ports")
    .doc("Published ports; each pattern must fit one. They are of TCP if `protocol` is not given."),
    claims(
        "mounts",
        Kind::Records(&shapes::<_, { MOUNT.len() }>(MOUNT)),
        |asked: &Asked<'_, Container>| judge::records(asked, MOUNT, &asked.it.mounts, |_, _| true),
    )
    .doc("Mounts; each pattern must fit one."),
    value(
        "network",
        Kind::OneOf(&["bridge", "host", "none"]),
        |one: &Container| json!(one.network),
    )
    .doc("Its network."),
    value(
        "restart",
        Kind::OneOf(&["no", "always", "unless-stopped", "on-failure"]),
        |one: &Container| json!(one.restart),
    )
    .called("restart policy")
    .doc("Its restart policy."),
    value("restart_max", Kind::Number, |one: &Container| {
        json!(one.restart_max)
    })
    .called("most restarts")
    .doc("The number of `--restart on-failure:NUMBER`; nothing without one."),
    value("memory", Kind::Size, |one: &Container| json!(one.memory))
        .called("memory limit")
        .doc("Its memory limit; nothing if it has none."),
    value("cpus", Kind::Number, |one: &Container| json!(one.cpus))
        .called("processor limit")
        .doc("Its processors; nothing if it has no limit."),
    value("pids_limit", Kind::Number, |one: &Container| {
        json!(one.pids_limit)
    })
    .called("process limit")
    .doc("Its process limit; nothing if it has none."),
    value("read_only", Kind::Bool, |one: &Container| {
        json!(one.read_only)
    })
    .called("read-only")
    .doc("Whether its root file system is read-only."),
    value("privileged", Kind::Bool, |one: &Container| {
        json!(one.privileged)
    })
    .doc("Whether it is privileged."),
    value("cap_add", Kind::Set, |one: &Container| json!(one.cap_add))
        .called("added capabilities")
        .doc("Capabilities added, without `CAP_`."),
    value("cap_drop", Kind::Set, |one: &Container| json!(one.cap_drop))
        .called("dropped capabilities")
        .doc("Capabilities dropped, without `CAP_`."),
    value("init", Kind::Bool, |one: &Container| json!(one.init))
        .doc("Whether an init was asked for (`--init`)."),
    value(
        "health",
        Kind::OneOf(&["starting", "healthy", "unhealthy"]),
        |one: &Container| json!(one.health),
    )
    .doc("Its health; nothing without a health check."),
    value("oom_killed", Kind::Bool, |one: &Container| {
        json!(one.oom_killed)
    })
    .called("killed for memory")
    .doc("Whether the kernel killed it for its memory."),
    look("command_from_image", Kind::Bool, command_from_image)
        .called("command from its image")
        .doc("Whether it runs what its image says, with no other entrypoint or command."),
    claims("stdout_of", Kind::Name, prints_file)
        .called("standard output")
        .doc(
            "A file of the workspace: what it wrote to standard output is what is in this \
         file now.",
        ),
    look("logs", Kind::Text, |one: &Container, world| {
        Ok(json!(world.logs(&one.id)?.both))
    })
    .doc("What it wrote to both of its outputs."),
    look("stdout", Kind::Text, |one: &Container, world| {
        Ok(json!(world.logs(&one.id)?.stdout))
    })
    .doc("What it wrote to standard output."),
    look("stderr", Kind::Text, |one: &Container, world| {
        Ok(json!(world.logs(&one.id)?.stderr))
    })
    .doc("What it wrote to standard error."),
    claims(
        "files",
        Kind::Paths(FILE_SHAPES),
        |asked: &Asked<'_, Container>| {
            file::files(asked, |path| asked.world.container_file(&asked.it.id, path))
        },
    )
    .called("file")
    .doc("Files as the container sees them."),
    claims(
        "changes",
        Kind::Group(&shapes::<_, { CHANGES.len() }>(CHANGES)),
        changes,
    )
    .doc("Paths that differ from its image."),
];
