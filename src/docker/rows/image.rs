//! `docker images`.

use super::View;
use crate::docker::listing::Columns;
use crate::docker::timestamps::created_at;
use crate::docker::value::{Struct, Value};
use crate::term::human;
use engine::image::Listed;
use engine::oci::reference::Reference;

/// The text for a missing repository, tag or digest.
const NONE: &str = "<none>";

/// The columns of `docker images`.
pub(crate) const COLUMNS: Columns = Columns {
    headers: HEADERS,
    table: "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}",
    quiet: "{{.ID}}",
    raw: Some(RAW),
};

/// The columns of `docker images --digests`.
pub(crate) const COLUMNS_WITH_DIGEST: Columns = Columns {
    table: "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}",
    ..COLUMNS
};

pub(super) const HEADERS: &[(&str, &str)] = &[
    ("ID", "IMAGE ID"),
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Size", "SIZE"),
    ("Containers", "CONTAINERS"),
    ("VirtualSize", "SIZE"),
    ("SharedSize", "SHARED SIZE"),
    ("UniqueSize", "UNIQUE SIZE"),
];

const RAW: &str = "repository: {{ .Repository }}
tag: {{.Tag}}
image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
";

/// The facts about an image that only `docker system df -v` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes of layers that other images also have.
    pub(crate) shared: u64,
    /// How many containers were made from it.
    pub(crate) containers: usize,
}

/// The rows of `image`: one for each name, or one without a name; with `digests`, one for each digest of each name.
pub(crate) fn rows(image: &Listed, view: &View, usage: Option<Usage>, digests: bool) -> Vec<Value> {
    names(&image.references, digests)
        .into_iter()
        .map(|name| row(image, view, usage, name))
        .collect()
}

/// A name as shown in its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Name<'a> {
    repository: Option<&'a Reference>,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

/// A row for each tag; with `digests`, for each tag and each digest of its repository. A repository without a local tag
/// has a row for each digest, or else one. An image without a name also has a row.
fn names(references: &[Reference], digests: bool) -> Vec<Name<'_>> {
    let digests_of = |name: &Reference| {
        let (wanted, all) = (name.name(), references.iter());
        all.filter(move |other| other.name() == wanted)
            .filter_map(|other| Some(other.digest()?.as_str()))
            .collect::<Vec<_>>()
    };
    let is_tagged = |name: &Reference| {
        let mut all = references.iter();
        all.any(|other| other.tag().is_some() && other.name() == name.name())
    };
    let mut names: Vec<Name<'_>> = Vec::new();
    for reference in references {
        let (repository, tag) = (Some(reference), reference.tag());
        let row = |digest| Name {
            repository,
            tag,
            digest,
        };
        match reference.digest() {
            None => match &digests_of(reference)[..] {
                found if found.is_empty() || !digests => names.push(row(None)),
                found => names.extend(found.iter().map(|digest| row(Some(digest)))),
            },
            Some(_) if is_tagged(reference) => {}
            Some(digest) if digests => names.push(row(Some(digest.as_str()))),
            Some(_) => {
                let is_shown = |one: &Name<'_>| {
                    one.repository
                        .is_some_and(|shown| shown.name() == reference.name())
                };
                if !names.iter().any(is_shown) {
                    names.push(row(None));
                }
            }
        }
    }
    if names.is_empty() {
        names.push(Name::default());
    }
    names
}

