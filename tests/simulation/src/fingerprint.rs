//! A digest of a state that is equal for worlds with the same future. It does not depend on when a world began or how many
//! launches it has behind it.

use std::fmt;

use serde::Serialize;

use crate::digest::Digest;

/// Numbers from here on are instants, in ms since the epoch.
const INSTANTS: u64 = 1_600_000_000_000;
/// Instants further in the past are equivalent, in ms.
const LONG_AGO: i64 = 700_000;
/// Fields that only count requests and changes.
const COUNTERS: [&str; 3] = ["id", "nextNumber", "revision"];
/// Fields that contain a launch's number.
const GENERATIONS: [&str; 2] = ["generation", "current"];
/// Prefixes of numbered names.
const PREFIXES: [&str; 3] = ["show-0-", "builder-", "task-"];

pub(crate) struct Fingerprint {
    digest: Digest,
    now: u64,
    /// Names and launches are digested as their index in order of first occurrence.
    names: Vec<String>,
    generations: Vec<u64>,
}

impl Fingerprint {
    pub(crate) fn new(now: u64) -> Self {
        Self { digest: Digest::new(), now, names: Vec::new(), generations: Vec::new() }
    }

    pub(crate) fn value(&self) -> u64 {
        self.digest.value()
    }

    pub(crate) fn debug(&mut self, value: &impl fmt::Debug) {
        self.digest.debug(value);
    }

    pub(crate) fn text(&mut self, text: &str) {
        if !PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            self.digest.text(text);
            return;
        }
        let known = self.names.iter().position(|name| name == text);
        let at = known.unwrap_or_else(|| {
            self.names.push(text.to_owned());
            self.names.len() - 1
        });
        self.digest.number(at as u64);
    }

    pub(crate) fn instant(&mut self, at: u64) {
        let relative = at.wrapping_sub(self.now).cast_signed().max(-LONG_AGO);
        self.digest.number(relative.cast_unsigned());
    }

    fn generation(&mut self, generation: u64) {
        let known = self.generations.iter().position(|other| *other == generation);
        let at = known.unwrap_or_else(|| {
            self.generations.push(generation);
            self.generations.len() - 1
        });
        self.digest.number(at as u64);
    }

    fn number(&mut self, key: &str, number: u64) {
        if number >= INSTANTS {
            self.instant(number);
        } else if GENERATIONS.contains(&key) {
            self.generation(number);
        } else if !COUNTERS.contains(&key) {
            self.digest.number(number);
        }
    }

    /// Adds a state's JSON.
    pub(crate) fn state(&mut self, state: &impl Serialize) {
        let text = serde_json::to_string(state).unwrap();
        let mut rest = text.as_str();
        let mut key = "";
        // Text outside strings and numbers is added as it is.
        while let Some(at) = rest.find(|char: char| char == '"' || char.is_ascii_digit()) {
            self.digest.text(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix('"') {
                let end = after.find('"').unwrap();
                key = &after[..end];
                self.text(key);
                rest = &after[end + 1..];
            } else {
                let end = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
                self.number(key, rest[..end].parse().unwrap());
                rest = &rest[end..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAPSHOTS: &str = include_str!("../../snapshots/0.1.0.jsonl");

    #[test]
    fn the_counters_and_generations_are_fields_of_snapshots() {
        for name in COUNTERS.iter().chain(&GENERATIONS) {
            assert!(SNAPSHOTS.contains(&format!(r#"\"{name}\":"#)), "no snapshot has the field {name}");
        }
    }
}
