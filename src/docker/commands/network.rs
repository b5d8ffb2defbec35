//! `docker network ls`. Docker's three networks exist, and no other can be created.

use crate::docker::commands::{Command, CommandResult, Ctx, FORMAT_HELP, Failure, Words};
use crate::docker::inspect::{NETWORKS, Network};
use crate::docker::listing::Columns;
use crate::docker::rows::View;
use crate::docker::select::Filters;
use crate::docker::value::{Struct, Value};
use crate::docker::values::pairs;
use engine::Result;
use std::collections::BTreeMap;

/// Arguments of `docker network ls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Ls {
    /// Provide filter values (e.g. "driver=bridge")
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    #[arg(long, value_name = "string", help = FORMAT_HELP)]
    format: Option<String>,
    /// Do not truncate the output
    #[arg(long)]
    no_trunc: bool,
    /// Only display network IDs
    #[arg(short, long)]
    quiet: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Ls {
    const ABOUT: &'static str = "List networks";
    const USAGE: &'static str = "[OPTIONS]";
    const WORDS: Words = Words::None;

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let format = self.format.as_deref().filter(|format| !format.is_empty());
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        let view = ctx.view(!self.no_trunc)?;
        let chosen = select(&filters)?;
        let rows: Vec<Value> = chosen.iter().map(|network| row(network, &view)).collect();
        let text = COLUMNS.render(format, self.quiet, &rows)?;
        Ok(write!(ctx.out, "{text}")?)
    }
}

/// The filters that `docker network ls` knows.
const KNOWN: [&str; 7] = ["dangling", "driver", "id", "label", "name", "scope", "type"];

/// The networks that match `filters`.
///
/// # Errors
/// In Docker's words: an unknown filter or value.
fn select(filters: &Filters) -> Result<Vec<&'static Network>> {
    filters.check(&KNOWN)?;
    // The three are never dangling: Docker counts only user-defined networks.
    let dangling = filters.boolean("dangling")?;
    let names = filters.patterns("name");
    let ids = filters.patterns("id");
    Ok(NETWORKS
        .iter()
        .filter(|network| {
            let id = network.id();
            (names.is_empty() || names.iter().any(|pattern| pattern.matches(network.name)))
                && (ids.is_empty() || ids.iter().any(|pattern| pattern.matches(&id)))
                && filters.is_one_of("driver", network.driver)
                && filters.is_one_of("scope", "local")
                && filters.is_one_of("type", "builtin")
                && filters.labels_match("label", &BTreeMap::new())
                && dangling != Some(true)
        })
        .collect())
}

/// The columns of `docker network ls`.
const COLUMNS: Columns = Columns {
    headers: &[
        ("ID", "NETWORK ID"),
        ("Name", "NAME"),
        ("Driver", "DRIVER"),
        ("Scope", "SCOPE"),
        ("IPv4", "IPV4"),
        ("IPv6", "IPV6"),
        ("Internal", "INTERNAL"),
        ("Labels", "LABELS"),
        ("CreatedAt", "CREATED AT"),
    ],
    table: "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
    quiet: "{{.ID}}",
    raw: Some("network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n"),
};

/// One row.
fn row(network: &Network, view: &View) -> Value {
    Struct::row("*formatter.networkContext")
        .with("CreatedAt", "0001-01-01 00:00:00 +0000 UTC")
        .with("Driver", network.driver)
        .with("ID", view.id(&network.id()))
        .with("IPv4", (network.name == "bridge").to_string())
        .with("IPv6", "false")
        .with("Internal", "false")
        .with("Label", Value::Lookup(BTreeMap::new()))
        .with("Labels", "")
        .with("Name", network.name)
        .with("Scope", "local")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::select::filters;

    #[test]
    fn networks_are_chosen_by_name_driver_and_kind() {
        for (words, count) in [
            (&[][..], 3),
            (&["name=o"], 2),
            (&["driver=null"], 1),
            (&["type=custom"], 0),
            (&["type=builtin", "scope=local"], 3),
            (&["dangling=true"], 0),
            (&["label=x"], 0),
        ] {
            assert_eq!(select(&filters(words)).unwrap().len(), count, "{words:?}");
        }
        assert!(select(&filters(&["nope=1"])).is_err());
    }
}
