//! The build cache: `docker history --cache`, and its part of `docker system df -v`.

use super::View;
use crate::docker::listing::Columns;
use crate::docker::timestamps::created_at;
use crate::docker::value::{Map, Struct, Value};
use crate::term::human;
use crate::term::text::ellipsis;
use engine::build::cache::inventory::CacheEntry;
use engine::store::build_cache::{Inputs, StepRecord};

/// The width of an instruction, and of a reason.
const TEXT_WIDTH: usize = 45;

/// The columns of `docker history --cache`.
pub const HISTORY: Columns = Columns {
    headers: &[
        ("Key", "CACHE KEY"),
        ("CreatedSince", "RAN"),
        ("CreatedAt", "RAN AT"),
        ("Reason", "BECAUSE"),
        ("Step", "STEP"),
        ("Inputs", "INPUTS"),
    ],
    table: "{{.Step}}\t{{.CreatedSince}}\t{{.Reason}}\t{{.Key}}",
    quiet: "{{.Key}}",
    raw: Some("{{.Step}}\n  ran {{.CreatedSince}}\n  {{.Reason}}"),
};

/// The rows of `docker history --cache`, oldest first: the steps of a build, of which some records may be gone. `steps`
/// are the instructions in the image's history.
pub fn history(records: &[Option<StepRecord>], steps: &[&str], view: &View) -> Vec<Value> {
    let rows = records.iter().zip(steps);
    rows.map(|(record, step)| history_row(record.as_ref(), step, view))
        .collect()
}

fn history_row(record: Option<&StepRecord>, step: &str, view: &View) -> Value {
    let cut = |text: &str| match view.truncate {
        true => ellipsis(text, TEXT_WIDTH),
        false => text.to_owned(),
    };
    let text = record.map_or(step, |record| record.written.as_str());
    let reason = match record {
        Some(record) => record.reason.as_deref().unwrap_or("unknown"),
        None => "its record was removed",
    };
    let key = record.map(|record| view.id(&record.key));
    let since = record.map(|record| format!("{} ago", view.since(record.created)));
    let at = record.map(|record| created_at(record.created, &view.zone));
    Struct::row("*formatter.cacheContext")
        .with("CreatedAt", at.unwrap_or_default())
        .with("CreatedSince", since.unwrap_or_else(|| "N/A".to_owned()))
        .with(
            "Inputs",
            record.map_or(Value::NoValue, |record| inputs(&record.inputs)),
        )
        .with("Key", key.unwrap_or("<missing>"))
        .with("Reason", cut(reason))
        .with("Step", cut(text))
        .into()
}

/// The inputs of the key, beside the previous step.
fn inputs(inputs: &Inputs) -> Value {
    let mut parts = vec![("text", inputs.text.clone())];
    parts.extend(inputs.base.clone().map(|base| ("base", base)));
    for (name, text) in [
        ("env", inputs.env.join(" ")),
        ("user", inputs.user.clone()),
        ("workdir", inputs.working_dir.clone()),
    ] {
        parts.extend((!text.is_empty()).then_some((name, text)));
    }
    if !inputs.args.is_empty() {
        let args = inputs.args.iter();
        let args: Vec<_> = args
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        parts.push(("args", args.join(" ")));
    }
    let content = inputs.content.as_ref();
    parts.extend(content.map(|content| ("content", content.to_string())));
    Value::Map(Map::of_texts(parts))
}

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
pub fn entry(entry: &CacheEntry, view: &View) -> Value {
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

    fn record() -> StepRecord {
        StepRecord {
            key: "3f2a9c51b2d4".repeat(5),
            parent: "0".repeat(64),
            written: "COPY app.py /app.py".to_owned(),
            inputs: Inputs {
                text: "COPY app.py /app.py".to_owned(),
                args: vec![("V".to_owned(), "1".to_owned())],
                ..Inputs::default()
            },
            created: moment("2026-11-21T11:00:00Z"),
            chain: Vec::new(),
            own_layer: true,
            reason: Some("app.py differs".to_owned()),
        }
    }

    #[test]
    fn each_step_of_an_image_says_why_it_ran() {
        let view = View::sample();
        let rows = history(&[None, Some(record())], &["RUN x", "COPY y"], &view);
        assert_eq!(
            HISTORY.render(None, false, &rows).unwrap(),
            concat!(
                "STEP                  RAN                 BECAUSE                  CACHE KEY\n",
                "RUN x                 N/A                 its record was removed   <missing>\n",
                "COPY app.py /app.py   About an hour ago   app.py differs           3f2a9c51b2d4\n",
            )
        );
        let inputs = HISTORY.render(Some("{{json .Inputs}}"), false, &rows[1..]);
        assert_eq!(
            inputs.unwrap(),
            "{\"args\":\"V=1\",\"text\":\"COPY app.py /app.py\"}\n"
        );
    }

    #[test]
    fn an_entry_says_what_it_takes_and_whether_an_image_has_it() {
        let one = CacheEntry {
            key: record().key,
            parent: String::new(),
            description: record().written,
            is_mount: false,
            created: record().created,
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
