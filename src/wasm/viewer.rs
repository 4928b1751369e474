//! The viewer's failover for JavaScript. Only numbers cross: that keeps the module small.

use wasm_bindgen::prelude::*;

use crate::failover::FailoverConfig;
use crate::failover::numbers;
use crate::time::Instant;
use crate::{failover, uid::Uid};

/// Decides which output a viewer watches. `src/js/viewer/failover.ts` gives the numbers their names.
#[wasm_bindgen]
pub struct Failover {
    machine: failover::Failover,
    /// The fields of the last output.
    fields: numbers::Fields,
}

#[wasm_bindgen]
impl Failover {
    /// Without outputs, with the default settings.
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

    /// Sets a setting by its number. Returns `false` if there is no such setting or value.
    pub fn set(&mut self, setting: u8, value: f64) -> bool {
        let mut is_known = false;
        self.machine.configure(|config| is_known = numbers::set(config, setting, value));
        is_known
    }

    /// Handles a signal by its number and those of its fields. Returns `false` if there is no such signal.
    pub fn handle(&mut self, now: f64, signal: u8, uid: Uid, a: u8, b: u8, c: u8) -> bool {
        let signal = numbers::signal(signal, uid, a, b, c);
        if let Some(signal) = signal {
            self.machine.handle(Instant::from_f64(now), signal);
        }
        signal.is_some()
    }

    /// The number of the next output; `field` returns its fields.
    pub fn poll(&mut self, now: f64) -> u8 {
        numbers::output(self.machine.poll(Instant::from_f64(now)), &mut self.fields)
    }

    /// A field of the last output, counted from 0.
    pub fn field(&self, at: usize) -> f64 {
        self.fields.get(at).copied().unwrap_or_default()
    }

    /// The uid of the output on screen; 0: none.
    pub fn shown(&self) -> Uid {
        self.machine.shown().unwrap_or_default()
    }

    /// The number of the state of an output, by its position in the order of preference.
    pub fn health(&self, at: usize) -> u8 {
        self.machine.health().nth(at).map_or(u8::MAX, |(_, health)| health as u8)
    }
}
