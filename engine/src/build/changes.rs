//! `--change` of `commit` and `import`: single instructions that change the configuration.
//!
//! Source: moby `daemon/builder/dockerfile`, `BuildFromConfig`.

use super::state::{BuildArgs, Place, State};
use super::syntax::error::BuildError;
use super::syntax::parse::Dockerfile;
use crate::error::{Error, Result};
use crate::oci::config::RunConfig;

/// The instructions that Docker accepts as a change.
const POSSIBLE: [&str; 11] = [
    "cmd",
    "entrypoint",
    "env",
    "expose",
    "healthcheck",
    "label",
    "onbuild",
    "stopsignal",
    "user",
    "volume",
    "workdir",
];

/// `config` after the instructions in `changes`, such as `CMD ["sh"]`. An error names the invalid instruction.
pub(crate) fn apply(config: RunConfig, changes: &[String]) -> Result<RunConfig> {
    if changes.is_empty() {
        return Ok(config);
    }
    let words = changes
        .iter()
        .flat_map(|change| change.split_whitespace().next());
    let mut words = words.filter(|word| !word.starts_with('#')).peekable();
    if words.peek().is_none() {
        return Err(Error::invalid("file with no instructions"));
    }
    words.try_for_each(is_possible)?;
    let text = format!("FROM scratch\n{}\n", changes.join("\n"));
    let file = Dockerfile::parse("--change", text.as_bytes()).map_err(without_line)?;
    let build_args = BuildArgs::new(Vec::new());
    let before = config.clone();
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
        is_possible(&step.written.keyword.text)?;
        step.instruction
            .apply(&mut state, place)
            .map_err(without_line)?;
    }
    let mut config = state.config;
    let is_empty = |words: &Option<Vec<String>>| words.as_ref().is_none_or(Vec::is_empty);
    if is_empty(&config.cmd) && is_empty(&config.entrypoint) {
        // An image without a command cannot be requested: the container's command stays.
        config.cmd = before.cmd;
    }
    // Only a build records that a command went through a shell.
    config.args_escaped = before.args_escaped;
    Ok(config)
}

fn is_possible(word: &str) -> Result<()> {
    match POSSIBLE.contains(&word.to_lowercase().as_str()) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "{word} is not a valid change command"
        ))),
    }
}

/// A change is not in a line of a Dockerfile.
fn without_line(error: BuildError) -> Error {
    let message = error.message;
    let cause = message
        .strip_prefix("dockerfile parse error on line ")
        .and_then(|rest| rest.split_once(": "));
    Error::invalid(match cause {
        Some((_, cause)) => cause.to_owned(),
        None => message,
    })
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
        check(&["FROM x"], "FROM is not a valid change command");
        check(&["CMD x\nRUN y"], "RUN is not a valid change command");
        check(&["NOSUCH x"], "NOSUCH is not a valid change command");
    }

    #[test]
    fn a_change_has_no_line_of_a_dockerfile() {
        check(&["WORKDIR"], "WORKDIR requires exactly one argument");
        check(&["EXPOSE abc"], "invalid containerPort: abc");
        check(&[""], "file with no instructions");
        check(&["# why"], "file with no instructions");
    }

    #[test]
    fn a_command_is_not_taken_away() {
        let config = RunConfig {
            cmd: Some(vec!["sh".to_owned()]),
            ..RunConfig::default()
        };
        let changes = ["CMD []".to_owned(), "ENTRYPOINT []".to_owned()];
        let after = apply(config, &changes).unwrap();
        assert_eq!(after.cmd.unwrap(), ["sh"]);
    }
}
