//! The host name of a sandbox's practice hub in requests: `free` is `free.localhost`.
//!
//! Names below `localhost` always refer to this machine (RFC 6761, section 6.3). Hosts have no upper-case letters, so a
//! character that is allowed in a sandbox's name but not in a host is written as `_` and two digits.

use std::fmt::Write;

const DOMAIN: &str = ".localhost";

/// The host of a sandbox's hub.
pub(super) fn of_sandbox(sandbox: &str) -> String {
    let mut host = String::new();
    for byte in sandbox.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => host.push(char::from(byte)),
            _ => {
                // Writing to a text cannot fail.
                let _ = write!(host, "_{byte:02x}");
            }
        }
    }
    host + DOMAIN
}

/// The sandbox of the hub called `host`; `None` if it is not such a name.
pub(super) fn sandbox_of(host: &str) -> Option<String> {
    let mut parts = host.strip_suffix(DOMAIN)?.split('_');
    let mut sandbox = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        sandbox.push(char::from(byte));
        sandbox += rest;
    }
    Some(sandbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_and_its_host_are_found_from_each_other() {
        let check = |sandbox: &str, host: &str| {
            assert_eq!(of_sandbox(sandbox), host);
            assert_eq!(sandbox_of(host).as_deref(), Some(sandbox));
        };
        check("free", "free.localhost");
        check("ex-push-it", "ex-push-it.localhost");
        check("My_lab.2", "_4dy_5flab.2.localhost");
        check("localhost", "localhost.localhost");
    }

    #[test]
    fn what_is_no_sandboxs_is_told() {
        for host in [
            "hub",
            "localhost",
            "a_.localhost",
            "a_4.localhost",
            "a_zz.localhost",
        ] {
            assert_eq!(sandbox_of(host), None, "{host}");
        }
    }
}
