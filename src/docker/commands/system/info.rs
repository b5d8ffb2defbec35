//! `docker info`.

use super::version::kernel;
use crate::docker::commands::inspect::FORMAT_HELP;
use crate::docker::commands::{Command, CommandResult, Ctx, DOCKER, Failure, Words};
use crate::docker::registry::credentials::DOCKER_HUB;
use crate::docker::registry::{account, hub, insecure_shown};
use crate::docker::template::{Functions, Template};
use crate::docker::value::{Struct, Value};
use crate::term::human;
use engine::Engine;
use engine::oci::config::machine_platform;
use engine::oci::reference::DEFAULT_DOMAIN;
use engine::runtime::spec::Status;
use engine::sys::namespace;
use std::fs;

/// Arguments of `docker info`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Display system-wide information";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let engine = ctx.engine()?;
        let facts = Facts::gather(ctx, &engine)?;
        let text = match self.format.as_deref() {
            None | Some("") => facts.page(),
            Some(format) => {
                let source = if format == "json" {
                    "{{json .}}"
                } else {
                    format
                };
                let fail = |error: String| {
                    Failure::Message(format!("template parsing error: {error}"), 64)
                };
                let template = Template::parse(source).map_err(|error| fail(error.to_string()))?;
                let text = template.execute(&facts.value(), Functions::Normal);
                text.map_err(|error| fail(error.to_string()))? + "\n"
            }
        };
        Ok(write!(ctx.out, "{text}")?)
    }
}

/// The facts that `docker info` shows.
struct Facts {
    containers: usize,
    running: usize,
    paused: usize,
    stopped: usize,
    images: usize,
    cgroup: &'static str,
    rootless: bool,
    system: String,
    processors: usize,
    memory: u64,
    name: String,
    root: String,
    sandbox: String,
    /// The registry that stands in for docker.io.
    hub: String,
    /// The user who is logged in there.
    user: String,
    insecure: Vec<String>,
}

impl Facts {
    fn gather(ctx: &Ctx, engine: &Engine) -> CommandResult<Self> {
        let (hub, _) = hub::config::chosen(&ctx.env)?;
        let known = account(&ctx.env, DEFAULT_DOMAIN)?.get().unwrap_or_default();
        let containers = engine.containers()?;
        let count =
            |is: &dyn Fn(Status) -> bool| containers.iter().filter(|c| is(c.status)).count();
        let (running, paused) = (
            count(&|status| matches!(status, Status::Running | Status::Restarting)),
            count(&|status| status == Status::Paused),
        );
        Ok(Self {
            running,
            paused,
            stopped: containers.len() - running - paused,
            containers: containers.len(),
            images: engine.listed_images()?.len(),
            cgroup: match fs::exists("/sys/fs/cgroup/cgroup.controllers").unwrap_or(false) {
                true => "2",
                false => "1",
            },
            rootless: !rustix::process::geteuid().is_root() || namespace::in_user_namespace(),
            system: system(&fs::read_to_string("/etc/os-release").unwrap_or_default()),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory(&fs::read_to_string("/proc/meminfo").unwrap_or_default()),
            name: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            root: engine.home().root().display().to_string(),
            sandbox: engine.sandbox_name().to_owned(),
            hub: hub.to_string(),
            user: known.map_or_else(String::new, |known| known.username().to_owned()),
            insecure: insecure_shown(),
        })
    }

