//! TypeScript's declarations of documents, with their docs: `src/js/contract.ts` is made of them.

use std::fmt::Write;
use std::ops::{Bound, RangeBounds, RangeInclusive};

use super::Document;

/// Of lines, with what stands before them.
const WIDTH: usize = 120;

/// A type as TypeScript declares it.
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
    /// One of several objects, which the field of this name tells apart.
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

/// What is allowed of a field, as the keywords of JSON Schema that TSDoc takes as tags.
#[derive(Clone)]
pub(crate) struct Limits(Vec<String>);

impl Limits {
    /// These, or 0.
    pub(crate) fn also_zero(mut self) -> Self {
        self.0.push("@also 0".to_owned());
        self
    }

    /// These of a list, and those of each number in it.
    pub(crate) fn each(mut self, numbers: Self) -> Self {
        self.0.extend(numbers.0);
        self
    }
}

/// Of a number.
pub(crate) fn between(range: RangeInclusive<i64>) -> Limits {
    Limits(vec![format!("@minimum {}", range.start()), format!("@maximum {}", range.end())])
}

/// Of the number of values in a list.
pub(crate) fn items(range: impl RangeBounds<usize>) -> Limits {
    bounds("Items", range)
}

/// Of the length of text.
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

/// Whether a field is there.
#[derive(Clone)]
pub(crate) enum Presence {
    Always,
    OrNull,
    Optional,
    OptionalOrNull,
    /// The fields of this type are, beside the others; of one without a description, fields of any name.
    Beside(Option<Description>),
}

impl Presence {
    /// Of a field that is always written.
    pub(crate) fn always(blank: impl Document) -> Self {
        if blank.is_optional() { Self::OrNull } else { Self::Always }
    }

    /// Of a field that is left out when it is none.
    pub(crate) fn of(blank: impl Document) -> Self {
        if blank.is_optional() { Self::Optional } else { Self::Always }
    }
}

/// What TypeScript calls a type, where it is not Rust's name: there, names stand in no module.
const NAMES: [(&str, &str); 7] = [
    ("RetryPolicy", "RetrySchedules"),
    ("GivenLimits", "Quota"),
    ("Event", "SteadymixEvent"),
    ("EventKind", "CoreEventDetails"),
    ("Invalid", "Violation"),
    // A page's `Notification` is another thing.
    ("Notification", "ServiceNotification"),
    ("NotificationKind", "NotificationDetails"),
];

pub(crate) fn name_of(rust: &'static str) -> &'static str {
    NAMES.iter().find(|(of_rust, _)| *of_rust == rust).map_or(rust, |(_, name)| name)
}

/// The type of a field, whose type is written so in Rust: that a number is a uid does not show in the type itself.
pub(crate) fn typed<T: Document>(rust: &str) -> String {
    let typed = T::typescript();
    let is_uid = rust.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "Uid");
    if is_uid { typed.replace("number", "Uid") } else { typed }
}

/// What TypeScript calls the type of the one field of a type.
pub(crate) fn of_field<Outer, Field: Document>(_: impl Fn(Outer) -> Field) -> String {
    Field::typescript()
}

/// One of these strings.
pub(crate) fn words(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | ")
}

/// What the docs and limits of a field in Rust do not have: a sentence that follows the docs, and limits.
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
        let Presence::Beside(beside) = &member.presence else { continue };
        match beside.as_ref().map(|beside| &beside.shape) {
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
    let is_beside = |member: &&Member| matches!(member.presence, Presence::Beside(_));
    let beside: Vec<_> = members.iter().filter(is_beside).map(|member| member.typed.as_str()).collect();
    out.push_str(if beside.is_empty() { "  | " } else { "  | (" });
    if beside.len() == members.len() {
        _ = write!(out, "{{ {tag}: \"{word}\" }}");
    } else {
        _ = writeln!(out, "{{\n      {tag}: \"{word}\";");
        fields(out, "      ", members, notes);
        out.push_str("    }");
    }
    beside.iter().for_each(|other| _ = write!(out, " & {other}"));
    out.push_str(if beside.is_empty() { "" } else { ")" });
}

fn fields(out: &mut String, indent: &str, members: &[Member], notes: Notes<'_>) {
    for member in members {
        let Member { docs, name, typed, presence, limits } = member;
        let (mark, or_null) = match presence {
            Presence::Always => ("", ""),
            Presence::OrNull => ("", " | null"),
            Presence::Optional => ("?", ""),
            Presence::OptionalOrNull => ("?", " | null"),
            Presence::Beside(_) => continue,
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

/// Docs, on as few lines as they fit.
fn comment(out: &mut String, indent: &str, docs: &[&str], note: Option<String>, limits: Option<&Limits>) {
    let mut text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    // A link of rustdoc's is code here.
    text = text.replace("[`", "`").replace("`]", "`");
    assert!(!text.contains("]("), "a link that TypeScript's docs cannot have: {text}");
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
