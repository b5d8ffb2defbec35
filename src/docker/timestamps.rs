//! Times as Docker prints them, and as it parses them from `--since` and `--until`.

use crate::term::human::parse_duration;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned, civil::DateTime};

/// `2026-11-21 10:00:00 +0000 UTC`: to the second, in the caller's time zone; `CREATED AT`.
pub(crate) fn created_at(moment: Timestamp, zone: &TimeZone) -> String {
    let moment = moment.to_zoned(zone.clone());
    moment.strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string()
}

/// RFC 3339 with nanoseconds as Go prints it, without trailing zeros: `2026-11-21T10:00:00.5Z`.
pub(crate) fn rfc3339_nano(moment: Timestamp) -> String {
    moment.to_string()
}

/// As [`rfc3339_nano`], or Go's zero time for `None`.
pub(crate) fn rfc3339_nano_or_zero(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), rfc3339_nano)
}

/// RFC 3339 to the second: `2026-11-21T10:00:00Z`; `CreatedAt` of volumes and of history.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// RFC 3339 to the second, in the caller's time zone; `history`.
pub(crate) fn rfc3339_in(moment: Timestamp, zone: &TimeZone) -> String {
    let zoned = moment.to_zoned(zone.clone());
    let text = zoned.strftime("%Y-%m-%dT%H:%M:%S");
    match zoned.offset().is_zero() {
        true => format!("{text}Z"),
        false => format!("{text}{}", zoned.strftime("%:z")),
    }
}

/// RFC 3339 with all nine digits: `2026-11-21T10:00:00.500000000Z`; `logs -t` and `events`.
pub(crate) fn rfc3339_fixed(moment: Timestamp, zone: &TimeZone) -> String {
    let zoned = moment.to_zoned(zone.clone());
    let text = zoned.strftime("%Y-%m-%dT%H:%M:%S.%9f").to_string();
    if zoned.offset().is_zero() {
        return format!("{text}Z");
    }
    format!("{text}{}", zoned.strftime("%:z"))
}

/// Parses the values of `--since` and `--until`: RFC 3339, possibly partial (`2026-11-21`, `2026-11-21T10:00`), seconds
/// since 1970 with or without a fraction, or a time span before `now` (`10m`).
///
/// # Errors
/// A sentence for the user.
pub(crate) fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(nanoseconds) = parse_duration(text)
        && text != "0"
    {
        let span = SignedDuration::from_nanos(nanoseconds);
        return now.checked_sub(span).map_err(|error| error.to_string());
    }
    if text.contains('-') {
        return civil(text, zone).ok_or_else(|| {
            format!(
                "failed to parse value as time or duration: {}",
                engine::go::quote(text)
            )
        });
    }
    let unix = || {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits: String = fraction
            .chars()
            .chain("000000000".chars())
            .take(9)
            .collect();
        let all_digits = !seconds.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
        let (seconds, nanos) = (seconds.parse().ok()?, digits.parse().ok()?);
        all_digits.then(|| Timestamp::new(seconds, nanos).ok())?
    };
    unix().ok_or_else(|| {
        format!(
            "failed to parse value as time or duration: {}",
            engine::go::quote(text)
        )
    })
}

/// A date, or a date and a time, with or without a zone.
fn civil(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    if !text.is_ascii() {
        return None;
    }
    let day = text.get(..10)?;
    let rest = text[10..].strip_prefix('T').unwrap_or(&text[10..]);
    if rest.is_empty() && text.len() > 10 {
        return None;
    }
    let split = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, offset) = rest.split_at(split);
    let time = match time.len() {
        0 => "00:00:00".to_owned(),
        2 => format!("{time}:00:00"),
        5 => format!("{time}:00"),
        _ => time.to_owned(),
    };
    if !offset.is_empty() {
        return format!("{day}T{time}{offset}").parse().ok();
    }
    let moment: DateTime = format!("{day}T{time}").parse().ok()?;
    moment
        .to_zoned(zone.clone())
        .ok()
        .map(|zoned: Zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn moments_print_as_docker_prints_them() {
        let warsaw = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = moment("2026-11-21T10:00:00.5Z");
        assert_eq!(
            created_at(at, &TimeZone::UTC),
            "2026-11-21 10:00:00 +0000 UTC"
        );
        assert_eq!(created_at(at, &warsaw), "2026-11-21 11:00:00 +0100 CET");
        assert_eq!(rfc3339_nano(at), "2026-11-21T10:00:00.5Z");
        assert_eq!(
            rfc3339_nano(moment("2026-11-21T10:00:00Z")),
            "2026-11-21T10:00:00Z"
        );
        assert_eq!(rfc3339_nano_or_zero(None), "0001-01-01T00:00:00Z");
        assert_eq!(rfc3339(at), "2026-11-21T10:00:00Z");
        assert_eq!(
            rfc3339_fixed(at, &TimeZone::UTC),
            "2026-11-21T10:00:00.500000000Z"
        );
        assert_eq!(
            rfc3339_fixed(at, &warsaw),
            "2026-11-21T11:00:00.500000000+01:00"
        );
    }

    #[test]
    fn moments_are_read_in_all_of_dockers_forms() {
        let now = moment("2026-11-21T12:00:00Z");
        let ten = "2026-11-21T10:00:00Z";
        for (text, expected) in [
            ("2h", ten),
            ("1h60m", ten),
            (ten, ten),
            ("2026-11-21T11:00:00+01:00", ten),
            ("2026-11-21T10:00:00", ten),
            ("2026-11-21T10:00", ten),
            ("2026-11-21T10", ten),
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("2026-11-21Z", "2026-11-21T00:00:00Z"),
            ("1795255200", ten),
            ("1795255200.5", "2026-11-21T10:00:00.5Z"),
            ("0", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(
                parse(text, now, &TimeZone::UTC),
                Ok(moment(expected)),
                "{text}"
            );
        }
        for bad in [
            "",
            "lots",
            "2026-13-01",
            "2026-11-21Tx",
            "1.x",
            "ż-",
            "5d",
            "999999999999999h",
        ] {
            assert!(parse(bad, now, &TimeZone::UTC).is_err(), "{bad}");
        }
    }
}
