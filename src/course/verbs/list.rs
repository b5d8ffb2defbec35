//! `docklings list`: the lessons and exercises with their status.

use super::words::Words;
use crate::course::look::Look;
use crate::course::state;
use crate::course::view;
use crate::docker::registry::hub::beyond;
use crate::env::Env;
use crate::failure::CommandResult;
use crate::output::Output;
use lessons::catalog::Catalog;
use lessons::progress::Progress;
use serde_json::{Value, json};

pub(super) fn run(words: &Words) -> CommandResult {
    words.no_names()?;
    let env = Env::read()?;
    let course = state::open(&env)?;
    if words.has("--json") {
        return Ok(writeln!(
            Output::lines(),
            "{:#}",
            as_json(&course.catalog, &course.progress, &lacking(&env))
        )?);
    }
    let at = course.progress.at.as_ref();
    let here = at.and_then(|at| {
        let slug = |lesson: &lessons::lesson::Lesson| lesson.slug == at.lesson;
        let lesson = course.catalog.lessons.iter().position(slug)?;
        Some((lesson, at.exercise.as_deref()))
    });
    let look = Look::of_process(false);
    Ok(look.show(&view::list(
        &course.catalog,
        &course.progress,
        here,
        &view::Listing {
            whole: true,
            lacking: &lacking(&env),
        },
        look,
    ))?)
}

/// Tells which of some images are not on this machine. A name that is no image's is reported when the exercise is used.
pub(crate) fn lacking(env: &Env) -> impl Fn(&[String]) -> Vec<String> + use<'_> {
    |names| beyond::lacking(env, names).unwrap_or_else(|_| names.to_vec())
}

/// Lessons and exercises as JSON, format 1. `lacking` tells which images are not on this machine.
fn as_json(catalog: &Catalog, progress: &Progress, lacking: &view::Lacking<'_>) -> Value {
    let lessons = catalog.lessons.iter().map(|lesson| {
        let exercises = lesson.front.exercises.iter().map(|id| {
            let exercise = catalog.exercise(id);
            let standing = exercise.map(|exercise| progress.standing(id, exercise.revision).word());
            json!({
                "id": id,
                "title": exercise.map(|exercise| &exercise.title),
                "revision": exercise.map(|exercise| exercise.revision),
                "minutes": exercise.and_then(|exercise| exercise.minutes),
                "standing": standing.unwrap_or("broken"),
                "missing_images": exercise.map(|exercise| lacking(&exercise.image_names())),
            })
        });
        json!({
            "number": lesson.number,
            "slug": lesson.slug,
            "title": lesson.front.title,
            "pages": lesson.pages.len(),
            "missing_images": lacking(&lesson.front.images),
            "read": progress.lessons.get(&lesson.slug).map_or(0, |record| record.read.len()),
            "exercises": exercises.collect::<Vec<_>>(),
        })
    });
    json!({ "format": 1, "lessons": lessons.collect::<Vec<_>>() })
}
