//! An exercise's sandbox and workspace: set up, judged, discarded.
//!
//! Setup runs once. It ends by writing the file `setup.json` in the sandbox. A sandbox without that file was left
//! half-made by a crash and is made again.

use crate::course::state;
use crate::course::steps::Steps;
use crate::docker::registry::hub::beyond;
use crate::docker::registry::hub::look;
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use checker::Exercise;
use checker::world::Snapshot;
use checker::world::engine::EngineWorld;
use engine::error::plainly;
use engine::store::atomic::{self, Durability};
use engine::store::{lock, whole};
use lessons::catalog::{Catalog, DRAWS, StartFile};
use lessons::progress::Change;
use lessons::session::exercise_sandbox;
use std::fs;
use std::io::{self, IsTerminal};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The sandbox and the folder of an exercise.
pub(crate) struct Workbench<'a> {
    env: &'a Env,
    catalog: &'a Catalog,
    id: String,
    /// The sandbox's name.
    pub(crate) sandbox: String,
    /// The learner's files.
    pub(crate) workspace: PathBuf,
}

impl<'a> Workbench<'a> {
    /// The learner's bench for the exercise `id`. Error: the exercise does not exist, or its file is broken.
    pub(crate) fn new(env: &'a Env, catalog: &'a Catalog, id: &str) -> CommandResult<Self> {
        find(catalog, id)?;
        Ok(Self {
            env,
            catalog,
            id: id.to_owned(),
            sandbox: exercise_sandbox(id),
            workspace: env.home.workspace(id),
        })
    }

    /// A scratch bench, separate from the learner's.
    pub(crate) fn scratch(env: &'a Env, catalog: &'a Catalog, id: &str) -> CommandResult<Self> {
        let mut bench = Self::new(env, catalog, id)?;
        let name = format!("{}{}-{id}", crate::env::SCRATCH, std::process::id());
        bench.workspace = env.home.workspace(&name);
        bench.sandbox = name;
        Ok(bench)
    }

