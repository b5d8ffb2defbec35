//! A lesson as text: its pages, and its end.

use super::{fill, line, markdown, minutes};
use crate::course::look::{ASIDE, HEADING, Look, styled};
use crate::docker::commands;
use lessons::catalog::Catalog;
use lessons::lesson::Lesson;
use lessons::markdown::Page;
use lessons::progress::{Progress, Standing};
use lessons::session;
use std::collections::BTreeSet;

/// A page of a lesson.
pub(crate) fn page(lesson: &Lesson, index: usize, look: Look) -> String {
    let page = &lesson.pages[index];
    let place = format!(
        "Lesson {}, page {} of {}: {}",
        lesson.number,
        index + 1,
        lesson.pages.len(),
        lesson.front.title
    );
    let mut out = rule(&place, look);
    if page.title != lesson.front.title || index > 0 {
        line(&mut out, &fill(&styled(HEADING, &page.title), look));
    } else {
        let goal = format!(
            "{} About {}.",
            lesson.front.goal,
            minutes(lesson.front.minutes)
        );
        line(&mut out, &fill(&goal, look));
    }
    out.push('\n');
    out.push_str(markdown(&page.body, look).trim_end());
    out.push_str("\n\n");
    out
}

/// The line above a page: on a terminal, a rule across it.
pub(super) fn rule(title: &str, look: Look) -> String {
    let columns = title.chars().count() + 4;
    let mut out = String::new();
    if look.drawn && columns < look.prose() {
        let more = "\u{2500}".repeat(look.prose() - columns);
        let text = format!("\u{2500}\u{2500} {title} {more}");
        line(&mut out, &styled(ASIDE, &text));
    } else {
        out.push('\n');
        line(&mut out, &fill(&styled(ASIDE, title), look));
    }
    out
}

/// The end of a lesson: what was learned, and what is open.
pub(crate) fn lesson_end(
    catalog: &Catalog,
    index: usize,
    progress: &Progress,
    look: Look,
) -> String {
    let lesson = &catalog.lessons[index];
    let title = format!("End of lesson {}: {}", lesson.number, lesson.front.title);
    let mut out = rule(&title, look);
    let goal = lesson.front.goal.trim();
    let mut letters = goal.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    let goal = format!(
        "You can now {}{}",
        first.unwrap_or_default(),
        letters.as_str()
    );
    line(&mut out, &fill(&styled(HEADING, &goal), look));
    out.push('\n');
    let commands: Vec<String> = docker_commands(lesson).collect();
    if !commands.is_empty() {
        let text = format!("Its commands: {}.", commands.join(", "));
        line(&mut out, &fill(&text, look));
        out.push('\n');
    }
    let (mut all, mut done, mut mistakes, mut met) = (0, 0, 0, 0);
    let mut open = Vec::new();
    for (place, exercise) in catalog.exercises() {
        let is_done = progress.standing(&exercise.id, exercise.revision) == Standing::Done;
        all += 1;
        done += usize::from(is_done);
        if place == index && !is_done {
            open.push(format!("`{}`", exercise.id));
        }
        let known = session::mistakes(exercise);
        let record = progress.exercises.get(&exercise.id);
        let is_met = |one: &&str| record.is_some_and(|record| record.met.contains(*one));
        met += known.iter().filter(|one| is_met(one)).count();
        mistakes += known.len();
    }
    if !open.is_empty() {
        let text = format!(
            "Still open here: {}. `go NAME` leads there.",
            open.join(", ")
        );
        line(&mut out, &fill(&text, look));
    }
    if all > 0 {
        let text = format!("{} {done} of {all} exercises of the course", bar(done, all));
        line(&mut out, &fill(&text, look));
    }
    if met > 0 {
        let text = format!(
            "{} {met} of the {mistakes} classic mistakes met",
            bar(met, mistakes)
        );
        line(&mut out, &fill(&text, look));
    }
    out.push('\n');
    let next = match catalog.lessons.get(index + 1) {
        Some(next) => format!("`next` opens lesson {}: {}.", next.number, next.front.title),
        None => "`next` leads to the end of the course.".to_owned(),
    };
    line(&mut out, &fill(&next, look));
    out.push('\n');
    out
}

/// The docker commands of a lesson's pages, each once.
fn docker_commands(lesson: &Lesson) -> impl Iterator<Item = String> {
    let mut seen = BTreeSet::new();
    let lines = lesson.pages.iter().flat_map(Page::commands);
    let pieces = lines.flat_map(|line| line.split(['|', ';', '(', '&']));
    let named = pieces.filter_map(|piece| {
        let words: Vec<String> = piece.split_whitespace().map(str::to_owned).collect();
        let (first, rest) = words.split_first()?;
        let found = commands::find(rest).filter(|_| first == "docker");
        found.map(|(_, path, _)| format!("`docker {path}`"))
    });
    named
        .filter(|name| seen.insert(name.clone()))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A progress bar.
pub(super) fn bar(done: usize, all: usize) -> String {
    const COLUMNS: usize = 20;
    let full = (done * COLUMNS).checked_div(all).unwrap_or(0);
    format!("[{}{}]", "#".repeat(full), "-".repeat(COLUMNS - full))
}
