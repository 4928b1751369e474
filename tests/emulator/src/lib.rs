//! An emulator of Agora Cloud Transcoding, its channels and its notifications, as far as they are documented.
//!
//! It is written from the service's documentation, independently of Steadymix's types: a misreading of it in one of
//! them shows as a difference between the two. It is deterministic: everything follows from [`Profile::seed`] and the
//! times that are passed in. Simulations use it natively, `fetch` in WebAssembly, and other programs through an HTTP
//! server.

mod channel;
mod check;
mod control;
mod credentials;
mod fault;
mod field;
mod json;
mod limits;
mod notification;
mod other;
mod payload;
mod profile;
mod random;
mod request;
mod service;
mod state;
mod task;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod typescript;
mod update;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use control::{Command, Target};
pub use fault::{CallKind, Effect, Other, Rule};
pub use limits::Stats;
pub use notification::Delivery;
pub use profile::{NotificationProfile, Profile, RepeatCreate, StartUp, Updates};
pub use service::{Call, Emulator, Overlap, Reply, Silence};
pub use state::{State, TaskView};
pub use task::End;
