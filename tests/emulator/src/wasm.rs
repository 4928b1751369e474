//! The emulator's JavaScript interface. Inputs and outputs are JSON strings.

use wasm_bindgen::prelude::*;

use crate::control::Command;
use crate::profile::Profile;
use crate::service;

/// The emulated service.
#[wasm_bindgen]
pub struct Emulator(service::Emulator);

#[wasm_bindgen]
#[allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "times are ms that a number holds exactly"
)]
impl Emulator {
    /// A service without tasks. `profile` is JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(profile: &str) -> Result<Emulator, JsError> {
        let profile = Profile::from_json(profile).map_err(|wrong| JsError::new(&wrong))?;
        Ok(Self(service::Emulator::new(profile)))
    }

    /// Handles a call (JSON) and returns the reply (JSON).
    pub fn handle(&mut self, now: f64, call: &str) -> Result<String, JsError> {
        let call = service::Call::from_json(call).map_err(|wrong| JsError::new(&wrong))?;
        let reply = self.0.handle(now as u64, &call);
        Ok(serde_json::to_string(&reply)?)
    }

    /// Carries out a command (JSON). Returns the number of tasks that it applied to. Fails if it applies to nothing.
    pub fn control(&mut self, now: f64, command: &str) -> Result<u32, JsError> {
        self.0.advance(now as u64);
        let command = Command::from_json(command)
            .and_then(|command| self.0.check_command(&command).map(|()| command))
            .map_err(|wrong| JsError::new(&wrong))?;
        Ok(u32::try_from(self.0.control(now as u64, command))?)
    }

    /// The notifications that have arrived (a JSON array).
    #[wasm_bindgen(js_name = takeNotifications)]
    pub fn take_notifications(&mut self, now: f64) -> Result<String, JsError> {
        Ok(serde_json::to_string(&self.0.take_notifications(now as u64))?)
    }

    /// When the next change or notification is due.
    #[wasm_bindgen(js_name = nextEventAt)]
    #[allow(clippy::cast_precision_loss, reason = "times are ms that a number holds exactly")]
    pub fn next_event_at(&self) -> Option<f64> {
        self.0.next_event_at().map(|at| at as f64)
    }

    /// The current state (JSON).
    pub fn state(&mut self, now: f64) -> Result<String, JsError> {
        self.0.advance(now as u64);
        Ok(serde_json::to_string(&self.0.state())?)
    }
}
