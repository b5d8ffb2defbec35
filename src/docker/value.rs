//! Values as Go templates see them.
//!
//! `docker inspect -f` runs a template over Go structs, and if that fails, over the plain JSON. Students notice the
//! differences: a struct has fields that its JSON omits (`.State.Health`), prints without names (`{exited false …}`)
//! and distinguishes a nil list from a nil pointer. JSON alone cannot express that, so `inspect` and the tables build a
//! [`Value`], and [`Value::to_json`] gives the JSON.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A value in a template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A nil interface: JSON's `null`, or a missing key of a map. Prints as `<no value>`.
    Absent,
    /// A nil pointer. Prints as `<nil>`.
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number of any width.
    Int(i64),
    /// A time span in nanoseconds: a number in JSON, `1m30s` in a template.
    Duration(i64),
    /// A floating point number.
    Float(f64),
    /// A string.
    Text(String),
    /// A slice; `None` is Go's nil slice, which prints as `[]` and is `null` in JSON.
    List(Option<Vec<Value>>),
    /// A map with string keys.
    Map(Map),
    /// A struct, or a pointer to one.
    Struct(Struct),
    /// A method that looks up a key, such as `.Label "tier"`; a missing key gives an empty string.
    Lookup(BTreeMap<String, String>),
}

/// A map with string keys, printed and iterated in key order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Map {
    /// `None` is Go's nil map, which is `null` in JSON.
    pub(crate) entries: Option<BTreeMap<String, Value>>,
    /// The result of `index` for a missing key.
    pub(crate) missing: Missing,
}

/// The result of `index` for a missing key: the zero value of the map's element type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Missing {
    /// Elements of any type.
    #[default]
    Absent,
    /// Strings.
    Text,
    /// Slices.
    List,
    /// Pointers.
    Nil,
}

/// A struct: its fields in Go's order of declaration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Struct {
    /// Go's type name, for messages: `*formatter.ContainerContext`.
    pub(crate) name: &'static str,
    /// A row of a table. Docker writes its JSON with `<`, `>` and `&` escaped, unlike all other JSON.
    pub(crate) is_row: bool,
    /// Its printed form, if it does not print its fields.
    pub(crate) shown: Option<String>,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: &'static str,
    json: &'static str,
    value: Value,
    omit_empty: bool,
    embedded: bool,
}

impl Struct {
    /// A struct without fields.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            is_row: false,
            shown: None,
            fields: Vec::new(),
        }
    }

    /// Makes it print as `text`, as a Go type with a `String` method does.
    #[must_use]
    pub(crate) fn shown_as(mut self, text: String) -> Self {
        self.shown = Some(text);
        self
    }

    /// A row of a table, without fields yet; add them in alphabetical order, which is that of its JSON.
    pub(crate) fn row(name: &'static str) -> Self {
        Self {
            is_row: true,
            ..Self::new(name)
        }
    }

    fn push(
        mut self,
        (name, json): (&'static str, &'static str),
        value: Value,
        omit_empty: bool,
    ) -> Self {
        self.fields.push(Field {
            name,
            json,
            value,
            omit_empty,
            embedded: false,
        });
        self
    }

    /// Adds a field.
    #[must_use]
    pub(crate) fn with(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.push((name, name), value.into(), false)
    }

    /// Adds a field that JSON omits when it is empty.
    #[must_use]
    pub(crate) fn with_unless_empty(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.push((name, name), value.into(), true)
    }

    /// Adds a field that is called `json` in JSON.
    #[must_use]
    pub(crate) fn with_renamed(
        self,
        name: &'static str,
        json: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        self.push((name, json), value.into(), false)
    }

    /// Adds a field that is called `json` in JSON, and omitted there when it is empty.
    #[must_use]
    pub(crate) fn with_omitted(
        self,
        name: &'static str,
        json: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        self.push((name, json), value.into(), true)
    }

    /// Adds the fields of another struct as if they were this one's, as Go's embedding does.
    #[must_use]
    pub(crate) fn embedding(mut self, inner: Struct) -> Self {
        self.fields.push(Field {
            name: inner.name,
            json: "",
            value: Value::Struct(inner),
            omit_empty: false,
            embedded: true,
        });
        self
    }

    /// The field called `name`, including fields of an embedded struct.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find_map(|field| match &field.value {
            Value::Struct(inner) if field.embedded => {
                // The embedded struct itself has the name of its type, without the package.
                match inner.name.rsplit('.').next() == Some(name) {
                    true => Some(&field.value),
                    false => inner.get(name),
                }
            }
            value => (field.name == name).then_some(value),
        })
    }

    /// The values in order, for printing.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.fields.iter().map(|field| &field.value)
    }

    fn to_json(&self) -> Json {
        let mut object = serde_json::Map::new();
        for field in &self.fields {
            match &field.value {
                Value::Lookup(_) => {}
                Value::Struct(inner) if field.embedded => {
                    if let Json::Object(inner) = inner.to_json() {
                        object.extend(inner);
                    }
                }
                value if field.omit_empty && value.is_empty() => {}
                value => {
                    object.insert(field.json.to_owned(), value.to_json());
                }
            }
        }
        Json::Object(object)
    }
}

