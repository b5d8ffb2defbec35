//! Progress survives new editions, crashes and a second shell.

use super::*;

fn done(revision: u32) -> Progress {
    let mut progress = Progress::default();
    progress
        .exercise("a")
        .finish(revision, "2026-11-21T10:00:00Z");
    progress
}

#[test]
fn a_missing_file_is_the_beginning_and_a_saved_one_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/progress.json");
    assert_eq!(Progress::load(&path).unwrap(), Progress::default());
    done(1).save(&path).unwrap();
    assert_eq!(Progress::load(&path).unwrap(), done(1));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn the_edition_is_recorded_when_the_exercise_is_done_and_stays() {
    let mut progress = Progress::default();
    let mut finish = |digest: &str, course: Option<&str>, revision| {
        let edition = Edition {
            digest: digest.to_owned(),
            course: course.map(str::to_owned),
        };
        let change = Change::Finished {
            exercise: "a".to_owned(),
            revision,
            edition: edition.clone(),
        };
        progress.apply(&change, "2026-11-21T10:00:00Z");
        (progress.exercises["a"].edition.clone(), Some(edition))
    };
    let (found, first) = finish("sha256:1", Some("/my/copy"), 1);
    assert_eq!(found, first);
    assert_eq!(finish("sha256:2", None, 1).0, first);
    let (found, third) = finish("sha256:3", None, 2);
    assert_eq!(found, third);
    let mut other = Progress::default();
    other.merge(progress);
    assert_eq!(other.exercises["a"].edition, third);
}

#[test]
fn a_damaged_or_later_file_is_refused_by_name() {
    for (text, part) in [
        ("{", "not a progress file"),
        ("[]", "no `format`"),
        ("{\"format\": 2}", "later docklings"),
        ("{\"format\": 1, \"exercises\": 5}", "not a progress file"),
    ] {
        let message = Progress::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn what_this_edition_does_not_know_is_kept() {
    let text = r#"{"format":1,"colour":"red","exercises":{"gone":{"done":"x","stars":3}}}"#;
    let progress = Progress::parse(text.as_bytes()).unwrap();
    let again = serde_json::to_value(&progress).unwrap();
    assert_eq!(again["colour"], "red");
    assert_eq!(again["exercises"]["gone"]["stars"], 3);
}

#[test]
fn standing_follows_the_revision() {
    let mut begun = Progress::default();
    begun.exercise("a").passed.insert("g".to_owned());
    let mut skipped = begun.clone();
    skipped.exercise("a").skipped = true;
    for (progress, revision, expected) in [
        (Progress::default(), 1, Standing::Open),
        (begun, 1, Standing::Begun),
        (skipped, 1, Standing::Skipped),
        (done(1), 1, Standing::Done),
        (done(1), 2, Standing::ToConfirm),
        (done(2), 1, Standing::Done),
    ] {
        assert_eq!(progress.standing("a", revision), expected);
    }
}

#[test]
fn updates_of_two_shells_are_both_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress.json");
    std::thread::scope(|scope| {
        for id in ["a", "b", "c", "d"] {
            let path = &path;
            scope.spawn(move || {
                Progress::update(path, |p| p.exercise(id).attempts = 1).unwrap();
            });
        }
    });
    assert_eq!(Progress::load(&path).unwrap().exercises.len(), 4);
}

#[test]
fn an_import_adds_and_never_removes() {
    let mut mine = done(2);
    mine.merge(done(1));
    assert_eq!(mine.exercises["a"].revision, 2);
    let mut other = Progress::default();
    other.exercise("b").attempts = 3;
    other.at = Some(Position::default());
    mine.merge(other);
    assert_eq!(mine.exercises["b"].attempts, 3);
    assert_eq!(mine.at, Some(Position::default()));
    let mut open = Progress::default();
    open.exercise("a").skipped = true;
    open.merge(done(1));
    assert_eq!(open.standing("a", 1), Standing::Done);
}

#[test]
fn the_date_of_the_first_success_stays() {
    let mut progress = done(1);
    progress.exercise("a").finish(1, "later");
    assert_eq!(
        progress.exercises["a"].done.as_deref(),
        Some("2026-11-21T10:00:00Z")
    );
    progress.exercise("a").finish(2, "later");
    assert_eq!(progress.exercises["a"].done.as_deref(), Some("later"));
}
