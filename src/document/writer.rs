//! What documents are written to.

use serde_json::Number;

use super::Document;

/// Takes one value.
pub(crate) trait Writer {
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn integer(&mut self, value: i64);
    fn natural(&mut self, value: u64);
    fn number(&mut self, value: &Number);
    fn text(&mut self, value: &str);
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Document>);
    /// An object with the fields of `of`.
    fn object(&mut self, of: &dyn Document);
}

/// Takes the fields of an object.
pub(crate) trait FieldWriter {
    /// A field, unless it is omitted.
    fn field(&mut self, name: &str, value: &dyn Document) {
        if !value.is_omitted() {
            self.put(name, value);
        }
    }

    /// A field in any case.
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

impl Text {
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

    fn number(&mut self, value: &Number) {
        self.0.push_str(&value.to_string());
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
