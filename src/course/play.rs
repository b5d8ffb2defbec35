//! Runs a solution from start to finish in a scratch sandbox. The learner's own sandbox stays as it is.

use crate::course::look::{ASIDE, CODE, HEADING, styled};
use crate::course::steps::Steps;
use crate::course::workspace::{Workbench, find};
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use checker::exercise::Action;
use lessons::catalog::Catalog;
use std::io;

/// Plays the first solution of the exercise `id`; `show` prints text.
pub(crate) fn play(
    env: &Env,
    catalog: &Catalog,
    id: &str,
    show: &mut dyn FnMut(&str) -> io::Result<()>,
) -> CommandResult {
    let exercise = find(catalog, id)?;
    let Some(solution) = exercise.solutions.first() else {
        return Err(Failure::message(format!(
            "the exercise `{id}` has no solution"
        )));
    };
    let bench = Workbench::scratch(env, catalog, id)?;
    let played = (|| {
        show(&format!("\n{}\n", styled(HEADING, "In a scratch sandbox:")))?;
        bench.prepare()?;
        let steps = Steps::new(env, &bench.sandbox, &bench.workspace)?;
        for step in &solution.steps {
            match &step.action {
                Action::Write { path, text } => {
                    show(&format!(
                        "{}\n",
                        styled(ASIDE, &format!("({path} is written)"))
                    ))?;
                    for line in text.lines() {
                        show(&format!("  {line}\n"))?;
                    }
                }
                action => show(&format!(
                    "{}\n",
                    styled(CODE, &format!("$ {}", action.describe()))
                ))?,
            }
            let done = steps.act_to_the_end(&step.action)?;
            show(&done.output)?;
            if !done.output.is_empty() && !done.output.ends_with('\n') {
                show("\n")?;
            }
            if done.code != 0 {
                show(&format!(
                    "{}\n",
                    styled(ASIDE, &format!("(exit code {})", done.code))
                ))?;
            }
        }
        for answer in solution.answers.values() {
            show(&format!("{}\n", styled(CODE, &format!("answer {answer}"))))?;
        }
        show(&format!(
            "{}\n\n",
            styled(
                ASIDE,
                "The scratch sandbox is thrown away. Yours is as it was."
            )
        ))?;
        Ok(())
    })();
    let discarded = bench.discard();
    played.and(discarded)
}
