//! A run's network: its egress and published ports.

use super::Monitor;
use crate::network::dead_end;
use crate::network::egress::Outbound;
use crate::network::outbound::{self, ADDRESS, Allowed, Way};
use crate::network::ports::Publisher;
use crate::runtime::{Failure, etc, located};
use crate::store::containers::{ContainerConfig, NetworkMode};
use crate::sys::tap;
use std::net::UdpSocket;
use std::os::fd::{BorrowedFd, OwnedFd};

/// The egress of a container with this configuration, or why it has none; an empty reason means that it should have
/// none.
pub(super) fn find(config: &ContainerConfig, allowed: Allowed) -> Result<Way, String> {
    match config.host.network {
        NetworkMode::Bridge => outbound::find(allowed).map_err(|closed| closed.to_string()),
        NetworkMode::None | NetworkMode::Host => Err(String::new()),
    }
}

impl Monitor {
    /// The addresses of the container's interface.
    pub(super) fn address(&self) -> Option<tap::Address> {
        let mac = outbound::parse_mac(&self.config.host.mac_address);
        self.way.as_ref().ok().map(|way| way.address(mac))
    }

    /// Handles the init's interface, or the failure to create it.
    pub(super) fn plug_in(
        &mut self,
        interface: Option<Result<OwnedFd, String>>,
        names: Option<UdpSocket>,
    ) {
        self.names = names;
        let place = self.engine.sandbox.container(&self.config.id);
        let address = self.address();
        self.state.no_way_out.clear();
        match (interface, &self.way, address) {
            (Some(Ok(tap)), Ok(way), Some(address)) => {
                self.state.endpoint = Some(outbound::endpoint(way, &address));
                let folder = place.root().to_owned();
                self.outbound = Some(Outbound::new(tap, way.clone(), folder, self.forward_names));
            }
            (Some(Err(why)), ..) => {
                self.state.no_way_out = why;
                // They describe an interface that does not exist. The container has not read them yet.
                let _ = etc::write(place.etc(), &self.config, None);
            }
            (_, Err(why), _) => why.clone_into(&mut self.state.no_way_out),
            _ => {}
        }
    }

    /// Handles the container's first packet.
    pub(super) fn serve_outbound(&mut self) {
        if let Some(outbound) = &mut self.outbound
            && let Err(error) = outbound.serve()
        {
            self.state.no_way_out = error.to_string();
            self.outbound = None;
            self.save();
        }
    }

    /// Answers DNS queries of a container without egress.
    pub(super) fn answer_names(&self) {
        if let Some(socket) = &self.names {
            let _ = dead_end::answer(socket);
        }
    }

    /// Ends the run's network. The tap itself is closed with the monitor or by the next run: closing it may block, and
    /// a client is waiting for us.
    pub(super) fn unplug(&mut self) {
        self.state.endpoint = None;
        self.names = None;
        if let Some(outbound) = &self.outbound {
            outbound.stop();
        }
    }

    /// Publishes the ports.
    pub(super) fn publish(&mut self, init: BorrowedFd<'_>) -> Result<(), Failure> {
        let host = &self.config.host;
        if host.network != NetworkMode::Bridge || (host.ports.is_empty() && !host.publish_all) {
            return Ok(());
        }
        let publisher = Publisher::start(
            &host.ports,
            host.publish_all,
            &self.config.exposed_ports,
            init,
            ADDRESS,
        )
        .map_err(|error| located::with_holder(&self.engine, &host.ports, error))?;
        self.state.ports = publisher.bindings().to_vec();
        self.publisher = Some(publisher);
        Ok(())
    }
}
