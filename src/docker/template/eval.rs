//! Executing a template over a value.
//!
//! Source: Go's `text/template` documentation; the messages are those of `text/template/exec.go`.

use super::ast::{Branch, Command, List, Node, Operand, OperandKind, Pipe};
use super::print::print;
use super::{Functions, TemplateError, functions};
use crate::docker::value::Value;
use engine::go::quote;
use std::borrow::Cow;
use std::fmt::Display;

/// The maximum output of a template, in bytes: nested `range`s must not use all memory.
const OUTPUT: usize = 64 << 20;

/// A value, borrowed from the data where it can be.
type Val<'a> = Cow<'a, Value>;
type Result<T> = std::result::Result<T, TemplateError>;

/// Executes `nodes`, which were parsed from `source`, over `data`. `strict` makes a missing key of a map an error.
pub(super) fn execute(
    nodes: &List,
    source: &str,
    data: &Value,
    functions: Functions,
    strict: bool,
) -> Result<String> {
    let mut state = State {
        source,
        functions,
        strict,
        variables: vec![("$", Cow::Borrowed(data))],
        out: String::new(),
        at: None,
    };
    state.list(&Cow::Borrowed(data), nodes)?;
    Ok(state.out)
}

struct State<'a> {
    source: &'a str,
    functions: Functions,
    strict: bool,
    variables: Vec<(&'a str, Val<'a>)>,
    out: String,
    /// The position and the node that messages quote.
    at: Option<(usize, &'a dyn Display)>,
}

impl<'a> State<'a> {
    /// An error at the current node.
    fn fail(&self, message: impl Display) -> TemplateError {
        let Some((at, node)) = self.at else {
            return TemplateError::new(format!("template: : {message}"));
        };
        let before = &self.source[..at.min(self.source.len())];
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(at, |newline| at - newline - 1);
        TemplateError::new(format!(
            "template: :{line}:{column}: executing \"\" at <{node}>: {message}"
        ))
    }

