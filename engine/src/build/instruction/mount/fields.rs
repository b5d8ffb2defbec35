//! The fields of one `RUN --mount`: `key=value`, separated by commas.

use crate::build::state::State;
use crate::build::syntax::error::BuildError;
use crate::build::work::Sharing;
use crate::go;
use crate::near::nearest;

/// `type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Files from elsewhere; writes to them are lost.
    #[default]
    Bind,
    /// A persistent folder.
    Cache,
    /// Memory.
    Tmpfs,
    /// A file of the caller.
    Secret,
}

/// The keys of a mount, beside `type`.
const KEYS: [&str; 18] = [
    "from",
    "source",
    "src",
    "target",
    "dst",
    "destination",
    "readonly",
    "ro",
    "readwrite",
    "rw",
    "id",
    "sharing",
    "required",
    "size",
    "mode",
    "uid",
    "gid",
    "env",
];

/// The values of a mount's keys.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) kind: Kind,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) read_only: Option<bool>,
    pub(super) id: String,
    pub(super) sharing: Option<Sharing>,
    pub(super) required: bool,
    pub(super) size: Option<u64>,
    pub(super) mode: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) env: Option<String>,
}

/// The fields of `text`, with lower-case keys. A key without `=` has no value.
pub(super) fn fields(text: &str) -> impl Iterator<Item = (String, Option<&str>)> {
    text.split(',').map(|field| match field.split_once('=') {
        Some((key, value)) => (key.to_ascii_lowercase(), Some(value)),
        None => (field.to_ascii_lowercase(), None),
    })
}

/// Adds a suggestion from `known` for `word` to `error`.
fn suggesting(error: BuildError, word: &str, known: &[&str]) -> BuildError {
    match nearest(word, known.iter().copied()) {
        Some(like) => error.with_hint(format!("did you mean `{like}`?")),
        None => error.with_hint(format!("known are {}", known.join(", "))),
    }
}

