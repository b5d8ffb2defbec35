//! One lesson: its head, its pages, and its steps.

use crate::front_matter::{self, FrontMatter};
use crate::markdown::{self, Page};
use crate::problem::Problem;

/// A lesson of the course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// Its permanent name: the folder name without the number.
    pub slug: String,
    /// Its position in the course: the folder's number.
    pub number: u32,
    /// The path of its file in the course.
    pub path: String,
    /// Its head.
    pub front: FrontMatter,
    /// Its pages; at least one.
    pub pages: Vec<Page>,
}

/// A step of a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A page, by its index.
    Page(usize),
    /// An exercise, by its id.
    Exercise(String),
}

/// The sandbox of the playground.
pub const FREE: &str = "free";

/// The sandbox of the exercise `id`.
pub fn exercise_sandbox(id: &str) -> String {
    format!("ex-{id}")
}

/// The sandbox that the pages of the lesson `slug` share.
pub(crate) fn sandbox_of(slug: &str) -> String {
    format!("lesson-{slug}")
}

impl Lesson {
    /// Parses the lesson in the folder `folder` (`NN-slug`) from `text`. Problems of a lesson that can still be shown
    /// are added to `problems`. Error: it cannot be shown.
    pub fn parse(
        folder: &str,
        path: &str,
        text: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Self, Problem> {
        let named = folder.split_once('-').and_then(|(number, slug)| {
            let number = number.parse().ok()?;
            (!slug.is_empty()).then(|| (number, slug.to_owned()))
        });
        let Some((number, slug)) = named else {
            let message = format!("the folder `{folder}` is not named `NN-slug`");
            return Err(
                Problem::new(path, 1, message).with_hint("for example `01-first-container`")
            );
        };
        let (front, body, line) = front_matter::split(path, text)?;
        let pages = markdown::pages(path, body, line, &front.title, problems);
        for page in &pages {
            for id in &page.exercises {
                if !front.exercises.contains(id) {
                    let message = format!("exercise `{id}` is linked here but not in `exercises`");
                    problems.push(Problem::new(path, page.line, message));
                }
            }
        }
        Ok(Self {
            slug,
            number,
            path: path.to_owned(),
            front,
            pages,
        })
    }

    /// The sandbox that its pages share.
    pub fn sandbox(&self) -> String {
        sandbox_of(&self.slug)
    }

    /// Its steps in order: each page, followed by the exercises that it links to; exercises without a link come last.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut placed: Vec<&String> = Vec::new();
        for (index, page) in self.pages.iter().enumerate() {
            steps.push(Step::Page(index));
            for id in &page.exercises {
                if self.front.exercises.contains(id) && !placed.contains(&id) {
                    placed.push(id);
                    steps.push(Step::Exercise(id.clone()));
                }
            }
        }
        let rest = self
            .front
            .exercises
            .iter()
            .filter(|id| !placed.contains(id));
        steps.extend(rest.map(|id| Step::Exercise(id.clone())));
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---\ntitle: First\ngoal: G\nminutes: 5\nexercises: [one, two]\n---\nHello.\n\n## A\n[go](exercise:two)\n\n## B\nb\n";

    fn parse(folder: &str, text: &str) -> (Result<Lesson, Problem>, Vec<Problem>) {
        let mut problems = Vec::new();
        (Lesson::parse(folder, "l.md", text, &mut problems), problems)
    }

    #[test]
    fn exercises_come_after_the_page_that_links_to_them_and_the_rest_at_the_end() {
        let (lesson, problems) = parse("01-first", TEXT);
        let lesson = lesson.unwrap();
        assert_eq!(problems, []);
        assert_eq!(
            (lesson.number, &*lesson.slug, &*lesson.sandbox()),
            (1, "first", "lesson-first")
        );
        let exercise = |id: &str| Step::Exercise(id.to_owned());
        assert_eq!(
            lesson.steps(),
            [
                Step::Page(0),
                Step::Page(1),
                exercise("two"),
                Step::Page(2),
                exercise("one")
            ]
        );
    }

    #[test]
    fn a_link_to_an_exercise_that_the_head_does_not_name_is_reported() {
        let (lesson, problems) = parse("01-first", &TEXT.replace("exercise:two", "exercise:tow"));
        assert!(lesson.is_ok());
        assert!(
            problems[0]
                .to_string()
                .starts_with("l.md:9:1: exercise `tow`"),
            "{}",
            problems[0]
        );
    }

    #[test]
    fn a_folder_without_a_number_is_reported() {
        for folder in ["first", "x-first", "01-"] {
            let (lesson, _) = parse(folder, TEXT);
            assert!(lesson.unwrap_err().message.contains(folder));
        }
    }
}
