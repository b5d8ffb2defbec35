//! From text to a [`Dockerfile`]: stages, each with its typed instructions.
//!
//! Source: Dockerfile reference; messages as in BuildKit's `frontend/dockerfile/instructions/parse.go`.

use super::directives::Directives;
use super::error::BuildError;
use super::heredoc::Heredoc;
use super::lines::{self, LogicalLine};
use super::source::{Source, Span, Word};
use super::statement::Statement;
use crate::build::instruction::arg::Arg;
use crate::build::instruction::from::From;
use crate::build::instruction::{Form, Instruction};
use std::fmt;

/// A parsed Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// Its text.
    pub source: Source,
    /// The parser directives at its top.
    pub directives: Directives,
    /// ARGs before the first FROM: visible to FROM only.
    pub global_args: Vec<Arg>,
    /// The text of those ARGs.
    pub global_arg_steps: Vec<StepText>,
    /// At least one.
    pub stages: Vec<Stage>,
}

/// FROM and the instructions after it, up to the next FROM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// From 0, as in `COPY --from=0`.
    pub index: usize,
    /// Its first instruction.
    pub from: From,
    /// The FROM as a step, for its text and place.
    pub from_step: StepText,
    /// The instructions after FROM.
    pub steps: Vec<Step>,
}

/// An instruction of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The parsed instruction.
    pub(crate) instruction: Instruction,
    /// Its text.
    pub written: StepText,
}

/// The text of an instruction, and its position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepText {
    /// On one line, the keyword in capitals.
    pub text: String,
    /// The keyword as written.
    pub keyword: Word,
    /// From the keyword to the end of its last continuation line.
    pub span: Span,
    /// The heredocs that follow it.
    pub heredocs: Vec<Heredoc>,
    /// Its continuation contains an empty line.
    pub empty_continuation: bool,
}

impl Stage {
    /// Its name in messages: `AS name`, else `stage-N`.
    pub fn title(&self) -> String {
        match &self.from.name {
            Some(name) => name.text.clone(),
            None => format!("stage-{}", self.index),
        }
    }
}

impl Dockerfile {
    /// Parses `bytes`; `name` is shown in messages. Returns the first error, with its position.
    pub fn parse(name: impl Into<String>, bytes: &[u8]) -> Result<Self, BuildError> {
        let source = Source::new(name, bytes);
        let lines = lines::split(&source)?;
        let escape = lines.directives.escape;
        let mut dockerfile = Self {
            source: source.clone(),
            directives: lines.directives,
            global_args: Vec::new(),
            global_arg_steps: Vec::new(),
            stages: Vec::new(),
        };
        if lines.lines.is_empty() {
            let message = format!("the Dockerfile ({}) cannot be empty", source.name);
            return Err(source
                .error(Span::default(), message)
                .with_hint("a Dockerfile starts with `FROM image`"));
        }
        for line in &lines.lines {
            dockerfile.add(line, &Statement::new(&source, escape, line))?;
        }
        if dockerfile.stages.is_empty() {
            let last = lines.lines.last().map(|line| line.span).unwrap_or_default();
            return Err(source
                .error(last, "no build stage in current context")
                .with_hint("ARG alone builds nothing: add `FROM image` after it")
                .in_parsing());
        }
        Ok(dockerfile)
    }

    fn add(&mut self, line: &LogicalLine, statement: &Statement<'_>) -> Result<(), BuildError> {
        let written = StepText {
            text: statement.text(),
            keyword: line.word(0..statement.keyword.text.len()),
            span: statement.span(),
            heredocs: statement.heredocs().to_vec(),
            empty_continuation: line.empty_continuation,
        };
        match statement.keyword.text.as_str() {
            From::KEYWORD => {
                let from = From::parse(statement)?;
                self.stages.push(Stage {
                    index: self.stages.len(),
                    from,
                    from_step: written,
                    steps: Vec::new(),
                });
            }
            Arg::KEYWORD if self.stages.is_empty() => {
                self.global_args.push(Arg::parse(statement)?);
                self.global_arg_steps.push(written);
            }
            _ => {
                let instruction = Instruction::parse(statement)?;
                let Some(stage) = self.stages.last_mut() else {
                    return Err(statement
                        .error_here("no build stage in current context")
                        .with_hint(format!(
                            "put `FROM image` before the first {}; only ARG may stand above it",
                            statement.keyword.text
                        )));
                };
                stage.steps.push(Step {
                    instruction,
                    written,
                });
            }
        }
        Ok(())
    }

    /// The last stage before stage `before` called `name`, ignoring case.
    pub fn stage_named(&self, name: &str, before: usize) -> Option<&Stage> {
        self.stages[..before.min(self.stages.len())]
            .iter()
            .rev()
            .find(|stage| {
                let own = stage.from.name.as_ref();
                own.is_some_and(|own| own.text.eq_ignore_ascii_case(name))
            })
    }
}

/// The Dockerfile with one line per instruction: parsing it gives the same instructions.
impl fmt::Display for Dockerfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.directives.escape != '\\' {
            writeln!(f, "# escape={}", self.directives.escape)?;
        }
        let stages = self.stages.iter().flat_map(|stage| {
            let steps = stage.steps.iter().map(|step| &step.written);
            std::iter::once(&stage.from_step).chain(steps)
        });
        for written in self.global_arg_steps.iter().chain(stages) {
            writeln!(f, "{written}")?;
        }
        Ok(())
    }
}

impl fmt::Display for StepText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        for heredoc in &self.heredocs {
            write!(f, "\n{}{}", heredoc.content, heredoc.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
