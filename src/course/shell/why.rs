//! `why`: explains what the last line did, from the journal: files, processes, namespaces.

use crate::course::judge::{fact, failed_build, has_failed};
use engine::Engine;
use engine::events::{Action, Event, ObjectKind};
use engine::id::ContainerId;
use std::fs;

/// The meaning of `events`, one paragraph each.
pub(crate) fn why(engine: &Engine, events: &[Event]) -> Vec<String> {
    let mut texts = Vec::new();
    for event in events {
        if let Some(text) = of_event(engine, event)
            && texts.last() != Some(&text)
        {
            texts.push(text);
        }
    }
    texts
}

fn of_event(engine: &Engine, event: &Event) -> Option<String> {
    let name = fact(event, "name");
    let image = fact(event, "image");
    Some(match (event.kind, event.what()) {
        (ObjectKind::Container, Some(Action::Create)) => format!(
            "The container `{name}` was created from `{image}`: a record of its settings, and an empty layer of its \
             own over the image's.{}",
            folder(engine, event)
        ),
        (ObjectKind::Container, Some(Action::Start)) => format!(
            "Its first process was started in namespaces of its own: files (mnt), processes (pid), network (net), host \
             name (uts), messages (ipc).{}",
            process(engine, event)
        ),
        (ObjectKind::Container, Some(Action::Die)) => format!(
            "The first process of `{name}` ended with exit code {}. Its namespaces and mounts went with it; its own \
             layer and its log stay on disk.",
            fact(event, "exitCode")
        ),
        (ObjectKind::Container, Some(Action::Destroy)) => {
            format!(
                "The container `{name}` was removed: its record, its log and its own layer are gone. The image has not changed."
            )
        }
        (ObjectKind::Container, Some(Action::Stop)) => format!(
            "`{name}` was stopped: its first process was asked to end. It would have been killed if it had not ended in time."
        ),
        (ObjectKind::Container, Some(Action::Kill)) => format!(
            "A signal ({}) was sent to the first process of `{name}`.",
            fact(event, "signal")
        ),
        (ObjectKind::Container, Some(Action::ExecStart)) => format!(
            "Another process was started in the namespaces of `{name}`, beside its first one."
        ),
        (ObjectKind::Container, Some(Action::Pause)) => {
            format!("All processes of `{name}` were frozen through their control group.")
        }
        (ObjectKind::Container, Some(Action::Unpause)) => {
            format!("The processes of `{name}` run again.")
        }
        (ObjectKind::Container, Some(Action::Rename)) => {
            format!("A container has a new name: `{name}`. Its id stays.")
        }
        (ObjectKind::Container, Some(Action::CopyIn)) => format!(
            "Files from this machine were copied into `{name}`, to `{}` in its own layer.",
            fact(event, "path")
        ),
        (ObjectKind::Container, Some(Action::CopyOut)) => format!(
            "Files were copied from `{}` in `{name}` to this machine.",
            fact(event, "path")
        ),
        (ObjectKind::Container, Some(Action::Commit)) => {
            format!("The container layer of `{name}` was packed as the top layer of a new image.")
        }
        (ObjectKind::Image, Some(Action::Tag)) => format!(
            "The name `{name}` now means the image {}. A name is an entry in a list; no file was copied.",
            short(&event.id)
        ),
        (ObjectKind::Image, Some(Action::Untag)) => format!("The name `{name}` was removed."),
        (ObjectKind::Image, Some(Action::Delete)) => format!(
            "The image {} and the layers that nothing else needs were deleted.",
            short(&event.id)
        ),
        (ObjectKind::Volume, Some(Action::Create)) => format!(
            "The volume `{}` was created: a folder outside any container.",
            event.id
        ),
        (ObjectKind::Volume, Some(Action::Destroy)) => {
            format!("The volume `{}` was removed with its files.", event.id)
        }
        (ObjectKind::Builder, Some(Action::Build)) if has_failed(event) => {
            format!(
                "{} The steps before it stay in the build cache.",
                failed_build(event)
            )
        }
        (ObjectKind::Builder, Some(Action::Build)) => {
            "An image was built; each step that changes files made one layer.".to_owned()
        }
        _ => return None,
    })
}

fn short(id: &str) -> &str {
    crate::term::human::short_id(id)
}

/// The folders of the container's files.
fn folder(engine: &Engine, event: &Event) -> String {
    let paths = ContainerId::parse(&event.id)
        .ok()
        .map(|id| engine.sandbox().container(&id));
    match paths.filter(|paths| paths.root().is_dir()) {
        Some(paths) => format!(" Both are in `{}`.", paths.root().display()),
        None => String::new(),
    }
}

/// The process as the machine sees it, while it runs.
fn process(engine: &Engine, event: &Event) -> String {
    let Ok(container) = engine.container(&event.id) else {
        return String::new();
    };
    if !container.status.is_alive() {
        return String::new();
    }
    let pid = container.state.pid;
    match fs::read_link(format!("/proc/{pid}/ns/pid")) {
        Ok(link) => format!(
            " For this machine it is process {pid}, in `{}`; for itself it is process 1.",
            link.display()
        ),
        Err(_) => format!(" For this machine it is process {pid}; for itself it is process 1."),
    }
}
