//! `docker port`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::ports::{host_and_port, host_ips};
use engine::store::containers::PortBinding;

/// Arguments of `docker port`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "List port mappings or a specific mapping for the container";
    const USAGE: &'static str = "CONTAINER [PRIVATE_PORT[/PROTO]]";
    const WORDS: Words = Words::Between(1, 2);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let container = ctx.engine()?.container(&self.words[0])?;
        let mut ports: &[PortBinding] = &container.state.ports;
        if !container.status.is_alive() {
            ports = &[];
        }
        let lines = match self.words.get(1) {
            Some(port) => one(ports, port, &self.words[0])?,
            None => all(ports),
        };
        for line in lines {
            writeln!(ctx.out, "{line}")?;
        }
        Ok(())
    }
}

fn all(ports: &[PortBinding]) -> Vec<String> {
    let mut ports: Vec<_> = ports.iter().collect();
    ports.sort_by_key(|binding| (binding.container_port, &binding.protocol));
    let lines = ports.iter().flat_map(|binding| {
        let from = format!("{}/{}", binding.container_port, binding.protocol);
        listening(binding).map(move |to| format!("{from} -> {to}"))
    });
    lines.collect()
}

fn one(ports: &[PortBinding], wanted: &str, name: &str) -> CommandResult<Vec<String>> {
    let (port, protocol) = wanted.split_once('/').unwrap_or((wanted, "tcp"));
    let number: u16 = port.parse().map_err(|_| {
        Failure::message(format!(
            "invalid port '{port}': strconv.ParseUint: parsing \"{port}\": invalid syntax"
        ))
    })?;
    let is_it =
        |binding: &&PortBinding| binding.container_port == number && binding.protocol == protocol;
    let lines: Vec<_> = ports.iter().filter(is_it).flat_map(listening).collect();
    if lines.is_empty() {
        return Err(Failure::message(format!(
            "Error: No public port '{wanted}' published for {name}"
        )));
    }
    Ok(lines)
}

fn listening(binding: &PortBinding) -> impl Iterator<Item = String> + '_ {
    let addresses = host_ips(&binding.host_ip).into_iter();
    addresses.map(|address| host_and_port(address, binding.host_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(host_ip: &str, host_port: u16, container_port: u16) -> PortBinding {
        PortBinding {
            container_port,
            protocol: "tcp".to_owned(),
            host_ip: host_ip.to_owned(),
            host_port,
            host_port_last: 0,
        }
    }

    #[test]
    fn a_port_without_an_address_listens_on_both_families() {
        let ports = [binding("", 8080, 80), binding("127.0.0.1", 5000, 5000)];
        assert_eq!(
            all(&ports),
            [
                "80/tcp -> 0.0.0.0:8080",
                "80/tcp -> [::]:8080",
                "5000/tcp -> 127.0.0.1:5000"
            ]
        );
        assert_eq!(one(&ports, "5000/tcp", "c").unwrap(), ["127.0.0.1:5000"]);
        let error = one(&ports, "81", "c").unwrap_err().text().unwrap();
        assert_eq!(error, "Error: No public port '81' published for c");
    }
}
