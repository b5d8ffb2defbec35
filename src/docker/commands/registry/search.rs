//! `docker search`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::registry;
use crate::docker::registry::hub::missing;
use crate::docker::rows::found::{COLUMNS, row};
use crate::docker::select::{Filters, found};
use crate::docker::values::{self, pairs};
use engine::Error;
use engine::oci::reference::DEFAULT_DOMAIN;

/// The number of results without `--limit`.
const USUAL: i64 = 25;
/// The maximum number of results.
const MOST: i64 = 100;

/// Arguments of `docker search`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Filter output based on conditions provided
    #[arg(short, long, value_name = "filter", value_parser = pairs::filter)]
    filter: Vec<String>,
    /// Pretty-print search using a Go template
    #[arg(long, value_name = "string")]
    format: Option<String>,
    /// Max number of search results
    #[arg(long, value_name = "int", value_parser = values::int)]
    limit: Option<i64>,
    /// Don't truncate output
    #[arg(long)]
    no_trunc: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl Command for Args {
    const ABOUT: &'static str = "Search Docker Hub for images";
    const USAGE: &'static str = "[OPTIONS] TERM";
    const WORDS: Words = Words::Exactly(1);

    fn run(self, ctx: &mut Ctx) -> CommandResult {
        let filters = Filters::parse(&self.filter).map_err(Failure::message)?;
        // Wrong filters are reported before the registry is contacted.
        found::select(Vec::new(), &filters)?;
        let limit = limit(self.limit.unwrap_or(0))?;
        let (domain, term) = split(&self.words[0])?;
        let mut remote = registry::remote(&ctx.env, Some(domain))?;
        remote.waiting = registry::waiting();
        let searched = ctx
            .engine()?
            .registry_search(&remote, domain, term, limit)?;
        let is_empty = searched.found.is_empty();
        let found = found::select(searched.found, &filters)?;
        let format = self.format.as_deref();
        let is_json = format.is_some_and(|format| format == "json" || format.contains("json ."));
        let rows: Vec<_> = found
            .iter()
            .map(|one| row(one, self.no_trunc, is_json))
            .collect();
        write!(ctx.out, "{}", COLUMNS.render(format, false, &rows)?)?;
        if is_empty && domain == DEFAULT_DOMAIN && ctx.err_is_terminal() {
            let hint = missing::not_found(&ctx.env, term, searched.unreached.as_deref());
            if let Some(hint) = hint {
                ctx.flush()?;
                writeln!(ctx.err, "hint: {hint}")?;
            }
        }
        Ok(())
    }
}

/// The number of requested results.
fn limit(asked: i64) -> CommandResult<usize> {
    let wanted = if asked == 0 { USUAL } else { asked };
    usize::try_from(wanted)
        .ok()
        .filter(|limit| (1..=MOST as usize).contains(limit))
        .ok_or_else(|| {
            Error::invalid(format!("limit {asked} is outside the range of [1, {MOST}]")).into()
        })
}

/// The registry in `term`, and the search term.
fn split(term: &str) -> CommandResult<(&str, &str)> {
    if term.contains("://") {
        let text = "invalid repository name (ex: \"registry.domain.tld/myrepos\")";
        return Err(Error::invalid(text).into());
    }
    let is_registry = |name: &str| name.contains(['.', ':']) || name == "localhost";
    Ok(match term.split_once('/') {
        Some((domain, rest)) if is_registry(domain) => (domain, rest),
        _ => (DEFAULT_DOMAIN, term),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_may_name_its_registry() {
        for (term, expected) in [
            ("busybox", ("docker.io", "busybox")),
            ("alice/hello", ("docker.io", "alice/hello")),
            ("localhost:5000/x", ("localhost:5000", "x")),
            ("localhost/x/y", ("localhost", "x/y")),
            ("reg.example/", ("reg.example", "")),
        ] {
            assert_eq!(split(term).unwrap(), expected);
        }
        assert!(split("https://reg/x").is_err());
    }

    #[test]
    fn the_limit_has_limits() {
        assert_eq!(limit(0).unwrap(), 25);
        assert_eq!(limit(100).unwrap(), 100);
        for bad in [-1, 101] {
            let text = limit(bad).unwrap_err().text().unwrap();
            assert!(text.ends_with(&format!("limit {bad} is outside the range of [1, 100]")));
        }
    }
}
