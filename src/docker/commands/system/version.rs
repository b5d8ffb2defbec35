//! `docker version`.

use crate::docker::commands::inspect::FORMAT_HELP;
use crate::docker::commands::{Command, CommandResult, Ctx, DOCKER, Failure, Words};
use crate::docker::template::{Functions, Template};
use crate::docker::value::{Struct, Value};
use engine::oci::config::machine_architecture;

/// The newest API version of Docker 28.
const API: &str = "1.50";

/// Arguments of `docker version`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Show the Docker version information";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let text = match self.format.as_deref() {
            None | Some("") => page(),
            Some(format) => formatted(format)?,
        };
        Ok(write!(ctx.out, "{text}")?)
    }
}

fn page() -> String {
    let (own, kernel) = (env!("CARGO_PKG_VERSION"), kernel());
    let (os, arch) = (std::env::consts::OS, machine_architecture());
    format!(
        "Client: docklings
 Version:           {own}
 API version:       {API}
 OS/Arch:           {os}/{arch}

Engine: docklings, in the same program
 Version:          {own}
 Behaves as:       Docker {DOCKER}
 OS/Arch:          {os}/{arch}
 Kernel Version:   {kernel}
"
    )
}

fn formatted(format: &str) -> CommandResult<String> {
    let source = if format == "json" {
        "{{json .}}"
    } else {
        format
    };
    let fail = |error: String| Failure::Message(format!("template parsing error: {error}"), 64);
    let template = Template::parse(source).map_err(|error| fail(error.to_string()))?;
    let text = template
        .execute(&value(), Functions::Normal)
        .map_err(|error| fail(error.to_string()))?;
    Ok(text + "\n")
}

/// The value for templates; the version is Docker's, as scripts expect.
fn value() -> Value {
    let client = Struct::new("system.clientVersion")
        .with("Version", DOCKER)
        .with("ApiVersion", API)
        .with("DefaultAPIVersion", API)
        .with("GitCommit", own())
        .with("Os", std::env::consts::OS)
        .with("Arch", machine_architecture())
        .with("Context", "default");
    let server = Struct::new("types.Version")
        .with("Version", DOCKER)
        .with("ApiVersion", API)
        .with("GitCommit", own())
        .with("Os", std::env::consts::OS)
        .with("Arch", machine_architecture())
        .with("KernelVersion", kernel());
    Struct::new("system.versionInfo")
        .with("Client", client)
        .with("Server", server)
        .into()
}

fn own() -> String {
    format!("docklings-{}", env!("CARGO_PKG_VERSION"))
}

/// The running kernel's release.
pub(crate) fn kernel() -> String {
    rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_see_dockers_version() {
        assert_eq!(
            formatted("{{.Server.Version}}").unwrap(),
            format!("{DOCKER}\n")
        );
        assert_eq!(formatted("{{.Nope").unwrap_err().code(), 64);
    }
}
