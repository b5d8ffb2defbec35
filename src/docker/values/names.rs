//! Names and addresses of machines, and names of kernel settings: `--dns`, `--dns-search`, `--sysctl`.

use std::net::IpAddr;

/// Settings of the container's message queues and shared memory.
const OF_IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// `--dns`: an address.
pub(crate) fn server(text: &str) -> Result<String, String> {
    match text.trim().parse::<IpAddr>() {
        Ok(ip) => Ok(ip.to_string()),
        Err(_) => Err(format!("IP address is not correctly formatted: {text}")),
    }
}

/// `--dns-search`: a domain, or `.` for none.
pub(crate) fn search(text: &str) -> Result<String, String> {
    let trimmed = text.trim_matches(' ');
    if trimmed == "." {
        return Ok(trimmed.to_owned());
    }
    let domain = trimmed.trim_end();
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let is_label = |label: &str| {
        let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        ends(label.bytes().next())
            && ends(label.bytes().last())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let has_letter = domain.bytes().any(|byte| byte.is_ascii_alphabetic());
    if has_letter && domain.len() < 255 && domain.split('.').all(is_label) {
        return Ok(domain.to_owned());
    }
    Err(format!("{trimmed} is not a valid domain"))
}

/// `--sysctl`: `name=value`, for a namespaced setting. A name becomes a file path, so it must not climb.
pub(crate) fn sysctl(text: &str) -> Result<String, String> {
    let refused = || format!("sysctl '{text}' is not allowed");
    let (name, _) = text.split_once('=').ok_or_else(refused)?;
    let of_namespaces = name.starts_with("net.") || name.starts_with("fs.mqueue.");
    let is_plain = name.split(['.', '/']).all(|part| !part.is_empty());
    if OF_IPC.contains(&name) || (of_namespaces && is_plain) {
        return Ok(text.to_owned());
    }
    Err(refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(of: fn(&str) -> Result<String, String>, text: &str, expected: Result<&str, &str>) {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(of(text), expected, "{text:?}");
    }

    #[test]
    fn a_name_server_is_an_address() {
        check(server, "9.9.9.9", Ok("9.9.9.9"));
        check(server, " 2001:DB8::1 ", Ok("2001:db8::1"));
        let error = "IP address is not correctly formatted: dns.test";
        check(server, "dns.test", Err(error));
        check(server, "", Err("IP address is not correctly formatted: "));
    }

    #[test]
    fn a_search_domain_has_labels_and_a_letter() {
        check(search, ".", Ok("."));
        check(search, "a.test.", Ok("a.test"));
        check(search, "a-b.test", Ok("a-b.test"));
        for bad in ["", "1.2", "-a.test", "a..test", "a_b.test"] {
            check(search, bad, Err(&format!("{bad} is not a valid domain")));
        }
    }

    #[test]
    fn only_settings_of_the_containers_own_may_be_changed() {
        check(sysctl, "net.core.somaxconn=64", Ok("net.core.somaxconn=64"));
        check(sysctl, "kernel.sem=1 2 3 4", Ok("kernel.sem=1 2 3 4"));
        check(sysctl, "fs.mqueue.msg_max=5", Ok("fs.mqueue.msg_max=5"));
        for bad in [
            "kernel.hostname=x",
            "vm.swappiness=1",
            "net.core.somaxconn",
            "net./../../kernel/core_pattern=x",
            "net.x/../kernel=x",
            "net...kernel.core_pattern=x",
        ] {
            check(sysctl, bad, Err(&format!("sysctl '{bad}' is not allowed")));
        }
    }
}
