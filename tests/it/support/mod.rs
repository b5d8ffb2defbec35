//! The tests' tools: isolated sandboxes, the output of commands, and the requirements on the machine.

pub(crate) mod distribution;
pub(crate) mod http;
pub(crate) mod leftovers;
pub(crate) mod loopback;
pub(crate) mod machine;
pub(crate) mod output;
pub(crate) mod peers;
pub(crate) mod probe;
pub(crate) mod process;
pub(crate) mod registry;
pub(crate) mod requires;
pub(crate) mod sandbox;
pub(crate) mod template;
