//! What each docker command does, prints and returns, through the binary.

mod builder_prune;
mod container_cp;
mod container_exec;
mod container_inspect;
mod container_limits;
mod container_logs;
mod container_ps;
mod container_rm;
mod container_run;
mod container_start;
mod container_stop;
mod container_top;
mod image_archive;
mod image_build;
mod image_build_check;
mod image_build_context;
mod image_build_output;
mod image_build_steps;
mod image_history;
mod image_ls;
mod image_rm;
mod image_save;
mod image_tag;
mod refused;
mod volume_ls;
mod wording;
