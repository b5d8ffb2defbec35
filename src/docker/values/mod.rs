//! Values of flags: from text to plain data, each in a function that clap calls. An error is the text that Docker
//! prints after `invalid argument "…" for "…" flag: `.

pub(crate) mod files;
pub(crate) mod mount;
pub(crate) mod names;
mod number;
pub(crate) mod pairs;
pub(crate) mod port;
pub(crate) mod restart;
mod ulimit;

pub(crate) use crate::term::human::parse_duration as nanoseconds;
pub(crate) use number::{bytes, decimal_cpus, int, memory_swap};
pub(crate) use ulimit::ulimit;

/// `--platform`, which must be this machine's platform.
pub(crate) fn own_platform(text: &str) -> Result<String, String> {
    let own = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let asked = text.trim();
    if asked.is_empty() || asked == "linux" || asked == format!("linux/{own}") || asked == own {
        return Ok(asked.to_owned());
    }
    Err(format!(
        "only linux/{own}, this machine's own, is part of docklings; see docs/limits.md"
    ))
}
