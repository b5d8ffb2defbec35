//! `docker volume ls`.

use crate::docker::listing::Columns;
use crate::docker::value::{Struct, Value};
use crate::term::human;
use engine::runtime::spec::Volume;

/// The columns of `docker volume ls`.
pub(crate) const COLUMNS: Columns = Columns {
    headers: HEADERS,
    table: "{{.Driver}}\t{{.Name}}",
    quiet: "{{.Name}}",
    raw: Some("name: {{.Name}}\ndriver: {{.Driver}}\n"),
};

pub(super) const HEADERS: &[(&str, &str)] = &[
    ("ID", "ID"),
    ("Name", "VOLUME NAME"),
    ("Group", "GROUP"),
    ("Driver", "DRIVER"),
    ("Scope", "SCOPE"),
    ("Availability", "AVAILABILITY"),
    ("Mountpoint", "MOUNTPOINT"),
    ("Labels", "LABELS"),
    ("Links", "LINKS"),
    ("Size", "SIZE"),
    ("Status", "STATUS"),
];

/// One row. `usage` is the number of containers that use it, and its bytes; only `docker system df -v` shows them.
pub(crate) fn row(volume: &Volume, usage: Option<(usize, u64)>) -> Value {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "N/A".to_owned());
    Struct::row("*formatter.volumeContext")
        .with("Availability", "N/A")
        .with("Driver", "local")
        .with("Group", "N/A")
        .with("Label", Value::Lookup(volume.labels.clone()))
        .with("Labels", super::labels(&volume.labels))
        .with(
            "Links",
            or_unknown(usage.map(|(links, _)| links.to_string())),
        )
        .with("Mountpoint", volume.mountpoint.display().to_string())
        .with("Name", volume.name.as_str())
        .with("Scope", "local")
        .with(
            "Size",
            or_unknown(usage.map(|(_, bytes)| human::size4(bytes))),
        )
        .with("Status", "N/A")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples;

    #[test]
    fn volumes_are_listed_by_driver_and_name() {
        let rows = [row(&samples::volume(), None)];
        assert_eq!(
            COLUMNS.render(None, false, &rows).unwrap(),
            "DRIVER    VOLUME NAME\nlocal     vol1\n"
        );
        assert_eq!(COLUMNS.render(None, true, &rows).unwrap(), "vol1\n");
        let format = Some("{{.Links}} {{.Size}} {{.Scope}}");
        assert_eq!(
            COLUMNS.render(format, false, &rows).unwrap(),
            "N/A N/A local\n"
        );
        let rows = [row(&samples::volume(), Some((2, 1_084)))];
        assert_eq!(
            COLUMNS.render(format, false, &rows).unwrap(),
            "2 1.084kB local\n"
        );
    }
}
