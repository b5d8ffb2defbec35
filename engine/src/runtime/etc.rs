//! `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` of a container.
//!
//! **What Docker does.** Writes the three files beside the container and mounts them over the image's.
//! **What we do.** The same, at every start: the machine's name servers may have changed.
//! **Try it.** `docker run --rm --add-host db:10.0.0.9 busybox cat /etc/hosts`

use crate::error::{IoContext, Result};
use crate::store::containers::{ContainerConfig, NetworkMode};
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes the three files into `folder`.
pub(super) fn write(folder: &Path, config: &ContainerConfig) -> Result<()> {
    let host = config.host.network == NetworkMode::Host;
    let machine = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let hosts = hosts(
        &config.hostname,
        &config.host.extra_hosts,
        host.then(|| machine("/etc/hosts")),
    );
    let files = [
        ("hosts", hosts),
        ("hostname", format!("{}\n", config.hostname)),
        ("resolv.conf", machine("/etc/resolv.conf")),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).on("write", &path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))
            .on("change the mode of", &path)?;
    }
    Ok(())
}

fn hosts(hostname: &str, extra: &[String], machine: Option<String>) -> String {
    let mut text = machine.unwrap_or_else(|| {
        let mut text =
            String::from("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
        text.push_str("fe00::\tip6-localnet\nff00::\tip6-mcastprefix\n");
        text.push_str("ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
        text
    });
    for entry in extra {
        // The address may be IPv6, so the name ends at the first colon or equals sign.
        if let Some((name, address)) = entry.split_once([':', '=']) {
            let address = if address == "host-gateway" {
                "127.0.0.1"
            } else {
                address
            };
            let _ = writeln!(text, "{address}\t{name}");
        }
    }
    if !text.contains(&format!("\t{hostname}\n")) {
        let _ = writeln!(text, "127.0.0.1\t{hostname}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_names_the_container_and_what_was_added() {
        let text = hosts("box", &["db:10.0.0.9".into(), "six=fe80::1".into()], None);
        for line in [
            "127.0.0.1\tlocalhost\n",
            "10.0.0.9\tdb\n",
            "fe80::1\tsix\n",
            "127.0.0.1\tbox\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(hosts("h", &[], Some("1.2.3.4\th\n".into())).starts_with("1.2.3.4\th\n"));
    }
}
