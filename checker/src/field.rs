//! What a noun of the check language can be asked, as data.
//!
//! One table per noun drives four things, so that they cannot drift apart: decoding with "did you mean", the JSON
//! Schema for editors, the generated reference page, and evaluation.

/// One field of a noun.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its key in YAML.
    pub name: &'static str,
    /// What it is called in Expected and Found.
    pub label: &'static str,
    /// What may stand after the key.
    pub kind: Kind,
    /// One sentence for the reference page and the editor.
    pub doc: &'static str,
}

/// What may stand after a key.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A literal name; never a pattern.
    Name,
    /// `true` or `false`.
    Bool,
    /// A text, exactly, or a mapping of text conditions.
    Text,
    /// Text that must occur, or a list of such texts.
    Contains,
    /// A regular expression that must match somewhere.
    Matches,
    /// A number, exactly, or a mapping of number conditions.
    Number,
    /// Bytes: a number, or a number with `B`, `kB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`.
    Size,
    /// The words of a command line: a list, or one line as a shell would split it.
    Words,
    /// Texts whose order does not matter.
    Set,
    /// Keys with a text condition each.
    Map,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Fields of their own.
    Group(&'static [Field]),
    /// A list in which each item is a pattern with these fields.
    Records(&'static [Field]),
    /// Paths with these fields each.
    Paths(&'static [Field]),
}

/// A noun of the check language.
#[derive(Debug)]
pub struct Noun {
    /// Its key in YAML.
    pub name: &'static str,
    /// What it looks at: one sentence.
    pub doc: &'static str,
    /// What it can be asked.
    pub fields: &'static [Field],
    /// Fields of which at least one must be given; empty if none must.
    pub needs: &'static [&'static str],
}

/// The field called `name` of `fields`.
pub(crate) fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.name == name)
}

/// A row of a field table: name, label, kind, doc.
pub(crate) const fn field(
    name: &'static str,
    label: &'static str,
    kind: Kind,
    doc: &'static str,
) -> Field {
    Field {
        name,
        label,
        kind,
        doc,
    }
}

/// Two tables as one.
pub(crate) const fn concat<const N: usize>(first: &[Field], second: &[Field]) -> [Field; N] {
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
