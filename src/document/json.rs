//! A JSON value with its path, which errors name.

use std::borrow::Cow;

use super::{Document, Fields};
use crate::error::{Invalid, joined, quoted};
use crate::json::{Type, Value, Values};
use crate::redact::is_secret;

/// Boxed, because it passes through all levels of a document.
pub(crate) type Wrong = Box<Invalid>;

/// A value and its place.
pub(crate) struct Json<'a> {
    pub(super) value: Value<'a>,
    pub(super) place: Place<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root(&'a str),
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    /// The name of the field that contains the value, directly or in a list.
    fn name(&self) -> &'a str {
        match self {
            Self::Root(_) => "",
            Self::Field(_, name) => name,
            Self::Item(list, _) => list.name(),
        }
    }

    pub(super) fn write(&self, path: &mut String) {
        match self {
            Self::Root(name) => path.push_str(name),
            Self::Field(parent, name) => {
                parent.write(path);
                path.push('.');
                path.push_str(name);
            }
            Self::Item(parent, at) => {
                parent.write(path);
                path.push('[');
                path.push_str(&at.to_string());
                path.push(']');
            }
        }
    }
}

impl<'a> Json<'a> {
    pub(crate) fn root(name: &'a str, value: Value<'a>) -> Self {
        Self { value, place: Place::Root(name) }
    }

    pub(super) fn of_field(parent: &'a Place<'a>, name: &'a str, value: Value<'a>) -> Self {
        Self { value, place: Place::Field(parent, name) }
    }

    /// Reads the value.
    pub(crate) fn value<T: Document>(&self) -> Result<T, Wrong> {
        let mut value = T::blank();
        value.read(self)?;
        Ok(value)
    }

    /// The value as written.
    pub(crate) fn source(&self) -> &'a str {
        self.value.source()
    }

    /// The field's name and its object's; objects in a list have the list's name.
    pub(crate) fn name(&self) -> Option<(&'a str, &'a str)> {
        let Place::Field(object, name) = self.place else { return None };
        Some((object.name(), name))
    }

    /// The path of the place: `policy.confirmDelaysMs[0]`.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        self.place.write(&mut path);
        path
    }

    /// An error for a wrong value. The content of an object or array is not shown: it may be a secret.
    pub(crate) fn must_be(&self, allowed: &str) -> Wrong {
        let shown = match self.value.type_of() {
            Type::Null | Type::Boolean | Type::Number => self.source().to_owned(),
            Type::String => quoted(&self.as_text().unwrap_or_default()),
            Type::Array | Type::Object => return self.must_be_redacted(allowed),
        };
        Box::new(Invalid::new(self.path(), shown, allowed))
    }

    /// An error for a value that must be an object or array. A string in its place may be a secret that was put one
    /// level too high.
    fn must_hold(&self, allowed: &str) -> Wrong {
        match self.as_text() {
            Some(text) if is_secret(&text) => self.must_be_redacted(allowed),
            Some(_) | None => self.must_be(allowed),
        }
    }

    /// An error that shows only the type of the value, which may be a secret.
    fn must_be_redacted(&self, allowed: &str) -> Wrong {
        let shown = match self.value.type_of() {
            Type::Null => "null",
            Type::Boolean => "a boolean",
            Type::Number => "a number",
            Type::String => "a string",
            Type::Array => "an array",
            Type::Object => "an object",
        };
        Box::new(Invalid::new(self.path(), shown, allowed))
    }

    /// An error about a part of the value, with its full path.
    pub(crate) fn wrong_within(&self, wrong: Invalid) -> Wrong {
        Box::new(wrong.within(&self.path()))
    }

    pub(crate) fn as_text(&self) -> Option<Cow<'a, str>> {
        self.value.string()
    }

    pub(crate) fn text(&self) -> Result<Cow<'a, str>, Wrong> {
        self.as_text().ok_or_else(|| self.must_be("a string"))
    }

    /// A secret string.
    pub(crate) fn secret_text(&self) -> Result<Cow<'a, str>, Wrong> {
        self.as_text().ok_or_else(|| self.must_be_redacted("a string"))
    }

    pub(crate) fn is_number(&self) -> bool {
        self.value.number().is_some()
    }

    /// The index of the value in these names.
    pub(crate) fn one_of(&self, names: &[&str]) -> Result<usize, Wrong> {
        let found = names.iter().position(|name| self.value.is_string(name));
        found.ok_or_else(|| self.must_be_one_of(names))
    }

    fn must_be_one_of(&self, names: &[&str]) -> Wrong {
        self.must_be(&format!("one of {}", joined(names, ", ")))
    }

    pub(crate) fn fields(&self) -> Result<Fields<'_>, Wrong> {
        let is_object = self.value.type_of() == Type::Object;
        if is_object { Ok(Fields::new(self.value, &self.place)) } else { Err(self.must_hold("an object")) }
    }

    /// Reads an object; unknown fields are ignored with `takes_others`, and are errors otherwise.
    pub(crate) fn read_object(&self, into: &mut dyn Document, takes_others: bool) -> Result<(), Wrong> {
        let mut fields = self.fields()?;
        into.read_fields(&mut fields);
        if takes_others { fields.finish() } else { fields.finish_without_others() }
    }

    /// Reads the items of an array.
    pub(super) fn each(&self, read: &mut dyn FnMut(&Json<'_>) -> Result<(), Wrong>) -> Result<(), Wrong> {
        self.list()?.enumerate().try_for_each(|(at, value)| read(&self.item(at, value)))
    }

    /// Reads the items of an array of two.
    pub(super) fn pair(&self, a: &mut dyn Document, b: &mut dyn Document) -> Result<(), Wrong> {
        let mut items = self.list()?;
        let (Some(first), Some(second), None) = (items.next(), items.next(), items.next()) else {
            return Err(self.must_be("an array of 2 items"));
        };
        a.read(&self.item(0, first))?;
        b.read(&self.item(1, second))
    }

    fn list(&self) -> Result<Values<'a>, Wrong> {
        self.value.items().ok_or_else(|| self.must_hold("an array"))
    }

    pub(super) fn item<'b>(&'b self, at: usize, value: Value<'b>) -> Json<'b> {
        Json { value, place: Place::Item(&self.place, at) }
    }

    pub(super) fn natural(&self, most: u64) -> Result<u64, Wrong> {
        let number = self.value.integer().filter(|number| *number <= most);
        number.ok_or_else(|| {
            // The maximum of `u64` would not help: durations have ranges of their own.
            let range =
                if most == u64::MAX { "of at least 0".to_owned() } else { format!("from 0 to {most}") };
            self.must_be(&format!("an integer {range}"))
        })
    }
}
