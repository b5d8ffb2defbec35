//! How to change a Dockerfile so that the next build runs fewer steps.
//!
//! **What Docker does.** Nothing. **What we do.** When a RUN ran again only because an earlier COPY copies more than
//! the RUN reads, the last line of the build suggests what to copy first.

use super::cache::explain::{FileChange, Reason};
use super::instruction::Instruction;
use super::observe::StepReport;
use super::syntax::parse::{Dockerfile, Step};

/// Commands that install from a list: the first word, the second word, and the lists.
const INSTALLERS: [(&str, &[&str], &[&str]); 12] = [
    (
        "npm",
        &["install", "ci", "i"],
        &["package.json", "package-lock.json"],
    ),
    ("yarn", &["", "install"], &["package.json", "yarn.lock"]),
    (
        "pnpm",
        &["install", "i"],
        &["package.json", "pnpm-lock.yaml"],
    ),
    ("pip", &["install"], &["requirements.txt"]),
    ("pip3", &["install"], &["requirements.txt"]),
    ("poetry", &["install"], &["pyproject.toml", "poetry.lock"]),
    ("go", &["mod"], &["go.mod", "go.sum"]),
    ("cargo", &["fetch"], &["Cargo.toml", "Cargo.lock"]),
    ("bundle", &["install"], &["Gemfile", "Gemfile.lock"]),
    (
        "composer",
        &["install"],
        &["composer.json", "composer.lock"],
    ),
    ("mvn", &["dependency:go-offline"], &["pom.xml"]),
    ("apt-get", &["install", "update"], &[]),
];

/// The advice for a build with these steps, if there is any.
pub(crate) fn advice(file: &Dockerfile, steps: &[StepReport]) -> Option<String> {
    steps.iter().find_map(|step| {
        let Some(Reason::Step { because, .. }) = &step.reason else {
            return None;
        };
        let Reason::Files { changes } = &**because else {
            return None;
        };
        let stage = file.stages.get(step.stage)?;
        let at = |wanted: usize| {
            let line = |step: &Step| file.source.position(step.written.span.start).0;
            stage.steps.iter().find(|step| line(step) == wanted)
        };
        let run = at(step.line)?;
        let copy = steps.iter().find(|other| {
            other.stage == step.stage
                && !other.cached
                && matches!(&other.reason, Some(Reason::Files { changes: own }) if own == changes)
        })?;
        let Instruction::Copy(copied) = &at(copy.line)?.instruction else {
            return None;
        };
        if !matches!(run.instruction, Instruction::Run(_)) || copied.from.is_some() {
            return None;
        }
        say(&run.written.text, step.line, copy, changes)
    })
}

/// The sentence, if `run` does not read the changed files.
fn say(run: &str, line: usize, copy: &StepReport, changes: &[FileChange]) -> Option<String> {
    let changed = |name: &str| {
        changes
            .iter()
            .any(|change| change.path.rsplit('/').next() == Some(name))
    };
    let reads_changed = changes.iter().any(|change| {
        let name = change.path.rsplit('/').next().unwrap_or_default();
        words(run).any(|word| word.rsplit('/').next() == Some(name))
    });
    let lists = lists(run);
    if reads_changed
        || lists
            .as_ref()
            .is_some_and(|lists| lists.iter().any(|name| changed(name)))
    {
        return None;
    }
    let what = changes.first().map(|change| change.path.as_str())?;
    let first = match lists.as_deref() {
        // Unless it clearly installs something, the command may read what was copied.
        None => return None,
        Some([]) => format!("put line {line} above line {}", copy.line),
        Some(lists) => format!(
            "COPY {} alone before line {line}, and the rest after it",
            lists.join(" and ")
        ),
    };
    Some(format!(
        "`{what}` changed, so line {line} ran again although it does not need that file: {first}"
    ))
}

/// The lists that `run` installs from; `None` if it installs nothing.
fn lists(run: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = words(run).collect();
    let named: Vec<String> = words
        .windows(2)
        .filter(|pair| ["-r", "--requirement"].contains(&pair[0]))
        .map(|pair| pair[1].to_owned())
        .collect();
    for (index, word) in words.iter().enumerate() {
        let program = word.rsplit('/').next().unwrap_or_default();
        let next = words.get(index + 1).copied().unwrap_or_default();
        for (installer, verbs, lists) in INSTALLERS {
            if program == installer && verbs.contains(&next) {
                return Some(match named.is_empty() {
                    true => lists.iter().map(|list| (*list).to_owned()).collect(),
                    false => named,
                });
            }
        }
    }
    None
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "&|;()[]\",'".contains(c))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::cache::explain::Difference;
    use std::time::Duration;

    fn step(file: &Dockerfile, index: usize, reason: Reason) -> StepReport {
        let written = &file.stages[0].steps[index].written;
        StepReport {
            number: index + 2,
            total: 9,
            stage: 0,
            stage_name: None,
            text: written.text.clone(),
            line: file.source.position(written.span.start).0,
            cached: false,
            reason: Some(reason),
            duration: Duration::ZERO,
            layer: None,
            key: String::new(),
        }
    }

    /// The advice when `changed` changed in the COPY, the first instruction, and the following RUN ran.
    fn check(text: &str, changed: &str, expected: Option<&str>) {
        let file = Dockerfile::parse("d", format!("FROM x\n{text}").as_bytes()).unwrap();
        let files = Reason::Files {
            changes: vec![FileChange {
                path: changed.to_owned(),
                what: Difference::Content,
            }],
        };
        let run = Reason::Step {
            step: "step 2".to_owned(),
            because: Box::new(files.clone()),
        };
        let steps = [step(&file, 0, files), step(&file, 1, run)];
        let found = advice(&file, &steps);
        match expected {
            Some(part) => assert!(
                found.as_deref().unwrap_or("nothing").contains(part),
                "{found:?}"
            ),
            None => assert_eq!(found, None, "{text}"),
        }
    }

    #[test]
    fn installing_after_copying_everything_is_the_wrong_order() {
        check(
            "COPY . .\nRUN pip install -r requirements.txt\n",
            "app.py",
            Some("COPY requirements.txt alone before line 3, and the rest after it"),
        );
        check(
            "COPY . .\nRUN npm ci && npm run build\n",
            "src/a.js",
            Some("COPY package.json and package-lock.json alone"),
        );
        check(
            "COPY . .\nRUN apt-get update\n",
            "a",
            Some("put line 3 above line 2"),
        );
    }

    #[test]
    fn a_command_that_may_read_the_change_gets_no_advice() {
        check(
            "COPY . .\nRUN pip install -r requirements.txt\n",
            "requirements.txt",
            None,
        );
        check("COPY . .\nRUN make\n", "main.c", None);
        check("COPY . .\nRUN npm ci && node app.js\n", "app.js", None);
        check("COPY --from=y . .\nRUN npm ci\n", "a", None);
    }
}
