//! Redacts secrets in everything that leaves: events, errors, statuses, logs.
//!
//! A secret is found in any form: in another case, percent-encoded, escaped once or several times as in JSON or HTML,
//! as base64 of both alphabets, folded over lines, or truncated at the end of a string.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::document::{Document, Json, Writer, Wrong};
use crate::text::{hexadecimal, start_of};

/// A shorter string is not treated as a secret: tokens, keys and passwords are longer, but words of messages are as
/// short.
const MIN_SECRET_CHARS: usize = 6;
/// A string of fewer letters and nothing else may be a word, such as `transcoder`. (Characters beyond ASCII count as
/// letters.)
const MIN_LETTERS: usize = 16;
/// The maximum length of the service's texts, in characters.
const MAX_TEXT_CHARS: usize = 300;
/// Text after this many bytes is ignored: it would be cut in any case.
const MAX_TEXT_BYTES: usize = 16 * 1024;
/// Replaces a secret.
const REDACTED: char = '…';

/// Whether a string is long enough to be a secret: 6 characters, or 16 if all are letters. A shorter one, such as the
/// token `test` of a trial, may be a word of a message.
pub(crate) fn is_secret(text: &str) -> bool {
    let chars = text.chars().take(MIN_LETTERS).count();
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    chars >= MIN_LETTERS || (chars >= MIN_SECRET_CHARS && !text.bytes().all(is_letter))
}

/// Secrets that only the driver knows, such as the customer's. No snapshot contains them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct DriverSecrets(pub(crate) Arc<Vec<String>>);

impl DriverSecrets {
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(secrets.into_iter().collect()))
    }
}

/// Never written: they are set again after a restore.
impl Document for DriverSecrets {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, _: &Json<'_>) -> Result<(), Wrong> {
        Ok(())
    }

    fn write(&self, _: &mut dyn Writer) {}

    fn is_omitted(&self) -> bool {
        true
    }

    fn is_optional(&self) -> bool {
        true
    }
}

impl fmt::Debug for DriverSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{REDACTED}")
    }
}

/// Redacts a set of secrets.
pub(crate) struct Redactor(Vec<Vec<u8>>);

impl Redactor {
    /// Strings that are too short for a secret are ignored.
    pub(crate) fn new(secrets: &[String]) -> Self {
        let secrets = secrets.iter().filter(|secret| is_secret(secret));
        let folded =
            |secret: &String| letters(secret, Breaks::Letters).iter().map(|one| folded(one.byte)).collect();
        Self(secrets.map(folded).filter(|secret: &Vec<u8>| !secret.is_empty()).collect())
    }

    /// A message from the service, for operators: redacted, on one line, at most 300 characters. The cut leaves no part of
    /// a secret.
    pub(crate) fn text(&self, text: &str) -> String {
        let text = start_of(text, MAX_TEXT_BYTES);
        let secret = self.find(text);
        let is_secret = |at: usize| secret.get(at).copied().unwrap_or_default();
        let mut shown = String::new();
        let mut count = 0;
        for (at, letter) in text.char_indices() {
            if at > 0 && is_secret(at) && is_secret(at - 1) {
                continue;
            }
            shown.push(if is_secret(at) {
                REDACTED
            } else if is_unprintable(letter) {
                ' '
            } else {
                letter
            });
            count += 1;
            if count == MAX_TEXT_CHARS {
                break;
            }
        }
        shown.truncate(shown.trim_end().len());
        shown
    }

    /// Whether the text contains a secret.
    pub(crate) fn finds(&self, text: &str) -> bool {
        self.find(text).contains(&true)
    }

    /// For each byte, whether it belongs to a secret.
    fn find(&self, text: &str) -> Vec<bool> {
        let mut found = vec![false; text.len()];
        self.find_in(&letters(text, Breaks::Letters), &mut found);
        if text.contains('\\') {
            self.find_in(&letters(text, Breaks::Nothing), &mut found);
        }
        found
    }

    fn find_in(&self, mut letters: &[Letter], found: &mut [bool]) {
        while let Some((first, rest)) = letters.split_first() {
            mark(letters, credential(letters), found);
            for secret in self.0.iter().filter(|secret| secret.first() == Some(&folded(first.byte))) {
                // A string may end within a secret.
                let length = secret.len().min(letters.len());
                let is_enough = length == secret.len() || length >= MIN_SECRET_CHARS;
                if is_enough && secret.iter().zip(letters).all(|(byte, letter)| *byte == folded(letter.byte))
                {
                    mark(letters, 0..length, found);
                }
            }
            letters = rest;
        }
    }
}

/// Marks the positions of these letters.
fn mark(letters: &[Letter], which: Range<usize>, found: &mut [bool]) {
    let which = letters.get(which).unwrap_or_default();
    if let (Some(first), Some(last)) = (which.first(), which.last()) {
        found.get_mut(first.from..last.to).unwrap_or_default().fill(true);
    }
}

