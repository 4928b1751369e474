//! The payload as shown to operators: redaction marks take the place of secrets, and are replaced with them again in a
//! new payload.
//!
//! Only fields that are known to be harmless are shown. Tokens, stream URLs, unknown fields, and the part of an image
//! URL after its path (it may be a signature) are redacted.

use std::collections::BTreeMap;

use super::{Services, is_for_lanes};
use crate::document::{self, Json, rewrite};
use crate::error::{Invalid, quoted};
use crate::json::Tree;
use crate::redact::is_secret;

/// The beginning of a redaction mark. A number follows, then the path of the field. The number changes with the shown
/// payload, because paths may mean something else in a payload that has changed.
const HIDDEN: &str = "***";
/// The number of digits of that number.
const DIGITS: usize = 8;

#[derive(PartialEq, Eq)]
enum Field {
    Harmless,
    /// The URL of an image.
    Image,
    Unknown,
}

/// The kind of the field `name` in an object, or in an item of a list, named `parent`.
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
    /// The payload for operators, as JSON text: redaction marks, which begin with `***`, replace all values that are
    /// not known to be harmless. [`revealed`] restores the values in a new payload.
    #[must_use]
    pub fn shown(&self) -> String {
        self.hide(&self.mark(), &mut |_, _| {})
    }

    /// The beginning of all marks of this payload.
    fn mark(&self) -> String {
        // FNV-1a over the visible parts: the number reveals nothing hidden.
        let number = self
            .hide(HIDDEN, &mut |_, _| {})
            .bytes()
            .fold(0x811c_9dc5_u32, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{HIDDEN}{number:08x}")
    }

    /// All hidden strings. For URLs, also each of their parts, because one of them is the key. Strings that are too
    /// short for a secret are left out.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        self.hide(HIDDEN, &mut |shown, json| match json.as_text() {
            Some(image) if !shown.starts_with(HIDDEN) => {
                let path = without_signature(&image).unwrap_or_default();
                add_secret(image.get(path.len() + 1..).unwrap_or_default(), &mut secrets);
            }
            Some(_) | None => add_secrets(json, &mut secrets),
        });
        secrets
    }

    /// The payload with marks, which begin with `mark`, in place of everything that is not harmless. `keep` is called
    /// with each mark and the value that it hides.
    fn hide(&self, mark: &str, keep: &mut dyn FnMut(&str, &Json<'_>)) -> String {
        let payload = self.to_json();
        let tree = Tree::parse(&payload);
        let Some(tree) = &tree else { return String::new() };
        rewrite(&Json::root(mark, tree.root()), &mut |json| {
            let (parent, name) = json.name()?;
            let shown = match field(parent, name) {
                Field::Harmless => return None,
                Field::Image => {
                    let image = json.as_text().unwrap_or_default();
                    match without_signature(&image).filter(|address| !address.is_empty()) {
                        Some(address) if address == image => return None,
                        Some(address) => format!("{address}?{}", json.path()),
                        None => json.path(),
                    }
                }
                Field::Unknown => json.path(),
            };
            keep(&shown, json);
            Some(document::write(&shown))
        })
    }
}

fn add_secret(text: &str, secrets: &mut Vec<String>) {
    if is_secret(text) && !secrets.iter().any(|other| other == text) {
        secrets.push(text.to_owned());
    }
}

/// All strings within a value.
fn add_secrets(json: &Json<'_>, secrets: &mut Vec<String>) {
    rewrite(json, &mut |json| {
        let text = json.as_text()?;
        add_secret(&text, secrets);
        if let Some(rest) = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//")) {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
            // The last part of the path with all that follows is often the key.
            add_secret(path.rsplit('/').next().unwrap_or_default(), secrets);
            for parts in [user, path] {
                parts.split(['/', '?', '&', '=', '#', ':']).for_each(|part| add_secret(part, secrets));
            }
        }
        None
    });
}

/// Replaces redaction marks in the JSON text `services` with the values that they hide in the payload `shown_of`,
/// wherever they were moved. Only fields that are redacted as well can hold them, so no output reveals a secret.
/// `services` may also be a group's update with payloads of several lanes.
///
/// # Errors The first mark that hides no value, or that is in a field that would be shown.
pub fn revealed(services: &str, shown_of: Option<&Services>) -> Result<String, Invalid> {
    let tree = document::parse("services", services)?;
    let root = if is_for_lanes(&tree) { "update" } else { "services" };
    let kind = |json: &Json<'_>| json.name().map(|(parent, name)| field(parent, name));
    let mut hidden = BTreeMap::new();
    if let Some(shown_of) = shown_of {
        shown_of.hide(&shown_of.mark(), &mut |shown, json| {
            hidden.insert(shown.to_owned(), (kind(json), json.source().to_owned()));
        });
    }
    let mut wrong = None;
    let revealed = rewrite(&Json::root(root, tree.root()), &mut |json| {
        // If a payload was shown, any string that looks like a mark is an edited mark.
        let is_edited =
            |text: &str| shown_of.is_some() && text.split('?').any(|part| part.starts_with(HIDDEN));
        let text = json.as_text().filter(|text| has_mark(text) || is_edited(text))?;
        let allowed = match hidden.get(text.as_ref()) {
            Some((of, value)) if *of == kind(json) => return Some(value.clone()),
            Some(_) => "the value itself: a redacted value would be shown here",
            None => "the value itself: this mark hides no value, because the payload may have changed",
        };
        wrong.get_or_insert_with(|| Invalid::new(json.path(), quoted(&text), allowed));
        None
    });
    wrong.map_or(Ok(revealed), Err)
}

/// Whether a string contains a mark.
fn has_mark(text: &str) -> bool {
    text.as_bytes().windows(HIDDEN.len() + DIGITS).any(|part| {
        let (begin, number) = part.split_at(HIDDEN.len());
        begin == HIDDEN.as_bytes() && number.iter().all(u8::is_ascii_hexdigit)
    })
}

/// The URL of an image without a possible signature; `None` if it contains a user name.
pub(super) fn without_signature(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    (!path.contains('@')).then_some(path)
}
