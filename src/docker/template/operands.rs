//! The inside of an action: pipelines, commands and operands.

use super::ast::{Command, Operand, OperandKind, Pipe};
use super::functions;
use super::lexer::{Kind, Token};
use super::parse::{Parser, Result};
use super::quote::{quote, unquote};

impl Parser {
    /// `$x := a | b c`, up to and including `closer`.
    pub(super) fn pipeline(&mut self, context: &str, closer: Kind) -> Result<Pipe> {
        let at = self.peek_word().at;
        let (variables, assigns) = self.declarations(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let token = self.peek_word().clone();
            match token.kind {
                Kind::Close | Kind::RightParen if token.kind == closer => {
                    self.next += 1;
                    break;
                }
                Kind::Bool
                | Kind::Char
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
        if !assigns {
            self.variables.extend(variables.iter().cloned());
        }
        Ok(Pipe {
            at,
            variables,
            assigns,
            commands,
        })
    }

    /// `$x :=`, `$x =`, or in a `range` also `$i, $e :=`.
    fn declarations(&mut self, context: &str) -> Result<(Vec<String>, bool)> {
        let mut names = Vec::new();
        loop {
            let start = self.next;
            let name = self.peek_word().clone();
            if name.kind != Kind::Variable {
                return match names.is_empty() {
                    true => Ok((names, false)),
                    false => Err(self.fail("range can only initialize variables")),
                };
            }
            self.next += 1;
            let sign = self.peek_word().clone();
            match (sign.kind, sign.text.as_str()) {
                (Kind::Declare | Kind::Assign, _) => {
                    self.next += 1;
                    names.push(name.text);
                    let assigns = sign.kind == Kind::Assign;
                    return Ok((names, assigns));
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
                    return Ok((names, false));
                }
                _ => return Err(self.fail("range can only initialize variables")),
            }
        }
    }

    fn knows(&self, variable: &str) -> bool {
        self.variables.iter().any(|known| known == variable)
    }

    /// Operands up to a bar or the end of the pipeline.
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
            // Go puts such a chain where its second name begins.
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
            Kind::Number | Kind::Char => match number(&token) {
                Some(kind) => kind,
                None => {
                    return Err(self.fail(format!("bad number syntax: {}", quote(&token.text))));
                }
            },
            Kind::Quoted | Kind::Raw => match unquote(&token.text) {
                Some(value) => OperandKind::Text {
                    source: token.text,
                    value,
                },
                None => return Err(self.fail("invalid syntax")),
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

/// Go's numbers, without complex ones.
fn number(token: &Token) -> Option<OperandKind> {
    let source = token.text.clone();
    if token.kind == Kind::Char {
        let text = unquote(&source)?;
        let mut chars = text.chars();
        let value = i64::from(u32::from(chars.next()?));
        return chars
            .next()
            .is_none()
            .then_some(OperandKind::Int { source, value });
    }
    let (sign, digits) = match source.as_bytes().first()? {
        b'-' => (-1, &source[1..]),
        b'+' => (1, &source[1..]),
        _ => (1, &source[..]),
    };
    let plain = digits.replace('_', "").to_ascii_lowercase();
    let (radix, digits) = match plain.get(..2) {
        Some("0x") => (16, &plain[2..]),
        Some("0o") => (8, &plain[2..]),
        Some("0b") => (2, &plain[2..]),
        Some(_) if plain.starts_with('0') && plain.bytes().all(|b| b.is_ascii_digit()) => {
            (8, &plain[1..])
        }
        _ => (10, &plain[..]),
    };
    if !digits.starts_with(['+', '-'])
        && let Ok(value) = i64::from_str_radix(digits, radix)
    {
        return Some(OperandKind::Int {
            source,
            value: sign * value,
        });
    }
    // Rust would also read `inf` and `nan`, which begin with a letter.
    if radix == 10 && digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        let value = digits
            .parse::<f64>()
            .ok()
            .filter(|value| value.is_finite())?;
        let value = value * sign as f64;
        return Some(OperandKind::Float { source, value });
    }
    None
}
