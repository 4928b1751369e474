//! The error for every invalid value.

#[cfg(feature = "server")]
use macro_rules_attribute::apply;

#[cfg(feature = "server")]
use crate::document::{self, document};

/// An invalid value.
#[cfg_attr(feature = "server", apply(document), json(camel, serde = both))]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value}, but must be {allowed}")]
pub struct Invalid {
    /// The path of the field, as the user wrote it: `options.policy.confirmDelaysMs[0]`; for a payload it starts with
    /// `services`.
    pub field: String,
    /// The value that was found.
    pub value: String,
    /// The allowed values, with units.
    pub allowed: String,
}

impl Invalid {
    /// `field` is `value`, but must be `allowed`.
    pub fn new(field: impl Into<String>, value: impl ToString, allowed: impl Into<String>) -> Self {
        Self { field: field.into(), value: value.to_string(), allowed: allowed.into() }
    }

    /// The same error below `parent`: `confirmDelaysMs` becomes `policy.confirmDelaysMs`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = format!("{parent}.{}", self.field);
        self
    }
}

/// Checks a restored counter: it must have room to grow.
#[cfg(feature = "server")]
pub(crate) fn check_count(field: &str, value: u64) -> Result<(), Invalid> {
    let most = u64::from(u32::MAX) << 16;
    if value > most {
        return Err(Invalid::new(field, value, format!("at most {most}")));
    }
    Ok(())
}

/// Longer strings are not quoted: no allowed value is longer, but a token that was put into the wrong field may be.
#[cfg(feature = "server")]
const MAX_QUOTED_CHARS: usize = 64;

/// A string in quotes, with escapes. Not for secrets.
#[cfg(feature = "server")]
pub(crate) fn quoted(text: &str) -> String {
    match text.chars().count() {
        0..=MAX_QUOTED_CHARS => document::write(&text.to_owned()),
        more => format!("a string of {more} characters"),
    }
}

/// An array of numbers for an error text.
pub(crate) fn list_of<N: Copy + Into<u64>>(numbers: &[N]) -> String {
    format!("[{}]", listed(numbers.iter().map(|number| (*number).into().to_string())))
}

/// The items with `separator` between them. The standard library's `join` adds 1 KB to the WebAssembly.
#[cfg(feature = "server")]
pub(crate) fn joined(items: &[&str], separator: &str) -> String {
    let mut joined = String::new();
    for item in items {
        if !joined.is_empty() {
            joined.push_str(separator);
        }
        joined.push_str(item);
    }
    joined
}

/// Items, separated by commas.
pub(crate) fn listed(items: impl Iterator<Item = String>) -> String {
    items.reduce(|list, item| list + ", " + &item).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_quoted_unless_it_is_longer_than_any_value() {
        assert_eq!(quoted("a\"b\n"), r#""a\"b\n""#);
        assert_eq!(quoted(&"é".repeat(64)), format!("\"{}\"", "é".repeat(64)));
        assert_eq!(quoted(&"é".repeat(65)), "a string of 65 characters");
    }

    #[test]
    fn a_restored_counter_has_room_to_grow() {
        let most = 281_474_976_645_120;
        assert_eq!(check_count("next", most), Ok(()));
        assert_eq!(check_count("next", 0), Ok(()));
        let refused = Invalid::new("next", most + 1, "at most 281474976645120");
        assert_eq!(check_count("next", most + 1), Err(refused));
        assert!(check_count("next", u64::MAX).is_err());
    }
}
