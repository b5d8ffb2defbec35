//! The layout on disk. Every path that the engine uses is a method here.
//!
//! ```text
//! $DOCKLINGS_HOME
//! ├── content/                   shared by all sandboxes, never changes once written
//! │   ├── blobs/sha256/<hex>     an OCI image layout: configs, manifests, compressed layers
//! │   ├── layers/<chain>/        unpacked layers: `diff/` is an overlay lowerdir, `layer.json` describes it, `on-disk` says that
//! │   │                          it survives a power cut
//! │   ├── starter.json           the images that a new sandbox starts with
//! │   ├── lock                   held shared to add content, exclusively to delete it
//! │   └── tmp/                   unfinished content; renamed into place, or swept
//! ├── distribution/              notes about layers and images in registries, which may be lost
//! ├── sandboxes/<name>/          one namespace of containers, images and volumes
//! │   ├── images.json            references -> image ids, and the images known here
//! │   ├── logins.json            the logins at the practice hub
//! │   ├── hub/                   the practice hub's data for this sandbox: its accounts and pushed images
//! │   ├── images.lock            held while images.json is replaced
//! │   ├── names/<name>           one file per container name; holds the id
//! │   ├── containers/<id>/       config.json state.json log.json upper/ work/; locked by its monitor,
//! │   │                          which listens there at ctl.sock; hosts hostname resolv.conf as last mounted
//! │   ├── volumes/<name>/_data
//! │   ├── cache/                 build cache records
//! │   ├── trash/                 removed things, to be unlinked
//! │   ├── damaged/               containers that `docklings doctor --repair` put aside
//! │   ├── boot                   the boot in which restart policies were last applied
//! │   └── journal.jsonl
//! ├── workspaces/<exercise>/
//! ├── hub/                       the practice hub: official images, and the blobs of all sandboxes
//! ├── config.json                the configuration, such as the hub
//! └── progress.json
//! ```
//!
//! Everything that must be found again is in the home, and is found from there whatever the caller's environment says.
//! The runtime folder, which may differ between sessions and disappears at a logout, holds only what a single command
//! needs, and the practice hub's socket, which `hub/socket.json` names.

pub mod ours;
pub mod remote;

use crate::error::{Error, IoContext, Result};
use crate::id::{ContainerId, VolumeName};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The root of everything that docklings keeps.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    runtime: PathBuf,
}

impl Home {
    /// `root` holds what must last; `runtime` holds what may be lost at any moment, as at a logout.
    pub fn new(root: impl Into<PathBuf>, runtime: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            runtime: runtime.into(),
        }
    }

    /// The top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// Makes sure that `folder`, in the home, belongs to this user alone; see [`ours::claim`].
    pub fn claim(&self, folder: &Path) -> Result<()> {
        ours::claim(folder, &self.root)
    }
    /// The folder for data that only one command needs, or that can be created again.
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }
    /// Where a container's socket is if the home's file system does not support sockets; the container's folder links
    /// to it.
    pub fn socket_elsewhere(&self, id: &ContainerId) -> PathBuf {
        self.runtime.join(format!("{}.sock", id.short()))
    }
    /// The shared, content-addressed part; also an OCI image layout.
    pub fn content(&self) -> PathBuf {
        self.root.join("content")
    }
    /// Blobs by sha256.
    pub fn blobs(&self) -> PathBuf {
        self.content().join("blobs/sha256")
    }
    /// Unpacked layers, by the hexadecimal digits of their chain id.
    pub fn layers(&self) -> PathBuf {
        self.content().join("layers")
    }
    /// Unfinished content.
    pub fn content_tmp(&self) -> PathBuf {
        self.content().join("tmp")
    }
    /// The images that a new sandbox starts with.
    pub fn starters(&self) -> PathBuf {
        self.content().join("starter.json")
    }
    /// Held shared to add content, exclusively to delete unused content.
    pub fn content_lock(&self) -> PathBuf {
        self.content().join("lock")
    }
    /// Notes about layers and images in registries.
    pub fn distribution(&self) -> PathBuf {
        self.root.join("distribution")
    }
    /// The sandbox called `name`.
    pub fn sandbox(&self, name: &str) -> Result<SandboxPaths> {
        if !name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
            || name.is_empty()
            || name.starts_with('.')
        {
            return Err(Error::invalid(format!("`{name}` is not a sandbox name")));
        }
        Ok(SandboxPaths {
            root: self.root.join("sandboxes").join(name),
        })
    }
    /// The folder that holds all sandboxes.
    pub fn sandboxes(&self) -> PathBuf {
        self.root.join("sandboxes")
    }
    /// The learner's files for all exercises.
    pub fn workspaces(&self) -> PathBuf {
        self.root.join("workspaces")
    }
    /// The learner's files for an exercise.
    pub fn workspace(&self, exercise: &str) -> PathBuf {
        self.workspaces().join(exercise)
    }
    /// The practice hub's shared data and its locks.
    pub fn hub(&self) -> PathBuf {
        self.root.join("hub")
    }
    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.json")
    }
    /// The learner's progress.
    pub fn progress(&self) -> PathBuf {
        self.root.join("progress.json")
    }
}

