//! A value of a document, with its place, which errors name.

use serde_json::Value;

use super::{Document, Fields, write};
use crate::error::{Invalid, joined, quoted};
use crate::redact::is_secret;

/// Boxed, because it is returned through every level of a document.
pub(crate) type Wrong = Box<Invalid>;

/// A value, and where it stands.
pub(crate) struct Json<'a> {
    value: &'a Value,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root(&'a str),
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
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
    pub(super) fn root(name: &'a str, value: &'a Value) -> Self {
        Self { value, place: Place::Root(name) }
    }

    pub(super) fn of_field(parent: &'a Place<'a>, name: &'a str, value: &'a Value) -> Self {
        Self { value, place: Place::Field(parent, name) }
    }

    pub(super) fn raw(&self) -> &'a Value {
        self.value
    }

    /// What it holds.
    pub(crate) fn value<T: Document>(&self) -> Result<T, Wrong> {
        let mut value = T::blank();
        value.read(self)?;
        Ok(value)
    }

    fn path(&self) -> String {
        let mut path = String::new();
        self.place.write(&mut path);
        path
    }

    /// It must be something else. What is in an object or a list is not shown: it may be a secret.
    pub(crate) fn must_be(&self, allowed: &str) -> Wrong {
        let shown = match self.value {
            Value::Null | Value::Bool(_) | Value::Number(_) => write(self.value),
            Value::String(text) => quoted(text),
            Value::Object(_) | Value::Array(_) => return self.must_be_other_than_it_is(allowed),
        };
        Box::new(Invalid::new(self.path(), shown, allowed))
    }

    /// It must be an object or a list: in the place of one, a text may be the secret that belongs into it.
    fn must_hold(&self, allowed: &str) -> Wrong {
        match self.value.as_str() {
            Some(text) if is_secret(text) => self.must_be_other_than_it_is(allowed),
            Some(_) | None => self.must_be(allowed),
        }
    }

    /// The same of what may be a secret: only its type is shown.
    fn must_be_other_than_it_is(&self, allowed: &str) -> Wrong {
        let shown = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Object(_) => "an object",
            Value::Array(_) => "a list",
        };
        Box::new(Invalid::new(self.path(), shown, allowed))
    }

    /// What was found to be wrong in it.
    pub(crate) fn wrong_within(&self, wrong: Invalid) -> Wrong {
        Box::new(wrong.within(&self.path()))
    }

    pub(crate) fn text(&self) -> Result<&'a str, Wrong> {
        self.value.as_str().ok_or_else(|| self.must_be("a text"))
    }

    /// A text that is a secret.
    pub(crate) fn secret_text(&self) -> Result<&'a str, Wrong> {
        self.value.as_str().ok_or_else(|| self.must_be_other_than_it_is("a text"))
    }

    pub(crate) fn is_number(&self) -> bool {
        self.value.is_number()
    }

    /// Which of these names it is.
    pub(crate) fn one_of(&self, names: &[&str]) -> Result<usize, Wrong> {
        let found = names.iter().position(|name| self.value.as_str() == Some(name));
        found.ok_or_else(|| self.must_be_one_of(names))
    }

    fn must_be_one_of(&self, names: &[&str]) -> Wrong {
        self.must_be(&format!("one of {}", joined(names, ", ")))
    }

    pub(crate) fn fields(&self) -> Result<Fields<'_>, Wrong> {
        let map = self.value.as_object().ok_or_else(|| self.must_hold("an object"))?;
        Ok(Fields::new(map, &self.place))
    }

    /// Reads an object; with `takes_others`, its other fields are ignored.
    pub(crate) fn read_object(&self, into: &mut dyn Document, takes_others: bool) -> Result<(), Wrong> {
        let mut fields = self.fields()?;
        into.read_fields(&mut fields);
        if takes_others { fields.finish() } else { fields.finish_without_others() }
    }

    /// Reads its items, if it is a list.
    pub(super) fn each(&self, read: &mut dyn FnMut(&Json<'_>) -> Result<(), Wrong>) -> Result<(), Wrong> {
        self.list()?.iter().enumerate().try_for_each(|(at, value)| read(&self.item(at, value)))
    }

    /// Reads its items, if it is a list of two.
    pub(super) fn pair(&self, a: &mut dyn Document, b: &mut dyn Document) -> Result<(), Wrong> {
        let [first, second] = self.list()? else { return Err(self.must_be("a list of 2")) };
        a.read(&self.item(0, first))?;
        b.read(&self.item(1, second))
    }

    fn list(&self) -> Result<&'a [Value], Wrong> {
        self.value.as_array().map(Vec::as_slice).ok_or_else(|| self.must_hold("a list"))
    }

    fn item<'b>(&'b self, at: usize, value: &'b Value) -> Json<'b> {
        Json { value, place: Place::Item(&self.place, at) }
    }

    pub(super) fn natural(&self, most: u64) -> Result<u64, Wrong> {
        let number = self.value.as_u64().filter(|number| *number <= most);
        number.ok_or_else(|| self.must_be(&format!("a natural number, at most {most}")))
    }
}
