//! `docs/coverage.md` says what the course teaches, and where. It is compared with the lessons and the exercises.

use lessons::catalog::Catalog;
use lessons::source::Source;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../docs/coverage.md");

/// A line of the table: a topic, the lessons that teach it, and the exercises that practise it.
struct Row<'a> {
    topic: &'a str,
    lessons: Vec<&'a str>,
    exercises: Vec<&'a str>,
}

/// The lines of the table, without its head. Each has three cells.
fn rows(page: &str) -> Vec<Row<'_>> {
    let lines = page.lines().filter(|line| line.starts_with("| "));
    let cells = lines.map(|line| {
        let line = line.trim_start_matches("| ").trim_end_matches(" |");
        line.split(" | ").map(str::trim).collect::<Vec<_>>()
    });
    let rows = cells.skip(1).map(|cells| match *cells {
        [topic, lessons, exercises] => Row {
            topic,
            lessons: lessons.split(", ").collect(),
            exercises: exercises.split(", ").collect(),
        },
        _ => panic!("three cells, not {cells:?}"),
    });
    rows.collect()
}

/// What `rows` and the course do not agree on.
fn differences(
    rows: &[Row<'_>],
    course: &Catalog,
    text_of: impl Fn(&str) -> String,
) -> Vec<String> {
    let lessons: BTreeSet<&str> = course.lessons.iter().map(|one| &*one.slug).collect();
    let linked = course.lessons.iter().flat_map(|one| &one.front.exercises);
    let exercises: BTreeSet<&str> = linked.map(String::as_str).collect();
    let mut found = Vec::new();
    for row in rows {
        let code = row.topic.split('`').skip(1).step_by(2);
        let taught = row
            .lessons
            .iter()
            .map(|slug| text_of(slug))
            .collect::<String>();
        found.extend(
            code.filter(|code| !taught.contains(*code))
                .map(|code| format!("`{code}` is not in {}", row.lessons.join(", "))),
        );
        let unknown = row.lessons.iter().filter(|slug| !lessons.contains(**slug));
        found.extend(unknown.map(|slug| format!("there is no lesson {slug:?}")));
        let unknown = row.exercises.iter().filter(|id| !exercises.contains(**id));
        found.extend(unknown.map(|id| format!("no lesson has an exercise {id:?}")));
    }
    let named: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.lessons.iter().chain(&row.exercises))
        .copied()
        .collect();
    let missing = lessons
        .union(&exercises)
        .filter(|name| !named.contains(**name));
    found.extend(missing.map(|name| format!("`{name}` is in no line")));
    found
}

#[test]
fn the_table_of_topics_is_true() {
    let course = Catalog::load(&Source::Embedded, "seed").expect("the course is in the binary");
    let pages = |slug: &str| {
        let lesson = course.lessons.iter().find(|lesson| lesson.slug == slug);
        let texts = lesson.iter().flat_map(|lesson| &lesson.pages);
        texts
            .map(|page| format!("{}\n{}\n", page.title, page.body))
            .collect::<String>()
    };
    let rows = rows(PAGE);
    assert!(rows.len() > 50, "{} lines", rows.len());
    assert_eq!(differences(&rows, &course, pages), [""; 0]);
}

#[test]
fn a_line_that_is_not_true_is_found() {
    let course = Catalog::load(&Source::Embedded, "seed").expect("the course is in the binary");
    let page = "| topic | lesson | exercise |\n| `docker frob` | first-run | nosuch |\n| x | gone | hello |\n";
    let found = differences(&rows(page), &course, |_| "docker run".to_owned());
    assert_eq!(
        found[..3],
        [
            "`docker frob` is not in first-run",
            "no lesson has an exercise \"nosuch\"",
            "there is no lesson \"gone\"",
        ]
    );
    assert!(
        found.contains(&"`first-page` is in no line".to_owned()),
        "{found:?}"
    );
}
