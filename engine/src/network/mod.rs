//! Chapter 6 · The network of a container: its own, with loopback, a way out, and doors that `-p` opens.
//!
//! **What Docker does.** A bridge, a cable per container, and rules of the firewall; all of it needs root.
//! **What we do.** A network namespace. Its `eth0` is a cable to a program that makes ordinary connections of what the
//! container sends ([`outbound`]); where there is none, it fails at once ([`dead_end`]). A published port is a listener of
//! ours on the machine, whose connections go on inside of the namespace ([`ports`]). All work the same for everyone.
//! **What we leave out.** Networks between containers; see `docs/limits.md`.

mod cable;
pub mod dead_end;
pub mod outbound;
pub mod ports;
mod relay;
pub mod resolver;
