//! The rules of the repository that the compiler does not check.
//!
//! Each rule is a function from file texts to messages about violations, so it is tested on a planted violation and
//! applied to the repository. A rule that fails prints all violations at once, with file and line.

mod changelog;
mod circles;
mod layers;
mod lessons;
mod limits;
mod pages;
mod recipes;
mod source;
mod text;

use source::Source;

/// Fails with all of `violations`, one per line.
#[track_caller]
fn assert_tidy(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn the_engine_imports_only_leftwards() {
    let files = Source::rust_files();
    assert!(files.iter().any(|file| file.path == "engine/src/lib.rs"));
    assert_tidy(files.iter().flat_map(layers::engine_layers).collect());
}

#[test]
fn crates_import_only_downwards() {
    assert_tidy(
        Source::rust_files()
            .iter()
            .flat_map(layers::crate_imports)
            .collect(),
    );
    assert_tidy(
        Source::rust_files()
            .iter()
            .flat_map(layers::registry_imports)
            .collect(),
    );
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    assert_tidy(circles::circles(&Source::rust_files()));
}

#[test]
fn every_file_says_what_it_is_and_has_one_subject() {
    assert_tidy(
        Source::rust_files()
            .iter()
            .flat_map(text::file_rules)
            .collect(),
    );
}

#[test]
fn every_test_file_is_part_of_the_tests() {
    assert_tidy(text::forgotten_test_files(&Source::rust_files()));
}

#[test]
fn lessons_and_engine_files_name_each_other() {
    assert_tidy(lessons::links(
        &Source::lesson_files(),
        &Source::rust_files(),
    ));
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = Source::read("Cargo.toml");
    let page = Source::read("docs/dependencies.md");
    assert_tidy(pages::dependencies(&manifest, &page));
}

#[test]
fn every_dependency_is_used() {
    let files = Source::rust_files();
    for folder in ["", "engine/", "checker/", "lessons/", "registry/"] {
        let manifest = Source::read(&format!("{folder}Cargo.toml"));
        assert_tidy(pages::unused(&manifest, &files));
    }
}

#[test]
fn what_is_refused_by_name_is_explained() {
    assert_tidy(limits::explained(
        &Source::read("src/docker/commands/limits.rs"),
        &Source::read("docs/limits.md"),
    ));
}

#[test]
fn the_newest_entry_of_the_changelog_is_this_version() {
    assert_tidy(changelog::newest_is_current(
        &Source::read("CHANGELOG.md"),
        &Source::read("Cargo.toml"),
    ));
}

#[test]
fn every_page_is_reachable_and_every_link_leads_somewhere() {
    let files = Source::markdown_files();
    let exists = |path: &str| Source::root().join(path).exists();
    assert_tidy(pages::links(&files, &exists));
}

#[test]
fn what_the_recipes_name_exists() {
    let read = |path: &str| {
        let path = Source::root().join(path);
        path.exists()
            .then(|| std::fs::read_to_string(path).unwrap_or_default())
    };
    let page = Source::read("docs/adding.md");
    assert_tidy(recipes::true_steps(&page, &read));
}
