//! `--change` of `commit` and `import`: single instructions that set what a container runs with.
//!
//! Source: moby `daemon/builder/dockerfile`, `BuildFromConfig`.

use super::instruction::Instruction;
use super::state::{BuildArgs, Place, State};
use super::syntax::parse::Dockerfile;
use crate::error::{Error, Result};
use crate::oci::config::RunConfig;

/// `config` after the instructions in `changes`, such as `CMD ["sh"]`. Errors name the one that cannot be one.
pub(crate) fn apply(config: RunConfig, changes: &[String]) -> Result<RunConfig> {
    if changes.is_empty() {
        return Ok(config);
    }
    let text = format!("FROM scratch\n{}\n", changes.join("\n"));
    let file = Dockerfile::parse("--change", text.as_bytes())
        .map_err(|error| Error::invalid(error.message))?;
    let build_args = BuildArgs::new(Vec::new());
    let mut state = State {
        config,
        author: String::new(),
        args: Vec::new(),
        globals: &[],
        build_args: &build_args,
        cmd_set: false,
    };
    let place = Place {
        source: &file.source,
        escape: file.directives.escape,
    };
    for step in file.stages.iter().flat_map(|stage| &stage.steps) {
        if !is_possible(&step.instruction) {
            return Err(Error::invalid(format!(
                "{} is not a valid change command",
                step.written.keyword.text
            )));
        }
        step.instruction
            .apply(&mut state, place)
            .map_err(|error| Error::invalid(error.message))?;
    }
    Ok(state.config)
}

fn is_possible(instruction: &Instruction) -> bool {
    matches!(
        instruction,
        Instruction::Cmd(_)
            | Instruction::Entrypoint(_)
            | Instruction::Env(_)
            | Instruction::Expose(_)
            | Instruction::Healthcheck(_)
            | Instruction::Label(_)
            | Instruction::Onbuild(_)
            | Instruction::Stopsignal(_)
            | Instruction::User(_)
            | Instruction::Volume(_)
            | Instruction::Workdir(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(changes: &[&str], expected: &str) {
        let changes: Vec<_> = changes.iter().map(|change| (*change).to_owned()).collect();
        let found = match apply(RunConfig::default(), &changes) {
            Ok(config) => serde_json::to_string(&config).unwrap(),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn what_a_container_runs_with_is_set() {
        check(&[], "{}");
        check(
            &["ENTRYPOINT [\"echo\"]", "env Q=1", "USER bob"],
            r#"{"User":"bob","Env":["Q=1"],"Entrypoint":["echo"]}"#,
        );
    }

    #[test]
    fn what_makes_files_is_refused() {
        check(&["RUN x"], "RUN is not a valid change command");
        check(&["CMD x", "copy a b"], "copy is not a valid change command");
    }
}
