//! Docker's API through the crate `bollard`, call by call and without waiting: what an engine answers, as JSON.
//!
//! The crate is asynchronous; a runtime of one thread that lives here keeps that from the rest.

use crate::world::facts::LogFacts;
use crate::world::{Blind, Observed};
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, EventsOptionsBuilder, InspectContainerOptions,
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListVolumesOptions, LogsOptionsBuilder,
    PruneBuildOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
    RemoveVolumeOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::future::Future;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Seconds that an answer may take: stopping a container that does not listen takes ten.
const ANSWER: u64 = 60;
/// A stream of events that does not end although its end was named is cut here.
const EVENTS: Duration = Duration::from_secs(5);

/// A connection to a Docker Engine on this machine.
pub struct DockerEngine {
    docker: Docker,
    runtime: Runtime,
}

/// What is on an engine.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Names of containers.
    pub containers: Vec<String>,
    /// Images: the reference, or the id of one without, and the id.
    pub images: Vec<(String, String)>,
    /// Names of volumes.
    pub volumes: Vec<String>,
}

impl DockerEngine {
    /// Connects to the engine at `host`, such as `unix:///run/docker.sock`, and agrees on a version of the API.
    pub fn connect(host: &str) -> Observed<Self> {
        let Some(socket) = host.strip_prefix("unix://") else {
            return Err(Blind::new(format!(
                "`{host}` is not an engine of this machine: `unix:///…` is"
            )));
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Blind::new(error.to_string()))?;
        let docker = runtime.block_on(async {
            Docker::connect_with_unix(socket, ANSWER, API_DEFAULT_VERSION)?
                .negotiate_version()
                .await
        });
        let docker = docker.map_err(|error| unanswered(host, &error))?;
        Ok(Self { docker, runtime })
    }

    /// Its version and that of the API, such as `20.10.24 (API 1.41)`.
    pub fn version(&self) -> Observed<String> {
        let version = self.ask(self.docker.version())?;
        let field = |name: &str| version[name].as_str().unwrap_or("?").to_owned();
        Ok(format!(
            "{} (API {})",
            field("Version"),
            field("ApiVersion")
        ))
    }

    /// What tells it from other engines.
    pub fn identity(&self) -> Observed<String> {
        Ok(super::text(&self.ask(self.docker.info())?["ID"]))
    }

    /// What is on it.
    pub fn holdings(&self) -> Observed<Holdings> {
        let names =
            |all: &[Value], field: &str| all.iter().map(|one| super::text(&one[field])).collect();
        let image = |image: &Value| {
            let id = super::text(&image["Id"]);
            match image["RepoTags"][0].as_str() {
                Some(tag) if tag != "<none>:<none>" => (tag.to_owned(), id),
                _ => (id.clone(), id),
            }
        };
        Ok(Holdings {
            containers: names(&self.containers()?, "Name"),
            images: self.image_list(false)?.iter().map(image).collect(),
            volumes: names(&self.volumes()?, "Name"),
        })
    }

    /// Removes every container and volume, and every image but those with the references `keep`.
    pub fn clear(&self, keep: &[String]) -> Observed<()> {
        for container in self.containers()? {
            let options = RemoveContainerOptionsBuilder::new()
                .force(true)
                .v(true)
                .build();
            self.done(
                self.docker
                    .remove_container(&super::text(&container["Id"]), Some(options)),
            )?;
        }
        for volume in self.volumes()? {
            let options = RemoveVolumeOptionsBuilder::new().force(true).build();
            self.done(
                self.docker
                    .remove_volume(&super::text(&volume["Name"]), Some(options)),
            )?;
        }
        for image in self.image_list(false)? {
            let tags: Vec<String> = image["RepoTags"]
                .as_array()
                .map(|tags| tags.iter().map(super::text).collect())
                .unwrap_or_default();
            let doomed: Vec<String> = match tags.iter().any(|tag| keep.contains(tag)) {
                true => tags.into_iter().filter(|tag| !keep.contains(tag)).collect(),
                false => vec![super::text(&image["Id"])],
            };
            for name in doomed {
                let options = RemoveImageOptionsBuilder::new().force(true).build();
                self.done(self.docker.remove_image(&name, Some(options), None))?;
            }
        }
        // A builder without a store of its own has nothing to prune, and says so.
        let all = PruneBuildOptionsBuilder::new().all(true).build();
        let _ = self.ask(self.docker.prune_build(Some(all)));
        Ok(())
    }

