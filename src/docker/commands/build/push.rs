//! `docker build --push`, and `--output` of the type `registry`: the result is pushed under each of its names.
//!
//! **What Docker does.** `docker build` with the default driver builds, keeps the image, and pushes each name in turn,
//! as a vertex of the build: `pushing alice/hello:1 with docker`.

use crate::ctx::Ctx;
use crate::docker::registry::remote;
use crate::failure::{CommandResult, Failure};
use engine::build::observe::{BuildObserver, Progress};
use engine::image::remote::{LayerStatus, PushRequest, Remote, TransferEvent};
use engine::oci::reference::Reference;
use engine::{Engine, Error};
use std::time::Instant;

/// Names to push, each with access to its registry.
pub(super) struct Pushes(Vec<(Reference, Remote)>);

impl Pushes {
    /// Prepares to push `names`. Logins are looked up now: after the build, this process may be unable to use a
    /// credential helper. Error: there is no name.
    pub(super) fn prepare(ctx: &Ctx, names: &[String]) -> CommandResult<Self> {
        if names.is_empty() {
            return Err(Failure::message(
                "ERROR: failed to build: tag is needed when pushing to registry\n\
                 hint: docker build --push -t NAME:TAG .",
            ));
        }
        let mut all: Vec<(Reference, Remote)> = Vec::new();
        for name in names {
            let name = Reference::parse(name)?.or_latest();
            if all.iter().all(|(known, _)| *known != name) {
                let remote = remote(&ctx.env, Some(name.domain()))?;
                all.push((name, remote));
            }
        }
        Ok(Self(all))
    }

    /// Pushes them; the progress is reported as further vertices.
    pub(super) fn carry_out(
        &self,
        engine: &Engine,
        observer: &mut Numbered<'_>,
    ) -> engine::Result<()> {
        for (name, remote) in &self.0 {
            let vertex = observer.last + 1;
            let begun = Instant::now();
            observer.progress(Progress::Started {
                vertex,
                name: &format!("pushing {} with docker", name.familiar()),
            });
            let request = PushRequest {
                reference: name.to_string(),
                all_tags: false,
            };
            let pushed = engine.push(&request, remote, &mut |event| {
                if let Some(text) = worth_a_line(&event) {
                    observer.progress(Progress::Note {
                        vertex,
                        text: &text,
                    });
                }
            });
            let why = pushed.as_ref().err().map(Error::to_string);
            let why = why.as_deref().and_then(|why| why.lines().next());
            observer.progress(Progress::Finished {
                vertex,
                duration: begun.elapsed(),
                step: None,
                error: why,
            });
            pushed?;
        }
        Ok(())
    }
}

/// The error of a failed push after a successful build.
pub(super) fn failed(error: &Error) -> Failure {
    let text = format!("ERROR: failed to build: {error}");
    Failure::message(match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    })
}

fn worth_a_line(event: &TransferEvent) -> Option<String> {
    match event {
        TransferEvent::Layer { id, status } => match status {
            LayerStatus::Pushed
            | LayerStatus::LayerAlreadyExists
            | LayerStatus::MountedFrom(_)
            | LayerStatus::Retrying { .. } => Some(format!("{id}: {status}")),
            _ => None,
        },
        TransferEvent::Pushed { tag, digest, size } => {
            Some(format!("{tag}: digest: {digest} size: {size}"))
        }
        _ => None,
    }
}

/// Follows a build, and records the number of its latest vertex.
pub(super) struct Numbered<'a> {
    observer: &'a mut dyn BuildObserver,
    last: usize,
}

impl<'a> Numbered<'a> {
    /// Forwards to `observer`.
    pub(super) fn new(observer: &'a mut dyn BuildObserver) -> Self {
        Self { observer, last: 0 }
    }
}

impl BuildObserver for Numbered<'_> {
    fn progress(&mut self, event: Progress<'_>) {
        if let Progress::Started { vertex, .. } = event {
            self.last = self.last.max(vertex);
        }
        self.observer.progress(event);
    }
}
