//! Reads settings and state out of JSON. What is wrong is told by its place in the document: `policy.confirmMs[0]`.
//!
//! serde writes them, and its `Deserialize` is there for users. But a reader that serde derives is compiled anew for each
//! source that is read from, which made up four tenths of the WebAssembly module. These are compiled once.

pub(crate) mod names;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::error::{Invalid, quoted};
use crate::redact::{is_secret, start_of};

/// Of the name of a field that is not known more is not shown, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// What can be read.
pub(crate) trait Decode: Sized {
    /// Reads it.
    fn decode(json: &Json<'_>) -> Result<Self, Wrong>;

    /// What it is when its field is not there, if it need not be.
    fn left_out() -> Option<Self> {
        None
    }

    /// Reads it from the object that it is a part of, beside the fields with these names.
    fn decode_beside(json: &Json<'_>, _others: &[&str]) -> Result<Self, Wrong> {
        Self::decode(json)
    }
}

/// Reads a document that is called `root` in errors.
pub(crate) fn read<T: Decode>(root: &str, value: &Value) -> Result<T, Invalid> {
    T::decode(&Json { value, place: &Place::Root(root) }).map_err(|wrong| *wrong)
}

/// What is wrong. In a box, for it is handed on at each of many fields.
pub(crate) type Wrong = Box<Invalid>;

/// A value, and where it stands.
pub(crate) struct Json<'a> {
    value: &'a Value,
    place: &'a Place<'a>,
}

enum Place<'a> {
    Root(&'a str),
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn write(&self, path: &mut String) {
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
    fn path(&self) -> String {
        let mut path = String::new();
        self.place.write(&mut path);
        path
    }

    /// It must be something else. What is in an object or a list is not shown: it may be a secret.
    pub(crate) fn must_be(&self, allowed: &str) -> Wrong {
        let shown = match self.value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.value.to_string(),
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

    /// The value of this name.
    pub(crate) fn one_of<T: Copy>(&self, names: &[(&str, T)]) -> Result<T, Wrong> {
        let text = self.value.as_str();
        let found = names.iter().find(|(name, _)| text == Some(name));
        found.map(|(_, value)| *value).ok_or_else(|| self.must_be_one_of(names.iter().map(|(name, _)| *name)))
    }

    pub(crate) fn must_be_one_of<'n>(&self, names: impl Iterator<Item = &'n str>) -> Wrong {
        self.must_be(&format!("one of {}", names.collect::<Vec<_>>().join(", ")))
    }

    pub(crate) fn fields(&self) -> Result<Fields<'_>, Wrong> {
        let map = self.value.as_object().ok_or_else(|| self.must_hold("an object"))?;
        Ok(Fields { map, place: self.place })
    }

    fn list(&self) -> Result<&'a [Value], Wrong> {
        self.value.as_array().map(Vec::as_slice).ok_or_else(|| self.must_hold("a list"))
    }

    /// Takes one item after the other.
    fn items<T: Decode>(&self, mut take: impl FnMut(T)) -> Result<(), Wrong> {
        for (at, value) in self.list()?.iter().enumerate() {
            take(T::decode(&Json { value, place: &Place::Item(self.place, at) })?);
        }
        Ok(())
    }

    fn natural<T: TryFrom<u64>>(&self, most: u64) -> Result<T, Wrong> {
        let number = self.value.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.must_be(&format!("a natural number, at most {most}")))
    }
}

/// The fields of an object.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    place: &'a Place<'a>,
}

impl Fields<'_> {
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.map.keys()
    }

    /// The field of this name.
    pub(crate) fn get<T: Decode>(&self, name: &str) -> Result<T, Wrong> {
        self.find(name).unwrap_or_else(|| T::left_out().ok_or_else(|| self.missing(name)))
    }

    /// The same, or this if it is not there.
    pub(crate) fn get_or<T: Decode>(&self, name: &str, otherwise: T) -> Result<T, Wrong> {
        self.find(name).unwrap_or(Ok(otherwise))
    }

    /// The same, or this if it is `null` as well.
    pub(crate) fn get_or_for_null<T: Decode>(&self, name: &str, otherwise: T) -> Result<T, Wrong> {
        Ok(self.get::<Option<T>>(name)?.unwrap_or(otherwise))
    }

    /// The value that the field of this name names.
    pub(crate) fn one_of<T: Copy>(&self, name: &str, names: &[(&str, T)]) -> Result<T, Wrong> {
        let value = self.map.get(name).ok_or_else(|| self.missing(name))?;
        Json { value, place: &Place::Field(self.place, name) }.one_of(names)
    }

    fn find<T: Decode>(&self, name: &str) -> Option<Result<T, Wrong>> {
        let value = self.map.get(name)?;
        Some(T::decode(&Json { value, place: &Place::Field(self.place, name) }))
    }

    fn missing(&self, name: &str) -> Wrong {
        Box::new(Invalid::new(self.path_of(name), "missing", "given"))
    }

    fn path_of(&self, name: &str) -> String {
        let mut path = String::new();
        Place::Field(self.place, start_of(name, MAX_NAME_BYTES)).write(&mut path);
        path
    }

    /// There must be no others. Of another one nobody knows whether its value is a secret: it is not shown.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Wrong> {
        match self.map.keys().find(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let allowed = format!("left out: there are {}", names.join(", "));
                Err(Box::new(Invalid::new(self.path_of(name), "given", allowed)))
            }
        }
    }

    /// All others.
    pub(crate) fn others(&self, names: &[&str]) -> Map<String, Value> {
        let mut others = Map::new();
        for (name, value) in self.map.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
            others.insert(name.clone(), value.clone());
        }
        others
    }
}

impl Decode for Value {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        Ok(json.value.clone())
    }
}

