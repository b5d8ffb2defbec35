//! `docker volume ls --filter`.

use super::Filters;
use engine::Result;
use engine::id::VolumeName;
use engine::runtime::spec::Volume;

/// The filters that `docker volume ls` knows.
const KNOWN: [&str; 4] = ["dangling", "driver", "label", "name"];

/// The volumes that match `filters`. `is_used` says whether a container uses a volume.
///
/// # Errors
/// In Docker's words: an unknown filter or value.
pub fn select(
    volumes: Vec<Volume>,
    filters: &Filters,
    is_used: &dyn Fn(&VolumeName) -> bool,
) -> Result<Vec<Volume>> {
    filters.check(&KNOWN)?;
    let dangling = filters.boolean("dangling")?;
    let names = filters.patterns("name");
    Ok(volumes
        .into_iter()
        .filter(|volume| {
            let name = volume.name.as_str();
            (names.is_empty() || names.iter().any(|pattern| pattern.matches(name)))
                && filters.is_one_of("driver", "local")
                && filters.labels_match("label", &volume.labels)
                && dangling.is_none_or(|wanted| wanted != is_used(&volume.name))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::filters;
    use super::*;
    use crate::docker::inspect::samples;

    fn run(words: &[&str]) -> Result<usize> {
        let mut other = samples::volume();
        other.name = VolumeName::parse("other").unwrap();
        other.labels = samples::labels();
        let is_used = |name: &VolumeName| name.as_str() == "vol1";
        Ok(select(vec![samples::volume(), other], &filters(words), &is_used)?.len())
    }

    #[test]
    fn volumes_are_chosen_by_name_label_and_use() {
        for (words, count) in [
            (&[][..], 2),
            (&["name=vol"], 1),
            (&["name=o"], 2),
            (&["label=tier"], 1),
            (&["driver=local"], 2),
            (&["driver=nfs"], 0),
            (&["dangling=true"], 1),
            (&["dangling=false"], 1),
        ] {
            assert_eq!(run(words).unwrap(), count, "{words:?}");
        }
        assert_eq!(run(&["x=1"]).unwrap_err().to_string(), "invalid filter 'x'");
    }
}
