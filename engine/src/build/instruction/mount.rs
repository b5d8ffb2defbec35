//! `RUN --mount`: what a command sees while it runs, and no layer keeps.
//!
//! `type=bind` (the default) shows files of the context, a stage or an image; `type=cache` keeps a folder from one build to
//! the next; `type=tmpfs` is memory; `type=secret` shows a file that the caller gave with `--secret`.
//! A cache with `from` (and `source`) begins with those files; other files begin another cache of the same id.
//! **What we leave out.** `type=ssh`, and `source` of a cache without `from`, which would be a part of the cache.
//! Source: Dockerfile reference, "RUN --mount".

use crate::build::state::{CopySource, CopyWork, Place, State};
use crate::build::syntax::error::{BuildError, closest};
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;

/// `RUN --mount`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The whole value.
    pub word: Word,
    /// What is mounted.
    pub kind: MountKind,
    /// `from`; `None` is the build context.
    pub from: Option<Word>,
    /// The other keys, with their values.
    pub options: Vec<(&'static str, String)>,
}

/// `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountKind {
    /// Files from somewhere; what is written to them is lost.
    Bind,
    /// A folder that stays.
    Cache,
    /// Memory.
    Tmpfs,
    /// A file of the caller's.
    Secret,
}

/// Each key, the name that it has here, and the kinds that know it.
const KEYS: [(&str, &str, &[MountKind]); 18] = {
    use MountKind::{Bind, Cache, Secret, Tmpfs};
    const ALL: &[MountKind] = &[Bind, Cache, Tmpfs, Secret];
    const OWNED: &[MountKind] = &[Cache, Secret];
    const LOCKABLE: &[MountKind] = &[Bind, Cache];
    [
        ("target", "target", ALL),
        ("dst", "target", ALL),
        ("destination", "target", ALL),
        ("source", "source", LOCKABLE),
        ("src", "source", LOCKABLE),
        ("from", "from", LOCKABLE),
        ("readonly", "readonly", LOCKABLE),
        ("ro", "readonly", LOCKABLE),
        ("readwrite", "readwrite", LOCKABLE),
        ("rw", "readwrite", LOCKABLE),
        ("id", "id", OWNED),
        ("sharing", "sharing", &[Cache]),
        ("mode", "mode", OWNED),
        ("uid", "uid", OWNED),
        ("gid", "gid", OWNED),
        ("size", "size", &[Tmpfs]),
        ("required", "required", &[Secret]),
        ("env", "env", &[Secret]),
    ]
};

impl Mount {
    pub(crate) fn parse(statement: &Statement<'_>, word: &Word) -> Result<Self, BuildError> {
        let wrong = |message: String| statement.error(word.span, message);
        let fields = || {
            let parts = word.text.split(',');
            parts.map(|part| part.split_once('=').unwrap_or((part, "")))
        };
        let mut named = fields().filter(|(key, _)| key.eq_ignore_ascii_case("type"));
        let kind = match named.next_back().map_or("bind", |(_, value)| value) {
            "bind" => MountKind::Bind,
            "cache" => MountKind::Cache,
            "tmpfs" => MountKind::Tmpfs,
            "secret" => MountKind::Secret,
            "ssh" => {
                return Err(
                    wrong("`RUN --mount=type=ssh` is not part of docklings".to_owned())
                        .with_hint("see docs/limits.md"),
                );
            }
            other => {
                return Err(wrong(format!("unsupported mount type {other:?}"))
                    .with_hint("`type` is bind, cache, tmpfs or secret"));
            }
        };
        let mut mount = Self {
            word: word.clone(),
            kind,
            from: None,
            options: Vec::new(),
        };
        for (key, value) in fields().filter(|(key, _)| !key.eq_ignore_ascii_case("type")) {
            let lower = key.to_ascii_lowercase();
            let known = KEYS
                .iter()
                .find(|(name, _, kinds)| *name == lower && kinds.contains(&kind));
            match known {
                Some((_, "from", _)) if value.contains('$') => {
                    return Err(wrong(
                        "variable expansion is not supported for from".to_owned(),
                    ));
                }
                Some((_, "from", _)) => {
                    mount.from = Some(Word {
                        text: value.to_owned(),
                        span: word.span,
                    });
                }
                Some((_, name, _)) => mount.options.push((name, value.to_owned())),
                None => {
                    let names = KEYS.iter().filter(|(_, _, kinds)| kinds.contains(&kind));
                    let error = wrong(format!("unexpected key '{key}' in '{}'", word.text));
                    return Err(match closest(&lower, names.map(|(name, _, _)| *name)) {
                        Some(like) => error.with_hint(format!("did you mean `{like}`?")),
                        None => error,
                    });
                }
            }
        }
        if matches!(kind, MountKind::Bind | MountKind::Cache | MountKind::Tmpfs)
            && mount.option("target").is_none_or(str::is_empty)
        {
            return Err(wrong("a mount needs a target".to_owned()).with_hint("add `target=/path`"));
        }
        if kind == MountKind::Cache && mount.from.is_none() && mount.option("source").is_some() {
            return Err(wrong(
                "`source` of a cache mount without `from` is not part of docklings".to_owned(),
            )
            .with_hint("add `from=STAGE` or `from=IMAGE`; see docs/limits.md"));
        }
        Ok(mount)
    }

