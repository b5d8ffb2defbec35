//! A run's network: its way out, and the ports that lead in.

use super::Monitor;
use crate::network::dead_end;
use crate::network::outbound::{self, ADDRESS, Allowed, Outbound, Way};
use crate::network::ports::Publisher;
use crate::runtime::{Failure, etc, located};
use crate::store::containers::{ContainerConfig, NetworkMode};
use crate::sys::tap;
use std::net::UdpSocket;
use std::os::fd::{BorrowedFd, OwnedFd};

/// The way out for a container with this configuration, or why it has none; an empty reason means that it should not.
pub(super) fn find(config: &ContainerConfig, allowed: Allowed) -> Result<Way, String> {
    match config.host.network {
        NetworkMode::Bridge => outbound::find(allowed).map_err(|closed| closed.to_string()),
        NetworkMode::None | NetworkMode::Host => Err(String::new()),
    }
}

impl Monitor {
    /// What the container's interface is given.
    pub(super) fn address(&self) -> Option<tap::Address> {
        let mac = outbound::parse_mac(&self.config.host.mac_address);
        self.way.as_ref().ok().map(|way| way.address(mac))
    }

    /// The init has made its interface, or has not.
    pub(super) fn plug_in(
        &mut self,
        interface: Option<Result<OwnedFd, String>>,
        names: Option<UdpSocket>,
    ) {
        self.names = names;
        let place = self.site.sandbox.container(&self.config.id);
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
                // They say that there is an interface. The container has not read them yet.
                let _ = etc::write(place.etc(), &self.config, None);
            }
            (_, Err(why), _) => why.clone_into(&mut self.state.no_way_out),
            _ => {}
        }
    }

    /// The container has sent its first packet.
    pub(super) fn serve_outbound(&mut self) {
        if let Some(outbound) = &mut self.outbound
            && let Err(error) = outbound.serve()
        {
            self.state.no_way_out = error.to_string();
            self.outbound = None;
            self.save();
        }
    }

    /// The container has asked for a name, and has no way out.
    pub(super) fn answer_names(&self) {
        if let Some(socket) = &self.names {
            let _ = dead_end::answer(socket);
        }
    }

    /// The run is over. The cable itself is let go with the monitor, or by the next run: the kernel may make whoever does
    /// it wait, and somebody waits for us.
    pub(super) fn unplug(&mut self) {
        self.state.endpoint = None;
        self.names = None;
        if let Some(outbound) = &self.outbound {
            outbound.stop();
        }
    }

    /// Opens the ports.
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
        .map_err(|error| located::with_holder(&self.site, &host.ports, error))?;
        self.state.ports = publisher.bindings().to_vec();
        self.publisher = Some(publisher);
        Ok(())
    }
}
