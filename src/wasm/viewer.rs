//! The viewer's failover for JavaScript: numbers in and out, so that the module stays small.

use wasm_bindgen::prelude::*;

use crate::failover::FailoverConfig;
use crate::failover::numbers;
use crate::time::Instant;
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
            machine: failover::Failover::new(&[], FailoverConfig::default(), Instant::from_f64(now)),
            fields: [0.0; 6],
        }
    }

    /// Adds an output, the least preferred one.
    pub fn add(&mut self, uid: Uid) {
        self.machine.add(uid);
    }

    /// Sets a setting by its number. `false`: the tables have no such setting, or no such value.
    pub fn set(&mut self, setting: u8, value: f64) -> bool {
        let mut is_known = false;
        self.machine.configure(|config| is_known = numbers::set(config, setting, value));
        is_known
    }

    /// Takes a signal by its number and those of its fields. `false`: the tables have no such signal.
    pub fn handle(&mut self, now: f64, signal: u8, uid: Uid, a: u8, b: u8, c: u8) -> bool {
        let signal = numbers::signal(signal, uid, a, b, c);
        if let Some(signal) = signal {
            self.machine.handle(Instant::from_f64(now), signal);
        }
        signal.is_some()
    }

    /// The number of what to do next; `field` has what it carries.
    pub fn poll(&mut self, now: f64) -> u8 {
        numbers::output(self.machine.poll(Instant::from_f64(now)), &mut self.fields)
    }

    /// What the last output carries, from 0 on.
    pub fn field(&self, at: usize) -> f64 {
        self.fields.get(at).copied().unwrap_or_default()
    }

    /// The uid that is shown; 0: none.
    pub fn shown(&self) -> Uid {
        self.machine.shown().unwrap_or_default()
    }

    /// The number of how the output at that place in the order of preference is.
    pub fn health(&self, at: usize) -> u8 {
        self.machine.health().nth(at).map_or(u8::MAX, |(_, health)| health as u8)
    }
}