    /// All containers, as `docker inspect` shows them.
    pub(super) fn containers(&self) -> Observed<Vec<Value>> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let mut all = Vec::new();
        for listed in list(self.ask(self.docker.list_containers(Some(options)))?) {
            let id = super::text(&listed["Id"]);
            let inspected = self
                .docker
                .inspect_container(&id, None::<InspectContainerOptions>);
            // One that has gone since it was listed is not there.
            all.extend(self.perhaps(inspected)?);
        }
        Ok(all)
    }

    /// All images that `docker images` shows, as `docker inspect` shows them, each with its `History`.
    pub(super) fn images(&self) -> Observed<Vec<Value>> {
        let mut all = Vec::new();
        for listed in self.image_list(false)? {
            let id = super::text(&listed["Id"]);
            let Some(mut image) = self.perhaps(self.docker.inspect_image(&id))? else {
                continue;
            };
            image["History"] = self.ask(self.docker.image_history(&id))?;
            all.push(image);
        }
        Ok(all)
    }

    fn image_list(&self, all: bool) -> Observed<Vec<Value>> {
        let options = ListImagesOptionsBuilder::new().all(all).build();
        Ok(list(self.ask(self.docker.list_images(Some(options)))?))
    }

    /// All volumes.
    pub(super) fn volumes(&self) -> Observed<Vec<Value>> {
        let answer = self.ask(self.docker.list_volumes(None::<ListVolumesOptions>))?;
        Ok(list(answer["Volumes"].clone()))
    }

    /// What a container wrote so far.
    pub(super) fn logs(&self, container: &str) -> Observed<LogFacts> {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
        let (mut both, mut stdout, mut stderr) = (Vec::new(), Vec::new(), Vec::new());
        for part in self.all(self.docker.logs(container, Some(options)))? {
            let (own, bytes) = match part {
                LogOutput::StdErr { message } => (&mut stderr, message),
                LogOutput::StdOut { message }
                | LogOutput::Console { message }
                | LogOutput::StdIn { message } => (&mut stdout, message),
            };
            both.extend_from_slice(&bytes);
            own.extend_from_slice(&bytes);
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        Ok(LogFacts {
            both: text(both),
            stdout: text(stdout),
            stderr: text(stderr),
        })
    }

    /// What a container changed: 0 is changed, 1 is added, 2 is deleted.
    pub(super) fn changes(&self, container: &str) -> Observed<Vec<(u64, String)>> {
        let all = list(self.ask(self.docker.container_changes(container))?);
        let change = |one: &Value| {
            (
                one["Kind"].as_u64().unwrap_or_default(),
                super::text(&one["Path"]),
            )
        };
        Ok(all.iter().map(change).collect())
    }

    /// The tar of `path` in a container; `None` if there is nothing.
    pub(super) fn copy_out(&self, container: &str, path: &str) -> Observed<Option<Vec<u8>>> {
        let options = DownloadFromContainerOptionsBuilder::new()
            .path(path)
            .build();
        self.bytes(
            self.docker
                .download_from_container(container, Some(options)),
        )
    }

    /// An image as `docker save` writes it.
    pub(super) fn save(&self, image: &str) -> Observed<Vec<u8>> {
        let saved = self.bytes(self.docker.export_image(image))?;
        saved.ok_or_else(|| Blind::new(format!("the engine has no image `{image}`")))
    }

    /// Events from `since` until now.
    pub(super) fn events(&self, since: Timestamp) -> Observed<Vec<Value>> {
        let options = EventsOptionsBuilder::new()
            .since(&since.as_second().to_string())
            .until(&unix(Timestamp::now()))
            .build();
        let events = self.docker.events(Some(options));
        let taken = events.take_until(tokio_sleep(EVENTS));
        let json = |event| serde_json::to_value(event).unwrap_or_default();
        Ok(self.all(taken)?.into_iter().map(json).collect())
    }

    /// The answer as Docker's JSON.
    fn ask<T: Serialize>(&self, call: impl Future<Output = Result<T, Error>>) -> Observed<Value> {
        let answer = self.runtime.block_on(call).map_err(|error| blind(&error))?;
        serde_json::to_value(answer).map_err(|error| Blind::new(error.to_string()))
    }

    /// The same; `None` if there is no such thing.
    fn perhaps<T: Serialize>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Observed<Option<Value>> {
        match self.runtime.block_on(call) {
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(blind(&error)),
            Ok(answer) => serde_json::to_value(answer)
                .map(Some)
                .map_err(|error| Blind::new(error.to_string())),
        }
    }

    /// Does something that may be done already.
    fn done<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Observed<()> {
        match self.runtime.block_on(call) {
            Err(error) if !is_missing(&error) => Err(blind(&error)),
            _ => Ok(()),
        }
    }

    fn all<T>(&self, stream: impl Stream<Item = Result<T, Error>>) -> Observed<Vec<T>> {
        let parts: Vec<Result<T, Error>> = self.runtime.block_on(stream.collect());
        parts
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| blind(&error))
    }

    /// The bytes of a stream; `None` if there is no such thing.
    fn bytes<B: AsRef<[u8]>>(
        &self,
        stream: impl Stream<Item = Result<B, Error>>,
    ) -> Observed<Option<Vec<u8>>> {
        let parts: Vec<Result<B, Error>> = self.runtime.block_on(stream.collect());
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Ok(part) => bytes.extend_from_slice(part.as_ref()),
                Err(error) if is_missing(&error) => return Ok(None),
                Err(error) => return Err(blind(&error)),
            }
        }
        Ok(Some(bytes))
    }
}

/// Ends after `time`, on the runtime that it is polled on.
async fn tokio_sleep(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Seconds since 1970 with nanoseconds, as the API takes times.
fn unix(time: Timestamp) -> String {
    format!("{}.{:09}", time.as_second(), time.subsec_nanosecond())
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(
        error,
        Error::DockerResponseServerError {
            status_code: 404,
            ..
        }
    )
}

fn blind(error: &Error) -> Blind {
    Blind::new(format!("the Docker Engine does not tell: {error}"))
}

fn unanswered(host: &str, error: &Error) -> Blind {
    Blind::new(format!("no Docker Engine answers at `{host}`: {error}"))
}
