//! From tokens to nodes.
//!
//! Source: Go's `text/template` documentation; the messages are those of `text/template/parse`.

use super::TemplateError;
use super::ast::{Branch, List, Node};
use super::lexer::{Kind, Token, lex};
use engine::go::quote;

/// The maximum nesting of parentheses and blocks. Go has no such limit; we must not overflow the stack.
const DEPTH: usize = 100;

/// Parses `source`.
pub(super) fn parse(source: &str) -> Result<List> {
    let mut parser = Parser {
        tokens: lex(source),
        next: 0,
        variables: vec!["$".to_owned()],
        depth: 0,
        action_line: 0,
    };
    let mut main = List::new();
    while parser.peek().kind != Kind::End {
        match parser.node()? {
            Item::Node(node) => main.push(node),
            Item::End => return Err(parser.fail("unexpected {{end}}")),
            Item::Else => return Err(parser.fail("unexpected {{else}}")),
        }
    }
    Ok(main)
}

enum Item {
    Node(Node),
    End,
    Else,
}

/// The parser's state.
pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) next: usize,
    pub(super) variables: Vec<String>,
    depth: usize,
    /// The line where the current action began; 0 outside an action.
    action_line: usize,
}

pub(super) type Result<T> = std::result::Result<T, TemplateError>;

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    pub(super) fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().kind == Kind::Space {
            self.next += 1;
        }
    }

    /// The next token that is not a blank.
    pub(super) fn peek_word(&mut self) -> &Token {
        self.skip_space();
        self.peek()
    }

    fn take_word(&mut self) -> Token {
        self.skip_space();
        self.take()
    }

    /// An error at the last token.
    pub(super) fn fail(&self, message: impl AsRef<str>) -> TemplateError {
        let last = self.next.saturating_sub(1).min(self.tokens.len() - 1);
        let line = self.tokens[last].line;
        TemplateError::new(format!("template: :{line}: {}", message.as_ref()))
    }

    pub(super) fn unexpected(&self, token: &Token, context: &str) -> TemplateError {
        if token.kind == Kind::Error {
            let mut extra = String::new();
            if self.action_line != 0 && self.action_line != token.line {
                extra = match token.text.ends_with(" action") {
                    true => format!(" started at :{}", self.action_line),
                    false => format!(" in action started at :{}", self.action_line),
                };
            }
            return self.fail(format!("{}{extra}", token.text));
        }
        self.fail(format!("unexpected {} in {context}", shown(token)))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.take_word();
        if token.kind == kind {
            return Ok(token);
        }
        Err(self.unexpected(&token, context))
    }

    pub(super) fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEPTH {
            return Err(self.fail("too deeply nested"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Text, or one action.
    fn node(&mut self) -> Result<Item> {
        let token = self.take_word();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text))),
            Kind::Open => {
                self.action_line = token.line;
                let item = self.deeper(Self::action);
                self.action_line = 0;
                item
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let word = self.peek_word().clone();
        if word.kind == Kind::Keyword && word.text != "nil" {
            self.next += 1;
        }
        let node = match (word.kind, word.text.as_str()) {
            (Kind::Keyword, "if") => Node::If(self.branch("if")?),
            (Kind::Keyword, "with") => Node::With(self.branch("with")?),
            (Kind::Keyword, "range") => Node::Range(self.branch("range")?),
            (Kind::Keyword, "end") => {
                self.expect(Kind::Close, "end")?;
                return Ok(Item::End);
            }
            (Kind::Keyword, "else") => {
                // `{{else if …}}`: the block continues from `if`.
                let next = self.peek_word();
                if !(next.kind == Kind::Keyword && matches!(next.text.as_str(), "if" | "with")) {
                    self.expect(Kind::Close, "else")?;
                }
                return Ok(Item::Else);
            }
            _ => Node::Action(self.pipeline("command", Kind::Close)?),
        };
        Ok(Item::Node(node))
    }

    /// Nodes up to `end` or `else`; returns whether it was `else`.
    fn list(&mut self) -> Result<(List, bool)> {
        let mut list = List::new();
        loop {
            if self.peek_word().kind == Kind::End {
                self.next += 1;
                return Err(self.fail("unexpected EOF"));
            }
            match self.node()? {
                Item::Node(node) => list.push(node),
                Item::End => return Ok((list, false)),
                Item::Else => return Ok((list, true)),
            }
        }
    }

    /// The rest of a block after `if`, `with` or `range`.
    fn branch(&mut self, keyword: &str) -> Result<Branch> {
        let mark = self.variables.len();
        let pipe = self.pipeline(keyword, Kind::Close)?;
        let (body, more) = self.list()?;
        let mut otherwise = List::new();
        if more {
            let next = self.peek_word().clone();
            // After a plain `{{else}}` the closing braces are already consumed, so a keyword here is `else if`.
            if next.kind == Kind::Keyword && matches!(next.text.as_str(), "if" | "with") {
                if next.text != keyword {
                    return Err(self.unexpected(&next, "input"));
                }
                self.next += 1;
                let inner = self.deeper(|parser| parser.branch(keyword))?;
                otherwise.push(if keyword == "if" {
                    Node::If(inner)
                } else {
                    Node::With(inner)
                });
            } else {
                let (list, again) = self.list()?;
                if again {
                    return Err(self.fail("expected end; found {{else}}"));
                }
                otherwise = list;
            }
        }
        self.variables.truncate(mark);
        Ok(Branch {
            pipe,
            body,
            otherwise,
        })
    }
}

/// A token as Go's messages show it.
fn shown(token: &Token) -> String {
    match token.kind {
        Kind::End => "EOF".to_owned(),
        Kind::Keyword | Kind::Dot => format!("<{}>", token.text),
        _ if token.text.chars().count() > 10 => {
            let start: String = token.text.chars().take(10).collect();
            format!("{}...", quote(&start))
        }
        _ => quote(&token.text),
    }
}
