//! `explain`: what a flag means with its value, in plain words.

/// What the flag `long` with `value` means; `None` if the help text says it as well.
pub(super) fn decoded(verb: &str, long: &str, value: &str) -> Option<String> {
    Some(match (verb, long) {
        ("build", "tag") => format!("gives the image the name `{value}`"),
        ("build", "file") => format!("reads `{value}` instead of `Dockerfile`"),
        (_, "publish") => published(value)?,
        (_, "volume") => mounted(value)?,
        (_, "env") => match value.split_once('=') {
            Some((name, value)) => {
                format!("sets the variable {name} to `{value}` in the container")
            }
            None => format!("passes your variable {value} on to the container"),
        },
        ("run" | "create", "name") => format!("names the container `{value}`"),
        (_, "tty") => "gives the program a terminal, so that it behaves as for a person".to_owned(),
        (_, "interactive") => "keeps its input open: what you type reaches it".to_owned(),
        (_, "detach") => "runs it in the background, and prints its id".to_owned(),
        (_, "rm") => "removes the container when it ends".to_owned(),
        (_, "restart") => restarted(value)?,
        (_, "workdir") => format!("starts in the folder `{value}` of the container"),
        ("run" | "create" | "update", "memory") => format!("lets it use {value} of memory at most"),
        ("run" | "create" | "update", "cpus") => format!("lets it use {value} processors at most"),
        ("logs", "follow") => "goes on printing what comes; Ctrl-C ends that".to_owned(),
        ("ps", "all") => "also those that have ended".to_owned(),
        ("rm" | "rmi", "force") => "also if it is in use".to_owned(),
        _ => return None,
    })
}

/// `-p`.
fn published(value: &str) -> Option<String> {
    let (value, protocol) = value.split_once('/').unwrap_or((value, "tcp"));
    let udp = if protocol == "udp" { " (UDP)" } else { "" };
    let (host, inside) = match value.rsplit_once(':') {
        Some((host, inside)) => (host, inside),
        None => {
            return Some(format!(
                "a free port of your machine leads to port {value} in the container{udp}; `docker port` shows it"
            ));
        }
    };
    let (address, port) = host.rsplit_once(':').unwrap_or(("", host));
    if port.is_empty() || inside.is_empty() {
        return None;
    }
    let only = match address {
        "" => String::new(),
        "127.0.0.1" | "localhost" => ", for this machine only".to_owned(),
        address => format!(", at the address {address}"),
    };
    Some(format!(
        "port {port} of your machine leads to port {inside} in the container{udp}{only}"
    ))
}

/// `-v`.
fn mounted(value: &str) -> Option<String> {
    let mut parts = value.split(':');
    let (Some(source), Some(target)) = (parts.next(), parts.next()) else {
        return Some(format!(
            "a new volume without a name appears at {value} in the container"
        ));
    };
    let only = match parts.next() {
        Some("ro") => ", where it cannot be changed",
        None => "",
        Some(_) => return None,
    };
    let is_path = source.starts_with(['/', '.', '~']);
    let what = if is_path {
        "your folder or file"
    } else {
        "the volume"
    };
    Some(format!(
        "{what} `{source}` appears at {target} in the container{only}"
    ))
}

fn restarted(value: &str) -> Option<String> {
    Some(match value.split_once(':').unwrap_or((value, "")) {
        ("no", _) => "does not start it again when it ends".to_owned(),
        ("always", _) => "starts it again whenever it ends".to_owned(),
        ("unless-stopped", _) => {
            "starts it again whenever it ends, unless you stopped it".to_owned()
        }
        ("on-failure", "") => "starts it again when it ends with an error".to_owned(),
        ("on-failure", most) => {
            format!("starts it again when it ends with an error, {most} times at most")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_into_words() {
        for (verb, flag, value, expected) in [
            (
                "run",
                "publish",
                "8080:80",
                "port 8080 of your machine leads to port 80 in the container",
            ),
            (
                "run",
                "publish",
                "127.0.0.1:8080:80/udp",
                "port 8080 of your machine leads to port 80 in the container (UDP), for this machine only",
            ),
            (
                "run",
                "publish",
                "80",
                "a free port of your machine leads to port 80 in the container; `docker port` shows it",
            ),
            (
                "run",
                "volume",
                "data:/var",
                "the volume `data` appears at /var in the container",
            ),
            (
                "run",
                "volume",
                "./site:/www:ro",
                "your folder or file `./site` appears at /www in the container, where it cannot be changed",
            ),
            (
                "run",
                "volume",
                "/var",
                "a new volume without a name appears at /var in the container",
            ),
            (
                "run",
                "env",
                "A=b=c",
                "sets the variable A to `b=c` in the container",
            ),
            (
                "run",
                "env",
                "A",
                "passes your variable A on to the container",
            ),
            (
                "run",
                "restart",
                "on-failure:3",
                "starts it again when it ends with an error, 3 times at most",
            ),
            (
                "build",
                "tag",
                "shop:1",
                "gives the image the name `shop:1`",
            ),
            (
                "logs",
                "follow",
                "",
                "goes on printing what comes; Ctrl-C ends that",
            ),
        ] {
            assert_eq!(
                decoded(verb, flag, value).as_deref(),
                Some(expected),
                "{flag} {value}"
            );
        }
        for (verb, flag, value) in [
            ("run", "publish", ":80"),
            ("run", "volume", "a:/b:z"),
            ("tag", "x", ""),
        ] {
            assert_eq!(decoded(verb, flag, value), None, "{flag} {value}");
        }
    }
}
