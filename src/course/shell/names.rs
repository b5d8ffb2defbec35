//! The names that exist at the moment, for Tab.

use super::complete::Names;
use crate::course::state;
use crate::env::FREE;
use engine::Engine;
use lessons::catalog::Catalog;
use lessons::lesson::Lesson;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

/// The names of a sandbox, a folder and the course. What cannot be read has no names.
#[derive(Default)]
pub(crate) struct Live {
    /// The sandbox of containers, images and volumes.
    pub(crate) engine: Option<Engine>,
    /// The folder that file names start from.
    pub(crate) folder: PathBuf,
    /// The folders of programs.
    pub(crate) path: Option<OsString>,
}

impl Live {
    /// The names of `found`, a list of the sandbox.
    fn of<T>(&self, found: impl Fn(&Engine) -> engine::Result<Vec<T>>) -> Vec<T> {
        let found = self.engine.as_ref().and_then(|engine| found(engine).ok());
        found.unwrap_or_default()
    }
}

impl Names for Live {
    fn containers(&self) -> Vec<String> {
        let all = self.of(Engine::containers).into_iter();
        all.map(|container| container.config.name).collect()
    }

    fn images(&self) -> Vec<String> {
        let all = self.of(Engine::listed_images).into_iter();
        let names = all.flat_map(|image| image.references);
        let familiar = names.map(|name| name.familiar());
        familiar
            .map(|name| name.trim_end_matches(":latest").to_owned())
            .collect()
    }

    fn volumes(&self) -> Vec<String> {
        let all = self.of(Engine::volumes).into_iter();
        let named = all.filter(|volume| !volume.anonymous);
        named
            .map(|volume| volume.name.as_str().to_owned())
            .collect()
    }

    fn places(&self) -> Vec<String> {
        let lessons = lessons().into_iter().map(|lesson| lesson.slug);
        lessons
            .chain(self.exercises())
            .chain([FREE.to_owned()])
            .collect()
    }

    fn exercises(&self) -> Vec<String> {
        let all = lessons().into_iter();
        all.flat_map(|lesson| lesson.front.exercises).collect()
    }

    fn programs(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        for folder in self.path.iter().flat_map(std::env::split_paths) {
            let Ok(entries) = std::fs::read_dir(folder) else {
                continue;
            };
            let names = entries.flatten().map(|entry| entry.file_name());
            found.extend(names.map(|name| name.to_string_lossy().into_owned()));
        }
        found
            .into_iter()
            .filter(|name| !name.starts_with('.'))
            .collect()
    }

    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }
}

/// The lessons of the course; none if it cannot be read. Their names need no progress file, and none is made.
fn lessons() -> Vec<Lesson> {
    let catalog = Catalog::load(&state::source(), "");
    catalog.map(|catalog| catalog.lessons).unwrap_or_default()
}
