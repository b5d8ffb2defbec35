//! Chapter 6 · A container's own network: loopback, egress, and the ports that `-p` publishes.
//!
//! **What Docker does.** A bridge, a veth pair per container, and firewall rules; all of it needs root.
//! **What we do.** A network namespace. Its `eth0` is a tap to a program that turns the container's packets into
//! ordinary connections ([`outbound`]); without such a program, lookups fail at once ([`dead_end`]). A published port
//! is our listener on the machine, whose connections continue inside the namespace ([`ports`]). All of it works the
//! same with and without root.
//! **What we leave out.** Networks between containers; see `docs/limits.md`.

pub mod dead_end;
pub(crate) mod egress;
pub mod outbound;
pub(crate) mod ports;
mod relay;
pub(crate) mod resolver;
mod uplink;
