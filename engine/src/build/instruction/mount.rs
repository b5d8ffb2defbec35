//! `RUN --mount`: files that a command sees while it runs, and that no layer keeps.
//!
//! `type=bind` (the default) mounts files of the context, a stage or an image; `type=cache` keeps a folder from one
//! build to the next; `type=tmpfs` is memory; `type=secret` mounts a file given with `--secret`. A cache with `from`
//! (and `source`) starts with those files; with different initial files it is a different cache of the same id. A
//! relative or missing target is relative to the WORKDIR.
//! **What we leave out.** `type=ssh`, and `source` of a cache without `from`, which would be a part of the cache.
//! Source: Dockerfile reference, "RUN --mount".
//! **Lesson.** `small-images`

mod fields;

use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::Statement;
use crate::build::work::{CopySource, CopyWork, MountWork, Owner, Sharing, What};
use fields::{Fields, Kind, Wrong, fields};

/// `RUN --mount`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The whole value. Its variables are expanded when the command is executed.
    pub word: Word,
    /// `from`; `None` is the build context.
    pub from: Option<Word>,
}

impl Mount {
    pub(crate) fn parse(statement: &Statement<'_>, word: &Word) -> Result<Self, BuildError> {
        let wrong = |message: String| statement.error(word.span, message);
        let from = fields(&word.text).filter(|(key, _)| key == "from").last();
        let from = from.and_then(|(_, value)| value).unwrap_or_default();
        if from.contains('$') {
            return Err(wrong(
                "'from' doesn't support variable expansion, define alias stage instead".to_owned(),
            ));
        }
        let mount = Self {
            word: word.clone(),
            from: (!from.is_empty()).then(|| Word {
                text: from.to_owned(),
                span: word.span,
            }),
        };
        // A value without variables can be validated before the first step.
        if !word.text.contains('$') {
            let read = Fields::read(&word.text, &|value| Ok(value.to_owned()), &wrong)?;
            mount.check_from(&read, &wrong)?;
        }
        Ok(mount)
    }

    fn check_from(&self, read: &Fields, wrong: Wrong<'_>) -> Result<(), BuildError> {
        match (read.kind, &self.from) {
            (Kind::Secret, Some(_)) => Err(wrong("secret mount should not have a from".to_owned())),
            (Kind::Cache, None) if !read.source.is_empty() => Err(wrong(
                "`source` of a cache mount without `from` is not part of docklings".to_owned(),
            )
            .with_hint("add `from=STAGE` or `from=IMAGE`; see docs/limits.md")),
            _ => Ok(()),
        }
    }

    /// The mount with variables expanded.
    pub(crate) fn work(&self, state: &State<'_>, at: Place<'_>) -> Result<MountWork, BuildError> {
        let expand = |text: &str| {
            let word = Word {
                text: text.to_owned(),
                span: self.word.span,
            };
            state.expand(at, &word)
        };
        let wrong = |message: String| at.source.error(self.word.span, message);
        let read = Fields::read(&self.word.text, &expand, &wrong)?;
        self.check_from(&read, &wrong)?;
        let what = self.what(&read, state);
        let target = match &what {
            What::Secret { env: Some(_), .. } if read.target.is_empty() => None,
            What::Secret { id, .. } if read.target.is_empty() => {
                let last = id.rsplit('/').next().unwrap_or_default();
                Some(format!("/run/secrets/{last}"))
            }
            _ => Some(state.absolute(&read.target)),
        };
        if target.as_deref() == Some("/") {
            return Err(wrong("invalid mount target \"/\"".to_owned())
                .with_hint("add `target=/path`; without one, the WORKDIR is the target"));
        }
        let usual = matches!(read.kind, Kind::Bind | Kind::Secret);
        Ok(MountWork {
            what,
            target,
            read_only: read.read_only.unwrap_or(usual),
            text: expand(&self.word.text)?,
        })
    }

