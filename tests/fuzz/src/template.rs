//! JSON in which any value can be replaced.

use std::ops::Range;

use crate::source::Source;

/// Replacements for values, in addition to the text's own values.
const ODD: [&str; 24] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "-1",
    "255",
    "256",
    "4294967295",
    "4294967296",
    "9007199254740991",
    "9007199254740992",
    "18446744073709551615",
    "1e400",
    "-9223372036854775808",
    "0.5",
    "\"\"",
    "\"0\"",
    "\"é\"",
    "[]",
    "{}",
    "[0]",
    "[[]]",
];
/// The largest number of edits of one text.
const MAX_EDITS: usize = 4;

/// A JSON text with the ranges of its values.
pub(crate) struct Template {
    text: String,
    values: Vec<Range<usize>>,
}

impl Template {
    pub(crate) fn new(text: String) -> Self {
        let mut values = Vec::new();
        let end = value(text.as_bytes(), 0, &mut values);
        assert_eq!(end, text.len(), "the text is a single value");
        values.sort_by_key(|range| range.start);
        Self { text, values }
    }

    /// The text with some values replaced, from the last to the first.
    pub(crate) fn edited(&self, source: &mut Source) -> String {
        let edits = source.below(MAX_EDITS + 1);
        let mut places: Vec<&Range<usize>> =
            (0..edits).map(|_| &self.values[source.below(self.values.len())]).collect();
        places.sort_by_key(|range| std::cmp::Reverse(range.start));
        let mut text = self.text.clone();
        let mut untouched_from = text.len();
        for place in places {
            // A value that contains a replaced one is left alone.
            if place.end <= untouched_from {
                text.replace_range(place.clone(), &self.replacement(source));
                untouched_from = place.start;
            }
        }
        text
    }

    fn replacement(&self, source: &mut Source) -> String {
        match source.byte() {
            0..=127 => source.one(&ODD).to_owned(),
            128..=191 => source.short().to_string(),
            192..=239 => self.text[self.values[source.below(self.values.len())].clone()].to_owned(),
            _ => serde_json::Value::String(source.text()).to_string(),
        }
    }
}

/// Adds the value that begins here and all values in it. The text must be as `serde_json` writes it: valid, without spaces.
fn value(text: &[u8], from: usize, values: &mut Vec<Range<usize>>) -> usize {
    let end = match text[from] {
        b'{' | b'[' => items(text, from, values),
        b'"' => string(text, from),
        _ => from + text[from..].iter().position(|byte| b",]}".contains(byte)).unwrap_or(text.len() - from),
    };
    values.push(from..end);
    end
}

fn items(text: &[u8], from: usize, values: &mut Vec<Range<usize>>) -> usize {
    let has_names = text[from] == b'{';
    let mut at = from + 1;
    while !matches!(text[at], b'}' | b']') {
        at += usize::from(text[at] == b',');
        let begin = if has_names { string(text, at) + 1 } else { at };
        at = value(text, begin, values);
    }
    at + 1
}

fn string(text: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_can_be_replaced() {
        let template = Template::new(r#"{"a":[1,"x\"]"],"b":{"c":null}}"#.to_owned());
        let found: Vec<&str> = template.values.iter().map(|range| &template.text[range.clone()]).collect();
        assert_eq!(found, [&template.text, r#"[1,"x\"]"]"#, "1", r#""x\"]""#, r#"{"c":null}"#, "null"]);
        // One edit: the last value, replaced by the third of `ODD`.
        assert_eq!(template.edited(&mut Source::new(&[1, 5, 0, 2])), r#"{"a":[1,"x\"]"],"b":{"c":false}}"#);
    }
}
