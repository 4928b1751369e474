//! JSON text, parsed without copying it.
//!
//! A [`Tree`] is one list of slices of the text. serde_json's `Value` would allocate each name, string and object,
//! and its parser, maps and tables for fractions were a tenth of the WebAssembly. Here numbers stay as written:
//! nothing calculates with fractions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use crate::text::hexadecimal;

/// The maximum depth of arrays and objects, which are parsed by recursion.
const MAX_DEPTH: u8 = 127;

/// A parsed JSON text.
pub(crate) struct Tree<'a>(Vec<Node<'a>>);

/// A value, or the name before it.
#[derive(Clone, Copy, Default)]
struct Node<'a> {
    /// The text as written.
    source: &'a str,
    /// The number of nodes: itself and its content.
    nodes: usize,
}

/// A value in a [`Tree`].
#[derive(Clone, Copy)]
pub(crate) struct Value<'a>(&'a [Node<'a>]);

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl<'a> Tree<'a> {
    /// Parses JSON text. `None` if it is not JSON, contains a lone surrogate, or is nested more than 127 levels deep.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        Parser::parse(text, false)
    }

    /// Parses JSON text, but reads a lone surrogate as U+FFFD and a control character as a space.
    pub(crate) fn parse_leniently(text: &'a str) -> Option<Self> {
        Parser::parse(text, true)
    }

    pub(crate) fn root(&self) -> Value<'_> {
        Value(&self.0)
    }
}

impl<'a> Value<'a> {
    pub(crate) const NULL: Self = Self(&[]);

    /// The text as written.
    pub(crate) fn source(self) -> &'a str {
        self.0.first().map_or("null", |node| node.source)
    }

    pub(crate) fn type_of(self) -> Type {
        match self.source().as_bytes() {
            [b'{', ..] => Type::Object,
            [b'[', ..] => Type::Array,
            [b'"', ..] => Type::String,
            [b't' | b'f', ..] => Type::Boolean,
            [b'-' | b'0'..=b'9', ..] => Type::Number,
            _ => Type::Null,
        }
    }

    pub(crate) fn is_null(self) -> bool {
        self.type_of() == Type::Null
    }

    pub(crate) fn boolean(self) -> Option<bool> {
        match self.source() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A number, as written.
    pub(crate) fn number(self) -> Option<&'a str> {
        Some(self.source()).filter(|_| self.type_of() == Type::Number)
    }

    /// A number that is written as an integer and fits into `T`.
    pub(crate) fn integer<T: FromStr>(self) -> Option<T> {
        self.number()?.parse().ok()
    }

    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let escaped = self.source().strip_prefix('"')?.strip_suffix('"')?;
        let is_plain = escaped.bytes().all(|byte| byte != b'\\' && byte >= b' ');
        Some(if is_plain { Cow::Borrowed(escaped) } else { Cow::Owned(unescaped(escaped)) })
    }

    /// The items of an array.
    pub(crate) fn items(self) -> Option<Values<'a>> {
        (self.type_of() == Type::Array).then(|| self.within())
    }

    /// The value with this name, if it is an object that has one; the last of several.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        self.members().filter(|(other, _)| other.is_string(name)).last().map(|(_, value)| value)
    }

    /// The value with this name; `null` if there is none.
    pub(crate) fn at(self, name: &str) -> Self {
        self.get(name).unwrap_or(Self::NULL)
    }

    /// The names and values of an object, sorted by name. Of several with one name, the last counts.
    pub(crate) fn sorted(self) -> BTreeMap<Cow<'a, str>, Self> {
        let mut sorted = BTreeMap::new();
        for (name, value) in self.members() {
            name.string().and_then(|name| sorted.insert(name, value));
        }
        sorted
    }

    /// Whether it is this string, which needs no escapes.
    pub(crate) fn is_string(self, text: &str) -> bool {
        let Some(source) = self.source().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return false;
        };
        source == text || (source.contains('\\') && self.string().as_deref() == Some(text))
    }

    /// The names and values of an object.
    pub(crate) fn members(self) -> impl Iterator<Item = (Self, Self)> {
        let mut within = if self.type_of() == Type::Object { self.within() } else { Values(&[]) };
        std::iter::from_fn(move || Some((within.next()?, within.next()?)))
    }

    fn within(self) -> Values<'a> {
        Values(self.0.get(1..).unwrap_or_default())
    }
}