fn row(image: &Listed, view: &View, usage: Option<Usage>, name: Name<'_>) -> Value {
    let since = image
        .created
        .map(|created| format!("{} ago", view.since(created)));
    let at = image.created.map(|created| created_at(created, &view.zone));
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "N/A".to_owned());
    let shared = usage.map(|usage| human::size4(usage.shared));
    let unique = usage.map(|usage| human::size4(image.size.saturating_sub(usage.shared)));
    Struct::row("*formatter.imageContext")
        .with(
            "Containers",
            or_unknown(usage.map(|usage| usage.containers.to_string())),
        )
        // Go's zero time.
        .with(
            "CreatedAt",
            at.unwrap_or_else(|| "0001-01-01 00:00:00 +0000 UTC".to_owned()),
        )
        .with("CreatedSince", since.unwrap_or_default())
        .with("Digest", name.digest.unwrap_or(NONE))
        .with("ID", view.id(image.id.as_str()))
        .with(
            "Repository",
            name.repository
                .map_or(NONE.to_owned(), Reference::familiar_name),
        )
        .with("SharedSize", or_unknown(shared))
        .with("Size", human::size(image.size))
        .with("Tag", name.tag.unwrap_or(NONE))
        .with("UniqueSize", or_unknown(unique))
        .with("VirtualSize", human::size4(image.size))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples;

    #[track_caller]
    fn check(image: &Listed, format: Option<&str>, expected: &str) {
        let rows = rows(image, &View::sample(), None, false);
        assert_eq!(COLUMNS.render(format, false, &rows).unwrap(), expected);
    }

    #[test]
    fn each_name_has_a_row() {
        let mut image = samples::image().listed;
        image
            .references
            .push(Reference::parse("localhost:5999/team/app:2").unwrap());
        let id = image.id.short();
        check(
            &image,
            None,
            &format!(
                "REPOSITORY                TAG       IMAGE ID       CREATED       SIZE\n\
                 busybox                   latest    {id}   3 hours ago   4.26MB\n\
                 localhost:5999/team/app   2         {id}   3 hours ago   4.26MB\n"
            ),
        );
        check(
            &image,
            Some("{{.VirtualSize}} {{.SharedSize}} {{.UniqueSize}} {{.Containers}} {{.Digest}}"),
            &"4.262MB N/A N/A N/A <none>\n".repeat(2),
        );
    }

    #[test]
    fn a_dangling_image_has_no_name() {
        let image = Listed {
            references: Vec::new(),
            created: None,
            ..samples::image().listed
        };
        check(
            &image,
            Some("{{.Repository}} {{.Tag}} [{{.CreatedSince}}]"),
            "<none> <none> []\n",
        );
    }

    #[test]
    fn sizes_are_split_when_they_are_known() {
        let usage = Usage {
            shared: 4_000_000,
            containers: 2,
        };
        let rows = rows(&samples::image(), &View::sample(), Some(usage), false);
        let format = Some("{{.SharedSize}} {{.UniqueSize}} {{.Containers}}");
        assert_eq!(
            COLUMNS.render(format, false, &rows).unwrap(),
            "4MB 261.6kB 2\n"
        );
    }

    #[test]
    fn digests_have_rows_of_their_own_only_without_a_tag() {
        let digest = |text: &str| format!("sha256:{}", text.repeat(64));
        let (a, b) = (digest("a"), digest("b"));
        let check = |names: &[String], digests: bool, expected: &[[&str; 3]]| {
            let image = Listed {
                references: names
                    .iter()
                    .map(|name| Reference::parse(name).unwrap())
                    .collect(),
                ..samples::image().listed
            };
            let format = Some("{{.Repository}} {{.Tag}} {{.Digest}}");
            let rows = rows(&image, &View::sample(), None, digests);
            let lines: String = expected.iter().map(|row| row.join(" ") + "\n").collect();
            assert_eq!(
                COLUMNS.render(format, false, &rows).unwrap(),
                lines,
                "{names:?}"
            );
        };
        let of = |digest: &str| format!("reg:5000/app@{digest}");
        let tagged = ["reg:5000/app:1".to_owned(), "other:1".to_owned(), of(&a)];
        let (app, none) = ("reg:5000/app", "<none>");
        check(&tagged, false, &[[app, "1", none], ["other", "1", none]]);
        check(&tagged, true, &[[app, "1", &a], ["other", "1", none]]);
        let two = ["reg:5000/app:1".to_owned(), of(&a), of(&b)];
        check(&two, false, &[[app, "1", none]]);
        check(&two, true, &[[app, "1", &a], [app, "1", &b]]);
        let untagged = [of(&a), of(&b)];
        check(&untagged, false, &[[app, none, none]]);
        check(&untagged, true, &[[app, none, &a], [app, none, &b]]);
        check(&[], true, &[[none, none, none]]);
    }
}
