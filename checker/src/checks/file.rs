//! A file of the workspace.
//!
//! ## Passes when
//! the file exists (or does not, with `exists: false`) and every field given fits it.
//!
//! ## Example
//! ```yaml
//! - file: { path: note.txt, contains: amber-otter }
//! ```
//!
//! ## The student sees
//! ```text
//! Expected  file `note.txt`: text containing `amber-otter`
//! Found     file `note.txt`: text `hello`
//! ```

use super::container::FILE;
use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::field::{Field, Kind, Noun, concat, field};
use crate::matcher::{Matcher, quote};
use crate::world::{Blind, FileFacts, World, file_digest};

/// The noun.
pub static NOUN: Noun = Noun {
    name: "file",
    doc: "A file of the workspace.",
    fields: &FIELDS,
    needs: &["path"],
};

static FIELDS: [Field; OWN.len() + FILE.len()] = concat(OWN, FILE);

const OWN: &[Field] = &[
    field("path", "path", Kind::Name, "Relative to the workspace."),
    field(
        "unchanged",
        "unchanged",
        Kind::Bool,
        "The same contents as after the setup.",
    ),
    field(
        "same_as",
        "contents",
        Kind::Name,
        "Another file of the workspace with the same contents.",
    ),
    field(
        "changed_since",
        "last change",
        Kind::Name,
        "A container: the file was last changed after that container was made.",
    ),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let path = check.name("path").unwrap_or_default();
    let subject = format!("file {}", quote(path));
    let file = match world.file(path) {
        Ok(file) => file,
        Err(blind) => return Outcome::blind(subject, blind),
    };
    let of_any_file: Vec<Given> = check
        .given
        .iter()
        .filter(|given| !OWN.iter().any(|own| own.name == given.field.name))
        .cloned()
        .collect();
    let mut claims = judge::file(&subject, &of_any_file, file.as_ref());
    let digest = file.as_ref().map(file_digest);
    if let Some(Arg::Match(Matcher::Bool(wanted))) = check.arg("unchanged") {
        let same = world.setup().files.get(path) == digest.as_ref();
        let words = |same| {
            if same {
                "as it was at the start"
            } else {
                "changed since the start"
            }
        };
        claims.push(Claim::new(
            Truth::of(same == *wanted),
            format!("{subject}: {}", words(*wanted)),
            format!("{subject}: {}", words(same)),
        ));
    }
    if let (Some(container), Some(file)) = (check.name("changed_since"), &file) {
        claims.push(changed_since(&subject, file, container, world));
    }
    if let Some(other) = check.name("same_as") {
        let expected = format!("{subject}: the same contents as {}", quote(other));
        claims.push(match world.file(other) {
            Err(blind) => Claim::blind(expected, blind),
            Ok(None) => Claim::new(Truth::No, expected, format!("no file {}", quote(other))),
            Ok(Some(other_file)) => {
                let same = digest == Some(file_digest(&other_file));
                let found = if same { "the same" } else { "other" };
                let found = format!("{subject}: {found} contents than {}", quote(other));
                Claim::new(Truth::of(same), expected, found)
            }
        });
    }
    Outcome::all(claims, judge::file_facts(file.as_ref()))
}

/// The claim that the file was changed after the container `name` was made.
fn changed_since(subject: &str, file: &FileFacts, name: &str, world: &dyn World) -> Claim {
    let after = format!("changed after container {} was made", quote(name));
    let expected = format!("{subject}: {after}");
    let containers = match world.containers() {
        Ok(containers) => containers,
        Err(blind) => return Claim::blind(expected, blind),
    };
    let Some(container) = containers.iter().find(|one| one.name == name) else {
        let found = format!("no container {}", quote(name));
        return Claim::new(Truth::No, expected, found);
    };
    match (file.modified, container.created) {
        (Some(modified), Some(created)) => {
            let holds = modified > created;
            let found = if holds {
                expected.clone()
            } else {
                format!(
                    "{subject}: last changed before container {} was made",
                    quote(name)
                )
            };
            Claim::new(Truth::of(holds), expected, found)
        }
        _ => Claim::blind(expected, Blind::new("the time of the change is not known")),
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::{blind, fails, holds};
    use crate::world::fake::Fake;

    #[test]
    fn its_text_is_compared() {
        let world = Fake::default().file("note.txt", "amber-otter\n");
        holds(
            "file: { path: note.txt, text: amber-otter, lines: 1, mode: '644' }",
            &world,
        );
        fails(
            "file: { path: note.txt, contains: fox }",
            &world,
            "file `note.txt`: text containing `fox`",
            "file `note.txt`: text `amber-otter`",
        );
    }

    #[test]
    fn a_missing_file_is_told() {
        let world = Fake::default().file("note.txt", "");
        holds("file: { path: note, exists: false }", &world);
        fails(
            "file: { path: note }",
            &world,
            "file `note` exists",
            "file `note` does not exist",
        );
        fails(
            "file: { path: note.txt, exists: false }",
            &world,
            "file `note.txt` does not exist",
            "file `note.txt` exists, a file of 0 bytes",
        );
    }

    #[test]
    fn unchanged_compares_with_the_start() {
        let world = Fake::default().file("a", "1").file("b", "1").set_up();
        holds("file: { path: a, unchanged: true, same_as: b }", &world);
        let world = world.file("a", "2");
        holds("file: { path: a, unchanged: false }", &world);
        fails(
            "file: { path: a, unchanged: true }",
            &world,
            "file `a`: as it was at the start",
            "file `a`: changed since the start",
        );
        fails(
            "file: { path: a, same_as: b }",
            &world,
            "file `a`: the same contents as `b`",
            "file `a`: other contents than `b`",
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_wrong() {
        blind("file: { path: a, exists: false }");
    }
}