/// One sandbox: what `docker ps -a` and `docker images` see.
#[derive(Debug, Clone)]
pub struct SandboxPaths {
    root: PathBuf,
}

impl SandboxPaths {
    /// The sandbox's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// The logins at the practice hub, in the format of Docker's `config.json`.
    pub fn logins(&self) -> PathBuf {
        self.root.join("logins.json")
    }
    /// The images that the exercise of this sandbox declares: a list of names.
    pub fn declared(&self) -> PathBuf {
        self.root.join("declared.json")
    }
    /// The practice hub's data for this sandbox.
    pub fn hub(&self) -> PathBuf {
        self.root.join("hub")
    }
    /// References -> image ids.
    pub fn images(&self) -> PathBuf {
        self.root.join("images.json")
    }
    /// Held while [`SandboxPaths::images`] is replaced.
    pub fn images_lock(&self) -> PathBuf {
        self.root.join("images.lock")
    }
    /// Taken container names, a file each.
    pub fn names(&self) -> PathBuf {
        self.root.join("names")
    }
    /// All containers.
    pub fn containers(&self) -> PathBuf {
        self.root.join("containers")
    }
    /// One container.
    pub fn container(&self, id: &ContainerId) -> ContainerPaths {
        ContainerPaths {
            root: self.containers().join(id.as_str()),
        }
    }
    /// All volumes.
    pub fn volumes(&self) -> PathBuf {
        self.root.join("volumes")
    }
    /// One volume's data.
    pub fn volume_data(&self, name: &VolumeName) -> PathBuf {
        self.volumes().join(name.as_str()).join("_data")
    }
    /// The boot in which restart policies were last applied.
    pub fn boot(&self) -> PathBuf {
        self.root.join("boot")
    }
    /// Build cache records.
    pub fn build_cache(&self) -> PathBuf {
        self.root.join("cache")
    }
    /// Damaged containers that were set aside.
    pub fn damaged(&self) -> PathBuf {
        self.root.join("damaged")
    }
    /// Removed things, to be unlinked.
    pub fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }
    /// The journal of events.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.jsonl")
    }
}

/// One container's files.
#[derive(Debug, Clone)]
pub struct ContainerPaths {
    root: PathBuf,
}

impl ContainerPaths {
    /// The container's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// The requested configuration.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.json")
    }
    /// Its recorded state.
    pub fn state(&self) -> PathBuf {
        self.root.join("state.json")
    }
    /// Held by the monitor while it runs: the folder itself is locked.
    pub fn lock(&self) -> &Path {
        &self.root
    }
    /// Docker's json-file log.
    pub fn log(&self) -> PathBuf {
        self.root.join("log.json")
    }
    /// The container's own layer.
    pub fn upper(&self) -> PathBuf {
        self.root.join("upper")
    }
    /// Overlayfs's scratch folder.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }
    /// The folder of the `hosts`, `hostname` and `resolv.conf` mounted into the container. They are on disk, not in
    /// memory: the container may write any amount into them.
    pub fn etc(&self) -> &Path {
        &self.root
    }
    /// The monitor's socket.
    pub fn socket(&self) -> PathBuf {
        self.root.join("ctl.sock")
    }
}

/// Creates `path` and its missing parents, readable only by the owner.
pub fn create_private_dir(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .on("create the directory", path)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A home in a folder that is removed on drop, with an empty sandbox.
    pub(crate) fn world() -> (tempfile::TempDir, Home, SandboxPaths) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"), folder.path().join("run"));
        let sandbox = home.sandbox("free").unwrap();
        create_private_dir(sandbox.root()).unwrap();
        create_private_dir(&home.content_tmp()).unwrap();
        (folder, home, sandbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_name_cannot_leave_the_home() {
        let home = Home::new("/h", "/r");
        for bad in ["", "..", ".", "a/b", "../x", ".hidden"] {
            assert!(home.sandbox(bad).is_err(), "{bad}");
        }
        assert_eq!(
            home.sandbox("free").unwrap().images(),
            Path::new("/h/sandboxes/free/images.json")
        );
    }
}
