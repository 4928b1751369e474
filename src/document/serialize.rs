//! Writes documents to any serializer of serde.

use std::mem;

use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Document, FieldWriter, Writer};

/// A document as serde sees it.
pub(crate) struct Serializable<'a>(pub(crate) &'a dyn Document);

impl Serialize for Serializable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut one = One::Awaited(serializer);
        self.0.write(&mut one);
        match one {
            One::Written(result) => result,
            One::Awaited(_) | One::Taken => Err(S::Error::custom("the document writes no value")),
        }
    }
}

/// A place for one value.
enum One<S: Serializer> {
    Awaited(S),
    Taken,
    Written(Result<S::Ok, S::Error>),
}

impl<S: Serializer> One<S> {
    fn put(&mut self, write: impl FnOnce(S) -> Result<S::Ok, S::Error>) {
        if let Self::Awaited(serializer) = mem::replace(self, Self::Taken) {
            *self = Self::Written(write(serializer));
        }
    }
}

impl<S: Serializer> Writer for One<S> {
    fn null(&mut self) {
        self.put(S::serialize_none);
    }

    fn boolean(&mut self, value: bool) {
        self.put(|serializer| serializer.serialize_bool(value));
    }

    fn integer(&mut self, value: i64) {
        self.put(|serializer| serializer.serialize_i64(value));
    }

    fn natural(&mut self, value: u64) {
        self.put(|serializer| serializer.serialize_u64(value));
    }

    fn fraction(&mut self, value: f64) {
        self.put(|serializer| serializer.serialize_f64(value));
    }

    fn json(&mut self, value: &str) {
        // Only payloads have such values, and they leave the WebAssembly as text: it has no serde parser.
        if cfg!(not(target_arch = "wasm32")) {
            self.put(|serializer| {
                let value: Value = serde_json::from_str(value).map_err(S::Error::custom)?;
                value.serialize(serializer)
            });
        }
    }

    fn text(&mut self, value: &str) {
        self.put(|serializer| serializer.serialize_str(value));
    }

    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Document>) {
        self.put(|serializer| {
            let mut list = serializer.serialize_seq(None)?;
            for item in items {
                list.serialize_element(&Serializable(item))?;
            }
            list.end()
        });
    }

    fn object(&mut self, of: &dyn Document) {
        self.put(|serializer| {
            let mut fields = Fields { map: serializer.serialize_map(None)?, result: Ok(()) };
            of.write_fields(&mut fields);
            fields.result?;
            fields.map.end()
        });
    }
}

/// The fields of an object. The first error ends the writing.
struct Fields<M: SerializeMap> {
    map: M,
    result: Result<(), M::Error>,
}

impl<M: SerializeMap> Fields<M> {
    fn entry(&mut self, name: &str, value: &impl Serialize) {
        if self.result.is_ok() {
            self.result = self.map.serialize_entry(name, value);
        }
    }
}

impl<M: SerializeMap> FieldWriter for Fields<M> {
    fn put(&mut self, name: &str, value: &dyn Document) {
        self.entry(name, &Serializable(value));
    }

    fn tag(&mut self, name: &str, variant: &str) {
        self.entry(name, &variant);
    }
}
