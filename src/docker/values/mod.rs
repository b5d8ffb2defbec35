//! Values of flags: from text to plain data, each in a function that clap calls. An error is the text that Docker
//! prints after `invalid argument "…" for "…" flag: `.

pub(crate) mod files;
pub(crate) mod mount;
mod number;
pub(crate) mod pairs;
pub(crate) mod port;
mod ulimit;

use engine::store::containers::RestartPolicy;

pub(crate) use crate::term::human::parse_duration as nanoseconds;
pub(crate) use number::{bytes, decimal_cpus, int, memory_swap};
pub(crate) use ulimit::ulimit;

use engine::oci::config::{is_machine_platform, machine_platform};

/// `--platform`, which must be this machine's platform.
pub(crate) fn own_platform(text: &str) -> Result<String, String> {
    let asked = text.trim();
    match is_machine_platform(asked) {
        true => Ok(asked.to_owned()),
        false => Err(format!(
            "only {}, this machine's own, is part of docklings; see docs/limits.md",
            machine_platform()
        )),
    }
}

/// `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`.
pub(crate) fn restart_policy(text: &str) -> Result<RestartPolicy, String> {
    let (name, count) = match text.split_once(':') {
        Some((name, count)) => (name, Some(count)),
        None => (text, None),
    };
    if name.is_empty() && count.is_some() {
        return Err("invalid restart policy format: no policy provided before colon".to_owned());
    }
    let max = count
        .map(str::parse::<i64>)
        .transpose()
        .map_err(|_| "invalid restart policy format: maximum retry count must be an integer")?;
    let max = max
        .map(u32::try_from)
        .transpose()
        .map_err(|_| "Error response from daemon: invalid restart policy: maximum retry count cannot be negative")?;
    let only_on_failure = "Error response from daemon: invalid restart policy: maximum retry count can only be used with 'on-failure'";
    match (name, max) {
        ("on-failure", max) => Ok(RestartPolicy::OnFailure {
            max: max.unwrap_or(0),
        }),
        (_, Some(max)) if max > 0 => Err(only_on_failure.to_owned()),
        ("" | "no", _) => Ok(RestartPolicy::No),
        ("always", _) => Ok(RestartPolicy::Always),
        ("unless-stopped", _) => Ok(RestartPolicy::UnlessStopped),
        (other, _) => Err(format!(
            "Error response from daemon: invalid restart policy: unknown policy '{other}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_dockers() {
        assert_eq!(restart_policy("no"), Ok(RestartPolicy::No));
        assert_eq!(restart_policy("always"), Ok(RestartPolicy::Always));
        assert_eq!(
            restart_policy("unless-stopped"),
            Ok(RestartPolicy::UnlessStopped)
        );
        assert_eq!(
            restart_policy("on-failure"),
            Ok(RestartPolicy::OnFailure { max: 0 })
        );
        assert_eq!(
            restart_policy("on-failure:3"),
            Ok(RestartPolicy::OnFailure { max: 3 })
        );
        for bad in ["foo", ":3", "on-failure:x", "always:2"] {
            assert!(restart_policy(bad).is_err(), "{bad}");
        }
    }
}
