//! A course made of a few files.

use super::*;
use std::borrow::Cow;

fn file(path: &str, text: &str) -> ContentFile {
    ContentFile {
        path: path.to_owned(),
        bytes: Cow::Owned(text.as_bytes().to_vec()),
        executable: text.starts_with("#!"),
    }
}

fn lesson(number: &str, needs: &str, exercises: &str) -> ContentFile {
    let text = format!(
        "---\ntitle: T\ngoal: G\nminutes: 5\nneeds: [{needs}]\nexercises: [{exercises}]\n---\ntext\n"
    );
    file(&format!("lessons/content/{number}/lesson.md"), &text)
}

fn exercise(id: &str) -> ContentFile {
    let text = format!(
        "format: 1\nid: {id}\ntitle: T\ngoals:\n  - id: g\n    say: S\n    check: {{ container: {{ name: box }} }}\n\
         solutions:\n  - do: [docker run --name box busybox]\n"
    );
    file(&format!("exercises/01-x/{id}.yaml"), &text)
}

fn messages(catalog: &Catalog) -> String {
    let lines = catalog.problems.iter().map(Problem::to_string);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn lessons_come_in_the_order_of_their_numbers() {
    let files = vec![
        lesson("10-c", "", ""),
        lesson("02-b", "a", ""),
        lesson("01-a", "", ""),
    ];
    let catalog = Catalog::of_files(files, "s");
    let slugs: Vec<&str> = catalog.lessons.iter().map(|l| &*l.slug).collect();
    assert_eq!(slugs, ["a", "b", "c"]);
    assert_eq!(messages(&catalog), "");
}

#[test]
fn a_missing_name_is_reported_and_left_out() {
    let catalog = Catalog::of_files(
        vec![
            lesson("01-a", "z", "one, gone, bad"),
            exercise("one"),
            file("exercises/01-x/bad.yaml", "id: ["),
        ],
        "s",
    );
    let found = messages(&catalog);
    assert!(
        found.contains("`z`, which is not an earlier lesson"),
        "{found}"
    );
    assert!(found.contains("no `gone.yaml`"), "{found}");
    assert_eq!(
        catalog.steps(0),
        [Step::Page(0), Step::Exercise("one".into())]
    );
    assert_eq!(catalog.exercise_problems("bad").len(), 1);
    assert_eq!(catalog.exercises().count(), 1);
    assert_eq!(catalog.place_of("one"), Some((0, 1)));
}

#[test]
fn a_broken_lesson_does_not_stop_the_others() {
    let broken = file("lessons/content/02-b/lesson.md", "no head");
    let catalog = Catalog::of_files(vec![lesson("01-a", "", ""), broken], "s");
    assert_eq!(catalog.lessons.len(), 1);
    assert!(messages(&catalog).contains("02-b/lesson.md:1:1: no front matter"));
}

#[test]
fn a_workspace_starts_with_the_files_beside_the_exercise() {
    let files = vec![
        exercise("one"),
        file("exercises/01-x/one/app/run.sh", "#!/bin/sh"),
        file("exercises/01-x/one/compose.yaml", "x"),
        file("exercises/01-x/one-more/other", "x"),
    ];
    let catalog = Catalog::of_files(files, "s");
    let begin = catalog.start_files("one");
    let seen: Vec<_> = begin.iter().map(|f| (&*f.path, f.executable)).collect();
    assert_eq!(seen, [("app/run.sh", true), ("compose.yaml", false)]);
    assert_eq!(catalog.exercise_ids().collect::<Vec<_>>(), ["one"]);
}

#[test]
fn the_course_of_this_repository_has_no_problems() {
    let catalog = Catalog::load(&Source::Embedded, "s").unwrap();
    assert!(!catalog.lessons.is_empty());
    for id in catalog.exercise_ids() {
        let problems = catalog.exercise_problems(id).iter();
        let found: Vec<String> = problems.map(|problem| problem.render(false)).collect();
        assert_eq!(found, Vec::<String>::new());
    }
}