    fn option(&self, name: &str) -> Option<&str> {
        let same = |(key, _): &&(&str, String)| *key == name;
        self.options
            .iter()
            .rev()
            .find(same)
            .map(|(_, value)| value.as_str())
    }

    /// A switch such as `ro`, which needs no value.
    fn switch(&self, name: &str) -> bool {
        self.option(name)
            .is_some_and(|value| matches!(value, "" | "true" | "1"))
    }

    /// What is to be mounted, variables expanded.
    pub(crate) fn work(&self, state: &State<'_>, at: Place<'_>) -> Result<MountWork, BuildError> {
        let expand = |text: &str| {
            let word = Word {
                text: text.to_owned(),
                span: self.word.span,
            };
            state.expand(at, &word)
        };
        let wrong = |message: String| at.source.error(self.word.span, message);
        let text = |name: &str| self.option(name).map(expand).transpose();
        let number = |name: &str, radix: u32| match text(name)? {
            None => Ok(None),
            Some(value) => u32::from_str_radix(&value, radix)
                .map(Some)
                .map_err(|_| wrong(format!("invalid value {value:?} for {name}"))),
        };
        let target = text("target")?.map(|target| state.absolute(&target));
        let owner = Owner {
            mode: number("mode", 8)?,
            uid: number("uid", 10)?.unwrap_or(0),
            gid: number("gid", 10)?.unwrap_or(0),
        };
        let id = text("id")?.filter(|id| !id.is_empty());
        let base = || target.clone().unwrap_or_default();
        let what = match self.kind {
            MountKind::Bind => What::Bind {
                copy: Box::new(self.copy(text("source")?)),
                writable: self.switch("readwrite"),
            },
            MountKind::Tmpfs => What::Tmpfs {
                size: text("size")?,
            },
            MountKind::Cache => What::Cache {
                id: id.unwrap_or_else(base),
                owner,
                begins: match self.from {
                    Some(_) => Some(Box::new(self.copy(text("source")?))),
                    None => None,
                },
                read_only: self.switch("readonly"),
                sharing: match text("sharing")?.as_deref() {
                    None | Some("" | "shared") => Sharing::Shared,
                    Some("private") => Sharing::Private,
                    Some("locked") => Sharing::Locked,
                    Some(other) => {
                        return Err(wrong(format!("unsupported sharing value {other:?}"))
                            .with_hint("`sharing` is shared, private or locked"));
                    }
                },
            },
            MountKind::Secret => {
                let last = base().rsplit('/').next().unwrap_or_default().to_owned();
                What::Secret {
                    id: id.unwrap_or(last),
                    owner,
                    env: text("env")?,
                    required: self.switch("required"),
                }
            }
        };
        let target = match (&what, target) {
            (_, Some(target)) => Some(target),
            (What::Secret { id, env: None, .. }, None) => Some(format!("/run/secrets/{id}")),
            _ => None,
        };
        Ok(MountWork {
            what,
            target,
            text: expand(&self.word.text)?,
        })
    }

