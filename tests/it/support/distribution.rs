//! The registry of the CNCF (`docker-registry` in Debian) as a peer, which runs until a test drops it.

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

/// A registry with its own folder and a port that it chose itself: a port that a test had found free could be in use by
/// now.
pub(crate) struct Distribution {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Distribution {
    /// Open to every program on this machine.
    #[track_caller]
    pub(crate) fn open() -> Self {
        Self::start(Ipv4Addr::LOCALHOST.into(), "", |_| String::new())
    }

    /// A pull-through cache of the registry at the address `origin`.
    #[track_caller]
    pub(crate) fn cache_of(origin: &str) -> Self {
        Self::start(Ipv4Addr::LOCALHOST.into(), "", |_| {
            format!("proxy: {{remoteurl: '{origin}'}}\n")
        })
    }

    /// For the users in `htpasswd`, the text of a password file.
    #[track_caller]
    pub(crate) fn with_passwords(htpasswd: &str) -> Self {
        Self::start(Ipv4Addr::LOCALHOST.into(), "", |folder| {
            let path = folder.join("htpasswd");
            fs::write(&path, htpasswd).expect("a file can be written");
            let path = path.display();
            format!("auth: {{htpasswd: {{realm: x, path: '{path}'}}}}\n")
        })
    }

    /// With TLS, on the address by which others reach the machine.
    #[track_caller]
    pub(crate) fn with_certificate(ip: IpAddr, certificate: &Path, key: &Path) -> Self {
        let tls = format!(
            ", tls: {{certificate: '{}', key: '{}'}}",
            certificate.display(),
            key.display()
        );
        Self::start(ip, &tls, |_| String::new())
    }

    /// Returns once it listens. `http` is added to the section of that name, and `more` adds further sections.
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
        let address = |line: String| {
            let (_, rest) = line.split_once("\"listening on ")?;
            rest.split([',', '"']).next()?.parse().ok()
        };
        let address = lines.find_map(address).expect("it says where it listens");
        // The rest of its output is read, so that it never blocks.
        thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address,
            _folder: folder,
        }
    }

    /// The prefix of image names: `localhost:PORT`, or the address by which others reach it.
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
