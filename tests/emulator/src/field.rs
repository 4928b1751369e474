//! A field of a payload with its path.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::Value;

/// An error names the field, its value and the allowed values.
pub(crate) type Checked<T = ()> = Result<T, String>;

/// A value and its path. The path is formatted only for errors.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    parent: Option<&'a Self>,
    name: Name<'a>,
    pub(crate) value: &'a Value,
}

#[derive(Clone, Copy)]
enum Name<'a> {
    Member(&'a str),
    Index(usize),
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match (self.name, self.parent) {
            (Name::Member(name), None) => f.write_str(name),
            (Name::Member(name), Some(_)) => write!(f, ".{name}"),
            (Name::Index(index), _) => write!(f, "[{index}]"),
        }
    }
}

impl<'a> Field<'a> {
    pub(crate) fn root(name: &'a str, value: &'a Value) -> Self {
        Self { parent: None, name: Name::Member(name), value }
    }

    /// A member of this object; `null` if there is none.
    pub(crate) fn member<'b>(&'b self, name: &'b str) -> Field<'b> {
        let value = self.value.get(name).unwrap_or(&Value::Null);
        Field { parent: Some(self), name: Name::Member(name), value }
    }

    /// An optional field may be left out or `null`.
    pub(crate) fn is_given(&self) -> bool {
        !self.value.is_null()
    }

    pub(crate) fn object(&self) -> Checked {
        if self.value.is_object() { Ok(()) } else { self.wrong("an object") }
    }

    /// The members of an optional array.
    pub(crate) fn list<'b>(&'b self) -> Checked<impl Iterator<Item = Field<'b>>> {
        let list = match self.value {
            Value::Array(list) => list.as_slice(),
            Value::Null => &[],
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                return self.wrong("an array");
            }
        };
        let member = |(i, value)| Field { parent: Some(self), name: Name::Index(i), value };
        Ok(list.iter().enumerate().map(member))
    }

    /// Checks an optional integer.
    pub(crate) fn integer(&self, range: RangeInclusive<i64>) -> Checked {
        if !self.is_given() || self.value.as_i64().is_some_and(|value| range.contains(&value)) {
            return Ok(());
        }
        self.wrong(&format!("an integer from {} to {}", range.start(), range.end()))
    }

    pub(crate) fn required_integer(&self, range: RangeInclusive<i64>) -> Checked {
        self.required()?;
        self.integer(range)
    }

    /// An optional non-empty string. It may be a secret, so errors do not show its value.
    pub(crate) fn secret(&self) -> Checked<Option<&'a str>> {
        match self.value {
            Value::Null => Ok(None),
            Value::String(text) if !text.is_empty() => Ok(Some(text)),
            Value::String(_) => Err(format!("{self} is empty, but must be a non-empty string")),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong("a non-empty string")
            }
        }
    }

    pub(crate) fn required_secret(&self) -> Checked<&'a str> {
        self.required()?;
        Ok(self.secret()?.unwrap_or_default())
    }

    /// Checks an optional string.
    pub(crate) fn one_of(&self, allowed: &[&str]) -> Checked {
        match self.value.as_str() {
            Some(text) if allowed.contains(&text) => Ok(()),
            None if !self.is_given() => Ok(()),
            Some(_) | None => self.wrong(&allowed.join(" or ")),
        }
    }

    pub(crate) fn required_one_of(&self, allowed: &[&str]) -> Checked {
        self.required()?;
        self.one_of(allowed)
    }

    pub(crate) fn required(&self) -> Checked {
        if self.is_given() { Ok(()) } else { Err(format!("{self} is missing")) }
    }

    pub(crate) fn wrong<T>(&self, allowed: &str) -> Checked<T> {
        let kind = match self.value {
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
            Value::Null => "missing",
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let shown: String = self.value.to_string().chars().take(100).collect();
                return Err(format!("{self} is {shown}, but must be {allowed}"));
            }
        };
        Err(format!("{self} is {kind}, but must be {allowed}"))
    }
}
