//! `docker network …`, a file for each verb. Docker's three networks exist, and no other can be created.

pub(super) mod ls;
