//! `--filter`: pairs of a name and a value. Values of one name are alternatives (labels are all wanted); names are all
//! wanted.

use crate::failure::CommandResult;
use engine::Error;
use regex::Regex;
use std::collections::BTreeMap;

/// The filters of one command.
#[derive(Debug, Default)]
pub(crate) struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// `pairs` by name. Error: `invalid filter 'x'`, if its name is not among `known`.
    pub(crate) fn new(pairs: &[(String, String)], known: &[&str]) -> CommandResult<Self> {
        let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                return Err(Error::invalid(format!("invalid filter '{name}'")).into());
            }
            by_name.entry(name.clone()).or_default().push(value.clone());
        }
        Ok(Self(by_name))
    }

    /// The values of `name`; empty if it was not given.
    pub(crate) fn get(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether `name` was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// Whether `name` was not given, or `is` holds for one of its values.
    pub(crate) fn any(&self, name: &str, is: impl FnMut(&str) -> bool) -> bool {
        let values = self.get(name);
        values.is_empty() || values.iter().map(String::as_str).any(is)
    }

    /// Whether `name` was not given, or one of its values, as a regular expression, is found in `text`.
    pub(crate) fn matches(&self, name: &str, text: &str) -> bool {
        self.any(name, |value| match Regex::new(value) {
            Ok(expression) => expression.is_match(text),
            Err(_) => value == text,
        })
    }

    /// Whether `labels` have all that `name` asks for: `key`, or `key=value`.
    pub(crate) fn labels(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        self.get(name)
            .iter()
            .all(|wanted| match wanted.split_once('=') {
                Some((key, value)) => labels.get(key).is_some_and(|found| found == value),
                None => labels.contains_key(wanted),
            })
    }

    /// A yes or no, as Go reads them. `None` if it was not given. Error: `invalid filter 'dangling=[x]'`.
    pub(crate) fn flag(&self, name: &str) -> CommandResult<Option<bool>> {
        let mut seen = None;
        for value in self.get(name) {
            let flag = match value.as_str() {
                "1" | "true" => true,
                "0" | "false" => false,
                _ => {
                    return Err(Error::invalid(format!("invalid filter '{name}=[{value}]'")).into());
                }
            };
            if seen.is_some_and(|seen| seen != flag) {
                return Err(Error::invalid(format!("invalid filter '{name}'")).into());
            }
            seen = Some(flag);
        }
        Ok(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(pairs: &[(&str, &str)]) -> Filters {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Filters::new(&pairs, &["name", "label", "dangling"]).unwrap()
    }

    #[test]
    fn values_of_one_name_are_alternatives() {
        let filters = filters(&[("name", "^web"), ("name", "db$")]);
        assert!(filters.matches("name", "web1") && filters.matches("name", "mydb"));
        assert!(!filters.matches("name", "myweb"));
        assert!(filters.matches("other", "anything"));
    }

    #[test]
    fn labels_are_all_wanted() {
        let labels = BTreeMap::from([
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), String::new()),
        ]);
        assert!(filters(&[("label", "a"), ("label", "a=1")]).labels("label", &labels));
        assert!(!filters(&[("label", "a=2")]).labels("label", &labels));
        assert!(!filters(&[("label", "b"), ("label", "c")]).labels("label", &labels));
    }

    #[test]
    fn an_unknown_name_and_a_bad_flag_are_refused() {
        let error = Filters::new(&[("foo".to_owned(), "x".to_owned())], &["name"]).unwrap_err();
        assert_eq!(
            error.text().unwrap(),
            "Error response from daemon: invalid filter 'foo'"
        );
        assert_eq!(
            filters(&[("dangling", "true")]).flag("dangling").unwrap(),
            Some(true)
        );
        assert!(filters(&[("dangling", "x")]).flag("dangling").is_err());
    }
}
