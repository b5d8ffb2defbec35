//! The process of the practice hub: `docklings __hub`.
//!
//! **What it serves.** One registry per sandbox: `hub/` in the sandbox's folder holds its accounts and pushed images,
//! and is removed with the sandbox. Blobs and the official images are shared, in the home's `hub/registry`.
//!
//! **Life.** It detaches from its caller (a separate session, nothing inherited), takes the home's lock, puts the
//! starter images into its registry, listens, prints `ready` on its standard output, and serves. It ends after a minute
//! without a request, with SIGTERM, or when its socket or its home is gone, so that it never prevents their removal.

use super::{READY, place, registry_root, sandbox_of, seed, served, socket};
use crate::env::{self, Env};
use crate::failure::{CommandResult, Failure};
use engine::error::IoContext;
use engine::paths::{Home, create_private_dir};
use engine::store::atomic::{self, Durability};
use engine::store::lock::{self, Lock};
use engine::sys::clone::{Forked, fork};
use engine::sys::process;
use engine::sys::socket::short_path;
use registry::server::{Life, Limits, Listener, serve};
use registry::{Hosts, Store};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The idle time after which it ends.
const IDLE: Duration = Duration::from_secs(60);

/// A hub that has not started to serve.
struct Prepared {
    listener: UnixListener,
    hosts: Hosts,
    socket: PathBuf,
    home: PathBuf,
    _served: Lock,
}

/// The hidden stage. `words` are the words after its name: the folder for sockets.
pub(crate) fn run(words: &[String]) -> CommandResult {
    // The caller waits for this process, not for its child. There is only one thread yet.
    if let Forked::Parent { .. } = fork()? {
        process::exit(0);
    }
    let _ = nix::unistd::setsid();
    // Standard input and error are /dev/null, and output is the caller's pipe.
    process::close_from(3);
    process::set_name("docklings-hub")?;
    let prepared = match prepare(words.first()) {
        Ok(prepared) => prepared,
        Err(failure) => {
            let why = failure.text().unwrap_or_default().replace('\n', " ");
            writeln!(io::stdout(), "{why}")?;
            return Err(Failure::Code(crate::exit::FAILURE));
        }
    };
    writeln!(io::stdout(), "{READY}")?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&null).map_err(io::Error::from)?;
    let own = identity(&prepared.socket);
    let (socket, home) = (prepared.socket.clone(), prepared.home);
    let life = Life {
        idle: Some(IDLE),
        goes_on: Some(Box::new(move || {
            own.is_some() && identity(&socket) == own && home.is_dir()
        })),
        // A client that arrives now finds no hub, and starts the next one, which waits for our lock.
        stops: Some(Box::new(move || {
            if identity(&prepared.socket) == own {
                let _ = fs::remove_file(&prepared.socket);
            }
        })),
        limits: Limits::within(crate::docker::registry::descriptors()),
        ..Life::default()
    };
    serve(Listener::Unix(prepared.listener), prepared.hosts, life)?;
    Ok(())
}

fn prepare(runtime: Option<&String>) -> CommandResult<Prepared> {
    let mut env = Env::read()?;
    if let Some(runtime) = runtime {
        env.home = Home::new(env.home.root(), runtime);
    }
    let home = env.home.clone();
    home.claim(&home.hub())?;
    // A hub that is ending may still hold it for a moment.
    let served = lock::exclusive(&served(&home))?;
    env.engine(env::FREE, "hub")?.ensure_starter_images()?;
    let store = Store::open_with(&registry_root(&home), &places(&home))?;
    seed::seed(&home, &store)?;
    let socket = socket(&home);
    create_private_dir(home.runtime())?;
    let listener = listen(&socket)?;
    atomic::write_json(&place(&home), &socket, Durability::Cached)?;
    let root = home.root().to_owned();
    let hosts = Hosts::new(store, Box::new(move |name| place_of(&home, name)));
    Ok(Prepared {
        listener,
        hosts,
        socket,
        home: root,
        _served: served,
    })
}

/// The folder of the hub called `host`, created if it is missing; `None` if the sandbox does not exist or no longer
/// exists.
fn place_of(home: &Home, host: &str) -> Option<PathBuf> {
    let place = home.sandbox(&sandbox_of(host)?).ok()?.hub();
    match DirBuilder::new().mode(0o700).create(&place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => None,
        _ => Some(place),
    }
}

/// The folders of all sandboxes' hubs.
fn places(home: &Home) -> Vec<PathBuf> {
    let sandboxes = fs::read_dir(home.sandboxes()).into_iter().flatten();
    let names = sandboxes.flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| Some(home.sandbox(name.to_str()?).ok()?.hub()))
        .collect()
}

/// Listens at `socket`, where a killed hub may have left its socket; only the owner may connect.
fn listen(socket: &Path) -> CommandResult<UnixListener> {
    let _ = fs::remove_file(socket);
    let (_folder, short) = short_path(socket).on("open the folder of", socket)?;
    let listener = UnixListener::bind(&short).on("listen on", socket)?;
    fs::set_permissions(&short, fs::Permissions::from_mode(0o600)).on("protect", socket)?;
    Ok(listener)
}

/// Distinguishes a file from another one with the same name.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let data = fs::symlink_metadata(path).ok()?;
    Some((data.dev(), data.ino()))
}
