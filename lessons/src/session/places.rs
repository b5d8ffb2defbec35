//! Places in the course and their order.

use crate::catalog::Catalog;
use crate::lesson::Step;
use crate::progress::Progress;

/// A place in the course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A step of a lesson.
    At {
        /// The lesson's index.
        lesson: usize,
        /// The step's index.
        step: usize,
    },
    /// The playground.
    Free,
    /// After the last lesson.
    End,
}

impl Place {
    /// Where the learner left off. If that step no longer exists, the beginning of its lesson; if the lesson is gone
    /// too, the first lesson not yet begun.
    pub(super) fn resume(catalog: &Catalog, progress: &Progress) -> Self {
        let Some(at) = &progress.at else {
            return Self::first(catalog);
        };
        let Some(lesson) = catalog
            .lessons
            .iter()
            .position(|lesson| lesson.slug == at.lesson)
        else {
            let unread = catalog
                .lessons
                .iter()
                .position(|lesson| !progress.lessons.contains_key(&lesson.slug));
            return unread.map_or(Self::End, |lesson| Self::At { lesson, step: 0 });
        };
        let pages = &catalog.lessons[lesson].pages;
        let step = catalog.steps(lesson).iter().position(|step| match step {
            Step::Exercise(id) => at.exercise.as_ref() == Some(id),
            Step::Page(page) => at.page.as_ref() == Some(&pages[*page].title),
        });
        Self::At {
            lesson,
            step: step.unwrap_or(0),
        }
    }

    fn first(catalog: &Catalog) -> Self {
        if catalog.lessons.is_empty() {
            Self::End
        } else {
            Self::At { lesson: 0, step: 0 }
        }
    }

    /// The place after this one; `None` after the end.
    pub(super) fn after(&self, catalog: &Catalog) -> Option<Self> {
        match *self {
            Self::End => None,
            Self::Free => Some(Self::first(catalog)),
            Self::At { lesson, step } if step + 1 < catalog.steps(lesson).len() => Some(Self::At {
                lesson,
                step: step + 1,
            }),
            Self::At { lesson, .. } if lesson + 1 < catalog.lessons.len() => Some(Self::At {
                lesson: lesson + 1,
                step: 0,
            }),
            Self::At { .. } => Some(Self::End),
        }
    }

    /// The lesson that ends between this place and the next one, `after`.
    pub(super) fn ends_lesson(&self, after: &Self) -> Option<usize> {
        match (self, after) {
            (Self::At { lesson, .. }, Self::At { lesson: next, .. }) if lesson == next => None,
            (Self::At { lesson, .. }, _) => Some(*lesson),
            _ => None,
        }
    }

    /// The place before this one; `None` before the beginning.
    pub(super) fn before(&self, catalog: &Catalog) -> Option<Self> {
        let last_of = |lesson: usize| Self::At {
            lesson,
            step: catalog.steps(lesson).len().saturating_sub(1),
        };
        match *self {
            Self::Free => Some(Self::first(catalog)),
            Self::End => catalog.lessons.len().checked_sub(1).map(last_of),
            Self::At { lesson, step } if step > 0 => Some(Self::At {
                lesson,
                step: step - 1,
            }),
            Self::At { lesson, .. } => lesson.checked_sub(1).map(last_of),
        }
    }

    /// The place called `target`: a lesson's number or slug, an exercise's id, or `free`.
    pub(super) fn find(catalog: &Catalog, target: &str) -> Option<Self> {
        if target == super::FREE {
            return Some(Self::Free);
        }
        let number: Option<u32> = target.parse().ok();
        let lesson = catalog.lessons.iter().position(|lesson| {
            lesson.slug == target || Some(lesson.number) == number || lesson.sandbox() == target
        });
        if let Some(lesson) = lesson {
            return Some(Self::At { lesson, step: 0 });
        }
        let id = target.strip_prefix("ex-").unwrap_or(target);
        catalog.lessons.iter().enumerate().find_map(|(lesson, _)| {
            let is_it = |step: &Step| matches!(step, Step::Exercise(other) if other == id);
            let step = catalog.steps(lesson).iter().position(is_it)?;
            Some(Self::At { lesson, step })
        })
    }
}
