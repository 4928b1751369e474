//! The payload as operators are shown it, and the way back.
//!
//! What is known to be harmless is shown, and nothing else: tokens, addresses of streams, and every field that is not known
//! here are hidden, what follows the path of an image's address too, as it may be signed.

use serde_json::{Map, Value};

use super::Services;
use crate::error::{Invalid, quoted};
use crate::redact::is_secret;

/// What stands in the place of a hidden value begins with this; a number that changes with what is shown follows, and its
/// place: places mean something else in a payload that has changed.
const HIDDEN: &str = "***";

enum Field {
    Harmless,
    /// The address of an image.
    Image,
    Unknown,
}

/// What the field of this name is in an object of that name.
fn field(parent: &str, name: &str) -> Field {
    match (parent, name) {
        ("", "cloudTranscoder")
        | ("cloudTranscoder", "serviceType" | "config")
        | ("config", "transcoder")
        | (
            "transcoder",
            "idleTimeout" | "streamProcessMode" | "audioInputs" | "videoInputs" | "canvas" | "waterMarks"
            | "outputs",
        )
        | ("audioInputs" | "videoInputs", "rtc" | "volume" | "repeat" | "region")
        | ("rtc", "rtcChannel" | "rtcUid")
        | ("region", "x" | "y" | "width" | "height" | "zOrder")
        | ("canvas", "width" | "height" | "color" | "fillMode")
        | ("waterMarks", "region" | "fillMode")
        | ("outputs", "rtc" | "audioOption" | "videoOption")
        | ("audioOption", "profileType")
        | ("videoOption", "width" | "height" | "bitrate" | "codec" | "fps" | "mode") => Field::Harmless,
        ("audioInputs" | "videoInputs", "placeholderImageUrl")
        | ("canvas", "backgroundImage")
        | ("waterMarks", "imageUrl") => Field::Image,
        _ => Field::Unknown,
    }
}

impl Services {
    /// The payload for people: `***` and its place stand for whatever is not known to be harmless. In a new payload they stand
    /// for what they hide, see [`revealed`].
    #[must_use]
    pub fn shown(&self) -> Value {
        let mut value = self.to_value();
        hide(&mut value, "", &self.mark(), &mut |_, _| {});
        value
    }

    /// What the marks of this payload begin with.
    fn mark(&self) -> String {
        let mut value = self.to_value();
        hide(&mut value, "", HIDDEN, &mut |_, _| {});
        // FNV-1a. Nothing of what is hidden is in it.
        let number = value
            .to_string()
            .bytes()
            .fold(0x811c_9dc5_u32, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{HIDDEN}{number:08x}")
    }

    /// What is hidden there, text by text; of addresses also each part, for one of them is the key. What is too short for a
    /// secret is left out.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        hide(&mut self.to_value(), "", HIDDEN, &mut |mark, value| match value.as_str() {
            Some(image) if !mark.starts_with(HIDDEN) => {
                let path = without_signature(image).unwrap_or_default();
                add_secret(image.get(path.len() + 1..).unwrap_or_default(), &mut secrets);
            }
            Some(_) | None => add_secrets(&value, &mut secrets),
        });
        secrets
    }

    fn to_value(&self) -> Value {
        // By way of text, which there is code for anyhow.
        serde_json::from_str(&self.to_json()).unwrap_or_default()
    }
}

fn add_secret(text: &str, secrets: &mut Vec<String>) {
    if is_secret(text) && !secrets.iter().any(|other| other == text) {
        secrets.push(text.to_owned());
    }
}

/// Each text within a value.
fn add_secrets(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            add_secret(text, secrets);
            if let Some(rest) = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//")) {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
                // The last part of the path, with all that follows, is often the key as a whole.
                add_secret(path.rsplit('/').next().unwrap_or_default(), secrets);
                for parts in [user, path] {
                    parts.split(['/', '?', '&', '=', '#', ':']).for_each(|part| add_secret(part, secrets));
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_secrets(item, secrets)),
        Value::Object(fields) => fields.values().for_each(|item| add_secrets(item, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts back what is hidden in `services`, wherever it has gone, out of the payload that it was shown of. It may be what a
/// group takes as an update as well: payloads of several lanes.
///
/// # Errors
/// The first that is not hidden there.
pub fn revealed(services: &Value, shown_of: Option<&Services>) -> Result<Value, Invalid> {
    let mut services = services.clone();
    let root = if services.get("lanes").is_some() { "update" } else { "services" };
    let mut hidden = Map::new();
    if let Some(shown_of) = shown_of {
        let keep = &mut |mark, value| drop(hidden.insert(mark, value));
        hide(&mut shown_of.to_value(), "", &shown_of.mark(), keep);
    }
    put_back(&mut services, root, &hidden)?;
    Ok(services)
}

/// Hides what is not harmless in an object of that name, and hands each mark and what it stands for to `keep`.
fn hide(value: &mut Value, parent: &str, mark: &str, keep: &mut dyn FnMut(String, Value)) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                hide(item, parent, &format!("{mark}[{at}]"), keep);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let mark = format!("{mark}.{name}");
                let shown = match field(parent, name) {
                    Field::Harmless => {
                        hide(value, name, &mark, keep);
                        continue;
                    }
                    Field::Image => match value.as_str().map(without_signature) {
                        Some(Some(address)) if Some(address) == value.as_str() => continue,
                        Some(Some(address)) => {
                            format!("{address}?{mark}")
                        }
                        Some(None) | None => mark,
                    },
                    Field::Unknown => mark,
                };
                keep(shown.clone(), std::mem::replace(value, Value::String(shown)));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The address of an image without what may sign it; none if there is a user's name in it.
pub(super) fn without_signature(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    (!path.contains('@')).then_some(path)
}

fn put_back(value: &mut Value, path: &str, hidden: &Map<String, Value>) -> Result<(), Invalid> {
    match value {
        Value::String(text) if text.split('?').any(|part| part.starts_with(HIDDEN)) => {
            match hidden.get(text) {
                Some(kept) => *value = kept.clone(),
                None => {
                    let allowed = "the value itself: none is kept under this name, as the payload may have changed since";
                    return Err(Invalid::new(path, quoted(text), allowed));
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                put_back(item, &format!("{path}[{at}]"), hidden)?;
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields.iter_mut() {
                put_back(item, &format!("{path}.{name}"), hidden)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}
