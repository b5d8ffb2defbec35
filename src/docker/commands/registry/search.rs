//! `docker search`.

use crate::docker::commands::{Command, CommandResult, Ctx, Failure, Words};
use crate::docker::listing::Columns;
use crate::docker::registry;
use crate::docker::registry::hub::missing;
use crate::docker::select::Filters;
use crate::docker::value::{Struct, Value};
use crate::docker::values::{self, pairs};
use crate::term::human::ellipsis;
use engine::image::remote::Found;
use engine::oci::reference::DEFAULT_DOMAIN;
use engine::{Error, Result, visible};

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
        select(Vec::new(), &filters)?;
        let limit = limit(self.limit.unwrap_or(0))?;
        let (domain, term) = split(&self.words[0])?;
        let mut remote = registry::remote(&ctx.env, Some(domain))?;
        remote.waiting = registry::waiting();
        let searched = ctx
            .engine()?
            .registry_search(&remote, domain, term, limit)?;
        let is_empty = searched.found.is_empty();
        let found = select(searched.found, &filters)?;
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

/// The filters that `docker search` knows.
const KNOWN: [&str; 3] = ["is-automated", "is-official", "stars"];

/// The results of `found` that match `filters`.
///
/// # Errors
/// `invalid filter 'x'`, also for an invalid value.
fn select(found: Vec<Found>, filters: &Filters) -> Result<Vec<Found>> {
    filters.check(&KNOWN)?;
    let automated = filters.boolean("is-automated")?;
    let official = filters.boolean("is-official")?;
    let mut stars = 0;
    for value in filters.values("stars") {
        let least: u64 = value
            .parse()
            .map_err(|_| Error::invalid(format!("invalid filter 'stars={value}'")))?;
        stars = stars.max(least);
    }
    Ok(found
        .into_iter()
        // The hub no longer builds images itself, so no result is automated.
        .filter(|_| automated != Some(true))
        .filter(|one| official.is_none_or(|wanted| wanted == one.official))
        .filter(|one| one.stars >= stars)
        .collect())
}

/// The columns of `docker search`.
const COLUMNS: Columns = Columns {
    headers: &[
        ("Name", "NAME"),
        ("Description", "DESCRIPTION"),
        ("StarCount", "STARS"),
        ("IsOfficial", "OFFICIAL"),
        ("IsAutomated", "AUTOMATED"),
    ],
    table: "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}",
    quiet: "{{.Name}}",
    raw: None,
};

/// How many columns of a description are shown.
const SHOWN: usize = 45;

/// One row. `exact` keeps descriptions whole; `json` writes booleans as words.
fn row(found: &Found, exact: bool, json: bool) -> Value {
    let told = |is: bool| match (is, json) {
        (true, false) => "[OK]",
        (false, false) => "",
        (true, true) => "true",
        (false, true) => "false",
    };
    // A registry may send any text; Docker prints it, except for line breaks.
    let description = visible::line(&found.description);
    let description = match exact {
        true => description.into_owned(),
        false => ellipsis(&description, SHOWN),
    };
    Struct::row("*registry.searchContext")
        .with("Description", description)
        .with("IsAutomated", told(false))
        .with("IsOfficial", told(found.official))
        .with("Name", &*visible::line(&found.name))
        .with("StarCount", found.stars.to_string())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::select::filters;

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

    fn names(words: &[&str]) -> Result<String> {
        let one = |name: &str, stars, official| Found {
            name: name.to_owned(),
            stars,
            official,
            ..Found::default()
        };
        let found = vec![one("busybox", 30, true), one("alice/hello", 3, false)];
        let left = select(found, &filters(words))?;
        let names: Vec<_> = left.into_iter().map(|one| one.name).collect();
        Ok(names.join(" "))
    }

    #[test]
    fn what_was_found_is_chosen_by_stars_and_origin() {
        for (words, expected) in [
            (&[][..], "busybox alice/hello"),
            (&["is-official=true"], "busybox"),
            (&["is-official=false"], "alice/hello"),
            (&["stars=3"], "busybox alice/hello"),
            (&["stars=4"], "busybox"),
            (&["stars=1", "stars=31"], ""),
            (&["is-automated=true"], ""),
            (&["is-automated=false", "stars=4"], "busybox"),
        ] {
            assert_eq!(names(words).unwrap(), expected, "{words:?}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for (words, expected) in [
            (&["color=red"], "invalid filter 'color'"),
            (&["stars=many"], "invalid filter 'stars=many'"),
            (&["is-official=x"], "invalid filter 'is-official=[x]'"),
        ] {
            assert_eq!(names(words).unwrap_err().to_string(), expected);
        }
    }

    fn found() -> Found {
        Found {
            name: "busybox".to_owned(),
            description: "Many small tools\nin one program, for small images".to_owned(),
            stars: 3,
            official: true,
        }
    }

    #[test]
    fn what_was_found_is_listed_with_its_description() {
        let other = Found {
            name: "alice/hello".to_owned(),
            ..Found::default()
        };
        let rows = [row(&found(), false, false), row(&other, false, false)];
        assert_eq!(
            COLUMNS.render(None, false, &rows).unwrap(),
            "NAME          DESCRIPTION                                     STARS     OFFICIAL\n\
             busybox       Many small tools in one program, for small i…   3         [OK]\n\
             alice/hello                                                   0         \n"
        );
        let exact = [row(&found(), true, false)];
        let format = Some("{{.Description}}|{{.IsAutomated}}");
        assert_eq!(
            COLUMNS.render(format, false, &exact).unwrap(),
            "Many small tools in one program, for small images|\n"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_becomes_text() {
        let hostile = Found {
            name: "a\x1b]0;PWN\x07".to_owned(),
            description: "\u{9b}2J\u{202e}x\ty".to_owned(),
            ..Found::default()
        };
        let rows = [row(&hostile, false, false)];
        assert_eq!(
            COLUMNS
                .render(Some("{{.Name}}|{{.Description}}"), false, &rows)
                .unwrap(),
            "a\\u001b]0;PWN\\u0007|\\u009b2J\\u202ex y\n"
        );
    }

    #[test]
    fn in_json_yes_and_no_are_words() {
        let rows = [row(&found(), true, true)];
        assert_eq!(
            COLUMNS.render(Some("json"), false, &rows).unwrap(),
            "{\"Description\":\"Many small tools in one program, for small images\",\"IsAutomated\":\"false\",\
             \"IsOfficial\":\"true\",\"Name\":\"busybox\",\"StarCount\":\"3\"}\n"
        );
    }
}
