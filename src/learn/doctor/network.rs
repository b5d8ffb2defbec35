//! The way out of a container's own network.

use super::{Finding, install};
use engine::sys::namespace::find_tool;

pub(super) fn way_out() -> Finding {
    let what = "network";
    match ["pasta", "slirp4netns"]
        .into_iter()
        .find(|tool| find_tool(tool).is_some())
    {
        Some(tool) => Finding::pass(
            what,
            format!("containers reach the outside through `{tool}`"),
        ),
        None => Finding::warn(
            what,
            "neither `pasta` nor `slirp4netns` is installed; `-p` works, and containers cannot reach the outside",
            install("passt", "passt", "passt", "passt"),
        ),
    }
}
