//! `--log-driver` and `--log-opt`: how much of a container's output is kept.
//!
//! **What Docker does.** `json-file` keeps everything unless `max-size` is set; `local` keeps five files of 20 MB;
//! `none` keeps nothing; others send it elsewhere.
//! **What we do.** The first three, with one format for the first two.
//! **What we leave out.** Drivers that send logs over a network, compression, and extra fields in records; see
//! `docs/limits.md`.

use crate::error::{Error, Result};
use crate::store::containers::{LogConfig, LogDriver};

/// When a log is rotated: Docker's `max-size` and `max-file`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) struct Rotation {
    /// A file that has this many bytes gets no further record.
    pub(super) size: u64,
    /// The number of files kept, including the current one.
    pub(super) files: u32,
}

impl Rotation {
    /// The rotation that `config` requests; `None` means never. Errors are Docker's.
    pub(in crate::runtime) fn of(config: &LogConfig) -> Result<Option<Self>> {
        let (mut size, mut files) = match config.driver {
            LogDriver::JsonFile => (None, 1),
            LogDriver::Local => (Some(20_000_000), 5),
            LogDriver::None if config.options.is_empty() => return Ok(None),
            LogDriver::None => return Err(Error::invalid("invalid logging opts for driver none")),
        };
        for (name, value) in &config.options {
            match (name.as_str(), value.as_str()) {
                ("max-size", text) => {
                    size = Some(
                        decimal_size(text)
                            .ok_or_else(|| Error::invalid(format!("invalid size: '{text}'")))?,
                    );
                }
                ("max-file", text) => {
                    files = text.parse().map_err(|_| {
                        Error::invalid(format!("strconv.Atoi: parsing \"{text}\": invalid syntax"))
                    })?;
                    if files < 1 {
                        return Err(Error::invalid("max-file cannot be less than 1"));
                    }
                }
                // Docker's delivery modes: here the monitor writes each record before it reads the next.
                ("mode", "blocking") | ("compress", "false") => {}
                (
                    "mode" | "compress" | "max-buffer-size" | "labels" | "labels-regex" | "env"
                    | "env-regex" | "tag",
                    _,
                ) => {
                    return Err(Error::unsupported(format!(
                        "`--log-opt {name}={value}` is not part of docklings; see docs/limits.md"
                    )));
                }
                _ => {
                    return Err(Error::invalid(format!(
                        "unknown log opt '{name}' for {} log driver",
                        config.driver.name()
                    )));
                }
            }
        }
        Ok(size.map(|size| Self { size, files }))
    }
}

/// A size in Docker's log options, in powers of 1000. Source: go-units `FromHumanSize`.
fn decimal_size(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000_u64,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * scale as f64) as u64).filter(|size| *size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        driver: LogDriver,
        options: &[(&str, &str)],
        expected: Result<Option<(u64, u32)>, &str>,
    ) {
        let config = LogConfig {
            driver,
            options: options
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let found = Rotation::of(&config).map(|it| it.map(|it| (it.size, it.files)));
        let found = found.map_err(|error| error.message().to_owned());
        assert_eq!(found, expected.map_err(str::to_owned), "{options:?}");
    }

    #[test]
    fn json_file_keeps_everything_by_default() {
        use LogDriver::{JsonFile, Local, None as Nothing};
        check(JsonFile, &[], Ok(None));
        check(JsonFile, &[("max-file", "3")], Ok(None));
        check(
            JsonFile,
            &[("max-size", "10m"), ("max-file", "3")],
            Ok(Some((10_000_000, 3))),
        );
        check(JsonFile, &[("max-size", "1.5k")], Ok(Some((1500, 1))));
        check(Local, &[], Ok(Some((20_000_000, 5))));
        check(Nothing, &[], Ok(None));
    }

    #[test]
    fn wrong_options_are_refused_in_dockers_words() {
        use LogDriver::{JsonFile, None as Nothing};
        check(JsonFile, &[("max-size", "x")], Err("invalid size: 'x'"));
        check(JsonFile, &[("max-size", "0")], Err("invalid size: '0'"));
        check(
            JsonFile,
            &[("max-file", "0")],
            Err("max-file cannot be less than 1"),
        );
        check(
            JsonFile,
            &[("nope", "1")],
            Err("unknown log opt 'nope' for json-file log driver"),
        );
        check(
            Nothing,
            &[("max-size", "1m")],
            Err("invalid logging opts for driver none"),
        );
        check(
            JsonFile,
            &[("compress", "true")],
            Err("`--log-opt compress=true` is not part of docklings; see docs/limits.md"),
        );
    }
}