/// A boolean, as Go reads it.
fn switch(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

impl Kind {
    fn parse(text: &str, wrong: Wrong<'_>) -> Result<Self, BuildError> {
        match text.to_ascii_lowercase().as_str() {
            "bind" => Ok(Self::Bind),
            "cache" => Ok(Self::Cache),
            "tmpfs" => Ok(Self::Tmpfs),
            "secret" => Ok(Self::Secret),
            "ssh" => Err(
                wrong("`RUN --mount=type=ssh` is not part of docklings".to_owned())
                    .with_hint("see docs/limits.md"),
            ),
            _ => {
                let error = wrong(format!("unsupported mount type {text:?}"));
                let known = ["bind", "cache", "tmpfs", "secret"];
                Err(suggesting(error, text, &known))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Cache => "cache",
            Self::Tmpfs => "tmpfs",
            Self::Secret => "secret",
        }
    }
}

/// Creates an error at the mount's place.
pub(super) type Wrong<'a> = &'a dyn Fn(String) -> BuildError;

impl Fields {
    /// Parses `text`; `expand` expands the variables of a value.
    pub(super) fn read(
        text: &str,
        expand: &dyn Fn(&str) -> Result<String, BuildError>,
        wrong: Wrong<'_>,
    ) -> Result<Self, BuildError> {
        let mut read = Self::default();
        if let Some((_, Some(kind))) = fields(text).filter(|(key, _)| key == "type").last() {
            read.kind = Kind::parse(&expand(kind)?, wrong)?;
        }
        for (key, value) in fields(text) {
            let value = value.map(expand).transpose()?;
            read.set(&key, value, wrong)?;
        }
        read.check(wrong)?;
        Ok(read)
    }

    fn set(
        &mut self,
        key: &str,
        value: Option<String>,
        wrong: Wrong<'_>,
    ) -> Result<(), BuildError> {
        let switches = ["readonly", "ro", "readwrite", "rw", "required"];
        let Some(value) = value.or_else(|| switches.contains(&key).then(|| "true".to_owned()))
        else {
            return Err(wrong(format!(
                "invalid field '{key}' must be a key=value pair"
            )));
        };
        let invalid = || wrong(format!("invalid value for {key}: {value}"));
        let number = |radix| {
            u32::from_str_radix(&value, radix)
                .map_err(|_| wrong(format!("invalid value {value} for {key}")))
        };
        match key {
            "type" | "from" => {}
            "source" | "src" => self.source = value,
            "target" | "dst" | "destination" => self.target = value,
            "readonly" | "ro" => self.read_only = Some(switch(&value).ok_or_else(invalid)?),
            "readwrite" | "rw" => self.read_only = Some(!switch(&value).ok_or_else(invalid)?),
            "required" if self.kind == Kind::Secret => {
                self.required = switch(&value).ok_or_else(invalid)?;
            }
            "size" if self.kind == Kind::Tmpfs => {
                self.size = Some(go::ram_in_bytes(&value).map_err(|_| invalid())?);
            }
            "required" | "size" => {
                return Err(wrong(format!(
                    "unexpected key '{key}' for mount type '{}'",
                    self.kind.name()
                )));
            }
            "id" => self.id = value,
            "sharing" => self.sharing = Some(Sharing::parse(&value, wrong)?),
            "mode" => self.mode = Some(number(8)?),
            "uid" => self.uid = Some(number(10)?),
            "gid" => self.gid = Some(number(10)?),
            "env" => self.env = Some(value),
            _ => {
                let error = wrong(format!("unexpected key '{key}' in '{key}={value}'"));
                return Err(suggesting(error, key, &KEYS));
            }
        }
        Ok(())
    }

    /// Refuses invalid combinations.
    fn check(&self, wrong: Wrong<'_>) -> Result<(), BuildError> {
        let kind = self.kind.name();
        let owned = [("mode", self.mode), ("uid", self.uid), ("gid", self.gid)];
        if matches!(self.kind, Kind::Bind | Kind::Tmpfs)
            && let Some((key, _)) = owned.iter().find(|(_, value)| value.is_some())
        {
            return Err(wrong(format!("{key} not allowed for {kind:?} type mounts")));
        }
        if self.sharing.is_some() && self.kind != Kind::Cache {
            return Err(wrong(format!("invalid cache sharing set for {kind} mount")));
        }
        if self.kind != Kind::Secret {
            return Ok(());
        }
        match (&*self.source, &*self.target, &*self.id) {
            ("", "", "") => Err(wrong(
                "invalid secret mount. one of source, target required".to_owned(),
            )),
            (source, _, id) if !source.is_empty() && !id.is_empty() => {
                Err(wrong("both source and id can't be set".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The id of a secret: as given, or the last part of its target.
    pub(super) fn secret_id(&self) -> String {
        let last = self.target.rsplit('/').next().unwrap_or_default();
        let given = [&*self.source, &*self.id, last];
        let id = given.into_iter().find(|id| !id.is_empty());
        id.unwrap_or_default().to_owned()
    }

    /// The id of a cache: as given, or its target as written, cleaned.
    pub(super) fn cache_id(&self, state: &State<'_>) -> String {
        if !self.id.is_empty() {
            return self.id.clone();
        }
        let clean = state.absolute(&format!("/{}", self.target));
        match (self.target.starts_with('/'), clean.trim_start_matches('/')) {
            (true, _) => clean,
            (false, "") => ".".to_owned(),
            (false, clean) => clean.to_owned(),
        }
    }
}

impl Sharing {
    fn parse(text: &str, wrong: Wrong<'_>) -> Result<Self, BuildError> {
        match text.to_ascii_lowercase().as_str() {
            "shared" => Ok(Self::Shared),
            "private" => Ok(Self::Private),
            "locked" => Ok(Self::Locked),
            _ => {
                let error = wrong(format!("unsupported sharing value {text:?}"));
                Err(suggesting(error, text, &["shared", "private", "locked"]))
            }
        }
    }
}
