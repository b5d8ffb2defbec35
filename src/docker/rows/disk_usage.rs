//! `docker system df`.

use super::{cache, container, image, volume};
use crate::docker::listing::{BadFormat, Columns, render};
use crate::docker::value::{Struct, Value};
use crate::term::human::size4;

/// The columns of `docker system df`.
pub(crate) const COLUMNS: Columns = Columns {
    headers: &[
        ("Type", "TYPE"),
        ("TotalCount", "TOTAL"),
        ("Active", "ACTIVE"),
        ("Size", "SIZE"),
        ("Reclaimable", "RECLAIMABLE"),
    ],
    table: "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
    quiet: "{{.Type}}",
    raw: Some(
        "type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\nreclaimable: {{.Reclaimable}}\n",
    ),
};

/// The usage of one kind of thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Total {
    /// Their number.
    pub(crate) count: usize,
    /// The number in use.
    pub(crate) active: usize,
    /// Their total bytes.
    pub(crate) bytes: u64,
    /// Bytes that `prune` would free.
    pub(crate) reclaimable: u64,
}

/// The four rows: images, containers, volumes and the build cache.
pub(crate) fn rows(images: Total, containers: Total, volumes: Total, cache: Total) -> Vec<Value> {
    vec![
        row("Images", images, true),
        row("Containers", containers, true),
        row("Local Volumes", volumes, true),
        row("Build Cache", cache, false),
    ]
}

fn row(kind: &str, total: Total, with_share: bool) -> Value {
    let freed = size4(total.reclaimable);
    let reclaimable = match with_share && total.bytes > 0 {
        true => format!(
            "{freed} ({}%)",
            total.reclaimable.saturating_mul(100) / total.bytes
        ),
        false => freed,
    };
    Struct::row("*formatter.diskUsageImagesContext")
        .with("Active", total.active.to_string())
        .with("Reclaimable", reclaimable)
        .with("Size", size4(total.bytes))
        .with("TotalCount", total.count.to_string())
        .with("Type", kind)
        .into()
}

/// `docker system df -v`: every thing, with the rows of the other lists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    /// Images.
    pub(crate) images: Vec<Value>,
    /// Containers.
    pub(crate) containers: Vec<Value>,
    /// Volumes.
    pub(crate) volumes: Vec<Value>,
    /// Steps of the build cache.
    pub(crate) cache: Vec<Value>,
}

impl Details {
    /// A table for each kind; the build cache has a separate total, `bytes`.
    ///
    /// # Errors
    /// None that a user could cause; the templates are ours.
    pub(crate) fn tables(&self, bytes: u64) -> Result<String, BadFormat> {
        let images = render(
            "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}",
            image::HEADERS,
            &self.images,
        )?;
        let containers = render(
            "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}",
            container::HEADERS,
            &self.containers,
        )?;
        let volumes = render(
            "table {{.Name}}\t{{.Links}}\t{{.Size}}",
            volume::HEADERS,
            &self.volumes,
        )?;
        let cache = render(cache::DISK_USAGE, cache::HEADERS, &self.cache)?;
        let bytes = size4(bytes);
        Ok(format!(
            "Images space usage:\n\n{images}\nContainers space usage:\n\n{containers}\nLocal Volumes space usage:\n\n{volumes}\nBuild cache usage: {bytes}\n\n{cache}"
        ))
    }

    /// `--format`: one value with a list of each kind.
    ///
    /// # Errors
    /// As [`Columns::render`].
    pub(crate) fn render(self, format: &str) -> Result<String, BadFormat> {
        let list = |rows| Value::List(Some(rows));
        let all = Struct::row("*formatter.diskUsageContext")
            .with("BuildCache", list(self.cache))
            .with("Containers", list(self.containers))
            .with("Images", list(self.images))
            .with("Volumes", list(self.volumes));
        render(format, &[], &[all.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_tell_what_can_be_freed() {
        let images = Total {
            count: 2,
            active: 1,
            bytes: 5_000_000,
            reclaimable: 1_000_000,
        };
        let rows = rows(images, Total::default(), Total::default(), Total::default());
        assert_eq!(
            COLUMNS.render(None, false, &rows).unwrap(),
            concat!(
                "TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE\n",
                "Images          2         1         5MB       1MB (20%)\n",
                "Containers      0         0         0B        0B\n",
                "Local Volumes   0         0         0B        0B\n",
                "Build Cache     0         0         0B        0B\n",
            )
        );
    }

    #[test]
    fn the_long_form_has_a_table_for_each_kind() {
        let text = Details::default().tables(0).unwrap();
        let headings: Vec<_> = text
            .lines()
            .filter(|line| line.contains("usage:"))
            .collect();
        assert_eq!(
            headings,
            [
                "Images space usage:",
                "Containers space usage:",
                "Local Volumes space usage:",
                "Build cache usage: 0B"
            ]
        );
    }

    #[test]
    fn a_template_sees_a_list_of_each_kind() {
        let image = Struct::row("*formatter.imageContext").with("ID", "abc");
        let details = Details {
            images: vec![image.into()],
            ..Details::default()
        };
        assert_eq!(
            details.clone().render("json").unwrap(),
            "{\"BuildCache\":[],\"Containers\":[],\"Images\":[{\"ID\":\"abc\"}],\"Volumes\":[]}\n"
        );
        let ids = details.render("{{range .Images}}{{.ID}}{{end}}");
        assert_eq!(ids.unwrap(), "abc\n");
    }
}
