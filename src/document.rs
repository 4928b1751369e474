//! JSON documents: settings from applications, and state in snapshots.
//!
//! [`document!`] before a type's definition makes it a document. Each field is named once, for reading and writing.
//! An error names the place in the document: `policy.confirmDelaysMs[0]`.
//!
//! serde's derives would compile a reader and a writer for each type and each format. Here, one reader and one writer
//! handle the fields of all types as `dyn Document`, which halves that code in WebAssembly.

mod fields;
mod json;
pub(crate) mod names;
mod serialize;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod typescript;
mod values;
mod writer;

pub(crate) use self::fields::Fields;
pub(crate) use self::json::{Json, Wrong};
pub(crate) use self::names::name;
pub(crate) use self::serialize::Serializable;
#[cfg(test)]
pub(crate) use self::typescript::{between, items, length, words};
pub(crate) use self::values::JsonText;
pub(crate) use self::writer::{FieldWriter, Writer, rewrite, write};
use crate::error::Invalid;
use crate::json::{Tree, Value};

/// A value that can be read from JSON and written as JSON.
pub(crate) trait Document {
    /// The value to read into. Optional fields have their defaults; all others are overwritten.
    fn blank() -> Self
    where
        Self: Sized;

    /// Reads `json`. `self` is blank, or holds its field's default.
    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong>;

    fn write(&self, out: &mut dyn Writer);

    /// Reads this type's fields from an object that may have others as well.
    fn read_fields(&mut self, _: &mut Fields<'_>) {}

    /// Writes the fields of an object, without the braces around them.
    fn write_fields(&self, _: &mut dyn FieldWriter) {}

    /// Whether a field with this value is omitted.
    fn is_omitted(&self) -> bool {
        false
    }

    /// Whether a field of this type may be missing.
    fn is_optional(&self) -> bool {
        false
    }

    /// The type's name in TypeScript.
    #[cfg(test)]
    fn typescript() -> String
    where
        Self: Sized,
    {
        "unknown".to_owned()
    }

    /// The content of the type's declaration in TypeScript.
    #[cfg(test)]
    fn description() -> Option<typescript::Description>
    where
        Self: Sized,
    {
        None
    }
}

/// Reads a document from JSON text. Errors call it `root`.
pub(crate) fn read<T: Document>(root: &str, text: &str) -> Result<T, Invalid> {
    let mut document = T::blank();
    read_into(&mut document, root, text)?;
    Ok(document)
}

fn read_into(document: &mut dyn Document, root: &str, text: &str) -> Result<(), Invalid> {
    let tree = Tree::parse(text);
    let value = tree.as_ref().map_or(Value::NULL, Tree::root);
    let outcome = document.read(&Json::root(root, value));
    if tree.is_some() {
        return outcome.map_err(|wrong| *wrong);
    }
    let allowed = outcome.err().map_or_else(|| "JSON".to_owned(), |wrong| wrong.allowed);
    Err(Invalid::new(root, NOT_JSON, allowed))
}

/// Parses the JSON text of an object. Errors call it `root`.
pub(crate) fn parse<'a>(root: &str, text: &'a str) -> Result<Tree<'a>, Invalid> {
    Tree::parse(text).ok_or_else(|| Invalid::new(root, NOT_JSON, "an object"))
}

/// Replaces the value in an error if the document is not JSON: the text may be a secret.
pub(crate) const NOT_JSON: &str = "not JSON";