/// Iterates over values.
pub(crate) struct Values<'a>(&'a [Node<'a>]);

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let (first, rest) = self.0.split_at_checked(self.0.first()?.nodes)?;
        self.0 = rest;
        Some(Value(first))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    is_lenient: bool,
    nodes: Vec<Node<'a>>,
}

impl<'a> Parser<'a> {
    fn parse(text: &'a str, is_lenient: bool) -> Option<Tree<'a>> {
        // Replies have fewer nodes than this, so they need one allocation.
        let mut parser = Self { text, at: 0, is_lenient, nodes: Vec::with_capacity(4 + text.len() / 8) };
        parser.skip_spaces();
        parser.value(MAX_DEPTH)?;
        parser.skip_spaces();
        (parser.at == text.len()).then_some(Tree(parser.nodes))
    }

    fn value(&mut self, depth: u8) -> Option<()> {
        let (from, node) = (self.at, self.nodes.len());
        self.nodes.push(Node::default());
        match self.peek()? {
            b'{' => self.within(b'}', depth.checked_sub(1)?)?,
            b'[' => self.within(b']', depth.checked_sub(1)?)?,
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        }
        let nodes = self.nodes.len() - node;
        *self.nodes.get_mut(node)? = Node { source: self.text.get(from..self.at)?, nodes };
        Some(())
    }

    /// Parses the content of an array or object up to its end.
    fn within(&mut self, end: u8, depth: u8) -> Option<()> {
        self.at += 1;
        self.skip_spaces();
        if self.eat(end) {
            return Some(());
        }
        loop {
            if end == b'}' {
                self.peek().filter(|byte| *byte == b'"')?;
                self.value(depth)?;
                self.skip_spaces();
                self.expect(b':')?;
            }
            self.skip_spaces();
            self.value(depth)?;
            self.skip_spaces();
            if self.eat(end) {
                return Some(());
            }
            self.expect(b',')?;
            self.skip_spaces();
        }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    let (meant, length) = escape(self.text.as_bytes().get(self.at..)?)?;
                    if meant.is_none() && !self.is_lenient {
                        return None;
                    }
                    self.at += length;
                }
                ..b' ' if !self.is_lenient => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// One or more digits.
    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(())
    }

    fn skip_spaces(&mut self) {
        while let Some(byte) = self.peek()
            && (matches!(byte, b' ' | b'\t' | b'\n' | b'\r') || (self.is_lenient && byte.is_ascii_control()))
        {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// Consumes `byte` if it comes next. Returns whether it did.
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }
}

/// Decodes the escape at the beginning of the text. Returns the character, or `None` for a lone surrogate, and the
/// escape's length.
fn escape(text: &[u8]) -> Option<(Option<char>, usize)> {
    let unit =
        |at: usize| text.get(at..at + 2).filter(|start| *start == b"\\u").and(hexadecimal(text, at + 2, 4));
    let meant = match text.get(1)? {
        plain @ (b'"' | b'\\' | b'/') => char::from(*plain),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => {
            return Some(match (unit(0)?, unit(6)) {
                (high @ 0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                    (char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)), 12)
                }
                (code, _) => (char::from_u32(code), 6),
            });
        }
    };
    Some((Some(meant), 2))
}

fn unescaped(escaped: &str) -> String {
    let mut text = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(first) = rest.chars().next() {
        let (meant, length) = match first {
            '\\' => escape(rest.as_bytes()).unwrap_or((None, 1)),
            ..' ' => (Some(' '), 1),
            other => (Some(other), other.len_utf8()),
        };
        text.push(meant.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = rest.get(length..).unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests;
