//! Go's `text/template`, as `docker --format` and `docker inspect -f` use it.
//!
//! ```text
//! lexer → parse, operands → ast → eval (functions, print, printf)
//! ```
//!
//! **What Docker does.** Hands the student's text to Go's template package, with a few functions of its own.
//! **What we do.** The same language: fields, pipelines, variables, `if with range define template block break
//! continue`, all of Go's functions, trim markers and comments, and Go's messages with their place.
//! **What we leave out.** Complex numbers and calling function values, which Docker's data does not have.

mod ast;
mod eval;
mod functions;
mod lexer;
mod operands;
mod parse;
mod print;
mod printf;
mod quote;

#[cfg(test)]
mod tests;

use crate::docker::value::Value;
use std::fmt;

pub(crate) use printf::significant;
pub use quote::quote;

/// A template that was understood.
#[derive(Debug, Clone)]
pub struct Template {
    source: String,
    templates: parse::Templates,
}

/// What Go says when a template cannot be understood or executed, beginning with `template: :1:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError(String);

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

/// Which functions a template gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Functions {
    /// All of them.
    Normal,
    /// For the header of a table: `upper`, `json` and the like leave the column's name alone.
    Header,
}

impl Template {
    /// Understands `source`.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            templates: parse::parse(source)?,
            source: source.to_owned(),
        })
    }

    /// The text that the template makes of `data`. A key that a map does not have gives `<no value>`.
    pub fn execute(&self, data: &Value, functions: Functions) -> Result<String, TemplateError> {
        eval::execute(&self.templates, &self.source, data, functions, false)
    }

    /// Like `execute`, but a key that a map does not have is an error.
    pub fn execute_strict(&self, data: &Value) -> Result<String, TemplateError> {
        eval::execute(&self.templates, &self.source, data, Functions::Normal, true)
    }

    /// Executes over a typed value as `docker inspect` does: first as it is; if that fails, over its plain JSON,
    /// and that error is the one to show.
    pub fn execute_inspecting(&self, data: &Value) -> Result<String, TemplateError> {
        self.execute(data, Functions::Normal)
            .or_else(|_| self.execute_strict(&Value::from(data.to_json())))
    }
}
