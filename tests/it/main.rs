//! Behaviour through the binary, and the rules of the repository. One test binary, so that it links once.
//!
//! `support` isolates each test; `tidy` and `docs` check the repository itself and run nothing.

mod attacks;
mod author;
mod cgroup_v2;
mod commands;
mod content;
mod corpora;
mod coverage;
mod crash;
mod damage;
mod dead_end;
mod docs;
mod doctor;
mod folders;
mod full_disk;
mod isolation;
mod learner_work;
mod lessons;
mod memory;
mod monitor;
mod names;
mod network;
mod ports;
mod power_cut;
mod pty;
mod races;
mod registry;
mod sessions;
mod shell;
mod shell_lead;
mod shell_pty;
mod shell_undo;
mod support;
mod tidy;
