//! Finding the reason for a miss: the step that was in this place in the last build, and the first difference from it.

use super::content::{Content, FileRecord};
use super::explain::{Difference, FileChange, Reason};
use crate::error::Result;
use crate::store::build_cache::{BuildCache, Inputs, StepRecord};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The steps that a stage had in the last build of its Dockerfile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Before {
    steps: Vec<StepRecord>,
    /// Whether a build of this Dockerfile is recorded.
    known: bool,
}

/// A step whose miss is to be explained.
pub(crate) struct Missed<'a> {
    /// Which step of the stage it is; FROM is 0.
    pub(crate) position: usize,
    /// The step's text as written.
    pub(crate) written: &'a str,
    pub(crate) inputs: &'a Inputs,
    pub(crate) content: Option<&'a Content>,
    /// If the step before it missed: that step's title and the reason.
    pub(crate) parent: Option<(&'a str, &'a Reason)>,
    /// The steps of the stage as they are written now.
    pub(crate) now: &'a [String],
}

impl Before {
    /// What is recorded for the stage called `stage` in the Dockerfile called `id`. If the stage has been renamed, it
    /// is found by its position.
    pub(crate) fn load(cache: &BuildCache, id: &str, stage: &str, index: usize) -> Result<Self> {
        let Some(last) = cache.last(id)? else {
            return Ok(Self::default());
        };
        let named = last.stages.iter().find(|(name, _)| name == stage);
        let keys = match named.or_else(|| last.stages.get(index)) {
            Some((_, keys)) => keys.clone(),
            None => Vec::new(),
        };
        let mut steps = Vec::with_capacity(keys.len());
        for key in keys {
            // A step without a record keeps its place.
            let record = cache.step(&key)?;
            steps.push(record.unwrap_or_else(|| StepRecord {
                key,
                parent: String::new(),
                written: String::new(),
                inputs: Inputs::default(),
                created: Timestamp::UNIX_EPOCH,
                chain: Vec::new(),
                own_layer: false,
                reason: None,
            }));
        }
        Ok(Self { steps, known: true })
    }

    /// The step of the last build to compare `missed` with: one with the same words, preferably in the same place;
    /// otherwise the step that was in its place, if that step is gone now and is of the same kind.
    pub(crate) fn counterpart(&self, missed: &Missed<'_>) -> Option<&StepRecord> {
        let same = |step: &&StepRecord| step.written == missed.written;
        let here = self.steps.get(missed.position);
        if let Some(step) = here.filter(same) {
            return Some(step);
        }
        let distance = |index: usize| index.abs_diff(missed.position);
        let moved = self
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.written == missed.written)
            .min_by_key(|(index, _)| distance(*index));
        if let Some((_, step)) = moved {
            return Some(step);
        }
        let keyword = |text: &str| text.split_whitespace().next().map(str::to_owned);
        here.filter(|step| {
            keyword(&step.written) == keyword(missed.written) && !missed.now.contains(&step.written)
        })
    }

    /// Why `missed` had no usable record.
    pub(crate) fn reason(&self, cache: &BuildCache, missed: &Missed<'_>) -> Result<Reason> {
        if !self.known {
            return Ok(Reason::FirstTime);
        }
        let Some(before) = self.counterpart(missed) else {
            return Ok(match missed.parent {
                Some((_, Reason::FirstTime)) => Reason::FirstTime,
                _ => Reason::NewInstruction,
            });
        };
        if let Some(reason) = self.own(cache, before, missed)? {
            return Ok(reason);
        }
        Ok(match missed.parent {
            Some((
                _,
                reason @ (Reason::FirstTime
                | Reason::NoCache
                | Reason::Base { .. }
                | Reason::Dropped { .. }
                | Reason::Order),
            )) => reason.clone(),
            Some((_, reason @ Reason::Step { .. })) => reason.clone(),
            Some((step, reason)) => Reason::Step {
                step: step.to_owned(),
                because: Box::new(reason.clone()),
            },
            // Everything is as it was.
            None => self.around(before, missed),
        })
    }

    /// A difference in the steps before this one; if there is none, its layer is missing.
    fn around(&self, before: &StepRecord, missed: &Missed<'_>) -> Reason {
        let place = self.steps.iter().position(|step| step.key == before.key);
        let was = &self.steps[..place.unwrap_or_default()];
        let now = &missed.now[..missed.position.min(missed.now.len())];
        let gone = was.iter().find(|step| !missed.now.contains(&step.written));
        match gone {
            Some(step) => Reason::Dropped {
                was: step.written.clone(),
            },
            None if was.iter().map(|step| &step.written).ne(now) => Reason::Order,
            None => Reason::LayerGone,
        }
    }

    /// A difference in the step itself.
    fn own(
        &self,
        cache: &BuildCache,
        before: &StepRecord,
        missed: &Missed<'_>,
    ) -> Result<Option<Reason>> {
        let (was, now) = (&before.inputs, missed.inputs);
        if was.base != now.base {
            let image = missed.written.trim_start_matches("FROM ");
            return Ok(Some(Reason::Base {
                image: image.to_owned(),
            }));
        }
        if was.text != now.text {
            return Ok(Some(Reason::Text {
                was: before.written.clone(),
            }));
        }
        if was.content != now.content {
            let files: Content = cache.files(&before.key)?.unwrap_or_default();
            let empty = Content::default();
            let changes = differences(&files.files, &missed.content.unwrap_or(&empty).files);
            return Ok(Some(Reason::Files { changes }));
        }
        if let Some((name, was, now)) = first_difference(&was.args, &now.args) {
            return Ok(Some(Reason::Arg { name, was, now }));
        }
        // Report only changes that no earlier instruction caused; the others are reported there.
        if missed.parent.is_none() {
            for (name, was, now) in [
                ("USER", &was.user, &now.user),
                ("WORKDIR", &was.working_dir, &now.working_dir),
                ("environment", &was.env.join(" "), &now.env.join(" ")),
            ] {
                if was != now {
                    return Ok(Some(Reason::Setting {
                        name: name.to_owned(),
                        was: was.clone(),
                        now: now.clone(),
                    }));
                }
            }
        }
        Ok(None)
    }
}

