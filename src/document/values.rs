//! Documents that are not objects: strings, numbers, arrays.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Document, Json, Writer, Wrong, rewrite};
use crate::json::Value;

/// A value of any type as JSON text: without spaces, with sorted fields, and with numbers as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonText(pub(crate) String);

impl JsonText {
    pub(crate) fn of(value: Value<'_>) -> Self {
        Self(rewrite(&Json::root("", value), &mut |_| None))
    }
}

impl Document for JsonText {
    fn blank() -> Self {
        Self(String::new())
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = Self::of(json.value);
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.json(&self.0);
    }
}

impl Document for String {
    fn blank() -> Self {
        Self::new()
    }

    #[cfg(test)]
    fn typescript() -> String {
        "string".to_owned()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = json.text()?.into_owned();
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.text(self);
    }
}

impl Document for bool {
    fn blank() -> Self {
        false
    }

    #[cfg(test)]
    fn typescript() -> String {
        "boolean".to_owned()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = json.value.boolean().ok_or_else(|| json.must_be("true or false"))?;
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.boolean(*self);
    }
}

impl Document for i64 {
    fn blank() -> Self {
        0
    }

    #[cfg(test)]
    fn typescript() -> String {
        "number".to_owned()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = json.value.integer().ok_or_else(|| json.must_be("an integer"))?;
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.integer(*self);
    }
}

impl Document for f64 {
    fn blank() -> Self {
        0.0
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        // A parser for fractions is large, and the WebAssembly reads none.
        let number = json.value.number().filter(|_| cfg!(not(target_arch = "wasm32")));
        let number = number.and_then(|number| number.parse().ok());
        *self = number.ok_or_else(|| json.must_be("a number"))?;
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.fraction(*self);
    }

    #[cfg(test)]
    fn typescript() -> String {
        "number".to_owned()
    }
}

macro_rules! natural {
    ($($number:ident)+) => {$(
        impl Document for $number {
            fn blank() -> Self {
                0
            }

            #[cfg(test)]
            fn typescript() -> String {
                "number".to_owned()
            }

            fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
                *self = json.natural($number::MAX as u64)? as $number;
                Ok(())
            }

            fn write(&self, out: &mut dyn Writer) {
                out.natural(*self as u64);
            }
        }
    )+};
}

natural!(u8 u16 u32 u64 usize);

impl<T: Document> Document for Option<T> {
    fn blank() -> Self {
        None
    }

    #[cfg(test)]
    fn typescript() -> String {
        T::typescript()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = None;
        if json.value.is_null() { Ok(()) } else { self.insert(T::blank()).read(json) }
    }

    fn write(&self, out: &mut dyn Writer) {
        match self {
            None => out.null(),
            Some(value) => value.write(out),
        }
    }

    fn is_omitted(&self) -> bool {
        self.is_none()
    }

    fn is_optional(&self) -> bool {
        true
    }
}

impl<T: Document> Document for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    #[cfg(test)]
    fn typescript() -> String {
        format!("{}[]", T::typescript())
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        self.clear();
        json.each(&mut |item| {
            self.push(T::blank());
            self.last_mut().map_or(Ok(()), |last| last.read(item))
        })?;
        self.shrink_to_fit();
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.list(&mut self.iter().map(|item| item as &dyn Document));
    }
}

impl<T: Document> Document for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[cfg(test)]
    fn typescript() -> String {
        T::typescript()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        (**self).read(json)
    }

    fn write(&self, out: &mut dyn Writer) {
        (**self).write(out);
    }
}

impl<T: Document> Document for Arc<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[cfg(test)]
    fn typescript() -> String {
        T::typescript()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = Self::new(json.value()?);
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        (**self).write(out);
    }
}

impl<T: Document> Document for VecDeque<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        self.clear();
        json.each(&mut |item| {
            self.push_back(T::blank());
            self.back_mut().map_or(Ok(()), |last| last.read(item))
        })
    }

    fn write(&self, out: &mut dyn Writer) {
        out.list(&mut self.iter().map(|item| item as &dyn Document));
    }
}

impl<T: Document, const N: usize> Document for [T; N] {
    fn blank() -> Self {
        std::array::from_fn(|_| T::blank())
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = json
            .value::<Vec<T>>()?
            .try_into()
            .map_err(|_| json.must_be(&format!("an array of {N} items")))?;
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.list(&mut self.iter().map(|item| item as &dyn Document));
    }
}

impl<A: Document, B: Document> Document for (A, B) {
    fn blank() -> Self {
        (A::blank(), B::blank())
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        json.pair(&mut self.0, &mut self.1)
    }

    fn write(&self, out: &mut dyn Writer) {
        out.list(&mut [&self.0 as &dyn Document, &self.1].into_iter());
    }
}
