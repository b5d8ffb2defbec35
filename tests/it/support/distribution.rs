//! The registry of the CNCF (`docker-registry` in Debian) as a peer, for as long as a test holds it.

use super::process::eventually;
use super::sandbox::SYSTEM_PATH;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The program's name.
pub(crate) const PROGRAM: &str = "docker-registry";

/// One on a port that was free, with its own folder.
pub(crate) struct Distribution {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Distribution {
    /// It listens when this returns. `htpasswd` is the text of its password file; empty for none.
    #[track_caller]
    pub(crate) fn start(htpasswd: &str) -> Self {
        let folder = TempDir::with_prefix("dl-peer-").expect("a temporary folder can be made");
        let place = |name: &str| folder.path().join(name);
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let mut config = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}, delete: {{enabled: true}}}}\n",
            place("data").display()
        );
        if !htpasswd.is_empty() {
            fs::write(place("htpasswd"), htpasswd).expect("a file can be written");
            let path = place("htpasswd");
            config += &format!(
                "auth: {{htpasswd: {{realm: x, path: '{}'}}}}\n",
                path.display()
            );
        }
        fs::write(place("config.yml"), config).expect("a file can be written");
        let child = Command::new(PROGRAM)
            .env("PATH", SYSTEM_PATH)
            .arg("serve")
            .arg(place("config.yml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the registry starts");
        eventually("the registry listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self {
            child,
            port,
            _folder: folder,
        }
    }

    /// What stands in front of a name: `localhost:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
