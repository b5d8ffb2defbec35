//! A file of the workspace.
//!
//! ## Passes when
//! the file exists (or does not, with `exists: false`) and every given field matches.
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

use super::judge;
use super::outcome::{Claim, Outcome, Truth};
use super::{Arg, Check, Given};
use crate::checks::field::{Asked, Field, Kind, Noun, Shape, aside, both, claims, shapes, value};
use crate::matcher::{Matcher, quote};
use crate::world::{Blind, FileFacts, Observed, World, file_digest};
use serde_json::json;

/// The noun.
pub static NOUN: Noun = Noun {
    name: "file",
    doc: "A file of the workspace.",
    fields: &both::<_, _, { OWN.len() + FILE.len() }>(OWN, FILE),
    needs: &["path"],
    shows: &["exists"],
};

/// The fields of a file in a container, an image, a volume or the workspace.
const FILE: &[Field<FileFacts>] = &[
    aside("exists", Kind::Bool).doc("Whether it exists."),
    value(
        "type",
        Kind::OneOf(&["file", "folder", "link"]),
        |file: &FileFacts| json!(file.kind),
    )
    .doc("`file`, `folder` or `link`."),
    value("text", Kind::Text, |file: &FileFacts| json!(file.text))
        .doc("Its whole text; one newline at the end and line ends of Windows do not count."),
    value("contains", Kind::Contains, |file: &FileFacts| {
        json!(file.text)
    })
    .called("text")
    .doc("Text that must occur in it."),
    value("matches", Kind::Matches, |file: &FileFacts| {
        json!(file.text)
    })
    .called("text")
    .doc("A regular expression that must match somewhere in it."),
    value("lines", Kind::Number, |file: &FileFacts| {
        json!(file.text.as_ref().map(|text| text.lines().count()))
    })
    .doc("How many lines it has."),
    value("size", Kind::Size, |file: &FileFacts| json!(file.size)).doc("Its bytes."),
    value("mode", Kind::Text, |file: &FileFacts| json!(file.mode))
        .doc("Its permissions in octal, such as `755`."),
    value("owner", Kind::Text, |file: &FileFacts| json!(file.owner)).doc("Its owner as `uid:gid`."),
];

/// Their shapes in exercises.
pub(super) const FILE_SHAPES: &[Shape] = &shapes::<_, { FILE.len() }>(FILE);

/// A path of the workspace, and the file at it.
struct Place {
    path: String,
    file: Option<FileFacts>,
}

/// The fields that only a file of the workspace has.
const OWN: &[Field<Place>] = &[
    aside("path", Kind::Name).doc("Relative to the workspace."),
    claims("unchanged", Kind::Bool, unchanged).doc("The same contents as after the setup."),
    claims("same_as", Kind::Name, same_contents)
        .called("contents")
        .doc("Another file of the workspace with the same contents."),
    claims("changed_since", Kind::Name, changed_since)
        .called("last change")
        .doc("A container: the file was last changed after that container was made."),
];

/// Judges the check.
pub(crate) fn evaluate(check: &Check, world: &dyn World) -> Outcome {
    let path = check.name("path").unwrap_or_default();
    let subject = format!("file {}", quote(path));
    let file = match world.file(path) {
        Ok(file) => file,
        Err(blind) => return Outcome::blind(subject, blind),
    };
    let mut claims = judge(&subject, &check.given, file.as_ref(), world);
    let mut facts = file
        .as_ref()
        .map(|file| judge::facts(FILE, file))
        .unwrap_or_default();
    facts.insert("exists".to_owned(), json!(file.is_some()));
    let place = Place {
        path: path.to_owned(),
        file,
    };
    claims.extend(judge::fields(&subject, OWN, &check.given, &place, world));
    Outcome::all(claims, facts)
}

/// Claims about one file: whether it exists, and if so, every field of `given` that any file has.
pub(super) fn judge(
    subject: &str,
    given: &[Given],
    file: Option<&FileFacts>,
    world: &dyn World,
) -> Vec<Claim> {
    let wanted = super::wants(given, "exists");
    let expected = if wanted { "exists" } else { "does not exist" };
    let found = match file {
        Some(file) => format!("{subject} exists, a {} of {} bytes", file.kind, file.size),
        None => format!("{subject} does not exist"),
    };
    let truth = Truth::of(file.is_some() == wanted);
    let mut claims = vec![Claim::new(truth, format!("{subject} {expected}"), found)];
    if let Some(file) = file {
        claims.extend(judge::fields(subject, FILE, given, file, world));
    }
    claims
}

/// Claims about the files at the paths of a field; `read` finds a file.
pub(crate) fn files<T>(
    asked: &Asked<'_, T>,
    read: impl Fn(&str) -> Observed<Option<FileFacts>>,
) -> Vec<Claim> {
    let Arg::Paths(wanted) = asked.arg else {
        return Vec::new();
    };
    let at_path = |(path, given): &(String, Vec<Given>)| {
        let subject = format!("{}: {}", asked.subject, quote(path));
        match read(path) {
            Ok(file) => judge(&subject, given, file.as_ref(), asked.world),
            Err(blind) => vec![Claim::blind(format!("{subject}: exists"), blind)],
        }
    };
    wanted.iter().flat_map(at_path).collect()
}

/// The claim that its contents are the same as after the setup.
fn unchanged(asked: &Asked<'_, Place>) -> Vec<Claim> {
    let (subject, wanted) = (asked.subject, *asked.arg == Arg::Match(Matcher::Bool(true)));
    let before = asked.world.setup().files.get(&asked.it.path);
    let same = before == asked.it.file.as_ref().map(file_digest).as_ref();
    let words = |same| match same {
        true => "as it was at the start",
        false => "changed since the start",
    };
    vec![Claim::new(
        Truth::of(same == wanted),
        format!("{subject}: {}", words(wanted)),
        format!("{subject}: {}", words(same)),
    )]
}

/// The claim that another file has the same contents.
fn same_contents(asked: &Asked<'_, Place>) -> Vec<Claim> {
    let (subject, other) = (asked.subject, quote(asked.word()));
    let expected = format!("{subject}: the same contents as {other}");
    vec![match asked.world.file(asked.word()) {
        Err(blind) => Claim::blind(expected, blind),
        Ok(None) => Claim::new(Truth::No, expected, format!("no file {other}")),
        Ok(Some(file)) => {
            let own = asked.it.file.as_ref().map(file_digest);
            match own == Some(file_digest(&file)) {
                true => Claim::new(Truth::Yes, expected.clone(), expected),
                false => {
                    let found = format!("{subject}: other contents than {other}");
                    Claim::new(Truth::No, expected, found)
                }
            }
        }
    }]
}

/// The claim that the file was changed after a container was created.
fn changed_since(asked: &Asked<'_, Place>) -> Vec<Claim> {
    let file = asked.it.file.as_ref();
    file.map(|file| changed_after(asked, file))
        .into_iter()
        .collect()
}

fn changed_after(asked: &Asked<'_, Place>, file: &FileFacts) -> Claim {
    let (subject, name, world) = (asked.subject, asked.word(), asked.world);
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