    fn exercise(&self) -> CommandResult<&'a Exercise> {
        find(self.catalog, &self.id)
    }

    /// Whether the sandbox is set up.
    pub(crate) fn is_ready(&self) -> bool {
        self.marker().is_ok_and(|marker| marker.exists())
    }

    fn marker(&self) -> CommandResult<PathBuf> {
        Ok(self
            .env
            .home
            .sandbox(&self.sandbox)?
            .root()
            .join("setup.json"))
    }

    /// Sets the exercise up unless that is done already. Error: a setup command failed, and everything it made is
    /// removed; or the learner's folder is gone, and the rest of their work is kept.
    pub(crate) fn prepare(&self) -> CommandResult {
        if !self.is_ready() {
            let _others = self.lock()?;
            // Another command may have set it up meanwhile.
            return match self.is_ready() {
                true => Ok(()),
                false => self.begin(),
            };
        }
        if self.workspace.is_dir() {
            return Ok(());
        }
        Err(Failure::Hinted(
            format!(
                "the folder of `{}` is missing: `{}`",
                self.id,
                self.workspace.display()
            ),
            crate::exit::FAILURE,
            format!("docklings reset {} starts it over", self.id),
        ))
    }

    /// Discards the sandbox and the workspace, and sets the exercise up again.
    pub(crate) fn start_over(&self) -> CommandResult {
        let _others = self.lock()?;
        self.begin()
    }

    /// Held while an exercise of this home is set up: two commands at once would remove each other's work. On a full
    /// disk the lock may fail, and a reset must still work.
    fn lock(&self) -> CommandResult<Option<lock::Lock>> {
        let root = self.env.home.root();
        self.env.home.claim(root)?;
        Ok(lock::exclusive(&root.join("setup.lock")).ok())
    }

    fn begin(&self) -> CommandResult {
        self.find_images()?;
        self.discard()?;
        self.draw_free_ports()?;
        let made = self.set_up();
        if made.is_err() {
            // The setup's error is more useful than one from the clean-up.
            let _ = self.discard();
        }
        made
    }

    /// Pulls the images that the exercise uses and that are not on this machine. They are pulled in the playground, where
    /// they outlive the exercise. Error: one cannot be pulled.
    fn find_images(&self) -> CommandResult {
        let mut lacking = beyond::lacking(self.env, &self.exercise()?.image_names())?;
        let shown = io::stderr().is_terminal();
        while let Some(name) = lacking.first() {
            let pulled = Command::new(std::env::current_exe()?)
                .args(["docker", "pull", name])
                .env(crate::env::HOME, self.env.home.root())
                .env(crate::env::SANDBOX, crate::env::FREE)
                .stdin(Stdio::null())
                .stdout(if shown {
                    io::stderr().into()
                } else {
                    Stdio::null()
                })
                .stderr(if shown {
                    Stdio::inherit()
                } else {
                    Stdio::null()
                })
                .status()?;
            if !pulled.success() {
                break;
            }
            lacking.remove(0);
        }
        if lacking.is_empty() {
            return Ok(());
        }
        Err(Failure::Hinted(
            format!(
                "the exercise `{}` needs {} that {} not on this machine: {}",
                self.id,
                if lacking.len() == 1 {
                    "an image"
                } else {
                    "images"
                },
                if lacking.len() == 1 { "is" } else { "are" },
                lacking.join(", ")
            ),
            crate::exit::FAILURE,
            format!(
                "{}; in the course, `skip` leaves the exercise for later",
                beyond::ways(&lacking)
            ),
        ))
    }

    /// Chooses the learner's values again while one of them is a port that is in use on this machine.
    fn draw_free_ports(&self) -> CommandResult {
        let first = self.catalog.draw_of(&self.id);
        for draw in first..first + DRAWS {
            self.catalog.draw(&self.id, draw);
            if self.exercise()?.ports.iter().all(|port| is_free(*port)) {
                break;
            }
        }
        let draw = self.catalog.draw_of(&self.id);
        if draw != first {
            let exercise = self.id.clone();
            state::record(&self.env.home.progress(), &Change::Drawn { exercise, draw })?;
        }
        Ok(())
    }

    /// A digest of the exercise's start state.
    fn beginning(&self) -> CommandResult<String> {
        let files = self.catalog.start_files(&self.id);
        let files = files.iter().map(|file| (&*file.path, &*file.bytes));
        Ok(checker::beginning(self.exercise()?, files))
    }

    fn set_up(&self) -> CommandResult {
        self.env.home.claim(&self.env.home.workspaces())?;
        self.env.home.claim(&self.workspace)?;
        place_files(&self.workspace, &self.catalog.start_files(&self.id))?;
        // Opening makes the sandbox, with the starter images.
        let engine = self.env.engine(&self.sandbox, "setup")?;
        engine.ensure_starter_images()?;
        beyond::declare(self.env, &self.sandbox, &self.exercise()?.image_names())?;
        let steps = Steps::new(self.env, &self.sandbox, &self.workspace)?;
        for step in &self.exercise()?.setup {
            let done = steps.act_to_the_end(&step.action)?;
            if done.code != 0 {
                let said = done.output.trim_end();
                return Err(Failure::Hinted(
                    format!(
                        "the exercise `{}` could not be set up: `{}` ended with exit code {}\n{said}",
                        self.id, done.command, done.code
                    ),
                    crate::exit::FAILURE,
                    "docklings doctor".to_owned(),
                ));
            }
        }
        let world = EngineWorld::new(engine, &self.workspace, Snapshot::default());
        let mut snapshot = world.snapshot().map_err(|blind| {
            Failure::message(format!("cannot inspect what was set up: {}", blind.because))
        })?;
        snapshot.beginning = self.beginning()?;
        let durability = match is_lasting(&self.sandbox) {
            true => {
                whole::sync(&self.env.home)?;
                Durability::Durable
            }
            false => Durability::Cached,
        };
        Ok(atomic::write_json(&self.marker()?, &snapshot, durability)?)
    }

    /// The world for the checker: the sandbox and the workspace now, and as they were after the setup. Error: the
    /// course has changed since, and the exercise has a different start state now.
    pub(crate) fn world(&self) -> CommandResult<EngineWorld> {
        let marker = self.marker()?;
        let bytes = fs::read(&marker).map_err(|error| {
            Failure::message(format!(
                "cannot read `{}`: {}",
                marker.display(),
                plainly(&error)
            ))
        })?;
        let setup: Snapshot = serde_json::from_slice(&bytes).map_err(|error| {
            let text = format!("`{}` is damaged: {error}", marker.display());
            Failure::Hinted(
                text,
                crate::exit::FAILURE,
                format!("docklings reset {}", self.id),
            )
        })?;
        if !setup.beginning.is_empty() && setup.beginning != self.beginning()? {
            return Err(Failure::Hinted(
                format!("the exercise `{}` has changed since you began it", self.id),
                crate::exit::FAILURE,
                format!(
                    "docklings reset {} starts the new one; its old files and containers are removed",
                    self.id
                ),
            ));
        }
        let engine = self.env.engine(&self.sandbox, "check")?;
        let world = EngineWorld::new(engine, &self.workspace, setup);
        Ok(world.with_hub(look::hub(self.env, &self.sandbox)))
    }

    /// Removes the sandbox and the workspace, and kills what runs in them.
    pub(crate) fn discard(&self) -> CommandResult {
        drop_sandbox(self.env, &self.sandbox)?;
        remove(&self.workspace)
    }
}

