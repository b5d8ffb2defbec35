//! The fields of the check language's nouns, as data.
//!
//! A field is declared once, with its reader, as a row of its noun's table. The table drives decoding with "did you
//! mean", the JSON Schema for editors, the generated reference page, evaluation, and the values of `{found.NAME}`.

use super::outcome::Claim;
use super::{Arg, Given};
use crate::matcher::Matcher;
use crate::world::{Observed, World};
use serde_json::Value;

/// A field of a noun as written in exercises.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its key in YAML.
    pub name: &'static str,
    /// Its label in Expected and Found; its name if not given.
    label: Option<&'static str>,
    /// The kind of its argument.
    pub kind: Kind,
    /// One sentence for the reference page and the editor.
    pub doc: &'static str,
    /// Whether `{found.NAME}` shows its value.
    pub shown: bool,
}

impl Shape {
    /// Its label in Expected and Found.
    pub fn label(&self) -> String {
        match self.label {
            Some(label) => label.to_owned(),
            None => self.name.replace('_', " "),
        }
    }
}

/// A field of a `T`, and its reader.
#[derive(Debug)]
pub(crate) struct Field<T: 'static> {
    /// Its form in exercises.
    pub(crate) shape: Shape,
    /// Its reader.
    pub(crate) read: Read<T>,
}

/// How to read a field of a `T`.
#[derive(Debug)]
pub(crate) enum Read<T: 'static> {
    /// A value in the facts.
    Value(fn(&T) -> Value),
    /// A value that must be observed in the world.
    Look(fn(&T, &dyn World) -> Observed<Value>),
    /// Whether it has a literal name.
    Name(fn(&T, &str) -> bool),
    /// Custom claims.
    Claims(fn(&Asked<'_, T>) -> Vec<Claim>),
    /// The noun reads it: it selects the thing, counts, or says whether it exists.
    Aside,
}

/// A requested field of a thing.
pub(crate) struct Asked<'a, T: 'static> {
    /// The thing in words.
    pub(crate) subject: &'a str,
    /// The thing.
    pub(crate) it: &'a T,
    /// The field.
    pub(crate) shape: &'static Shape,
    /// Its argument.
    pub(crate) arg: &'a Arg,
    /// All fields given with it.
    pub(crate) given: &'a [Given],
    /// The world.
    pub(crate) world: &'a dyn World,
}

impl<T> Asked<'_, T> {
    /// The literal name or word given for the field.
    pub(crate) fn word(&self) -> &str {
        match self.arg {
            Arg::Name(word) | Arg::Match(Matcher::Text(word)) => word,
            _ => "",
        }
    }
}

// Derived implementations would require the same of `T`.
impl<T> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Field<T> {}
impl<T> Clone for Read<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Read<T> {}

/// The kind of argument of a key.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A literal name; never a pattern.
    Name,
    /// `true` or `false`.
    Bool,
    /// An exact text, or a mapping of text conditions.
    Text,
    /// Text that must occur, or a list of such texts.
    Contains,
    /// A regular expression that must match somewhere.
    Matches,
    /// An exact number, or a mapping of number conditions.
    Number,
    /// Bytes: a number, or a number with `B`, `kB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`.
    Size,
    /// The words of a command line: a list, or one line as a shell would split it.
    Words,
    /// Texts whose order does not matter.
    Set,
    /// Keys, each with a text condition.
    Map,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Nested fields.
    Group(&'static [Shape]),
    /// A list in which each item is a pattern with these fields.
    Records(&'static [Shape]),
    /// Paths, each with these fields.
    Paths(&'static [Shape]),
}

/// A noun of the check language.
#[derive(Debug)]
pub struct Noun {
    /// Its key in YAML.
    pub name: &'static str,
    /// What it is about: one sentence.
    pub doc: &'static str,
    /// Its fields.
    pub fields: &'static [Shape],
    /// Fields of which at least one must be given; empty if none is required.
    pub needs: &'static [&'static str],
    /// The values of `{found.NAME}` beside those of its fields.
    pub shows: &'static [&'static str],
}

impl Noun {
    /// All names that `{found.NAME}` supports.
    pub fn shows(&self) -> impl Iterator<Item = &'static str> + use<> {
        let values = self.fields.iter().filter(|field| field.shown);
        values
            .map(|field| field.name)
            .chain(self.shows.iter().copied())
    }
}

/// The field called `name` of `fields`.
pub(crate) fn find(fields: &'static [Shape], name: &str) -> Option<&'static Shape> {
    fields.iter().find(|field| field.name == name)
}

/// A row that reads a value in the facts.
pub(crate) const fn value<T>(name: &'static str, kind: Kind, read: fn(&T) -> Value) -> Field<T> {
    row(name, kind, Read::Value(read))
}

/// A row that observes the world.
pub(crate) const fn look<T>(
    name: &'static str,
    kind: Kind,
    read: fn(&T, &dyn World) -> Observed<Value>,
) -> Field<T> {
    row(name, kind, Read::Look(read))
}

/// A row with custom claims.
pub(crate) const fn claims<T>(
    name: &'static str,
    kind: Kind,
    judge: fn(&Asked<'_, T>) -> Vec<Claim>,
) -> Field<T> {
    row(name, kind, Read::Claims(judge))
}

/// A row that takes a literal name.
pub(crate) const fn named<T>(name: &'static str, is_it: fn(&T, &str) -> bool) -> Field<T> {
    row(name, Kind::Name, Read::Name(is_it))
}

/// A row that the noun itself reads.
pub(crate) const fn aside<T>(name: &'static str, kind: Kind) -> Field<T> {
    row(name, kind, Read::Aside)
}

const fn row<T>(name: &'static str, kind: Kind, read: Read<T>) -> Field<T> {
    let shape = Shape {
        name,
        label: None,
        kind,
        doc: "",
        shown: matches!(read, Read::Value(_)),
    };
    Field { shape, read }
}

impl<T> Field<T> {
    /// The row, labelled `label` in Expected and Found.
    pub(crate) const fn called(mut self, label: &'static str) -> Self {
        self.shape.label = Some(label);
        self
    }

    /// The row with its sentence for the reference page and the editor.
    pub(crate) const fn doc(mut self, doc: &'static str) -> Self {
        self.shape.doc = doc;
        self
    }
}

/// Two tables joined.
pub(crate) const fn concat<T, const N: usize>(
    first: &[Field<T>],
    second: &[Field<T>],
) -> [Field<T>; N] {
    assert!(
        first.len() + second.len() == N,
        "N is the sum of the lengths"
    );
    let mut all = [first[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() {
            first[at]
        } else {
            second[at - first.len()]
        };
        at += 1;
    }
    all
}

/// The forms of a table's fields in exercises.
pub(crate) const fn shapes<T, const N: usize>(fields: &[Field<T>]) -> [Shape; N] {
    both::<T, T, N>(fields, &[])
}

/// The forms of two tables' fields in exercises.
pub(crate) const fn both<T, U, const N: usize>(
    first: &[Field<T>],
    second: &[Field<U>],
) -> [Shape; N] {
    assert!(
        first.len() + second.len() == N,
        "N is the sum of the lengths"
    );
    let mut all = [first[0].shape; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() {
            first[at].shape
        } else {
            second[at - first.len()].shape
        };
        at += 1;
    }
    all
}
