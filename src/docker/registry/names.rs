//! The names of this machine: a registry without a password answers to these (`registry/src/browsers.rs` says why).

use std::fs;
use std::net::IpAddr;

/// Names for this machine itself, as its users write them (hosts(5)).
const HOSTS: &str = "/etc/hosts";

/// The host name, with and without its domain; its name on the local link (mDNS); and the names in `/etc/hosts` of this
/// machine's addresses.
pub(crate) fn of_machine() -> Vec<String> {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let host = host.to_string_lossy();
    of(&host, &fs::read_to_string(HOSTS).unwrap_or_default())
}

fn of(host: &str, hosts: &str) -> Vec<String> {
    let short = host.split('.').next().unwrap_or_default();
    let mut names = Vec::new();
    if !short.is_empty() {
        names = vec![host.to_owned(), short.to_owned(), format!("{short}.local")];
    }
    for line in hosts.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
        if address.is_some_and(|address| address.is_loopback()) {
            names.extend(words.map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_its_host_name_and_what_its_users_have_written_down() {
        let hosts = "127.0.0.1 localhost # me\n127.0.1.1\tlab1.uni.example lab1\n10.0.0.1 other\nnonsense\n";
        assert_eq!(
            of("lab1.lan", hosts),
            [
                "lab1.lan",
                "lab1",
                "lab1.local",
                "localhost",
                "lab1.uni.example",
                "lab1"
            ]
        );
        assert_eq!(of("", ""), [""; 0]);
    }
}
