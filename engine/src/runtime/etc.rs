//! `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` of a container.
//!
//! **What Docker does.** Writes the three files into the container's folder and mounts them over the image's.
//! **What we do.** The same, at every start: the machine's name servers may have changed.
//! **Try it.** `docker run --rm --add-host db:10.0.0.9 busybox cat /etc/hosts`

use super::plan::{PlannedMount, PlannedSource};
use crate::error::{IoContext, Result};
use crate::network::outbound::{self, ADDRESS, Way};
use crate::network::resolver;
use crate::store::containers::{ContainerConfig, HostConfig, NetworkMode};
use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes the three files into `folder`, for a container with the egress `way`, if any. Returns whether it resolves
/// names at [`Way::names`].
pub(super) fn write(folder: &Path, config: &ContainerConfig, way: Option<&Way>) -> Result<bool> {
    let host = config.host.network == NetworkMode::Host;
    let machine = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let hosts = hosts(
        &config.hostname,
        &config.host.extra_hosts,
        own(&config.host.network),
        host.then(|| machine("/etc/hosts")),
    );
    let (resolver, forward) = resolver(&config.host, &config.host.network, way);
    let hostname = format!("{}\n", config.hostname);
    write_files(
        folder,
        [
            ("hosts", hosts),
            ("hostname", hostname),
            ("resolv.conf", resolver),
        ],
    )?;
    Ok(forward)
}

fn resolver(host: &HostConfig, network: &NetworkMode, way: Option<&Way>) -> (String, bool) {
    match (way, network) {
        (Some(way), _) => resolver::with_egress(host, way.names()),
        (None, NetworkMode::Bridge) => (resolver::without_egress(host), false),
        (None, NetworkMode::None | NetworkMode::Host) => (resolver::as_on_machine(host), false),
    }
}

/// The container's address: that of its interface, or of its loopback interface if it has no other.
fn own(network: &NetworkMode) -> Option<Ipv4Addr> {
    (*network == NetworkMode::Bridge).then_some(ADDRESS)
}

/// Writes the `/etc` files of a build step into `folder`. Returns the mounts that show them, and whether the step
/// resolves names at [`Way::names`].
pub(super) fn write_for_step(
    folder: &Path,
    hostname: &str,
    extra_hosts: &[String],
    network: &NetworkMode,
    way: Option<&Way>,
) -> Result<(Vec<PlannedMount>, bool)> {
    let machine = *network == NetworkMode::Host;
    let own = own(network);
    let machine = machine.then(|| fs::read_to_string("/etc/hosts").unwrap_or_default());
    let hosts = hosts(hostname, extra_hosts, own, machine);
    let host = HostConfig::default();
    let (resolver, forward) = resolver(&host, network, way);
    let files = [("hosts", hosts), ("resolv.conf", resolver)];
    let mounts = files.iter().map(|(name, _)| PlannedMount {
        source: PlannedSource::Bind(folder.join(name)),
        target: format!("/etc/{name}"),
        read_only: false,
    });
    let mounts = mounts.collect();
    write_files(folder, files)?;
    Ok((mounts, forward))
}

fn write_files<const N: usize>(folder: &Path, files: [(&str, String); N]) -> Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).on("write", &path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))
            .on("change the mode of", &path)?;
    }
    Ok(())
}

fn hosts(
    hostname: &str,
    extra: &[String],
    own: Option<Ipv4Addr>,
    machine: Option<String>,
) -> String {
    let mut text = machine.unwrap_or_else(|| {
        let mut text =
            String::from("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
        text.push_str("fe00::\tip6-localnet\nff00::\tip6-mcastprefix\n");
        text.push_str("ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
        text
    });
    // A container with its own network reaches the machine at its network address.
    let gateway = match own.and_then(|_| outbound::address_of_machine()) {
        Some(address) => address.to_string(),
        None => "127.0.0.1".to_owned(),
    };
    for entry in extra {
        // The address may be IPv6, so the name ends at the first colon or equals sign.
        if let Some((name, address)) = entry.split_once([':', '=']) {
            let address = if address == "host-gateway" {
                gateway.as_str()
            } else {
                address
            };
            let _ = writeln!(text, "{address}\t{name}");
        }
    }
    if !text.contains(&format!("\t{hostname}\n")) {
        let own = own.unwrap_or(Ipv4Addr::LOCALHOST);
        let _ = writeln!(text, "{own}\t{hostname}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_names_the_container_and_what_was_added() {
        let extra = ["db:10.0.0.9".into(), "six=fe80::1".into()];
        let text = hosts("box", &extra, None, None);
        for line in [
            "127.0.0.1\tlocalhost\n",
            "10.0.0.9\tdb\n",
            "fe80::1\tsix\n",
            "127.0.0.1\tbox\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let machine = Some("1.2.3.4\th\n".to_owned());
        assert_eq!(hosts("h", &[], None, machine), "1.2.3.4\th\n");
        let text = hosts("box", &[], Some(ADDRESS), None);
        assert!(text.ends_with("172.17.0.2\tbox\n"), "{text}");
    }
}
