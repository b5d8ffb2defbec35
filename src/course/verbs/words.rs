//! The words after a verb: its flags, and a few names at most.

use super::Verb;
use crate::course::state::Course;
use crate::course::workspace::find;
use crate::env::{self, Env};
use crate::exit;
use crate::failure::{CommandResult, Failure};
use lessons::progress::Progress;
use lessons::session::exercise_sandbox;
use std::io::{self, BufRead, IsTerminal, Write};

/// The words after a verb.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Words that are not flags.
    pub(crate) names: Vec<String>,
    switches: Vec<String>,
    values: Vec<(String, String)>,
}

impl Words {
    /// Parses `words` for `verb`; `None` if they ask for help. Error: an unknown flag.
    pub(crate) fn parse(verb: &Verb, words: &[String]) -> CommandResult<Option<Self>> {
        let mut parsed = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if matches!(&**word, "--help" | "-h") {
                return Ok(None);
            }
            if !word.starts_with('-') || word == "-" {
                parsed.names.push(word.clone());
                continue;
            }
            let (flag, given) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (&**word, None),
            };
            if verb.flags.contains(&flag) && given.is_none() {
                parsed.switches.push(flag.to_owned());
            } else if verb.flags.contains(&&*format!("{flag}=")) {
                let value = given.or_else(|| words.next().cloned());
                let value = value.ok_or_else(|| usage(verb, &format!("`{flag}` needs a value")))?;
                parsed.values.push((flag.to_owned(), value));
            } else {
                return Err(usage(verb, &format!("unknown flag `{word}`")));
            }
        }
        Ok(Some(parsed))
    }

    /// Whether the switch was given.
    pub(crate) fn has(&self, switch: &str) -> bool {
        self.switches.iter().any(|given| given == switch)
    }

    /// The values of the flag, in order.
    pub(crate) fn values<'a>(&'a self, flag: &'a str) -> impl Iterator<Item = &'a str> {
        let given = self.values.iter().filter(move |(name, _)| name == flag);
        given.map(|(_, value)| &**value)
    }

    /// Error: names were given.
    pub(crate) fn no_names(&self) -> CommandResult {
        match self.names.first() {
            None => Ok(()),
            Some(name) => Err(Failure::Message(
                format!("unexpected word `{name}`"),
                exit::USAGE,
            )),
        }
    }

    /// The exercise to use: the one that is named, else the one whose sandbox is in use, else the current one of the
    /// course. Error: there is none.
    pub(crate) fn exercise(&self, env: &Env, progress: &Progress) -> CommandResult<String> {
        if let [_, more, ..] = &self.names[..] {
            return Err(Failure::Message(
                format!("unexpected word `{more}`"),
                exit::USAGE,
            ));
        }
        let prefix = exercise_sandbox("");
        let named = self
            .names
            .first()
            .map(|name| name.trim_start_matches(&prefix).to_owned());
        let in_use = env.sandbox.strip_prefix(&prefix).map(str::to_owned);
        let at = progress.at.as_ref().filter(|at| !at.free);
        let at = || at.and_then(|at| at.exercise.clone());
        named.or(in_use).or_else(at).ok_or_else(|| {
            Failure::Hinted(
                "which exercise? You are not at one".to_owned(),
                exit::USAGE,
                "name one of those in `docklings list`".to_owned(),
            )
        })
    }

    /// Whether the user agrees, at the terminal or with `--yes`. Error: there is no terminal to ask at.
    pub(crate) fn agreed(&self, question: &str) -> CommandResult<bool> {
        if self.has("--yes") {
            return Ok(true);
        }
        if !io::stdin().is_terminal() {
            let hint = "add `--yes` if you mean it".to_owned();
            return Err(Failure::Hinted(question.to_owned(), exit::USAGE, hint));
        }
        let mut out = io::stdout();
        write!(out, "{question} [y/N] ")?;
        out.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
    }
}

fn usage(verb: &Verb, message: &str) -> Failure {
    let hint = format!("usage: docklings {} {}", verb.name, verb.usage);
    Failure::Hinted(message.to_owned(), exit::USAGE, hint)
}

/// The sandbox that a verb is about: an exercise's, or the playground by its name. Error: no sandbox was named, or the
/// course has no such exercise. A typing error must not create a new sandbox.
pub(crate) fn sandbox_of(words: &Words, env: &Env, course: &Course) -> CommandResult<String> {
    if words.names == [env::FREE] {
        return Ok(env::FREE.to_owned());
    }
    let id = words.exercise(env, &course.progress)?;
    if !words.names.is_empty() {
        find(&course.catalog, &id)?;
    }
    Ok(exercise_sandbox(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERB: &Verb = &super::super::VERBS[1];

    /// Names, switches, and values of `--answer`; or the message.
    type Expected<'a> = Result<(&'a [&'a str], &'a [&'a str], &'a [&'a str]), &'a str>;

    fn check(line: &str, expected: Expected<'_>) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let parsed = Words::parse(VERB, &words).map(|parsed| parsed.expect("it is no help"));
        match (parsed, expected) {
            (Ok(parsed), Ok((names, switches, answers))) => {
                assert_eq!(parsed.names, names, "{line}");
                assert_eq!(parsed.switches, switches, "{line}");
                let values: Vec<&str> = parsed.values("--answer").collect();
                assert_eq!(values, answers, "{line}");
            }
            (Err(failure), Err(message)) => {
                assert_eq!(failure.text().as_deref(), Some(message), "{line}");
                assert_eq!(failure.code(), exit::USAGE);
            }
            (parsed, _) => panic!("{line}: {parsed:?}"),
        }
    }

    #[test]
    fn flags_and_names_work_in_any_order() {
        check("", Ok((&[], &[], &[])));
        check("hello --json", Ok((&["hello"], &["--json"], &[])));
        check(
            "--answer a=b hello --answer=c=d",
            Ok((&["hello"], &[], &["a=b", "c=d"])),
        );
        check("--jsn", Err("unknown flag `--jsn`"));
        check("--json=1", Err("unknown flag `--json=1`"));
        check("--answer", Err("`--answer` needs a value"));
    }

    #[test]
    fn help_is_recognised_anywhere() {
        let words = ["hello".to_owned(), "--help".to_owned()];
        assert!(Words::parse(VERB, &words).unwrap().is_none());
    }
}
