//! The network that containers get.

use super::{Finding, install};
use crate::env::Env;
use engine::network::outbound::{self, Closed, Way};

/// Every container has loopback and published ports on every machine; the way out needs a program and a device.
pub(super) fn reach(env: &Env) -> Finding {
    match outbound::find(env.outbound) {
        Ok(way) => Finding::pass(
            "network",
            format!(
                "containers have a network of their own; `{}` leads out, and `-p` leads in",
                described(&way)
            ),
        ),
        Err(Closed::Off) => Finding::pass(
            "network",
            "containers have a network of their own, and `-p` leads in; the way out is turned off (`DOCKLINGS_OUTBOUND=no`)",
        ),
        Err(closed) => Finding::warn(
            "network",
            format!("`-p` leads into containers, but nothing leads out of them: {closed}"),
            fix(&closed),
        ),
    }
}

fn described(way: &Way) -> String {
    way.program().display().to_string()
}

fn fix(closed: &Closed) -> String {
    match closed {
        Closed::NoDevice(_) => "sudo modprobe tun; sudo chmod 0666 /dev/net/tun".to_owned(),
        Closed::Off | Closed::NotInstalled => install("passt", "passt", "passt", "passt"),
    }
}