    fn what(&self, read: &Fields, state: &State<'_>) -> What {
        let owner = Owner {
            mode: read.mode,
            uid: read.uid.unwrap_or(0),
            gid: read.gid.unwrap_or(0),
        };
        match read.kind {
            Kind::Bind => What::Bind(Box::new(self.copy(&read.source))),
            Kind::Tmpfs => What::Tmpfs { size: read.size },
            Kind::Cache => What::Cache {
                id: read.cache_id(state),
                owner,
                begins: self
                    .from
                    .as_ref()
                    .map(|_| Box::new(self.copy(&read.source))),
                sharing: read.sharing.unwrap_or(Sharing::Shared),
            },
            Kind::Secret => What::Secret {
                id: read.secret_id(),
                owner,
                env: read.env.clone(),
                required: read.required,
            },
        }
    }

    /// The files of a bind mount or of a cache, as the work of a COPY.
    fn copy(&self, source: &str) -> CopyWork {
        let source = if source.is_empty() { "/" } else { source };
        CopyWork {
            keyword: "RUN",
            from: self.from.clone(),
            sources: vec![CopySource::Path(source.to_owned(), self.word.clone())],
            destination: "/mount".to_owned(),
            destination_word: self.word.clone(),
            ..CopyWork::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::state::testing::apply;
    use crate::build::work::Work;
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
                sharing: Sharing::Locked,
            }
        );
        assert!(matches!(&found[1].what, What::Bind(copy) if copy.from.is_some()));
        assert!(!found[1].read_only && found[2].read_only);
        assert_eq!(
            found[3].what,
            What::Tmpfs {
                size: Some(1 << 20)
            }
        );
    }

    #[test]
    fn a_target_begins_at_the_workdir() {
        let check = |mount: &str, expected: &str| {
            let found = works(&format!("ENV T=cache\nWORKDIR /w\nRUN --mount={mount} x")).unwrap();
            let id = match &found[0].what {
                What::Cache { id, .. } => format!(" {id}"),
                _ => String::new(),
            };
            let target = found[0].target.as_deref().unwrap_or_default();
            assert_eq!(format!("{target}{id}"), expected, "{mount}");
        };
        check("from=busybox", "/w");
        check("target=.,ro=false", "/w");
        check("target=../x/./y", "/x/y");
        check("type=tmpfs,id=any,from=busybox", "/w");
        check("type=$T", "/w .");
        check("type=cache,target=./a/", "/w/a a");
        check("type=cache,target=/a/,sharing=LOCKED", "/a /a");
        check("type=secret,source=s/key", "/run/secrets/key");
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
            ("type=tmp", "unsupported mount type \"tmp\""),
            ("typ=cache", "unexpected key 'typ' in 'typ=cache'"),
            ("target", "invalid field 'target' must be a key=value pair"),
            ("type=cache", "invalid mount target \"/\""),
            ("target=/", "invalid mount target \"/\""),
            ("target=/t,ro=maybe", "invalid value for ro: maybe"),
            ("type=tmpfs,target=/t,size=x", "invalid value for size: x"),
            (
                "target=/t,size=1m",
                "unexpected key 'size' for mount type 'bind'",
            ),
            (
                "type=tmpfs,target=/t,mode=755",
                "mode not allowed for \"tmpfs\" type mounts",
            ),
            ("type=cache,target=/t,mode=9", "invalid value 9 for mode"),
            (
                "type=cache,target=/t,sharing=no",
                "unsupported sharing value \"no\"",
            ),
            (
                "target=/t,sharing=locked",
                "invalid cache sharing set for bind mount",
            ),
            (
                "type=secret",
                "invalid secret mount. one of source, target required",
            ),
            (
                "type=secret,id=a,from=b",
                "secret mount should not have a from",
            ),
            (
                "from=$X",
                "'from' doesn't support variable expansion, define alias stage instead",
            ),
        ] {
            let error = works(&format!("RUN --mount={mount} x")).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
