//! `docker history`.

use super::View;
use crate::docker::listing::Columns;
use crate::docker::timestamps::rfc3339_in;
use crate::docker::value::{Struct, Value};
use crate::term::human;
use crate::term::human::ellipsis;
use engine::image::Image;
use engine::oci::config::History;
use engine::oci::digest::ImageId;
use jiff::Timestamp;

/// The width to which Docker cuts an instruction.
const INSTRUCTION_WIDTH: usize = 45;

/// The columns of `docker history`.
pub(crate) const COLUMNS: Columns = Columns {
    headers: HEADERS,
    table: "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
    quiet: "{{.ID}}",
    raw: None,
};

/// The columns of `docker history --human=false`.
pub(crate) const COLUMNS_EXACT: Columns = Columns {
    table: "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
    ..COLUMNS
};

const HEADERS: &[(&str, &str)] = &[
    ("ID", "IMAGE"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedBy", "CREATED BY"),
    ("Size", "SIZE"),
    ("Comment", "COMMENT"),
];

/// The rows of `image`, newest first. `sizes` are the bytes of its layers, lowest first; `ids` are the ids of the image
/// and of its ancestors, one instruction apart; `human` is false with `--human=false`.
pub(crate) fn rows(
    image: &Image,
    ids: &[ImageId],
    sizes: &[u64],
    view: &View,
    human: bool,
) -> Vec<Value> {
    let mut sizes = sizes.iter().copied();
    let mut rows: Vec<Value> = image
        .config
        .history
        .iter()
        .map(|entry| {
            let size = match entry.empty_layer {
                true => 0,
                false => sizes.next().unwrap_or(0),
            };
            (entry, size)
        })
        .enumerate()
        .map(|(index, (entry, size))| {
            let id = ids.get(image.config.history.len() - 1 - index);
            let id = id.map_or("<missing>", |id| view.id(id.as_str()));
            row(id, entry, size, view, human)
        })
        .collect();
    rows.reverse();
    rows
}

fn row(id: &str, entry: &History, size: u64, view: &View, human: bool) -> Value {
    let created: Option<Timestamp> = entry.created.as_deref().and_then(|text| text.parse().ok());
    let instruction = entry.created_by.replace('\t', " ");
    let instruction = match view.truncate {
        true => ellipsis(&instruction, INSTRUCTION_WIDTH),
        false => instruction,
    };
    let at = created.map(|moment| rfc3339_in(moment, &view.zone));
    let since = created.map(|moment| format!("{} ago", view.since(moment)));
    Struct::row("*image.historyContext")
        .with("Comment", &entry.comment)
        .with("CreatedAt", at.unwrap_or_default())
        .with("CreatedBy", instruction)
        .with("CreatedSince", since.unwrap_or_else(|| "N/A".to_owned()))
        .with("ID", id)
        .with(
            "Size",
            if human {
                human::size(size)
            } else {
                size.to_string()
            },
        )
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples;

    fn image() -> Image {
        let mut image = samples::image();
        let entry = |text: &str, empty_layer| History {
            created: Some("2026-11-21T09:00:00Z".to_owned()),
            created_by: text.to_owned(),
            empty_layer,
            ..History::default()
        };
        image.config.history = vec![
            entry("ADD\tfile:0123 in / ", false),
            entry(
                "RUN a rather long instruction which is cut somewhere here",
                false,
            ),
            entry("CMD [\"sh\"]", true),
        ];
        image
    }

    #[test]
    fn instructions_are_listed_newest_first_with_the_size_of_their_layer() {
        let rows = rows(
            &image(),
            &[image().listed.id],
            &[4_261_550, 1_000],
            &View::sample(),
            true,
        );
        let format = Some("{{.Size}} {{.CreatedSince}} {{.CreatedBy}}");
        assert_eq!(
            COLUMNS.render(format, false, &rows).unwrap(),
            "0B 3 hours ago CMD [\"sh\"]\n\
             1kB 3 hours ago RUN a rather long instruction which is cut s…\n\
             4.26MB 3 hours ago ADD file:0123 in / \n"
        );
        let ids = COLUMNS.render(None, true, &rows).unwrap();
        assert_eq!(
            ids,
            format!("{}\n<missing>\n<missing>\n", image().listed.id.short())
        );
    }

    #[test]
    fn exact_figures_on_request() {
        let rows = rows(
            &image(),
            &[image().listed.id],
            &[4_261_550, 1_000],
            &View::sample(),
            false,
        );
        let table = COLUMNS_EXACT.render(None, false, &rows).unwrap();
        let last = table.lines().last().unwrap();
        assert_eq!(
            last,
            "<missing>      2026-11-21T09:00:00Z   ADD file:0123 in /                              4261550   "
        );
    }
}
