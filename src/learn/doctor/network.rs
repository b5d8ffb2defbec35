//! The network that containers get.

use super::Finding;

/// There is nothing to look for: every container has loopback and published ports on every machine, and no way out yet.
pub(super) fn reach() -> Finding {
    Finding::pass(
        "network",
        "containers have a network of their own, and `-p` leads in; none leads out (docs/limits.md)",
    )
}
