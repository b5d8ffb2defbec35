//! Chapter 5 · The network of a container: its own, with loopback, and doors that `-p` opens.
//!
//! **What Docker does.** A bridge, a cable per container, and rules of the firewall; all of it needs root.
//! **What we do.** A network namespace with loopback only. A published port is a listener of ours on the machine, whose
//! connections go on inside of the namespace, so it works the same for everyone.
//! **What we leave out.** Networks between containers; see `docs/limits.md`.

pub mod ports;
mod relay;
