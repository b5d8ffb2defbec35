//! The network that containers get.

use super::{Finding, install};
use crate::env::Env;
use engine::network::outbound::{self, Closed, Way};

/// Loopback and published ports work on every machine. Outbound connections need a program and a device.
pub(super) fn reach(env: &Env) -> Finding {
    match outbound::find(env.outbound) {
        Ok(way) => Finding::pass(
            "network",
            format!(
                "containers have their own network; `{}` connects them to the outside, and `-p` publishes ports",
                described(&way)
            ),
        ),
        Err(Closed::Off) => Finding::pass(
            "network",
            "containers have their own network, and `-p` works; outbound connections are turned off (`DOCKLINGS_OUTBOUND=no`)",
        ),
        Err(closed) => Finding::warn(
            "network",
            format!("`-p` works, but containers have no outbound connections: {closed}"),
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
