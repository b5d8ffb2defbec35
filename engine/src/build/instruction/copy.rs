//! COPY: files of the build context, of another stage or of an image.
//!
//! `COPY [--from=stage|index|image] [--chown=u:g] [--chmod=755] [--exclude=pattern] [--parents] source… destination`. A
//! directory as source means its contents, unless `--parents` keeps the folders that lead to it.
//!
//! **Lesson.** `files-into-an-image`

use super::Form;
use super::transfer::{self, Transfer};
use crate::build::state::{Place, State};
use crate::build::syntax::error::BuildError;
use crate::build::syntax::source::Word;
use crate::build::syntax::statement::{FlagKind, Statement};
use crate::build::work::Effect;

/// COPY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    /// The sources and the destination.
    pub transfer: Transfer,
    /// `--from`; `None` is the build context.
    pub from: Option<Word>,
    /// `--parents`: keeps the parent folders of a source.
    pub parents: bool,
}

const OWN: [(&str, FlagKind); 2] = [("from", FlagKind::Value), ("parents", FlagKind::Switch)];

impl Form for Copy {
    const KEYWORD: &str = "COPY";
    const CHANGES_FILES: bool = true;

    fn parse(statement: &Statement<'_>) -> Result<Self, BuildError> {
        let allowed = [&transfer::FLAGS[..], &OWN].concat();
        let flags = statement.flags(&allowed)?;
        let from = flags.value("from");
        if let Some(from) = from.as_ref().filter(|from| from.text.contains('$')) {
            return Err(statement
                .error(from.span, "variable expansion is not supported for --from")
                .with_hint(
                    "define a new stage with FROM using ARG from global scope as a workaround",
                ));
        }
        Ok(Self {
            transfer: Transfer::parse(statement, &flags)?,
            from,
            parents: flags.switch("parents"),
        })
    }

    /// Plans the copying.
    fn apply(&self, state: &mut State<'_>, at: Place<'_>) -> Result<Effect, BuildError> {
        let mut work = self.transfer.work(state, at, "COPY")?;
        work.from = self.from.clone();
        work.parents = self.parents;
        if work.parents && work.sources.len() == 1 && !work.destination.ends_with('/') {
            // The kept folders need a destination folder.
            work.destination.push('/');
        }
        Ok(transfer::effect(work))
    }
}

#[cfg(test)]
mod tests {
    use crate::build::state::testing::check_history;

    #[test]
    fn history_is_what_buildkit_writes() {
        check_history("COPY f /app/", "COPY f /app/ # buildkit");
        check_history("COPY . .", "COPY . . # buildkit");
        check_history(
            "COPY --chmod=600 --parents a/b /c",
            "COPY --parents --chmod=600 a/b /c # buildkit",
        );
        check_history(
            "COPY --from=b /out /app/out",
            "COPY /out /app/out # buildkit",
        );
        check_history(
            "ENV U=app\nCOPY --chown=$U:1 --chmod=755 a b /c/",
            "COPY --chown=app:1 --chmod=755 a b /c/ # buildkit",
        );
        check_history("COPY <<x.txt /d\nhi\nx.txt", "COPY <<x.txt /d # buildkit");
    }
}
