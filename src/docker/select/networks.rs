//! `docker network ls --filter`.

use super::Filters;
use crate::docker::inspect::{NETWORKS, Network};
use engine::Result;
use std::collections::BTreeMap;

/// The filters that `docker network ls` knows.
const KNOWN: [&str; 7] = ["dangling", "driver", "id", "label", "name", "scope", "type"];

/// The networks that match `filters`.
///
/// # Errors
/// In Docker's words: an unknown filter or value.
pub fn select(filters: &Filters) -> Result<Vec<&'static Network>> {
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

#[cfg(test)]
mod tests {
    use super::super::filters;
    use super::*;

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
