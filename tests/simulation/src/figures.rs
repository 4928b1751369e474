//! Adds up the figures of `prove`, whose parts can be run one by one, and each part in several pieces.

use serde_json::{Map, Value};

/// The settings of a piece. All other fields are counts.
const SETTINGS: [&str; 3] = ["seed", "minutes", "days"];

/// Merges new figures into earlier ones. A piece that starts at the seed where the last one ended is added to it; otherwise it
/// replaces it.
#[must_use]
pub fn added(mut before: Map<String, Value>, now: Map<String, Value>) -> Map<String, Value> {
    for (name, mut part) in now {
        if part.get("seed").is_some() && part.get("frozen").is_none() {
            part["pieces"] = 1.into();
        }
        let part = match before.remove(&name) {
            Some(before) if continues(&before, &part) => sum(before, part),
            _ => part,
        };
        before.insert(name, part);
    }
    before
}

/// Whether this piece starts where the one before ended. Parts with medians have no pieces: medians cannot be added.
fn continues(before: &Value, part: &Value) -> bool {
    let end = before["seed"].as_u64().zip(before["number"].as_u64()).map(|(seed, number)| seed + number);
    let is_same = |setting: &str| before[setting] == part[setting];
    part.get("pieces").is_some() && end == part["seed"].as_u64() && is_same("minutes") && is_same("days")
}

fn sum(before: Value, part: Value) -> Value {
    match (before, part) {
        (Value::Object(mut all), Value::Object(part)) => {
            for (name, value) in part {
                let value = match all.remove(&name) {
                    Some(first) if SETTINGS.contains(&name.as_str()) => first,
                    Some(before) => sum(before, value),
                    None => value,
                };
                all.insert(name, value);
            }
            all.into()
        }
        (before, part) => match (before.as_u64(), part.as_u64()) {
            (Some(before), Some(part)) => (before + part).into(),
            _ => (before.as_f64().unwrap_or_default() + part.as_f64().unwrap_or_default()).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn after(pieces: &[Value]) -> Value {
        pieces.iter().fold(Map::new(), |all, piece| added(all, piece.as_object().cloned().unwrap())).into()
    }

    fn piece(seed: u64, number: u64) -> Value {
        let places = json!({ "a crash": number, format!("from {seed}"): 1 });
        json!({ "soak": {
            "seed": seed, "number": number, "days": 7, "figures": { "seconds": 0.5, "polls": 10 }, "places": places,
        } })
    }

    #[test]
    fn a_piece_that_continues_the_last_one_is_added() {
        assert_eq!(
            after(&[piece(1, 100), piece(101, 50)]),
            json!({ "soak": {
                "seed": 1, "number": 150, "days": 7, "pieces": 2, "figures": { "seconds": 1.0, "polls": 20 },
                "places": { "a crash": 150, "from 1": 1, "from 101": 1 },
            } })
        );
    }

    #[test]
    fn any_other_piece_replaces_the_last_one() {
        let number = |pieces: &[Value]| after(pieces)["soak"]["number"].clone();
        assert_eq!(number(&[piece(1, 100), piece(102, 50)]), 50);
        assert_eq!(number(&[piece(1, 100), piece(1, 50)]), 50);
        let mut longer = piece(101, 50);
        longer["soak"]["days"] = 8.into();
        assert_eq!(number(&[piece(1, 100), longer]), 50);
    }

    #[test]
    fn other_parts_stay_and_medians_are_not_added() {
        let viewers = |seed: u64| json!({ "viewers": { "seed": seed, "number": 10, "frozen": [] } });
        let all = after(&[piece(1, 100), json!({ "goldenTraces": 3000 }), viewers(1), viewers(11)]);
        assert_eq!((&all["soak"]["number"], &all["goldenTraces"]), (&100.into(), &3000.into()));
        assert_eq!((&all["viewers"]["seed"], &all["viewers"]["number"]), (&11.into(), &10.into()));
    }
}
