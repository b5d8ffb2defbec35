//! `docker attach` and `docker exec`: the streams of a process in a running container.

use super::observe;
use super::requests::{self, ExecRequest, Request};
use super::spec::{ProcessRequest, Status, Streams};
use crate::engine::Engine;
use crate::error::{Error, Result};
use std::os::unix::net::UnixStream;

impl Engine {
    /// Attaches to a running container.
    pub fn attach(
        &self,
        name: &str,
        streams: Streams,
        size: Option<(u16, u16)>,
    ) -> Result<UnixStream> {
        let container = self.container(name)?;
        requests::send(
            self,
            &container.config.id,
            &Request::Attach {
                streams,
                size,
                via: self.via.clone(),
            },
        )
    }

    /// Runs a further process in a running container; detached, the stream ends after `Started` or `Failed`.
    pub fn exec(
        &self,
        name: &str,
        asked: ProcessRequest,
        detach: bool,
        size: Option<(u16, u16)>,
    ) -> Result<UnixStream> {
        let container = observe::running(self, name)?;
        if container.status == Status::Paused {
            return Err(Error::conflict(format!(
                "Container {name} is paused, unpause the container before exec"
            ))
            .with_hint(format!("docker unpause {name}")));
        }
        self.expect_record();
        let request = Request::Exec(ExecRequest::new(self, asked, detach, size));
        requests::send(self, &container.config.id, &request)
    }
}