    fn security(&self) -> Vec<&'static str> {
        let mut options = vec!["name=seccomp,profile=builtin"];
        if self.rootless {
            options.push("name=rootless");
        }
        options
    }

    fn page(&self) -> String {
        let security: String = self
            .security()
            .iter()
            .map(|option| {
                let words: Vec<&str> = option
                    .split(',')
                    .map(|word| word.trim_start_matches("name="))
                    .collect();
                let rest: String = words[1..]
                    .iter()
                    .map(|word| format!("   {}\n", word.replace("profile=", "Profile: ")))
                    .collect();
                format!("  {}\n{rest}", words[0])
            })
            .collect();
        format!(
            "Client:
 Version:    {own}
 Context:    default
 Debug Mode: false

Server:
 Containers: {containers}
  Running: {running}
  Paused: {paused}
  Stopped: {stopped}
 Images: {images}
 Server Version: {DOCKER}
 Storage Driver: overlay2
 Logging Driver: json-file
 Cgroup Version: {cgroup}
 Default Runtime: docklings
 Security Options:
{security} Kernel Version: {kernel}
 Operating System: {system}
 OSType: linux
 Architecture: {arch}
 CPUs: {processors}
 Total Memory: {memory}
 Name: {name}
 Docker Root Dir: {root}
 Sandbox: {sandbox}
 Debug Mode: false
{user} Hub: {hub}
 Experimental: false
 Insecure Registries:
{insecure} Live Restore Enabled: false
",
            own = env!("CARGO_PKG_VERSION"),
            containers = self.containers,
            running = self.running,
            paused = self.paused,
            stopped = self.stopped,
            images = self.images,
            cgroup = self.cgroup,
            kernel = kernel(),
            system = self.system,
            arch = std::env::consts::ARCH,
            processors = self.processors,
            memory = human::binary_size(self.memory),
            name = self.name,
            root = self.root,
            sandbox = self.sandbox,
            user = match self.user.as_str() {
                "" => String::new(),
                user => format!(" Username: {user}\n"),
            },
            hub = self.hub,
            insecure = lines(&self.insecure),
        )
    }

    fn value(&self) -> Value {
        let count = |number: usize| number as u64;
        Struct::new("system.dockerInfo")
            .with("ID", "")
            .with("Containers", count(self.containers))
            .with("ContainersRunning", count(self.running))
            .with("ContainersPaused", count(self.paused))
            .with("ContainersStopped", count(self.stopped))
            .with("Images", count(self.images))
            .with("Driver", "overlay2")
            .with("LoggingDriver", "json-file")
            .with("CgroupVersion", self.cgroup)
            .with("KernelVersion", kernel())
            .with("OperatingSystem", self.system.as_str())
            .with("OSType", "linux")
            .with("Architecture", std::env::consts::ARCH)
            .with("NCPU", count(self.processors))
            .with("MemTotal", self.memory)
            .with("DockerRootDir", self.root.as_str())
            .with("Name", self.name.as_str())
            .with("ServerVersion", DOCKER)
            .with("DefaultRuntime", "docklings")
            .with("IndexServerAddress", DOCKER_HUB)
            .with(
                "RegistryConfig",
                Struct::new("registry.ServiceConfig")
                    .with("InsecureRegistryCIDRs", Value::list(self.insecure.clone()))
                    .with("Mirrors", Value::list(Vec::<String>::new())),
            )
            .with("Username", self.user.as_str())
            .with("Hub", self.hub.as_str())
            .with("SecurityOptions", Value::list(self.security()))
            .with("Sandbox", self.sandbox.as_str())
            .with("Platform", machine_platform())
            .into()
    }
}

/// Each on its own line, indented.
fn lines(all: &[String]) -> String {
    all.iter().map(|one| format!("  {one}\n")).collect()
}

/// `PRETTY_NAME` of `os-release(5)`.
fn system(release: &str) -> String {
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or("linux", |name| name.trim_matches('"'))
        .to_owned()
}

/// `MemTotal` of `proc_meminfo(5)`, in bytes.
fn memory(meminfo: &str) -> u64 {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"));
    let number = line.and_then(|line| {
        line.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    number.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_their_files() {
        assert_eq!(memory("MemTotal:        2048 kB\nMemFree: 1 kB\n"), 2 << 20);
        assert_eq!(memory(""), 0);
        assert_eq!(
            system("ID=debian\nPRETTY_NAME=\"Debian 13\"\n"),
            "Debian 13"
        );
    }
}
