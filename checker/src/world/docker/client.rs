//! A real Docker Engine, used through the installed `docker` client, whose output is read as JSON.

use crate::world::facts::LogFacts;
use crate::world::{Blind, Observed};
use jiff::Timestamp;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A Docker Engine on this machine, and its client.
pub struct DockerEngine {
    client: PathBuf,
    host: String,
    /// The history of each requested image, by id: it never changes.
    histories: RefCell<BTreeMap<String, Value>>,
}

/// The contents of an engine.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Names of containers.
    pub containers: Vec<String>,
    /// Images: the reference (or the id, if it has none), and the id.
    pub images: Vec<(String, String)>,
    /// Names of volumes.
    pub volumes: Vec<String>,
}

impl DockerEngine {
    /// The engine at `host`, such as `unix:///run/docker.sock`, through the first `docker` of `path` that reaches it.
    pub fn connect(host: &str, path: &[PathBuf]) -> Observed<Self> {
        if !host.starts_with("unix://") {
            return Err(Blind::new(format!(
                "`{host}` is not an engine of this machine: `unix:///…` is"
            )));
        }
        let mut because = "there is no Docker client on PATH".to_owned();
        for client in path.iter().map(|folder| folder.join("docker")) {
            let engine = Self {
                client,
                host: host.to_owned(),
                histories: RefCell::default(),
            };
            match engine.ask(&["info", "--format", "{{.ID}}"]) {
                // Our `docker` answers too, but has no id.
                Ok(id) if !id.trim_ascii().is_empty() => return Ok(engine),
                Err(blind) if engine.client.is_file() => because = blind.because,
                _ => {}
            }
        }
        Err(Blind::new(format!(
            "no Docker Engine answers at `{host}`: {because}"
        )))
    }

    /// The path of its client.
    pub fn client(&self) -> &Path {
        &self.client
    }

    /// Its version and its API version, such as `20.10.24 (API 1.41)`.
    pub fn version(&self) -> Observed<String> {
        let version = json(&self.ask(&["version", "--format", "{{json .Server}}"])?)?;
        let field = |name: &str| version[name].as_str().unwrap_or("?").to_owned();
        Ok(format!(
            "{} (API {})",
            field("Version"),
            field("ApiVersion")
        ))
    }

    /// Its contents.
    pub fn holdings(&self) -> Observed<Holdings> {
        let image = |image: Value| {
            let id = super::text(&image["Id"]);
            let tag = image["RepoTags"][0].as_str();
            (tag.unwrap_or(&id).to_owned(), id)
        };
        let name = |one: Value| super::text(&one["Name"]);
        Ok(Holdings {
            containers: self.containers()?.into_iter().map(name).collect(),
            images: self.inspect_all("image")?.into_iter().map(image).collect(),
            volumes: self.volumes()?.into_iter().map(name).collect(),
        })
    }

    /// Removes every container and volume, and every image except those with the references `keep`.
    pub fn clear(&self, keep: &[String]) -> Observed<()> {
        for container in self.list("container")? {
            self.perhaps(&["rm", "--force", "--volumes", &container])?;
        }
        for volume in self.list("volume")? {
            self.perhaps(&["volume", "rm", "--force", &volume])?;
        }
        for image in self.inspect_all("image")? {
            let tags: Vec<String> = image["RepoTags"]
                .as_array()
                .map(|tags| tags.iter().map(super::text).collect())
                .unwrap_or_default();
            let doomed: Vec<String> = match tags.iter().any(|tag| keep.contains(tag)) {
                true => tags.into_iter().filter(|tag| !keep.contains(tag)).collect(),
                false => vec![super::text(&image["Id"])],
            };
            for name in doomed {
                self.perhaps(&["image", "rm", "--force", &name])?;
            }
        }
        // A builder without its own store has nothing to prune, and reports an error.
        let _ = self.ask(&["builder", "prune", "--all", "--force"]);
        Ok(())
    }

    /// All containers, as `docker inspect` shows them.
    pub(super) fn containers(&self) -> Observed<Vec<Value>> {
        self.inspect_all("container")
    }

    /// All images that `docker images` shows, as `docker inspect` shows them, each with its `History`.
    pub(super) fn images(&self) -> Observed<Vec<Value>> {
        let mut all = self.inspect_all("image")?;
        for image in &mut all {
            image["History"] = self.history(&super::text(&image["Id"]))?;
        }
        Ok(all)
    }

    fn history(&self, image: &str) -> Observed<Value> {
        if let Some(known) = self.histories.borrow().get(image) {
            return Ok(known.clone());
        }
        let args = ["history", "--no-trunc", "--format", "{{json .}}", image];
        let history = Value::Array(json_lines(&self.ask(&args)?)?);
        self.histories
            .borrow_mut()
            .insert(image.to_owned(), history.clone());
        Ok(history)
    }

    /// All volumes.
    pub(super) fn volumes(&self) -> Observed<Vec<Value>> {
        self.inspect_all("volume")
    }

