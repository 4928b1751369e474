//! Reads the fields of an object one after the other.

use super::json::Place;
use super::{Document, Json, JsonText, Wrong};
use crate::error::{Invalid, joined};
use crate::json::Value;
use crate::text::start_of;

/// An error shows this many bytes of the name of an unknown field.
const MAX_NAME_BYTES: usize = 64;

/// A wrong field does not stop the reading: `finish` returns the first error. Code that returned at each field would
/// be several times as large.
pub(crate) struct Fields<'a> {
    object: Value<'a>,
    place: &'a Place<'a>,
    known: Vec<&'static str>,
    wrong: Option<Wrong>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: Value<'a>, place: &'a Place<'a>) -> Self {
        Self { object, place, known: Vec::new(), wrong: None }
    }

    /// A field that is required unless its type is optional.
    pub(crate) fn field(&mut self, name: &'static str, into: &mut dyn Document) {
        if !self.find(name, into) && !into.is_optional() {
            self.note(self.missing(name));
        }
    }

    /// An optional field.
    pub(crate) fn optional(&mut self, name: &'static str, into: &mut dyn Document) {
        self.find(name, into);
    }

    /// A field that may be `null` or missing.
    pub(crate) fn nullable(&mut self, name: &'static str, into: &mut dyn Document) {
        if self.object.get(name).is_some_and(Value::is_null) {
            self.known.push(name);
        } else {
            self.find(name, into);
        }
    }

    /// The field that names a variant: returns its index in `names`.
    pub(crate) fn tag(&mut self, name: &'static str, names: &[&str]) -> Option<usize> {
        self.known.push(name);
        let Some(value) = self.object.get(name) else {
            self.note(self.missing(name));
            return None;
        };
        let found = Json::of_field(self.place, name, value).one_of(names);
        found.map_err(|wrong| self.note(wrong)).ok()
    }

    /// Unknown fields, sorted by name.
    pub(crate) fn others(&self) -> Vec<(String, JsonText)> {
        let others =
            self.object.sorted().into_iter().filter(|(name, _)| !self.known.contains(&name.as_ref()));
        others.map(|(name, value)| (name.into_owned(), JsonText::of(value))).collect()
    }

    /// The first error, if any.
    pub(crate) fn finish(self) -> Result<(), Wrong> {
        self.wrong.map_or(Ok(()), Err)
    }

    /// The first error, if any; unknown fields are errors, too. Their values are not shown: they may be secrets.
    pub(crate) fn finish_without_others(self) -> Result<(), Wrong> {
        let mut names = self.object.members().filter_map(|(name, _)| name.string());
        let Some(name) = names.find(|name| !self.known.contains(&name.as_ref())) else {
            return self.finish();
        };
        let allowed = format!("left out: the known fields are {}", joined(&self.known, ", "));
        Err(Box::new(Invalid::new(self.path_of(&name), "given", allowed)))
    }

    /// Reads a field. Returns whether it is present.
    fn find(&mut self, name: &'static str, into: &mut dyn Document) -> bool {
        self.known.push(name);
        let Some(value) = self.object.get(name) else { return false };
        if let Err(wrong) = into.read(&Json::of_field(self.place, name, value)) {
            self.note(wrong);
        }
        true
    }

    fn note(&mut self, wrong: Wrong) {
        self.wrong.get_or_insert(wrong);
    }

    fn missing(&self, name: &str) -> Wrong {
        Box::new(Invalid::new(self.path_of(name), "missing", "given"))
    }

    fn path_of(&self, name: &str) -> String {
        let mut path = String::new();
        Place::Field(self.place, start_of(name, MAX_NAME_BYTES)).write(&mut path);
        path
    }
}