impl Map {
    /// A map of strings.
    pub(crate) fn of_texts<K: Into<String>, V: Into<String>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self {
            entries: Some(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.into(), Value::Text(value.into())))
                    .collect(),
            ),
            missing: Missing::Text,
        }
    }

    /// A map of arbitrary values.
    pub(crate) fn of(
        missing: Missing,
        entries: impl IntoIterator<Item = (impl Into<String>, Value)>,
    ) -> Self {
        Self {
            entries: Some(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.into(), value))
                    .collect(),
            ),
            missing,
        }
    }

    /// A nil map of strings.
    pub(crate) fn no_texts() -> Self {
        Self {
            entries: None,
            missing: Missing::Text,
        }
    }

    /// A nil map.
    pub(crate) fn nil() -> Self {
        Self::default()
    }

    /// The entries by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.entries.iter().flatten()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, BTreeMap::len)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry for `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.as_ref()?.get(key)
    }

    /// The result of `index` for a missing entry.
    pub(crate) fn zero(&self) -> Value {
        match self.missing {
            Missing::Absent => Value::Absent,
            Missing::Text => Value::Text(String::new()),
            Missing::List => Value::List(None),
            Missing::Nil => Value::Nil,
        }
    }
}

impl Value {
    /// A list.
    pub(crate) fn list(items: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        Self::List(Some(items.into_iter().map(Into::into).collect()))
    }

    /// A list that is Go's nil slice (`null` in JSON) if it is empty.
    pub(crate) fn list_or_nil(items: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let items: Vec<Value> = items.into_iter().map(Into::into).collect();
        Self::List((!items.is_empty()).then_some(items))
    }

    /// Whether Go's `omitempty` omits it from JSON.
    fn is_empty(&self) -> bool {
        match self {
            Self::Absent | Self::Nil | Self::Bool(false) | Self::Int(0) | Self::Duration(0) => true,
            Self::Float(number) => *number == 0.0,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.as_ref().is_none_or(Vec::is_empty),
            Self::Map(map) => map.is_empty(),
            Self::Bool(true)
            | Self::Int(_)
            | Self::Duration(_)
            | Self::Struct(_)
            | Self::Lookup(_) => false,
        }
    }

    /// Whether `if` takes the first branch.
    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Struct(_) | Self::Lookup(_)) || !self.is_empty()
    }

    /// Go's type name, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Absent | Self::Nil => "interface {}",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Duration(_) => "time.Duration",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
            Self::Struct(inner) => inner.name,
            Self::Lookup(_) => "func(string) string",
        }
    }

    /// The value as Docker's API would send it.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Absent | Self::Nil | Self::List(None) | Self::Lookup(_) => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(number) | Self::Duration(number) => Json::from(*number),
            Self::Float(number) => Json::from(*number),
            Self::Text(text) => Json::from(text.as_str()),
            Self::List(Some(items)) => items.iter().map(Self::to_json).collect(),
            Self::Map(Map { entries: None, .. }) => Json::Null,
            Self::Map(map) => {
                Json::Object(map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect())
            }
            Self::Struct(inner) => inner.to_json(),
        }
    }
}

/// Objects become maps, `null` becomes [`Value::Absent`].
impl From<Json> for Value {
    fn from(json: Json) -> Self {
        match json {
            Json::Null => Self::Absent,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Self::Int(number),
                None => Self::Float(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::list(items),
            Json::Object(entries) => Self::Map(Map::of(
                Missing::Absent,
                entries.into_iter().map(|(key, value)| (key, value.into())),
            )),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}
/// Numbers beyond Go's `int64` do not occur in Docker's output; they are clamped to its maximum.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
impl From<Struct> for Value {
    fn from(inner: Struct) -> Self {
        Self::Struct(inner)
    }
}
/// `None` is a nil pointer.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_keeps_the_order_of_fields_and_leaves_out_what_is_empty() {
        let inner = Struct::new("container.Resources").with("Memory", 64);
        let value = Value::from(
            Struct::new("T")
                .with_renamed("ID", "Id", "abc")
                .with("Zeros", Value::List(None))
                .with_unless_empty("Health", Value::Nil)
                .embedding(inner)
                .with("Name", "x"),
        );
        assert_eq!(
            value.to_json().to_string(),
            r#"{"Id":"abc","Zeros":null,"Memory":64,"Name":"x"}"#
        );
    }

    #[test]
    fn an_embedded_field_is_found_by_its_own_name() {
        let value = Struct::new("T").embedding(Struct::new("R").with("Memory", 64));
        assert_eq!(value.get("Memory"), Some(&Value::Int(64)));
        assert!(matches!(value.get("R"), Some(Value::Struct(_))));
        assert_eq!(value.get("X"), None);
    }

    #[test]
    fn json_survives_the_way_there_and_back_but_for_the_order_of_keys() {
        let json = json!({"a": [1, 2.5, "x", null, true], "b": {"c": {}}});
        assert_eq!(Value::from(json.clone()).to_json(), json);
    }
}