type Changed = (String, Option<String>, Option<String>);

fn first_difference(was: &[(String, String)], now: &[(String, String)]) -> Option<Changed> {
    let map = |pairs: &[(String, String)]| -> BTreeMap<String, String> {
        pairs.iter().cloned().collect()
    };
    let (was, now) = (map(was), map(now));
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .find(|name| was.get(*name) != now.get(*name))
        .map(|name| (name.clone(), was.get(name).cloned(), now.get(name).cloned()))
}

/// How two lists of files differ. A removed file and a new one with the same content count as a rename.
pub(crate) fn differences(was: &[FileRecord], now: &[FileRecord]) -> Vec<FileChange> {
    let by_path = |files: &[FileRecord]| -> BTreeMap<String, FileRecord> {
        files
            .iter()
            .map(|file| (file.path.clone(), file.clone()))
            .collect()
    };
    let (was, now) = (by_path(was), by_path(now));
    let mut gone: Vec<&FileRecord> = was
        .values()
        .filter(|file| !now.contains_key(&file.path))
        .collect();
    let mut changes = Vec::new();
    for file in now.values() {
        let what = match was.get(&file.path) {
            Some(before) if before.kind != file.kind => Difference::Kind,
            Some(before) if before.content != file.content => Difference::Content,
            Some(before) if before.mode != file.mode => Difference::Mode {
                was: before.mode,
                now: file.mode,
            },
            Some(before) if before.owner != file.owner => Difference::Owner,
            Some(before) if before.name != file.name => Difference::Renamed {
                from: before.path.clone(),
            },
            Some(_) => continue,
            None => {
                let twin = gone.iter().position(|gone| {
                    gone.kind == file.kind && file.kind == 'f' && gone.content == file.content
                });
                match twin {
                    Some(index) => Difference::Renamed {
                        from: gone.remove(index).path.clone(),
                    },
                    None => Difference::Added,
                }
            }
        };
        changes.push(FileChange {
            path: file.path.clone(),
            what,
        });
    }
    changes.extend(gone.into_iter().map(|file| FileChange {
        path: file.path.clone(),
        what: Difference::Removed,
    }));
    // A directory that appears with its first file adds no information to the file.
    let redundant = |change: &FileChange| {
        matches!(change.what, Difference::Added | Difference::Removed)
            && changes.iter().any(|other| {
                other.path.starts_with(&format!("{}/", change.path)) && other.what == change.what
            })
    };
    let mut told: Vec<FileChange> = changes.iter().filter(|c| !redundant(c)).cloned().collect();
    told.sort_by_key(|change| change.path.clone());
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, kind: char, mode: u32, content: &str) -> FileRecord {
        FileRecord {
            path: path.to_owned(),
            name: path.to_owned(),
            kind,
            mode,
            owner: None,
            content: content.to_owned(),
        }
    }

    fn check(was: &[FileRecord], now: &[FileRecord], expected: &[&str]) {
        let found: Vec<String> = differences(was, now)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_kind_of_difference_is_named() {
        let a = file("a", 'f', 0o644, "1");
        let one = std::slice::from_ref(&a);
        check(one, one, &[]);
        check(one, &[file("a", 'f', 0o644, "2")], &["a differs"]);
        check(one, &[file("a", 'f', 0o755, "1")], &["a mode 0644 -> 0755"]);
        check(one, &[file("b", 'f', 0o644, "1")], &["a was renamed to b"]);
        check(one, &[], &["a is gone"]);
        check(
            &[],
            &[
                a.clone(),
                file("d", 'd', 0o755, ""),
                file("d/x", 'f', 0o644, "3"),
            ],
            &["a is new", "d/x is new"],
        );
        check(
            one,
            &[file("a", 'l', 0o777, "1")],
            &["a is another kind of file"],
        );
    }

    fn step(written: &str) -> StepRecord {
        StepRecord {
            key: written.to_owned(),
            parent: String::new(),
            written: written.to_owned(),
            inputs: Inputs {
                text: written.to_owned(),
                ..Inputs::default()
            },
            created: Timestamp::UNIX_EPOCH,
            chain: Vec::new(),
            own_layer: true,
            reason: None,
        }
    }

    /// The reason for a miss of the last step of `now`, when the last build had `was`.
    fn reason(was: &[&str], now: &[&str], parent: Option<(&str, &Reason)>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let home = crate::paths::Home::new(folder.path(), folder.path().join("run"));
        let cache = BuildCache::of(&home.sandbox("free").unwrap());
        let before = Before {
            steps: was.iter().map(|text| step(text)).collect(),
            known: !was.is_empty(),
        };
        let now: Vec<String> = now.iter().map(|text| (*text).to_owned()).collect();
        let written = now.last().unwrap();
        let inputs = step(written).inputs;
        let missed = Missed {
            position: now.len() - 1,
            written,
            inputs: &inputs,
            content: None,
            parent,
            now: &now,
        };
        before.reason(&cache, &missed).unwrap().to_string()
    }

    #[test]
    fn a_step_is_compared_with_the_one_in_its_place() {
        assert_eq!(reason(&[], &["FROM x", "RUN a"], None), "first time");
        assert_eq!(
            reason(&["FROM x", "RUN a"], &["FROM x", "RUN b"], None),
            "instruction changed, was: RUN a"
        );
        assert_eq!(
            reason(&["FROM x"], &["FROM x", "RUN b"], None),
            "new instruction"
        );
        assert_eq!(
            reason(&["FROM x", "RUN a"], &["FROM x", "RUN a"], None),
            "its layer was removed"
        );
        assert_eq!(
            reason(&["FROM x", "COPY a b", "RUN a"], &["FROM x", "RUN b"], None),
            "new instruction"
        );
        assert_eq!(
            reason(&["FROM x", "COPY a b", "RUN a"], &["FROM x", "RUN a"], None),
            "an instruction before it is gone: COPY a b"
        );
        assert_eq!(
            reason(&["FROM x", "RUN a", "RUN b"], &["FROM x", "RUN b"], None),
            "an instruction before it is gone: RUN a"
        );
    }

    #[test]
    fn a_step_that_is_itself_the_same_ran_because_of_an_earlier_one() {
        let text = Reason::Text {
            was: "RUN a".to_owned(),
        };
        let was = ["FROM x", "RUN a", "RUN c"];
        assert_eq!(
            reason(&was, &["FROM x", "RUN b", "RUN c"], Some(("step 2", &text))),
            "step 2 changed, was: RUN a"
        );
        let further = Reason::Step {
            step: "step 2".to_owned(),
            because: Box::new(Reason::NewInstruction),
        };
        assert_eq!(
            reason(
                &was,
                &["FROM x", "RUN b", "RUN d", "RUN c"],
                Some(("step 3", &further))
            ),
            "step 2 is new"
        );
    }
}
