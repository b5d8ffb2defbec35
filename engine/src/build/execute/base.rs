//! The images that a build starts from: local ones, and ones from a registry.
//!
//! **What Docker does.** BuildKit asks the registry in each build what a tag refers to; the classic builder asks only
//! if the image is not local, or with `--pull`. **What we do.** The same as the classic builder: a build from local
//! images needs no network.

use super::Builder;
use crate::ErrorKind;
use crate::build::request::Reach;
use crate::error::{Error, Result};
use crate::image::remote::pull::pull;
use crate::image::remote::{LayerStatus, PullRequest, Pulled, Remote, TransferEvent};
use crate::image::{Image, repair, resolve};
use crate::oci::digest::Digest;
use crate::oci::reference::Reference;
use std::collections::BTreeSet;

/// How a build gets images that are not local.
#[derive(Default)]
pub(super) struct Bases {
    /// Provides access to registries; `None` if there is none, or if it was used already.
    pub(super) reach: Option<Reach>,
    /// The result of `reach`.
    pub(super) remote: Option<Remote>,
    /// `--pull`: registries are asked first.
    pub(super) always: bool,
    /// Names that were requested already: within one build, a name refers to one image.
    pub(super) asked: BTreeSet<Reference>,
    /// The images that were pulled.
    pub(super) pulled: Vec<Pulled>,
}

impl Builder<'_> {
    /// The image called `name`, pulled if necessary.
    pub(super) fn find_image(&mut self, name: &str) -> Result<Image> {
        let find = || repair::find_whole(&self.engine.home, &self.engine.sandbox, name);
        let here = match (find(), self.bases.always) {
            (Ok(image), false) => return Ok(image),
            (Err(error), _) if error.kind() != ErrorKind::NotFound => return Err(error),
            (here, _) => here,
        };
        // An id refers to a local image only.
        let is_id = Digest::parse(name).is_ok() || Digest::from_hex(name).is_ok();
        if is_id || (self.bases.reach.is_none() && self.bases.remote.is_none()) {
            return here;
        }
        let reference = Reference::parse(name)?.or_latest();
        let by_id = matches!(&here, Ok(image) if resolve::is_id_prefix(&image.id, name)
            && !image.references.contains(&reference));
        if by_id || !self.bases.asked.insert(reference.clone()) {
            return here;
        }
        self.pull(&reference)?;
        find()
    }

    fn pull(&mut self, reference: &Reference) -> Result<()> {
        if let Some(reach) = self.bases.reach.take() {
            self.bases.remote = Some(reach.tell()?);
        }
        let remote = self.bases.remote.clone();
        let remote = remote.ok_or_else(|| Error::internal("no registry can be reached"))?;
        let engine = self.engine;
        let request = PullRequest {
            reference: reference.to_string(),
            ..PullRequest::default()
        };
        let title = format!("[internal] pull {reference}");
        let pulled = self.teller.during(&title, |teller, vertex| {
            pull(engine, &request, &remote, &mut |event| match event {
                TransferEvent::Layer { id, status } if is_worth_a_line(&status) => {
                    teller.note(vertex, &format!("{id}: {status}"));
                }
                TransferEvent::Digest(digest) => {
                    teller.note(vertex, &format!("resolved to {digest}"))
                }
                _ => {}
            })
        })?;
        self.bases.pulled.extend(pulled);
        Ok(())
    }
}

fn is_worth_a_line(status: &LayerStatus) -> bool {
    matches!(
        status,
        LayerStatus::AlreadyExists | LayerStatus::PullComplete | LayerStatus::Retrying { .. }
    )
}

/// Why there is no image `name`, in BuildKit's words, without the place in the Dockerfile.
pub(super) fn unresolved(name: &str, reference: &Reference, error: &Error) -> String {
    let before = format!("{name}: failed to resolve source metadata for {reference}");
    match error.kind() {
        ErrorKind::NotFound => format!("{before}: not found"),
        _ => format!("{before}: {error}"),
    }
}