/// The credential after the word `Basic` or `Bearer` at the beginning of `letters`, as in an `Authorization` header;
/// empty if the text after it may be a word. It is redacted even if it is not one of the known secrets.
fn credential(letters: &[Letter]) -> Range<usize> {
    for scheme in [b"basic".as_slice(), b"bearer"] {
        let is_named =
            scheme.iter().zip(letters).all(|(byte, letter)| letter.byte.to_ascii_lowercase() == *byte);
        let from = letters.iter().skip(scheme.len()).position(|letter| !matches!(letter.byte, b' ' | b'+'));
        let Some(gap @ 1..) = from.filter(|_| is_named) else { continue };
        let from = scheme.len() + gap;
        let is_of_value = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_.~".contains(&byte);
        let value = letters.iter().skip(from).take_while(|letter| is_of_value(letter.byte));
        let (mut length, mut is_odd) = (0, false);
        for Letter { byte, .. } in value {
            is_odd |= byte.is_ascii_digit() || *byte == b'=' || (length > 0 && byte.is_ascii_uppercase());
            length += 1;
        }
        if is_odd && length >= MIN_SECRET_CHARS {
            return from..from + length;
        }
    }
    0..0
}

/// A decoded byte of a string, and its position.
struct Letter {
    byte: u8,
    from: usize,
    to: usize,
}

/// Ignores case, the alphabet of base64, and whether a space is written as a plus.
fn folded(byte: u8) -> u8 {
    match byte {
        b'-' | b' ' => b'+',
        b'_' => b'/',
        other => other.to_ascii_lowercase(),
    }
}

/// The meaning of `\n`, `\r` and `\t` in a string: an escaped control character, or a backslash before a letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Nothing,
    Letters,
}

/// The bytes of a string without escapes and control characters.
fn letters(text: &str, breaks: Breaks) -> Vec<Letter> {
    let bytes = text.as_bytes();
    let mut letters = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(first) = bytes.get(at).copied() {
        let from = at;
        let rest = bytes.get(at..).unwrap_or_default();
        let (meant, length) = match first {
            b'\\' => escaped_by_backslashes(rest, breaks),
            b'%' => percent_encoded(rest),
            b'&' => escaped_in_html(rest),
            other => (Meant::Byte(other), 1),
        };
        at += length;
        let mut add = |byte: u8| {
            if !byte.is_ascii_control() {
                letters.push(Letter { byte, from, to: at });
            }
        };
        match meant {
            Meant::Byte(byte) => add(byte),
            Meant::Char(letter) => letter.encode_utf8(&mut [0; 4]).bytes().for_each(add),
            Meant::Nothing => {}
        }
    }
    letters
}

enum Meant {
    Byte(u8),
    Char(char),
    Nothing,
}

/// Any number of backslashes: text may be escaped repeatedly.
fn escaped_by_backslashes(text: &[u8], breaks: Breaks) -> (Meant, usize) {
    let count = text.iter().take_while(|byte| **byte == b'\\').count();
    match text.get(count) {
        Some(b'u' | b'U') => match hexadecimal(text, count + 1, 4) {
            Some(code) => (char::from_u32(code).map_or(Meant::Nothing, Meant::Char), count + 5),
            None => (Meant::Nothing, count),
        },
        Some(b'n' | b'r' | b't') if breaks == Breaks::Nothing => (Meant::Nothing, count + 1),
        Some(_) | None => (Meant::Nothing, count),
    }
}

/// `%2B`, or encoded again: `%252B`.
fn percent_encoded(text: &[u8]) -> (Meant, usize) {
    let mut at = 1;
    while text.get(at..at + 2) == Some(b"25") && hexadecimal(text, at + 2, 2).is_some() {
        at += 2;
    }
    match hexadecimal(text, at, 2).and_then(|code| u8::try_from(code).ok()) {
        Some(byte) => (Meant::Byte(byte), at + 2),
        None => (Meant::Byte(b'%'), 1),
    }
}

/// `&#43;`, `&#x2B;`, `&amp;`.
fn escaped_in_html(text: &[u8]) -> (Meant, usize) {
    let end = text.iter().take(10).position(|byte| *byte == b';');
    let name = end.and_then(|end| std::str::from_utf8(text.get(1..end)?).ok()).unwrap_or_default();
    let code = match name.as_bytes() {
        [b'#', b'x' | b'X', code @ ..] => hexadecimal(code, 0, code.len()),
        [b'#', ..] => name.get(1..).and_then(|code| code.parse().ok()),
        _ => (name == "amp").then_some(u32::from(b'&')),
    };
    match (code.and_then(char::from_u32), end) {
        (Some(letter), Some(end)) => (Meant::Char(letter), end + 1),
        _ => (Meant::Byte(b'&'), 1),
    }
}

/// Control characters, and those that change how text is displayed.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
