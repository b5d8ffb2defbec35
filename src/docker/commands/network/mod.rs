//! `docker network …`, a file for each verb. There are Docker's three networks, and none can be made.

pub(super) mod ls;
