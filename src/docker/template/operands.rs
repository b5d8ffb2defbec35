//! The inside of an action: pipelines, commands and operands.

use super::ast::{Command, Operand, OperandKind, Pipe};
use super::functions;
use super::left_out;
use super::lexer::Kind;
use super::parse::{Parser, Result};
use crate::docker::commands::limits::is_dockers_template;
use engine::go::quote;

impl Parser {
    /// `$x := a | b c`, up to and including `closer`.
    pub(super) fn pipeline(&mut self, context: &str, closer: Kind) -> Result<Pipe> {
        let at = self.peek_word().at;
        let variables = self.declarations(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let token = self.peek_word().clone();
            match token.kind {
                Kind::Close | Kind::RightParen if token.kind == closer => {
                    self.next += 1;
                    break;
                }
                Kind::Bool
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Raw
                | Kind::Quoted
                | Kind::Variable
                | Kind::LeftParen => commands.push(self.command()?),
                Kind::Keyword if token.text == "nil" => commands.push(self.command()?),
                _ => {
                    self.next += 1;
                    return Err(self.unexpected(&token, context));
                }
            }
        }
        if commands.is_empty() {
            return Err(self.fail(format!("missing value for {context}")));
        }
        for (stage, command) in commands.iter().enumerate().skip(1) {
            if !matches!(
                command.words[0].kind,
                OperandKind::Field(_)
                    | OperandKind::Variable(_)
                    | OperandKind::Chain(..)
                    | OperandKind::Function(_)
                    | OperandKind::Pipe(_)
            ) {
                let stage = stage + 1;
                return Err(self.fail(format!("non executable command in pipeline stage {stage}")));
            }
        }
        // Declared only now: `{{$x := $x}}` must not see itself.
        self.variables.extend(variables.iter().cloned());
        Ok(Pipe {
            at,
            variables,
            commands,
        })
    }

    /// `$x :=`, or in a `range` also `$i, $e :=`.
    fn declarations(&mut self, context: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        loop {
            let start = self.next;
            let name = self.peek_word().clone();
            if name.kind != Kind::Variable {
                return match names.is_empty() {
                    true => Ok(names),
                    false => Err(self.fail("range can only initialize variables")),
                };
            }
            self.next += 1;
            let sign = self.peek_word().clone();
            match (sign.kind, sign.text.as_str()) {
                (Kind::Declare, _) => {
                    self.next += 1;
                    names.push(name.text);
                    return Ok(names);
                }
                (Kind::Other, ",") if context == "range" && names.is_empty() => {
                    self.next += 1;
                    names.push(name.text);
                }
                (Kind::Other, ",") => {
                    self.next += 1;
                    return Err(self.fail(format!("too many declarations in {context}")));
                }
                _ if names.is_empty() => {
                    self.next = start;
                    return Ok(names);
                }
                _ => return Err(self.fail("range can only initialize variables")),
            }
        }
    }

    fn knows(&self, variable: &str) -> bool {
        self.variables.iter().any(|known| known == variable)
    }

    /// Operands up to a `|` or the end of the pipeline.
    fn command(&mut self) -> Result<Command> {
        let mut words = Vec::new();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                words.push(operand);
            }
            let token = self.peek().clone();
            match token.kind {
                Kind::Space => continue,
                Kind::Close | Kind::RightParen => break,
                Kind::Pipe => {
                    self.next += 1;
                    break;
                }
                _ => {
                    self.next += 1;
                    return Err(self.unexpected(&token, "operand"));
                }
            }
        }
        if words.is_empty() {
            return Err(self.fail("empty command"));
        }
        Ok(Command { words })
    }

    /// A term and the fields after it; `None` if there is no term here.
    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(mut term) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != Kind::Field {
            return Ok(Some(term));
        }
        let at = self.peek().at;
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            names.push(self.take().text[1..].to_owned());
        }
        match &mut term.kind {
            // Go's position of such a chain is the start of its second name.
            OperandKind::Field(own) | OperandKind::Variable(own) => {
                own.extend(names);
                term.at = at;
                Ok(Some(term))
            }
            OperandKind::Bool(_)
            | OperandKind::Text { .. }
            | OperandKind::Int { .. }
            | OperandKind::Float { .. }
            | OperandKind::Nil
            | OperandKind::Dot => {
                let dot = format!("unexpected . after term {}", quote(&term.to_string()));
                Err(self.fail(dot))
            }
            _ => Ok(Some(Operand {
                at,
                kind: OperandKind::Chain(Box::new(term), names),
            })),
        }
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.peek().clone();
        self.next += 1;
        let kind = match token.kind {
            Kind::Identifier if is_dockers_template(&token.text) => {
                return Err(self.fail(left_out(&token.text)));
            }
            Kind::Identifier if !functions::exists(&token.text) => {
                return Err(self.fail(format!("function {} not defined", quote(&token.text))));
            }
            Kind::Identifier => OperandKind::Function(token.text),
            Kind::Dot => OperandKind::Dot,
            Kind::Keyword if token.text == "nil" => OperandKind::Nil,
            Kind::Variable if !self.knows(&token.text) => {
                return Err(self.fail(format!("undefined variable {}", quote(&token.text))));
            }
            Kind::Variable => OperandKind::Variable(vec![token.text]),
            Kind::Field => OperandKind::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => OperandKind::Bool(token.text == "true"),
            Kind::Number => match number(&token.text) {
                Some(kind) => kind,
                None => {
                    return Err(self.fail(format!("bad number syntax: {}", quote(&token.text))));
                }
            },
            Kind::Quoted | Kind::Raw => match unquote(&token.text) {
                Ok(value) => OperandKind::Text {
                    source: token.text,
                    value,
                },
                Err(complaint) => return Err(self.fail(complaint)),
            },
            Kind::LeftParen => {
                let pipe =
                    |parser: &mut Self| parser.pipeline("parenthesized pipeline", Kind::RightParen);
                OperandKind::Pipe(self.deeper(pipe)?)
            }
            _ => {
                self.next -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Operand { at: token.at, kind }))
    }
}

/// A decimal number, with or without a fraction.
fn number(text: &str) -> Option<OperandKind> {
    let digits = text.trim_start_matches(['+', '-']);
    // Go reads `017` in base 8, and Rust reads `1e3` and `inf`.
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !is_plain || digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.") {
        return None;
    }
    let source = text.to_owned();
    match text.parse() {
        Ok(value) => Some(OperandKind::Int { source, value }),
        Err(_) => {
            let value = text.parse().ok()?;
            Some(OperandKind::Float { source, value })
        }
    }
}

/// The text of `quoted`, which is in double quotes or in backquotes.
fn unquote(quoted: &str) -> std::result::Result<String, String> {
    let inner = &quoted[1..quoted.len() - 1];
    if quoted.starts_with('`') {
        return Ok(inner.replace('\r', ""));
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match chars.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(same @ ('\\' | '"')) => same,
            Some(other @ ('a' | 'b' | 'f' | 'v' | 'x' | 'u' | 'U' | '0'..='7')) => {
                return Err(left_out(&format!("\\{other}")));
            }
            _ => return Err("invalid syntax".to_owned()),
        });
    }
    Ok(text)
}
