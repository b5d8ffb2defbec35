//! Downloads a file from the web, for `docker import http://…`.
//!
//! Source: moby `daemon/builder/remotecontext`, `GetWithStatusError`.

use super::Patience;
use super::problem::unanswered;
use super::url::Url;
use crate::error::{Error, Result};
use crate::visible;
use std::io::Read;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

/// The most bytes of a server's error message that are shown.
const LONGEST_EXCUSE: u64 = 4 << 10;

/// An HTTP client with timeouts: for a connection, the header, and the next byte.
pub(crate) fn patiently(patience: Patience) -> ConfigBuilder<AgentScope> {
    ureq::Agent::config_builder()
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.silence))
        .timeout_per_read(Some(patience.silence))
        .timeout_per_write(Some(patience.silence))
}

/// Starts to fetch `url`. Errors: it cannot be reached, or does not answer with the file.
pub(crate) fn download(url: &str) -> Result<impl Read + use<>> {
    let address = Url::parse(url)?;
    let config = patiently(Patience::default()).http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let answer = agent
        .get(url)
        .call()
        .map_err(|error| unanswered("GET", &address, error).error)?;
    let status = answer.status();
    let mut body = answer.into_body().into_reader();
    if status.is_success() {
        return Ok(body);
    }
    let mut excuse = Vec::new();
    // The error message is optional.
    let _ = body.by_ref().take(LONGEST_EXCUSE).read_to_end(&mut excuse);
    Err(Error::invalid(format!(
        "failed to GET {url} with status {status}: {}",
        visible::text(String::from_utf8_lossy(&excuse).trim())
    )))
}
