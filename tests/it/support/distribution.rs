//! The registry of the CNCF (`docker-registry` in Debian) as a peer, for as long as a test holds it.

use super::sandbox::SYSTEM_PATH;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use tempfile::TempDir;

/// The program's name.
pub(crate) const PROGRAM: &str = "docker-registry";

/// One with its own folder, on a port that it has chosen itself: one that a test had looked for could be taken meanwhile.
pub(crate) struct Distribution {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Distribution {
    /// For everybody on this machine.
    #[track_caller]
    pub(crate) fn open() -> Self {
        Self::start(Ipv4Addr::LOCALHOST.into(), "", |_| String::new())
    }

    /// For whoever is in `htpasswd`, the text of a password file.
    #[track_caller]
    pub(crate) fn with_passwords(htpasswd: &str) -> Self {
        Self::start(Ipv4Addr::LOCALHOST.into(), "", |folder| {
            let path = folder.join("htpasswd");
            fs::write(&path, htpasswd).expect("a file can be written");
            let path = path.display();
            format!("auth: {{htpasswd: {{realm: x, path: '{path}'}}}}\n")
        })
    }

    /// With TLS, where others reach the machine.
    #[track_caller]
    pub(crate) fn with_certificate(ip: IpAddr, certificate: &Path, key: &Path) -> Self {
        let tls = format!(
            ", tls: {{certificate: '{}', key: '{}'}}",
            certificate.display(),
            key.display()
        );
        Self::start(ip, &tls, |_| String::new())
    }

    /// It listens when this returns. `http` is added to its section of that name, and `more` gives further sections.
    #[track_caller]
    fn start(ip: IpAddr, http: &str, more: impl Fn(&Path) -> String) -> Self {
        let folder = TempDir::with_prefix("dl-peer-").expect("a temporary folder can be made");
        let config = format!(
            "version: 0.1\nlog: {{level: info}}\nhttp: {{addr: '{}'{http}}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}, delete: {{enabled: true}}}}\n{}",
            SocketAddr::new(ip, 0),
            folder.path().join("data").display(),
            more(folder.path())
        );
        let path = folder.path().join("config.yml");
        fs::write(&path, config).expect("a file can be written");
        let mut child = Command::new(PROGRAM)
            .env("PATH", SYSTEM_PATH)
            .arg("serve")
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the registry starts");
        let said = BufReader::new(child.stderr.take().expect("it has a log"));
        let mut lines = said.lines().map_while(Result::ok);
        let told = |line: String| {
            let (_, rest) = line.split_once("\"listening on ")?;
            rest.split([',', '"']).next()?.parse().ok()
        };
        let address = lines.find_map(told).expect("it says where it listens");
        // Whatever else it says is read, so that it never waits for us.
        thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address,
            _folder: folder,
        }
    }

    /// What stands in front of a name: `localhost:PORT`, or where others reach it.
    pub(crate) fn host(&self) -> String {
        match self.address.ip().is_loopback() {
            true => format!("localhost:{}", self.address.port()),
            false => self.address.to_string(),
        }
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