/// Makes the struct or enum that follows a [`Document`]; applied with `#[apply(document)]`.
///
/// `#[json(…)]` is the first attribute after the docs:
/// - the case of names: `camel` (`zOrder`), `kebab` (`z-order`) or `same` (`z_order`);
/// - `tag = type`: for an enum whose variants have fields, the field with the variant's name;
/// - `unknown = refused`: for settings, an unknown field is an error; otherwise it is ignored;
/// - `defaults = …`: for settings, the values of missing fields;
/// - `serde = both`: also implements serde's `Serialize` and `Deserialize`, for users of the crate and for
///   `serde-wasm-bindgen`.
///
/// Options of a field, after its docs:
/// - `or = …`: its value if it is missing;
/// - `omit = …`: its value if it is missing; not written if it has this value;
/// - `nullable`: `None` is written as `null` (otherwise it is omitted);
/// - `nullable_list`: empty if it is missing or `null`; not written if it is empty;
/// - `flatten`: its fields are fields of this object.
///
/// `#[typed(…)]`, after that, is the field's type in TypeScript where the Rust type is not enough: a string, or
/// `words(…)`. `#[limits(…)]`, last, is the range of a struct's field, such as `between(0..=200)`. The declarations
/// in `src/js/contract.ts` are generated from the documents and their docs, and JSON Schema from those.
///
/// Of a variant: `default`, as in `#[derive(Default)]`.
macro_rules! document {
    (
        $(#[doc = $doc:expr])*
        #[json($case:ident $(, unknown = $unknown:ident)? , defaults = $defaults:expr $(, serde = $serde:ident)?)]
        $(#[$meta:meta])*
        $vis:vis struct $type:ident {
            $(
                $(#[doc = $field_doc:expr])* $(#[typed($typed:expr)])? $(#[limits($limits:expr)])?
                $field_vis:vis $field:ident : $field_type:ty
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])* $(#[$meta])*
        $vis struct $type { $($(#[doc = $field_doc])* $field_vis $field: $field_type),* }

        impl $crate::document::Document for $type {
            fn blank() -> Self {
                $defaults
            }

            fn read(&mut self, json: &$crate::document::Json<'_>) -> Result<(), $crate::document::Wrong> {
                json.read_object(self, $crate::document::document!(@takes_others $($unknown)?))
            }

            fn write(&self, out: &mut dyn $crate::document::Writer) {
                out.object(self);
            }

            fn read_fields(&mut self, fields: &mut $crate::document::Fields<'_>) {
                $(fields.optional($crate::document::name!($case $field), &mut self.$field);)*
            }

            fn write_fields(&self, out: &mut dyn $crate::document::FieldWriter) {
                // `None` is written, too, because the default may be a value.
                $(out.put($crate::document::name!($case $field), &self.$field);)*
            }

            $crate::document::document!(@typescript $type, [$($doc),*], Fields(vec![$(
                $crate::document::document!(
                    @member $case $field, $field_type, [$($field_doc),*], Always, [$($limits)?] $(, $typed)?
                )
            ),*]));
        }
        $($crate::document::document!(@serde $serde $type);)?
    };
    (
        $(#[doc = $doc:expr])*
        #[json($case:ident $(, unknown = $unknown:ident)? $(, serde = $serde:ident)?)]
        $(#[$meta:meta])*
        $vis:vis struct $type:ident {
            $(
                $(#[doc = $field_doc:expr])* $(#[json($($how:tt)*)])? $(#[typed($typed:expr)])? $(#[limits($limits:expr)])?
                $field_vis:vis $field:ident : $field_type:ty
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])* $(#[$meta])*
        $vis struct $type {
            $($(#[doc = $field_doc])* $field_vis $field: $field_type),*
        }

        impl $crate::document::Document for $type {
            fn blank() -> Self {
                Self { $($field: $crate::document::document!(@blank $($($how)*)?)),* }
            }

            fn read(&mut self, json: &$crate::document::Json<'_>) -> Result<(), $crate::document::Wrong> {
                json.read_object(self, $crate::document::document!(@takes_others $($unknown)?))
            }

            fn write(&self, out: &mut dyn $crate::document::Writer) {
                out.object(self);
            }

            fn read_fields(&mut self, fields: &mut $crate::document::Fields<'_>) {
                $($crate::document::document!(
                    @read fields, $crate::document::name!($case $field), &mut self.$field $(, $($how)*)?
                );)*
            }

            fn write_fields(&self, out: &mut dyn $crate::document::FieldWriter) {
                $($crate::document::document!(
                    @write out, $crate::document::name!($case $field), &self.$field $(, $($how)*)?
                );)*
            }

            $crate::document::document!(@typescript $type, [$($doc),*], Fields(vec![$(
                $crate::document::document!(
                    @member $case $field, $field_type, [$($field_doc),*], [$($($how)*)?], [$($limits)?] $(, $typed)?
                )
            ),*]));
        }
        $($crate::document::document!(@serde $serde $type);)?
    };
    (
        $(#[doc = $doc:expr])*
        #[json($case:ident, tag = $tag:ident $(, serde = $serde:ident)?)]
        $(#[$meta:meta])*
        $vis:vis enum $type:ident {
            $(
                $(#[doc = $variant_doc:expr])* $(#[json($default:ident)])?
                $variant:ident $({
                    $(
                        $(#[doc = $field_doc:expr])* $(#[json($($how:tt)*)])? $(#[typed($typed:expr)])?
                        $field:ident : $field_type:ty
                    ),* $(,)?
                })?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])* $(#[$meta])*
        $vis enum $type {
            $(
                $(#[doc = $variant_doc])* $(#[$default])?
                $variant $({
                    $($(#[doc = $field_doc])* $field: $field_type),*
                })?
            ),*
        }

        impl $crate::document::Document for $type {
            fn blank() -> Self {
                let [first, ..] = [$(
                    (|| Self::$variant $({ $($field: $crate::document::document!(@blank $($($how)*)?)),* })?) as fn() -> Self
                ),*];
                first()
            }

            fn read(&mut self, json: &$crate::document::Json<'_>) -> Result<(), $crate::document::Wrong> {
                json.read_object(self, true)
            }

            fn write(&self, out: &mut dyn $crate::document::Writer) {
                out.object(self);
            }

            fn read_fields(&mut self, fields: &mut $crate::document::Fields<'_>) {
                enum Tag { $($variant),* }
                const TAGS: &[&str] = &[$($crate::document::name!($case $variant)),*];
                match fields.tag(stringify!($tag), TAGS) {
                    $(Some(tag) if tag == Tag::$variant as usize => {
                        $($(let mut $field: $field_type = $crate::document::document!(@blank $($($how)*)?);)*
                        $($crate::document::document!(
                            @read fields, $crate::document::name!($case $field), &mut $field $(, $($how)*)?
                        );)*)?
                        *self = Self::$variant $({ $($field),* })?;
                    })*
                    Some(_) | None => {}
                }
            }

            fn write_fields(&self, out: &mut dyn $crate::document::FieldWriter) {
                match self {
                    $(Self::$variant $({ $($field),* })? => {
                        out.tag(stringify!($tag), $crate::document::name!($case $variant));
                        $($($crate::document::document!(
                            @write out, $crate::document::name!($case $field), $field $(, $($how)*)?
                        );)*)?
                    }),*
                }
            }

            $crate::document::document!(@typescript $type, [$($doc),*], Variants(stringify!($tag), vec![$((
                vec![$($variant_doc),*],
                $crate::document::name!($case $variant),
                vec![$($($crate::document::document!(
                    @member $case $field, $field_type, [$($field_doc),*], [$($($how)*)?], [] $(, $typed)?
                )),*)?],
            )),*]));
        }
        $($crate::document::document!(@serde $serde $type);)?
    };
    (
        $(#[doc = $doc:expr])*
        #[json($case:ident $(, serde = $serde:ident)?)]
        $(#[$meta:meta])*
        $vis:vis enum $type:ident {
            $($(#[doc = $variant_doc:expr])* $(#[json($default:ident)])? $variant:ident),* $(,)?
        }
    ) => {
        $(#[doc = $doc])* $(#[$meta])*
        $vis enum $type { $($(#[doc = $variant_doc])* $(#[$default])? $variant),* }

        impl $crate::document::Document for $type {
            fn blank() -> Self {
                let [first, ..] = [$(Self::$variant),*];
                first
            }

            fn read(&mut self, json: &$crate::document::Json<'_>) -> Result<(), $crate::document::Wrong> {
                const ALL: &[$type] = &[$($type::$variant),*];
                let at = json.one_of(&[$($crate::document::name!($case $variant)),*])?;
                ALL.get(at).inspect(|value| *self = **value);
                Ok(())
            }

            fn write(&self, out: &mut dyn $crate::document::Writer) {
                out.text(self.json_name());
            }

            $crate::document::document!(@typescript $type, [$($doc),*], Words(vec![$(
                (vec![$($variant_doc),*], $crate::document::name!($case $variant))
            ),*]));
        }

        impl $type {
            const fn json_name(&self) -> &'static str {
                match self { $(Self::$variant => $crate::document::name!($case $variant)),* }
            }
        }
        $($crate::document::document!(@serde $serde $type);)?
    };

    (@blank) => { $crate::document::Document::blank() };
    (@blank nullable) => { None };
    (@blank flatten) => { $crate::document::Document::blank() };
    (@blank nullable_list) => { Vec::new() };
    (@blank or = $otherwise:expr) => { $otherwise };
    (@blank omit = $otherwise:expr) => { $otherwise };

    (@read $fields:ident, $name:expr, $into:expr) => { $fields.field($name, $into) };
    (@read $fields:ident, $name:expr, $into:expr, nullable) => { $fields.field($name, $into) };
    (@read $fields:ident, $name:expr, $into:expr, flatten) => { $crate::document::Document::read_fields($into, $fields) };
    (@read $fields:ident, $name:expr, $into:expr, nullable_list) => { $fields.nullable($name, $into) };
    (@read $fields:ident, $name:expr, $into:expr, or = $otherwise:expr) => { $fields.optional($name, $into) };
    (@read $fields:ident, $name:expr, $into:expr, omit = $otherwise:expr) => { $fields.optional($name, $into) };

    (@write $out:ident, $name:expr, $from:expr) => { $out.field($name, $from) };
    (@write $out:ident, $name:expr, $from:expr, nullable) => { $out.put($name, $from) };
    (@write $out:ident, $name:expr, $from:expr, flatten) => { $crate::document::Document::write_fields($from, $out) };
    (@write $out:ident, $name:expr, $from:expr, nullable_list) => { if !$from.is_empty() { $out.field($name, $from) } };
    (@write $out:ident, $name:expr, $from:expr, or = $otherwise:expr) => { $out.put($name, $from) };
    (@write $out:ident, $name:expr, $from:expr, omit = $otherwise:expr) => {
        if *$from != $otherwise { $out.field($name, $from) }
    };

    (@typescript $type:ident, [$($doc:expr),*], $shape:ident($($of:tt)*)) => {
        #[cfg(test)]
        fn typescript() -> String {
            $crate::document::typescript::name_of(stringify!($type)).to_owned()
        }

        #[cfg(test)]
        fn description() -> Option<$crate::document::typescript::Description> {
            Some($crate::document::typescript::Description {
                name: Self::typescript(),
                docs: vec![$($doc),*],
                shape: $crate::document::typescript::Shape::$shape($($of)*),
            })
        }
    };
    (@member $case:ident $field:ident, $type:ty, [$($doc:expr),*], $presence:tt, [$($limits:expr)?] $(, $typed:expr)?) => {
        $crate::document::typescript::Member {
            docs: vec![$($doc),*],
            name: $crate::document::name!($case $field),
            typed: $crate::document::document!(@typed $type $(, $typed)?),
            presence: $crate::document::document!(@presence $type, $presence),
            limits: None$(.or(Some($limits)))?,
        }
    };
    (@typed $type:ty) => { $crate::document::typescript::typed::<$type>(stringify!($type)) };
    (@typed $type:ty, $typed:expr) => { String::from($typed) };
    (@presence $type:ty, Always) => {
        $crate::document::typescript::Presence::always(<$type as $crate::document::Document>::blank())
    };
    (@presence $type:ty, []) => {
        $crate::document::typescript::Presence::of(<$type as $crate::document::Document>::blank())
    };
    (@presence $type:ty, [nullable]) => { $crate::document::typescript::Presence::OrNull };
    (@presence $type:ty, [nullable_list]) => { $crate::document::typescript::Presence::OptionalOrNull };
    (@presence $type:ty, [flatten]) => {
        $crate::document::typescript::Presence::Flattened(<$type as $crate::document::Document>::description())
    };
    (@presence $type:ty, [or = $otherwise:expr]) => { $crate::document::typescript::Presence::Optional };
    (@presence $type:ty, [omit = $otherwise:expr]) => { $crate::document::typescript::Presence::Optional };

    (@takes_others) => { true };
    (@takes_others refused) => { false };

    (@transparent $type:ident) => {
        impl $crate::document::Document for $type {
            fn blank() -> Self {
                Self($crate::document::Document::blank())
            }

            fn read(&mut self, json: &$crate::document::Json<'_>) -> Result<(), $crate::document::Wrong> {
                self.0.read(json)
            }

            fn write(&self, out: &mut dyn $crate::document::Writer) {
                self.0.write(out);
            }

            #[cfg(test)]
            fn typescript() -> String {
                $crate::document::typescript::of_field(|outer: Self| outer.0)
            }
        }
    };
    (@serde read $type:ident) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                $crate::document::read(stringify!($type), &value.to_string()).map_err(serde::de::Error::custom)
            }
        }
    };
    (@serde both $type:ident) => {
        $crate::document::document!(@serde read $type);
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::document::Serializable(self).serialize(serializer)
            }
        }
    };
}
pub(crate) use document;
