//! The formats that documents are written in.

use super::{Document, Json};
use crate::json::Type;

/// Writes a value.
pub(crate) trait Writer {
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn integer(&mut self, value: i64);
    fn natural(&mut self, value: u64);
    /// A number that may have a fraction.
    fn fraction(&mut self, value: f64);
    /// A value as JSON text.
    fn json(&mut self, value: &str);
    fn text(&mut self, value: &str);
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Document>);
    /// An object with the fields of `of`.
    fn object(&mut self, of: &dyn Document);
}

/// Writes the fields of an object.
pub(crate) trait FieldWriter {
    /// A field, unless it is omitted.
    fn field(&mut self, name: &str, value: &dyn Document) {
        if !value.is_omitted() {
            self.put(name, value);
        }
    }

    /// A field, never omitted.
    fn put(&mut self, name: &str, value: &dyn Document);
    /// The field that names a variant.
    fn tag(&mut self, name: &str, variant: &str);
}

/// JSON text.
#[derive(Default)]
struct Text(String);

/// The JSON text of a document.
pub(crate) fn write(document: &dyn Document) -> String {
    let mut text = Text::default();
    document.write(&mut text);
    text.0
}

/// The JSON text of a value without spaces and with sorted fields. `change` may replace any value within it.
pub(crate) fn rewrite(json: &Json<'_>, change: &mut dyn FnMut(&Json<'_>) -> Option<String>) -> String {
    let mut text = Text::default();
    text.rewrite(json, change);
    text.0
}

impl Text {
    fn rewrite(&mut self, json: &Json<'_>, change: &mut dyn FnMut(&Json<'_>) -> Option<String>) {
        if let Some(other) = change(json) {
            return self.json(&other);
        }
        match json.value.type_of() {
            Type::Null | Type::Boolean | Type::Number => self.json(json.value.source()),
            Type::String => self.text(&json.value.string().unwrap_or_default()),
            Type::Array => {
                self.0.push('[');
                for (at, value) in json.value.items().into_iter().flatten().enumerate() {
                    self.separate();
                    self.rewrite(&json.item(at, value), change);
                }
                self.0.push(']');
            }
            Type::Object => {
                self.0.push('{');
                for (name, value) in json.value.sorted() {
                    self.name(&name);
                    self.rewrite(&Json::of_field(&json.place, &name, value), change);
                }
                self.0.push('}');
            }
        }
    }

    /// A comma, except before the first item.
    fn separate(&mut self) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.text(name);
        self.0.push(':');
    }
}

impl Writer for Text {
    fn null(&mut self) {
        self.0.push_str("null");
    }

    fn boolean(&mut self, value: bool) {
        self.0.push_str(if value { "true" } else { "false" });
    }

    fn integer(&mut self, value: i64) {
        self.0.push_str(&value.to_string());
    }

    fn natural(&mut self, value: u64) {
        self.0.push_str(&value.to_string());
    }

    fn fraction(&mut self, value: f64) {
        // Only estimates have fractions, and they leave the WebAssembly as values: the code that formats them is large.
        if cfg!(not(target_arch = "wasm32")) {
            self.0.push_str(&value.to_string());
        }
    }

    fn json(&mut self, value: &str) {
        self.0.push_str(value);
    }

    fn text(&mut self, value: &str) {
        self.0.push('"');
        for char in value.chars() {
            match char {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                '\t' => self.0.push_str("\\t"),
                ..' ' => self.0.push_str(&format!("\\u{:04x}", char as u32)),
                _ => self.0.push(char),
            }
        }
        self.0.push('"');
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Document>) {
        self.0.push('[');
        for item in items {
            self.separate();
            item.write(self);
        }
        self.0.push(']');
    }

    fn object(&mut self, of: &dyn Document) {
        self.0.push('{');
        of.write_fields(self);
        self.0.push('}');
    }
}

impl FieldWriter for Text {
    fn put(&mut self, name: &str, value: &dyn Document) {
        self.name(name);
        value.write(self);
    }

    fn tag(&mut self, name: &str, variant: &str) {
        self.name(name);
        self.text(variant);
    }
}
