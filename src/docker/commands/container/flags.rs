//! The flags that `run` and `create` share.

use super::resources::ResourceFlags;
use crate::docker::values::{self, mount, pairs};
use crate::failure::{CommandResult, Failure};
use clap::ArgAction;
use engine::store::containers::Ulimit;
use std::io::{self, IsTerminal};

/// Everything that can be said of a container before its image. What each flag means is in `request.rs`.
#[derive(Debug, clap::Args)]
pub(crate) struct CreateFlags {
    /// Add a custom host-to-IP mapping (host:ip)
    #[arg(long, value_name = "list", value_parser = pairs::host)]
    pub(super) add_host: Vec<String>,
    /// Attach to STDIN, STDOUT or STDERR
    #[arg(short, long, value_name = "list", value_parser = pairs::stream)]
    pub(super) attach: Vec<String>,
    /// Add Linux capabilities
    #[arg(long, value_name = "list")]
    pub(super) cap_add: Vec<String>,
    /// Drop Linux capabilities
    #[arg(long, value_name = "list")]
    pub(super) cap_drop: Vec<String>,
    /// Add a host device to the container
    #[arg(long, value_name = "list")]
    pub(super) device: Vec<String>,
    /// Set custom DNS servers
    #[arg(long, value_name = "list", value_parser = pairs::server)]
    pub(super) dns: Vec<String>,
    /// Overwrite the default ENTRYPOINT of the image
    #[arg(long, value_name = "string")]
    pub(super) entrypoint: Option<String>,
    /// Set environment variables
    #[arg(short, long, value_name = "list", value_parser = pairs::env)]
    pub(super) env: Vec<String>,
    /// Read in a file of environment variables
    #[arg(long, value_name = "list")]
    pub(super) env_file: Vec<String>,
    /// Expose a port or a range of ports
    #[arg(long, value_name = "list")]
    pub(super) expose: Vec<String>,
    #[command(flatten)]
    pub(super) health: HealthFlags,
    /// Container host name
    #[arg(short = 'h', long, value_name = "string")]
    pub(super) hostname: Option<String>,
    /// Run an init inside the container that forwards signals and reaps processes
    #[arg(long)]
    pub(super) init: bool,
    /// Keep STDIN open even if not attached
    #[arg(short, long)]
    pub(super) interactive: bool,
    /// Set meta data on a container
    #[arg(short, long, value_name = "list", value_parser = pairs::label)]
    pub(super) label: Vec<String>,
    /// Logging driver for the container
    #[arg(long, value_name = "string")]
    pub(super) log_driver: Option<String>,
    /// Log driver options
    #[arg(long, value_name = "list")]
    pub(super) log_opt: Vec<String>,
    /// Container MAC address (e.g., 92:d0:c6:0a:29:33)
    #[arg(long, value_name = "string")]
    pub(super) mac_address: Option<String>,
    /// Attach a filesystem mount to the container
    #[arg(long, value_name = "mount", value_parser = mount::mount_flag)]
    pub(super) mount: Vec<mount::MountFlag>,
    /// Assign a name to the container
    #[arg(long, value_name = "string")]
    pub(super) name: Option<String>,
    /// Connect a container to a network (none, host or bridge)
    #[arg(
        long,
        alias = "net",
        value_name = "network",
        default_value = "bridge",
        hide_default_value = true
    )]
    pub(super) network: String,
    /// Set platform if server is multi-platform capable
    #[arg(long, value_name = "string", value_parser = values::own_platform)]
    pub(super) platform: Option<String>,
    /// Give extended privileges to this container
    #[arg(long)]
    pub(super) privileged: bool,
    /// Publish a container's port(s) to the host
    #[arg(short, long, value_name = "list")]
    pub(super) publish: Vec<String>,
    /// Publish all exposed ports to random ports
    #[arg(short = 'P', long)]
    pub(super) publish_all: bool,
    /// Pull image before running ("always", "missing", "never")
    #[arg(long, value_name = "string", default_value = "missing")]
    pub(super) pull: String,
    /// Suppress the pull output
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Mount the container's root filesystem as read only
    #[arg(long)]
    pub(super) read_only: bool,
    #[command(flatten)]
    pub(super) resources: ResourceFlags,
    /// Restart policy to apply when a container exits
    #[arg(long, value_name = "string", default_value = "no")]
    pub(super) restart: String,
    /// Automatically remove the container and its associated anonymous volumes when it exits
    #[arg(long = "rm")]
    pub(super) remove: bool,
    /// Security Options
    #[arg(long, value_name = "list")]
    pub(super) security_opt: Vec<String>,
    /// Size of /dev/shm
    #[arg(long, value_name = "bytes", value_parser = values::bytes)]
    pub(super) shm_size: Option<u64>,
    /// Signal to stop the container
    #[arg(long, value_name = "string")]
    pub(super) stop_signal: Option<String>,
    /// Timeout (in seconds) to stop a container
    #[arg(long, value_name = "int", value_parser = values::int)]
    pub(super) stop_timeout: Option<i64>,
    /// Mount a tmpfs directory
    #[arg(long, value_name = "list")]
    pub(super) tmpfs: Vec<String>,
    /// Allocate a pseudo-TTY
    #[arg(short, long)]
    pub(super) tty: bool,
    /// Ulimit options
    #[arg(long, value_name = "ulimit", value_parser = values::ulimit)]
    pub(super) ulimit: Vec<Ulimit>,
    /// Username or UID (format: <name|uid>[:<group|gid>])
    #[arg(short, long, value_name = "string")]
    pub(super) user: Option<String>,
    /// Bind mount a volume
    #[arg(short, long, value_name = "list")]
    pub(super) volume: Vec<String>,
    /// Mount volumes from the specified container(s)
    #[arg(long, value_name = "list")]
    pub(super) volumes_from: Vec<String>,
    /// Working directory inside the container
    #[arg(short, long, value_name = "string")]
    pub(super) workdir: Option<String>,
    /// IMAGE [COMMAND] [ARG...]: everything after the image belongs to the command.
    #[arg(trailing_var_arg = true, hide = true)]
    pub(super) words: Vec<String>,
}