    /// The files of a bind mount or of a cache, as a COPY would take them.
    fn copy(&self, source: Option<String>) -> CopyWork {
        let source = source.unwrap_or_else(|| "/".to_owned());
        CopyWork {
            keyword: "RUN",
            from: self.from.clone(),
            sources: vec![CopySource::Path(source, self.word.clone())],
            destination: "/mount".to_owned(),
            destination_word: self.word.clone(),
            ..CopyWork::default()
        }
    }
}

/// What is to be mounted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MountWork {
    pub(crate) what: What,
    /// Absolute; `None` for a secret that is a variable only.
    pub(crate) target: Option<String>,
    /// As written, variables expanded.
    pub(crate) text: String,
}

impl MountWork {
    /// The files of a bind mount, or those that a cache begins with.
    pub(crate) fn files(&self) -> Option<&CopyWork> {
        match &self.what {
            What::Bind { copy, .. } => Some(copy),
            What::Cache { begins, .. } => begins.as_deref(),
            _ => None,
        }
    }
}

/// The kinds, with what only they have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Bind {
        copy: Box<CopyWork>,
        writable: bool,
    },
    Cache {
        id: String,
        owner: Owner,
        /// What it begins with; `None` is nothing.
        begins: Option<Box<CopyWork>>,
        read_only: bool,
        sharing: Sharing,
    },
    Tmpfs {
        size: Option<String>,
    },
    Secret {
        id: String,
        owner: Owner,
        env: Option<String>,
        required: bool,
    },
}

/// Whose the mounted thing is, and its permissions unless they are the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) mode: Option<u32>,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// What happens when two builds want one cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    Shared,
    /// Each has its own.
    Private,
    /// The second waits.
    Locked,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::state::Work;
    use crate::build::state::testing::apply;
    use crate::oci::config::RunConfig;

    fn works(lines: &str) -> Result<Vec<MountWork>, String> {
        let (_, effect) =
            apply(RunConfig::default(), &[], lines).map_err(|error| error.to_string())?;
        match effect.work {
            Work::Run(run) => Ok(run.mounts),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_mount_has_a_kind_a_target_and_options() {
        let found = works(
            "ENV D=/var\nWORKDIR /w\nRUN --mount=type=cache,target=$D/c,mode=0700,sharing=locked --mount=target=t,from=busybox,rw --mount=type=secret,id=s --mount=type=tmpfs,dst=/t,size=1m x",
        )
        .unwrap();
        let targets: Vec<_> = found
            .iter()
            .map(|mount| mount.target.as_deref().unwrap())
            .collect();
        assert_eq!(targets, ["/var/c", "/w/t", "/run/secrets/s", "/t"]);
        assert_eq!(
            found[0].what,
            What::Cache {
                id: "/var/c".to_owned(),
                owner: Owner {
                    mode: Some(0o700),
                    uid: 0,
                    gid: 0
                },
                begins: None,
                read_only: false,
                sharing: Sharing::Locked,
            }
        );
        assert!(
            matches!(&found[1].what, What::Bind { copy, writable: true } if copy.from.is_some())
        );
        assert_eq!(
            found[3].what,
            What::Tmpfs {
                size: Some("1m".to_owned())
            }
        );
    }

    #[test]
    fn what_is_wrong_with_a_mount_is_said() {
        for (mount, said) in [
            (
                "type=ssh",
                "`RUN --mount=type=ssh` is not part of docklings",
            ),
            (
                "type=cache,target=/t,source=/x",
                "`source` of a cache mount without `from` is not part of docklings",
            ),
            ("type=floppy", "unsupported mount type \"floppy\""),
            ("type=cache", "a mount needs a target"),
            ("type=tmpfs,target=/t,id=x", "unexpected key 'id'"),
            (
                "type=cache,target=/t,mode=9",
                "invalid value \"9\" for mode",
            ),
            (
                "type=cache,target=/t,sharing=no",
                "unsupported sharing value \"no\"",
            ),
        ] {
            let error = works(&format!("RUN --mount={mount} x")).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
