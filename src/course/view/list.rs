//! The list of lessons and exercises, with their status.

use super::page::bar;
use super::{fill, hanging, line};
use crate::course::look::{HEADING, Look, NOT_YET, PASS, styled};
use crate::docker::registry::hub::beyond;
use lessons::catalog::Catalog;
use lessons::lesson::Step;
use lessons::progress::{Progress, Standing};

/// Tells which of some images are not on this machine.
pub(crate) type Lacking<'a> = dyn Fn(&[String]) -> Vec<String> + 'a;

/// What a list of the course shows.
pub(crate) struct Listing<'a> {
    /// Untouched lessons are shown with their exercises, too.
    pub(crate) whole: bool,
    /// Which images are not on this machine.
    pub(crate) lacking: &'a Lacking<'a>,
}

/// All lessons and exercises with their status. `here` marks the learner's place: a lesson's index and an exercise.
/// Unless the list is whole, a lesson that has not been started takes one line.
pub(crate) fn list(
    catalog: &Catalog,
    progress: &Progress,
    here: Option<(usize, Option<&str>)>,
    listing: &Listing<'_>,
    look: Look,
) -> String {
    let mut needed: Vec<String> = Vec::new();
    let mut out = String::from("\n");
    let (mut all, mut finished) = (0, 0);
    for (index, lesson) in catalog.lessons.iter().enumerate() {
        let record = progress.lessons.get(&lesson.slug);
        let read = lesson
            .pages
            .iter()
            .filter(|page| record.is_some_and(|r| r.read.contains(&page.title)));
        let read = read.count();
        let pages = match read {
            0 => "not read".to_owned(),
            read if read >= lesson.pages.len() => "read".to_owned(),
            read => format!("{read} of {} pages read", lesson.pages.len()),
        };
        let mark = if here == Some((index, None)) {
            "  <- you are here"
        } else {
            ""
        };
        let title = format!("{:>2}. {}", lesson.number, lesson.front.title);
        let touched = |id: &String| progress.exercises.contains_key(id);
        let is_here = here.is_some_and(|(place, _)| place == index);
        if !listing.whole && read == 0 && !is_here && !lesson.front.exercises.iter().any(touched) {
            let count = lesson.front.exercises.len();
            all += count;
            let exercises = if count == 1 { "exercise" } else { "exercises" };
            let text = format!("{} ({count} {exercises})", styled(HEADING, &title));
            line(&mut out, &hanging(&text, 0, 4, look));
            continue;
        }
        let lacking = (listing.lacking)(&lesson.front.images);
        let needs = match lacking.is_empty() {
            true => String::new(),
            false => format!("; needs {}", lacking.join(", ")),
        };
        needed.extend(lacking);
        let text = format!("{} ({pages}{needs}){mark}", styled(HEADING, &title));
        line(&mut out, &hanging(&text, 0, 4, look));
        // In the order of the pages.
        let steps = lesson.steps();
        let ids = steps.iter().filter_map(|step| match step {
            Step::Exercise(id) => Some(id),
            Step::Page(_) => None,
        });
        for id in ids {
            let Some(exercise) = catalog.exercise(id) else {
                line(&mut out, &format!("      {:<11} {id}", "broken"));
                continue;
            };
            all += 1;
            let standing = progress.standing(id, exercise.revision);
            finished += usize::from(standing == Standing::Done);
            let word = format!("{:<11}", standing.word());
            let word = match standing {
                Standing::Done => styled(PASS, &word),
                Standing::Open | Standing::Skipped => word,
                Standing::Begun | Standing::ToConfirm => styled(NOT_YET, &word),
            };
            let mark = if here == Some((index, Some(id))) {
                "  <- you are here"
            } else {
                ""
            };
            let lacking = match standing {
                Standing::Done => Vec::new(),
                _ => (listing.lacking)(&exercise.image_names()),
            };
            let needs = match &lacking[..] {
                [] => String::new(),
                [image] => format!(" (needs an image: {image})"),
                images => format!(" (needs images: {})", images.join(", ")),
            };
            needed.extend(lacking);
            let text = format!("{word} {id}: {}{needs}{mark}", exercise.title);
            line(&mut out, &hanging(&text, 6, 12, look));
        }
    }
    out.push('\n');
    needed.sort();
    needed.dedup();
    out += &needs(&needed, look);
    let sum = format!(
        "{} {finished} of {all} exercises done. `go NAME` takes you to a lesson (by number) or an exercise.",
        bar(finished, all)
    );
    line(&mut out, &fill(&sum, look));
    out.push('\n');
    out
}

/// How to get the images `lacking`, which are not on this machine; empty if there are none.
pub(crate) fn needs(lacking: &[String], look: Look) -> String {
    if lacking.is_empty() {
        return String::new();
    }
    let (images, ways) = (lacking.join(", "), beyond::ways(lacking));
    let text = format!("Not on this machine yet: {images}. To get it: {ways}.");
    format!("{}\n", fill(&text, look))
}
