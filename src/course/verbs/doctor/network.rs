//! The network: egress of containers, the hub that names without a registry refer to, and its upstream.

use super::{Finding, install};
use crate::docker::registry::hub;
use crate::docker::registry::hub::config::Choice;
use crate::docker::registry::hub::{beyond, config};
use crate::docker::registry::remote;
use crate::env::Env;
use engine::Error;
use engine::image::remote::accepts;
use engine::image::remote::endpoint::{DOCKER_HUB, Endpoint};
use engine::network::outbound::{self, Closed, Way};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a remote hub may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(3);

/// Starts the practice hub if that is the hub in use.
pub(super) fn hub(env: &Env) -> Finding {
    let what = "hub";
    let back = "docklings config hub practice";
    let choice = match config::chosen(env) {
        Ok((choice, _)) => choice,
        Err(failure) => return Finding::warn(what, failure.text().unwrap_or_default(), back),
    };
    let address = match hub::endpoint(env, &choice) {
        Ok(Some(Endpoint::Socket { .. })) => {
            return Finding::pass(what, "the practice hub of this machine; it answers");
        }
        Ok(Some(endpoint)) => endpoint.to_string(),
        Ok(None) => DOCKER_HUB.to_owned(),
        Err(error) => {
            return Finding::warn(what, error.to_string(), "docklings config hub docker.io");
        }
    };
    match connect(&address) {
        Ok(()) => Finding::pass(what, format!("{choice}; it accepts connections")),
        Err(why) => Finding::warn(what, format!("{choice} does not answer: {why}"), back),
    }
}

/// Whether the registry answers that has what the practice hub lacks; `None` if another hub is in use.
pub(super) fn upstream(env: &Env) -> Option<Finding> {
    let what = "upstream";
    if !matches!(config::chosen(env), Ok((Choice::Practice, _))) {
        return None;
    }
    let choice = match config::upstream(env) {
        Ok((Some(choice), _)) => choice,
        Ok((None, _)) => {
            return Some(Finding::pass(
                what,
                "none: only images of this machine are used",
            ));
        }
        Err(failure) => {
            let why = failure.text().unwrap_or_default();
            return Some(Finding::warn(
                what,
                why,
                "docklings config upstream docker.io",
            ));
        }
    };
    let is_class = matches!(choice, Choice::Class(_));
    let asked = beyond::upstream(env, choice).and_then(|upstream| {
        let reached = accepts(&remote(env, None)?, &upstream).map_err(|error| error.to_string());
        Ok((upstream.name, reached))
    });
    Some(match asked {
        Ok((name, Ok(()))) => Finding::pass(
            what,
            format!("{name} accepts connections; images such as `nginx` come from there"),
        ),
        Ok((name, Err(why))) if is_class => Finding::warn(
            what,
            format!("{name} does not answer: {why}"),
            "ask for the address of your class's registry; then: docklings config upstream HOST",
        ),
        Ok((name, Err(why))) => Finding::pass(
            what,
            format!(
                "{name} does not answer ({why}), and the course does not need it; \
                 `docklings images add FILE` adds images such as `nginx`"
            ),
        ),
        Err(failure) => Finding::warn(
            what,
            failure.text().unwrap_or_default(),
            "docklings config upstream none",
        ),
    })
}

/// Whether a server listens at `address`, which is `scheme://host[:port]`.
fn connect(address: &str) -> Result<(), String> {
    let (scheme, host) = address.split_once("://").unwrap_or(("https", address));
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let full = match (has_port, scheme) {
        (true, _) => host.to_owned(),
        (false, "http") => format!("{host}:80"),
        (false, _) => format!("{host}:443"),
    };
    let mut why = format!("cannot find the address of `{full}`");
    for address in full.to_socket_addrs().into_iter().flatten() {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => why = Error::io("connect to", address.to_string(), error).to_string(),
        }
    }
    Err(why)
}

/// Loopback and published ports work on every machine. Outbound connections need a program and a device.
pub(super) fn egress(env: &Env) -> Finding {
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
            egress_fix(&closed),
        ),
    }
}

fn described(way: &Way) -> String {
    way.program().display().to_string()
}

fn egress_fix(closed: &Closed) -> String {
    match closed {
        Closed::NoDevice(_) => "sudo modprobe tun; sudo chmod 0666 /dev/net/tun".to_owned(),
        Closed::Offline => {
            "connect it, then restart the containers that need the network".to_owned()
        }
        Closed::Off | Closed::NotInstalled => install("passt", "passt", "passt", "passt"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_address_is_reached_while_a_server_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        assert_eq!(connect(&address), Ok(()));
        // A port that was just given back may be another program's already; this one nothing listens on.
        assert!(connect("http://127.0.0.1:1").is_err());
    }
}
