//! The output of `docker inspect`: Docker 28's JSON, field by field and in its order.
//!
//! **What Docker does.** Sends the daemon's own structs as JSON, and runs `-f` over them.
//! **What we do.** Build the same structs as [`crate::docker::value::Value`]s from the engine's plain data.
//! **What we leave out.** No fields: where the engine has no such feature (Windows, Swarm, cgroup parents), the field
//! has the value that Docker shows when it is unused.

mod config;
mod container;
mod host_config;
mod image;
mod mounts;
mod network;
mod network_settings;
mod output;
mod state;
mod volume;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use container::container;
pub use image::image;
pub use network::{NETWORKS, Network, network};
pub use output::{Failure, Format};
pub use volume::volume;
