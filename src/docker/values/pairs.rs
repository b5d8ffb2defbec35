//! `KEY=value` and similar forms: environment variables, labels, hosts; and addresses of name servers.

use crate::docker::select::Filters;
use std::net::IpAddr;

/// `-e`: `KEY=value`, or only `KEY` for the caller's value.
pub(crate) fn env(text: &str) -> Result<String, String> {
    if text.is_empty() || text.starts_with('=') {
        return Err(format!("invalid environment variable: {text}"));
    }
    Ok(text.to_owned())
}

/// `-l`: `KEY=value`, or only `KEY`.
pub(crate) fn label(text: &str) -> Result<String, String> {
    if text
        .split('=')
        .next()
        .is_none_or(|key| key.trim().is_empty())
    {
        return Err(format!("invalid label '{text}': empty name"));
    }
    Ok(text.to_owned())
}

/// `--add-host`: `name:address` or `name=address`; the result is `name:address`. `host-gateway` is the machine.
pub(crate) fn host(text: &str) -> Result<String, String> {
    let (name, address) = text
        .split_once('=')
        .or_else(|| text.split_once(':'))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("bad format for add-host: \"{text}\""))?;
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    if address != "host-gateway" && bare.parse::<IpAddr>().is_err() {
        return Err(format!("invalid IP address in add-host: \"{address}\""));
    }
    Ok(format!("{name}:{bare}"))
}

/// `--dns`: an address.
pub(crate) fn server(text: &str) -> Result<String, String> {
    match text.trim().parse::<IpAddr>() {
        Ok(ip) => Ok(ip.to_string()),
        Err(_) => Err(format!("IP address is not correctly formatted: {text}")),
    }
}

/// `-a` of `run`: the name of a stream, in lower case.
pub(crate) fn stream(text: &str) -> Result<String, String> {
    let name = text.to_lowercase();
    if matches!(name.as_str(), "stdin" | "stdout" | "stderr") {
        return Ok(name);
    }
    Err("valid streams are STDIN, STDOUT and STDERR".to_owned())
}

/// `-f key=value` of lists: refused at once if it is not a pair.
pub(crate) fn filter(text: &str) -> Result<String, String> {
    Filters::parse(&[text]).map(|_| text.to_owned())
}

/// Splits at the first `=`; without one the value is empty.
pub(crate) fn split(pair: &str) -> (String, String) {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    (key.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_needs_a_name() {
        assert_eq!(env("A=b=c"), Ok("A=b=c".to_owned()));
        assert_eq!(env("A"), Ok("A".to_owned()));
        assert_eq!(env("=x").unwrap_err(), "invalid environment variable: =x");
        assert!(env("").is_err());
    }

    #[test]
    fn a_label_needs_a_name() {
        assert_eq!(label("a"), Ok("a".to_owned()));
        assert_eq!(label("=x").unwrap_err(), "invalid label '=x': empty name");
    }

    #[test]
    fn a_host_has_a_name_and_an_address() {
        assert_eq!(host("db:10.0.0.9"), Ok("db:10.0.0.9".to_owned()));
        assert_eq!(host("db=[::1]"), Ok("db:::1".to_owned()));
        assert_eq!(host("db:::1"), Ok("db:::1".to_owned()));
        assert_eq!(host("a:host-gateway"), Ok("a:host-gateway".to_owned()));
        assert_eq!(host("x").unwrap_err(), "bad format for add-host: \"x\"");
        assert_eq!(
            host("a:b").unwrap_err(),
            "invalid IP address in add-host: \"b\""
        );
    }

    #[test]
    fn a_name_server_is_an_address() {
        assert_eq!(server("9.9.9.9"), Ok("9.9.9.9".to_owned()));
        assert_eq!(server(" 2001:DB8::1 "), Ok("2001:db8::1".to_owned()));
        for bad in ["dns.test", ""] {
            let message = format!("IP address is not correctly formatted: {bad}");
            assert_eq!(server(bad).unwrap_err(), message);
        }
    }

    #[test]
    fn a_filter_is_a_pair() {
        assert_eq!(filter("label=a=b"), Ok("label=a=b".to_owned()));
        assert_eq!(
            filter("name").unwrap_err(),
            "bad format of filter (expected name=value)"
        );
    }
}
