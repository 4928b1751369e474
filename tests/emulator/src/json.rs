//! Parses profiles, commands and calls. An error names the field, its value and the allowed values.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::control::Command;
use crate::fault::Effect;
use crate::field::Checked;
use crate::profile::Profile;
use crate::service::Call;

impl Profile {
    /// Parses and validates a profile.
    ///
    /// # Errors
    /// The first invalid field.
    pub fn from_json(json: &str) -> Checked<Self> {
        let profile: Self = read("profile", parse("profile", json)?)?;
        profile.check()?;
        Ok(profile)
    }
}

impl Command {
    /// Parses and validates a command.
    ///
    /// # Errors
    /// The first invalid field.
    pub fn from_json(json: &str) -> Checked<Self> {
        let mut json = parse("command", json)?;
        if let Some(effect) = json.pointer_mut("/rule/effect") {
            *effect = by_type::<Effect>("command.rule.effect", effect.take())?;
        }
        let mut json = by_type::<Self>("command", json)?;
        for kind in ["kill", "fail"] {
            if let Some(fields) = json.get_mut(kind).and_then(Value::as_object_mut) {
                nest_target(fields)?;
            }
        }
        let command: Self = read("command", json)?;
        command.check()?;
        Ok(command)
    }
}

impl Call {
    /// Parses a call.
    ///
    /// # Errors
    /// The first invalid field.
    pub fn from_json(json: &str) -> Checked<Self> {
        read("call", parse("call", json)?)
    }
}

fn parse(what: &str, json: &str) -> Checked<Value> {
    serde_json::from_str(json).map_err(|error| format!("{what} is not JSON: {error}"))
}

/// Turns `{type, …}` into `{type: {…}}`: serde loses the path of an error in an internally tagged variant.
fn by_type<T: DeserializeOwned>(path: &str, json: Value) -> Checked<Value> {
    let Value::Object(mut fields) = json else { return Err(format!("{path} must be an object")) };
    let kind = match fields.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(other) => return Err(format!("{path}.type is {other}, but must be a string")),
        None => return Err(format!("{path}.type is missing")),
    };
    let has_no_fields = serde_json::from_value::<T>(Value::String(kind.clone())).is_ok();
    match fields.keys().next() {
        None if has_no_fields => Ok(Value::String(kind)),
        Some(field) if has_no_fields => {
            Err(format!("{path}.{field}: unknown field `{field}`, {kind} has none"))
        }
        Some(_) | None => Ok(Value::Object(Map::from_iter([(kind, Value::Object(fields))]))),
    }
}

/// Moves the target's fields, which JSON has in the command, into an object of their own.
fn nest_target(fields: &mut Map<String, Value>) -> Checked {
    if fields.contains_key(TARGET) {
        return Err(format!("command.{TARGET}: unknown field `{TARGET}`, expected `taskId` or `uid`"));
    }
    let target = ["taskId", "uid"].into_iter().filter_map(|name| fields.remove_entry(name)).collect();
    fields.insert(TARGET.to_owned(), Value::Object(target));
    Ok(())
}

pub(crate) const TARGET: &str = "target";

fn read<T: DeserializeOwned>(what: &str, json: Value) -> Checked<T> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let mut path = what.to_owned();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => path.push_str(&format!("[{index}]")),
                Segment::Map { key } if key != TARGET => {
                    path.push('.');
                    path.push_str(key);
                }
                Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        format!("{path}: {}", without_rust_types(&error.inner().to_string()))
    })
}

/// Replaces the names of Rust's types in serde's messages.
fn without_rust_types(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let found = found.replace("type: map", "type: object").replace("type: sequence", "type: array");
    let expected = expected.replace(&format!("`{TARGET}`"), "`taskId`, `uid`");
    let expected = match &*expected {
        "u8" => "an integer from 0 to 255",
        "u16" => "an integer from 0 to 65535",
        "u32" => "an integer from 0 to 4294967295",
        "u64" => "an integer from 0 to 9007199254740991",
        "i64" => "an integer",
        "an array of length 2" | "tuple of 2 elements" => "an array of two integers",
        it if it.starts_with("struct ") => "an object",
        it => it,
    };
    format!("{found}, expected {expected}")
}
