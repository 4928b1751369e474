//! The payload as operators are shown it, and the way back.
//!
//! What is known to be harmless is shown, and nothing else: tokens, addresses of streams, and every field that is not known
//! here are hidden, what follows the path of an image's address too, as it may be signed.

use std::collections::BTreeMap;

use super::{Services, is_for_lanes};
use crate::document::{self, Json, rewrite};
use crate::error::{Invalid, quoted};
use crate::json::Tree;
use crate::redact::is_secret;

/// What stands in the place of a hidden value begins with this; a number that changes with what is shown follows, and its
/// place: places mean something else in a payload that has changed.
const HIDDEN: &str = "***";
/// How many digits that number has.
const DIGITS: usize = 8;

#[derive(PartialEq, Eq)]
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
    /// The payload for people, as JSON text: `***` and its place stand for whatever is not known to be harmless. In a new payload
    /// they stand for what they hide, see [`revealed`].
    #[must_use]
    pub fn shown(&self) -> String {
        self.hide(&self.mark(), &mut |_, _| {})
    }

    /// What the marks of this payload begin with.
    fn mark(&self) -> String {
        // FNV-1a. Nothing of what is hidden is in it.
        let number = self
            .hide(HIDDEN, &mut |_, _| {})
            .bytes()
            .fold(0x811c_9dc5_u32, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{HIDDEN}{number:08x}")
    }

    /// What is hidden there, text by text; of addresses also each part, for one of them is the key. What is too short for a
    /// secret is left out.
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

    /// The payload with marks, which begin with `mark`, in the place of what is not harmless. What is shown, and what that
    /// stands for, is handed to `keep`.
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

/// Each text within a value.
fn add_secrets(json: &Json<'_>, secrets: &mut Vec<String>) {
    rewrite(json, &mut |json| {
        let text = json.as_text()?;
        add_secret(&text, secrets);
        if let Some(rest) = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//")) {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
            // The last part of the path, with all that follows, is often the key as a whole.
            add_secret(path.rsplit('/').next().unwrap_or_default(), secrets);
            for parts in [user, path] {
                parts.split(['/', '?', '&', '=', '#', ':']).for_each(|part| add_secret(part, secrets));
            }
        }
        None
    });
}

/// Puts back what is hidden in `services`, which is JSON text, wherever it has gone, out of the payload that it was shown of;
/// but only into fields that are hidden as well, so that nothing shows or quotes it. It may be what a group takes as an update,
/// too: payloads of several lanes.
///
/// # Errors
/// The first that is not hidden there, or stands where its value would be shown.
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
        // In the place of a payload that was shown, whatever looks like a mark is one that was changed.
        let is_changed =
            |text: &str| shown_of.is_some() && text.split('?').any(|part| part.starts_with(HIDDEN));
        let text = json.as_text().filter(|text| has_mark(text) || is_changed(text))?;
        let allowed = match hidden.get(text.as_ref()) {
            Some((of, value)) if *of == kind(json) => return Some(value.clone()),
            Some(_) => "the value itself: what is hidden elsewhere would be shown here",
            None => "the value itself: none is kept under this name, as the payload may have changed since",
        };
        wrong.get_or_insert_with(|| Invalid::new(json.path(), quoted(&text), allowed));
        None
    });
    wrong.map_or(Ok(revealed), Err)
}

/// Whether what stands for a hidden value is anywhere in a text.
fn has_mark(text: &str) -> bool {
    text.as_bytes().windows(HIDDEN.len() + DIGITS).any(|part| {
        let (begin, number) = part.split_at(HIDDEN.len());
        begin == HIDDEN.as_bytes() && number.iter().all(u8::is_ascii_hexdigit)
    })
}

/// The address of an image without what may sign it; none if there is a user's name in it.
pub(super) fn without_signature(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    (!path.contains('@')).then_some(path)
}
