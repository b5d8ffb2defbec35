//! Lessons name the engine files to read; engine files name the lessons that refer to them.

use super::source::Source;

/// Links in only one direction, or without a target.
pub(super) fn links(lessons: &[Source], code: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for lesson in lessons {
        let slug = slug(&lesson.path);
        for path in reads(&lesson.text) {
            match code.iter().find(|file| file.path == path) {
                None => violations.push(format!(
                    "{}: `reads` names `{path}`, which does not exist",
                    lesson.path
                )),
                Some(file) if !named_lessons(&file.text).contains(&slug) => {
                    violations.push(format!(
                        "{path}: its `**Lesson.**` heading does not name `{slug}`, which reads it"
                    ))
                }
                Some(_) => {}
            }
        }
    }
    for file in code
        .iter()
        .filter(|file| file.path.starts_with("engine/src/"))
    {
        for name in named_lessons(&file.text) {
            match lessons.iter().find(|lesson| slug(&lesson.path) == name) {
                None => violations.push(format!("{}: there is no lesson `{name}`", file.path)),
                Some(lesson) if !reads(&lesson.text).contains(&file.path) => {
                    violations.push(format!(
                        "{}: `reads` does not name `{}`, which names the lesson",
                        lesson.path, file.path
                    ))
                }
                Some(_) => {}
            }
        }
    }
    violations
}

/// `lessons/content/07-build-cache/lesson.md` is `build-cache`.
fn slug(path: &str) -> String {
    let folder = path.rsplit('/').nth(1).unwrap_or(path);
    folder
        .split_once('-')
        .map_or(folder, |(_, slug)| slug)
        .to_owned()
}

/// The `reads` list of the front matter, in either YAML form.
fn reads(text: &str) -> Vec<String> {
    let Some(front) = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split("\n---").next())
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut lines = front.lines().skip_while(|line| !line.starts_with("reads:"));
    if let Some(first) = lines.next() {
        let inline = first.trim_start_matches("reads:").trim();
        found.extend(inline.trim_matches(['[', ']']).split(',').map(clean));
    }
    found.extend(
        lines
            .map_while(|line| line.trim_start().strip_prefix("- "))
            .map(clean),
    );
    found.retain(|path| !path.is_empty());
    found
}

fn clean(word: &str) -> String {
    let word = word.split(" #").next().unwrap_or(word);
    word.trim().trim_matches(['"', '\'']).to_owned()
}

/// The lessons in backticks after `**Lesson.**` (or `**Lessons.**`) in a file's opening.
fn named_lessons(text: &str) -> Vec<String> {
    let opening: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .collect();
    let Some(at) = opening.iter().position(|line| line.starts_with("**Lesson")) else {
        return Vec::new();
    };
    let paragraph: Vec<&str> = opening[at..]
        .iter()
        .enumerate()
        .take_while(|(index, line)| *index == 0 || !(line.is_empty() || line.starts_with("**")))
        .map(|(_, line)| *line)
        .collect();
    paragraph
        .join(" ")
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(text: &str) -> Source {
        Source::planted("lessons/content/05-layers/lesson.md", text)
    }

    #[test]
    fn a_link_in_both_directions_is_right() {
        for front in [
            "---\nreads: [engine/src/a.rs]\n---\n",
            "---\ntitle: x\nreads:\n  - engine/src/a.rs # why\nneeds: []\n---\n",
        ] {
            let code = [Source::planted(
                "engine/src/a.rs",
                "//! A.\n//!\n//! **Lesson.** `layers`\n",
            )];
            assert_eq!(links(&[lesson(front)], &code), [""; 0], "{front}");
        }
    }

    #[test]
    fn each_missing_direction_is_found() {
        let code = [
            Source::planted(
                "engine/src/a.rs",
                "//! **Lessons.** `layers` and\n//! `gone`\n",
            ),
            Source::planted("engine/src/b.rs", "//! B.\n"),
        ];
        assert_eq!(
            links(
                &[lesson(
                    "---\nreads: [engine/src/b.rs, engine/src/c.rs]\n---\n"
                )],
                &code
            ),
            [
                "engine/src/b.rs: its `**Lesson.**` heading does not name `layers`, which reads it",
                "lessons/content/05-layers/lesson.md: `reads` names `engine/src/c.rs`, which does not exist",
                "lessons/content/05-layers/lesson.md: `reads` does not name `engine/src/a.rs`, which names the lesson",
                "engine/src/a.rs: there is no lesson `gone`",
            ]
        );
    }
}
