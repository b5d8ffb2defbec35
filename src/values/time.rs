//! Moments, as `--since` and `--until` take them: RFC 3339 with parts left out, seconds since 1970, or so long ago.

use super::nanoseconds;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The moment that `text` means at `now`. A time without a zone is in `zone`.
pub(crate) fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(ago) = nanoseconds(text)
        && text != "0"
    {
        return now
            .checked_sub(SignedDuration::from_nanos(ago))
            .map_err(|error| error.to_string());
    }
    if let Some(time) = unix(text) {
        return Ok(time);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    // A bare hour (`2006-01-02T15`) is Docker's; the parser wants minutes too.
    let with_minutes = if text.len() == 13 && text.as_bytes().get(10) == Some(&b'T') {
        format!("{text}:00")
    } else {
        text.to_owned()
    };
    let trimmed = with_minutes.strip_suffix('Z');
    let zone = if trimmed.is_some() {
        &TimeZone::UTC
    } else {
        zone
    };
    trimmed
        .unwrap_or(&with_minutes)
        .parse::<DateTime>()
        .ok()
        .and_then(|time| time.to_zoned(zone.clone()).ok())
        .map(|time| time.timestamp())
        .ok_or_else(|| {
            format!(
                "failed to parse value as time or duration: \"{text}\" (such as `2024-01-31T12:00:00`, `10m`, `1706702400`)"
            )
        })
}

fn unix(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&str>) {
        let now: Timestamp = "2024-05-06T07:08:09Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let found = moment(text, now, &zone).ok().map(|time| time.to_string());
        assert_eq!(found.as_deref(), want, "{text}");
    }

    #[test]
    fn a_moment_is_absolute_relative_or_a_number() {
        check("10m", Some("2024-05-06T06:58:09Z"));
        check("1h30m", Some("2024-05-06T05:38:09Z"));
        check("0", Some("1970-01-01T00:00:00Z"));
        check("1706702400.5", Some("2024-01-31T12:00:00.5Z"));
        check("2024-01-31T12:00:00Z", Some("2024-01-31T12:00:00Z"));
        check(
            "2024-01-31T12:00:00.25+01:00",
            Some("2024-01-31T11:00:00.25Z"),
        );
        check("2024-01-31T12:00:00", Some("2024-01-31T10:00:00Z"));
        check("2024-01-31T12:00", Some("2024-01-31T10:00:00Z"));
        check("2024-01-31T12", Some("2024-01-31T10:00:00Z"));
        check("2024-01-31", Some("2024-01-30T22:00:00Z"));
        check("2024-01-31Z", Some("2024-01-31T00:00:00Z"));
        check("yesterday", None);
        check("", None);
    }
}
