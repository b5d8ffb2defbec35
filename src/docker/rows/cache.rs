//! The build cache in `docker system df -v`.

use super::View;
use crate::docker::timestamps::created_at;
use crate::docker::value::{Struct, Value};
use crate::term::human;
use crate::term::human::ellipsis;
use engine::build::cache::inventory::CacheEntry;

/// The width of an instruction.
const TEXT_WIDTH: usize = 45;

/// The columns of the build cache in `docker system df -v`.
pub(super) const DISK_USAGE: &str = "table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.Shared}}\t{{.Description}}";

pub(super) const HEADERS: &[(&str, &str)] = &[
    ("ID", "CACHE ID"),
    ("Parent", "PARENT"),
    ("CacheType", "CACHE TYPE"),
    ("Size", "SIZE"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("LastUsedSince", "LAST USED"),
    ("LastUsedAt", "LAST USED AT"),
    ("InUse", "IN USE"),
    ("Shared", "SHARED"),
    ("Description", "DESCRIPTION"),
];

/// One entry in `docker system df -v`.
pub(crate) fn entry(entry: &CacheEntry, view: &View) -> Value {
    let description = match view.truncate {
        true => ellipsis(&entry.description, TEXT_WIDTH),
        false => entry.description.clone(),
    };
    let kind = match entry.is_mount {
        true => "exec.cachemount",
        false => "regular",
    };
    let since = |moment| format!("{} ago", view.since(moment));
    Struct::row("*formatter.buildCacheContext")
        .with("CacheType", kind)
        .with("CreatedAt", created_at(entry.created, &view.zone))
        .with("CreatedSince", since(entry.created))
        .with("Description", description)
        .with("ID", view.id(&entry.key))
        .with("InUse", entry.shared.to_string())
        .with("LastUsedAt", created_at(entry.last_used, &view.zone))
        .with("LastUsedSince", since(entry.last_used))
        .with("Parent", view.id(&entry.parent))
        .with("Shared", entry.shared.to_string())
        .with("Size", human::size(entry.size))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples::moment;
    use crate::docker::listing::render;

    #[test]
    fn an_entry_says_what_it_takes_and_whether_an_image_has_it() {
        let one = CacheEntry {
            key: "3f2a9c51b2d4".repeat(5),
            parent: String::new(),
            description: "COPY app.py /app.py".to_owned(),
            is_mount: false,
            created: moment("2026-11-21T11:00:00Z"),
            size: 12,
            shared: true,
            last_used: moment("2026-11-21T11:59:00Z"),
        };
        let text = render(DISK_USAGE, HEADERS, &[entry(&one, &View::sample())]).unwrap();
        assert_eq!(
            text,
            concat!(
                "CACHE ID       CACHE TYPE   SIZE      CREATED             LAST USED            SHARED    DESCRIPTION\n",
                "3f2a9c51b2d4   regular      12B       About an hour ago   About a minute ago   true      COPY app.py /app.py\n",
            )
        );
    }
}
