//! Generates `src/js/contract.ts`: the TypeScript declarations of documents, with their docs.

use std::fmt::Write;
use std::ops::{Bound, RangeBounds, RangeInclusive};

use super::Document;

/// The width of lines, including the indentation.
const WIDTH: usize = 120;

/// A declaration of a type.
#[derive(Clone)]
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) docs: Vec<&'static str>,
    pub(crate) shape: Shape,
}

#[derive(Clone)]
pub(crate) enum Shape {
    /// An object.
    Fields(Vec<Member>),
    /// One of several objects, distinguished by the field of this name.
    Variants(&'static str, Vec<(Vec<&'static str>, &'static str, Vec<Member>)>),
    /// One of several strings.
    Words(Vec<(Vec<&'static str>, &'static str)>),
}

/// A field of an object.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) docs: Vec<&'static str>,
    pub(crate) name: &'static str,
    pub(crate) typed: String,
    pub(crate) presence: Presence,
    pub(crate) limits: Option<Limits>,
}

/// The range of a field, as keywords of JSON Schema, which are TSDoc tags.
#[derive(Clone)]
pub(crate) struct Limits(Vec<String>);

impl Limits {
    /// This range, or 0.
    pub(crate) fn also_zero(mut self) -> Self {
        self.0.push("@also 0".to_owned());
        self
    }

    /// The length of a list, and the range of its numbers.
    pub(crate) fn each(mut self, numbers: Self) -> Self {
        self.0.extend(numbers.0);
        self
    }
}

/// The range of a number.
pub(crate) fn between(range: RangeInclusive<i64>) -> Limits {
    Limits(vec![format!("@minimum {}", range.start()), format!("@maximum {}", range.end())])
}

/// The number of values in a list.
pub(crate) fn items(range: impl RangeBounds<usize>) -> Limits {
    bounds("Items", range)
}

/// The length of a string.
pub(crate) fn length(range: impl RangeBounds<usize>) -> Limits {
    bounds("Length", range)
}

fn bounds(of: &str, range: impl RangeBounds<usize>) -> Limits {
    let bound = |name: &str, bound| match bound {
        Bound::Included(number) => Some(format!("@{name}{of} {number}")),
        Bound::Excluded(_) | Bound::Unbounded => None,
    };
    Limits(
        [bound("min", range.start_bound()), bound("max", range.end_bound())].into_iter().flatten().collect(),
    )
}

/// Whether a field is present.
#[derive(Clone)]
pub(crate) enum Presence {
    Always,
    OrNull,
    Optional,
    OptionalOrNull,
    /// The fields of this type are fields of the object. A type without a description has fields of any name.
    Flattened(Option<Description>),
}

impl Presence {
    /// For a field that is always written.
    pub(crate) fn always(blank: impl Document) -> Self {
        if blank.is_optional() { Self::OrNull } else { Self::Always }
    }

    /// For a field that is omitted if it is `None`.
    pub(crate) fn of(blank: impl Document) -> Self {
        if blank.is_optional() { Self::Optional } else { Self::Always }
    }
}

/// The name of a type in TypeScript, if it differs from Rust's, because it is used without a module path.
const NAMES: [(&str, &str); 7] = [
    ("RetryPolicy", "RetrySchedules"),
    ("GivenLimits", "Quota"),
    ("Event", "SteadymixEvent"),
    ("EventKind", "CoreEventDetails"),
    ("Invalid", "Violation"),
    // The browser has a `Notification` of its own.
    ("Notification", "ServiceNotification"),
    ("NotificationKind", "NotificationDetails"),
];

pub(crate) fn name_of(rust: &'static str) -> &'static str {
    NAMES.iter().find(|(of_rust, _)| *of_rust == rust).map_or(rust, |(_, name)| name)
}

/// The type of a field, from its Rust type as written: `Uid` and `u32` are the same type otherwise.
pub(crate) fn typed<T: Document>(rust: &str) -> String {
    let typed = T::typescript();
    let is_uid = rust.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "Uid");
    if is_uid { typed.replace("number", "Uid") } else { typed }
}

/// The TypeScript type of the only field of a type.
pub(crate) fn of_field<Outer, Field: Document>(_: impl Fn(Outer) -> Field) -> String {
    Field::typescript()
}

/// One of these strings.
pub(crate) fn words(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | ")
}

/// Additions to the docs and limits of a field: a sentence after the docs, and limits.
pub(crate) type Notes<'a> = &'a dyn Fn(&Member) -> (Option<String>, Option<Limits>);

