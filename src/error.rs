//! What every wrong value of a configuration is reported as.

use serde::Serialize;

/// A value that is not allowed where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field} is {value}, but must be {allowed}")]
pub struct Invalid {
    /// The path of the field, as the user wrote it: `policy.confirmMs[0]`.
    pub field: String,
    /// The value that was found.
    pub value: String,
    /// What is allowed there, with units.
    pub allowed: String,
}

impl Invalid {
    /// `field` is `value`, but must be `allowed`.
    pub fn new(field: impl Into<String>, value: impl ToString, allowed: impl Into<String>) -> Self {
        Self { field: field.into(), value: value.to_string(), allowed: allowed.into() }
    }

    /// The same, found below `parent`: `confirmMs` becomes `policy.confirmMs`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = format!("{parent}.{}", self.field);
        self
    }
}

/// Reads a configuration value that came as JSON; the error names the field below `root`.
#[cfg(feature = "server")]
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    root: &str,
    json: &serde_json::Value,
) -> Result<T, Invalid> {
    use serde_json::Value;
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        let pointer = format!("/{}", path.replace("].", "/").replace(['.', '['], "/").replace(']', ""));
        let value = json.pointer(&pointer).unwrap_or(json);
        let field = if path == "." { root.to_owned() } else { format!("{root}.{path}") };
        // What is in an object or a list may be a secret.
        let value = match value {
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        };
        let message = error.into_inner().to_string();
        if let Some(missing) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'))
        {
            return Invalid::new(format!("{field}.{missing}"), "missing", "given");
        }
        let allowed = match without_value(&message) {
            "i64" => "an integer",
            "u8" | "u32" | "u64" => "a natural number",
            expected => expected,
        };
        Invalid::new(field, value, allowed)
    })
}

/// Checks a number that was restored, and is counted on from.
#[cfg(feature = "server")]
pub(crate) fn check_count(field: &str, value: u64) -> Result<(), Invalid> {
    let most = u64::from(u32::MAX) << 16;
    if value > most {
        return Err(Invalid::new(field, value, format!("at most {most}")));
    }
    Ok(())
}

/// What serde says was expected, without the value that it found: that may be a secret.
#[cfg(feature = "server")]
pub(crate) fn without_value(message: &str) -> &str {
    message.rsplit_once(", expected ").map_or(message, |(_, expected)| expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_leaves_room_to_count_on() {
        let most = 281_474_976_645_120;
        assert_eq!(check_count("next", most), Ok(()));
        assert_eq!(check_count("next", 0), Ok(()));
        let refused = Invalid::new("next", most + 1, "at most 281474976645120");
        assert_eq!(check_count("next", most + 1), Err(refused));
        assert!(check_count("next", u64::MAX).is_err());
    }
}
