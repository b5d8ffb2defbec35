//! Go's `text/template`, as `docker --format` and `docker inspect -f` use it.
//!
//! ```text
//! lexer → parse, operands → ast → eval (functions, print, printf)
//! ```
//!
//! **What Docker does.** It passes the student's text to Go's template package, with a few additional functions.
//! **What we do.** The usual syntax of `--format`: fields, pipelines, variables, `if else with range`, trim markers,
//! the functions of the table in `functions.rs`, and Go's messages with their position.
//! **What we leave out.** Templates that call templates, comments, assignments, Go's other functions, numbers and
//! verbs: refused by name.

mod ast;
mod eval;
mod functions;
mod lexer;
mod operands;
mod parse;
mod print;
mod printf;

#[cfg(test)]
mod tests;

use crate::docker::value::Value;
use std::fmt;

/// A parsed template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    source: String,
    nodes: ast::List,
}

/// Go's message for a template that cannot be parsed or executed, beginning with `template: :1:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateError(String);

impl TemplateError {
    fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

/// The message about `what`, which Go's templates have and ours do not.
fn left_out(what: &str) -> String {
    format!("`{what}` in a template is not part of docklings; see docs/limits.md")
}

/// The functions that a template can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Functions {
    /// All of them.
    Normal,
    /// For the header of a table: `upper`, `json` and the like leave the column's name alone.
    Header,
}

impl Template {
    /// Parses `source`.
    pub(crate) fn parse(source: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            nodes: parse::parse(source)?,
            source: source.to_owned(),
        })
    }

    /// The output of the template for `data`. A missing key of a map gives `<no value>`.
    pub(crate) fn execute(
        &self,
        data: &Value,
        functions: Functions,
    ) -> Result<String, TemplateError> {
        eval::execute(&self.nodes, &self.source, data, functions, false)
    }

    /// Like `execute`, but a missing key of a map is an error.
    pub(crate) fn execute_strict(&self, data: &Value) -> Result<String, TemplateError> {
        eval::execute(&self.nodes, &self.source, data, Functions::Normal, true)
    }

    /// Executes over a typed value as `docker inspect` does: first over the value itself; if that fails, over its plain
    /// JSON, and that error is the one to show.
    pub(crate) fn execute_inspecting(&self, data: &Value) -> Result<String, TemplateError> {
        self.execute(data, Functions::Normal)
            .or_else(|_| self.execute_strict(&Value::from(data.to_json())))
    }
}
