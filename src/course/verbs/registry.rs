//! `docklings registry serve`: runs a registry in the foreground, which prints each request as it arrives, so that the
//! requests of `docker push` and `docker pull` can be watched.

use super::words::Words;
use crate::ctx::Ctx;
use crate::docker::registry::{descriptors, hub, prompt};
use crate::env::Env;
use crate::exit;
use crate::failure::{CommandResult, Failure};
use engine::paths::ours;
use engine::visible;
use registry::auth::set_password;
use registry::server::{Life, Limits, Listener, Seen, serve};
use registry::{Access, Gate, Htpasswd, Names, Registry, Store};
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;

/// Docker's registry uses the same port.
const ADDRESS: &str = "127.0.0.1:5000";

/// The usage of `docklings registry`.
pub(crate) const USAGE: &str = "serve [--listen ADDRESS:PORT] [--root DIR] [--load FILE]... [--htpasswd FILE] [--anonymous-pull] [--read-only] [--name HOST] [--quiet], or passwd NAME --htpasswd FILE";
/// Its flags.
pub(crate) const FLAGS: &[&str] = &[
    "--listen=",
    "--root=",
    "--load=",
    "--htpasswd=",
    "--anonymous-pull",
    "--read-only",
    "--name=",
    "--quiet",
];

/// `docklings registry …`.
pub(crate) fn run(words: &Words) -> CommandResult {
    let names: Vec<&str> = words.names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["serve"] => {}
        ["passwd", name] => return passwd(name, words),
        [] => return Err(usage("say what the registry is to do".to_owned())),
        ["passwd"] => return Err(usage("say whose password it is".to_owned())),
        ["serve" | "passwd", .., word] | [word, ..] => {
            return Err(usage(format!("unexpected word `{word}`")));
        }
    }
    let env = Env::read()?;
    let address = address(words.values("--listen").last().unwrap_or(ADDRESS))?;
    let access = access(words)?;
    if !address.ip().is_loopback() && matches!(access, Access::Open) && !words.has("--read-only") {
        return Err(Failure::Hinted(
            format!("{address} is reached from other machines, and anyone there could push"),
            exit::FAILURE,
            "ask for a password with `--htpasswd FILE` (docklings registry passwd NAME --htpasswd FILE), or take no pushes with `--read-only`".to_owned(),
        ));
    }
    let has_passwords = !matches!(access, Access::Open);
    let root = words
        .values("--root")
        .last()
        .map_or_else(|| env.home.root().join("registry"), PathBuf::from);
    let listener = listen(address)?;
    let address = listener.local_addr()?;
    ours::claim(&root, &root)?;
    let store = Store::open(&root)?;
    let mut gate = Gate::new(access, words.has("--read-only"));
    let is_loaded = words.values("--load").next().is_some();
    if is_loaded {
        env.engine(crate::env::FREE, "registry")?
            .ensure_starter_images()?;
        hub::added::fill(&env, &store, words.values("--load"))?;
        gate = gate.with_official_closed();
    }
    let mut registry = Registry::new(store, gate);
    if !has_passwords {
        let own = names_of_machine().into_iter();
        let said = words.values("--name").map(str::to_owned);
        registry = registry.called(Names::new(own.chain(said)));
    }
    let mut out = io::stdout();
    write!(
        out,
        "{}",
        introduction(address, &root, has_passwords, words.has("--read-only"))
    )?;
    if is_loaded {
        writeln!(
            out,
            "Learners get what their practice hub lacks from here after: docklings config upstream http://{address}"
        )?;
    }
    out.flush()?;
    let quiet = words.has("--quiet");
    let life = Life {
        // The reader of our output may be gone; the registry keeps running.
        seen: Some(Box::new(move |seen| {
            if !quiet {
                let _ = io::stdout().write_all(line(seen).as_bytes());
            }
        })),
        limits: Limits::within(descriptors()),
        ..Life::default()
    };
    serve(Listener::Tcp(listener), registry, life)?;
    writeln!(
        out,
        "stopped; everything pushed stays in {}",
        root.display()
    )?;
    Ok(())
}

/// A line of the log. The client may be anyone, and the line is on the instructor's screen.
fn line(seen: &Seen) -> String {
    let (method, path) = (visible::line(&seen.method), visible::line(&seen.path));
    format!("{method:<6} {path} {}\n", seen.status)
}

/// Sets the password of `name` in a password file; it is typed, or comes from a pipe.
fn passwd(name: &str, words: &Words) -> CommandResult {
    let file = words.values("--htpasswd").last().map(PathBuf::from);
    let file = file.ok_or_else(|| usage("`passwd` needs `--htpasswd FILE`".to_owned()))?;
    let password = if io::stdin().is_terminal() {
        let mut ctx = Ctx::of_process("registry passwd")?;
        prompt::ask_secret(&mut ctx, &format!("Password of {name}: "))?
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    set_password(&file, name, &password)?;
    Ok(writeln!(
        io::stdout(),
        "{name} has a password in {}",
        file.display()
    )?)
}

fn usage(said: String) -> Failure {
    Failure::Hinted(
        said,
        exit::USAGE,
        format!("usage: docklings registry {USAGE}"),
    )
}

/// Reads `HOST:PORT`, or only a port.
fn address(text: &str) -> CommandResult<SocketAddr> {
    let full = match text.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => text.to_owned(),
    };
    let found = full.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| {
        usage(format!(
            "`{text}` is no address to listen on: it is to be HOST:PORT"
        ))
    })
}

