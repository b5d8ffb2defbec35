//! `docker images`.

use super::View;
use crate::render::human;
use crate::render::listing::Columns;
use crate::render::timestamps::created_at;
use crate::render::value::{Struct, Value};
use engine::image::Image;
use engine::oci::reference::Reference;

/// What stands for a repository, tag or digest that is not there.
const NONE: &str = "<none>";

/// The columns of `docker images`.
pub const COLUMNS: Columns = Columns {
    headers: HEADERS,
    table: "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}",
    quiet: "{{.ID}}",
    raw: Some(RAW),
};

/// The columns of `docker images --digests`.
pub const COLUMNS_WITH_DIGEST: Columns = Columns {
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

/// What only `docker system df -v` tells of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of layers that other images have too.
    pub shared: u64,
    /// How many containers were made from it.
    pub containers: usize,
}

/// The rows of `image`: one for each name, or one without a name.
pub fn rows(image: &Image, view: &View, usage: Option<Usage>) -> Vec<Value> {
    if image.references.is_empty() {
        return vec![row(image, view, usage, None)];
    }
    let references = image.references.iter();
    references
        .map(|reference| row(image, view, usage, Some(reference)))
        .collect()
}

fn row(image: &Image, view: &View, usage: Option<Usage>, name: Option<&Reference>) -> Value {
    let since = image
        .created
        .map(|created| format!("{} ago", view.since(created)));
    let at = image.created.map(|created| created_at(created, &view.zone));
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "N/A".to_owned());
    let shared = usage.map(|usage| human::size4(usage.shared));
    let unique = usage.map(|usage| human::size4(image.size.saturating_sub(usage.shared)));
    let digest = name.and_then(Reference::digest);
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
        .with("Digest", digest.map_or(NONE, |digest| digest.as_str()))
        .with("ID", view.id(image.id.as_str()))
        .with(
            "Repository",
            name.map_or(NONE.to_owned(), Reference::familiar_name),
        )
        .with("SharedSize", or_unknown(shared))
        .with("Size", human::size(image.size))
        .with("Tag", name.and_then(Reference::tag).unwrap_or(NONE))
        .with("UniqueSize", or_unknown(unique))
        .with("VirtualSize", human::size4(image.size))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::samples;

    #[track_caller]
    fn check(image: &Image, format: Option<&str>, expected: &str) {
        let rows = rows(image, &View::sample(), None);
        assert_eq!(COLUMNS.render(format, false, &rows).unwrap(), expected);
    }

    #[test]
    fn each_name_has_a_row() {
        let mut image = samples::image();
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
        let image = Image {
            references: Vec::new(),
            created: None,
            ..samples::image()
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
        let rows = rows(&samples::image(), &View::sample(), Some(usage));
        let format = Some("{{.SharedSize}} {{.UniqueSize}} {{.Containers}}");
        assert_eq!(
            COLUMNS.render(format, false, &rows).unwrap(),
            "4MB 261.6kB 2\n"
        );
    }
}
