//! The viewer's failover for JavaScript: numbers in and out, so that the module stays small.

use wasm_bindgen::prelude::*;

use crate::failover::FailoverConfig;
use crate::failover::numbers::{self, millis};
use crate::{failover, uid::Uid};

/// Which output a viewer watches. `src/js/viewer/failover.ts` gives the numbers their names.
#[wasm_bindgen]
pub struct Failover {
    machine: failover::Failover,
    /// What the last output carries.
    fields: numbers::Fields,
}

#[wasm_bindgen]
impl Failover {
    /// Without outputs yet, and with the standard settings.
    #[wasm_bindgen(constructor)]
    pub fn new(now: f64) -> Failover {
        Self {
            machine: failover::Failover::new(&[], FailoverConfig::default(), millis(now)),
            fields: [0.0; 6],
        }
    }

    /// Sets the setting at that place; what has none is the uid of another output, the least preferred one.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is one")]
    pub fn set(&mut self, at: u8, value: f64) {
        let mut is_setting = false;
        self.machine.configure(|config| is_setting = numbers::set(config, at, value).is_some());
        if !is_setting {
            self.machine.add(value as Uid);
        }
    }

    /// Takes a signal by its number and those of its fields. What has no place in the tables was refused before.
    pub fn handle(&mut self, now: f64, signal: u8, uid: Uid, a: u8, b: u8, c: u8) {
        if let Some(signal) = numbers::signal(signal, uid, a, b, c) {
            self.machine.handle(millis(now), signal);
        }
    }

    /// The number of what to do next; `field` has what it carries.
    pub fn poll(&mut self, now: f64) -> u8 {
        numbers::output(self.machine.poll(millis(now)), &mut self.fields)
    }

    /// A value of what `poll` said last, from 0 on; or, from 6 on, the uid that is shown (0: none) and how each output is.
    pub fn field(&self, at: usize) -> f64 {
        match at.checked_sub(self.fields.len()) {
            None => self.fields.get(at).copied().unwrap_or_default(),
            Some(0) => self.machine.shown().unwrap_or_default().into(),
            Some(nth) => {
                self.machine.health().nth(nth - 1).map_or(0.0, |(_, health)| f64::from(health as u8))
            }
        }
    }
}
