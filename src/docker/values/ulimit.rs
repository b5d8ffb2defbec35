//! `--ulimit`.

use super::int;
use engine::store::containers::Ulimit;

const NAMES: &[&str] = &[
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// `name=soft` or `name=soft:hard`; -1 is unlimited.
pub(crate) fn ulimit(text: &str) -> Result<Ulimit, String> {
    let (name, limits) = text
        .split_once('=')
        .ok_or_else(|| format!("invalid ulimit argument: {text}"))?;
    if !NAMES.contains(&name) {
        return Err(format!("invalid ulimit type: {name}"));
    }
    let (soft, hard) = match limits.split_once(':') {
        Some((soft, hard)) => (int(soft)?, int(hard)?),
        None => (int(limits)?, int(limits)?),
    };
    if hard != -1 && (soft == -1 || soft > hard) {
        let soft = if soft == -1 {
            "-1 (unlimited)".to_owned()
        } else {
            soft.to_string()
        };
        return Err(format!(
            "ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}"
        ));
    }
    Ok(Ulimit {
        name: name.to_owned(),
        soft,
        hard,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<(i64, i64), &str>) {
        let found = ulimit(text).map(|limit| (limit.soft, limit.hard));
        assert_eq!(found, want.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn the_hard_limit_is_the_soft_one_unless_given() {
        check("nofile=10", Ok((10, 10)));
        check("nofile=10:20", Ok((10, 20)));
        check("core=-1", Ok((-1, -1)));
        check("x", Err("invalid ulimit argument: x"));
        check("foo=1", Err("invalid ulimit type: foo"));
        check(
            "nofile=a",
            Err("strconv.ParseInt: parsing \"a\": invalid syntax"),
        );
        check(
            "nofile=10:5",
            Err("ulimit soft limit must be less than or equal to hard limit: 10 > 5"),
        );
    }
}