/// `--health-*`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct HealthFlags {
    /// Command to run to check health
    #[arg(long, value_name = "string")]
    pub(super) health_cmd: Option<String>,
    /// Time between running the check (ms|s|m|h) (default 0s)
    #[arg(long, value_name = "duration", value_parser = values::nanoseconds)]
    pub(super) health_interval: Option<i64>,
    /// Consecutive failures needed to report unhealthy
    #[arg(long, value_name = "int", value_parser = values::int)]
    pub(super) health_retries: Option<i64>,
    /// Time between running the check during the start period (ms|s|m|h) (default 0s)
    #[arg(long, value_name = "duration", value_parser = values::nanoseconds)]
    pub(super) health_start_interval: Option<i64>,
    /// Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)
    #[arg(long, value_name = "duration", value_parser = values::nanoseconds)]
    pub(super) health_start_period: Option<i64>,
    /// Maximum time to allow one check to run (ms|s|m|h) (default 0s)
    #[arg(long, value_name = "duration", value_parser = values::nanoseconds)]
    pub(super) health_timeout: Option<i64>,
    /// Disable any container-specified HEALTHCHECK
    #[arg(long)]
    pub(super) no_healthcheck: bool,
}

/// The flags for a session with a container's terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct SessionFlags {
    /// Override the key sequence for detaching a container
    #[arg(long, value_name = "string")]
    pub(super) detach_keys: Option<String>,
    /// Proxy received signals to the process
    #[arg(long, default_value = "true", action = ArgAction::Set)]
    pub(super) sig_proxy: bool,
}

/// The detach keys: from the flag, or else from Docker's configuration file; empty for the default keys.
pub(super) fn detach_keys(flag: Option<String>) -> String {
    flag.filter(|keys| !keys.is_empty())
        .or_else(crate::env::configured_detach_keys)
        .unwrap_or_default()
}

/// Refuses `-i` and `-t` together when the input is not a terminal.
pub(super) fn check_terminal(stdin: bool, tty: bool) -> CommandResult {
    if stdin && tty && !io::stdin().is_terminal() {
        return Err(Failure::message("the input device is not a TTY"));
    }
    Ok(())
}
