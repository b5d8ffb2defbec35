//! `-p` and `--expose`: `[address:][host port[-end]:]container port[-end][/protocol]`.

use engine::store::containers::PortBinding;
use std::net::IpAddr;

/// The bindings of one `-p`.
pub(crate) fn published(text: &str) -> Result<Vec<PortBinding>, String> {
    let text = &standard_form(text)?;
    let (rest, protocol) = split_protocol(text)?;
    let (host_ip, host, container) = split_address(rest)?;
    if container.is_empty() {
        return Err(format!("no port specified: {text}<empty>"));
    }
    let container_range =
        range(container).ok_or_else(|| format!("invalid containerPort: {container}"))?;
    let host_range = match host {
        "" => None,
        _ => Some(range(host).ok_or_else(|| format!("invalid hostPort: {host}"))?),
    };
    let host_ports = host_ports(host_range, container_range).ok_or_else(|| {
        format!("invalid ranges specified for container and host Ports: {container} and {host}")
    })?;
    let ports = container_range.0..=container_range.1;
    Ok(ports
        .zip(host_ports)
        .map(
            |(container_port, (host_port, host_port_last))| PortBinding {
                container_port,
                protocol: protocol.to_owned(),
                host_ip: host_ip.clone(),
                host_port,
                host_port_last,
            },
        )
        .collect())
}

/// The ports of one `--expose`, such as `80/tcp`.
pub(crate) fn exposed(text: &str) -> Result<Vec<String>, String> {
    if text.contains(':') {
        return Err(format!("invalid port format for --expose: {text}"));
    }
    let (ports, protocol) = split_protocol(text)?;
    let (start, end) = range(ports).ok_or_else(|| {
        format!(
            "invalid range format for --expose: {text}, error: strconv.ParseUint: parsing \"{ports}\": invalid syntax"
        )
    })?;
    Ok((start..=end)
        .map(|port| format!("{port}/{protocol}"))
        .collect())
}

/// The long form (`target=80,published=8080`) as the short one.
fn standard_form(text: &str) -> Result<String, String> {
    if !text.contains('=') {
        return Ok(text.to_owned());
    }
    let (mut target, mut published, mut protocol) = ("", "", "tcp");
    for field in text.split(',') {
        match field.split_once('=') {
            Some(("target", value)) => target = value,
            Some(("published", value)) => published = value,
            Some(("protocol", value)) => protocol = value,
            Some(("mode", _)) => {}
            _ => {
                return Err(format!(
                    "invalid publish opts format (should be name=value but got '{field}')"
                ));
            }
        }
    }
    Ok(match published {
        "" => format!("{target}/{protocol}"),
        _ => format!("{published}:{target}/{protocol}"),
    })
}

fn split_protocol(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('/') {
        None => Ok((text, "tcp")),
        Some((ports, protocol)) => match protocol.to_lowercase().as_str() {
            "" | "tcp" => Ok((ports, "tcp")),
            "udp" => Ok((ports, "udp")),
            "sctp" => Err("`sctp` is not part of docklings; see docs/limits.md".to_owned()),
            _ => Err(format!("invalid proto: {protocol}")),
        },
    }
}

/// Host address, host ports and container ports; the first two are empty if they are not given.
fn split_address(text: &str) -> Result<(String, &str, &str), String> {
    let Some((front, container)) = text.rsplit_once(':') else {
        return Ok((String::new(), "", text));
    };
    let Some((address, host)) = front.rsplit_once(':') else {
        return Ok((String::new(), front, container));
    };
    let bare = address
        .strip_prefix('[')
        .and_then(|address| address.strip_suffix(']'))
        .unwrap_or(address);
    if !bare.is_empty() && bare.parse::<IpAddr>().is_err() {
        return Err(format!("invalid IP address: {address}"));
    }
    Ok((bare.to_owned(), host, container))
}

fn range(text: &str) -> Option<(u16, u16)> {
    let port = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse::<u16>().ok())
            .flatten()
    };
    let (start, end) = match text.split_once('-') {
        Some((start, end)) => (port(start)?, port(end)?),
        None => (port(text)?, port(text)?),
    };
    (start <= end).then_some((start, end))
}

/// A host port for each container port, with the end of the range that it may be taken from; 0 means any. `None` if the
/// ranges do not match.
fn host_ports(host: Option<(u16, u16)>, container: (u16, u16)) -> Option<Vec<(u16, u16)>> {
    let count = usize::from(container.1 - container.0) + 1;
    let Some((start, end)) = host else {
        return Some(vec![(0, 0); count]);
    };
    if usize::from(end - start) + 1 == count {
        return Some((start..=end).map(|port| (port, 0)).collect());
    }
    // A range for one port: the first free one when the container starts.
    (count == 1).then(|| vec![(start, end)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<&str, &str>) {
        let found = published(text).map(|bindings| {
            let texts: Vec<_> = bindings
                .iter()
                .map(|b| {
                    format!(
                        "{}|{}|{}/{}",
                        b.host_ip,
                        range_text(b),
                        b.container_port,
                        b.protocol
                    )
                })
                .collect();
            texts.join(" ")
        });
        assert_eq!(
            found,
            want.map(str::to_owned).map_err(str::to_owned),
            "{text}"
        );
    }

    fn range_text(binding: &PortBinding) -> String {
        match binding.host_port_last {
            0 => binding.host_port.to_string(),
            last => format!("{}-{last}", binding.host_port),
        }
    }

    #[test]
    fn a_port_may_have_an_address_a_range_and_a_protocol() {
        check("8080:80", Ok("|8080|80/tcp"));
        check("80", Ok("|0|80/tcp"));
        check("53:53/udp", Ok("|53|53/udp"));
        check("127.0.0.1:8080:80", Ok("127.0.0.1|8080|80/tcp"));
        check("127.0.0.1::80", Ok("127.0.0.1|0|80/tcp"));
        check("[::1]:8080:80", Ok("::1|8080|80/tcp"));
        check("80-81:90-91", Ok("|80|90/tcp |81|91/tcp"));
        check("8000-8010:80", Ok("|8000-8010|80/tcp"));
        check("90-91", Ok("|0|90/tcp |0|91/tcp"));
        check("target=80,published=8080", Ok("|8080|80/tcp"));
    }

    #[test]
    fn wrong_ports_are_refused_in_dockers_words() {
        check("abc:80", Err("invalid hostPort: abc"));
        check("80:99999", Err("invalid containerPort: 99999"));
        check("10-5:5-10", Err("invalid hostPort: 10-5"));
        check("80/foo", Err("invalid proto: foo"));
        check("1.2.3:80:80", Err("invalid IP address: 1.2.3"));
        check("80:", Err("no port specified: 80:<empty>"));
        check(
            "80-82:90-95",
            Err("invalid ranges specified for container and host Ports: 90-95 and 80-82"),
        );
    }

    #[test]
    fn exposed_ports_can_be_ranges() {
        assert_eq!(exposed("80").unwrap(), ["80/tcp"]);
        assert_eq!(exposed("53-54/udp").unwrap(), ["53/udp", "54/udp"]);
        assert!(exposed("80:80").is_err() && exposed("x").is_err());
    }
}