/// Whether a sandbox must survive a power cut. A trial's sandbox need not.
fn is_lasting(sandbox: &str) -> bool {
    ![crate::env::TRIAL, crate::env::SCRATCH]
        .iter()
        .any(|start| sandbox.starts_with(start))
}

/// Whether a container could publish `port`.
pub(in crate::course) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

/// The exercise `id` of `catalog`. Error: it does not exist, or its file is broken.
pub(crate) fn find<'a>(catalog: &'a Catalog, id: &str) -> CommandResult<&'a Exercise> {
    if let Some(exercise) = catalog.exercise(id) {
        return Ok(exercise);
    }
    let problems = catalog.exercise_problems(id);
    if problems.is_empty() {
        let known: Vec<&str> = catalog.exercise_ids().collect();
        let hint = match engine::near::nearest(id, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`docklings list` shows them all".to_owned(),
        };
        return Err(Failure::Hinted(
            format!("there is no exercise `{id}`"),
            crate::exit::FAILURE,
            hint,
        ));
    }
    let rendered: Vec<String> = problems
        .iter()
        .map(|problem| problem.render(false))
        .collect();
    Err(Failure::message(format!(
        "the exercise `{id}` is broken\n{}",
        rendered.join("\n")
    )))
}

/// Writes `files` below `folder`.
pub(crate) fn place_files(folder: &Path, files: &[StartFile]) -> CommandResult {
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, &file.bytes)?;
        if file.executable {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

/// Removes the sandbox `name` and everything that runs in it. A missing sandbox is not an error.
pub(crate) fn drop_sandbox(env: &Env, name: &str) -> CommandResult {
    let paths = env.home.sandbox(name)?;
    if !paths.root().exists() {
        return Ok(());
    }
    let engine = env.engine(name, "reset")?;
    // Also those whose records are damaged.
    let ids: Vec<String> = engine::store::records::list(engine.sandbox())?
        .iter()
        .map(|id| id.as_str().to_owned())
        .collect();
    if !ids.is_empty() {
        // Through the command line, as the learner would: removing files of other users takes a user namespace, and a
        // process cannot leave one.
        let mut words = vec!["docker".to_owned(), "rm".to_owned(), "-f".to_owned()];
        words.extend(ids);
        call_self(env, name, &words)?;
    }
    remove(paths.root())
}

/// Removes a file, or a folder that may hold files of a container's users.
pub(crate) fn remove(folder: &Path) -> CommandResult {
    match fs::remove_dir_all(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return fs::remove_file(folder).map_err(|error| cannot_remove(folder, &error));
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
        Err(error) => return Err(cannot_remove(folder, &error)),
    }
    let status = Command::new(std::env::current_exe()?)
        .arg(REMOVE)
        .arg(folder)
        .stdin(Stdio::null())
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::message(format!(
            "cannot remove `{}`",
            folder.display()
        ))),
    }
}

fn cannot_remove(folder: &Path, error: &io::Error) -> Failure {
    Failure::message(format!("cannot remove `{}`: {error}", folder.display()))
}

/// The hidden stage behind [`remove`].
pub(crate) const REMOVE: &str = "__remove";

/// Removes `folders` as root of a user namespace, which owns the files of all its users.
pub(crate) fn remove_as_root(folders: &[String]) -> CommandResult {
    engine::sys::namespace::become_root()?;
    for folder in folders {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot_remove(Path::new(folder), &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Runs this program with `words` in the sandbox `sandbox`, without output. Error: what it printed, if it failed.
fn call_self(env: &Env, sandbox: &str, words: &[String]) -> CommandResult {
    let output = Command::new(std::env::current_exe()?)
        .args(words)
        .env(crate::env::HOME, env.home.root())
        .env(crate::env::SANDBOX, sandbox)
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::message(said.trim_end().to_owned()))
}