impl Decode for String {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        json.text().map(str::to_owned)
    }
}

impl Decode for bool {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        json.value.as_bool().ok_or_else(|| json.must_be("true or false"))
    }
}

impl Decode for i64 {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        json.value.as_i64().ok_or_else(|| json.must_be("an integer"))
    }
}

macro_rules! natural {
    ($($number:ident)+) => {$(
        impl Decode for $number {
            fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
                json.natural($number::MAX as u64)
            }
        }
    )+};
}

natural!(u8 u16 u32 u64 usize);

impl<T: Decode> Decode for Option<T> {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        if json.value.is_null() { Ok(None) } else { T::decode(json).map(Some) }
    }

    fn left_out() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        let mut items = Self::new();
        json.items(|item| items.push(item))?;
        Ok(items)
    }
}

impl<T: Decode> Decode for VecDeque<T> {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        let mut items = Self::new();
        json.items(|item| items.push_back(item))?;
        Ok(items)
    }
}

impl<T: Decode, const N: usize> Decode for [T; N] {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        let items = Vec::decode(json)?;
        items.try_into().map_err(|_| json.must_be(&format!("a list of {N}")))
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        let [a, b] = json.list()? else { return Err(json.must_be("a list of 2")) };
        let a = A::decode(&Json { value: a, place: &Place::Item(json.place, 0) })?;
        Ok((a, B::decode(&Json { value: b, place: &Place::Item(json.place, 1) })?))
    }
}

/// Makes a type readable that serde writes: fields and variants are named as there.
///
/// ```text
/// decode!(Camel Region { x, y, z_order or 0; ..extra });    `or`: when the field is not there; `..`: read from all others
/// decode!(Camel Region { [null] marks or Vec::new() });           `or`: when the field is not there, or `null`
/// decode!(Camel Settings { name; only });                   any other field is refused
/// decode!(Camel Settings { name; only } or Self::default());      what is not there is as it is in this
/// decode!(Camel enum Phase { Running, Ended });             "running" or "ended"
/// decode!(Camel enum Outcome as kind { Ended, Failed { reason } });      { "kind": "failed", "reason": … }
/// ```
macro_rules! decode {
    ($case:ident $type:ident {
        $($([$null:ident])? $field:ident $(or $otherwise:expr)?),+ $(; ..$beside:ident)? $(; $only:ident)?
    }) => {
        impl $crate::decode::Decode for $type {
            fn decode(json: &$crate::decode::Json<'_>) -> Result<Self, $crate::decode::Wrong> {
                #[allow(dead_code, reason = "only where there may be others")]
                const NAMES: &[&str] = &[$($crate::decode::names::name!($case $field)),+];
                let fields = json.fields()?;
                $( let $beside = $crate::decode::Decode::decode_beside(json, NAMES)?; )?
                $( fields.$only(NAMES)?; )?
                Ok(Self {
                    $($field: $crate::decode::decode!(@ $($null)? fields $crate::decode::names::name!($case $field) $(, $otherwise)?),)+
                    $($beside)?
                })
            }
        }
        $crate::decode::deserialize!($type);
    };
    ($case:ident $type:ident { $($field:ident),+; only } or $base:expr) => {
        impl $crate::decode::Decode for $type {
            fn decode(json: &$crate::decode::Json<'_>) -> Result<Self, $crate::decode::Wrong> {
                let fields = json.fields()?;
                fields.only(&[$($crate::decode::names::name!($case $field)),+])?;
                let base: Self = $base;
                Ok(Self { $($field: fields.get_or($crate::decode::names::name!($case $field), base.$field)?),+ })
            }
        }
        $crate::decode::deserialize!($type);
    };
    ($case:ident enum $type:ident { $($variant:ident),+ $(,)? }) => {
        impl $crate::decode::Decode for $type {
            fn decode(json: &$crate::decode::Json<'_>) -> Result<Self, $crate::decode::Wrong> {
                // All of them are listed.
                const _: fn(&$type) = |value| match value { $($type::$variant)|+ => () };
                json.one_of(&[$(($crate::decode::names::name!($case $variant), Self::$variant)),+])
            }
        }
        $crate::decode::deserialize!($type);
    };
    ($case:ident enum $type:ident as $tag:ident {
        $($variant:ident $({ $($field:ident),+ $(; ..$beside:ident)? })?),+ $(,)?
    }) => {
        impl $crate::decode::Decode for $type {
            fn decode(json: &$crate::decode::Json<'_>) -> Result<Self, $crate::decode::Wrong> {
                #[derive(Clone, Copy)]
                enum Tag { $($variant),+ }
                const _: fn(&$type) = |value| match value { $($type::$variant { .. })|+ => () };
                let fields = json.fields()?;
                let tags = [$(($crate::decode::names::name!($case $variant), Tag::$variant)),+];
                Ok(match fields.one_of(stringify!($tag), &tags)? {
                    $(Tag::$variant => Self::$variant $({
                        $($field: fields.get($crate::decode::names::name!($case $field))?,)+
                        $($beside: $crate::decode::Decode::decode(json)?)?
                    })?),+
                })
            }
        }
        $crate::decode::deserialize!($type);
    };
    (@ null $fields:ident $name:expr, $otherwise:expr) => { $fields.get_or_for_null($name, $otherwise)? };
    (@ $fields:ident $name:expr) => { $fields.get($name)? };
    (@ $fields:ident $name:expr, $otherwise:expr) => { $fields.get_or($name, $otherwise)? };
}
pub(crate) use decode;

/// serde's reader of a type that can be read: by way of a document.
macro_rules! deserialize {
    ($type:ident) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                $crate::decode::read(stringify!($type), &value).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use deserialize;
