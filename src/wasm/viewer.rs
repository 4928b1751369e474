//! The viewer's failover for JavaScript: numbers in and out, so that the module stays small.

use wasm_bindgen::prelude::*;

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
    /// `settings` as `numbers::config` takes them; what is checked before needs no default here.
    #[wasm_bindgen(constructor)]
    pub fn new(uids: &[u32], settings: &[f64], now: f64) -> Failover {
        let config = numbers::config(settings).unwrap_or_default();
        Self { machine: failover::Failover::new(uids, config, millis(now)), fields: [0.0; 6] }
    }

    /// Takes a signal by its number and those of its fields; `false`: one has no place in the tables.
    pub fn handle(&mut self, now: f64, signal: u8, uid: Uid, a: u8, b: u8, c: u8) -> bool {
        let signal = numbers::signal(signal, uid, a, b, c);
        if let Some(signal) = signal {
            self.machine.handle(millis(now), signal);
        }
        signal.is_some()
    }

    /// The number of what to do next; `field` has what it carries.
    pub fn poll(&mut self, now: f64) -> u8 {
        numbers::output(self.machine.poll(millis(now)), &mut self.fields)
    }

    /// A value of what `poll` said last.
    pub fn field(&self, at: usize) -> f64 {
        self.fields.get(at).copied().unwrap_or(f64::NAN)
    }

    /// How the output at that place of the list is.
    pub fn health(&self, at: usize) -> u8 {
        self.machine.health().nth(at).map_or(0, |(_, health)| health as u8)
    }

    /// The uid that is shown, or 0.
    pub fn shown(&self) -> Uid {
        self.machine.shown().unwrap_or_default()
    }
}