/// The declaration of a type.
pub(crate) fn declare(Description { name, docs, shape }: &Description, notes: Notes<'_>) -> String {
    let mut out = String::new();
    comment(&mut out, "", docs, None, None);
    match shape {
        Shape::Fields(members) => object(&mut out, name, members, notes),
        Shape::Variants(tag, variants) => {
            _ = write!(out, "export type {name} =");
            for (docs, word, members) in variants {
                out.push('\n');
                comment(&mut out, "  ", docs, None, None);
                variant(&mut out, tag, word, members, notes);
            }
            out.push_str(";\n");
        }
        Shape::Words(words) => {
            _ = write!(out, "export type {name} =");
            for (docs, word) in words {
                out.push('\n');
                comment(&mut out, "  ", docs, None, None);
                _ = write!(out, "  | \"{word}\"");
            }
            out.push_str(";\n");
        }
    }
    out
}

fn object(out: &mut String, name: &str, members: &[Member], notes: Notes<'_>) {
    let (mut extended, mut intersected, mut is_open) = (Vec::new(), Vec::new(), false);
    for member in members {
        let Presence::Flattened(flattened) = &member.presence else { continue };
        match flattened.as_ref().map(|flattened| &flattened.shape) {
            None => is_open = true,
            Some(Shape::Fields(_)) => extended.push(member.typed.as_str()),
            Some(Shape::Variants(..) | Shape::Words(_)) => intersected.push(member.typed.as_str()),
        }
    }
    let is_interface = intersected.is_empty();
    _ = match (is_interface, extended.as_slice()) {
        (true, []) => writeln!(out, "export interface {name} {{"),
        (true, extended) => writeln!(out, "export interface {name} extends {} {{", extended.join(", ")),
        (false, _) => writeln!(out, "export type {name} = {{"),
    };
    fields(out, "  ", members, notes);
    if is_open {
        out.push_str("  [field: string]: unknown;\n");
    }
    out.push('}');
    if !is_interface {
        intersected.iter().chain(&extended).for_each(|other| _ = write!(out, " & {other}"));
        out.push(';');
    }
    out.push('\n');
}

fn variant(out: &mut String, tag: &str, word: &str, members: &[Member], notes: Notes<'_>) {
    let is_flattened = |member: &&Member| matches!(member.presence, Presence::Flattened(_));
    let flattened: Vec<_> = members.iter().filter(is_flattened).map(|member| member.typed.as_str()).collect();
    out.push_str(if flattened.is_empty() { "  | " } else { "  | (" });
    if flattened.len() == members.len() {
        _ = write!(out, "{{ {tag}: \"{word}\" }}");
    } else {
        _ = writeln!(out, "{{\n      {tag}: \"{word}\";");
        fields(out, "      ", members, notes);
        out.push_str("    }");
    }
    flattened.iter().for_each(|other| _ = write!(out, " & {other}"));
    out.push_str(if flattened.is_empty() { "" } else { ")" });
}

fn fields(out: &mut String, indent: &str, members: &[Member], notes: Notes<'_>) {
    for member in members {
        let Member { docs, name, typed, presence, limits } = member;
        let (mark, or_null) = match presence {
            Presence::Always => ("", ""),
            Presence::OrNull => ("", " | null"),
            Presence::Optional => ("?", ""),
            Presence::OptionalOrNull => ("?", " | null"),
            Presence::Flattened(_) => continue,
        };
        let (note, more_limits) = notes(member);
        comment(out, indent, docs, note, limits.as_ref().or(more_limits.as_ref()));
        let line = format!("{indent}{name}{mark}: {typed}{or_null};");
        if line.len() <= WIDTH {
            _ = writeln!(out, "{line}");
        } else {
            let words = typed.split(" | ").map(|word| format!("\n{indent}  | {word}")).collect::<String>();
            _ = writeln!(out, "{indent}{name}{mark}:{words}{or_null};");
        }
    }
}

/// Docs, on as few lines as possible.
fn comment(out: &mut String, indent: &str, docs: &[&str], note: Option<String>, limits: Option<&Limits>) {
    let mut text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    // A rustdoc link becomes code.
    text = text.replace("[`", "`").replace("`]", "`");
    assert!(!text.contains("]("), "TypeScript docs cannot have this link: {text}");
    if let Some(note) = note {
        text = format!("{text} {note}");
    }
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    let one_line = format!("{indent}/** {text} */");
    if limits.is_none() && one_line.chars().count() <= WIDTH {
        _ = writeln!(out, "{one_line}");
        return;
    }
    _ = write!(out, "{indent}/**");
    let mut room = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count() + 1;
        if room < length {
            _ = write!(out, "\n{indent} *");
            room = WIDTH - indent.len() - 2;
        }
        _ = write!(out, " {word}");
        room -= length;
    }
    for tag in limits.iter().flat_map(|Limits(tags)| tags) {
        _ = write!(out, "\n{indent} * {tag}");
    }
    _ = writeln!(out, "\n{indent} */");
}

mod contract;
