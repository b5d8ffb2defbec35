//! A parsed template: the output of the parser and the input of the evaluator.
//!
//! Every node prints itself as Go does, because Go's messages quote the node at which they stopped.

use std::fmt;

/// A sequence of nodes.
pub(super) type List = Vec<Node>;

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Text(String),
    /// `{{pipeline}}`
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
}

/// `{{if}} … {{else}} … {{end}}` and similar blocks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) body: List,
    pub(super) otherwise: List,
}

/// Commands chained with `|`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pipe {
    pub(super) at: usize,
    /// `$x :=`, `$i, $e :=`
    pub(super) variables: Vec<String>,
    pub(super) commands: Vec<Command>,
}

/// One operand, or a function or method and its arguments. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    pub(super) words: Vec<Operand>,
}

/// A value, or a name to call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    pub(super) at: usize,
    pub(super) kind: OperandKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Int {
        source: String,
        value: i64,
    },
    Float {
        source: String,
        value: f64,
    },
    Text {
        source: String,
        value: String,
    },
    /// `.A.B`
    Field(Vec<String>),
    /// `$x.A.B`; the first name is the variable's, with its `$`.
    Variable(Vec<String>),
    /// `(pipeline).A.B`
    Chain(Box<Operand>, Vec<String>),
    /// A function's name.
    Function(String),
    Pipe(Pipe),
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = |f: &mut fmt::Formatter<'_>, names: &[String]| {
            names.iter().try_for_each(|name| write!(f, ".{name}"))
        };
        match &self.kind {
            OperandKind::Dot => f.write_str("."),
            OperandKind::Nil => f.write_str("nil"),
            OperandKind::Bool(value) => write!(f, "{value}"),
            OperandKind::Int { source, .. }
            | OperandKind::Float { source, .. }
            | OperandKind::Text { source, .. }
            | OperandKind::Function(source) => f.write_str(source),
            OperandKind::Field(names) => fields(f, names),
            OperandKind::Variable(names) => f.write_str(&names.join(".")),
            OperandKind::Chain(inner, names) => {
                match &inner.kind {
                    OperandKind::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => write!(f, "{inner}")?,
                }
                fields(f, names)
            }
            OperandKind::Pipe(pipe) => write!(f, "{pipe}"),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let blank = if index > 0 { " " } else { "" };
            match &word.kind {
                OperandKind::Pipe(pipe) => write!(f, "{blank}({pipe})")?,
                _ => write!(f, "{blank}{word}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            write!(f, "{} := ", self.variables.join(", "))?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            let bar = if index > 0 { " | " } else { "" };
            write!(f, "{bar}{command}")?;
        }
        Ok(())
    }
}
