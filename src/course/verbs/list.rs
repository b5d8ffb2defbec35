//! `docklings list`: the lessons and exercises with their status.

use super::words::Words;
use crate::course::look::Look;
use crate::course::state;
use crate::course::view;
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
            as_json(&course.catalog, &course.progress)
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
        true,
        look,
    ))?)
}

/// Lessons and exercises as JSON, format 1.
fn as_json(catalog: &Catalog, progress: &Progress) -> Value {
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
            })
        });
        json!({
            "number": lesson.number,
            "slug": lesson.slug,
            "title": lesson.front.title,
            "pages": lesson.pages.len(),
            "read": progress.lessons.get(&lesson.slug).map_or(0, |record| record.read.len()),
            "exercises": exercises.collect::<Vec<_>>(),
        })
    });
    json!({ "format": 1, "lessons": lessons.collect::<Vec<_>>() })
}