fn access(words: &Words) -> CommandResult<Access> {
    let free_reading = words.has("--anonymous-pull");
    match words.values("--htpasswd").last() {
        Some(path) => Ok(Access::Htpasswd {
            file: Htpasswd::open(path.as_ref())?,
            free_reading,
        }),
        None if free_reading => Err(usage(
            "`--anonymous-pull` needs `--htpasswd FILE`".to_owned(),
        )),
        None => Ok(Access::Open),
    }
}

fn listen(address: SocketAddr) -> CommandResult<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let (why, hint) = match error.kind() {
            io::ErrorKind::AddrInUse => {
                let next = SocketAddr::new(address.ip(), address.port().saturating_add(1));
                (
                    "another program listens there already".to_owned(),
                    format!("take another port: docklings registry serve --listen {next}"),
                )
            }
            io::ErrorKind::PermissionDenied => (
                "ports below 1024 are root's".to_owned(),
                format!("docklings registry serve --listen {ADDRESS}"),
            ),
            _ => (
                error.to_string(),
                format!("docklings registry serve --listen {ADDRESS}"),
            ),
        };
        Failure::Hinted(
            format!("cannot listen on {address}: {why}"),
            exit::FAILURE,
            hint,
        )
    })
}

/// Its address, and how to use it.
fn introduction(
    address: SocketAddr,
    root: &std::path::Path,
    has_passwords: bool,
    read_only: bool,
) -> String {
    let name = match address.ip() {
        ip if ip.is_loopback() && ip.is_ipv4() => format!("localhost:{}", address.port()),
        ip if ip.is_unspecified() => format!("HOST:{}", address.port()),
        _ => address.to_string(),
    };
    let mut text = format!(
        "listening on http://{address}, files in {}\n\n",
        root.display()
    );
    if has_passwords {
        text += &format!("    docker login {name}\n");
    }
    if !read_only {
        text += &format!("    docker tag busybox {name}/busybox\n    docker push {name}/busybox\n");
    }
    text += &format!("    docker pull {name}/busybox\n    curl http://{name}/v2/_catalog\n\n");
    if !address.ip().is_loopback() {
        text += "Other machines reach it without encryption: name it in their `insecure-registries`, and use no password that opens anything else.\n";
    }
    text += match (read_only, has_passwords) {
        (true, _) => "It is read-only.\n",
        (false, true) => "Users in the password file may push to it.\n",
        (false, false) => "It has no password: every user of this machine may push to it.\n",
    };
    text += "Each request is shown below. Ctrl-C stops the registry.\n";
    text
}

/// Names for this machine itself, as its users write them (hosts(5)).
const HOSTS: &str = "/etc/hosts";

/// The host name, with and without its domain; its name on the local link (mDNS); and the names in `/etc/hosts` of this
/// machine's addresses.
fn names_of_machine() -> Vec<String> {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let host = host.to_string_lossy();
    names(&host, &fs::read_to_string(HOSTS).unwrap_or_default())
}

fn names(host: &str, hosts: &str) -> Vec<String> {
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
    fn an_address_is_a_host_with_a_port_or_a_port() {
        let check = |text: &str, expected: Option<&str>| {
            let found = address(text).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("127.0.0.1:5000", Some("127.0.0.1:5000"));
        check("5001", Some("127.0.0.1:5001"));
        check("[::1]:80", Some("[::1]:80"));
        check("0.0.0.0:0", Some("0.0.0.0:0"));
        check("", None);
        check("localhost", None);
        check("127.0.0.1:99999", None);
    }

    #[test]
    fn what_is_printed_can_be_copied() {
        let text = introduction(
            "127.0.0.1:5000".parse().unwrap(),
            "/r".as_ref(),
            true,
            false,
        );
        assert!(
            text.contains("docker login localhost:5000\n")
                && text.contains("docker push localhost:5000/busybox")
        );
        let text = introduction("0.0.0.0:5000".parse().unwrap(), "/r".as_ref(), false, true);
        assert!(
            !text.contains("push") && text.contains("without encryption"),
            "{text}"
        );
    }

    #[test]
    fn a_machine_has_its_host_name_and_what_its_users_have_written_down() {
        let hosts = "127.0.0.1 localhost # me\n127.0.1.1\tlab1.uni.example lab1\n10.0.0.1 other\nnonsense\n";
        assert_eq!(
            names("lab1.lan", hosts),
            [
                "lab1.lan",
                "lab1",
                "lab1.local",
                "localhost",
                "lab1.uni.example",
                "lab1"
            ]
        );
        assert_eq!(names("", ""), [""; 0]);
    }
}