    /// The output of a container so far.
    pub(super) fn logs(&self, container: &str) -> Observed<LogFacts> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let apart = self.output(&["logs", container])?;
        // The client keeps the order of both outputs only if they share one pipe.
        let (mut pipe, end) = io::pipe().map_err(|error| self.unstarted(&error))?;
        let mut child = self
            .command(&["logs", container])
            .stdout(end.try_clone().map_err(|error| self.unstarted(&error))?)
            .stderr(end)
            .spawn()
            .map_err(|error| self.unstarted(&error))?;
        let mut both = Vec::new();
        let read = pipe.read_to_end(&mut both);
        let waited = child.wait();
        match read.and(waited) {
            Ok(status) if status.success() && apart.status.success() => Ok(LogFacts {
                both: text(both),
                stdout: text(apart.stdout),
                stderr: text(apart.stderr),
            }),
            Ok(_) => Err(blind(&apart.stderr)),
            Err(error) => Err(self.unstarted(&error)),
        }
    }

    /// The changes of a container, as `docker diff` marks them: C is changed, A is added, D is deleted.
    pub(super) fn changes(&self, container: &str) -> Observed<Vec<(char, String)>> {
        let lines = self.lines(&["diff", container])?;
        let change = |line: &String| {
            let (mark, path) = line.split_once(' ')?;
            Some((mark.chars().next()?, path.to_owned()))
        };
        Ok(lines.iter().filter_map(change).collect())
    }

    /// The tar of `path` in a container; `None` if nothing is there.
    pub(super) fn copy_out(&self, container: &str, path: &str) -> Observed<Option<Vec<u8>>> {
        self.perhaps(&["cp", &format!("{container}:{path}"), "-"])
    }

    /// An image as `docker save` writes it.
    pub(super) fn save(&self, image: &str) -> Observed<Vec<u8>> {
        self.ask(&["save", image])
    }

    /// Events from `since` until now.
    pub(super) fn events(&self, since: Timestamp) -> Observed<Vec<Value>> {
        let (since, until) = (unix(since), unix(Timestamp::now()));
        let period = ["events", "--since", &since, "--until", &until];
        json_lines(&self.ask(&[period.as_slice(), &["--format", "{{json .}}"]].concat())?)
    }

    /// All things of `kind`, as `docker inspect` shows them.
    fn inspect_all(&self, kind: &str) -> Observed<Vec<Value>> {
        let names = self.list(kind)?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut args = vec![kind, "inspect"];
        args.extend(names.iter().map(String::as_str));
        let output = self.output(&args)?;
        // A thing that was removed since it was listed is left out.
        if !output.status.success() && !is_missing(&output) {
            return Err(blind(&output.stderr));
        }
        match json(&output.stdout)? {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// The ids (of volumes, the names) of all things of `kind`.
    fn list(&self, kind: &str) -> Observed<BTreeSet<String>> {
        let args: &[&str] = match kind {
            "volume" => &["volume", "ls", "--quiet"],
            "container" => &["container", "ls", "--all", "--quiet", "--no-trunc"],
            // An image with two references is listed twice.
            kind => &[kind, "ls", "--quiet", "--no-trunc"],
        };
        Ok(self.lines(args)?.into_iter().collect())
    }

    fn lines(&self, args: &[&str]) -> Observed<Vec<String>> {
        let text = self.ask(args)?;
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The output of `docker ARGS`.
    fn ask(&self, args: &[&str]) -> Observed<Vec<u8>> {
        let output = self.output(args)?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(blind(&output.stderr)),
        }
    }

    /// The same; `None` if there is no such thing.
    fn perhaps(&self, args: &[&str]) -> Observed<Option<Vec<u8>>> {
        let output = self.output(args)?;
        match output.status.success() {
            true => Ok(Some(output.stdout)),
            false if is_missing(&output) => Ok(None),
            false => Err(blind(&output.stderr)),
        }
    }

    fn output(&self, args: &[&str]) -> Observed<Output> {
        self.command(args)
            .output()
            .map_err(|error| self.unstarted(&error))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.client);
        command
            .args(args)
            .env("DOCKER_HOST", &self.host)
            .stdin(Stdio::null());
        command
    }

    fn unstarted(&self, error: &io::Error) -> Blind {
        Blind::new(format!("`{}`: {error}", self.client.display()))
    }
}

/// Seconds since 1970 with nanoseconds, as `docker events` takes times.
fn unix(time: Timestamp) -> String {
    format!("{}.{:09}", time.as_second(), time.subsec_nanosecond())
}

fn json(text: &[u8]) -> Observed<Value> {
    serde_json::from_slice(text)
        .map_err(|error| Blind::new(format!("the Docker client prints no JSON: {error}")))
}

fn json_lines(text: &[u8]) -> Observed<Vec<Value>> {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(json)
        .collect()
}

fn is_missing(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    said.contains("no such ") || said.contains("could not find the file")
}

fn blind(said: &[u8]) -> Blind {
    let said = String::from_utf8_lossy(said);
    Blind::new(format!(
        "the Docker Engine does not answer: {}",
        said.trim()
    ))
}