    fn list(&mut self, dot: &Val<'a>, nodes: &'a [Node]) -> Result<()> {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipe) => {
                    let value = self.pipe(dot, pipe)?;
                    if pipe.variables.is_empty() {
                        print(&mut self.out, &value);
                    }
                }
                Node::If(branch) => self.if_or_with(dot, branch, false)?,
                Node::With(branch) => self.if_or_with(dot, branch, true)?,
                Node::Range(branch) => self.range(dot, branch)?,
            }
            if self.out.len() > OUTPUT {
                return Err(self.fail("the output is too long"));
            }
        }
        Ok(())
    }

    fn if_or_with(&mut self, dot: &Val<'a>, branch: &'a Branch, moves_dot: bool) -> Result<()> {
        let mark = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        match (value.is_true(), moves_dot) {
            (true, true) => self.list(&value, &branch.body)?,
            (true, false) => self.list(dot, &branch.body)?,
            (false, _) => self.list(dot, &branch.otherwise)?,
        }
        self.variables.truncate(mark);
        Ok(())
    }

    fn range(&mut self, dot: &Val<'a>, branch: &'a Branch) -> Result<()> {
        let mark = self.variables.len();
        let over = self.pipe(dot, &branch.pipe)?;
        // The pipeline has set its variables to the whole; each iteration sets them again.
        self.variables.truncate(mark);
        let items: Vec<(Value, Value)> = match over.into_owned() {
            Value::List(items) => {
                let items = items.into_iter().flatten().zip(0..);
                items.map(|(item, at)| (Value::Int(at), item)).collect()
            }
            Value::Map(map) => {
                let entries = map.entries.into_iter().flatten();
                entries.map(|(key, item)| (key.into(), item)).collect()
            }
            Value::Absent | Value::Nil => Vec::new(),
            value => {
                let mut shown = String::new();
                print(&mut shown, &value);
                return Err(self.fail(format!("range can't iterate over {shown}")));
            }
        };
        if items.is_empty() {
            return self.list(dot, &branch.otherwise);
        }
        for (key, item) in items {
            let item: Val<'a> = Cow::Owned(item);
            match &branch.pipe.variables[..] {
                [] => {}
                [element] => self.variables.push((element, item.clone())),
                [index, element, ..] => {
                    self.variables.push((index, Cow::Owned(key)));
                    self.variables.push((element, item.clone()));
                }
            }
            self.list(&item, &branch.body)?;
            self.variables.truncate(mark);
        }
        Ok(())
    }

    fn pipe(&mut self, dot: &Val<'a>, pipe: &'a Pipe) -> Result<Val<'a>> {
        self.at = Some((pipe.at, pipe));
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        let value = value.unwrap_or(Cow::Owned(Value::Absent));
        for name in &pipe.variables {
            self.variables.push((name, value.clone()));
        }
        Ok(value)
    }

    /// `last` is the value of the previous command in the pipeline; it becomes the last argument.
    fn command(
        &mut self,
        dot: &Val<'a>,
        command: &'a Command,
        last: Option<Val<'a>>,
    ) -> Result<Val<'a>> {
        let (first, arguments) = (&command.words[0], &command.words[1..]);
        match &first.kind {
            OperandKind::Field(names) => {
                self.at = Some((first.at, first));
                self.chain(dot, dot.clone(), names, arguments, last)
            }
            OperandKind::Variable(names) => {
                self.at = Some((first.at, first));
                let value = self.variable(&names[0]);
                if names.len() == 1 {
                    self.no_arguments(first, arguments, &last)?;
                    return Ok(value);
                }
                self.chain(dot, value, &names[1..], arguments, last)
            }
            OperandKind::Chain(inner, names) => {
                let value = self.operand(dot, inner)?;
                self.chain(dot, value, names, arguments, last)
            }
            OperandKind::Function(name) => {
                self.at = Some((first.at, first));
                self.called(dot, name, command, arguments, last)
            }
            _ => {
                self.at = Some((first.at, first));
                self.no_arguments(first, arguments, &last)?;
                if first.kind == OperandKind::Nil {
                    return Err(self.fail("nil is not a command"));
                }
                self.operand(dot, first)
            }
        }
    }

    fn no_arguments(
        &self,
        first: &Operand,
        arguments: &[Operand],
        last: &Option<Val<'a>>,
    ) -> Result<()> {
        if arguments.is_empty() && last.is_none() {
            return Ok(());
        }
        Err(self.fail(format!("can't give argument to non-function {first}")))
    }

    /// The value of a word that takes no arguments.
    fn operand(&mut self, dot: &Val<'a>, operand: &'a Operand) -> Result<Val<'a>> {
        self.at = Some((operand.at, operand));
        match &operand.kind {
            OperandKind::Dot => Ok(dot.clone()),
            OperandKind::Nil => Ok(Cow::Owned(Value::Absent)),
            OperandKind::Bool(value) => Ok(Cow::Owned(Value::Bool(*value))),
            OperandKind::Int { value, .. } => Ok(Cow::Owned(Value::Int(*value))),
            OperandKind::Float { value, .. } => Ok(Cow::Owned(Value::Float(*value))),
            OperandKind::Text { value, .. } => Ok(Cow::Owned(Value::Text(value.clone()))),
            OperandKind::Field(names) => self.chain(dot, dot.clone(), names, &[], None),
            OperandKind::Variable(names) => {
                let value = self.variable(&names[0]);
                self.chain(dot, value, &names[1..], &[], None)
            }
            OperandKind::Chain(inner, names) => {
                let value = self.operand(dot, inner)?;
                self.chain(dot, value, names, &[], None)
            }
            OperandKind::Pipe(pipe) => self.pipe(dot, pipe),
            OperandKind::Function(name) => {
                let words = std::slice::from_ref(operand);
                self.called(dot, name, operand, &words[1..], None)
            }
        }
    }

    fn variable(&self, name: &str) -> Val<'a> {
        let found = self
            .variables
            .iter()
            .rev()
            .find(|(known, _)| *known == name);
        found.map_or(Cow::Owned(Value::Absent), |(_, value)| value.clone())
    }

    /// `.A.B.C`; the last name may be a method with arguments.
    fn chain(
        &mut self,
        dot: &Val<'a>,
        mut value: Val<'a>,
        names: &'a [String],
        arguments: &'a [Operand],
        last: Option<Val<'a>>,
    ) -> Result<Val<'a>> {
        let Some((final_name, names)) = names.split_last() else {
            return Ok(value);
        };
        for name in names {
            value = self.field(&value, name, false)?;
        }
        let has_arguments = !arguments.is_empty() || last.is_some();
        let field = self.field(&value, final_name, has_arguments)?;
        let Value::Lookup(entries) = &*field else {
            return Ok(field);
        };
        let entries = entries.clone();
        let mut given = Vec::new();
        for argument in arguments {
            given.push(self.operand(dot, argument)?);
        }
        given.extend(last);
        match &given[..] {
            [key] => match &**key {
                Value::Text(key) => {
                    let found = entries.get(key).cloned().unwrap_or_default();
                    Ok(Cow::Owned(Value::Text(found)))
                }
                other => Err(self.fail(format!(
                    "wrong type for value; expected string; got {}",
                    other.type_name()
                ))),
            },
            _ => Err(self.fail(format!(
                "wrong number of args for {final_name}: want 1 got {}",
                given.len()
            ))),
        }
    }

    fn field(&self, value: &Val<'a>, name: &str, has_arguments: bool) -> Result<Val<'a>> {
        let found = match &**value {
            Value::Struct(inner) => inner.get(name).is_some(),
            Value::Map(map) => map.get(name).is_some(),
            _ => false,
        };
        match &**value {
            Value::Struct(inner) if found => {
                let method = matches!(inner.get(name), Some(Value::Lookup(_)));
                if has_arguments && !method {
                    return Err(self.fail(format!("{name} is not a method but has arguments")));
                }
            }
            Value::Map(_) => {
                if has_arguments {
                    return Err(self.fail(format!("{name} is not a method but has arguments")));
                }
                if !found && self.strict {
                    return Err(self.fail(format!("map has no entry for key {}", quote(name))));
                }
                if !found {
                    return Ok(Cow::Owned(Value::Absent));
                }
            }
            Value::Absent if self.strict => {
                return Err(self.fail(format!("nil data; no entry for key {}", quote(name))));
            }
            Value::Absent => return Ok(Cow::Owned(Value::Absent)),
            Value::Nil => {
                return Err(self.fail(format!("nil pointer evaluating interface {{}}.{name}")));
            }
            other => {
                let kind = other.type_name();
                return Err(self.fail(format!("can't evaluate field {name} in type {kind}")));
            }
        }
        Ok(project(value, |value| match value {
            Value::Struct(inner) => inner.get(name),
            Value::Map(map) => map.get(name),
            _ => None,
        }))
    }

    /// Calls a function. `node` is quoted in the function's error.
    fn called(
        &mut self,
        dot: &Val<'a>,
        name: &str,
        node: &'a dyn Display,
        arguments: &'a [Operand],
        last: Option<Val<'a>>,
    ) -> Result<Val<'a>> {
        let place = self.at.map_or(0, |(at, _)| at);
        let Some(signature) = functions::signature(name, self.functions) else {
            return Err(self.fail(format!("{} is not a defined function", quote(name))));
        };
        let count = arguments.len() + usize::from(last.is_some());
        if let Some(want) = signature.mismatch(count) {
            return Err(self.fail(format!(
                "wrong number of args for {name}: want {want} got {count}"
            )));
        }
        if matches!(name, "and" | "or") {
            return self.and_or(dot, name == "and", arguments, last);
        }
        let mut given = Vec::with_capacity(count);
        for (index, argument) in arguments.iter().enumerate() {
            let value = self.operand(dot, argument)?;
            self.at = Some((argument.at, argument));
            if let Some(complaint) = signature.complaint(index, &value, Some(argument)) {
                return Err(self.fail(complaint));
            }
            given.push(value);
        }
        if let Some(value) = last {
            if let Some(complaint) = signature.complaint(given.len(), &value, None) {
                return Err(self.fail(complaint));
            }
            given.push(value);
        }
        functions::call(name, self.functions, &given).map_err(|complaint| {
            self.at = Some((place, node));
            self.fail(format!("error calling {name}: {complaint}"))
        })
    }

    /// `and` and `or` evaluate only as many arguments as necessary.
    fn and_or(
        &mut self,
        dot: &Val<'a>,
        and: bool,
        arguments: &'a [Operand],
        last: Option<Val<'a>>,
    ) -> Result<Val<'a>> {
        let mut value = Cow::Owned(Value::Absent);
        for argument in arguments {
            value = self.operand(dot, argument)?;
            if value.is_true() != and {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}

/// A part of `value`, borrowed if the value is.
fn project<'a>(value: &Val<'a>, part: impl for<'x> Fn(&'x Value) -> Option<&'x Value>) -> Val<'a> {
    match value {
        Cow::Borrowed(value) => part(value).map(Cow::Borrowed),
        Cow::Owned(value) => part(value).cloned().map(Cow::Owned),
    }
    .unwrap_or(Cow::Owned(Value::Absent))
}
