//! `docklings author check --explain ID`: every trial of an exercise, with its commands and the verdict of each goal.

use crate::course::look::{ASIDE, CODE, HEADING, NOT_YET, PASS, styled};
use checker::author::observe::{Look, Observation};
use checker::{Exercise, Verdict};

/// How many lines of a command's output are shown.
const SHOWN: usize = 4;

/// What was observed in each trial, as styled text.
pub(super) fn text(exercise: &Exercise, seen: &[Observation]) -> String {
    let mut text = String::new();
    for one in seen {
        let name = one.trial.kind.describe(exercise);
        let wanted = if one.trial.kind.must_fail() {
            "must fail"
        } else {
            "must pass"
        };
        text.push_str(&format!(
            "\n{}\n",
            styled(HEADING, &format!("{name} ({wanted})"))
        ));
        for (index, done) in one.done.iter().enumerate() {
            if let Some(look) = one.looks.iter().find(|look| look.after == index)
                && one.trial.look_between
            {
                text.push_str(&verdicts(look));
            }
            text.push_str(&format!(
                "  {}",
                styled(CODE, &format!("$ {}", done.command))
            ));
            if done.code != 0 {
                text.push_str(&styled(ASIDE, &format!("  (exit code {})", done.code)));
            }
            text.push('\n');
            let lines: Vec<&str> = done.output.lines().collect();
            for line in lines.iter().take(SHOWN) {
                text.push_str(&format!("    {line}\n"));
            }
            if lines.len() > SHOWN {
                let more = format!("    (and {} more lines)\n", lines.len() - SHOWN);
                text.push_str(&styled(ASIDE, &more));
            }
        }
        for (goal, answer) in &one.trial.answers {
            text.push_str(&format!(
                "  {}\n",
                styled(CODE, &format!("answer to `{goal}`: {answer}"))
            ));
        }
        match (&one.failure, one.last()) {
            (Some(failure), _) => text.push_str(&format!("  cannot be tried: {failure:?}\n")),
            (None, Some(look)) => text.push_str(&verdicts(look)),
            (None, None) => {}
        }
    }
    text
}

fn verdicts(look: &Look) -> String {
    let mut text = String::new();
    for goal in &look.report.goals {
        let style = match goal.verdict {
            Verdict::Pass => PASS,
            Verdict::NotYet => NOT_YET,
            Verdict::Waiting | Verdict::CantCheck => ASIDE,
        };
        let word = styled(style, &format!("{:<12}", goal.verdict.word()));
        let diagnosis = goal.diagnosis.as_ref().map(|one| format!(" ({})", one.id));
        let found = match (&goal.found, &goal.because) {
            (_, Some(because)) => format!(": {because}"),
            (Some(found), None) => format!(": found {found}"),
            (None, None) => String::new(),
        };
        text.push_str(&format!(
            "  {word}{}{}{found}\n",
            goal.id,
            diagnosis.unwrap_or_default()
        ));
    }
    text
}
